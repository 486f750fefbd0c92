"""The critical path of a session as it went: what its length came from.

It is followed backwards from the task that ended last. Each stretch of work had to wait for several
things, and began when the last of them was there; the path goes on with whoever brought that about.
What nobody who works brought about, such as an answer, is told as what a step waited for, and the
path goes on with what came before that.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter, itemgetter
from typing import NamedTuple

from mop_tui.domain import locks
from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.ids import AgentId, MemoryKey, Resource, TaskId
from mop_tui.domain.rows import Question, TaskStay
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TERMINAL, TaskState
from mop_tui.domain.wording import lasting
from mop_tui.report.notes import Notes, Provided, Wanted
from mop_tui.report.summary import Step, StepKind

LONGEST = 5_000
"""Steps that are followed back at most."""


class _Place(NamedTuple):
    """A task at a moment: the path goes on with what it did until then."""

    task: TaskId
    at: int


class _Wait(NamedTuple):
    """Something that a stretch of work had to wait for until `at`, and what that came from."""

    at: int
    kind: StepKind
    because: str
    after: _Place | None


_UNDER_WAY = HELD_BY_AGENT | {TaskState.REVIEWING}
_FIRST: tuple[StepKind, ...] = (
    "task",
    "key",
    "answer",
    "way",
    "lock",
    "agent",
    "place",
    "rest",
    "again",
    "spawned",
    "created",
    "pause",
    "start",
)
"""Of what ended at the same moment, the first of these counts."""


class Course:
    """Follows the path back through what was noted of a session."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._session = notes.session
        self._asked: dict[TaskId, list[Question]] = {}
        self._asked_by: dict[AgentId, list[Question]] = {}
        for question in self._session.questions.values():
            asked = question.asked
            if asked.agent is not None:
                self._asked_by.setdefault(asked.agent, []).append(question)
            elif asked.task is not None:
                self._asked.setdefault(asked.task, []).append(question)
        self._left: dict[int, TaskId] = {}
        """Which task, of several the first, left an agent's hands at a moment."""
        if self._session.max_agents is not None:
            for name, of in notes.tasks.items():
                held = False
                for at, state, _, _ in of.stays:
                    if held and state not in HELD_BY_AGENT:
                        self._left.setdefault(at, name)
                    held = state in HELD_BY_AGENT

    def path(self) -> tuple[Step, ...]:
        """Return the steps, in the order of time."""
        here = self._last()
        steps: list[Step] = []
        seen: set[_Place] = set()
        while here is not None and here not in seen and len(seen) < LONGEST:
            seen.add(here)
            begin, wait = self._before(here)
            if wait is None:
                break
            if wait.because:
                steps.append(Step(here.task, begin, here.at, wait.because, wait.kind))
            here = wait.after
        at, path = 0, list[Step]()
        for step in reversed(steps):
            path.append(replace(step, waited_ms=step.begin - at))
            at = step.end
        return tuple(path)

    def _last(self) -> _Place | None:
        ended = [
            _Place(name, row.ended_at)
            for name, row in self._session.tasks.items()
            if row.ended_at is not None and row.state in (TaskState.COMPLETE, TaskState.FAILED)
        ]
        # Of those that ended together, what was reviewed counts, and not its review.
        ours = [it for it in ended if self._session.tasks[it.task].spec.reviews is None]
        latest = max((it.at for it in ended), default=0)
        among = [it for it in ours if it.at == latest] or [it for it in ended if it.at == latest]
        return among[0] if among else None

    def _before(self, here: _Place) -> tuple[int, _Wait | None]:
        """Return when the last stretch of work of a task until a moment began, and after what."""
        stays = self._notes.tasks[here.task].stays
        place = bisect_left(stays, here.at, key=itemgetter(0)) - 1
        if place < 0 or stays[place][1] not in _UNDER_WAY:
            # What it did took no time.
            place = bisect_right(stays, here.at, key=itemgetter(0)) - 1
            while place >= 0 and stays[place][1] not in _UNDER_WAY:
                place -= 1
            if place < 0 or stays[place][0] < here.at:
                return here.at, self._latest(here.at, self._needed(*here))
        at, state, agent, hold = stays[place]
        if state is TaskState.REVIEWING:
            return at, self._reviewed(here, at)
        while place > 0 and state in HELD_BY_AGENT:
            if isinstance(hold, PausedBy):
                until = stays[place + 1][0] if place + 1 < len(stays) else here.at
                until = min(until, here.at)
                if until > at and agent is not None:
                    return until, self._paused(here.task, agent, hold, at, until)
            if state is TaskState.ASSIGNED:
                return at, self._begun(here.task, at, agent)
            place -= 1
            at, state, agent, hold = stays[place]
        # It ended without having been in anybody's hands.
        return here.at, self._latest(here.at, self._needed(here.task, here.at))

    def _reviewed(self, here: _Place, since: int) -> _Wait:
        """Return that a task waited for its review, which was handed in at `since`."""
        for name in self._notes.tasks[here.task].reviews:
            review = self._session.tasks[name]
            if review.ended_at is not None and since <= review.ended_at <= here.at:
                return _Wait(here.at, "again", "", _Place(name, review.ended_at))
        return _Wait(here.at, "again", "", _Place(here.task, since))

    def _paused(self, task: TaskId, agent: AgentId, by: PausedBy, since: int, until: int) -> _Wait:
        own = _Place(task, since)
        took = lasting(until - since)
        match by:
            case PausedBy.DEPENDENCY:
                key = MemoryKey(_wanted(self._notes.key_waits.get(agent, []), since))
                by_whom = self._provided(key, until)
                if by_whom is not None and by_whom.task not in (None, task):
                    return self._key(key, by_whom, until)
                return _Wait(until, "key", f"it waited {took} for {key or 'a key'}", own)
            case PausedBy.LOCK:
                what = _wanted(self._notes.lock_waits.get(agent, []), since)
                lock = self._lock(Resource(what), task, until) if what else None
                if lock is not None and lock.at >= since:
                    return lock
                return _Wait(until, "lock", f"it waited {took} for {what or 'a lock'}", own)
            case PausedBy.QUESTION:
                questions = self._asked_by.get(agent, [])
                place = bisect_right(questions, since, key=attrgetter("asked_at"))
                name = questions[place - 1].asked.name if place else "a question"
                return _Wait(until, "answer", f"the answer to {name}, which took {took}", own)
            case _:
                return _Wait(until, "pause", f"it was paused by {by.told} for {took}", own)

    # -- what a stretch of work waits for ---------------------------------------------------

    def _begun(self, task: TaskId, begin: int, agent: AgentId | None) -> _Wait:
        """Return what an attempt at a task that began had to wait for last."""
        waits = [
            *self._needed(task, begin),
            *self._answers(task, begin),
            *self._ways(task, begin),
            *self._locks(task, begin, agent),
        ]
        if agent is not None:
            waits.extend(self._hands(task, begin, agent))
        found = self._latest(begin, waits)
        if found.at < begin and begin in self._left and self._left[begin] != task:
            left = self._left[begin]
            return _Wait(begin, "place", f"{left} left a place free", _Place(left, begin))
        return found

    def _latest(self, begin: int, waits: list[_Wait]) -> _Wait:
        start = _Wait(0, "start", "nothing was in its way", None)
        known = [it for it in waits if it.at <= begin]
        return max((start, *known), key=lambda it: (it.at, -_FIRST.index(it.kind)))

    def _needed(self, task: TaskId, begin: int) -> list[_Wait]:
        """Return what a task itself had to wait for until a moment, whoever does it."""
        row, of = self._session.tasks[task], self._notes.tasks[task]
        waits = []
        for need in row.spec.needs_tasks:
            end = self._completed(need, begin)
            if end is not None:
                waits.append(_Wait(end, "task", f"{need} was complete", _Place(need, end)))
        for key in row.spec.needs_keys:
            by = self._provided(key, begin)
            if by is not None:
                waits.append(self._key(key, by, by.at))
        if row.created_at > 0:
            source = self._source(of.seq, task)
            kind: StepKind = "start" if source is None and row.created_at == 0 else "created"
            waits.append(_Wait(row.created_at, kind, "it was created then", source))
        waits.extend(self._earlier_attempt(task, of.stays, begin))
        return waits

    def _earlier_attempt(self, task: TaskId, stays: list[TaskStay], begin: int) -> Iterator[_Wait]:
        place = bisect_left(stays, begin, key=itemgetter(0)) - 1
        rested: int | None = None
        while place > 0:
            at, state, _, hold = stays[place]
            if hold == "rest" and rested is None:
                after = stays[place + 1][0] if place + 1 < len(stays) else begin
                rested = min(after, begin)
            if state in HELD_BY_AGENT or state is TaskState.REVIEWING:
                left = stays[place + 1][0] if place + 1 < len(stays) else at
                own = _Place(task, left)
                if rested is not None:
                    took = lasting(rested - left)
                    yield _Wait(rested, "rest", f"it rested {took} before it was retried", own)
                else:
                    yield _Wait(left, "again", "it was to be done again", own)
                return
            place -= 1

    def _completed(self, task: TaskId, by: int) -> int | None:
        """Return when a task was complete last, as it was at a moment."""
        of = self._notes.tasks.get(task)
        if of is None:
            return None
        for at, state, _, _ in reversed(of.stays):
            if at <= by and state is TaskState.COMPLETE:
                return at
        return None

    def _provided(self, key: MemoryKey, by: int) -> Provided | None:
        times = self._notes.provided.get(key, [])
        place = bisect_right(times, by, key=attrgetter("at"))
        return times[place - 1] if place else None

    def _key(self, key: MemoryKey, by: Provided, at: int) -> _Wait:
        if by.task is None or by.task not in self._notes.tasks:
            return _Wait(at, "key", f"{key} was set", self._source(by.seq, None))
        return _Wait(at, "key", f"{key} was set by {by.task}", _Place(by.task, by.at))

    def _answers(self, task: TaskId, begin: int) -> Iterator[_Wait]:
        for question in self._asked.get(task, ()):
            closed = question.closed_at
            if closed is not None and closed <= begin:
                before = self._latest(question.asked_at, self._needed(task, question.asked_at))
                took = lasting(closed - question.asked_at)
                because = f"the answer to {question.asked.name}, which took {took}"
                yield _Wait(closed, "answer", because, before.after)

    def _ways(self, task: TaskId, begin: int) -> Iterator[_Wait]:
        for since, first in self._notes.tasks[task].way:
            for at, state, _, _ in self._notes.tasks[first].stays:
                if since <= at <= begin and state in TERMINAL:
                    yield _Wait(at, "way", f"it gave way to {first}", _Place(first, at))
                    break

    def _locks(self, task: TaskId, begin: int, agent: AgentId | None) -> Iterator[_Wait]:
        if not self._notes.locked:
            return
        row = self._session.tasks[task]
        taker = self._session.agents.get(agent) if agent is not None else None
        for resource in locks.wanted(row.spec, None if taker is None else taker.spec):
            found = self._lock(resource, task, begin)
            if found is not None:
                yield found

    def _lock(self, resource: Resource, task: TaskId, by: int) -> _Wait | None:
        """Return which other task gave back last, by a moment, what may be the same."""
        latest: _Wait | None = None
        for other in self._session.alike.get(resource, [resource]):
            for lock in reversed(self._notes.locked.get(other, [])):
                if lock.end is None or lock.end > by or lock.task == task:
                    continue
                if latest is None or lock.end > latest.at:
                    because = f"{other} was given back by {lock.task}"
                    latest = _Wait(lock.end, "lock", because, _Place(lock.task, lock.end))
                break
        return latest

    def _hands(self, task: TaskId, begin: int, agent: AgentId) -> Iterator[_Wait]:
        """Yield since when the agent that took a task was free to."""
        of = self._notes.agents.get(agent)
        if of is None:
            return
        place = bisect_right(of.stays, begin, key=itemgetter(0)) - 1
        while place >= 0 and not (
            of.stays[place][1] is AgentState.AVAILABLE and of.stays[place][0] <= begin
        ):
            place -= 1
        if place < 0:
            return
        free = of.stays[place][0]
        for earlier in range(place - 1, -1, -1):
            had = of.stays[earlier][2]
            if had is not None:
                left = of.stays[earlier + 1][0]
                busy = f"{agent} was done with {had}"
                yield _Wait(free, "agent", busy, _Place(had, self._end_of(had, left)))
                return
        spawned = of.stays[0][0]
        source = self._source(of.seq, task)
        if spawned > 0:
            yield _Wait(free, "spawned", f"{agent} was spawned", source)

    def _end_of(self, task: TaskId, left: int) -> int:
        """Return when a task that an agent let go of at `left` was out of its hands."""
        stays = self._notes.tasks[task].stays
        for at, state, _, _ in reversed(stays):
            if at <= left and state not in HELD_BY_AGENT:
                return at
        return left

    def _source(self, seq: int, task: TaskId | None) -> _Place | None:
        """Return which other task, at which moment, something that happened came from."""
        for before in self._notes.led_to(seq):
            by = self._notes.by_task.get(before)
            if by is not None and by[1] != task:
                return _Place(by[1], by[0])
        return None


def _wanted(waits: list[Wanted], since: int) -> str:
    """Return what an agent asked for last by a moment; empty if for nothing."""
    place = bisect_right(waits, since, key=attrgetter("at"))
    return waits[place - 1].what if place else ""
