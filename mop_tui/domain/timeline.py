"""What agents and tasks did and waited for, piece by piece, and what is expected of them.

The past comes from what rows remember of themselves (`history`), and what is ahead from playing the
rest of the work through (`eta`). What neither knows is unknown here, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from itertools import islice
from operator import attrgetter
from typing import assert_never

from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.eta import Estimate
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.rows import Agent, Question, Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TERMINAL, TaskState


class Phase(StrEnum):
    """What an agent or a task does for a while, or why it does nothing."""

    PENDING = "pending"
    """Something is missing that a task needs."""
    QUEUED = "queued"
    """Everything is there, and nobody has the task yet."""
    RESTING = "resting"
    """It failed, and is not tried again yet."""
    STARTING = "starting"
    """It is in somebody's hands who has not begun; an agent prepares itself."""
    WORKING = "working"
    ILL = "ill"
    """An agent works, but not as it should."""
    REVIEWING = "in review"
    ASKING = "waiting for you"
    KEY = "waiting for a key"
    LOCK = "waiting for a lock"
    PAUSED = "paused"
    """By the operator, or by a trigger."""
    IDLE = "idle"
    """An agent is there and has nothing to do."""
    OVER = "over"
    """Nothing more is expected."""
    FORGOTTEN = "not kept"
    """It was so long ago that nobody knows any more."""


@immutable
class Piece:
    """One agent or task in one phase, from one session time to another (ms)."""

    begin: int
    end: int
    phase: Phase
    state: AgentState | TaskState | None
    """In which state it was; None if that is not known."""
    task: TaskId | None = None
    """What an agent had in hand."""
    agent: AgentId | None = None
    """In whose hands a task was."""


@immutable
class Ahead:
    """A task as it would be done, as far as is known now."""

    task: TaskId
    agent: AgentId | None
    begin: int
    end: int


Span = tuple[int, int | None]
"""From one session time to another, or to now."""

_AGENT_PHASES: Mapping[AgentState, Phase] = {
    AgentState.SPAWNING: Phase.STARTING,
    AgentState.INITIALIZING: Phase.STARTING,
    AgentState.AVAILABLE: Phase.IDLE,
    AgentState.ASSIGNED: Phase.STARTING,
    AgentState.ACTIVE: Phase.WORKING,
    AgentState.PAUSED: Phase.PAUSED,
    AgentState.DEGRADED: Phase.ILL,
    AgentState.UNHEALTHY: Phase.ILL,
    AgentState.COMPLETE: Phase.OVER,
    AgentState.FAILED: Phase.OVER,
}
_TASK_PHASES: Mapping[TaskState, Phase] = {
    TaskState.PENDING: Phase.PENDING,
    TaskState.READY: Phase.QUEUED,
    TaskState.ASSIGNED: Phase.STARTING,
    TaskState.ACTIVE: Phase.WORKING,
    TaskState.REVIEWING: Phase.REVIEWING,
    TaskState.COMPLETE: Phase.OVER,
    TaskState.FAILED: Phase.OVER,
    TaskState.CANCELLED: Phase.OVER,
}


def agent_pieces(agent: Agent, until: int, tasks: Iterable[Task] = ()) -> tuple[Piece, ...]:
    """Return what an agent did from its creation until session time `until`, without gaps.

    Pieces follow one another, and none is empty. What the agent does not remember itself any more
    is filled in from those of `tasks` that it had in hand.
    """
    stays = agent.history or ((agent.since, agent.state, agent.task, agent.paused_by),)
    pieces = list(_from_tasks(agent, stays[0][0], tasks))
    for place, (at, state, task, by) in enumerate(stays):
        end = stays[place + 1][0] if place + 1 < len(stays) else until
        phase = _paused(by) if state is AgentState.PAUSED else _AGENT_PHASES[state]
        pieces.append(Piece(at, end, phase, state, task))
    return _joined(pieces)


def _from_tasks(agent: Agent, known: int, tasks: Iterable[Task]) -> Iterator[Piece]:
    """Yield what an agent did until session time `known`, as far as tasks remember it."""
    at = agent.created_at
    if at < known:
        had = [
            replace(piece, task=task.spec.id, agent=None)
            for task in tasks
            for piece in task_pieces(task, (), known)
            if piece.agent == agent.spec.id and piece.state in HELD_BY_AGENT
        ]
        for piece in sorted(had, key=attrgetter("begin")):
            if piece.begin >= at and piece.end <= known:
                yield _forgotten(at, piece.begin)
                yield piece
                at = piece.end
    yield _forgotten(at, known)


