"""What a row or a dialog is about, and which question that waits for."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from mop_tui.dashboard.frame import Frame
from mop_tui.domain.rows import Question
from mop_tui.domain.subject import Subject

__all__ = ["HasSubject", "Subject", "nearest_questions"]


@runtime_checkable
class HasSubject(Protocol):
    """A widget in which something is selected that keys are about."""

    @property
    def subject_here(self) -> Subject | None:
        """What that is, if anything can be told of it."""


def nearest_questions(frame: Frame, subject: Subject | None) -> Sequence[Question]:
    """Return the open questions, oldest first, but before all the one that `subject` waits for."""
    questions = frame.snapshot.open_questions
    own = _question_of(frame, subject) if subject is not None else None
    if own is None:
        return questions
    return [own, *(question for question in questions if question.id != own.id)]


def _question_of(frame: Frame, subject: Subject) -> Question | None:
    if subject.question is not None:
        question = frame.snapshot.questions.get(subject.question)
        return question if question is not None and question.state == "open" else None
    if subject.trigger is not None:
        asked = frame.snapshot.open_questions
        return next((row for row in asked if row.asked.trigger == subject.trigger), None)
    if subject.agent is not None:
        agent = frame.snapshot.agents.get(subject.agent)
        return None if agent is None else frame.view.asking(agent)
    task = frame.snapshot.tasks.get(subject.task) if subject.task is not None else None
    return None if task is None else frame.view.question_of(task)
