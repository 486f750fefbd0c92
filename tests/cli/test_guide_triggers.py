"""The trigger blocks of the orchestration guide, as they stand there, fire and spawn.

Real programs are run. From each process that was started because of a trigger, the causes lead back
over the agent and the decision to what happened.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guide_blocks import CHAIN, FILES, RECOVERY, SKILL, TRIGGERS

from mop_tui.domain.causes import Chain, beginning
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Session
from mop_tui.domain.subject import Subject, event_behind
from mop_tui.journal import JournalFile

Mop = Callable[..., subprocess.CompletedProcess[str]]
Event = dict[str, Any]

PLACE = "environments/dev/observability"
BEGINNING = """
session: {id: swarm-mop-platform}
agent_types:
  worker: {run: [echo, working]}
"""
TYPES = """
  obi-specialist: {run: [sh, -c, "echo obi > obi-was-here"]}
  grafana-specialist: {run: [sh, -c, "echo grafana > grafana-was-here"]}
  alloy-specialist: {run: [sh, -c, "echo alloy > alloy-was-here"]}
  kubernetes-architect: {run: [sh, -c, "echo architect > architect-was-here"]}
  devops-troubleshooter: {run: [sh, -c, "echo troubleshooter > troubleshooter-was-here"]}
teams:
  crew: {agents: [worker]}
"""
FAILS = "run: {command: [sh, -c, 'echo no quota; exit 3'], exit_codes: {3: deployment_failed}}"


def ran(mop: Mop, folder: Path, layout: str, *options: str, code: int = 0) -> dict[int, Event]:
    """Run a layout to its end, and return its events as `events --json` prints them."""
    (folder / "layout.yaml").write_text(layout, encoding="utf-8")
    checked = mop("check", "layout.yaml")
    assert checked.returncode == 0, checked.stderr
    done = mop("run", "layout.yaml", "--headless", "--session-file", "it.jsonl", *options)
    assert done.returncode == code, done.stdout + done.stderr
    printed = mop("events", "it.jsonl", "--json").stdout.splitlines()
    return {event["seq"]: event for event in map(json.loads, printed)}


def process_of(events: dict[int, Event], agent: str) -> Event:
    """Return that the only process of an agent was started."""
    (started,) = (
        event
        for event in events.values()
        if event["kind"] == "system.done"
        and event["data"]["effect"] == "start_process"
        and event["data"]["agent"] == agent
    )
    assert started["data"]["pid"] > 1
    return started


def causes(events: dict[int, Event], event: Event) -> list[Event]:
    """Return `event`, its cause, the cause of that, and so on."""
    chain = [event]
    while chain[-1]["cause"] is not None:
        chain.append(events[chain[-1]["cause"]])
    return chain


def told(events: dict[int, Event], agent: str) -> list[Event]:
    """Return what led to the process of an agent: its spawning, the decision, what happened."""
    chain = causes(events, process_of(events, agent))
    kinds = [event["kind"] for event in chain]
    assert kinds[:2] == ["system.done", "system.intended"]
    spawned = kinds.index("agent.spawned")
    assert chain[spawned]["data"]["agent"] == agent
    return chain[spawned:]


def shown_by_w(file: Path, agent: str) -> Chain:
    """Return the chain of causes that the screen shows for an agent once all is over."""
    session = Session()
    with JournalFile.open(file) as journal:
        known = {event.seq: event for event in journal}
    for event in known.values():
        apply(session, event)
    seq = event_behind(session.snapshot(), Subject(agent=AgentId(agent)))
    assert seq is not None
    chain = Chain(known.get, seq)
    chain.go_on(len(known))
    assert chain.complete
    return chain


def test_a_new_file_is_processed_by_an_agent_spawned_for_it(mop: Mop, tmp_path: Path) -> None:
    writes = f"run: {{shell: 'mkdir -p {PLACE} && echo probes > {PLACE}/obi-probes.yaml'}}"
    tasks = f"tasks:\n  configure: {{agent: worker, {writes}}}\n"
    events = ran(mop, tmp_path, BEGINNING + TYPES + tasks + FILES)

    spawned, decided, happened = told(events, "obi-specialist-1")
    assert decided["data"]["rule"] == "trigger/file-created"
    assert decided["data"]["reason"] == f"{PLACE}/obi-probes.yaml was created"
    assert happened["kind"] == "file.created"
    assert happened["cause"] is None
    assert spawned["data"]["spec"]["spawn"] == f"file-created@{happened['seq']}.1"
    assert [e["data"]["trigger"] for e in events.values() if e["kind"] == "system.fired"] == [
        "file-created"
    ]
    (task,) = (
        event["data"]["spec"]
        for event in events.values()
        if event["kind"] == "task.created" and event["data"]["task"] == "file-created-1"
    )
    assert task["title"] == "Deploy OBI configuration"
    assert (tmp_path / "obi-was-here").exists()

    chain = shown_by_w(tmp_path / "it.jsonl", "obi-specialist-1")
    kinds = [event.kind for event in chain.events]
    assert kinds[-3:] == ["agent.spawned", "system.decided", "file.created"]
    assert "system.done" in kinds, "it leads over the process"
    assert beginning(chain) == "something that happened outside"


def test_a_task_that_takes_expertise_is_done_by_who_has_it(mop: Mop, tmp_path: Path) -> None:
    tasks = "tasks:\n  design: {requires_skill: kubernetes, complexity: high}\n"
    events = ran(mop, tmp_path, BEGINNING + TYPES + tasks + SKILL)

    (spawned,) = (
        event
        for event in events.values()
        if event["kind"] == "agent.spawned" and event["data"]["agent"] == "kubernetes-architect-1"
    )
    _, decided, happened, *_ = causes(events, spawned)
    assert decided["data"]["rule"] == "trigger/task-created"
    assert (happened["kind"], happened["data"]["task"]) == ("task.created", "design")
    started = process_of(events, "kubernetes-architect-1")
    assert events[started["cause"]]["data"]["task"] == "design", "it does that very task"
    assert happened in causes(events, started)
    assert (tmp_path / "architect-was-here").exists()


def test_a_dependency_that_is_ready_spawns_who_waits_for_it(mop: Mop, tmp_path: Path) -> None:
    tasks = "tasks:\n  prepare: {agent: worker, provides: [swarm/platform/namespace-ready]}\n"
    events = ran(mop, tmp_path, BEGINNING + TYPES + tasks + CHAIN)

    for one in ("obi", "grafana", "alloy"):
        _, decided, happened, *_ = told(events, f"{one}-specialist-1")
        assert decided["data"]["rule"] == "trigger/dependency-ready"
        assert happened["kind"] == "system.memory_set"
        assert happened["data"]["key"] == "swarm/platform/namespace-ready"
        assert (tmp_path / f"{one}-was-here").exists()


def test_a_failed_deployment_brings_a_troubleshooter(mop: Mop, tmp_path: Path) -> None:
    tasks = f"tasks:\n  deploy: {{agent: worker, {FAILS}}}\n"
    events = ran(mop, tmp_path, BEGINNING + TYPES + tasks + RECOVERY, code=1)

    _, decided, happened, *_ = told(events, "devops-troubleshooter-1")
    assert decided["data"]["rule"] == "trigger/agent-error"
    assert (happened["kind"], happened["data"]["failed"]) == ("agent.exited", "deployment_failed")
    (task,) = (
        event["data"]["spec"]
        for event in events.values()
        if event["kind"] == "task.created" and event["data"]["task"] == "agent-error-1"
    )
    assert task["context"]["failed_agent"] == "worker"
    assert task["context"]["error"]["type"] == "deployment_failed"
    assert task["context"]["logs"] == ["no quota"]
    assert (tmp_path / "troubleshooter-was-here").exists()


@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_the_triggers_of_the_whole_example_all_fire(
    mop: Mop, tmp_path: Path, answers: Callable[[str], Path], answer: str
) -> None:
    team = "  observability: {start: trigger, agents: [{id: tracer, type: obi-specialist}]}\n"
    tasks = f"""
