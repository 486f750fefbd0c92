"""The four `ask_human` blocks of the guide, as they stand there: asked, judged, expired, obeyed.

In rehearsals time is virtual, so an hour passes in a moment; two are run with real programs.
What the guide says in a callback is said by `on_answer`.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import programs
import pytest
from guide_blocks import APPROVAL, CHOICE, PROBLEM, TYPED
from running import Running, eventually

Mop = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str], Path]
Event = dict[str, Any]

HOUR = 3_600_000
CREW = """
session: {id: swarm-mop-platform}
agent_types:
  deployer: {run: [sh, -c, "echo $MOP_TASK >> done"]}
  platform-engineer: {run: [sh, -c, "echo platform-engineer >> done"]}
  obi-specialist: {run: [sh, -c, "echo obi-specialist >> done"]}
teams:
  crew: {agents: [deployer, platform-engineer, obi-specialist]}
tasks:
  deploy: {agent: deployer, gate: ask-human, duration: 5m}
  meanwhile: {agent: obi-specialist, duration: 10m}
"""
ON_ANSWER = """
  on_answer: {
    increase_quota: [
      create_task: {agent: platform-engineer, task: "Increase prod CPU quota to 75"}
    ],
    reduce_replicas: [
      create_task: {agent: obi-specialist, task: "Deploy OBI with 2 replicas"}
    ],
    skip_prod: [skip]
  }
}"""


def asking(block: str) -> str:
    """Return a layout that asks a block of the guide before it deploys."""
    return f"{CREW}ask_human: {block}\n"


RESOLVED = asking(PROBLEM.rstrip("}").rstrip() + "," + ON_ANSWER)


def rehearsed(mop: Mop, folder: Path, layout: str, *options: str, code: int = 0) -> list[Event]:
    """Rehearse a layout to its end and return its events, which are what would be decided."""
    (folder / "layout.yaml").write_text(layout, encoding="utf-8")
    words = ("layout.yaml", "--rehearse", "--headless", "--session-file", "it.jsonl")
    done = mop("run", *words, *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert mop("verify", "it.jsonl", "--decisions").returncode == 0
    return [json.loads(line) for line in mop("events", "it.jsonl", "--json").stdout.splitlines()]


def of(events: list[Event], kind: str) -> list[Event]:
    """Return the events of a kind."""
    return [event for event in events if event["kind"] == kind]


def states(events: list[Event], task: str) -> list[tuple[int, str]]:
    """Return when, in seconds, a task came into which state."""
    moves = [e for e in of(events, "task.transitioned") if e["data"]["task"] == task]
    return [(event["at"] // 1000, event["data"]["to_state"]) for event in moves]


# -- the approval -----------------------------------------------------------------------------


def test_the_approval_shows_its_context_and_is_obeyed(
    mop: Mop, tmp_path: Path, answers: Write
) -> None:
    given = answers("- {question: ask-human, value: approve, after: 3599}")
    events = rehearsed(mop, tmp_path, asking(APPROVAL), "--answers", str(given))
    (asked,) = of(events, "user.asked")
    assert asked["data"]["text"] == "Ready to deploy to production?"
    assert dict(asked["data"]["context"])["validation_results"] == {
        "tests_passing": True,
        "security_audit": "PASS",
        "resource_limits": "OK",
    }
    assert asked["data"]["due"] - asked["at"] == HOUR
    assert states(events, "deploy")[1] == (3599, "ASSIGNED")


def test_the_approval_is_required_so_time_only_makes_it_louder(
    mop: Mop, tmp_path: Path, answers: Write
) -> None:
    given = answers("- {question: ask-human, value: approve, after: 5000}")
    events = rehearsed(mop, tmp_path, asking(APPROVAL), "--answers", str(given))
    (expired,) = of(events, "user.expired")
    assert (expired["at"], expired["data"]["outcome"]) == (HOUR, "escalated")
    assert any("overdue" in e["data"]["text"] for e in of(events, "system.issue_opened"))
    assert states(events, "deploy")[1] == (5000, "ASSIGNED")


def test_nobody_ever_approves_it(mop: Mop, tmp_path: Path) -> None:
    events = rehearsed(mop, tmp_path, asking(APPROVAL), code=3)
    assert not of(events, "user.answered")
    assert states(events, "deploy") == [(0, "READY")]
    assert states(events, "meanwhile")[-1][1] == "COMPLETE", "only what must wait waits"


def test_a_rejection_stops_what_it_is_about_with_its_reason(
    mop: Mop, tmp_path: Path, answers: Write
) -> None:
    given = answers("- {question: ask-human, value: reject, reason: not on a Friday}")
    events = rehearsed(mop, tmp_path, asking(APPROVAL), "--answers", str(given), code=1)
    moved = of(events, "task.transitioned")
    cancelled = next(e["data"] for e in moved if e["data"]["to_state"] == "CANCELLED")
    assert cancelled["task"] == "deploy"
    assert cancelled["reason"].endswith("not on a Friday")
    assert states(events, "meanwhile")[-1][1] == "COMPLETE"


# -- the choice -------------------------------------------------------------------------------


def test_the_choice_defaults_after_half_an_hour_by_nobody(mop: Mop, tmp_path: Path) -> None:
    events = rehearsed(mop, tmp_path, asking(CHOICE))
    (expired,) = of(events, "user.expired")
    assert expired["at"] == HOUR // 2
    assert (expired["data"]["outcome"], expired["data"]["value"]) == ("default", "s3")
    assert not of(events, "user.answered")
    assert states(events, "deploy")[1] == (1800, "ASSIGNED")
    assert states(events, "deploy")[-1][1] == "COMPLETE"


@pytest.mark.parametrize("value", ["s3", "gcs", "local"])
def test_the_choice_takes_its_options(mop: Mop, tmp_path: Path, answers: Write, value: str) -> None:
    given = answers(f"- {{question: ask-human, value: {value}, after: 1799}}")
    events = rehearsed(mop, tmp_path, asking(CHOICE), "--answers", str(given))
    assert [e["data"]["value"] for e in of(events, "user.answered")] == [value]
    assert not of(events, "user.expired")


def test_the_choice_takes_nothing_else(mop: Mop, tmp_path: Path, answers: Write) -> None:
    (tmp_path / "layout.yaml").write_text(asking(CHOICE), encoding="utf-8")
    given = answers("- {question: ask-human, value: azure}")
    done = mop("run", "layout.yaml", "--rehearse", "--headless", "--answers", str(given))
    assert done.returncode == 2
    assert "one of s3, gcs, local is expected" in done.stderr


# -- the password -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "why"),
    [("short-1!", "at least 12 characters"), ("longenoughbutplain1", "a special character")],
)
def test_the_password_has_to_be_good_enough(
    mop: Mop, tmp_path: Path, answers: Write, password: str, why: str
) -> None:
    (tmp_path / "layout.yaml").write_text(asking(TYPED), encoding="utf-8")
    given = answers(f"- {{question: ask-human, value: '{password}'}}")
    done = mop("run", "layout.yaml", "--rehearse", "--headless", "--answers", str(given))
    assert done.returncode == 2
    assert why in done.stderr
    assert password not in done.stdout + done.stderr


def test_the_password_waits_for_ever_and_reaches_its_task_alone(
    tmp_path: Path,
) -> None:
    secret = "correct-horse!42"  # noqa: S105 - opens nothing
    reads = 'cat "/dev/fd/$MOP_SECRET_FD_ASK_HUMAN" > told; echo "I got $(cat told)"'
    layout = f"""
