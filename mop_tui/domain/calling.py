"""Calling the operator: who asks and what, for those who are not at the screen."""

from mop_tui.domain.events import UserAsked
from mop_tui.domain.rows import Question
from mop_tui.domain.wording import printable

LONGEST = 500
"""Characters of a question that are told elsewhere than on the screen."""


def asker(asked: UserAsked) -> str:
    """Return who asks: an agent, a trigger, or the task that waits."""
    if asked.agent is not None:
        return asked.agent
    if asked.trigger is not None and (asked.task is None or asked.proposal):
        return f"trigger {asked.trigger}"
    return f"task {asked.task}" if asked.task is not None else "the session"


def called_for(question: Question, others: int) -> str:
    """Return who asks and what, on one line that steers no terminal, and how much waits besides."""
    text = " ".join(printable(question.asked.text).split())
    if len(text) > LONGEST:
        text = text[:LONGEST] + "\N{HORIZONTAL ELLIPSIS}"
    overdue = "overdue: " if question.escalated else ""
    more = f" (and {others} more)" if others else ""
    return f"{overdue}{printable(asker(question.asked))}: {text}{more}"


def variables(question: Question, others: int) -> tuple[tuple[str, str], ...]:
    """Return by which variables of its environment a program is told of a question.

    `others` is how many more are open. Neither a default nor the context is told: whoever is called
    reads them where the question is answered.
    """
    asked = question.asked
    return (
        ("MOP_QUESTION", asked.question),
        ("MOP_QUESTION_NAME", printable(asked.name)),
        ("MOP_QUESTION_TEXT", printable(asked.text)[:LONGEST]),
        ("MOP_QUESTION_TYPE", asked.question_type),
        ("MOP_ASKED_BY", printable(asker(asked))),
        ("MOP_OTHERS", str(others)),
        ("MOP_OVERDUE", "1" if question.escalated else ""),
        ("MOP_CALL", called_for(question, others)),
    )
