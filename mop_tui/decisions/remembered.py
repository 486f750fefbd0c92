"""Questions that are answered as the operator has answered one like it, and had it remembered."""

from collections.abc import Iterator
from functools import partial

from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.domain.actions import AnswerAsBefore
from mop_tui.domain.events import AnyEvent, SystemDecided, UserAsked
from mop_tui.domain.plan import Plan
from mop_tui.domain.remembering import answer_for
from mop_tui.domain.session import Session
from mop_tui.domain.wording import lasting


def answer_as_before(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Answer what an agent asks by what is remembered for it and the class of its question.

    That comes after all that follows from its asking: the agent is to wait before it goes on.
    """
    data: UserAsked = event.data
    if answer_for(session, data) is not None:
        yield Later(partial(_answered, session, data))


def _answered(session: Session, asked: UserAsked) -> SystemDecided | None:
    before = answer_for(session, asked)
    if asked.question not in session.open_questions or before is None:
        return None
    left = lasting((before.remembered_until or 0) - session.at)
    said = f"{before.by} answered {before.id} so, which is remembered for"
    return SystemDecided(
        "answer_as_before",
        "yes",
        f"{said} {asked.agent} and {asked.class_name} for another {left}",
        (AnswerAsBefore(asked.question, before.id),),
        asked.agent,
        asked.task,
    )


RULES = (Rule("answer_as_before", (UserAsked.KIND,), answer_as_before),)
