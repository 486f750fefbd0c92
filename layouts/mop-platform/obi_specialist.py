"""Writes OBI: the framework, its operator, and the experiments in every environment.

Each environment's file is deployed by somebody who is spawned because it is there. What comes of
that is waited for.
"""

from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    Document,
    Repository,
    awaited,
    complete,
    cores,
    deployed_key,
    deployment,
    failure,
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

    def obi(environment: str) -> None:
        container: Document = {
            "name": "obi",
            "image": "otel/ebpf-instrument:v0.1.0",
            "env": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": otlp}],
            "resources": {"requests": {"cpu": CPU[environment], "memory": "8Gi"}},
        }
        repository.write(
            file_of(environment),
            deployment("obi-agent", "obi", REPLICAS[environment], container),
            *(
                manifest(
                    "Experiment", name, "obi", spec=repository.read(f"experiments/{name}.yaml")
                )
                for name in experiments
            ),
        )

    def deployed(environment: str) -> None:
        came = awaited(deployed_key(file_of(environment)))
        if "fault" in came:
            raise failure("not_deployed", f"{environment} did not take OBI: {came['fault']}")

    work(
        ("Operator", operator),
        *((f"OBI in {name}: {wanted(name)}", obi, name) for name in ENVIRONMENTS),
        *((f"Waiting for the deployer of {name}", deployed, name) for name in ENVIRONMENTS),
    )
    agent.remember("swarm/observability/obi-deployed", complete(replicas=REPLICAS))
    asked = ", ".join(f"{name} {wanted(name)}" for name in ENVIRONMENTS)
    return f"{len(experiments)} experiments; {asked}"


def file_of(environment: str) -> str:
    """Return where OBI and the experiments of an environment stand."""
    return f"environments/{environment}/observability/obi-agent.yaml"


def wanted(environment: str) -> str:
    """Return what OBI requests in an environment, in words."""
    return cores(REPLICAS[environment], CPU[environment])


perform({"obi": deploy})
