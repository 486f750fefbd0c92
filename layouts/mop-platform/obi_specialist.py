"""Deploys OBI: the framework, its operator, and the experiments in every environment."""

from repository import (
    ENVIRONMENTS,
    Repository,
    complete,
    cores,
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

    def operator() -> None:
        repository.write("charts/obi-operator/Chart.yaml", {"name": "obi-operator", "version": "1"})
        repository.write("charts/obi-operator/values.yaml", {"replicas": REPLICAS, "cpu": CPU})

    def agents(environment: str) -> None:
        requests = {"cpu": CPU[environment], "memory": "8Gi"}
        pod = {"containers": [{"name": "obi", "resources": {"requests": requests}}]}
        repository.write(
            f"environments/{environment}/observability/obi-agent.yaml",
            manifest(
                "Deployment",
                "obi-agent",
                "obi",
                spec={"replicas": REPLICAS[environment], "template": {"spec": pod}},
            ),
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
                (f"OBI in {name}: {cores(REPLICAS[name], CPU[name])}", agents, name),
                (f"Experiments in {name}", trials, name),
            )
        ),
    )
    agent.remember("swarm/observability/obi-deployed", complete(replicas=REPLICAS))
    wanted = ", ".join(f"{name} {cores(REPLICAS[name], CPU[name])}" for name in ENVIRONMENTS)
    return f"{len(experiments)} experiments; {wanted}"


perform({"obi": deploy})