def task_pieces(task: Task, asked: Iterable[Span], until: int) -> tuple[Piece, ...]:
    """Return what became of a task from its creation until session time `until`, without gaps.

    `asked` says when a question held it, oldest first. Pieces follow one another, and none is
    empty.
    """
    stays = task.history or ((task.since, task.state, task.agent, None),)
    pieces = [_forgotten(task.created_at, stays[0][0])]
    for place, (at, state, agent, hold) in enumerate(stays):
        end = stays[place + 1][0] if place + 1 < len(stays) else until
        match hold:
            case "rest" if state is TaskState.READY:
                phase = Phase.RESTING
            case PausedBy() if state in HELD_BY_AGENT:
                phase = _paused(hold)
            case _:
                phase = _TASK_PHASES[state]
        piece = Piece(at, end, phase, state, agent=agent)
        pieces += _with_questions(piece, asked) if phase is Phase.QUEUED else [piece]
    return _joined(pieces)


def _paused(by: PausedBy | None) -> Phase:
    match by:
        case PausedBy.QUESTION:
            return Phase.ASKING
        case PausedBy.DEPENDENCY:
            return Phase.KEY
        case PausedBy.LOCK:
            return Phase.LOCK
        case PausedBy.OPERATOR | PausedBy.STRATEGY | None:
            return Phase.PAUSED
        case _:
            assert_never(by)


def _forgotten(created: int, known: int) -> Piece:
    return Piece(created, known, Phase.FORGOTTEN, None)


def _with_questions(piece: Piece, asked: Iterable[Span]) -> Iterator[Piece]:
    """Yield `piece`, cut up where a question held its task."""
    at = piece.begin
    for since, closed in asked:
        begin = max(at, since)
        end = piece.end if closed is None else min(closed, piece.end)
        if begin < end:
            yield Piece(at, begin, piece.phase, piece.state, agent=piece.agent)
            yield Piece(begin, end, Phase.ASKING, piece.state, agent=piece.agent)
            at = end
    yield Piece(at, piece.end, piece.phase, piece.state, agent=piece.agent)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return `pieces` without empty ones, and one piece for several that say the same."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece.begin >= piece.end:
            continue
        last = joined[-1] if joined else None
        if last is not None and _says(last) == _says(piece):
            joined[-1] = Piece(
                last.begin, piece.end, piece.phase, piece.state, piece.task, piece.agent
            )
        else:
            joined.append(piece)
    return tuple(joined)


def _says(piece: Piece) -> tuple[object, ...]:
    return piece.phase, piece.state, piece.task, piece.agent


def spent(pieces: Iterable[Piece]) -> dict[Phase, int]:
    """Return how many milliseconds pieces take, by their phase."""
    times: dict[Phase, int] = {}
    for piece in pieces:
        times[piece.phase] = times.get(piece.phase, 0) + piece.end - piece.begin
    return times


def asked_about(questions: Iterable[Question]) -> dict[TaskId, list[Span]]:
    """Return when questions held tasks that nobody had in hand yet, oldest first."""
    spans: dict[TaskId, list[Span]] = {}
    for question in questions:
        task = question.asked.task
        if task is not None and question.asked.agent is None:
            spans.setdefault(task, []).append((question.asked_at, question.closed_at))
    return spans


def first_begun(task: Task) -> int | None:
    """Return when a task was first given to an agent; None if it never was."""
    if not task.attempts:
        return None
    given = (at for at, state, _, _ in task.history if state is TaskState.ASSIGNED)
    return next(given, task.started_at)


# -- what is ahead, and what decides upon the end ---------------------------------------------


@immutable
class Prospect:
    """What is expected of the tasks that are not done, and which tasks decide upon the end."""

    ahead: Mapping[TaskId, Ahead] = field(default_factory=dict)
    """How unfinished tasks would go on, as far as that is known."""
    of: Mapping[AgentId, tuple[Ahead, ...]] = field(default_factory=dict)
    """The same by who would do them, in the order of their beginning."""
    path: tuple[TaskId, ...] = ()
    """The critical path: each task could begin only when the one before it was done, and the last
    ends last. Empty if it is unknown, or there is none."""
    unknown: str = ""
    """Why it is unknown."""

    @property
    def end(self) -> int | None:
        """When the last of what is ahead would be done; None where nothing is known to be."""
        return max((it.end for it in self.ahead.values()), default=None)


