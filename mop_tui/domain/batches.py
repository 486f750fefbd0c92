"""Open questions that are one and the same, asked by several: one answer may be meant for all."""

from collections.abc import Iterable
from dataclasses import replace

from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import QuestionId, QuestionName
from mop_tui.domain.rows import Question


def identical(questions: Iterable[Question], to: UserAsked) -> list[Question]:
    """Return those of the open `questions` that ask exactly what `to` does, itself among them.

    Only who asks, for what task and until when may differ. What is dangerous, a password, or about
    work in doubt is asked one by one.
    """
    if to.dangerous or to.secret or to.doubt:
        return []
    content = _content(to)
    return [
        row
        for row in questions
        if row.state == "open" and row.asked.digest == to.digest and _content(row.asked) == content
    ]


def _content(asked: UserAsked) -> UserAsked:
    """Return a question without who asks, and until when."""
    return replace(
        asked,
        question=QuestionId(""),
        name=QuestionName(""),
        task=None,
        agent=None,
        ask=None,
        due=None,
        regards=None,
    )
