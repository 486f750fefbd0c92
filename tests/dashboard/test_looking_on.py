"""How the screen keeps up with a session, and leaves the keys their time."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.desk import Desk, at_desk
from dashboard.plays import crowd, release
from dashboard.stage import Stage

from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.dashboard.task_list import TaskList
from mop_tui.domain import events as e


async def test_the_screen_shows_by_itself_what_happens() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        stage.happen(e.SystemQuiesced())
        reads = stage.reads
        while stage.reads == reads:
            await desk.pilot.pause()


async def test_a_key_that_was_read_makes_the_session_give_way() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        assert stage.given_way == 0
        desk.app.hurry()
        assert 0 < stage.given_way < 0.1
        stage.happen(e.SystemQuiesced())
        reads = stage.reads
        while stage.reads == reads:  # the screen goes on after a moment
            await desk.pilot.pause()


async def test_keys_that_come_fast_leave_time_for_all_else() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        for _ in range(1_000):
            desk.app.hurry()
        assert stage.given_way < 1


@asynccontextmanager
async def by_hand(stage: Stage) -> AsyncIterator[Desk]:
    """Open the dashboard, and let it look at the stage only where the test says so."""
    async with at_desk(stage) as desk:
        await desk.wait(3)
        await desk.press("escape")  # the question that opened by itself
        for worker in [*desk.app.workers]:
            worker.cancel()
        yield desk


async def test_a_key_in_the_midst_of_a_look_acts_on_the_row_that_is_shown() -> None:
    stage = release()
    async with by_hand(stage) as desk:
        tasks = desk.app.query_one(TaskList)
        tasks.focus()
        tasks.cursor = 1
        await desk.pilot.pause()
        here = tasks.subject_here
        stage.plan("docs")
        stage.plan("site")
        assert tasks.subject_here == here
        for _ in desk.app.looking():
            assert tasks.subject_here == here


async def test_a_key_in_the_midst_of_a_look_does_not_end_following() -> None:
    stage = release()
    async with by_hand(stage) as desk:
        log = desk.app.query_one(EventLog)
        log.focus()
        await desk.press("end")
        for number in range(3):
            stage.happen(e.SystemNotRecording("disk full", number))
        for _ in desk.app.looking():
            log.action_cursor(1)
            assert log.following


async def test_a_look_that_was_cut_short_is_finished_by_the_next() -> None:
    stage = release()
    async with by_hand(stage) as desk:
        stage.happen(e.SystemNotRecording("disk full", 5))
        next(desk.app.looking())
        await desk.look()
        assert "disk full" in desk.text()


async def test_a_question_that_is_settled_leaves_the_keys_before_the_rest_is_shown() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(3)
        assert isinstance(desk.app.screen, QuestionDialog)
        for worker in [*desk.app.workers]:
            worker.cancel()
        stage.happen(e.UserWithdrawn(desk.app.screen.question.id, "no longer needed"))
        next(desk.app.looking())
        await desk.pilot.pause()
        assert isinstance(desk.app.screen, Overview)


async def test_closing_a_dialog_in_the_midst_of_a_look_disturbs_nothing() -> None:
    stage = crowd(150)
    async with by_hand(stage) as desk:
        await desk.press("question_mark")
        assert len(desk.app.screen_stack) == 2
        stage.happen(e.SystemQuiesced())
        looking = desk.app.looking()
        next(looking)
        await desk.press("escape")
        for _ in looking:
            continue
        assert len(desk.app.screen_stack) == 1


async def test_old_garbage_is_left_alone_while_somebody_looks_on() -> None:
    before = gc.get_threshold()
    async with at_desk(Stage()):
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == before
