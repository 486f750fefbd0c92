"""When everything will be done, as the operator reads it."""

from dataclasses import replace

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.stage import MINUTE, SECOND, Recording, Stage, team

from mop_tui.dashboard import frame
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.ids import AgentId, QuestionName, TaskId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger


def delivery(mode: Mode = Mode.LIVE, **gate: QuestionName) -> Stage:
    """An agent that builds for 20 minutes and then delivers for 30; ten minutes have passed."""
    stage = Stage(mode=mode)
    stage.begin(team("crew", "Crew", "builder"), goal="Deliver")
    stage.spawn("builder", "crew")
    builder = AgentId("builder")
    stage.plan("build", agent=builder, expected_ms=20 * MINUTE)
    stage.plan("deliver", agent=builder, expected_ms=30 * MINUTE, needs=("build",), **gate)
    stage.give("build", "builder")
    stage.time = 10 * MINUTE
    return stage


async def later(desk: Desk, ms: int) -> None:
    """Let session time and the operator's time pass."""
    desk.stage.time += ms
    await desk.wait(ms / 1000)


async def test_the_header_tells_when_all_will_be_done_and_how_long_that_is() -> None:
    async with at_desk(delivery()) as desk:
        assert "about 15:20, 40 min left" in desk.lines()[2]
        await later(desk, 5 * MINUTE)
        assert "about 15:20, 35 min left" in desk.lines()[2]


async def test_the_end_stands_with_the_counts_where_there_is_room() -> None:
    async with at_desk(delivery(), (140, 30)) as desk:
        assert desk.lines()[-2].endswith("1 pending  1 active  about 15:20, 40 min left")


async def test_progress_that_is_told_changes_the_expected_end() -> None:
    stage = delivery()
    async with at_desk(stage) as desk:
        stage.progress("builder", 90)
        await later(desk, SECOND)
        assert "about 15:12, 32 min left" in desk.lines()[2]


async def test_in_a_rehearsal_the_end_is_told_in_its_own_time() -> None:
    async with at_desk(delivery(Mode.REHEARSAL), (120, 30)) as desk:
        assert "about 50:00, 40 min left" in desk.lines()[2]


async def test_an_end_that_waits_for_you_counts_from_your_answer() -> None:
    stage = delivery(gate=QuestionName("gate"))
    async with at_desk(stage, (120, 30)) as desk:
        assert "40 min left + your answer" in desk.lines()[2]
        stage.finish("builder", back=True)
        stage.move_task("deliver", TaskTrigger.NEEDS_MET, TaskState.READY, "build is complete")
        stage.ask("Deliver?", task="deliver")
        await later(desk, SECOND)
        await desk.press("escape")
        assert "after your answer: 30 min" in desk.lines()[2]


async def test_an_unknown_end_is_called_so_and_the_session_tells_why() -> None:
    stage = delivery()
    stage.plan("write", requires_skill="writing", expected_ms=MINUTE)
    async with at_desk(stage, (100, 30)) as desk:
        assert "ETA unknown" in desk.lines()[2]
        await desk.press("o")
        assert isinstance(desk.app.screen, DetailDialog)
        assert "write waits for an agent with the skill writing" in desk.text()


async def test_work_that_takes_longer_makes_it_the_earliest_end() -> None:
    stage = delivery()
    stage.time = 25 * MINUTE
    async with at_desk(stage) as desk:
        assert "not before 15:25, 30 min left" in desk.lines()[2]
        await desk.press("o")
        assert "build takes longer than expected" in desk.text()


async def test_a_session_that_ended_expects_no_end() -> None:
    stage = delivery()
    async with at_desk(stage) as desk:
        stage.end("stopped", "enough")
        await desk.look()
        assert "left" not in desk.lines()[2]


async def test_going_back_in_a_replay_tells_what_was_expected_then() -> None:
    stage = delivery()
    stage.finish("builder", back=True)
    recording = Recording.of(stage)
    async with at_desk(recording) as desk:
        recording.seek(len(stage.happened))
        await later(desk, 0)
        await desk.wait(1)
        assert "30 min left" in desk.lines()[2]
        recording.seek(len(stage.happened) - 5)
        await desk.look()
        assert "50 min left" in desk.lines()[2]


@pytest.mark.parametrize(("width", "said"), [(40, "40 min left"), (60, "40 min left")])
async def test_narrow_screens_tell_the_time_left(width: int, said: str) -> None:
    async with at_desk(delivery(), (width, 20)) as desk:
        assert said in desk.lines()[2]


@pytest.fixture
def estimated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """At what session times the end was estimated."""
    times: list[int] = []

    def watched(snapshot: Snapshot, now: int, outlook: Outlook | None) -> Estimate | None:
        times.append(now)
        return estimate(snapshot, now, outlook)

    monkeypatch.setattr(frame, "estimate", watched)
    return times


