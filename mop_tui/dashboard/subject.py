"""What a row or a dialog is about, if that is an agent or a task."""

from collections.abc import Sequence
from dataclasses import dataclass

from mop_tui.dashboard.frame import Frame
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.session import Question


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent or a task."""

    agent: AgentId | None = None
    task: TaskId | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.agent or self.task or ""


def nearest_questions(frame: Frame, subject: Subject | None) -> Sequence[Question]:
    """Return the open questions, oldest first, but before all the one that `subject` waits for."""
    questions = frame.snapshot.open_questions
    own = _question_of(frame, subject) if subject is not None else None
    if own is None:
        return questions
    return [own, *(question for question in questions if question.id != own.id)]


def _question_of(frame: Frame, subject: Subject) -> Question | None:
    if subject.agent is not None:
        agent = frame.snapshot.agents.get(subject.agent)
        return None if agent is None else frame.view.asking(agent)
    task = frame.snapshot.tasks.get(subject.task) if subject.task is not None else None
    return None if task is None else frame.view.question_of(task)
