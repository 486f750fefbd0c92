"""How those who are not at the screen are told who asks and what."""

from dataclasses import replace

import pytest

from mop_tui.domain.actions import SpawnAgent
from mop_tui.domain.calling import LONGEST, asker, called_for, variables
from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import AgentId, AskId, QuestionId, QuestionName, TaskId, TriggerName
from mop_tui.domain.rows import Question

ASKED = UserAsked(
    question=QuestionId("q7"),
    name=QuestionName("sure"),
    text="Ship it?",
    question_type="approval",
    context=(("change", "a secret plan"),),
    task=TaskId("ship"),
    required=False,
    dangerous=False,
    default="reject",
    due=None,
    digest="d",
)
PROPOSAL = (SpawnAgent(AgentId("bob")),)


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        (ASKED, "task ship"),
        (replace(ASKED, doubt=True), "task ship"),
        (replace(ASKED, trigger=TriggerName("on-deploy")), "task ship"),
        (replace(ASKED, agent=AgentId("ann"), ask=AskId("a1")), "ann"),
        (replace(ASKED, task=None, trigger=TriggerName("on-push")), "trigger on-push"),
        (
            replace(ASKED, task=None, trigger=TriggerName("on-push"), proposal=PROPOSAL),
            "trigger on-push",
        ),
        (replace(ASKED, task=None), "the session"),
    ],
    ids=["gate", "doubt", "a trigger's gate", "agent", "trigger", "proposal", "nobody"],
)
def test_whoever_asks_is_named(asked: UserAsked, who: str) -> None:
    assert asker(asked) == who
    assert called_for(Question(asked, asked_at=0, seq=1), 0) == f"{who}: Ship it?"


def test_the_rest_is_counted_and_what_is_overdue_says_so() -> None:
    question = Question(ASKED, asked_at=0, seq=1)
    assert called_for(question, 2) == "task ship: Ship it? (and 2 more)"
    question.escalated = True
    assert called_for(question, 0) == "overdue: task ship: Ship it?"


def test_nothing_that_is_told_steers_a_terminal_or_fills_it() -> None:
    text = "one\n two\x1b[31m\x00\ud800 " + LONGEST * "x"
    question = Question(replace(ASKED, text=text), asked_at=0, seq=1)
    said = called_for(question, 0)
    assert said.startswith("task ship: one two\ufffd\ufffd x")
    assert said.isprintable()
    assert len(said) < LONGEST + 20
    told = dict(variables(question, 0))
    assert all("\0" not in value and value.isprintable() for value in told.values())


def test_neither_context_nor_default_is_told() -> None:
    told = " ".join(value for _, value in variables(Question(ASKED, asked_at=0, seq=1), 0))
    assert "secret plan" not in told
    assert "reject" not in told
