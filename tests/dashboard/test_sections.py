"""What a layout wants to be shown, and in which order."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import mop_platform

from mop_tui.dashboard.issue_list import IssueList


def titles(desk: Desk) -> list[str]:
    panes = [pane for pane in desk.app.screen.query("Rows") if pane.region]
    panes.sort(key=lambda pane: (pane.region.x, pane.region.y))
    return [type(pane).__name__ for pane in panes]


async def test_panes_stand_in_the_order_of_the_layout() -> None:
    stage = mop_platform()
    stage.sections = ("overview", "issues", "teams", "events", "metrics")
    async with at_desk(stage, (100, 50)) as desk:
        assert titles(desk) == ["IssueList", "Swarm", "EventLog"]
        assert isinstance(desk.focused(), IssueList)
        assert "52%" in desk.text()
        assert "Tasks  4" not in desk.text()


async def test_lines_stand_above_or_below_the_panes() -> None:
    stage = mop_platform()
    stage.sections = ("metrics", "teams", "overview")
    async with at_desk(stage, (100, 30)) as desk:
        lines = desk.lines()
        assert "Agents 15" in lines[1]
        assert "RUNNING" in lines[-2]


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_what_is_not_wanted_is_not_shown_and_its_room_is_used(size: tuple[int, int]) -> None:
    stage = mop_platform()
    stage.sections = ("teams", "tasks")
    async with at_desk(stage, size) as desk:
        assert titles(desk) == ["Swarm", "TaskList"]
        said = desk.text()
        assert "LIVE" in said
        assert "Events" not in said
        assert "elapsed" not in desk.lines()[2]


async def test_a_layout_may_want_no_lists_at_all() -> None:
    stage = mop_platform()
    stage.sections = ("overview",)
    async with at_desk(stage, (100, 30)) as desk:
        assert "Session swarm-mop-platform" in desk.text()
        await desk.press("tab", "down", "o")
        assert "recorded in" in desk.text()
