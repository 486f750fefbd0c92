"""What the orchestration guide passes to its calls, and does in its callbacks, as a layout says it.

Real programs are run, unless time has to pass.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from guide_blocks import APPROVAL, CHOICE, PROBLEM, START, TYPED
from terminal import Terminal

from mop_tui.domain.priority import Priority
from mop_tui.layout import load

Mop = Callable[..., subprocess.CompletedProcess[str]]
Event = dict[str, Any]

PLACE = "environments/dev/observability"
WRITES = " ".join(
    f"&& echo it > {name}"
    for name in (
        f"{PLACE}/obi-probes.yaml",
        f"{PLACE}/alloy.yaml",
        "environments/dev/kubernetes/ingress.yaml",
        "experiments/first.yaml",
        "notes.md",
    )
)
WATCHING = f"""
session: {{id: watching, vars: {{why: probes}}}}
agent_types:
  writer:
    run: {{shell: 'mkdir -p {PLACE} environments/dev/kubernetes experiments {WRITES}'}}
  obi-specialist: {{model: haiku, run: {{shell: 'echo "by $${{MOP_MODEL-nobody}}"'}}}}
teams: {{crew: {{agents: [writer]}}}}
tasks: {{write: {{agent: writer}}}}
triggers:
  - type: file_created
    path_pattern: "environments/*/observability/obi-*.yaml"
    action: spawn_agent
    agent_type: obi-specialist
    task: "Deploy OBI configuration from ${{event.path}}"
    priority: high
    auto_start: true
  - {{name: manifests, type: file_created, path_pattern: "environments/*/kubernetes/*.yaml",
     action: notify}}
  - {{name: experiments, type: file_created, path_pattern: "experiments/*.yaml", action: notify}}
"""


def ran(mop: Mop, folder: Path, layout: str, *options: str, code: int = 0) -> list[Event]:
    """Run a layout to its end and return its events."""
    (folder / "layout.yaml").write_text(layout, encoding="utf-8")
    done = mop("run", "layout.yaml", "--headless", "--session-file", "it.jsonl", *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert mop("verify", "it.jsonl", "--decisions").returncode == 0
    return [json.loads(line) for line in mop("events", "it.jsonl", "--json").stdout.splitlines()]


def of(events: list[Event], kind: str) -> list[Any]:
    """Return the data of the events of a kind."""
    return [event["data"] for event in events if event["kind"] == kind]


def output_of(events: list[Event], task: str) -> Any:
    """Return what a task delivered."""
    (value,) = (it["value"] for it in of(events, "task.output") if it["task"] == task)
    return value


# -- spawning ---------------------------------------------------------------------------------


def test_files_are_watched_that_triggers_wait_for_and_no_others(mop: Mop, tmp_path: Path) -> None:
    events = ran(mop, tmp_path, WATCHING)
    assert {it["path"] for it in of(events, "file.created")} == {
        f"{PLACE}/obi-probes.yaml",
        "environments/dev/kubernetes/ingress.yaml",
        "experiments/first.yaml",
    }
    fired = sorted(it["trigger"] for it in of(events, "system.fired"))
    assert fired == ["experiments", "file-created", "manifests"]


def test_whoever_is_spawned_for_a_file_is_told_of_it_at_the_priority_that_is_said(
    mop: Mop, tmp_path: Path
) -> None:
    events = ran(mop, tmp_path, WATCHING)
    made = {it["task"]: it["spec"] for it in of(events, "task.created")}["file-created-1"]
    assert made["title"] == f"Deploy OBI configuration from {PLACE}/obi-probes.yaml"
    assert made["priority"] == Priority.HIGH
    started = [it["agent"] for it in of(events, "system.done") if it["effect"] == "start_process"]
    assert started == ["writer", "obi-specialist-1"]


@pytest.mark.parametrize(
    ("said", "told"),
    [("high\n    model: opus", "opus"), ("high", "haiku")],
    ids=["by its trigger", "by its type"],
)
def test_the_model_that_is_said_reaches_the_program(
    mop: Mop, tmp_path: Path, said: str, told: str
) -> None:
    events = ran(mop, tmp_path, WATCHING.replace("high", said))
    assert output_of(events, "file-created-1") == f"by {told}"


def test_where_no_model_is_said_the_program_is_told_of_none(mop: Mop, tmp_path: Path) -> None:
    events = ran(mop, tmp_path, WATCHING.replace("model: haiku, ", ""))
    assert output_of(events, "file-created-1") == "by nobody"


def test_a_troubleshooter_is_told_who_failed_by_what_and_what_it_wrote(
    mop: Mop, tmp_path: Path
) -> None:
    layout = """
