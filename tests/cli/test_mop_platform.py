"""The platform deployment as an operator takes it: fifteen real agents, driven by keys, and those
who are spawned because something happened.

What is decided on the way changes files, and those decide how it ends.
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from terminal import ENTER, Terminal

PLATFORM = Path(__file__).parents[2] / "layouts" / "mop-platform.yaml"
CANARY = "canary!sings-at-dawn"
QUOTAS = "environments/prod/kubernetes/quotas.yaml"
OBI = "environments/prod/observability/obi-agent.yaml"
TEAM = {
    "obi-specialist",
    "grafana-specialist-1",
    "grafana-specialist-2",
    "alloy-specialist",
    "experiment-designer",
}
SHORT = "Insufficient CPU quota: obi 3 x 25 = 75 CPU in obi, and its quota is 50 CPU"
Event = dict[str, Any]


def _start(folder: Path) -> Terminal:
    return Terminal("run", str(PLATFORM), "--set", "pace=0.05", cwd=folder, columns=120, rows=44)


def _answer_up_to_the_failure(terminal: Terminal) -> None:
    """Take the default storage, type the password, and read why production does not fit."""
    terminal.until("Which storage backend for Tempo?", "A digit or the arrows choose")
    _choose(terminal, "1", "AWS S3")
    terminal.until("Enter Grafana admin password", "Type the answer")
    terminal.press(*CANARY)
    terminal.until("*" * len(CANARY))
    terminal.press(ENTER)
    terminal.until("OBI deployment failed in prod", "50 CPU", "75 CPU", "enter answers")


def _choose(terminal: Terminal, digit: str, label: str) -> None:
    terminal.press(digit)
    terminal.until(f"Enter answers {label}")
    terminal.press(ENTER)


def _approve(
    terminal: Terminal, question: str = "Ready to deploy to production?", repairs: int = 1
) -> None:
    terminal.until(question, "y or n chooses")
    terminal.press("y")
    terminal.until("Enter approves")
    terminal.press(ENTER)
    # Those of the layout, three deployments of OBI, and the repairs.
    terminal.until(f"all of {22 + 3 + repairs} tasks complete")
    terminal.press("q")
    assert terminal.wait() == 0


def _repository(folder: Path) -> Path:
    [repository] = (folder / "sessions").glob("*.work/mop")
    return repository


def _documents(folder: Path, path: str) -> list[dict[str, Any]]:
    text = (_repository(folder) / path).read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text))


def _quota_of_obi(folder: Path) -> float:
    [quota] = [d for d in _documents(folder, QUOTAS) if d["metadata"]["namespace"] == "obi"]
    return float(quota["spec"]["hard"]["requests.cpu"])


def _events(file: Path) -> list[Event]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def _recorded(folder: Path) -> list[Event]:
    [file] = (folder / "sessions").glob("*.jsonl")
    return _events(file)


def _outputs(folder: Path) -> dict[str, str]:
    told = [event["data"] for event in _recorded(folder) if event["kind"] == "task.output"]
    return {output["task"]: output["value"] for output in told}


def _causes(events: list[Event], event: Event) -> Iterator[Event]:
    """Yield what led to an event, the latest first."""
    while event["cause"] is not None:
        event = events[event["cause"] - 1]
        yield event


def _spawned(events: list[Event]) -> dict[str, tuple[str, Event]]:
    """Return the agents that were spawned later, with the rule and the event because of which.

    Nobody is spawned twice.
    """
    found: dict[str, tuple[str, Event]] = {}
    everybody = [event for event in events if event["kind"] == "agent.spawned"]
    for event in everybody:
        decided, about, *_ = _causes(events, event)
        if decided["data"]["rule"] != "open_session":
            found[event["data"]["agent"]] = decided["data"]["rule"], about
    assert len({event["data"]["agent"] for event in everybody}) == len(everybody) == 10 + len(found)
    return found


def _began(events: list[Event], agent: str) -> list[Event]:
    """Return when the processes of an agent started."""
    return [
        event
        for event in events
        if event["kind"] == "system.done"
        and (event["data"]["effect"], event["data"]["agent"]) == ("start_process", agent)
    ]


def _check_who_was_spawned(events: list[Event], *failures: str) -> None:
    """Check that the team, deployers, and a troubleshooter for each failure came to be, by what."""
    spawned = _spawned(events)
    deployers = {f"obi-deployer-{number}" for number in (1, 2, 3)}
    troubleshooters = [f"devops-troubleshooter-{1 + number}" for number in range(len(failures))]
    assert spawned.keys() == TEAM | deployers | {*troubleshooters}

    because = {spawned[agent][1]["seq"] for agent in TEAM}
    assert {spawned[agent][0] for agent in TEAM} == {"trigger/platform_namespace_ready"}
    [ready] = [event for event in events if event["seq"] in because]
    assert ready["kind"] == "system.memory_set"
    assert ready["data"]["key"] == "swarm/platform/namespace-ready"

    assert {spawned[agent][0] for agent in deployers} == {"trigger/obi_configuration"}
    assert {spawned[agent][1]["kind"] for agent in deployers} == {"file.created"}
    assert sorted(spawned[agent][1]["data"]["path"] for agent in deployers) == [
        f"environments/{name}/observability/obi-agent.yaml" for name in ("dev", "prod", "staging")
    ]

    for agent, failure in zip(troubleshooters, failures, strict=True):
        rule, erred = spawned[agent]
        assert (rule, erred["kind"]) == ("trigger/deployment_error", "agent.erred")
        assert erred["data"]["agent"] == "production-validator"
        assert (erred["data"]["type"], erred["data"]["message"]) == ("deployment_failed", failure)

    # The chain goes from the process back to what happened.
    for agent, (_, about) in spawned.items():
        for began in _began(events, agent)[:1]:
            assert agent in TEAM or about in _causes(events, began)
    assert all(_began(events, agent) for agent in spawned)


def test_raising_the_quota_lets_the_deployment_complete(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "1", "Increase CPU quota to 75")
        terminal.until("Ready to deploy to production?", "raised the CPU quota of obi in prod")
        _approve(terminal)
        assert CANARY.encode() not in terminal.transcript
    assert _quota_of_obi(tmp_path) == 75
    running = _documents(tmp_path, "clusters/prod/applied.yaml")
    assert {"ResourceQuota", "Deployment", "Experiment"} <= {d["kind"] for d in running}
    [secret] = [d for d in running if d["kind"] == "Secret"]
    assert secret["stringData"]["admin-hash"].startswith("scrypt:")
    events = _recorded(tmp_path)
    _check_who_was_spawned(events, f"validation 1: {SHORT}")
    [asked] = [e for e in events if e["kind"] == "user.asked" and e["data"]["name"] == "production"]
    decided, ready, *_ = _causes(events, asked)
    assert decided["data"]["rule"] == "trigger/prod_deployment"
    assert (ready["kind"], ready["data"]["task"]) == ("task.transitioned", "rollout-prod")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 60
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []


def test_production_that_is_skipped_runs_nothing(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "3", "Skip prod deployment for now")
        _approve(terminal, "Ready to finish without production, which is skipped?")
    assert not (_repository(tmp_path) / "clusters" / "prod" / "applied.yaml").exists()
    assert (_repository(tmp_path) / "clusters" / "staging" / "applied.yaml").exists()
    assert _outputs(tmp_path)["rollout-prod"] == "prod is left out: the operator skipped it"


def test_what_is_called_fixed_and_is_not_fails_again_until_it_is(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "4", "I'll fix it manually")
        terminal.until_gone("OBI deployment failed in prod. How to proceed?")
        terminal.until("OBI deployment failed in prod", "75 CPU", "enter answers")
        file = _repository(tmp_path) / QUOTAS
        file.write_text(
            file.read_text(encoding="utf-8").replace("requests.cpu: 50", "requests.cpu: 78", 1),
            encoding="utf-8",
        )
        _choose(terminal, "4", "I'll fix it manually")
        _approve(terminal, repairs=2)
    assert _quota_of_obi(tmp_path) == 78
    events = _recorded(tmp_path)
    _check_who_was_spawned(events, f"validation 1: {SHORT}", f"validation 2: {SHORT}")
    asked = [
        event
        for event in events
        if event["kind"] == "user.asked" and event["data"]["name"].startswith("devops-trouble")
    ]
    first, second = (event["data"]["question"] for event in asked)
    said = [
        (event["kind"], event["data"]["question"])
        for event in events
        if event["kind"] in ("user.asked", "user.answered")
        and event["data"]["question"] in (first, second)
    ]
    assert said == [
        ("user.asked", first),
        ("user.answered", first),
        ("user.asked", second),
        ("user.answered", second),
    ]


def test_a_deployment_goes_on_after_a_kill_and_fewer_replicas_fit(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    [session] = (tmp_path / "sessions").glob("*.jsonl")
    with Terminal("resume", str(session), cwd=tmp_path, columns=120, rows=44) as terminal:
        terminal.until("OBI deployment failed in prod", "75 CPU", "enter answers")
        _choose(terminal, "2", "Reduce OBI replicas from 3 to 2")
        _approve(terminal)
    obi, *_ = _documents(tmp_path, OBI)
    assert obi["spec"]["replicas"] == 2
    assert obi in _documents(tmp_path, "clusters/prod/applied.yaml")
    assert obi in _documents(tmp_path, "clusters/prod/admitted/obi-agent.yaml")
    assert _quota_of_obi(tmp_path) == 50
    events = _recorded(tmp_path)
    _check_who_was_spawned(events, f"validation 1: {SHORT}")
    # The validator said it again to the program that took over, and nobody came a second time.
    again = [
        event["data"]["reason"]
        for event in events
        if event["kind"] == "system.decided"
        and event["data"]["rule"] == "trigger/deployment_error"
        and event["data"]["verdict"] == "no"
    ]
    assert again
    assert all("but it has fired for" in reason for reason in again)
    # It is asked by a second process of the same agent.
    assert len(_began(events, "devops-troubleshooter-1")) == 2


def test_its_rehearsal_takes_two_hours_of_the_plan_and_needs_nobody(
    mop: Any, tmp_path: Path
) -> None:
    file = tmp_path / "rehearsal.jsonl"
    done = mop("run", PLATFORM, "--rehearse", "--seed", "1", "--session-file", file)
    assert done.returncode == 0, done.stderr
    assert "no terminal here, so this runs headless" in done.stderr
    events = _events(file)
    assert 100 < events[-1]["at"] / 60_000 < 140
    answers = [event["data"] for event in events if event["kind"] == "user.answered"]
    assert {answer["by"] for answer in answers} == {"the unattended rehearsal"}
    asked = {
        event["data"]["question"]: event["data"]["name"]
        for event in events
        if event["kind"] == "user.asked"
    }
    assert [asked[answer["question"]] for answer in answers] == [
        "tempo-storage",
        "grafana-password",
        "devops-troubleshooter-1/obi-in-prod",
        "production",
    ]
    # Files are not watched in a rehearsal, so no deployer comes.
    spawned = _spawned(events)
    assert spawned.keys() == TEAM | {"devops-troubleshooter-1"}
    assert spawned["devops-troubleshooter-1"][0] == "trigger/deployment_error"
