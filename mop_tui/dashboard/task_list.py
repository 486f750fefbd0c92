"""The pane of tasks: what nobody has yet comes first, with what it waits for."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import ClassVar, assert_never

from textual.binding import BindingType

from mop_tui.dashboard.details import Details, task_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, cell, clip
from mop_tui.dashboard.retries import trying_again
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import TASK_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import age, lasted
from mop_tui.domain.ids import TaskId
from mop_tui.domain.session import Task
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.waiting import waiting_for
from mop_tui.domain.wording import printable

_STATE = max(len(state.value) for state in TaskState)


class TaskList(Rows):
    """All tasks, those first that stand still: waiting for you, failed, ready, pending."""

    WEIGHT = 3
    BINDINGS: ClassVar[list[BindingType]] = [*TASK_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.entitle("Tasks")
        self._frame: Frame | None = None
        self._order: list[TaskId] = []
        self._places: dict[Hashable, int] = {}
        self._name_width = 0

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        same = self._frame is not None and self._frame.view is frame.view
        self._frame = frame
        if not same:
            tasks = frame.snapshot.tasks
            order = sorted(tasks, key=lambda task: _urgency(frame, tasks[task]))
            if order != self._order:
                self._order = order
                self._places = {task: index for index, task in enumerate(order)}
                self._name_width = max((len(task) for task in order), default=0)
            self.entitle(_title(frame))
        self.rows_changed()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._order)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "No task has been planned yet."

    def key(self, index: int) -> TaskId:
        """Return the task of a row."""
        return self._order[index]

    def find(self, key: Hashable) -> int | None:
        """Return where a task stands."""
        return self._places.get(key)

    def about(self, index: int) -> Callable[[Frame], Details]:
        """Return what tells all about a task."""
        return partial(task_details, task_id=self._order[index])

    def subject(self, index: int) -> Subject:
        """Return the task of a row."""
        return Subject(task=self._order[index])

    def line(self, index: int, width: int) -> Line:
        """Return what is to be said of a task."""
        frame = self._frame
        if frame is None:
            return ()
        task = frame.snapshot.tasks[self._order[index]]
        look = frame.view.task_look(task)
        note, ink = _note(frame, task)
        name_width = min(self._name_width, 16 if width < 60 else 24)
        name = cell(task.spec.id, name_width, "strong" if task.state not in TERMINAL else "plain")
        line: Line = ((f"{look.sign} ", look.ink), name, (" ", "plain"))
        if width < 56:
            waits = task.state in (TaskState.PENDING, TaskState.READY)
            state: Line = () if waits and note else (cell(look.word, _STATE, look.ink),)
            return clip((*line, *state, (" " if state else "", "plain"), (note, ink)), width)
        line += (
            cell(look.word, _STATE, look.ink),
            cell(_time(frame, task), 7, "dim", "right"),
            ("  ", "plain"),
        )
        if width >= 90:
            title = printable(task.spec.title)
            line += (cell(title, min(32, width // 4), "plain"), ("  ", "plain"))
            note = task.agent or "" if note.endswith(title) else note
        return clip((*line, (note, ink)), width)


def _urgency(frame: Frame, task: Task) -> int:
    if frame.view.question_of(task) is not None:
        return 0
    match task.state:
        case TaskState.FAILED:
            return 1
        case TaskState.READY:
            return 2
        case TaskState.PENDING:
            return 3
        case TaskState.REVIEWING:
            return 4
        case TaskState.ASSIGNED | TaskState.ACTIVE:
            return 5
        case TaskState.CANCELLED:
            return 6
        case TaskState.COMPLETE:
            return 7
        case _:
            assert_never(task.state)


def _title(frame: Frame) -> str:
    counts = frame.snapshot.task_counts
    unassigned = counts.get(TaskState.PENDING, 0) + counts.get(TaskState.READY, 0)
    return f"Tasks  {unassigned} with nobody yet" if unassigned else "Tasks"


def _time(frame: Frame, task: Task) -> str:
    """Return how long a task has been in its state; for one that ended, how long it took."""
    if task.state in TERMINAL:
        took = task.started_at is not None and task.ended_at is not None
        return lasted((task.ended_at or 0) - (task.started_at or 0)) if took else ""
    return age(frame.elapsed - task.since)


def _note(frame: Frame, task: Task) -> tuple[str, Ink]:
    question = frame.view.question_of(task)
    if question is not None:
        return printable(f"waits for your answer to: {question.asked.text}"), "you"
    if task.resting:
        return trying_again(task, frame.elapsed), "warn"
    if task.state in (TaskState.FAILED, TaskState.CANCELLED):
        return printable(task.reason), "plain"
    if task.state is TaskState.COMPLETE:
        return printable(task.output or task.spec.title), "dim"
    waits = waiting_for(frame.snapshot, task)
    if waits:
        return waits, "plain"
    return printable(f"{task.agent}: {task.spec.title}" if task.agent else task.spec.title), "dim"
