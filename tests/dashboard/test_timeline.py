"""The timeline: what is drawn, what its keys do, and that it is as quick as any list."""

import re
from typing import Any

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import crowd, mop_platform, release, ten_minutes
from dashboard.stage import MINUTE, SECOND, Recording, Stage, team
from textual.screen import Screen

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.looks import CURSOR
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.dashboard.timeline import Timeline
from mop_tui.dashboard.timeline_chart import TimelineChart
from mop_tui.dashboard.why_dialog import WhyDialog
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger


def chart(desk: Desk) -> TimelineChart:
    return desk.app.screen.query_one(TimelineChart)


def shows(desk: Desk, screen: type[Screen[Any]]) -> bool:
    return isinstance(desk.app.screen, screen)


def signs(line: str) -> str:
    """Return which signs follow one another in a line, each once, round times aside."""
    return re.sub(r"(.)\1+", r"\1", re.sub("[ ┊]", "", line))


async def test_a_key_opens_it_and_the_same_key_or_escape_leaves_it() -> None:
    async with at_desk(mop_platform(), (80, 24)) as desk:
        for leave in ("L", "escape", "q"):
            await desk.press("L")
            assert shows(desk, Timeline)
            assert "Timeline of agents" in desk.text()
            await desk.press(leave)
            assert shows(desk, Overview)


async def test_work_questions_and_pauses_are_drawn_by_signs_of_their_own() -> None:
    async with at_desk(ten_minutes(), (120, 30)) as desk:
        await desk.press("L", "v")
        done = signs(desk.line_with("*draft ").partition("draft")[2])
        assert re.search(r"^╌█(an█)?\?█(an█)?=│▒", done), done
        waits = signs(desk.line_with("*print ").partition("print")[2])
        assert re.search(r"^·│▒", waits), waits


async def test_the_details_tell_from_when_to_when_and_for_what() -> None:
    async with at_desk(ten_minutes(), (120, 30)) as desk:
        await desk.press("L", "v")
        told = desk.line_with("by ann")
        assert "since 1:00, expected until 14:00" in told
        assert "* critical" in told
        assert "worked 4m00s" in desk.line_with("worked")
        assert "waited for you 3m00s" in desk.line_with("worked")
        assert "was paused 2m00s" in desk.line_with("worked")
        await desk.press("down", "down")
        assert "expected 14:00\N{EN DASH}18:00" in desk.line_with("waits for draft")
        assert "critical path (2)  draft → print" in desk.text()


async def test_what_nobody_can_know_is_called_unknown() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    stage.plan("dig", agent="ann")
    stage.plan("fill", agent="ann", needs=("dig",))
    stage.give("dig", "ann")
    stage.time = MINUTE
    async with at_desk(stage, (120, 30)) as desk:
        await desk.press("L", "v")
        assert "critical path unknown: dig and fill declare no duration" in desk.text()
        assert re.search("│\N{EN DASH} *(┊ *)*$", desk.line_with("▸  dig"))
        assert "end unknown" in desk.text()
        await desk.press("down")
        assert "not begun, nobody knows when" in desk.text()


async def test_what_is_late_is_not_said_to_end_now() -> None:
    stage = ten_minutes()
    async with at_desk(stage, (120, 30)) as desk:
        await desk.press("L", "v", "down")
        assert "expected until 14:00" in desk.line_with("by cid")
        stage.time = 30 * MINUTE
        await desk.wait(6)
        assert "later than expected" in desk.line_with("by cid")
        assert re.search("│\N{EN DASH} *(┊ *)*$", desk.line_with("bind  "))


async def test_of_a_long_critical_path_is_told_what_is_next_and_what_is_last() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    for number in range(2_000):
        needs = (f"t{number - 1}",) if number else ()
        stage.plan(f"t{number}", agent="ann", expected_ms=MINUTE, needs=needs)
    for number in range(3):
        stage.give(f"t{number}", "ann")
        stage.time += MINUTE
        stage.finish("ann", back=True)
    stage.give("t3", "ann")
    async with at_desk(stage, (80, 24)) as desk:
        await desk.press("L")
        said = desk.line_with("critical path (2000)")
        assert re.search(r"  … → t3 → t4 → .* → … → t1999  ", said)


