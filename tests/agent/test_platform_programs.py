"""The programs of the platform deployment, each in the hands of a test.

All that they write is made once; then one file is broken at a time, and the tester has to find it.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent.far_side import ROOT, FarSide, Said, environment

PROGRAMS = ROOT / "layouts" / "mop-platform"
WRITERS = {
    "conventions": "kubernetes_architect",
    "environment-dev": "platform_engineer",
    "environment-staging": "platform_engineer",
    "environment-prod": "platform_engineer",
    "infrastructure": "terraform_specialist",
    "experiments": "experiment_designer",
    "obi": "obi_specialist",
    "tempo": "grafana_specialist",
    "mimir": "grafana_specialist",
    "loki": "grafana_specialist",
    "grafana": "grafana_specialist",
    "alloy": "alloy_specialist",
    "dev-env": "devops_automation",
    "ci": "cicd_engineer",
}
DEV = "environments/dev/observability"
QUOTAS = "environments/prod/kubernetes/quotas.yaml"
OBI = "environments/prod/observability/obi-agent.yaml"
TEMPO, LOKI, MIMIR, GRAFANA = (
    f"{DEV}/{name}/{name}.yaml" for name in ("tempo", "loki", "mimir", "grafana")
)
ALLOY = "lib/alloy/kubernetes.yaml"
POLICIES = "environments/dev/kubernetes/network-policies.yaml"

BROKEN = {
    "no selector": (
        TEMPO,
        "  selector:\n    matchLabels:\n      app.kubernetes.io/name: tempo\n  template:",
        "  template:",
        "dev: Deployment tempo selects no pods",
    ),
    "other labels": (
        TEMPO,
        "      labels:\n        app.kubernetes.io/name: tempo",
        "      labels:\n        app.kubernetes.io/name: temp",
        "dev: Deployment tempo selects other pods than it makes",
    ),
    "no container": (LOKI, "containers:", "initContainers:", "Deployment loki has no container"),
    "no version": (
        LOKI,
        "grafana/loki:",
        "grafana/loki # ",
        "without an image of a certain version",
    ),
    "no config map": (
        MIMIR,
        "configMap:\n          name: mimir",
        "configMap:\n          name: mimir-2",
        "Deployment mimir is set up by ConfigMap mimir-2, which is not there",
    ),
    "no text": (LOKI, "\ndata:\n", "\ndata:\n  extra: {}\n", "extra in ConfigMap loki is no text"),
    "no service": (
        MIMIR,
        "kind: Service",
        "kind: ServiceAccount",
        "dev: grafana connects to http://mimir.observability.svc:9009/prometheus by prometheus, "
        "which is not there",
    ),
    "no such pods": (
        TEMPO,
        "spec:\n  selector:\n    app.kubernetes.io/name: tempo",
        "spec:\n  selector:\n    app.kubernetes.io/name: temp",
        "dev: Service tempo leads to no pods",
    ),
    "service on another port": (
        TEMPO,
        "    port: 4318",
        "    port: 4319",
        "alloy connects to http://tempo.observability.svc:4318 by otlp, which is not there",
    ),
    "container on another port": (
        TEMPO,
        "containerPort: 3200",
        "containerPort: 3201",
        "Service tempo leads to port 3200, which its pods do not open",
    ),
    "program on another port": (
        TEMPO,
        "http_listen_port: 3200",
        "http_listen_port: 3201",
        "Service tempo leads to port 3200, on which nothing listens",
    ),
    "OTLP sent to where queries go": (
        ALLOY,
        "tempo.observability.svc:4318",
        "tempo.observability.svc:3200",
        "and tempo speaks that on port 4318 below /",
    ),
    "OTLP sent to another path": (
        ALLOY,
        "mimir.observability.svc:9009/otlp",
        "mimir.observability.svc:9009",
        "and mimir speaks that on port 9009 below /otlp",
    ),
    "OTLP received on another port": (
        ALLOY,
        "0.0.0.0:4318",
        "0.0.0.0:4320",
        "obi-agent connects to http://alloy.observability.svc:4318 by otlp, "
        "and alloy speaks that on port 4320 below /",
    ),
    "OTLP sent elsewhere": (
        f"{DEV}/obi-agent.yaml",
        "alloy.observability.svc",
        "alloy.obi.svc",
        "obi-agent connects to http://alloy.obi.svc:4318 by otlp, which is not there",
    ),
    "OTLP sent nowhere": (
        f"{DEV}/obi-agent.yaml",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_ENDPOINT",
        "dev: obi-agent connects to nothing",
    ),
    "data source on another path": (
        GRAFANA,
        "svc:9009/prometheus",
        "svc:9009",
        "and mimir speaks that on port 9009 below /prometheus",
    ),
    "data source of another type": (
        GRAFANA,
        "type: loki",
        "type: tempo",
        "and loki does not speak that",
    ),
    "kept from its data sources": (
        POLICIES,
        "  - from:\n    - podSelector: {}\n",
        "",
        "grafana connects to http://loki.observability.svc:3100 by loki, "
        "and no network policy lets it in",
    ),
    "other namespaces kept out": (
        POLICIES,
        "app.kubernetes.io/part-of: mop\n    ports:",
        "app.kubernetes.io/part-of: another\n    ports:",
        "obi-agent connects to http://alloy.observability.svc:4318 by otlp, "
        "and no network policy lets it in",
    ),
    "pipelines that are not run": (
        "lib/alloy/traces.alloy",
        ":4318",
        ":4319",
        "dev: Alloy runs with other pipelines than lib/alloy holds",
    ),
    "pipeline that leads nowhere": (
        "lib/alloy/receiver.alloy",
        "otlphttp.logs.input",
        "otlphttp.log.input",
        "lib/alloy/receiver.alloy hands on to otlphttp log, which is not there",
    ),
    "role of no group": (
        "environments/dev/kubernetes/rbac.yaml",
        "  apiGroup: rbac.authorization.k8s.io\n",
        "",
        "dev: RoleBinding obi-deployer names no group of APIs",
    ),
}
"""What stands in which file, what is put in its place, and how the tester is to say so."""


def _start(program: str, repository: Path) -> FarSide:
    command = [sys.executable, str(PROGRAMS / f"{program}.py"), str(repository), "0"]
    env = environment(repository.parent, PYTHONDONTWRITEBYTECODE="1")
    return FarSide(command, env, secrets={"GRAFANA_PASSWORD": "canary!sings-at-dawn"})


def _perform(
    program: str, task: str, repository: Path, memory: dict[str, Any] | None = None
) -> tuple[int, list[Said]]:
    """Have a program do a task, and return its exit code and what it said."""
    with _start(program, repository) as agent:
        agent.tell(
            "task", id=task, title=task, attempt=1, agent="alice", context={"memory": memory}
        )
        return agent.hears_out(), agent.said


def _failure(said: list[Said]) -> tuple[str, str]:
    [done] = [one for one in said if one["mop"] == "done"]
    return str(done["failed"]), str(done["message"])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which everybody has done its work."""
    repository = tmp_path_factory.mktemp("platform") / "mop"
    memory: dict[str, Any] = {}
    for task, program in WRITERS.items():
        code, said = _perform(program, task, repository, memory)
        assert code == 0, (task, said)
        memory |= {str(one["key"]): one["value"] for one in said if one["mop"] == "memory"}
    return repository


