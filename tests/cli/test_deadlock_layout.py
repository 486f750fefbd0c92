"""The layout of a deadlock gets into its circle, rehearsed and with three real processes, and out
of it, by its policy or by the operator's choice."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Session
from mop_tui.journal import JournalFile

Mop = Callable[..., subprocess.CompletedProcess[str]]
DEADLOCK = Path(__file__).parents[2] / "layouts" / "deadlock.yaml"


def recorded(file: Path) -> list[AnyEvent]:
    with JournalFile.open(file) as journal:
        return list(journal)


def run(
    mop: Mop, layout: Path, file: Path, *how: str | Path
) -> tuple[Session, list[AnyEvent], str]:
    pace = ("--set", "pace=0")
    done = mop("run", layout, "--headless", "--session-file", file, *pace, *how)
    assert done.returncode == 0, done.stdout + done.stderr
    verified = mop("verify", "--decisions", file)
    assert verified.returncode == 0, verified.stdout
    events = recorded(file)
    session = Session()
    for event in events:
        apply(session, event)
    return session, events, done.stdout


def of(events: list[AnyEvent], kind: str) -> list[AnyEvent]:
    return [event for event in events if event.kind == kind]


@pytest.mark.parametrize("how", [(), ("--rehearse", "--speed", "max")], ids=["real", "rehearsed"])
def test_three_that_wait_for_each_other_are_found_and_the_policy_takes_one_out(
    mop: Mop, tmp_path: Path, how: tuple[str, ...]
) -> None:
    session, events, said = run(mop, DEADLOCK, tmp_path / "it.jsonl", *how)
    (found,) = of(events, "system.deadlock_found")
    for task in ("migrate", "publish", "describe"):
        assert f"({task}) waits for" in found.data.text
    assert f"deadlock d1: {found.data.text}" in said
    closing = events[(found.cause or 0) - 1]
    while closing.kind not in ("agent.locking", "agent.waiting"):
        closing = events[(closing.cause or 0) - 1]
    turn = {event.kind for event in events[closing.seq : found.seq - 1]}
    assert turn <= {"system.decided", "agent.transitioned", "system.issue_opened"}
    (broken,) = of(events, "system.cycle_broken")
    assert (broken.data.way, broken.data.by) == ("withdraw", "policy")
    assert broken.data.agent in ("migrator", "publisher"), "who has a lock that is waited for"
    assert session.agents[broken.data.agent].incarnation == 2
    assert session.outcome == "complete"
    assert not session.locks


@pytest.mark.parametrize(("task", "agent"), [("migrate", "migrator"), ("publish", "publisher")])
def test_or_the_operator_says_who_gives_way(
    mop: Mop, tmp_path: Path, task: str, agent: str
) -> None:
    shutil.copytree(DEADLOCK.with_suffix(""), tmp_path / "deadlock")
    text = DEADLOCK.read_text(encoding="utf-8")
    asking = text.replace("action: break_cycle}", "action: break_cycle, mode: ask}")
    assert asking != text
    layout = tmp_path / "deadlock.yaml"
    layout.write_text(asking, encoding="utf-8")
    answers = tmp_path / "answers.yaml"
    answers.write_text(f"- {{question: deadlock/d1, value: withdraw {task}}}\n", encoding="utf-8")
    session, events, _ = run(mop, layout, tmp_path / "it.jsonl", "--answers", answers)
    (asked,) = of(events, "user.asked")
    assert asked.data.text == "These wait for each other. Who gives way?"
    (broken,) = of(events, "system.cycle_broken")
    assert (broken.data.agent, broken.data.task) == (agent, task)
    assert broken.data.by.startswith("file#")
    assert session.agents[AgentId(agent)].incarnation == 2
    assert session.outcome == "complete"
