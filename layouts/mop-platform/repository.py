"""The repository that the platform's agents work on, and the pace at which they do.

Every agent is a program of its own: `PROGRAM REPOSITORY PACE`, where PACE is how many seconds each
step of its work takes at least. Nothing here talks to a network or a cluster: what the agents write
are files, and what they check is what those files say.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mop_tui import agent

if TYPE_CHECKING:
    from mop_tui.agent import Jsonable

ENVIRONMENTS = ("dev", "staging", "prod")
NAMESPACES = ("obi", "observability")
LABELS = {"app.kubernetes.io/part-of": "mop"}
"""What everything is labelled with."""
NAME = "app.kubernetes.io/name"
"""The label by which pods are found."""
CONVENTIONS = "architecture/conventions.yaml"
ATTEMPTS = 6
"""How often production is validated at most; the layout's `retry` says the same."""

Document = dict[str, Any]
Step = tuple[str, Callable[..., object], *tuple[object, ...]]
"""A note, a function, and what it is called with."""


class Repository:
    """Files in a folder, by their paths in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, *documents: Document) -> None:
        """Write documents as YAML."""
        text = yaml.safe_dump_all(documents, sort_keys=False, explicit_start=len(documents) > 1)
        self.write_text(path, text)

    def write_text(self, path: str, text: str) -> None:
        """Write a text; whoever reads at the same time sees the old one or the new one."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f".{file.name}.{os.getpid()}")
        half.write_text(text, encoding="utf-8")
        half.replace(file)
        print(f"wrote {path}", flush=True)

    def read(self, path: str) -> Document:
        """Return the only document of a file."""
        return next(self.documents(path))

    def documents(self, pattern: str) -> Iterator[Document]:
        """Yield all YAML documents of the files whose paths match."""
        for path in self.find(pattern):
            with (self.root / path).open(encoding="utf-8") as file:
                yield from filter(None, yaml.safe_load_all(file))

    def find(self, pattern: str) -> list[str]:
        """Return the paths that match, in order."""
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.glob(pattern)
            if path.is_file() and not path.name.startswith(".")
        )

    def rounds(self, kind: str) -> list[Document]:
        """Return the verdicts or decisions on production so far, the earliest first.

        They outlive the programs: whoever is started again goes on with the round it was in.
        """
        file = self.root / f".{kind}s.yaml"
        return [*yaml.safe_load_all(file.read_text(encoding="utf-8"))] if file.exists() else []

    def add_round(self, kind: str, document: Document) -> None:
        """Write down one more verdict or decision."""
        self.write(f".{kind}s.yaml", *self.rounds(kind), document)


def begin() -> Repository:
    """Return the repository named by the program's arguments, and be ready to answer pings."""
    agent.listen()
    agent.health("healthy")
    return Repository(Path(sys.argv[1]))


def work(*steps: Step) -> None:
    """Take one step after the other, each with its note, and tell how far that is."""
    pace = float(sys.argv[2])
    for number, (note, do, *given) in enumerate(steps):
        agent.progress(100 * number / len(steps), note)
        time.sleep(pace)
        do(*given)
    agent.progress(100, "done")


def perform(tasks: Mapping[str, Callable[[Repository], str]]) -> None:
    """Do the task in hand, which `tasks` knows by its id, and deliver what that returns."""
    repository = begin()
    agent.output(tasks[agent.task().id](repository))


def remembered(key: str) -> Any:
    """Return what a memory key holds that the task in hand needs."""
    memory = agent.task().context.get("memory")
    return memory[key] if isinstance(memory, dict) else None


def awaited(key: str) -> Document:
    """Wait for a memory key that holds facts, and return them."""
    facts = agent.wait_for(key)
    if not isinstance(facts, dict):
        raise TypeError(f"{key} holds no facts: {facts!r}")
    return facts


def failure(error: str, message: str) -> SystemExit:
    """Say that the task in hand failed, and return what ends the program, to be raised."""
    agent.done(failed=error, message=message)
    return SystemExit(1)


def complete(**facts: Jsonable) -> dict[str, Jsonable]:
    """Return the value of a memory key that others wait for."""
    return {"status": "complete", **facts}


def manifest(kind: str, name: str, namespace: str | None = None, **fields: object) -> Document:
    """Return a manifest that follows the conventions."""
    versions = {
        "Deployment": "apps/v1",
        "Role": "rbac.authorization.k8s.io/v1",
        "RoleBinding": "rbac.authorization.k8s.io/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
        "Experiment": "obi.mop.dev/v1alpha1",
        "Policy": "audit.k8s.io/v1",
    }
    metadata: Document = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = dict(LABELS)
    return {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": metadata, **fields}


def deployment(
    name: str, namespace: str, replicas: int, container: Document, configured_in: str = ""
) -> Document:
    """Return a deployment of pods with one container, of the same name unless it has its own.

    The files of the config map of that name lie in the folder `configured_in` of the container.
    """
    container = {"name": name, **container}
    pod: Document = {"containers": [container]}
    if configured_in:
        container["volumeMounts"] = [{"name": "config", "mountPath": configured_in}]
        pod["volumes"] = [{"name": "config", "configMap": {"name": name}}]
    return manifest(
        "Deployment",
        name,
        namespace,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": {NAME: name}},
            "template": {"metadata": {"labels": {NAME: name, **LABELS}}, "spec": pod},
        },
    )


def service(name: str, namespace: str, ports: Mapping[str, int]) -> Document:
    """Return a service that leads to the pods of a deployment of that name, by named ports."""
    listed = [{"name": of, "port": port, "targetPort": port} for of, port in ports.items()]
    return manifest("Service", name, namespace, spec={"selector": {NAME: name}, "ports": listed})


def container_ports(ports: Mapping[str, int]) -> list[Document]:
    """Return how a container names the same ports."""
    return [{"name": of, "containerPort": port} for of, port in ports.items()]


def as_yaml(document: Document) -> str:
    """Return a document as YAML: the values of a config map are texts."""
    return yaml.safe_dump(document, sort_keys=False)


def as_json(document: Document) -> str:
    """Return a document as JSON to be read by people too."""
    return json.dumps(document, indent=2) + "\n"


def deployed_key(path: str) -> str:
    """Return the memory key by which it is told what became of a file of OBI."""
    _, environment, *_, name = Path(path).parts
    return f"swarm/observability/{environment}-{Path(name).stem}"


def cores(replicas: int, cpu: float) -> str:
    """Return what so many replicas request, in words."""
    return f"{replicas} x {cpu:g} = {replicas * cpu:g} CPU"