session: {id: debugging}
agent_types:
  deployer:
    run:
      shell: 'echo pulling; echo quota is used up; exit 3'
      exit_codes: {3: deployment_failed}
  devops-troubleshooter:
    run: {shell: 'cat "$MOP_TASK_FILE" > told.json'}
teams: {crew: {agents: [deployer]}}
tasks: {deploy: {agent: deployer}}
trigger:
  type: agent_error
  error_type: deployment_failed
  action: spawn_agent
  agent_type: devops-troubleshooter
  task: "Debug failed deployment for ${agent.id}: ${error.message}"
  priority: urgent
"""
    events = ran(mop, tmp_path, layout, code=1)
    made = {it["task"]: it["spec"] for it in of(events, "task.created")}["agent-error-1"]
    assert made["title"] == "Debug failed deployment for deployer: quota is used up"
    assert made["priority"] == Priority.URGENT
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))["context"]
    assert told["failed_agent"] == "deployer"
    assert told["error"] == {"type": "deployment_failed", "message": "quota is used up"}
    assert told["logs"] == ["pulling", "quota is used up"]


# -- questions --------------------------------------------------------------------------------

GATED = """
session: {id: swarm-mop-platform}
agent_types: {worker: {run: [echo, deployed]}}
teams: {crew: {agents: [worker]}}
tasks: {deploy: {agent: worker, gate: ask-human}}
"""


def test_a_question_of_another_session_is_refused(mop: Mop, tmp_path: Path) -> None:
    path = tmp_path / "layout.yaml"
    path.write_text(f"{GATED}ask_human: {APPROVAL}\n", encoding="utf-8")
    assert mop("check", path).returncode == 0
    path.write_text(path.read_text().replace("{id: swarm-mop", "{id: other"), encoding="utf-8")
    checked = mop("check", path)
    assert checked.returncode != 0
    assert "session_id: is not the id of this session, which is other-platform" in checked.stderr


@pytest.mark.parametrize(
    ("block", "value"),
    [(APPROVAL, "approve"), (CHOICE, "gcs"), (TYPED, "correct-horse!42"), (PROBLEM, "manual_fix")],
    ids=["approval", "choice", "input", "problem"],
)
def test_what_the_guide_asks_is_asked_as_it_stands_there(
    mop: Mop, tmp_path: Path, answers: Callable[[str], Path], block: str, value: str
) -> None:
    given = answers(f"- {{question: ask-human, value: {value}}}")
    layout = f"{GATED}ask_human: {block}\n"
    events = ran(mop, tmp_path, layout, "--rehearse", "--answers", str(given))
    (asked,) = of(events, "user.asked")
    said = yaml.safe_load(block)
    assert asked["text"] == said["question"]
    assert asked["question_type"] == said["question_type"]
    assert dict(asked["context"]) == said.get("context", {})
    assert [
        {key: told for key, told in option.items() if told} for option in asked["options"]
    ] == said.get("options", [])
    assert asked["default"] == said.get("default")
    assert asked["required"] is said.get("required", False)
    assert asked["input_type"] == said.get("input_type", "text")
    wanted = {key: told for key, told in asked["validation"].items() if told}
    assert wanted == said.get("validation", {})


# -- adaptation -------------------------------------------------------------------------------


def behind_one(strategy: str, *, agents: int = 2) -> str:
    """Return a layout in which much waits for a task that takes far longer than it should.

    It can be rehearsed. There is more to do that is ready, which anybody could do.
    """
    crew = ", ".join(f"{{id: w{number}, type: worker}}" for number in range(1, agents + 1))
    behind = "\n".join(
        f"  after-{number}: {{agent: w2, needs: [first], duration: 5m}}" for number in range(8)
    )
    return f"""
