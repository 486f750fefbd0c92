"""Runs the Grafana stack: Tempo, Mimir, Loki and Grafana, one task each."""

import hashlib
import os

from repository import (
    ENVIRONMENTS,
    Document,
    Repository,
    as_json,
    complete,
    manifest,
    perform,
    remembered,
    work,
)

from mop_tui import agent

PORTS = {"tempo": 3200, "mimir": 9009, "loki": 3100, "grafana": 3000}
CPU = {"tempo": 2, "mimir": 4, "loki": 2, "grafana": 1}
KEEPS = {"tempo": "168h", "mimir": "720h", "loki": "336h"}
"""7, 30 and 14 days."""


def endpoint(service: str) -> str:
    return f"http://{service}.observability.svc:{PORTS[service]}"


def store(repository: Repository) -> str:
    """Deploy one of the three stores, and say where it can be reached."""
    service = agent.task().id
    answers = agent.task().context.get("answers")
    chosen = answers.get("tempo-storage", "s3") if isinstance(answers, dict) else "s3"
    backends = dict.fromkeys(ENVIRONMENTS, chosen)
    if chosen == "local":  # what it is offered for
        backends |= {"staging": "s3", "prod": "s3"}

    def deploy(environment: str) -> None:
        config = {"retention": KEEPS[service], "backend": backends[environment]}
        write(repository, environment, service, config)

    work(*((f"{service.title()} in {name}", deploy, name) for name in ENVIRONMENTS))
    agent.remember(f"swarm/observability/{service}-endpoint", complete(url=endpoint(service)))
    where = ", ".join(f"{name} on {backend}" for name, backend in backends.items())
    return f"{service} keeps {KEEPS[service]}: {where}"


def grafana(repository: Repository) -> str:
    salt = os.urandom(16)
    password = agent.secret("grafana-password").encode()
    # What is written down is a hash that takes long to guess; the password itself stays in here.
    hashed = hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1, dklen=32)
    sources = {name: remembered(f"swarm/observability/{name}-endpoint")["url"] for name in KEEPS}

    def deploy(environment: str) -> None:
        write(repository, environment, "grafana", {"datasources": sources})
        repository.write(
            f"environments/{environment}/observability/grafana/admin.yaml",
            manifest(
                "Secret",
                "grafana-admin",
                "observability",
                stringData={"admin-hash": f"scrypt:{salt.hex()}:{hashed.hex()}"},
            ),
        )

    def dashboards() -> None:
        for name, source in (("traces", "tempo"), ("metrics", "mimir"), ("logs", "loki")):
            panel = {"title": name.title(), "datasource": source}
            repository.write_text(
                f"dashboards/{name}.json", as_json({"title": f"MOP {name}", "panels": [panel]})
            )

    work(
        *((f"Grafana in {name}", deploy, name) for name in ENVIRONMENTS),
        ("Dashboards", dashboards),
    )
    agent.remember("swarm/observability/grafana-url", complete(url=endpoint("grafana")))
    return f"{endpoint('grafana')} with {len(sources)} data sources; the password is kept as a hash"


def write(repository: Repository, environment: str, service: str, config: Document) -> None:
    """Write how a service is deployed, where it is reached, and how it is set up."""
    namespace = "observability"
    requests = {"cpu": CPU[service], "memory": "4Gi"}
    pod = {"containers": [{"name": service, "resources": {"requests": requests}}]}
    replicas = 2 if environment == "prod" else 1
    repository.write(
        f"environments/{environment}/observability/{service}/{service}.yaml",
        manifest(
            "Deployment", service, namespace, spec={"replicas": replicas, "template": {"spec": pod}}
        ),
        manifest("Service", service, namespace, spec={"ports": [{"port": PORTS[service]}]}),
        manifest("ConfigMap", service, namespace, data=config),
    )


perform(dict.fromkeys(KEEPS, store) | {"grafana": grafana})
