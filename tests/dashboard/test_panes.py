"""How the screen shares its room among what there is to see."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import at_work, crowd, mop_platform, release
from dashboard.stage import Stage

from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.glance import Glance
from mop_tui.dashboard.looks import CURSOR, UNKNOWN
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


async def test_few_agents_have_a_row_each_however_little_room_there_is() -> None:
    async with at_desk(mop_platform(), (80, 24)) as desk:
        assert desk.app.screen.query_one(Swarm).count == 18


async def test_many_agents_that_are_well_share_rows_where_there_is_room() -> None:
    async with at_desk(crowd(150, 6), (200, 50)) as desk:
        said = re.sub(rf" +{UNKNOWN} +", " ", desk.line_with("▸ agent-0000"))
        assert "▸ agent-0000 ▸ agent-0006 ▸ agent-0012" in said
        assert desk.line_with("▾ Team 5")


async def test_where_there_is_no_room_teams_that_are_well_are_one_line_with_counts() -> None:
    async with at_desk(crowd(150, 6), (80, 24)) as desk:
        assert desk.app.screen.query_one(Swarm).count == 6
        assert "▸ Team 0  25 agents  ▸ 25" in desk.line_with("Team 0")


async def test_who_is_not_well_stands_below_the_line_of_the_team() -> None:
    stage = crowd(1_500, 30)
    async with at_desk(stage, (200, 50)) as desk:
        assert "agent-0031" not in desk.line_with("Team 2")
        stage.fail("agent-0031", 3, "out of memory")
        await desk.look()
        lines = desk.lines()
        team = next(number for number, line in enumerate(lines) if "Team 1 " in line)
        assert "✗ 1 failed" in lines[team]
        assert "✗ agent-0031" in lines[team + 1]
        assert "out of memory" in lines[team + 1]


async def test_enter_opens_and_folds_a_team_of_many() -> None:
    async with at_desk(crowd(1_500, 30), (200, 50)) as desk:
        await desk.press("down", "enter")
        assert "▸ agent-0001 " in desk.text()
        assert "▾ Team 1 " in desk.text()
        await desk.press("enter")
        assert "▸ Team 1 " in desk.text()


async def test_the_cursor_on_a_row_of_several_opens_their_team() -> None:
    async with at_desk(crowd(150, 6), (200, 50)) as desk:
        await desk.press("down", "enter")
        assert desk.line_with("▸ agent-0006").count("▸ agent-00") == 1
        assert "agent-0000" in desk.line_with(CURSOR)


async def test_on_a_narrow_terminal_idle_agents_say_what_they_wait_for() -> None:
    async with at_desk(mop_platform(), (40, 50)) as desk:
        assert "waits for" in desk.line_with("◦ production-vali")
        assert "paused by" in desk.line_with("= kubernetes-arch")
        assert re.search(r"▸ terraform-\S+ +ACTIVE +60%", desk.text())
        assert "waits for an" in desk.line_with("◦ handbook")


async def test_wide_rows_tell_titles_and_what_agents_use() -> None:
    async with at_desk(at_work(), (220, 40)) as desk:
        assert re.search(r"deployer +ACTIVE .* 1\.5 cores  1\.9 GiB +deploy", desk.text())
        assert "Use  1.5 cores  1.9 GiB" in desk.lines()[-2]
    async with at_desk(mop_platform(), (250, 50)) as desk:
        assert re.search(r"prod-checks +PENDING .* Validate production +waits for", desk.text())


async def test_a_list_that_nobody_went_to_shows_its_beginning_whatever_moves() -> None:
    stage = release()
    async with at_desk(stage, (80, 20)) as desk:
        await desk.wait(1.5)
        await desk.press("escape")
        for number in range(6):
            stage.plan(f"more-{number}", requires_skill="any")
        await desk.look()
        stage.issue("warning", "something is wrong", "look at it")
        await desk.look()
        assert desk.line_with("? publish READY")
        await desk.press("tab")
        assert "publish" in desk.line_with(CURSOR)