session: {{id: swarm-mop-platform, keep_running: true}}
agent_types:
  deployer: {{run: [sh, -c, "echo working"]}}
teams:
  crew: {{agents: [{{id: ann, type: deployer}}, deployer]}}
tasks:
  deploy: {{agent: deployer, gate: ask-human, run: {{shell: '{reads}'}}}}
  meanwhile: {{agent: ann}}
ask_human: {TYPED}
"""
    with Running(tmp_path, layout) as running:
        eventually(lambda: running.events("user.asked"))
        (asked,) = running.events("user.asked")
        assert asked["due"] is None
        assert asked["required"]
        for said, code in ((secret[:5], 2), (secret, 0)):
            path = str(running.session)
            words = ("answer", path, "ask-human")
            done = programs.run(*words, cwd=tmp_path, typed=said)
            assert done.returncode == code, done.stderr
        eventually((tmp_path / "told").exists)
        eventually(lambda: (tmp_path / "told").read_text(encoding="utf-8").strip() == secret)
        eventually(lambda: b"I got" in running.session.read_bytes())
        recorded = running.session.read_text(encoding="utf-8")
    assert secret not in recorded
    assert [said["value"] for said in json_events(recorded, "user.answered")] == [""]


def json_events(recorded: str, kind: str) -> list[dict[str, Any]]:
    """Return the data of the events of a kind in a session file."""
    lines = [json.loads(line) for line in recorded.splitlines()[1:] if line.endswith("}")]
    return [line["data"] for line in lines if line["kind"] == kind]


# -- the problem ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "agent", "title", "deployed"),
    [
        ("increase_quota", "platform-engineer", "Increase prod CPU quota to 75", True),
        ("reduce_replicas", "obi-specialist", "Deploy OBI with 2 replicas", True),
        ("skip_prod", "", "", False),
        ("manual_fix", "", "", True),
    ],
)
def test_the_problem_is_resolved_as_was_chosen(
    mop: Mop,
    tmp_path: Path,
    answers: Write,
    value: str,
    agent: str,
    title: str,
    *,
    deployed: bool,
) -> None:
    """The same with real programs."""
    given = answers(f"- {{question: ask-human, value: {value}}}")
    (tmp_path / "layout.yaml").write_text(RESOLVED, encoding="utf-8")
    words = ("--headless", "--session-file", "it.jsonl", "--answers", str(given))
    done = mop("run", "layout.yaml", *words)
    assert done.returncode == int(not deployed), done.stdout + done.stderr
    assert mop("verify", "it.jsonl", "--decisions").returncode == 0
    printed = mop("events", "it.jsonl", "--json").stdout.splitlines()
    events = [json.loads(line) for line in printed]
    created = [e["data"]["spec"] for e in of(events, "task.created")][2:]
    assert [(one["agent"], one["title"]) for one in created] == ([(agent, title)] if agent else [])
    worked = (tmp_path / "done").read_text(encoding="utf-8").split()
    expected = ["obi-specialist", *([agent] if agent else []), *(["deploy"] if deployed else [])]
    assert sorted(worked) == sorted(expected)
    decided = [e for e in of(events, "system.decided") if e["data"]["rule"] == "on_answer"]
    answered = of(events, "user.answered")[0]
    assert all(event["cause"] == answered["seq"] for event in decided)
    assert len(decided) == (value != "manual_fix")
