"""Connects everything: Alloy receives OTLP and hands it on to where the others said they are."""

from repository import Repository, complete, perform, remembered, work

from mop_tui import agent

PIPELINES = {"traces": "tempo", "metrics": "mimir", "logs": "loki"}

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
    def pipeline(signal: str) -> None:
        url = remembered(f"swarm/observability/{PIPELINES[signal]}-endpoint")["url"]
        text = PIPELINE % {"signal": signal, "url": url}
        repository.write_text(f"lib/alloy/{signal}.alloy", text)

    work(
        ("OTLP receiver", repository.write_text, "lib/alloy/receiver.alloy", RECEIVER),
        *((f"Pipeline: {name}", pipeline, name) for name in PIPELINES),
    )
    agent.remember("swarm/observability/alloy-config", complete(folder="lib/alloy"))
    return f"receives OTLP on 4317 and 4318, {len(PIPELINES)} pipelines"


perform({"alloy": connect})