def prospect(snapshot: Snapshot, estimate: Estimate | None) -> Prospect:
    """Return what is expected of the work that is left, and what decides upon its end.

    The path is followed backwards from what ends last: before each task stands what ended last of
    all that it had to wait for: what it needs, what its agent had in hand, and where a limit or a
    lock was in the way, what ended at the moment at which it could begin.
    """
    ahead: dict[TaskId, Ahead] = {}
    of: dict[AgentId, list[Ahead]] = {}
    if estimate is not None:
        for name, end in estimate.ends.items():
            task = snapshot.tasks.get(name)
            if task is None or task.state in TERMINAL:
                continue
            agent = estimate.takers.get(name)
            begin = estimate.begins.get(name, estimate.at)
            ahead[name] = Ahead(name, agent, begin, max(begin, end))
            if agent is not None:
                of.setdefault(agent, []).append(ahead[name])
    in_turn = {agent: tuple(sorted(them, key=attrgetter("begin"))) for agent, them in of.items()}
    unfinished = any(task.state not in TERMINAL for task in snapshot.tasks.values())
    if snapshot.status != "ended" and unfinished and (estimate is None or estimate.end is None):
        why = "the session does not run" if estimate is None else estimate.why
        return Prospect(ahead, in_turn, unknown=why)
    return Prospect(ahead, in_turn, path=_Course(snapshot, ahead, in_turn).path())


class _Course:
    """When tasks began and ended, or would, and what each had to wait for last."""

    def __init__(
        self,
        snapshot: Snapshot,
        ahead: Mapping[TaskId, Ahead],
        of: Mapping[AgentId, Sequence[Ahead]],
    ) -> None:
        self._snapshot = snapshot
        self._ahead = ahead
        self._of = of
        self._ends: dict[TaskId, int] = {}
        self._ended_at: dict[int, TaskId] = {}
        """Which task, of several the first, ended at a moment."""
        self._providers: dict[MemoryKey, list[TaskId]] = {}
        for name, task in snapshot.tasks.items():
            end = self._end_of(name, task)
            if end is not None:
                self._ends[name] = end
                self._ended_at.setdefault(end, name)
            for key in task.spec.provides:
                self._providers.setdefault(key, []).append(name)

    def _end_of(self, name: TaskId, task: Task) -> int | None:
        if task.state in TERMINAL:
            return None if task.state is TaskState.CANCELLED else task.ended_at
        it = self._ahead.get(name)
        return None if it is None else it.end

    def path(self) -> tuple[TaskId, ...]:
        """Return the critical path, first task first."""
        here = max(self._ends, key=self._ends.__getitem__, default=None)
        path: dict[TaskId, None] = {}
        while here is not None and here not in path:
            path[here] = None
            here = self._before(here)
        return tuple(path)[::-1]

    def _begin(self, name: TaskId) -> int | None:
        begun = first_begun(self._snapshot.tasks[name])
        if begun is not None:
            return begun
        it = self._ahead.get(name)
        return None if it is None else it.begin

    def _before(self, name: TaskId) -> TaskId | None:
        """Return what a task had to wait for last; None if for no other task."""
        begin = self._begin(name)
        if begin is None:
            return None
        last: TaskId | None = None
        for other in (*self._needs(name), *self._in_hand_before(name, begin)):
            end = self._ends.get(other)
            if end is not None and end <= begin and (last is None or end > self._ends[last]):
                last = other
        if last is not None and self._ends[last] == begin:
            return last
        waited = begin > (0 if last is None else self._ends[last]) and self._was_queued(name)
        freed = self._ended_at.get(begin) if waited else None
        return last if freed is None or freed == name else freed

    def _was_queued(self, name: TaskId) -> bool:
        """Return whether nobody took a task at once, or would, when all that it needs was there."""
        task = self._snapshot.tasks[name]
        stays = task.history
        for place, (at, state, _, hold) in enumerate(stays[:-1]):
            after = stays[place + 1]
            if state is TaskState.READY and hold is None and after[1] is TaskState.ASSIGNED:
                return after[0] > at
        return not task.attempts

    def _needs(self, name: TaskId) -> Iterator[TaskId]:
        spec = self._snapshot.tasks[name].spec
        yield from spec.needs_tasks
        for key in spec.needs_keys:
            known = [it for it in self._providers.get(key, ()) if it in self._ends]
            first = min(known, key=self._ends.__getitem__, default=None)
            if first is not None:
                yield first

    def _in_hand_before(self, name: TaskId, begin: int) -> Iterator[TaskId]:
        """Yield what the agent of a task had in hand, or would have, before it."""
        it = self._ahead.get(name)
        who = self._snapshot.tasks[name].agent or (None if it is None else it.agent)
        if who is None:
            return
        agent = self._snapshot.agents.get(who)
        if agent is not None:
            had = (task for at, _, task, _ in reversed(agent.history) if at < begin)
            earlier = (task for task in had if task is not None and task != name)
            yield from islice(earlier, 1)
        for other in self._of.get(who, ()):
            if other.task != name and other.end <= begin:
                yield other.task
