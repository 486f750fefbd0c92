"""The pane of tasks: what nobody has yet comes first, with what it waits for."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from typing import ClassVar, assert_never

from textual.binding import Binding, BindingType

from mop_tui.dashboard.details import Details, task_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, bar, cell, clip, spread
from mop_tui.dashboard.looks import UNKNOWN, task_look
from mop_tui.dashboard.retries import trying_again
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import TASK_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.swarm_view import Wave, percent_done
from mop_tui.dashboard.times import age, lasted
from mop_tui.domain.ids import TaskId
from mop_tui.domain.rows import Task
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.waiting import waiting_for
from mop_tui.domain.wording import listed, printable

_STATE = max(len(state.value) for state in TaskState)


class TaskList(Rows):
    """All tasks, those first that stand still: waiting for you, failed, ready, pending.

    By waves, they stand below those that they need.
    """

    WEIGHT = 3
    VIEWING: ClassVar[list[BindingType]] = [
        Binding("v", "waves", "Group tasks by waves, each after what it needs", show=False),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*VIEWING, *TASK_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.entitle("Tasks")
        self._frame: Frame | None = None
        self._by_waves = False
        self._order: list[TaskId | Wave] = []
        self._places: dict[Hashable, int] = {}
        self._name_width = 0

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        before = None if self._frame is None else self._frame.snapshot
        now = frame.snapshot
        same = before is not None and (
            before.tasks is now.tasks and before.questions is now.questions
        )
        self._frame = frame
        if not same:
            self._arrange(frame)
        yield from self.rows_changing()

    def _arrange(self, frame: Frame) -> None:
        """List the rows there are."""
        tasks = frame.snapshot.tasks
        order: list[TaskId | Wave] = []
        if self._by_waves:
            for wave in frame.view.waves:
                order += [wave, *by_urgency(frame, wave.tasks)]
        else:
            order += by_urgency(frame, tasks)
        if order != self._order:
            self._order = order
            self._places = {_key(row): index for index, row in enumerate(order)}
            self._name_width = max(map(len, tasks), default=0)
        self.entitle(f"{_title(frame)}{'  by waves' if self._by_waves else ''}")

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._order)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "No task has been planned yet."

    def key(self, index: int) -> Hashable:
        """Return the task, or the number of the wave, of a row."""
        return _key(self._order[index])

    def find(self, key: Hashable) -> int | None:
        """Return where a task or a wave stands."""
        return self._places.get(key)

    def about(self, index: int) -> Callable[[Frame], Details] | None:
        """Return what tells all about a task."""
        row = self._order[index]
        return None if isinstance(row, Wave) else partial(task_details, task_id=row)

    def subject(self, index: int) -> Subject | None:
        """Return the task of a row."""
        row = self._order[index]
        return None if isinstance(row, Wave) else Subject(task=row)

    def action_waves(self) -> None:
        """Group by waves, or list by what stands still."""
        self._by_waves = not self._by_waves
        if self._frame is not None:
            self._arrange(self._frame)
            self.rows_changed()
            self.scroll_to_row(self.cursor)
            self.refresh()
            self.post_message(self.Moved())

    def line(self, index: int, width: int) -> Line:
        """Return what is to be said of a task."""
        frame = self._frame
        if frame is None:
            return ()
        row = self._order[index]
        if isinstance(row, Wave):
            return _wave_line(frame, row, width)
        task = frame.snapshot.tasks[row]
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
            beside = _after(task) if self._by_waves else title
            line += (cell(beside, min(32, width // 4), "plain"), ("  ", "plain"))
            note = task.agent or "" if note.endswith(title) and not self._by_waves else note
        return clip((*line, (note, ink)), width)


def _key(row: TaskId | Wave) -> Hashable:
    return row.number if isinstance(row, Wave) else row


def by_urgency(frame: Frame, names: Iterable[TaskId]) -> list[TaskId]:
    """Return tasks in the order of the list: those first that stand still."""
    tasks = frame.snapshot.tasks
    return sorted(names, key=lambda name: _urgency(frame, tasks[name]))


def _wave_line(frame: Frame, wave: Wave, width: int) -> Line:
    tasks = [frame.snapshot.tasks[name] for name in wave.tasks]
    title = f"Wave {wave.number}" if wave.number else "In a circle, or behind one"
    line: Line = (
        (title, "title"),
        (f"  {len(tasks)} task{'' if len(tasks) == 1 else 's'}", "dim"),
    )
    counts = Counter(task.state for task in tasks)
    for state in TaskState:
        if counts[state]:
            look = task_look(state)
            word = f" {state.lower()}" if width >= 90 else ""
            line += ((f"  {look.sign} {counts[state]}{word}", look.ink),)
    percent = percent_done(tasks)
    said = cell(UNKNOWN if percent is None else f"{percent:.0f}%", 5, "plain", "right")
    room = 10 if width >= 56 else 0
    return spread(line, (said, (" ", "plain"), *bar(percent, room, "good")), width)


def _after(task: Task) -> str:
    needs = [*task.spec.waits_for_tasks, *task.spec.needs_keys]
    return printable(f"after {listed(needs)}") if needs else "needs nothing"


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
