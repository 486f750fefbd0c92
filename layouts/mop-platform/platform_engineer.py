"""Makes an environment: its namespaces first, so that others can begin, then all the rest."""

from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    LABELS,
    NAMESPACES,
    Document,
    Repository,
    complete,
    manifest,
    perform,
    work,
)

from mop_tui import agent


def environment(repository: Repository) -> str:
    name = agent.task().id.removeprefix("environment-")
    rules = repository.read(CONVENTIONS)["environments"][name]
    folder = f"environments/{name}/kubernetes"

    def namespaces() -> None:
        repository.write(
            f"{folder}/namespaces.yaml", *(manifest("Namespace", one) for one in NAMESPACES)
        )
        present = repository.find("environments/*/kubernetes/namespaces.yaml")
        if len(present) == len(ENVIRONMENTS):  # whoever is last says so for all
            agent.remember("swarm/platform/namespace-ready", complete(namespaces=[*NAMESPACES]))

    def rbac() -> None:
        repository.write(f"{folder}/rbac.yaml", *(one for ns in NAMESPACES for one in access(ns)))

    def quotas() -> None:
        repository.write(
            f"{folder}/quotas.yaml",
            *(
                manifest(
                    "ResourceQuota",
                    f"{namespace}-quota",
                    namespace,
                    spec={"hard": {"requests.cpu": of["cpu"], "requests.memory": of["memory"]}},
                )
                for namespace, of in rules["quotas"].items()
            ),
        )

    def policies() -> None:
        repository.write(
            f"{folder}/network-policies.yaml",
            *(one for ns in NAMESPACES for one in network(ns)),
        )

    def auditing() -> None:
        levels = [{"level": "RequestResponse", "verbs": ["create", "update", "patch", "delete"]}]
        repository.write(f"{folder}/audit-policy.yaml", manifest("Policy", "audit", rules=levels))

    work(
        (f"Namespaces of {name}", namespaces),
        (f"RBAC of {name}", rbac),
        (f"Quotas of {name}", quotas),
        (f"Network policies of {name}", policies),
        *([("Audit logging of prod", auditing)] if name == "prod" else []),
    )
    agent.remember(f"swarm/platform/{name}-ready", complete(folder=folder))
    return f"{name} is ready: {len(repository.find(f'{folder}/*.yaml'))} files in {folder}"


def access(namespace: str) -> tuple[Document, ...]:
    """Return an account for deployments, what it may do, and that it may."""
    name = f"{namespace}-deployer"
    rule = {"apiGroups": ["", "apps"], "resources": ["*"], "verbs": ["get", "list", "create"]}
    return (
        manifest("ServiceAccount", name, namespace),
        manifest("Role", name, namespace, rules=[rule]),
        manifest(
            "RoleBinding",
            name,
            namespace,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            subjects=[{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        ),
    )


def network(namespace: str) -> tuple[Document, ...]:
    """Return who may connect to the pods of a namespace: those in it, and OTLP from all of MOP."""
    otlp = {
        "from": [{"namespaceSelector": {"matchLabels": dict(LABELS)}}],
        "ports": [{"port": 4317, "protocol": "TCP"}, {"port": 4318, "protocol": "TCP"}],
    }
    within: Document = {"from": [{"podSelector": {}}]}
    return (
        policy("default-deny", namespace),
        policy("allow-mop", namespace, within, otlp),
    )


def policy(name: str, namespace: str, *ingress: Document) -> Document:
    """Return a policy for all pods of a namespace: what comes in is what a rule lets in."""
    rules = {"ingress": [*ingress]} if ingress else {}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], **rules}
    return manifest("NetworkPolicy", name, namespace, spec=spec)


perform({f"environment-{name}": environment for name in ENVIRONMENTS})
