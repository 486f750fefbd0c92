"""What can be wrong with a repository of manifests: each check yields faults in sentences."""

import json
import re
from collections.abc import Iterator

import clusters
import deployed
import yaml
from deployed import WORKLOADS, Environment, manifests
from repository import CONVENTIONS, ENVIRONMENTS, NAMESPACES, Repository, cores

REPLICATED = ("Deployment", "StatefulSet")
"""Kinds that say how many pods they are; a DaemonSet is as many as there are nodes."""
WIRED = ("alloy", "grafana", "obi-agent")
"""What is of no use if it connects to nothing."""

_IMAGE = re.compile(r"[\w./-]+:[\w.-]+")
_EXPORTER = re.compile(r'^otelcol\.exporter\.(\w+) "(\w+)"', re.MULTILINE)
_HANDED_ON = re.compile(r"otelcol\.exporter\.(\w+)\.(\w+)\.input")


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


def workloads(repository: Repository, environment: str) -> Iterator[str]:
    """Check that what is to run has all that its kind needs, and finds how it is set up."""
    present = Environment(repository, environment)
    files = set()
    for one in present.of_kind("ConfigMap"):
        files.add((one["metadata"]["namespace"], one["metadata"]["name"]))
        for key, value in one["data"].items():
            if not isinstance(value, str):
                yield f"{environment}: {key} in ConfigMap {one['metadata']['name']} is no text"
    for one in present.of_kind(*WORKLOADS):
        where = f"{environment}: {one['kind']} {one['metadata']['name']}"
        wanted = one["spec"].get("selector", {}).get("matchLabels", {})
        if not wanted:
            yield f"{where} selects no pods"
        if not wanted.items() <= deployed.pod_labels(one).items():
            yield f"{where} selects other pods than it makes"
        if not deployed.containers(one):
            yield f"{where} has no container"
        for container in deployed.containers(one):
            image = container.get("image", "")
            if not _IMAGE.fullmatch(image) or image.endswith(":latest"):
                yield f"{where} has a container without an image of a certain version"
        for name in (of["configMap"]["name"] for of in deployed.volumes(one)):
            if (one["metadata"]["namespace"], name) not in files:
                yield f"{where} is set up by ConfigMap {name}, which is not there"


def endpoints(repository: Repository, environment: str) -> Iterator[str]:
    """Check that whatever is connected to is there, understands what is said, and lets it in."""
    present = Environment(repository, environment)
    found = [*present.connections()]
    connected = {one.source["metadata"]["name"] for one in found}
    yield from (f"{environment}: {of} connects to nothing" for of in WIRED if of not in connected)
    for one in found:
        yield from (f"{environment}: {one}, {fault}" for fault in present.obstacles(one))
    for service in present.of_kind("Service"):
        where = f"{environment}: Service {service['metadata']['name']}"
        pods = present.behind(service)
        if not pods:
            yield f"{where} leads to no pods"
        for target in deployed.targets(service).values():
            for pod in pods:
                if target not in deployed.open_ports(pod):
                    yield f"{where} leads to port {target}, which its pods do not open"
                if target not in present.served(pod).ports:
                    yield f"{where} leads to port {target}, on which nothing listens"


def pipelines(repository: Repository, environment: str) -> Iterator[str]:
    """Check that Alloy runs with the pipelines that are written down, and that they are whole."""
    paths = repository.find("lib/alloy/*.alloy")
    texts = {path: (repository.root / path).read_text(encoding="utf-8") for path in paths}
    run = [
        text
        for one in manifests(repository, environment, "ConfigMap")
        if one["metadata"]["name"] == "alloy"
        for text in one["data"].values()
    ]
    if sorted(run) != sorted(texts.values()):
        yield f"{environment}: Alloy runs with other pipelines than lib/alloy holds"
    present = {of for text in texts.values() for of in _EXPORTER.findall(text)}
    for path, text in texts.items():
        for kind, name in _HANDED_ON.findall(text):
            if (kind, name) not in present:
                yield f"{path} hands on to {kind} {name}, which is not there"


def namespaces(repository: Repository, environment: str) -> Iterator[str]:
    """Check that whatever is deployed lies in a namespace that is there."""
    present = {one["metadata"]["name"] for one in manifests(repository, environment, "Namespace")}
    for one in manifests(repository, environment):
        namespace = one["metadata"].get("namespace")
        if namespace is not None and namespace not in present:
            yield f"{environment}: {one['metadata']['name']} is in {namespace}, which is not there"


def admission(repository: Repository, environment: str) -> Iterator[str]:
    """Check that the cluster was handed what there is of OBI."""
    for path in repository.find(clusters.OBI.replace("*", environment, 1)):
        if not repository.find(clusters.admitted(path)):
            yield f"{environment}: {path} was not deployed"


def access(repository: Repository, environment: str) -> Iterator[str]:
    """Check that every account that is bound to a role exists, and the role too."""
    named = {
        (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace"))
        for one in manifests(repository, environment)
    }
    bindings = [*manifests(repository, environment, "RoleBinding")]
    for one in bindings:
        if one["roleRef"].get("apiGroup") != "rbac.authorization.k8s.io":
            yield f"{environment}: RoleBinding {one['metadata']['name']} names no group of APIs"
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
    for one in manifests(repository, environment, *REPLICATED):
        if environment == "prod" and one["spec"].get("replicas", 1) < 2:
            yield f"{environment}: {one['metadata']['name']} runs once only"


def shortage(repository: Repository, environment: str) -> tuple[str, str, float, float] | None:
    """Return the namespace whose pods request more CPU than its quota, how they come to
    that, its quota, and what they request; None if all fits."""
    allowed = quotas(repository, environment)
    requested = dict.fromkeys(allowed, 0.0)
    sums: dict[str, list[str]] = {name: [] for name in allowed}
    for one in manifests(repository, environment, *REPLICATED):
        namespace = one["metadata"]["namespace"]
        replicas = one["spec"].get("replicas", 1)
        for container in deployed.containers(one):
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