session: {{id: swarm-mop-platform, topology: hierarchical, monitoring_interval: 30s}}
agent_types: {{worker: {{skills: [dig]}}}}
teams: {{crew: {{lead: w1, agents: [{crew}]}}}}
tasks:
  first: {{agent: w1, duration: 2m, sim: {{health: [{{at: 0s, slow: 10}}]}}}}
  next-1: {{agent: w1, duration: 5m}}
  next-2: {{agent: w1, duration: 5m}}
{behind}
health_checks: {{interval: 2h}}
strategies: [{strategy}]
"""


def applied(events: list[Event]) -> list[tuple[str, str]]:
    """Return which strategies were applied, and because of what."""
    return [(it["strategy"], it["trigger"]) for it in of(events, "system.strategy_applied")]


def test_a_bottleneck_may_have_the_topology_switched(mop: Mop, tmp_path: Path) -> None:
    strategy = "{name: flatten, trigger: bottleneck_detected, action: switch_topology"
    layout = behind_one(strategy + ", from: hierarchical, to: mesh}")
    events = ran(mop, tmp_path, layout, "--rehearse")
    assert applied(events) == [("flatten", "bottleneck_detected")]
    (switched,) = of(events, "system.topology_changed")
    assert (switched["from_shape"], switched["to_shape"]) == ("hierarchical", "mesh")
    decided = [it for it in of(events, "system.decided") if it["rule"] == "adapt/flatten"]
    (yes,) = (it for it in decided if it["verdict"] == "yes")
    assert "wait for w1: first has taken" in yes["reason"]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("spawn_additional_agents", "agent.spawned"),
        ("move_tasks_to_available_agents", "task.reassigned"),
    ],
)
def test_a_bottleneck_may_bring_more_agents_or_share_work_out(
    mop: Mop, tmp_path: Path, action: str, kind: str
) -> None:
    layout = behind_one(f"{{name: relieve, trigger: bottleneck_detected, action: {action}}}")
    events = ran(mop, tmp_path, layout, "--rehearse")
    assert applied(events)[0] == ("relieve", "bottleneck_detected")
    first = next(e for e in events if e["kind"] == "system.strategy_applied")
    followed = [e for e in events if e["kind"] == kind and e["at"] == first["at"]]
    assert followed


# -- the session ------------------------------------------------------------------------------


def test_a_session_is_begun_as_the_call_says(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_text(START + GATED.split("\n", 2)[2], encoding="utf-8")
    text = (tmp_path / "layout.yaml").read_text(encoding="utf-8").replace(", gate: ask-human", "")
    events = ran(mop, tmp_path, text, "--rehearse")
    (begun,) = of(events, "system.started")
    assert (begun["session"], begun["project"], begun["goal"], begun["max_agents"]) == (
        "swarm-mop-platform",
        "Multi-cluster Observability Platform",
        "Deploy complete MOP infrastructure",
        20,
    )
    plan = load(tmp_path / "layout.yaml", rehearse=True).plan
    assert (plan.topology, plan.auto_spawn, plan.monitoring_ms) == ("adaptive", True, 30_000)


SCREEN = b"\x1b[?1049h"
"""What a program tells a terminal that goes over to a screen of its own."""


@pytest.mark.parametrize("wanted", [True, False])
def test_where_no_dashboard_is_wanted_there_is_none(tmp_path: Path, *, wanted: bool) -> None:
    start = START.replace("dashboard_enabled: true", f"dashboard_enabled: {str(wanted).lower()}")
    text = (start + GATED.split("\n", 2)[2]).replace(", gate: ask-human", "")
    (tmp_path / "layout.yaml").write_text(text, encoding="utf-8")
    with Terminal("run", "layout.yaml", cwd=tmp_path) as terminal:
        if wanted:
            terminal.until("LIVE", "COMPLETE")
            terminal.press("q")
        else:
            terminal.until("the layout says dashboard_enabled: false, so this runs headless")
        assert terminal.wait() == 0
    assert (SCREEN in terminal.transcript) is wanted


def test_the_initial_wave_is_begun_at_once(mop: Mop, tmp_path: Path) -> None:
    layout = """
session: {id: swarm-mop-platform}
agent_types: {kubernetes-architect: {}, platform-engineer: {}}
teams:
  platform:
    agents:
      - kubernetes-architect
      - {id: dev, type: platform-engineer}
      - {id: staging, type: platform-engineer}
      - {id: prod, type: platform-engineer}
tasks:
  lead: {agent: kubernetes-architect, title: Design and lead platform deployment, duration: 1h}
  dev: {agent: dev, title: Configure dev environment, duration: 20m}
  staging: {agent: staging, title: Configure staging environment, duration: 20m}
  prod: {agent: prod, title: Configure prod environment, duration: 20m}
"""
    events = ran(mop, tmp_path, layout, "--rehearse")
    moves = [event for event in events if event["kind"] == "task.transitioned"]
    begun = {
        (event["data"]["task"], event["data"]["agent"])
        for event in moves
        if event["data"]["to_state"] == "ACTIVE" and event["at"] == 0
    }
    agents = {"lead": "kubernetes-architect", "dev": "dev", "staging": "staging", "prod": "prod"}
    assert begun == set(agents.items())
    titles = {it["task"]: it["spec"]["title"] for it in of(events, "task.created")}
    assert titles["dev"] == "Configure dev environment"
