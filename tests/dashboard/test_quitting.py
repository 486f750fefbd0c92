"""Nothing is ended by accident."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import mop_platform, release
from dashboard.stage import Recording, Stage

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.dashboard.quit_dialog import LeaveDialog, QuitDialog
from mop_tui.domain.feed import Stop
from mop_tui.domain.plan import Mode


def left(desk: Desk) -> bool:
    return desk.app.return_value == "quit"


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_asks_while_work_is_unfinished(key: str) -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press(key)
        assert isinstance(desk.app.screen, QuitDialog)
        assert "9 agents run and 13 tasks are unfinished." in desk.text()
        assert not left(desk)
        assert stage.commands == []


async def test_quitting_a_rehearsal_speaks_of_no_processes_that_would_be_ended() -> None:
    async with at_desk(mop_platform(Mode.REHEARSAL)) as desk:
        await desk.press("q")
        assert "It is a rehearsal: no real process is ended" in desk.text()
        assert "told to stop" not in desk.text()


@pytest.mark.parametrize("key", ["enter", "escape", "n"])
async def test_the_answer_is_no_unless_yes_is_chosen(key: str) -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("q", key)
        assert not isinstance(desk.app.screen, QuitDialog)
        assert not left(desk)
        assert stage.commands == []


async def test_yes_stops_the_session_and_leaves() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("q")
        await desk.pilot.press("right", "enter")
        assert left(desk)
        assert stage.commands == [Stop("the operator ended the session")]


async def test_no_word_typed_ahead_ends_anything() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press(*"quit yes y", "enter")
        assert not left(desk)
        assert stage.commands == []


async def test_quitting_from_a_question_leaves_it_open_and_asks() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(1)
        assert isinstance(desk.app.screen, ApprovalDialog)
        await desk.press("ctrl+q")
        assert isinstance(desk.app.screen, QuitDialog)
        assert len(desk.app.screen_stack) == 2
        await desk.press("escape")
        assert stage.snapshot().open_questions


async def test_the_command_palette_does_not_get_round_the_question() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        [quit_command] = [
            command
            for command in desk.app.get_system_commands(desk.app.screen)
            if command.title == "Quit"
        ]
        await desk.press("ctrl+p")
        desk.app.call_later(quit_command.callback)
        await desk.look()
        assert not left(desk)
        assert stage.commands == []
        assert isinstance(desk.app.screen, QuitDialog)


async def test_q_leaves_at_once_when_the_session_has_ended() -> None:
    stage = mop_platform()
    stage.end("complete", "all is done")
    async with at_desk(stage) as desk:
        await desk.pilot.press("q")
        assert left(desk)
        assert stage.commands == []


async def test_q_leaves_at_once_when_the_session_is_being_ended_already() -> None:
    stage = mop_platform()
    stage.submit(Stop("from another terminal"))
    async with at_desk(stage) as desk:
        await desk.pilot.press("q")
        assert left(desk)
        assert len(stage.commands) == 1


async def test_q_leaves_a_recording_at_once() -> None:
    async with at_desk(Recording.of(mop_platform())) as desk:
        await desk.pilot.press("q")
        assert left(desk)


async def test_the_question_keeps_up_with_the_session() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("q")
        stage.finish("tester", "212 passed")
        await desk.look()
        assert "8 agents run and 12 tasks are unfinished." in desk.text()
        stage.end("incomplete", "ingress failed")
        await desk.look()
        assert "The session has ended by itself" in desk.text()
        assert "Yes, leave" in desk.text()
        await desk.pilot.press("right", "enter")
        assert left(desk)
        assert stage.commands == []


async def test_the_question_says_that_the_session_ended_while_it_was_opening() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.app.action_quit()
        stage.end("incomplete", "ingress failed")
        await desk.look()  # too early for a dialog that is still opening
        await desk.look()
        assert "The session has ended by itself" in desk.text()


# -- leaving a session that goes on ---------------------------------------------------------------


def guest() -> Stage:
    """A session that another program runs."""
    stage = mop_platform()
    stage.detach = stage.guest = True
    return stage


async def test_detaching_leaves_at_once_and_ends_nothing() -> None:
    stage = mop_platform()
    stage.detach = True
    async with at_desk(stage) as desk:
        assert "d Detach" in desk.text()
        await desk.pilot.press("d")
        assert desk.app.return_value == "detached"
        assert stage.commands == []


async def test_where_nobody_could_come_back_there_is_no_detaching() -> None:
    async with at_desk(mop_platform()) as desk:
        assert "Detach" not in desk.text()
        await desk.press("d")
        assert desk.app.return_value is None
        await desk.press("question_mark")
        assert "Leave the screen" not in desk.text()


async def test_a_guest_is_told_that_leaving_ends_nothing() -> None:
    stage = guest()
    async with at_desk(stage) as desk:
        await desk.press("q")
        assert isinstance(desk.app.screen, LeaveDialog)
        assert "Leaving ends nothing: the session and its agents go on" in desk.text()
        await desk.press("q")
        await desk.pilot.press("enter")
        assert desk.app.return_value == "detached"
        assert stage.commands == []


async def test_a_guest_can_stay() -> None:
    async with at_desk(guest()) as desk:
        await desk.press("q", "escape")
        assert not isinstance(desk.app.screen, LeaveDialog)
        assert desk.app.return_value is None


async def test_a_guest_ends_the_session_only_after_being_asked_and_sees_how_it_ends() -> None:
    stage = guest()
    async with at_desk(stage) as desk:
        await desk.press("E")
        assert "End the session?" in desk.text()
        await desk.press("enter")
        assert stage.commands == []
        await desk.press("E")
        await desk.pilot.press("right", "enter")
        await desk.look()
        assert stage.commands == [Stop("the operator ended the session")]
        assert desk.app.return_value is None
        assert not isinstance(desk.app.screen, QuitDialog)


async def test_only_a_guest_has_a_key_of_its_own_to_end_the_session() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("E")
        assert not isinstance(desk.app.screen, QuitDialog)


async def test_a_guest_leaves_at_once_what_has_ended() -> None:
    stage = guest()
    stage.end("complete", "all is done")
    async with at_desk(stage) as desk:
        assert "Detach" not in desk.text()
        await desk.pilot.press("q")
        assert left(desk)


# -- while something is wrong ---------------------------------------------------------------------

WRONG = "release.jsonl: no program runs it, and it has not ended."


def go_wrong(stage: Stage) -> None:
    stage.trouble = WRONG
    stage.revision += 1


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (160, 44)])
@pytest.mark.parametrize("key", ["", "question_mark", "i", "enter", "w", "E"])
async def test_no_dialog_hides_what_is_wrong(key: str, size: tuple[int, int]) -> None:
    stage = release() if not key else mop_platform()
    stage.guest = True
    async with at_desk(stage, size) as desk:
        await desk.press(*filter(None, ["down", key] if key else []))
        assert len(desk.app.screen_stack) == 2
        assert "!" not in desk.lines()[1]
        go_wrong(stage)
        await desk.look()
        assert " ".join(line.strip(" !") for line in desk.lines()[1:5]).startswith(WRONG)


async def test_what_was_wrong_before_a_dialog_opened_is_not_hidden_either() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        go_wrong(stage)
        await desk.look()
        await desk.press("question_mark")
        assert "! release.jsonl: no program runs it" in desk.text()


async def test_q_leaves_a_question_that_cannot_be_answered() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(1.5)
        await desk.press("q")
        assert isinstance(desk.app.screen, ApprovalDialog)
        go_wrong(stage)
        await desk.wait(1.5)
        assert "No answer can be given now; esc leaves it open, q quits." in desk.text()
        await desk.press("q")
        assert isinstance(desk.app.screen, QuitDialog)