async def test_agents_and_tasks_take_turns_and_the_cursor_stays_with_its_work() -> None:
    async with at_desk(mop_platform(), (120, 50)) as desk:
        await desk.press("L", "slash", *"prod-cluster")
        await desk.press("escape", "v", "slash", *"prod-cluster", "enter", "escape")
        assert chart(desk).row_here == "prod-cluster"
        await desk.press("v")
        assert chart(desk).row_here == ("platform", "platform-engineer-prod")
        await desk.press("v")
        assert chart(desk).row_here == "prod-cluster"


async def test_tasks_stand_by_their_start_or_as_in_the_list() -> None:
    async with at_desk(mop_platform(), (120, 50)) as desk:
        await desk.press("tab")
        listed = [line.split()[1] for line in desk.lines() if " PENDING " in line]
        await desk.press("L", "v")
        assert "tasks, by start" in desk.text()
        first = chart(desk).key(0)
        await desk.press("o")
        assert "tasks, as listed" in desk.text()
        rows = [str(chart(desk).key(n)) for n in range(chart(desk).count)]
        assert [name for name in rows if name in listed] == listed
        await desk.press("o")
        assert chart(desk).key(0) == first


async def test_zooming_panning_and_following() -> None:
    stage = ten_minutes()
    async with at_desk(stage, (120, 30)) as desk:
        await desk.press("L")
        whole = chart(desk).window
        assert (whole.mode, whole.left) == ("all", 0)
        assert whole.has(18 * MINUTE)
        await desk.press("plus")
        closer = chart(desk).window
        assert closer.mode == "follow"
        assert closer.scale == whole.scale // 2
        assert closer.cell(stage.time) == whole.cell(stage.time)
        stage.time = 18 * MINUTE
        await desk.look()
        assert chart(desk).window.has(stage.time)
        assert chart(desk).window.left > closer.left
        await desk.press("left")
        panned = chart(desk).window
        assert panned.mode == "still"
        assert panned.left < chart(desk).whole
        stage.time = 60 * MINUTE
        await desk.look()
        assert chart(desk).window == panned
        await desk.press("f")
        assert chart(desk).window.has(stage.time)
        await desk.press("0")
        assert chart(desk).window.mode == "all"
        for _ in range(20):
            await desk.press("plus")
        assert chart(desk).window.scale == 10
        for _ in range(30):
            await desk.press("minus")
        assert chart(desk).window.mode == "all"


async def test_a_row_can_fill_the_width() -> None:
    async with at_desk(ten_minutes(), (120, 30)) as desk:
        await desk.press("L", "v", "z")
        window = chart(desk).window
        assert window.left < MINUTE < 10 * MINUTE <= window.right
        assert 0.6 * window.scale * window.cells < (10 - 1) * MINUTE


async def test_teams_fold_and_a_search_finds_who_is_folded() -> None:
    async with at_desk(mop_platform(), (120, 50)) as desk:
        await desk.press("L")
        rows = chart(desk).count
        await desk.press("enter")
        assert chart(desk).count == rows - 6
        await desk.press("c")
        assert chart(desk).count == 3
        await desk.press("slash", *"grafana")
        assert "2 rows" in desk.text()
        assert chart(desk).row_here == ("observability", "grafana-specialist-1")
        await desk.press("enter", "n")
        assert "2/2" in desk.text()
        assert desk.line_with("grafana-specialist-2")[0] == CURSOR
        await desk.press("N")
        assert chart(desk).row_here == ("observability", "grafana-specialist-1")
        await desk.press("escape", "c", "c")
        assert shows(desk, Timeline)
        assert chart(desk).count == rows


async def test_the_keys_of_rows_work_here_too() -> None:
    stage = mop_platform()
    async with at_desk(stage, (120, 50)) as desk:
        await desk.press("L", "down", "enter")
        assert shows(desk, DetailDialog)
        assert "Agent platform-engineer-dev" in desk.text()
        await desk.press("escape", "w")
        assert shows(desk, WhyDialog)
        await desk.press("escape")
        assert shows(desk, Timeline)


