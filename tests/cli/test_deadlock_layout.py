"""The layout of a deadlock gets into its circle, rehearsed and with real processes, and out of it
when one of the three begins anew."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Session
from mop_tui.domain.waiting import agent_waiting_for
from mop_tui.journal import JournalFile

Mop = Callable[..., subprocess.CompletedProcess[str]]
DEADLOCK = Path(__file__).parents[2] / "layouts" / "deadlock.yaml"
CIRCLE = {
    "migrator": "waits for the lock on release, which publisher holds for publish",
    "publisher": "waits for memory key docs/ready",
    "writer": "waits for the lock on schema, which migrator holds for migrate",
}
BEGUN_ANEW = """
triggers:
  - type: event
    kind: agent.transitioned
    when: {event.agent: writer, event.to_state: PAUSED, event.by: lock}
    action: restart_agent
    agent: migrator
    max_fires: 1
"""


def recorded(file: Path) -> list[AnyEvent]:
    with JournalFile.open(file) as journal:
        return list(journal)


def all_wait(events: list[AnyEvent]) -> bool:
    """True if there was a moment at which all three were waiting for each other."""
    session = Session()
    for event in events:
        apply(session, event)
        if event.kind == "agent.transitioned" and event.data.to_state == "PAUSED":
            snapshot = session.snapshot()
            told = {
                name: agent_waiting_for(snapshot, agent) for name, agent in snapshot.agents.items()
            }
            if told == CIRCLE:
                return True
    return False


@pytest.mark.parametrize("how", [(), ("--rehearse", "--speed", "max")], ids=["real", "rehearsed"])
def test_all_three_wait_for_each_other(mop: Mop, tmp_path: Path, how: tuple[str, ...]) -> None:
    file = tmp_path / "it.jsonl"
    done = mop("run", DEADLOCK, "--headless", "--session-file", file, *how)
    events = recorded(file)
    assert all_wait(events), done.stdout
    verified = mop("verify", "--decisions", file)
    assert verified.returncode == 0, verified.stdout


def test_when_one_begins_anew_the_others_get_through_and_then_it_does(
    mop: Mop, tmp_path: Path
) -> None:
    shutil.copytree(DEADLOCK.with_suffix(""), tmp_path / "deadlock")
    layout = tmp_path / "deadlock.yaml"
    layout.write_text(DEADLOCK.read_text(encoding="utf-8") + BEGUN_ANEW, encoding="utf-8")
    file = tmp_path / "it.jsonl"
    done = mop("run", layout, "--headless", "--session-file", file)
    assert done.returncode == 0, done.stdout
    events = recorded(file)
    locked = [event.data for event in events if event.kind == "system.locked"]
    had = {
        name: [it.agent for it in locked if it.resource == name] for name in ("schema", "release")
    }
    assert had == {
        "schema": ["migrator", "writer", "migrator"],
        "release": ["publisher", "migrator"],
    }
    session = Session()
    for event in events:
        apply(session, event)
    assert session.agents[AgentId("migrator")].incarnation == 2
    assert not session.locks
