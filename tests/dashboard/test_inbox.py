"""The inbox: all that waits for the operator, in one list."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import mop_platform, release
from dashboard.stage import MINUTE, SECOND, Recording, Stage

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.dashboard.choice import ChoiceDialog
from mop_tui.dashboard.inbox import InboxDialog, QuestionList
from mop_tui.domain import events as e
from mop_tui.domain.answers import Option
from mop_tui.domain.feed import Answer, Noticed
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.timers import call_of

Q1, Q2 = QuestionId("q1"), QuestionId("q2")
PAUSE = 1.5
"""Longer than the guard."""


def busy() -> Stage:
    """A swarm in which three questions are open, of different sorts."""
    stage = mop_platform()
    stage.ask("Promote staging to production?", task="go-live", due=stage.time + 4 * MINUTE)
    stage.time += 30 * SECOND
    options = (Option("blue", "Blue"), Option("green", "Green"))
    stage.agent_asks("tester", "Which colour is live?", question_type="choice", options=options)
    stage.time += 30 * SECOND
    late = stage.ask("Rotate the signing key?", required=True, dangerous=True, due=stage.time)
    stage.happen(e.UserExpired(late, "escalated"))
    return stage


async def at_inbox(desk: Desk) -> QuestionList:
    """Put the first question aside and open the inbox."""
    await desk.wait(PAUSE)
    await desk.press("escape", "i")
    rows = desk.focused()
    assert isinstance(rows, QuestionList)
    return rows


def answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.commands if isinstance(command, Answer)]


async def test_it_lists_what_is_asked_by_whom_and_until_when_the_oldest_first() -> None:
    async with at_desk(busy(), (100, 30)) as desk:
        rows = await at_inbox(desk)
        assert [rows.key(index) for index in range(rows.count)] == ["q1", "q2", "q3"]
        said = desk.text()
        assert "Waiting for you: 3" in said
        for part in ("go-live", "approval", "3:00", "tester", "choice", "no limit", "overdue"):
            assert part in said


async def test_it_tells_when_somebody_is_called_because_of_a_question() -> None:
    stage = busy()
    for name in (Q1, Q2):
        due = stage.time + MINUTE
        timer = call_of(name, overdue=False)
        stage.happen(e.SystemTimerSet(timer, due, name, purpose="call"))
    async with at_desk(stage) as desk:
        await at_inbox(desk)
        await desk.look()  # what a look tells the session is on the screen with the next one
        assert "somebody is called" not in desk.text(), "its dialog was put aside by somebody"
        await desk.press("j")
        assert "if nobody comes" in desk.line_with("somebody is called at ")
        assert [it for it in stage.commands if isinstance(it, Noticed)] == [Noticed(Q1)]


async def test_more_is_told_of_the_question_under_the_cursor() -> None:
    async with at_desk(busy()) as desk:
        await at_inbox(desk)
        assert "If nobody answers, what it holds is cancelled." in desk.text()
        await desk.press("j")
        assert "Agent tester asks" in desk.text()
        await desk.press("j")
        assert "approval, marked as dangerous" in desk.text()
        assert "Its time is up; it stays open, for it must be answered." in desk.text()


async def test_enter_opens_the_question_and_nothing_typed_ahead_answers_it() -> None:
    stage = busy()
    async with at_desk(stage) as desk:
        await at_inbox(desk)
        await desk.press("enter", "y", "enter")
        assert isinstance(desk.app.screen, ApprovalDialog)
        assert len(desk.app.screen_stack) == 2, "the inbox has closed"
        assert answers(stage) == []
        await desk.wait(PAUSE)
        await desk.press("y", "enter")
        assert [(answer.question, answer.value) for answer in answers(stage)] == [("q1", "approve")]


async def test_the_question_opened_is_the_one_under_the_cursor() -> None:
    async with at_desk(busy()) as desk:
        await at_inbox(desk)
        await desk.press("j", "enter")
        assert isinstance(desk.app.screen, ChoiceDialog)


async def test_it_follows_questions_as_they_come_and_go() -> None:
    stage = busy()
    async with at_desk(stage) as desk:
        rows = await at_inbox(desk)
        await desk.press("j")
        stage.ask("One more thing?")
        await desk.look()
        assert "Waiting for you: 4" in desk.text()
        stage.happen(e.UserWithdrawn(QuestionId("q1"), "go-live was cancelled"))
        await desk.look()
        assert "Promote staging" not in desk.text()
        assert rows.key(rows.cursor) == "q2", "the cursor stays at its question"
        for name in ("q2", "q3", "q4"):
            stage.happen(e.UserWithdrawn(QuestionId(name), "it is over"))
        await desk.look()
        assert "Nothing waits for you." in desk.text()
        await desk.press("enter")
        assert isinstance(desk.app.screen, InboxDialog)


async def test_no_dialog_opens_by_itself_over_it() -> None:
    stage = busy()
    async with at_desk(stage) as desk:
        await at_inbox(desk)
        stage.ask("One more thing?")
        await desk.wait(60)
        assert isinstance(desk.app.screen, InboxDialog)


@pytest.mark.parametrize("key", ["escape", "i", "q"])
async def test_it_closes_without_opening_anything(key: str) -> None:
    async with at_desk(busy()) as desk:
        await at_inbox(desk)
        await desk.press(key)
        assert len(desk.app.screen_stack) == 1


async def test_it_is_empty_when_nothing_waits_and_says_so_when_the_session_has_ended() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("i")
        assert "Nothing waits for you." in desk.text()
        stage.end("stopped", "the operator ended the session")
        await desk.look()
        assert "The session has ended; nothing waits for you." in desk.text()


async def test_the_inbox_line_names_it_when_more_than_one_question_waits() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("escape")
        assert "i lists" not in desk.text()
        stage.ask("And announce it?")
        await desk.look()
        assert "+1 more" in desk.text()
        assert "a answers  i lists" in desk.text()


async def test_a_recording_has_none() -> None:
    recording = Recording.of(busy())
    recording.seek(len(recording.happened))
    async with at_desk(recording) as desk:
        await desk.press("i")
        assert len(desk.app.screen_stack) == 1
        assert "i lists" not in desk.text()


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (120, 40), (200, 50), (250, 70)])
async def test_it_can_be_read_on_every_screen(size: tuple[int, int]) -> None:
    async with at_desk(busy(), size) as desk:
        await at_inbox(desk)
        said = desk.text()
        for part in ("Promote stag", "Which colour", "Rotate the", "3:00", "overdue"):
            assert part in said
        assert "go-live" in said
        await desk.press("escape")
        assert "Promot" in desk.line_with("i lists")