tasks:
  prepare: {{agent: worker, provides: [swarm/platform/namespace-ready]}}
  trace: {{agent: tracer}}
  try: {{agent: worker, needs: [prepare], {FAILS}}}
  ship: {{agent: worker, environment: production, run: [touch, shipped]}}
"""
    given = f"- {{question: prod_deployment, value: {answer}, reason: looked at it}}"
    layout = BEGINNING + TYPES + team + tasks + TRIGGERS
    events = ran(mop, tmp_path, layout, "--answers", str(answers(given)), code=1)

    _, decided, happened, *_ = told(events, "tracer")
    assert decided["data"]["rule"] == "trigger/platform_namespace_ready"
    assert happened["kind"] == "system.memory_set"
    _, decided, happened, *_ = told(events, "devops-troubleshooter-1")
    assert decided["data"]["rule"] == "trigger/deployment_error"
    assert happened["data"]["failed"] == "deployment_failed"

    (asked,) = (event for event in events.values() if event["kind"] == "user.asked")
    assert asked["data"]["text"] == "Deploy to production?"
    assert asked["data"]["task"] == "ship"
    assert events[asked["cause"]]["data"]["rule"] == "trigger/prod_deployment"
    assert (tmp_path / "shipped").exists() == (answer == "approve")


def test_a_task_with_a_gate_of_its_own_is_asked_about_once(mop: Mop, tmp_path: Path) -> None:
    layout = f"""{BEGINNING}
teams: {{crew: {{agents: [worker]}}}}
tasks: {{ship: {{agent: worker, environment: production, gate: sure}}}}
questions: {{sure: {{question: "Ship it?"}}}}
trigger: {{type: environment_deploy, environment: production, action: ask_human_approval}}
"""
    events = ran(mop, tmp_path, layout, code=3)
    asked = [event["data"] for event in events.values() if event["kind"] == "user.asked"]
    assert [(one["name"], one["task"]) for one in asked] == [("sure", "ship")]
