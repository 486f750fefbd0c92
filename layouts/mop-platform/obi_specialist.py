"""Deploys OBI: the framework, its operator, and the experiments in every environment."""

from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    Document,
    Repository,
    complete,
    cores,
    deployment,
    manifest,
    perform,
    remembered,
    work,
)

from mop_tui import agent

REPLICAS = {"dev": 1, "staging": 2, "prod": 3}
CPU = {"dev": 10, "staging": 15, "prod": 25}
"""Cores that each replica requests."""


def deploy(repository: Repository) -> str:
    experiments = remembered("swarm/observability/experiment-specs")["experiments"]

    otlp = repository.read(CONVENTIONS)["otlp"]

    def operator() -> None:
        repository.write(
            "charts/obi-operator/Chart.yaml",
            {"apiVersion": "v2", "name": "obi-operator", "version": "0.1.0"},
        )
        repository.write("charts/obi-operator/values.yaml", {"replicas": REPLICAS, "cpu": CPU})

    def agents(environment: str) -> None:
        container: Document = {
            "name": "obi",
            "image": "otel/ebpf-instrument:v0.1.0",
            "env": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": otlp}],
            "resources": {"requests": {"cpu": CPU[environment], "memory": "8Gi"}},
        }
        repository.write(
            f"environments/{environment}/observability/obi-agent.yaml",
            deployment("obi-agent", "obi", REPLICAS[environment], container),
        )

    def trials(environment: str) -> None:
        repository.write(
            f"environments/{environment}/observability/obi-experiments.yaml",
            *(
                manifest(
                    "Experiment", name, "obi", spec=repository.read(f"experiments/{name}.yaml")
                )
                for name in experiments
            ),
        )

    work(
        ("Operator", operator),
        *(
            step
            for name in ENVIRONMENTS
            for step in (
                (f"OBI in {name}: {wanted(name)}", agents, name),
                (f"Experiments in {name}", trials, name),
            )
        ),
    )
    agent.remember("swarm/observability/obi-deployed", complete(replicas=REPLICAS))
    asked = ", ".join(f"{name} {wanted(name)}" for name in ENVIRONMENTS)
    return f"{len(experiments)} experiments; {asked}"


def wanted(environment: str) -> str:
    """Return what OBI requests in an environment, in words."""
    return cores(REPLICAS[environment], CPU[environment])


perform({"obi": deploy})
