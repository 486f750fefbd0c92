"""How the screen keeps up with a session, and leaves the keys their time."""

import gc

from dashboard.desk import at_desk
from dashboard.plays import crowd, release
from dashboard.stage import Stage

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


async def test_closing_a_dialog_in_the_midst_of_a_look_disturbs_nothing() -> None:
    stage = crowd(150)
    async with at_desk(stage) as desk:
        await desk.press("down", "enter", "question_mark")
        stage.happen(e.SystemQuiesced())
        looking = desk.app.looking()
        next(looking)
        await desk.press("escape", "escape")
        await desk.look()
        for _ in looking:
            continue
        assert len(desk.app.screen_stack) == 1


async def test_old_garbage_is_left_alone_while_somebody_looks_on() -> None:
    before = gc.get_threshold()
    async with at_desk(Stage()):
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == before
