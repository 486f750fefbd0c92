"""Tasks by waves: each stands below what it needs."""

import re

from dashboard.desk import at_desk
from dashboard.plays import deployment, mop_platform
from dashboard.stage import Stage, team

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.looks import CURSOR
from mop_tui.domain.ids import MemoryKey


async def test_v_groups_tasks_by_waves_and_lists_them_again() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "Wave" not in desk.text()
        await desk.press("tab", "v")
        assert "by waves" in desk.line_with("Tasks  4")
        assert re.search(r"Wave 1  15 tasks .* ✓ 3  ✗ 1 +57% ━+─+", desk.text())
        wave = next(n for n, line in enumerate(desk.lines()) if "Wave 2  1 task" in line)
        assert "prod-checks" in desk.lines()[wave + 1]
        assert "Wave 3  1 task" in desk.lines()[wave + 2]
        await desk.press("v")
        assert "Wave" not in desk.text()


async def test_a_wave_says_what_is_waited_for_and_what_was_delivered() -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "v")
        assert re.search(r"announce +PENDING .* after deploy +waits for deploy", desk.text())
        stage.finish("watcher", "no errors in 10 minutes")
        await desk.look()
        assert "no errors in 10 minutes" in desk.line_with("✓ watch ")
        assert "after deploy" in desk.line_with("◌ announce")


async def test_a_key_that_one_task_provides_orders_waves_too() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    key = (MemoryKey("schema"),)
    stage.plan("read", requires_skill="any", needs_keys=key)
    stage.plan("design", requires_skill="any", provides=key)
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "v")
        lines = desk.lines()
        second = next(n for n, line in enumerate(lines) if "Wave 2" in line)
        assert "design" in lines[second - 1]
        assert "read" in lines[second + 1]


async def test_tasks_that_wait_for_each_other_are_in_no_wave() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    stage.plan("hen", requires_skill="any", needs=("egg",))
    stage.plan("egg", requires_skill="any", needs=("hen",))
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "v")
        assert desk.line_with("In a circle, or behind one  2 tasks")


async def test_the_cursor_stays_with_its_task_and_a_wave_has_no_details() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        await desk.press("tab", "down", "down", "v")
        assert "prod-checks" in desk.line_with(CURSOR)
        await desk.press("up", "enter")
        assert not isinstance(desk.app.screen, DetailDialog)
        await desk.press("down", "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        assert "Task prod-checks" in desk.text()


async def test_help_names_the_key() -> None:
    async with at_desk(mop_platform(), (100, 60)) as desk:
        await desk.press("?")
        assert desk.line_with("Group tasks by waves")
