"""What is reviewed, by whom, and why it was rejected: on the screen."""

import re
from pathlib import Path

import pytest
from dashboard.desk import at_desk
from dashboard.stage import Stage

from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Review, Script
from sessions import agent, fixed, plan, play, task

SECOND = "review-of-write-2"


@pytest.fixture
def reviewed(tmp_path: Path) -> Stage:
    """A running session in which something was rejected once and is reviewed again."""
    what = plan(
        [agent("ann"), agent("bob")],
        [task("write", "ann", review=Review(AgentId("bob"))), task("read", "ann", needs=["write"])],
        scripts={
            "write": fixed(10),
            "review-of-write-1": Script(duration=(5_000, 5_000), rejects=1),
            SECOND: fixed(5),
        },
    )
    stage = Stage()
    for event in play(what, tmp_path / "s.jsonl").events:
        if event.at > 25_000:
            break
        stage.happen(event.data, event.cause)
    stage.time = 26_000
    return stage


def _said(text: str) -> str:
    return re.sub(r"[\s│]+", " ", text)


async def test_what_is_reviewed_tells_by_whom_and_why_it_was_rejected(reviewed: Stage) -> None:
    async with at_desk(reviewed, (200, 40)) as desk:
        row = desk.line_with("» write")
        assert "REVIEWING" in row
        assert "waits for its review by bob, who is at it" in row
        await desk.press("tab", "g", "j", "enter")
        said = _said(desk.in_the_dialog())
    assert "Task write" in said
    assert "reviewed by bob" in said
    assert "rejected by bob: write is not good enough yet" in said


async def test_a_review_stands_below_what_it_reviews(reviewed: Stage) -> None:
    async with at_desk(reviewed, (100, 40)) as desk:
        await desk.press("tab", "v")
        lines = desk.lines()
        second = next(n for n, line in enumerate(lines) if "Wave 2" in line)
        [below] = [n for n, line in enumerate(lines) if f"▸ {SECOND}" in line]
    assert below > second
    assert "after write" in lines[below]


async def test_a_review_tells_what_it_is_about(reviewed: Stage) -> None:
    async with at_desk(reviewed, (200, 40)) as desk:
        await desk.press("tab", "g", "j", "j", "enter")
        said = _said(desk.in_the_dialog())
    assert f"Task {SECOND}" in said
    assert "reviews write" in said