@pytest.fixture
def repository(written: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(written, tmp_path / "mop"))


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_what_they_write_fits_together(repository: Path) -> None:
    code, said = _perform("tester", "integration-tests", repository)
    assert code == 0, said
    [output] = [str(one["value"]) for one in said if one["mop"] == "output"]
    assert output.startswith("PASS: 16 checks")


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_is_found(repository: Path, broken: str) -> None:
    path, old, new, fault = BROKEN[broken]
    _change(repository / path, old, new)
    with _start("tester", repository) as tester:
        tester.tell("task", id="integration-tests", title="", attempt=1, agent="alice")
        assert tester.hears_out() == 1
        assert any(fault in line for line in tester.log), tester.log
        assert _failure(tester.said)[0] == "tests_failed"


def test_a_cluster_does_not_start_what_is_beyond_a_quota(repository: Path) -> None:
    code, said = _perform("terraform_specialist", "rollout-prod", repository)
    assert code == 1
    error, message = _failure(said)
    assert error == "rollout_failed"
    assert "obi 3 x 25 = 75 CPU in obi, whose quota is 50 CPU" in message


def _asked_for_help(troubleshooter: FarSide) -> Said:
    """Tell it that production does not fit, and return what it asks."""
    troubleshooter.tell("task", id="support", title="", attempt=1, agent="alice")
    while (said := troubleshooter.next_said())["mop"] != "ask":
        if said["mop"] == "waiting":
            verdict: Said = {"passed": False, "fault": "Insufficient CPU quota"}
            troubleshooter.tell("answer", id=said["id"], outcome="answered", value=verdict)
    return said


def _offered(question: Said) -> list[str]:
    options = question["options"]
    assert isinstance(options, list)
    return [str(option["value"]) for option in options if isinstance(option, dict)]


@pytest.mark.parametrize(
    "answer", [{"outcome": "answered", "value": "coffee"}, {"outcome": "withdrawn"}]
)
def test_an_answer_that_nobody_knows_changes_nothing_and_fails(
    repository: Path, answer: dict[str, str]
) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    with _start("devops_troubleshooter", repository) as troubleshooter:
        question = _asked_for_help(troubleshooter)
        assert _offered(question) == [
            "increase_quota",
            "reduce_replicas",
            "skip_prod",
            "manual_fix",
        ]
        troubleshooter.tell("answer", id=question["id"], **answer)
        assert troubleshooter.hears_out() == 1
        assert _failure(troubleshooter.said)[0] == "unknown_answer"
    after = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    assert after == before


def test_the_last_replica_is_not_offered_to_be_taken_away(repository: Path) -> None:
    _change(repository / OBI, "replicas: 3", "replicas: 1")
    _change(repository / OBI, "cpu: 25", "cpu: 75")
    with _start("devops_troubleshooter", repository) as troubleshooter:
        question = _asked_for_help(troubleshooter)
        assert _offered(question) == ["increase_quota", "skip_prod", "manual_fix"]
        troubleshooter.tell("answer", id=question["id"], outcome="answered", value="increase_quota")
        while troubleshooter.next_said()["mop"] != "waiting":
            pass
    quotas = yaml.safe_load_all((repository / QUOTAS).read_text(encoding="utf-8"))
    of_obi = next(one for one in quotas if one["metadata"]["namespace"] == "obi")
    assert of_obi["spec"]["hard"]["requests.cpu"] == 75
