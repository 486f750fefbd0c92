"""Answers that the operator has remembered: for one agent, one class of questions, and a while.

Only what an agent asks by itself, under a class of its own words, is answered so; a gate is asked
each time. What is dangerous is a person's to answer, and a password is kept nowhere. To deny beats
what is remembered: a rejection of the same scope ends it, and while a rejection is remembered, no
approval of that scope is.
"""

from collections.abc import Iterable

from mop_tui.domain.answers import objection
from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import AgentId, QuestionId
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Session, Snapshot

LONGEST = 86_400_000
"""Milliseconds for which an answer is remembered at most."""

Scope = tuple[AgentId, str]
"""Whose questions, and of which class."""


def scope_of(asked: UserAsked) -> Scope | None:
    """Return the scope within which an answer may be remembered; None if it may not be."""
    return None if unfit(asked) or asked.agent is None else (asked.agent, asked.class_name)


def unfit(asked: UserAsked) -> str:
    """Return why the answer to a question cannot be remembered; empty if it can."""
    if asked.agent is None:
        return "only what an agent asks by itself can be; this is asked each time"
    if asked.dangerous:
        return "it is dangerous, which a person answers each time"
    if asked.secret:
        return "it is a password, which is kept nowhere"
    if not asked.class_name:
        return "the agent does not say of which class it is"
    return ""


def refusal(session: Session | Snapshot, asked: UserAsked, value: str, ms: int) -> str:
    """Return why an answer cannot be remembered for so long; empty if it can."""
    why = unfit(asked)
    if why:
        return why
    if not 0 < ms <= LONGEST:
        return "it can be for a day at most"
    denied = next((row for row in _of_scope(session, asked) if row.rejected), None)
    if denied is not None and asked.question_type == "approval" and value != "reject":
        return f"a rejection ({denied.id}) is remembered, which beats it; have that forgotten first"
    return ""


def answer_for(session: Session, asked: UserAsked) -> Question | None:
    """Return the question whose answer is remembered for what is `asked` now, if there is one."""
    found = [
        row
        for row in _of_scope(session, asked)
        if (row.asked.question_type, row.asked.input_type)
        == (asked.question_type, asked.input_type)
        and not objection(
            row.value,
            asked.question_type,
            options=asked.options,
            input_type=asked.input_type,
            validation=asked.validation,
        )
    ]
    return next((row for row in found if row.rejected), found[-1] if found else None)


def remembered(session: Session | Snapshot, at: int) -> list[Question]:
    """Return the questions whose answers are remembered at session time `at`, oldest first."""
    return [row for row in session.questions.values() if row.is_remembered(at)]


def note(session: Session, question: Question, remember_ms: int) -> list[Question]:
    """Have a question that a person has just answered be remembered, or its scope forget.

    Returns the questions that this changed. A question that cannot be remembered is not.
    """
    asked, changed = question.asked, list[Question]()
    scope = scope_of(asked)
    if scope is None:
        return changed
    there = session.remembered.get(scope, ())
    kept: list[QuestionId] = []
    memorable = remember_ms and not refusal(session, asked, question.value, remember_ms)
    for key in there:
        row = session.questions[key]
        same = (row.asked.question_type, row.asked.input_type) == (
            asked.question_type,
            asked.input_type,
        )
        if (question.rejected and not row.rejected) or (same and memorable):
            row.remembered_until = None
            changed.append(row)
        elif row.is_remembered(session.at):
            kept.append(key)
    if memorable:
        question.remembered_until = session.at + remember_ms
        changed.append(question)
        kept.append(question.id)
    session.remembered[scope] = tuple(kept)
    return changed


def forget(session: Session, key: QuestionId) -> Question | None:
    """Have the answer to a question be remembered no longer. Returns the question, if it was."""
    row = session.questions.get(key)
    scope = None if row is None else scope_of(row.asked)
    if row is None or scope is None or row.remembered_until is None:
        return None
    row.remembered_until = None
    session.remembered[scope] = tuple(q for q in session.remembered[scope] if q != key)
    return row


def _of_scope(session: Session | Snapshot, asked: UserAsked) -> Iterable[Question]:
    """Yield the questions whose answers are remembered for the scope of what is `asked`."""
    scope = scope_of(asked)
    if scope is None:
        return ()
    if isinstance(session, Snapshot):
        rows = [row for row in session.questions.values() if scope_of(row.asked) == scope]
    else:
        rows = [session.questions[key] for key in session.remembered.get(scope, ())]
    return [row for row in rows if row.is_remembered(session.at)]
