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
WRITERS: dict[str, str] = {
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


def _hears(agent: FarSide, kind: str) -> Said:
    """Return the next that it says of a kind."""
    while (said := agent.next_said())["mop"] != kind:
        pass
    return said


def _perform(program: str, task: str, repository: Path, **context: Any) -> tuple[int, list[Said]]:
    """Have a program do a task, and return its exit code and what it said."""
    with _start(program, repository) as agent:
        agent.tell("task", id=task, title=task, attempt=1, agent="alice", context=context)
        if task == "obi":
            _deploy_what_it_waits_for(agent, repository)
        return agent.hears_out(), agent.said


def _deploy(repository: Path, path: str) -> tuple[int, list[Said]]:
    return _perform("obi_deployer", "obi_configuration-1", repository, event={"path": path})


def _deploy_what_it_waits_for(specialist: FarSide, repository: Path) -> None:
    """Do what the layout's trigger has done about the files that were written."""
    for name in ("dev", "staging", "prod"):
        waiting = _hears(specialist, "waiting")
        _, said = _deploy(repository, f"environments/{name}/observability/obi-agent.yaml")
        memory = {f"memory:{one['key']}": one["value"] for one in said if one["mop"] == "memory"}
        came = memory[str(waiting["for"])]
        specialist.tell("answer", id=waiting["id"], outcome="answered", value=came)
        if isinstance(came, dict) and "fault" in came:
            return


def _failure(said: list[Said]) -> tuple[str, str]:
    [done] = [one for one in said if one["mop"] == "done"]
    return str(done["failed"]), str(done["message"])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which everybody has done its work."""
    repository = tmp_path_factory.mktemp("platform") / "mop"
    memory: dict[str, Any] = {}
    for task, program in WRITERS.items():
        code, said = _perform(program, task, repository, memory=memory)
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
    assert output.startswith("PASS: 19 checks")


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


def test_a_rollout_hands_over_what_changed_since_it_was_deployed(repository: Path) -> None:
    file = repository / DEV / "obi-agent.yaml"
    _change(file, "replicas: 1", "replicas: 2")
    code, said = _perform("terraform_specialist", "rollout-dev", repository)
    assert code == 0, said
    cluster = repository / "clusters" / "dev"
    for path in (cluster / "admitted" / "obi-agent.yaml", cluster / "applied.yaml"):
        runs = [*yaml.safe_load_all(path.read_text(encoding="utf-8"))]
        [obi] = [one for one in runs if one["metadata"]["name"] == "obi-agent"]
        assert obi["spec"]["replicas"] == 2

    _change(file, "namespace: obi", "namespace: nowhere")
    code, said = _perform("terraform_specialist", "rollout-dev", repository)
    error, message = _failure(said)
    assert (code, error) == (1, "rollout_failed")
    assert "manifest 1 is in the namespace nowhere, which is not there" in message


def test_what_was_not_deployed_is_found(repository: Path) -> None:
    (repository / "clusters" / "dev" / "admitted" / "obi-agent.yaml").unlink()
    with _start("tester", repository) as tester:
        tester.tell("task", id="integration-tests", title="", attempt=1, agent="alice")
        assert tester.hears_out() == 1
        assert f"FAULT dev: {DEV}/obi-agent.yaml was not deployed" in tester.log


REJECTED = {
    "no YAML": ("kind: [", "is no YAML"),
    "nothing": ("", "holds no manifest"),
    "a text": ("just text", "manifest 1 does not say apiVersion, kind and metadata"),
    "no kind": ("{apiVersion: v1, metadata: {}}", "does not say apiVersion, kind and metadata"),
    "no name": ("{apiVersion: v1, kind: Pod, metadata: {}}", "manifest 1 has no name"),
    "no namespace": (
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: obis}}",
        "manifest 1 is in the namespace obis, which is not there",
    ),
    "no spec": (
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: obi}}",
        "manifest 1 has no spec",
    ),
    "no container": (
        "{apiVersion: v1, kind: DaemonSet, metadata: {name: a, namespace: obi}, spec: {}}",
        "manifest 1 has no container",
    ),
}
"""What a file holds, and why its cluster does not take it."""


@pytest.mark.parametrize("held", REJECTED)
def test_a_cluster_takes_no_manifest_that_makes_no_sense(repository: Path, held: str) -> None:
    text, reason = REJECTED[held]
    (repository / DEV / "obi-more.yaml").write_text(text, encoding="utf-8")
    code, said = _deploy(repository, f"{DEV}/obi-more.yaml")
    error, message = _failure(said)
    assert (code, error) == (1, "manifest_rejected")
    assert reason in message
    assert not (repository / "clusters" / "dev" / "admitted" / "obi-more.yaml").exists()
    [told] = [one for one in said if one["mop"] == "memory"]
    assert told["key"] == "swarm/observability/dev-obi-more"
    assert told["value"] == {"status": "complete", "fault": message}


def test_where_no_namespace_is_obi_is_not_deployed(repository: Path) -> None:
    (repository / "environments/staging/kubernetes/namespaces.yaml").unlink()
    memory = {"swarm/observability/experiment-specs": {"experiments": ["latency"]}}
    code, said = _perform("obi_specialist", "obi", repository, memory=memory)
    error, message = _failure(said)
    assert (code, error) == (1, "not_deployed")
    assert message.startswith("staging did not take OBI: ")
    assert message.endswith("is in the namespace obi, which is not there")
    assert [one for one in said if one["mop"] == "memory"] == []


FAULT = "validation 1: Insufficient CPU quota"


def _write_rounds(repository: Path, kind: str, *rounds: dict[str, Any]) -> None:
    text = yaml.safe_dump_all(rounds, explicit_start=True)
    (repository / f".{kind}s.yaml").write_text(text, encoding="utf-8")


def _tell_of_failure(troubleshooter: FarSide, repository: Path, validations: int = 1) -> None:
    """Have it spawned because production does not fit, for so many times by now."""
    _write_rounds(repository, "verdict", *[{"passed": False, "fault": FAULT}] * validations)
    context: Said = {
        "failed_agent": "production-validator",
        "failed_task": "validate",
        "error": {"type": "deployment_failed", "message": FAULT},
        "logs": ["one", "two"],
    }
    troubleshooter.tell(
        "task", id="deployment_error-1", title="", attempt=1, agent="alice", context=context
    )


def _asked_for_help(troubleshooter: FarSide, repository: Path) -> Said:
    """Tell it that production does not fit, and return what it asks."""
    _tell_of_failure(troubleshooter, repository)
    return _hears(troubleshooter, "ask")


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
    with _start("devops_troubleshooter", repository) as troubleshooter:
        question = _asked_for_help(troubleshooter, repository)
        before = _files(repository)
        assert _offered(question) == [
            "increase_quota",
            "reduce_replicas",
            "skip_prod",
            "manual_fix",
        ]
        troubleshooter.tell("answer", id=question["id"], **answer)
        assert troubleshooter.hears_out() == 1
        assert _failure(troubleshooter.said)[0] == "unknown_answer"
    assert _files(repository) == before


def _files(repository: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}


def test_the_operator_sees_who_failed_and_what_it_wrote(repository: Path) -> None:
    with _start("devops_troubleshooter", repository) as troubleshooter:
        context = _asked_for_help(troubleshooter, repository)["context"]
    assert isinstance(context, dict)
    assert context["reported_by"] == "production-validator"
    assert context["last_lines"] == ["one", "two"]
    assert (context["current_quota"], context["required"]) == ("50 CPU", "75 CPU")


def test_what_was_decided_is_said_again_and_not_asked_again(repository: Path) -> None:
    decision = {"status": "complete", "done": "prod is left out"}
    _write_rounds(repository, "decision", decision)
    with _start("devops_troubleshooter", repository) as troubleshooter:
        _tell_of_failure(troubleshooter, repository)
        assert troubleshooter.hears_out() == 0
        [told] = [one for one in troubleshooter.said if one["mop"] == "memory"]
        assert (told["key"], told["value"]) == ("swarm/devops/decision-1", decision)


def test_after_the_last_attempt_nobody_is_asked_any_more(repository: Path) -> None:
    layout = yaml.safe_load((PROGRAMS.parent / "mop-platform.yaml").read_text(encoding="utf-8"))
    attempts = 1 + layout["tasks"]["validate"]["retry"]["times"]
    with _start("devops_troubleshooter", repository) as troubleshooter:
        _tell_of_failure(troubleshooter, repository, attempts)
        assert troubleshooter.hears_out() == 0
        [output] = [one for one in troubleshooter.said if one["mop"] == "output"]
        assert output["value"] == "nobody is asked any more: production was validated 6 times"


def test_a_validation_that_fails_says_so_and_the_next_says_it_again_and_waits(
    repository: Path,
) -> None:
    code, said = _perform("production_validator", "validate", repository)
    [error] = [one for one in said if one["mop"] == "error"]
    assert (code, error["type"]) == (1, "deployment_failed")
    assert str(error["message"]).startswith(FAULT)
    assert _failure(said) == ("deployment_failed", error["message"])

    with _start("production_validator", repository) as validator:
        validator.tell("task", id="validate", title="", attempt=2, agent="alice")
        waiting = _hears(validator, "waiting")
        assert waiting["for"] == "memory:swarm/devops/decision-1"
        assert [one for one in validator.said if one["mop"] == "error"] == [error]
        file = repository / QUOTAS
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("requests.cpu: 50", "requests.cpu: 75", 1), encoding="utf-8")
        validator.tell("answer", id=waiting["id"], outcome="answered", value={})
        assert validator.hears_out() == 0


def test_the_last_replica_is_not_offered_to_be_taken_away(repository: Path) -> None:
    _change(repository / OBI, "replicas: 3", "replicas: 1")
    _change(repository / OBI, "cpu: 25", "cpu: 75")
    with _start("devops_troubleshooter", repository) as troubleshooter:
        question = _asked_for_help(troubleshooter, repository)
        assert _offered(question) == ["increase_quota", "skip_prod", "manual_fix"]
        troubleshooter.tell("answer", id=question["id"], outcome="answered", value="increase_quota")
        assert troubleshooter.hears_out() == 0
    quotas = yaml.safe_load_all((repository / QUOTAS).read_text(encoding="utf-8"))
    of_obi = next(one for one in quotas if one["metadata"]["namespace"] == "obi")
    assert of_obi["spec"]["hard"]["requests.cpu"] == 75
