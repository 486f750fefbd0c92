"""How questions are put into words: who asks, what is wanted, and what becomes of them.

Nothing here ever says what a secret is, nor what it might default to.
"""

from collections.abc import Sequence
from typing import Literal

from mop_tui.dashboard.line import ELLIPSIS
from mop_tui.dashboard.times import timecode
from mop_tui.domain.actions import Concern
from mop_tui.domain.answers import Validation
from mop_tui.domain.events import UserAsked
from mop_tui.domain.rows import Question
from mop_tui.domain.sentences import consequence
from mop_tui.domain.session import Snapshot
from mop_tui.domain.strategies import MATTER
from mop_tui.domain.wording import listed, printable

_QUOTED = 60
"""How much of an answer is told in a notice."""


def who_asks(snapshot: Snapshot, asked: UserAsked) -> str:
    """Return who asks and what waits for the answer; empty if nobody and nothing does."""
    task = None if asked.task is None else snapshot.tasks.get(asked.task)
    title = printable(task.spec.title) if task is not None else ""
    if asked.agent is not None:
        work = f", at work on {asked.task}: {title}" if task is not None else ""
        return f"Agent {asked.agent} asks{work}"
    if asked.about is not None:
        return _concern(asked.about)
    by = (
        f"Trigger {asked.trigger} {'proposes' if asked.proposal else 'asks'}"
        if asked.trigger
        else ""
    )
    return f"It holds {asked.task}: {title}" if task is not None else by


def _concern(about: Concern) -> str:
    whom = f" of {about.agent}" if about.agent is not None else ""
    work = f", at work on {about.task}" if about.task is not None else ""
    if about.matter == MATTER:
        return "A strategy is proposed, about how the swarm works"
    return f"Supervision asks, about the {about.matter}{whom}{work}"


def earlier(snapshot: Snapshot, question: Question) -> str:
    """Return what became of the same question when it was asked before; empty if it was not.

    An agent that is started again asks again, and so does a gate whose secret was lost.
    """
    asked = question.asked
    before = [
        row
        for row in snapshot.questions.values()
        if row.seq < question.seq
        and (row.asked.name, row.asked.task, row.asked.agent, row.asked.about)
        == (asked.name, asked.task, asked.agent, asked.about)
    ]
    if not before:
        return ""
    times = "once" if len(before) == 1 else f"{len(before)} times"
    return f"Asked {times} before: {became(before[-1], before[-1].by)}"


def fate(asked: UserAsked) -> str:
    """Return what happens if nobody answers in time."""
    if asked.default is not None:
        if asked.secret:
            return "its default counts"
        return consequence("default", _quoted(asked, asked.default))
    if asked.fallback is not None:
        return consequence("fallback", _quoted(asked, asked.fallback))
    if asked.required:
        return consequence("escalated")
    if asked.agent is not None:
        return f"{asked.agent} is told so"
    return consequence("cancelled") if asked.task is not None else "it is closed"


def deadline(question: Question, left_ms: int | None) -> str:
    """Return how long a question waits and what happens then; empty if it waits for ever."""
    if question.escalated:
        return f"Its time is up; {consequence('escalated')}."
    if left_ms is None:
        return ""
    return f"{timecode(left_ms)} left. If nobody answers, {fate(question.asked)}."


def askers(questions: Sequence[Question]) -> str:
    """Return in words who asks several questions, or what waits for their answers."""
    names = [row.asked.agent or row.asked.task or row.asked.trigger or row.id for row in questions]
    return printable(listed([*dict.fromkeys(map(str, names))]))


def kind_of(asked: UserAsked) -> str:
    """Return how a question is answered, in a word."""
    return asked.input_type if asked.question_type == "input" else asked.question_type


def became(question: Question, by: str) -> str:
    """Return what became of a question. `by` is who answered."""
    match question.state:
        case "answered":
            before = f", as {question.as_before} was" if question.as_before is not None else ""
            return f"{question.id} was {answer_of(question)} by {by}{before}"
        case "expired":
            return f"nobody answered {question.id} in time{_expired(question)}"
        case "withdrawn":
            return f"{question.id} needs no answer any more: {question.reason}"
        case "open":
            return f"the session has ended, and {question.id} stays without an answer"


def answer_of(question: Question) -> str:
    """Return what the answer to a question was, as far as it may be told."""
    asked = question.asked
    if asked.question_type == "approval":
        return "approved" if question.value == "approve" else "rejected"
    return "answered" if asked.secret else f"answered with {_quoted(asked, question.value)}"


def _expired(question: Question) -> str:
    asked = question.asked
    if not question.value and not (asked.secret and asked.default is not None):
        return "" if asked.task is None or asked.agent is not None else ": cancelled"
    how: Literal["default", "fallback"] = "default"
    if asked.fallback == question.value and asked.default != question.value:
        how = "fallback"
    if asked.question_type == "approval":
        return f": rejected by {how}"
    return f": {consequence(how, _quoted(asked, question.value))}"


def _quoted(asked: UserAsked, value: str) -> str:
    """Return an answer as the operator knows it: an option by its title."""
    titles = {option.value: option.title for option in asked.options}
    said = printable(titles.get(value, value))
    return said if len(said) <= _QUOTED else said[: _QUOTED - 1] + ELLIPSIS


def wanted(asked: UserAsked) -> str:
    """Return what an input has to be like, as far as that is declared."""
    names: dict[str, str] = {"text": "A text", "number": "A number", "password": "A password"}
    rules = asked.validation
    parts = [_range(rules), _length(rules)] if asked.input_type == "number" else [_length(rules)]
    if rules.require_digit and asked.input_type != "number":
        parts.append("with a digit")
    if rules.require_special:
        parts.append("with a special character")
    if rules.pattern is not None:
        parts.append(f"that matches {printable(rules.pattern)}")
    return ", ".join([names[asked.input_type], *filter(None, parts)]) + "."


def _range(rules: Validation) -> str:
    return _bounds(rules.minimum, rules.maximum, "")


def _length(rules: Validation) -> str:
    least = rules.min_length if rules.min_length not in (0, 1) else None
    return _bounds(least, rules.max_length, " characters")


def _bounds(least: float | None, most: float | None, unit: Literal["", " characters"]) -> str:
    if least is not None and most is not None:
        return f"{least:g} to {most:g}{unit}"
    if least is not None:
        return f"at least {least:g}{unit}"
    return f"at most {most:g}{unit}" if most is not None else ""
