"""Connects everything: Alloy receives OTLP and hands it on to where the others said they are."""

from repository import (
    Document,
    Repository,
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

PIPELINES = {"traces": "tempo", "metrics": "mimir", "logs": "loki"}
PORTS = {"otlp-grpc": 4317, "otlp-http": 4318}
FOLDER = "lib/alloy"

RECEIVER = """\
otelcol.receiver.otlp "default" {
  grpc { endpoint = "0.0.0.0:4317" }
  http { endpoint = "0.0.0.0:4318" }
  output {
    traces  = [otelcol.exporter.otlphttp.traces.input]
    metrics = [otelcol.exporter.otlphttp.metrics.input]
    logs    = [otelcol.exporter.otlphttp.logs.input]
  }
}
"""
PIPELINE = """\
otelcol.exporter.otlphttp "%(signal)s" {
  client { endpoint = "%(url)s" }
}
"""


def connect(repository: Repository) -> str:
    def receiver() -> None:
        repository.write_text(f"{FOLDER}/receiver.alloy", RECEIVER)

    def pipeline(signal: str) -> None:
        url = remembered(f"swarm/observability/{PIPELINES[signal]}-endpoint")["otlp"]
        text = PIPELINE % {"signal": signal, "url": url}
        repository.write_text(f"{FOLDER}/{signal}.alloy", text)

    work(
        ("OTLP receiver", receiver),
        *((f"Pipeline: {name}", pipeline, name) for name in PIPELINES),
        ("Deployment", deploy, repository),
    )
    agent.remember("swarm/observability/alloy-config", complete(folder=FOLDER))
    return f"receives OTLP on 4317 and 4318, {len(PIPELINES)} pipelines"


def deploy(repository: Repository) -> None:
    """Write how Alloy runs with these pipelines; it is the same in every environment."""
    files = {
        path.removeprefix(f"{FOLDER}/"): (repository.root / path).read_text(encoding="utf-8")
        for path in repository.find(f"{FOLDER}/*.alloy")
    }
    container: Document = {
        "image": "grafana/alloy:v1.5.1",
        "args": ["run", "/etc/alloy"],
        "ports": container_ports(PORTS),
        "resources": {"requests": {"cpu": 1, "memory": "1Gi"}},
    }
    repository.write(
        f"{FOLDER}/kubernetes.yaml",
        deployment("alloy", "observability", 2, container, "/etc/alloy"),
        service("alloy", "observability", PORTS),
        manifest("ConfigMap", "alloy", "observability", data=files),
    )


perform({"alloy": connect})
