"""What is locked, and who waits for it: on the screen."""

import re
from pathlib import Path

import pytest
from dashboard.desk import at_desk
from dashboard.stage import Stage

from mop_tui.dashboard.cause_list import CauseList
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.domain.priority import Priority
from sessions import agent, plan, play, task


@pytest.fixture
def locked(tmp_path: Path) -> Stage:
    """A running session in which one task waits for what another has locked."""
    what = plan(
        [agent("tester", owns=["tests/"]), agent("writer")],
        [
            task("run-tests", "tester", locks=["README.md"], priority=Priority.HIGH),
            task("write", "writer", locks=["*.md"], owns=["docs/"], seconds=50),
        ],
    )
    stage = Stage()
    for event in play(what, tmp_path / "s.jsonl").events:
        if event.at == 0:
            stage.happen(event.data, event.cause)
    stage.time = 3_000
    return stage


WAITS = (
    "waits for the lock on README.md, which tester holds for run-tests, and *.md may be the same"
)


def _said(text: str) -> str:
    return re.sub(r"[\s│]+", " ", text)


async def test_a_task_tells_what_it_locks_and_what_it_waits_for(locked: Stage) -> None:
    async with at_desk(locked, (200, 40)) as desk:
        assert "waits for the lock on README.md" in desk.text()
        await desk.press("tab", "g", "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        said = _said(desk.in_the_dialog())
        assert "Task write" in said
        assert f"waiting {WAITS}" in said
        assert "locks *.md" in said
        assert "owns docs/" in said


async def test_who_holds_a_lock_tells_since_when(locked: Stage) -> None:
    async with at_desk(locked, (200, 40)) as desk:
        await desk.press("tab", "G", "enter")
        said = _said(desk.in_the_dialog())
        assert "Task run-tests" in said
        assert re.search(r"locked README.md, tests/, since \S+, for 3s", said)
        await desk.press("escape", "shift+tab", "g", "down", "enter")
        said = _said(desk.in_the_dialog())
        assert "Agent tester" in said
        assert re.search(r"locked README.md, tests/, since \S+, for 3s", said)
        assert "owns tests/" in _said(desk.text())


async def test_w_on_a_task_that_waits_for_a_lock_leads_to_who_holds_it(locked: Stage) -> None:
    async with at_desk(locked, (200, 40)) as desk:
        await desk.press("tab", "g", "w")
        assert "Why write is READY" in desk.text()
        assert WAITS in _said(desk.text())
        chain = desk.app.screen.query_one(CauseList)
        first = "".join(text for text, _ in chain.line(0, 500))
        assert "tester locked README.md for run-tests" in first