async def test_the_end_is_estimated_once_a_second_at_most(estimated: list[int]) -> None:
    stage = delivery()
    async with at_desk(stage) as desk:
        for percent in range(60, 70):
            stage.progress("builder", percent)
            await desk.look()
        assert len(estimated) == 1
        await desk.wait(1)
        assert len(estimated) == 2


async def test_the_end_is_estimated_less_often_while_somebody_types(estimated: list[int]) -> None:
    stage = delivery()
    async with at_desk(stage) as desk:
        for percent in range(60, 64):
            stage.progress("builder", percent)
            await desk.press("j")
            await desk.wait(1)
        assert len(estimated) == 1
        stage.progress("builder", 65)
        await desk.wait(1)
        assert len(estimated) == 2


# -- as earlier sessions tell -----------------------------------------------------------------


LEARNT = Outlook(
    sessions=7,
    durations={TaskId("build"): 30 * MINUTE, TaskId("deliver"): 60 * MINUTE},
    waits={QuestionName("gate"): 15 * MINUTE},
    low=0.75,
    high=1.5,
    coverage=0.75,
)


async def test_the_header_tells_in_which_range_it_ends_and_how_that_is_known() -> None:
    stage = delivery()
    stage.outlook = LEARNT
    async with at_desk(stage, (160, 30)) as desk:
        said = "about 16:00, 1 h 20 min left (15:40 to 16:40, from 7 sessions)"
        assert said in desk.lines()[2]


@pytest.mark.parametrize(
    ("width", "said"), [(80, "1 h 20 min left (15:40 to 16:40)"), (60, "1 h 20 min left")]
)
async def test_narrow_screens_leave_out_what_fits_least(width: int, said: str) -> None:
    stage = delivery()
    stage.outlook = LEARNT
    async with at_desk(stage, (width, 30)) as desk:
        assert said in desk.lines()[2]
        assert "from 7 sessions" not in desk.lines()[2]


async def test_the_session_tells_in_how_many_cases_it_ends_within_the_range() -> None:
    stage = delivery(gate=QuestionName("gate"))
    stage.outlook = LEARNT
    async with at_desk(stage, (80, 40)) as desk:
        assert "your answer" not in desk.lines()[2]  # it is counted how long that takes
        await desk.press("o")
        note = " ".join(" ".join(desk.text().split("\n")).replace("│", " ").split())
        assert "learnt from 7 sessions; in 7 of 10 cases 15:51 to 17:02; 1 question will be" in note
        assert "asked before, and waits as long as in those sessions" in note


async def test_a_task_tells_how_long_it_took_in_earlier_sessions() -> None:
    stage = delivery()
    stage.outlook = LEARNT
    async with at_desk(stage, (80, 40)) as desk:
        await desk.press("tab", "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        assert "1h00m, as in earlier sessions; declared as 30m" in desk.text()


async def test_what_takes_longer_than_expected_has_no_range() -> None:
    stage = delivery()
    stage.outlook = LEARNT
    stage.time = 35 * MINUTE
    async with at_desk(stage, (160, 30)) as desk:
        assert "not before 16:05, 1 h left (from 7 sessions)" in desk.lines()[2]


async def test_a_range_within_a_minute_is_none_where_minutes_are_told() -> None:
    stage = delivery()
    stage.outlook = replace(LEARNT, low=1.0, high=1.001)
    async with at_desk(stage, (160, 30)) as desk:
        assert "about 16:00, 1 h 20 min left (from 7 sessions)" in desk.lines()[2]


async def test_few_sessions_tell_no_range() -> None:
    stage = delivery()
    stage.outlook = replace(LEARNT, low=None, high=None, coverage=None)
    async with at_desk(stage, (160, 30)) as desk:
        assert "about 16:00, 1 h 20 min left (from 7 sessions)" in desk.lines()[2]


async def test_a_range_that_counts_from_your_answer_is_told_in_minutes() -> None:
    stage = delivery(gate=QuestionName("gate"))
    stage.outlook = LEARNT
    async with at_desk(stage, (160, 30)) as desk:
        stage.finish("builder", back=True)
        stage.move_task("deliver", TaskTrigger.NEEDS_MET, TaskState.READY, "build is complete")
        stage.ask("Deliver?", task="deliver")
        await later(desk, SECOND)
        await desk.press("escape")
        said = "after your answer: 1 h (45 min to 1 h 30 min, from 7 sessions)"
        assert said in desk.lines()[2]


async def test_the_timeline_shows_what_is_ahead_as_earlier_sessions_tell() -> None:
    stage = delivery()
    stage.outlook = LEARNT
    async with at_desk(stage, (160, 30)) as desk:
        await desk.press("L")
        assert "about 16:00, 1 h 20 min left (15:40 to 16:40, from 7 sessions)" in desk.text()
