"""How far a session should be by now, if all went as planned.

The work that is left is played through with declared durations, as for the expected end (see
`eta`). What of it should be done at a later moment is then compared with what is. Nothing is
invented: of a task that does not say how long it takes, or for which nobody is there yet, nothing
is expected.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field

from mop_tui.domain import graph
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.eta import estimate
from mop_tui.domain.ids import TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import QuestionSpec
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState

MOST_ROWS = 2_000
"""Of more tasks and agents than this no plan is made: it would keep the screen waiting."""
LEAST = 0.05
"""Before this share of the work that is left should have been done, nothing is said."""
STEP = 0.1
"""Up to this share of a task counts as done that has not been told yet."""
_BY_THE_OPERATOR = (PausedBy.OPERATOR, PausedBy.QUESTION)


@immutable
class Expectation:
    """What was to be done of each task from one moment on, and until when."""

    since: int
    ends: Mapping[TaskId, int] = field(default_factory=dict)
    """When each unfinished task should be done."""
    before: Mapping[TaskId, float] = field(default_factory=dict)
    """How many milliseconds of its expected work had been done by `since`."""


@immutable
class Pace:
    """What of the work was done since the last plan, against what was to be."""

    done_ms: float
    """Milliseconds of expected work."""
    expected_ms: float
    since: int

    @property
    def percent(self) -> float:
        """How much of what was to be expected was done."""
        return 100 * self.done_ms / self.expected_ms


def expectation(session: Session, at: int) -> Expectation | None:
    """Return what is to be expected from now on; None if nobody can tell."""
    if len(session.tasks) + len(session.agents) > MOST_ROWS:
        return None
    snapshot = session.snapshot()
    course = estimate(snapshot, at)
    if course is None:
        return None
    tasks = snapshot.tasks
    ends = {
        name: end
        for name, end in course.ends.items()
        if tasks[name].spec.expected_ms and end > at  # what is late already says nothing new
    }
    return Expectation(at, ends, {name: _done(tasks[name], at) for name in ends})


def pace(session: Session, expected: Expectation, at: int) -> Pace | None:
    """Return how the work gets on; None if too little was to be done by now to say.

    What a person holds up, or a strategy holds back, and all that needs it, is left out.
    """
    held_up = _held_up(session, expected.ends)
    done = due = whole = 0.0
    for name, end in expected.ends.items():
        task = session.tasks[name]
        if name in held_up or task.state in (TaskState.FAILED, TaskState.CANCELLED):
            continue
        length = task.spec.expected_ms or 0
        left = length - expected.before[name]
        whole += left
        due += min(left, max(0.0, left - (end - at)))
        done += _done(task, at) - expected.before[name]
    if not whole or due < LEAST * whole or at <= expected.since:
        return None
    return Pace(max(0.0, done), due, expected.since)


def _done(task: Task, at: int) -> float:
    """Return how many milliseconds of its expected work are done of a task.

    Of one that does not tell, it counts as much as it was worked on; of one that does, what was
    worked since it told last, as far as it tells in steps of that size.
    """
    length = task.spec.expected_ms or 0
    if task.state is TaskState.COMPLETE:
        return length
    if task.state is not TaskState.ACTIVE:
        return length * (task.progress or 0) / 100
    if task.progress is None:
        return min(length, task.worked(at))
    since = min(task.worked(at) - task.told_after, length * STEP)
    return min(length, length * task.progress / 100 + since)


def _held_up(session: Session, tasks: Iterable[TaskId]) -> Collection[TaskId]:
    """Return the tasks for which somebody has to decide first, or whose agents strategies paused,
    and those that need them."""
    held: dict[TaskId, None] = {}
    held_back = {agent.task for agent in session.held_back()}
    for name in tasks:
        task = session.tasks[name]
        agent = session.agents.get(task.agent) if task.agent is not None else None
        asks = agent is not None and (
            agent.paused_by in _BY_THE_OPERATOR
            or any(isinstance(what, QuestionSpec) for what in agent.waits.values())
        )
        waits = agent is not None and agent.task == name and asks
        if task.question is not None or waits or name in held_back:
            held[name] = None
    if held:
        needing = session.dependants_by_any_need()
        for name in list(held):
            held.update(dict.fromkeys(graph.descendants(name, needing)))
    return held
