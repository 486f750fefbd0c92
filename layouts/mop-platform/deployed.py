"""What an environment runs: who connects to what there, and whether that can work.

What is read is what a cluster would read: manifests, the configurations that they carry, and the
network policies. Only what each product serves, and below which path, is known beforehand.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from repository import Document, Repository

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")

_URL = re.compile(r"https?://([\w-]+)\.([\w-]+)\.svc:(\d+)(/\S*)?")
_EXPORTER = re.compile(r'otelcol\.exporter\.otlphttp "\w+" \{\s*client \{ endpoint = "([^"]*)"')
_RECEIVER = re.compile(r'\b(grpc|http) \{ endpoint = "[\d.]+:(\d+)"')


@dataclass(frozen=True)
class Connection:
    """A workload that connects to a service, by what its configuration says."""

    source: Document
    protocol: str
    """`otlp`, or the type of a data source of Grafana."""
    url: str

    def __str__(self) -> str:
        """Name both ends."""
        return f"{self.source['metadata']['name']} connects to {self.url} by {self.protocol}"


@dataclass(frozen=True)
class Served:
    """What the pods of a workload listen for."""

    ports: frozenset[int] = frozenset()
    at: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """For each protocol the port, and the path below which it is spoken."""


class Environment:
    """The manifests of an environment, as they are when this is made."""

    def __init__(self, repository: Repository, environment: str) -> None:
        self._manifests = [*manifests(repository, environment)]

    def of_kind(self, *kinds: str) -> list[Document]:
        """Return the manifests of some kinds."""
        return [one for one in self._manifests if one["kind"] in kinds]

    def connections(self) -> Iterator[Connection]:
        """Yield all connections that workloads are set up to make."""
        for one in self.of_kind(*WORKLOADS):
            for container in containers(one):
                for variable in container.get("env", ()):
                    if variable["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT":
                        yield Connection(one, "otlp", variable["value"])
            for file, text in self._configuration(one).items():
                if file.endswith(".alloy"):
                    for url in _EXPORTER.findall(text):
                        yield Connection(one, "otlp", url)
                else:
                    for source in yaml.safe_load(text).get("datasources", ()):
                        yield Connection(one, source["type"], source["url"])

    def obstacles(self, of: Connection) -> Iterator[str]:
        """Yield what keeps a connection from working."""
        url = _URL.fullmatch(of.url)
        if url is None:
            yield "which is no service of a cluster"
            return
        name, namespace, port, path = url[1], url[2], int(url[3]), url[4] or ""
        services = {
            (one["metadata"]["name"], one["metadata"]["namespace"]): one
            for one in self.of_kind("Service")
        }
        service = services.get((name, namespace))
        leads = {} if service is None else targets(service)
        if service is None or port not in leads:
            yield "which is not there"
            return
        for pod in self.behind(service):
            spoken = self.served(pod).at.get(of.protocol)
            if spoken is None:
                yield f"and {name} does not speak that"
            elif spoken != (leads[port], path.rstrip("/")):
                yield f"and {name} speaks that on port {spoken[0]} below {spoken[1] or '/'}"
            if not self._admits(of.source, pod, leads[port]):
                yield "and no network policy lets it in"

    def behind(self, service: Document) -> list[Document]:
        """Return the workloads to whose pods a service leads."""
        wanted: Mapping[str, str] = service["spec"].get("selector", {})
        return [
            one
            for one in self.of_kind(*WORKLOADS)
            if one["metadata"]["namespace"] == service["metadata"]["namespace"]
            and wanted
            and wanted.items() <= pod_labels(one).items()
        ]

    def served(self, workload: Document) -> Served:
        """Return what the pods of a workload serve, by their product and how it is set up."""
        files = self._configuration(workload)
        images = [re.split("[:@]", of.get("image", ""))[0] for of in containers(workload)]
        products = {image.rpartition("/")[2] for image in images}
        if "alloy" in products:
            found = [_RECEIVER.findall(text) for text in files.values()]
            ports = {of: int(port) for text in found for of, port in text}
            at = {"otlp": (ports["http"], "")} if "http" in ports else {}
            return Served(frozenset(ports.values()), at)
        if "grafana" in products:
            return Served(frozenset({3000}))  # where it listens unless told otherwise
        for product in products & {"tempo", "mimir", "loki"}:
            settings = yaml.safe_load(files.get(f"{product}.yaml", "{}"))
            http = int(settings.get("server", {}).get("http_listen_port", 80))
            if product == "tempo":
                receivers = settings.get("distributor", {}).get("receivers", {})
                otlp = receivers.get("otlp", {}).get("protocols", {}).get("http", {})
                port = int(otlp.get("endpoint", "localhost:4318").rpartition(":")[2])
                at = {"tempo": (http, ""), "otlp": (port, "")}
            elif product == "mimir":
                at = {"prometheus": (http, "/prometheus"), "otlp": (http, "/otlp")}
            else:
                at = {"loki": (http, ""), "otlp": (http, "/otlp")}
            return Served(frozenset(port for port, _ in at.values()), at)
        return Served()

    def _admits(self, source: Document, target: Document, port: int) -> bool:
        """Return whether network policies let the pods of one workload in to another's.

        Pods that no policy selects let everybody in.
        """
        namespace, home = target["metadata"]["namespace"], source["metadata"]["namespace"]
        spaces = {
            one["metadata"]["name"]: one["metadata"].get("labels", {})
            for one in self.of_kind("Namespace")
        }
        policies = [
            one["spec"]
            for one in self.of_kind("NetworkPolicy")
            if one["metadata"]["namespace"] == namespace
            and _selects(one["spec"]["podSelector"], pod_labels(target))
            and "Ingress" in one["spec"].get("policyTypes", ("Ingress",))
        ]

        def lets_in(peer: Document) -> bool:
            if "namespaceSelector" in peer:
                near = _selects(peer["namespaceSelector"], spaces.get(home, {}))
            else:
                near = home == namespace
            return near and _selects(peer.get("podSelector", {}), pod_labels(source))

        return not policies or any(
            ("from" not in rule or any(map(lets_in, rule["from"])))
            and ("ports" not in rule or port in {of["port"] for of in rule["ports"]})
            for policy in policies
            for rule in policy.get("ingress", ())
        )

    def _configuration(self, workload: Document) -> Mapping[str, str]:
        """Return the files that the config maps of a workload hold."""
        names = {of["configMap"]["name"] for of in volumes(workload) if "configMap" in of}
        return {
            file: str(text)
            for one in self.of_kind("ConfigMap")
            if one["metadata"]["namespace"] == workload["metadata"]["namespace"]
            and one["metadata"]["name"] in names
            for file, text in one["data"].items()
        }


def containers(workload: Document) -> list[Document]:
    """Return the containers of a workload's pods."""
    return [*_pod(workload).get("containers", ())]