async def test_the_help_tells_its_keys_and_signs() -> None:
    async with at_desk(mop_platform(), (120, 160)) as desk:
        await desk.press("L", "question_mark")
        assert "Show tasks instead of agents" in desk.text()
        assert "? waiting for you" in desk.text()


async def test_a_question_opens_above_it_as_above_the_overview() -> None:
    stage = ten_minutes()
    async with at_desk(stage, (100, 30)) as desk:
        await desk.wait(3)
        while shows(desk, QuestionDialog):
            await desk.press("escape")
        await desk.press("L")
        stage.ask("Print it in colour?", task="print")
        await desk.wait(3)
        assert shows(desk, QuestionDialog)
        await desk.wait(3)
        await desk.press("escape")
        assert shows(desk, Timeline)
        assert "Waiting for you" in desk.text()


async def test_a_task_that_is_begun_anew_shows_both_attempts() -> None:
    stage = ten_minutes()
    stage.move("ann", AgentTrigger.RESUME, AgentState.ACTIVE, "go", "draft")
    stage.time = 12 * MINUTE
    stage.move("ann", AgentTrigger.TASK_WITHDRAWN, AgentState.AVAILABLE, "it is stuck", "draft")
    stage.move_task("draft", TaskTrigger.REQUEUED, TaskState.READY, "ann could not", "ann")
    stage.time = 15 * MINUTE
    stage.give("draft", "ann")
    stage.time = 18 * MINUTE
    async with at_desk(stage, (120, 30)) as desk:
        await desk.press("L", "v")
        assert "2 attempts" in desk.text()
        assert "queued 4m00s" in desk.line_with("worked")
        assert re.search(r"█╌+█", desk.line_with("*draft ").replace("┊", "╌"))


async def test_a_replay_shows_the_timeline_of_each_moment() -> None:
    recording = Recording.of(mop_platform())
    recording.seek(len(recording.happened))
    async with at_desk(recording, (120, 50)) as desk:
        await desk.press("L", "v")
        later = desk.text()
        recording.seek(60)
        await desk.look()
        assert chart(desk).window.right >= recording.happened[-1].at
        assert desk.text() != later
        recording.seek(len(recording.happened))
        await desk.look()
        pieces = {row: chart(desk).pieces_of(row) for row in recording.snapshot().tasks}
        recording.seek(0)
        await desk.look()
        assert chart(desk).count == 0
        assert "No task has been planned yet" in desk.text()
        recording.seek(len(recording.happened))
        await desk.look()
        assert {row: chart(desk).pieces_of(row) for row in recording.snapshot().tasks} == pieces
        at = recording.position
        await desk.press("comma")
        assert recording.position == at - 1


async def test_it_is_usable_in_forty_columns() -> None:
    async with at_desk(mop_platform(), (40, 20)) as desk:
        await desk.press("L")
        assert "platform" in desk.text()
        assert chart(desk).window.cells >= 18
        assert any("│" in line and "━" in line for line in desk.lines())


async def test_only_what_is_visible_is_made() -> None:
    stage = crowd(agents=1_000)
    async with at_desk(stage, (200, 50)) as desk:
        await desk.press("L")
        assert chart(desk).count > 1_000
        assert 30 < len(chart(desk)._pieces) <= 60
        await desk.press("end")
        assert "agent-0989" in desk.text()
        assert len(chart(desk)._pieces) <= 120


async def test_nothing_is_painted_where_nothing_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = release()
    async with at_desk(stage, (120, 30)) as desk:
        await desk.wait(3)
        await desk.press("escape", "L", "v")
        painted: list[int] = []
        rows = chart(desk)
        monkeypatch.setattr(rows, "refresh_line", painted.append)
        await desk.wait(1)
        assert painted == []
        stage.time += 40 * SECOND
        await desk.look()
        assert {*painted} == {*range(rows.count)}
