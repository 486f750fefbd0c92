"""When a dialog may open by itself."""

from dashboard.stage import Stage

from mop_tui.dashboard.attention import IDLE, Attention
from mop_tui.domain.session import Question


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
