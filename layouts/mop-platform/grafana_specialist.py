"""Runs the Grafana stack: Tempo, Mimir, Loki and Grafana, one task each."""

import hashlib
import os

from repository import (
    ENVIRONMENTS,
    Document,
    Repository,
    as_json,
    as_yaml,
    complete,
    container_ports,
    deployment,
    manifest,
    perform,
    remembered,
    service,
    work,
)

from mop_tui import agent

IMAGES = {
    "tempo": "grafana/tempo:2.6.1",
    "mimir": "grafana/mimir:2.14.2",
    "loki": "grafana/loki:3.3.1",
    "grafana": "grafana/grafana:11.4.0",
}
PORTS = {
    "tempo": {"http": 3200, "otlp-http": 4318},
    "mimir": {"http": 9009},
    "loki": {"http": 3100},
    "grafana": {"http": 3000},
}
CPU = {"tempo": 2, "mimir": 4, "loki": 2, "grafana": 1}
KEEPS = {"tempo": "168h", "mimir": "720h", "loki": "336h"}
"""7, 30 and 14 days."""
OTLP = {"tempo": ("otlp-http", ""), "mimir": ("http", "/otlp"), "loki": ("http", "/otlp")}
"""At which port and below which path a store takes OTLP."""
SOURCES = {"tempo": ("tempo", ""), "mimir": ("prometheus", "/prometheus"), "loki": ("loki", "")}
"""As which type of data source Grafana reads a store, and below which path."""


def endpoint(name: str, port: str = "http", path: str = "") -> str:
    return f"http://{name}.observability.svc:{PORTS[name][port]}{path}"


def store(repository: Repository) -> str:
    """Deploy one of the three stores, and say where it can be reached."""
    name = agent.task().id
    answers = agent.task().context.get("answers")
    chosen = str(answers.get("tempo-storage", "s3")) if isinstance(answers, dict) else "s3"
    backends = dict.fromkeys(ENVIRONMENTS, chosen)
    if chosen == "local":  # what it is offered for
        backends |= {"staging": "s3", "prod": "s3"}

    def deploy(environment: str) -> None:
        config = SETTINGS[name](backends[environment], f"mop-{environment}-{name}")
        container: Document = {"args": [f"-config.file=/etc/{name}/{name}.yaml"]}
        write(repository, environment, name, container, {f"{name}.yaml": as_yaml(config)})

    work(*((f"{name.title()} in {env}", deploy, env) for env in ENVIRONMENTS))
    agent.remember(
        f"swarm/observability/{name}-endpoint",
        complete(url=endpoint(name), otlp=endpoint(name, *OTLP[name])),
    )
    where = ", ".join(f"{env} on {backend}" for env, backend in backends.items())
    return f"{name} keeps {KEEPS[name]}: {where}"


def tempo(backend: str, bucket: str) -> Document:
    places: Document = {
        "s3": {"bucket": bucket, "endpoint": "s3.amazonaws.com"},
        "gcs": {"bucket_name": bucket},
        "local": {"path": "/var/tempo/blocks"},
    }
    otlp = {"protocols": {"http": {"endpoint": f"0.0.0.0:{PORTS['tempo']['otlp-http']}"}}}
    return {
        "server": {"http_listen_port": PORTS["tempo"]["http"]},
        "distributor": {"receivers": {"otlp": otlp}},
        "compactor": {"compaction": {"block_retention": KEEPS["tempo"]}},
        "storage": {"trace": {"backend": backend, backend: places[backend]}},
    }


def mimir(backend: str, bucket: str) -> Document:
    place = {"bucket_name": bucket, "endpoint": "s3.amazonaws.com"}
    return {
        "multitenancy_enabled": False,
        "server": {"http_listen_port": PORTS["mimir"]["http"]},
        "common": {"storage": {"backend": backend, backend: place}},
        "limits": {"compactor_blocks_retention_period": KEEPS["mimir"]},
    }


def loki(backend: str, bucket: str) -> Document:
    period = {
        "from": "2026-01-01",
        "store": "tsdb",
        "object_store": backend,
        "schema": "v13",
        "index": {"prefix": "index_", "period": "24h"},
    }
    return {
        "auth_enabled": False,
        "server": {"http_listen_port": PORTS["loki"]["http"]},
        "common": {
            "path_prefix": "/var/loki",
            "storage": {backend: {"bucketnames": bucket, "endpoint": "s3.amazonaws.com"}},
        },
        "schema_config": {"configs": [period]},
        "compactor": {"retention_enabled": True, "delete_request_store": backend},
        "limits_config": {"retention_period": KEEPS["loki"]},
    }


SETTINGS = {"tempo": tempo, "mimir": mimir, "loki": loki}


def grafana(repository: Repository) -> str:
    salt = os.urandom(16)
    password = agent.secret("grafana-password").encode()
    # What is written down is a hash that takes long to guess; the password itself stays in here.
    hashed = hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1, dklen=32)
    sources = [
        {
            "name": name,
            "type": kind,
            "access": "proxy",
            "url": remembered(f"swarm/observability/{name}-endpoint")["url"] + path,
        }
        for name, (kind, path) in SOURCES.items()
    ]

    def deploy(environment: str) -> None:
        config = as_yaml({"apiVersion": 1, "datasources": sources})
        write(repository, environment, "grafana", {}, {"datasources.yaml": config})
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


def write(
    repository: Repository,
    environment: str,
    name: str,
    container: Document,
    files: dict[str, str],
) -> None:
    """Write how a service is deployed, where it is reached, and how it is set up."""
    namespace = "observability"
    container = {
        "image": IMAGES[name],
        **container,
        "ports": container_ports(PORTS[name]),
        "resources": {"requests": {"cpu": CPU[name], "memory": "4Gi"}},
    }
    folder = "/etc/grafana/provisioning/datasources" if name == "grafana" else f"/etc/{name}"
    replicas = 2 if environment == "prod" else 1
    repository.write(
        f"environments/{environment}/observability/{name}/{name}.yaml",
        deployment(name, namespace, replicas, container, folder),
        service(name, namespace, PORTS[name]),
        manifest("ConfigMap", name, namespace, data=files),
    )


perform(dict.fromkeys(KEEPS, store) | {"grafana": grafana})
