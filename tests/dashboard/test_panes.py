"""How the screen shares its room among what there is to see."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import at_work, mop_platform, release
from dashboard.stage import Stage

from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.glance import Glance
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList


def rows_of(desk: Desk, pane: type[Rows]) -> int:
    return desk.app.screen.query_one(pane).size.height


async def test_few_agents_take_no_more_rows_than_they_fill() -> None:
    async with at_desk(release()) as desk:
        await desk.wait(1.5)
        await desk.press("escape")
        assert rows_of(desk, Swarm) == 6
        assert rows_of(desk, TaskList) == 4
        assert rows_of(desk, EventLog) >= 4


async def test_on_a_low_terminal_the_pane_with_the_keys_gets_more_room() -> None:
    async with at_desk(mop_platform()) as desk:
        before = rows_of(desk, TaskList)
        await desk.press("tab")
        assert rows_of(desk, TaskList) > before
        await desk.press("shift+tab")
        assert rows_of(desk, TaskList) == before


@pytest.mark.parametrize("size", [(120, 40), (200, 50), (250, 70)])
async def test_on_a_large_terminal_all_agents_and_tasks_are_in_view(size: tuple[int, int]) -> None:
    async with at_desk(mop_platform(), size) as desk:
        said = desk.text()
        assert "devops-troubleshooter" in said
        assert "✓ automation" in said
        assert "Session swarm-mop-platform" in said


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (120, 24), (120, 40), (200, 50), (250, 70)])
@pytest.mark.parametrize("play", [release, mop_platform, at_work])
async def test_the_panes_fill_the_screen_to_its_last_row(
    play: object, size: tuple[int, int]
) -> None:
    assert callable(play)
    stage = play()
    assert isinstance(stage, Stage)
    async with at_desk(stage, size) as desk:
        panes = desk.app.screen_stack[0].query_one("#panes")
        regions = [pane.region for pane in panes.children if pane.region]
        assert sum(region.area for region in regions) == panes.region.area
        assert all(panes.region.contains_region(region) for region in regions)


async def test_where_there_is_room_the_row_under_the_cursor_is_told_about() -> None:
    async with at_desk(at_work(), (160, 45)) as desk:
        await desk.press("down")
        said = desk.text()
        assert "Agent deployer" in said
        assert "1.52 of 2 cores" in said
        assert "machine-4: error" in said
        await desk.press("tab")
        assert "Task deploy" in desk.text() or "Task announce" in desk.text()


async def test_a_glance_keeps_up_with_what_happens() -> None:
    stage = mop_platform()
    async with at_desk(stage, (200, 50)) as desk:
        await desk.press("down", "down", "down")
        glance = desk.app.screen.query_one(Glance)
        assert "Agent platform-engineer-prod" in str(glance.border_title)
        stage.write("platform-engineer-prod", "node 18 joined")
        await desk.look()
        assert desk.line_with("node 18 joined")