def volumes(workload: Document) -> list[Document]:
    """Return the volumes of a workload's pods."""
    return [*_pod(workload).get("volumes", ())]


def open_ports(workload: Document) -> set[int]:
    """Return the ports that the containers of a workload name."""
    return {of["containerPort"] for one in containers(workload) for of in one.get("ports", ())}


def targets(service: Document) -> dict[int, int]:
    """Return to which port of its pods each port of a service leads."""
    return {of["port"]: of.get("targetPort", of["port"]) for of in service["spec"]["ports"]}


def pod_labels(workload: Document) -> dict[str, str]:
    """Return the labels of a workload's pods."""
    template = workload["spec"].get("template", {})
    return {**template.get("metadata", {}).get("labels", {})}


def manifests(repository: Repository, environment: str, *kinds: str) -> Iterator[Document]:
    """Yield the manifests that an environment runs, or those of some kinds."""
    folder = f"environments/{environment}"
    patterns = (f"{folder}/kubernetes/**/*.yaml", f"{folder}/observability/**/*.yaml")
    for pattern in (*patterns, "lib/alloy/*.yaml"):
        for one in repository.documents(pattern):
            if not kinds or one["kind"] in kinds:
                yield one


def _pod(workload: Document) -> Document:
    return {**workload["spec"].get("template", {}).get("spec", {})}


def _selects(selector: Document, labels: Mapping[str, str]) -> bool:
    # An empty selector is met by all labels.
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()
