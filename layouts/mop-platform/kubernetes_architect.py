"""Sets the conventions that all others follow, and reviews whether they did."""

from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    LABELS,
    NAMESPACES,
    Document,
    Repository,
    complete,
    failure,
    perform,
    work,
)

from mop_tui import agent

CAPACITY = {"dev": (64, 160), "staging": (96, 240), "prod": (128, 320)}
"""Cores and Gi that the nodes of each environment have."""
QUOTAS = {
    "dev": {"obi": (25, 64), "observability": (25, 64)},
    "staging": {"obi": (35, 96), "observability": (40, 96)},
    "prod": {"obi": (50, 128), "observability": (50, 128)},
}
"""Cores and Gi that each namespace may request: 50, 75 and 100 CPU in all."""
OTLP = "http://alloy.observability.svc:4318"
"""Where whoever measures something sends it."""


def conventions(repository: Repository) -> str:
    environments: Document = {}

    def environment(name: str) -> None:
        cpu, memory = CAPACITY[name]
        environments[name] = {
            "capacity": {"cpu": cpu, "memory": f"{memory}Gi"},
            "quotas": {
                namespace: {"cpu": cores, "memory": f"{size}Gi"}
                for namespace, (cores, size) in QUOTAS[name].items()
            },
        }

    def write() -> None:
        repository.write(
            CONVENTIONS,
            {
                "namespaces": [*NAMESPACES],
                "labels": dict(LABELS),
                "otlp": OTLP,
                "environments": environments,
            },
        )
        agent.remember("swarm/platform/architecture", complete(file=CONVENTIONS))

    work(
        *((f"Sizing {name}", environment, name) for name in ENVIRONMENTS),
        ("Writing the conventions", write),
    )
    return f"conventions for {len(environments)} environments, {len(NAMESPACES)} namespaces each"


def review(repository: Repository) -> str:
    wanted = repository.read(CONVENTIONS)
    faults: list[str] = []
    seen = 0

    def look(environment: str) -> None:
        nonlocal seen
        for document in repository.documents(f"environments/{environment}/**/*.yaml"):
            seen += 1
            metadata = document["metadata"]
            where = f"{environment}: {document['kind']} {metadata['name']}"
            if metadata.get("labels") != wanted["labels"]:
                faults.append(f"{where} lacks the labels of the conventions")
            if metadata.get("namespace", NAMESPACES[0]) not in wanted["namespaces"]:
                faults.append(f"{where} is in no namespace of the conventions")
            if "Insecure" in str(document) or "privileged': True" in str(document):
                faults.append(f"{where} asks for more rights than it may")

    work(*((f"Reviewing {name}", look, name) for name in ENVIRONMENTS))
    for fault in faults:
        agent.notify(fault, "warning")
    if faults:
        raise failure("review_failed", f"{len(faults)} faults; first: {faults[0]}")
    return f"PASS: {seen} manifests follow the conventions, none is privileged"


perform({"conventions": conventions, "review": review})
