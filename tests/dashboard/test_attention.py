"""When a dialog may open by itself, and what a question does while nobody looks."""

from dashboard.desk import at_desk
from dashboard.stage import Stage, team
from textual.events import AppBlur, AppFocus
from textual.widgets import Input

from mop_tui.dashboard.attention import IDLE, Attention
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.guard import QUIET
from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.domain.rows import Question


def questions(count: int) -> tuple[Question, ...]:
    stage = Stage()
    stage.begin()
    for number in range(count):
        stage.ask(f"Question {number}?")
    return stage.snapshot().open_questions


def test_the_oldest_question_opens_when_nobody_has_typed() -> None:
    first, *rest = questions(3)
    assert Attention().next_to_open((first, *rest), now=5.0, busy=False) is first


def test_nothing_opens_while_a_text_field_or_a_dialog_is_in_use() -> None:
    assert Attention().next_to_open(questions(1), now=5.0, busy=True) is None


def test_nothing_opens_within_two_seconds_of_a_key() -> None:
    asked = questions(1)
    attention = Attention()
    attention.key_came(10.0)
    assert attention.next_to_open(asked, now=10.0 + IDLE - 0.01, busy=False) is None
    assert attention.next_to_open(asked, now=10.0 + IDLE, busy=False) is asked[0]


def test_a_question_put_aside_does_not_come_back_by_itself_but_the_next_may_come() -> None:
    first, second = questions(2)
    attention = Attention()
    attention.put_aside(first.id)
    assert attention.next_to_open((first, second), now=5.0, busy=False) is second
    attention.put_aside(second.id)
    assert attention.next_to_open((first, second), now=5.0, busy=False) is None


def quiet() -> Stage:
    """A session in which nothing is asked yet."""
    stage = Stage()
    stage.begin(team("crew", "Crew"))
    return stage


def stage_of(dialog: QuestionDialog) -> str:
    """How far it is now, whatever was asserted before."""
    return dialog.stage


async def test_who_comes_back_answers_nothing_with_the_first_key() -> None:
    stage = quiet()
    async with at_desk(stage) as desk:
        desk.app.post_message(AppBlur())
        stage.ask("Release?")
        await desk.wait(IDLE)
        await desk.wait(IDLE)
        dialog = desk.app.screen
        assert isinstance(dialog, QuestionDialog)
        assert stage_of(dialog) == "open"
        desk.app.post_message(AppFocus())
        await desk.press("y", "enter")
        assert stage_of(dialog) == "guarded"
        assert dialog.guard.dropped == 2
        await desk.wait(QUIET)
        assert stage_of(dialog) == "open"
        assert desk.app.screen is dialog


async def test_a_terminal_that_does_not_say_that_one_is_back_lets_no_first_key_count() -> None:
    stage = quiet()
    async with at_desk(stage) as desk:
        stage.ask("Release?")
        await desk.wait(IDLE)
        desk.app.post_message(AppBlur())
        await desk.wait(IDLE)
        dialog = desk.app.screen
        assert isinstance(dialog, QuestionDialog)
        await desk.press("y")
        assert stage_of(dialog) == "guarded"
        await desk.wait(QUIET)
        assert stage_of(dialog) == "open"
        await desk.press("y", "enter")
        assert stage_of(dialog) == "sent"


async def test_a_text_field_left_for_another_window_is_still_in_use() -> None:
    stage = quiet()
    async with at_desk(stage, (120, 40)) as desk:
        desk.app.query_one(EventLog).focus()
        await desk.press("/")
        field = desk.focused()
        assert isinstance(field, Input)
        desk.app.post_message(AppBlur())
        stage.ask("Release?")
        await desk.wait(10 * IDLE)
        assert not isinstance(desk.app.screen, QuestionDialog)
        desk.app.post_message(AppFocus())
        await desk.wait(10 * IDLE)
        assert desk.focused() is field
        assert not isinstance(desk.app.screen, QuestionDialog)
