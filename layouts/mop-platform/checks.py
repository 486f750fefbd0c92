"""What can be wrong with a repository of manifests: each check yields faults in sentences."""

import json
import re
from collections.abc import Iterator

import yaml
from repository import CONVENTIONS, ENVIRONMENTS, NAMESPACES, Document, Repository, cores

_ENDPOINT = re.compile(r"https?://([\w-]+)\.([\w-]+)\.svc:(\d+)")


def readable(repository: Repository, path: str) -> Iterator[str]:
    """Check that a file is what its name says."""
    text = (repository.root / path).read_text(encoding="utf-8")
    try:
        if path.endswith((".yaml", ".yml")):
            if not [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]:
                yield f"{path} holds no document"
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".alloy") and text.count("{") != text.count("}"):
            yield f"{path} has a block that is not closed"
    except (yaml.YAMLError, ValueError) as error:
        yield f"{path} cannot be read: {str(error).splitlines()[0]}"


def endpoints(repository: Repository, environment: str) -> Iterator[str]:
    """Check that whatever is connected to is a service that is deployed, on the port it has."""
    services = {
        (one["metadata"]["name"], one["metadata"]["namespace"]): one["spec"]["ports"][0]["port"]
        for one in manifests(repository, environment, "Service")
    }
    used = repository.find("lib/alloy/*.alloy")
    used += repository.find(f"environments/{environment}/observability/grafana/*.yaml")
    for path in used:
        text = (repository.root / path).read_text(encoding="utf-8")
        for name, namespace, port in _ENDPOINT.findall(text):
            if services.get((name, namespace)) != int(port):
                yield f"{path} connects to {name}:{port}, which {environment} does not have"


def namespaces(repository: Repository, environment: str) -> Iterator[str]:
    """Check that whatever is deployed lies in a namespace that is there."""
    present = {one["metadata"]["name"] for one in manifests(repository, environment, "Namespace")}
    for one in manifests(repository, environment):
        namespace = one["metadata"].get("namespace")
        if namespace is not None and namespace not in present:
            yield f"{environment}: {one['metadata']['name']} is in {namespace}, which is not there"


def access(repository: Repository, environment: str) -> Iterator[str]:
    """Check that every account that is bound to a role exists, and the role too."""
    named = {
        (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace"))
        for one in manifests(repository, environment)
    }
    bindings = [*manifests(repository, environment, "RoleBinding")]
    for one in bindings:
        namespace = one["metadata"]["namespace"]
        bound = [(one["roleRef"]["kind"], one["roleRef"]["name"], namespace)]
        bound += [(of["kind"], of["name"], of["namespace"]) for of in one["subjects"]]
        for kind, name, where in bound:
            if (kind, name, where) not in named:
                yield f"{environment}: {kind} {name} is bound and not there"
    if len(bindings) < len(NAMESPACES):
        yield f"{environment}: not every namespace has a role"


def capacity(repository: Repository, environment: str) -> Iterator[str]:
    """Check that all quotas together fit on the nodes."""
    nodes = repository.read(CONVENTIONS)["environments"][environment]["capacity"]["cpu"]
    granted = sum(quotas(repository, environment).values())
    if granted > nodes:
        yield f"{environment}: quotas of {granted:g} CPU on nodes with {nodes:g}"


def availability(repository: Repository, environment: str) -> Iterator[str]:
    """Check that in production nothing runs only once."""
    for one in manifests(repository, environment, "Deployment"):
        if environment == "prod" and one["spec"]["replicas"] < 2:
            yield f"{environment}: {one['metadata']['name']} runs once only"


def shortage(repository: Repository, environment: str) -> tuple[str, str, float, float] | None:
    """Return the namespace whose deployments request more CPU than its quota, how they come to
    that, its quota, and what they request; None if all fits."""
    allowed = quotas(repository, environment)
    requested = dict.fromkeys(allowed, 0.0)
    sums: dict[str, list[str]] = {name: [] for name in allowed}
    for one in manifests(repository, environment, "Deployment"):
        namespace = one["metadata"]["namespace"]
        replicas = one["spec"]["replicas"]
        for container in one["spec"]["template"]["spec"]["containers"]:
            cpu = float(container["resources"]["requests"]["cpu"])
            requested[namespace] = requested.get(namespace, 0.0) + replicas * cpu
            sums.setdefault(namespace, []).append(f"{container['name']} {cores(replicas, cpu)}")
    for namespace, cpu in requested.items():
        if cpu > allowed.get(namespace, 0.0):
            return namespace, ", ".join(sums[namespace]), allowed.get(namespace, 0.0), cpu
    return None


def quotas(repository: Repository, environment: str) -> dict[str, float]:
    """Return how many CPU each namespace may request."""
    return {
        one["metadata"]["namespace"]: float(one["spec"]["hard"]["requests.cpu"])
        for one in manifests(repository, environment, "ResourceQuota")
    }


def left_out(repository: Repository) -> list[str]:
    """Return the environments that are not rolled out, by somebody's decision."""
    return [
        name
        for name in ENVIRONMENTS
        for rule in repository.documents(f"environments/{name}/rollout.yaml")
        if not rule["enabled"]
    ]


def manifests(repository: Repository, environment: str, kind: str = "") -> Iterator[Document]:
    """Yield the manifests of an environment, or those of a kind."""
    for folder in ("kubernetes", "observability"):
        for one in repository.documents(f"environments/{environment}/{folder}/**/*.yaml"):
            if kind in ("", one["kind"]):
                yield one
