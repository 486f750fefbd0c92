"""When a session will be done, as far as that can be told.

The rest of the work is played through: tasks begin when what they need is there and somebody who
may do them is free and nobody has locked what they lock, the most pressing first, at most
`max_agents` at a time. This is list scheduling by upward rank, and what the rules that assign tasks
do too. Nothing is invented: where nobody knows how long something takes, the end is unknown. Of
what is to be reviewed, one more review is counted, by which it is approved.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from heapq import heappop, heappush
from math import inf
from typing import Literal

from mop_tui.domain import graph
from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, Resource, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.locks import may_be_same, wanted
from mop_tui.domain.needed_keys import counts
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentSpec
from mop_tui.domain.review import review_of, to_ask_for
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.waiting import waiting_for
from mop_tui.domain.wording import listed

_NAMED = 3
"""How many tasks are named in a reason; more are counted."""

_NOTHING_LEARNT = Outlook(sessions=0)
_DONE, _READY = 0, 1
_IN_HAND = (TaskState.ASSIGNED, TaskState.ACTIVE)

YourMove = Literal["answer", "continue"]


@immutable
class Estimate:
    """What can be told of the end of a session at one moment of its time."""

    at: int
    """The session time at which this was told."""
    end: int | None
    """The session time at which everything would be done; None if that is unknown."""
    why: str = ""
    """Why it is unknown, or why it may take longer than that."""
    your_move: YourMove | None = None
    """What the operator has to do first; `end` counts as if that were done at once."""
    to_ask: int = 0
    """How many questions will have to be answered besides."""
    waits: int = 0
    """Of how many of those it was counted how long they are expected to wait."""
    late: bool = False
    """Something takes longer than expected, nobody knows how much, so this is the least."""
    ends: Mapping[TaskId, int] = field(default_factory=dict)
    """The session time at which each unfinished task would be done, as far as that can be told."""
    begins: Mapping[TaskId, int] = field(default_factory=dict)
    """When each of them would be begun that nobody has in hand yet."""
    takers: Mapping[TaskId, AgentId] = field(default_factory=dict)
    """By whom each of them would be done."""
    sessions: int = 0
    """From how many earlier sessions it was learnt how long things take; 0 if it was not."""
    soonest: int | None = None
    """The range in which it ends, in `coverage` of all cases; None if that is unknown."""
    latest: int | None = None
    coverage: float | None = None

    @property
    def left(self) -> int | None:
        """Milliseconds until the end."""
        return None if self.end is None else self.end - self.at

    @property
    def span(self) -> tuple[int, int] | None:
        """The session times between which it ends; None where nobody can tell, be it because
        something takes longer than expected already."""
        if self.soonest is None or self.latest is None or self.late:
            return None
        return self.soonest, self.latest


def estimate(snapshot: Snapshot, now: int, outlook: Outlook | None = None) -> Estimate | None:
    """Return what can be told at session time `now`; None where no end of the work is ahead."""
    learnt = outlook or _NOTHING_LEARNT
    left = {name: task for name, task in snapshot.tasks.items() if task.state not in TERMINAL}
    if snapshot.status != "running" or not left:
        return None
    left |= _reviews_to_come(left.values())
    usual = _usual(snapshot.tasks.values())
    expected = {name: _expected(task, learnt, usual) for name, task in left.items()}
    known = {name: ms for name, ms in expected.items() if ms is not None}
    if len(known) < len(left):
        return Estimate(now, None, _undeclared([name for name in left if name not in known]))
    rests = {name: _rest(task, known[name], now) for name, task in left.items()}
    to_ask = {name: gate for name, task in left.items() if (gate := _gate_ahead(task)) is not None}
    waits = {name: ms for name, gate in to_ask.items() if (ms := learnt.waits.get(gate, 0))}
    course = _Course(snapshot, left, {name: max(0, ms) for name, ms in rests.items()}, waits, now)
    course.run()
    # Reviews that are still to come are no tasks yet that anybody could look up.
    ends = {name: end for name, end in course.ends.items() if name in snapshot.tasks}
    begins = {name: at for name, at in course.begins.items() if name in snapshot.tasks}
    takers = {name: it for name, it in course.takers.items() if name in snapshot.tasks}
    if len(course.ends) < len(left):
        stuck = [task for name, task in left.items() if name not in course.ends]
        return Estimate(
            now,
            None,
            _why_stuck(snapshot, stuck),
            ends=ends,
            begins=begins,
            takers=takers,
            sessions=learnt.sessions,
        )
    end = max(course.ends.values())
    late = [name for name, task in left.items() if _is_late(snapshot, task, rests[name])]
    return Estimate(
        at=now,
        end=end,
        why=f"{_named(late)} longer than expected" if late else "",
        your_move=_your_move(snapshot, course.takers.values()),
        to_ask=len(to_ask),
        waits=len(waits),
        late=bool(late),
        ends=ends,
        begins=begins,
        takers=takers,
        sessions=learnt.sessions,
        soonest=None if learnt.low is None else now + round((end - now) * learnt.low),
        latest=None if learnt.high is None else now + round((end - now) * learnt.high),
        coverage=learnt.coverage,
    )


def _reviews_to_come(tasks: Iterable[Task]) -> dict[TaskId, Task]:
    """Return the reviews that will be asked for when tasks are handed in, as if they were there."""
    found = {}
    for task in tasks:
        spec = None if task.state is TaskState.REVIEWING else to_ask_for(task)
        if spec is not None:
            name = TaskId(f"the review of {task.spec.id}")  # which no task can be called
            found[name] = Task(replace(spec, id=name), since=0, reason="")
    return found


def _expected(task: Task, learnt: Outlook, usual: int | None) -> int | None:
    """Return how long a task is expected to take; of what is handed in, its review takes it all."""
    if task.state is TaskState.REVIEWING:
        return 0
    known = learnt.durations.get(_known_as(task))
    return task.spec.expected_ms or usual if known is None else known


def _known_as(task: Task) -> TaskId:
    """Return under which name it is known how long a task takes: a review bears a number."""
    reviewed = task.spec.reviews
    return task.spec.id if reviewed is None else review_of(reviewed)


def _gate_ahead(task: Task) -> QuestionName | None:
    """Return what the operator will be asked before a task is begun, and has not been yet."""
    return task.spec.gate if task.gated and task.question is None else None


def _usual(tasks: Iterable[Task]) -> int | None:
    """Return how long the tasks that are complete took on average; None if there are none.

    Those that were reviewed do not count, for how long they took in all is not how long the work
    did.
    """
    took = [
        task.worked(task.ended_at)
        for task in tasks
        if task.state is TaskState.COMPLETE
        and task.review is None
        and task.ended_at is not None
        and task.started_at is not None
    ]
    return round(sum(took) / len(took)) if took else None


def _rest(task: Task, expected: int, now: int) -> int:
    """Return how much longer a task takes if it goes as expected: negative if it has not."""
    match task.state:
        case TaskState.ACTIVE:
            worked = task.worked(now)
            if task.progress is None:
                return expected - worked
            return round(expected * (100 - task.progress) / 100) - (worked - task.told_after)
        case TaskState.REVIEWING:
            return 0
        case _:
            return expected


def _is_late(snapshot: Snapshot, task: Task, rest: int) -> bool:
    """Return whether a task takes longer than its rest says, and nobody knows how much."""
    if rest < 0:
        return True
    agent = snapshot.agents.get(task.agent) if task.agent is not None else None
    return (
        agent is not None
        and agent.task == task.spec.id
        and agent.paused_by in (PausedBy.DEPENDENCY, PausedBy.LOCK)
    )


def _your_move(snapshot: Snapshot, takers: Iterable[AgentId]) -> YourMove | None:
    if snapshot.open_questions:
        return "answer"
    agents = snapshot.agents
    paused = any(name in agents and agents[name].paused_by is PausedBy.OPERATOR for name in takers)
    return "continue" if paused else None


def _able(agent: Agent) -> bool:
    """Return whether an agent can be counted on."""
    return not agent.retired and (agent.state is not AgentState.FAILED or agent.restarting)


def _to_come(snapshot: Snapshot) -> Mapping[AgentId, Agent]:
    """Return those who are not there yet because their team waits for a trigger that spawns it.

    Nothing is known of them but their names, so they are counted on for what is meant for them by
    name. That their trigger fires in time is taken for granted: what they do needs the same.
    """
    brought = {
        row.spec.team
        for row in snapshot.triggers.values()
        if row.state == "armed" and row.spec.action == "spawn_team"
    }
    named = {
        agent
        for row in snapshot.triggers.values()
        if row.state == "armed" and row.spec.spawns
        for agent in row.spec.agents
    }
    return {
        name: Agent(AgentSpec(name, type="", team=team.id), since=snapshot.at, reason="")
        for team in snapshot.teams
        if team.waits
        for name in team.agents
        if name not in snapshot.agents and (team.id in brought or name in named)
    }


# -- playing it through -----------------------------------------------------------------------

_Kind = tuple[str, str]
"""Who may do a task: the agent of a name, or any with a skill."""


def _kind(task: Task) -> _Kind:
    if task.spec.agent is not None:
        return "agent", task.spec.agent
    return "skill", task.spec.requires_skill or ""


def _kinds(agent: Agent) -> Iterator[_Kind]:
    yield "agent", agent.spec.id
    for skill in agent.spec.skills:
        yield "skill", skill


class _Course:
    """The rest of a session, played through: `ends` tells when each task is done, `takers` by whom,
    and `begins` when those are begun that nobody has in hand.

    Tasks that are ready wait in `_pressing`, or in `_waiting` while nobody of their kind is free.
    At most one of a kind is called from there for each agent that becomes free, so that a move
    costs little however much waits.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        left: Mapping[TaskId, Task],
        rests: Mapping[TaskId, int],
        waits: Mapping[TaskId, int],
        now: int,
    ) -> None:
        self.ends: dict[TaskId, int] = {}
        self.begins: dict[TaskId, int] = {}
        self.takers: dict[TaskId, AgentId] = {}
        self._tasks = left
        self._rests = rests
        self._waits = waits
        """How long those wait for an answer that are asked about once they have all they need."""
        self._limit = inf if snapshot.max_agents is None else snapshot.max_agents
        self._at_work = 0
        self._agents = {n: agent for n, agent in snapshot.agents.items() if _able(agent)}
        self._agents |= _to_come(snapshot)
        self._free: dict[_Kind, dict[AgentId, None]] = {}
        self._missing: dict[TaskId, int] = {}
        self._reviewed_by: dict[TaskId, TaskId] = {}
        """Which review begins when a task is handed in."""
        self._after: dict[TaskId, list[TaskId]] = {}
        self._wanting: dict[MemoryKey, list[TaskId]] = {}
        self._pressing: list[tuple[int, int, int, TaskId]] = []
        self._waiting: dict[_Kind, list[tuple[int, int, int, TaskId]]] = {}
        self._locked: dict[TaskId, tuple[Resource, ...]] = {}
        self._kept: dict[tuple[Resource, ...], list[tuple[int, int, int, TaskId]]] = {}
        """Those that are ready and wait for a lock, by what they lock themselves. Of those that
        lock the same, one is called when something is given back."""
        self._barred: dict[_Kind, None] = {}
        """Of which kinds some wait though somebody is free, who owns what is locked."""
        self._ahead: list[tuple[int, int, TaskId]] = []
        """What will be done or ready when, and which of the two."""
        self._see_what_is_missing(snapshot)
        costs = {name: rest + waits.get(name, 0) for name, rest in rests.items()}
        ranks = graph.upward_ranks(costs, self._successors())
        self._urgency = {
            name: (-task.spec.priority, -ranks[name], number)
            for number, (name, task) in enumerate(left.items())
        }
        for lock in snapshot.locks.values():
            if lock.task in left:
                self._locked[lock.task] = (*self._locked.get(lock.task, ()), lock.resource)
        self._begin(now)

    def _see_what_is_missing(self, snapshot: Snapshot) -> None:
        for name, task in self._tasks.items():
            self._missing[name] = 0
            if task.spec.reviews is not None and name not in snapshot.tasks:
                self._missing[name] = 1
                self._reviewed_by[task.spec.reviews] = name
            if task.state is not TaskState.PENDING:
                continue
            for need in task.spec.needs_tasks:
                row = snapshot.tasks.get(need)
                if row is None or row.state is not TaskState.COMPLETE:
                    self._missing[name] += 1
                    self._after.setdefault(need, []).append(name)
            for key in task.spec.needs_keys:
                if not counts(snapshot.memory, key, task.spec.when):
                    self._missing[name] += 1
                    self._wanting.setdefault(key, []).append(name)

    def _successors(self) -> dict[TaskId, list[TaskId]]:
        successors = {name: list(self._after.get(name, ())) for name in self._tasks}
        for name, task in self._tasks.items():
            for key in task.spec.provides:
                successors[name] += self._wanting.get(key, ())
        for name, task in self._tasks.items():
            if task.spec.reviews is not None:
                successors[name] += successors.get(task.spec.reviews, ())
        for name, review in self._reviewed_by.items():
            successors[name] = [review]
        return successors

    def _begin(self, now: int) -> None:
        for agent in self._agents.values():
            if agent.task is None or agent.task not in self._tasks:
                self._set_free(agent)
        for name, task in self._tasks.items():
            if task.state in _IN_HAND:
                self._at_work += 1
                if task.agent is not None:
                    self.takers[name] = task.agent
                heappush(self._ahead, (now + self._rests[name], _DONE, name))
            elif task.state is not TaskState.REVIEWING and not self._missing[name]:
                ready = max(now, task.rests_until or now) + self._waits.get(name, 0)
                heappush(self._ahead, (ready, _READY, name))

    def run(self) -> None:
        """Play until nothing more can happen."""
        while self._ahead:
            time = self._ahead[0][0]
            while self._ahead and self._ahead[0][0] == time:
                _, what, name = heappop(self._ahead)
                if what == _DONE:
                    self._done(name, time)
                else:
                    self._ready(name)
            self._employ(time)

    def _done(self, name: TaskId, time: int) -> None:
        """Have work end; of what is to be reviewed, that is not the end."""
        self._at_work -= 1
        if self._locked.pop(name, None) is not None:
            for resources in self._kept:
                self._call_kept(resources)
            for kind in self._barred:
                self._call(kind)
            self._barred.clear()
        agent = self.takers.get(name)
        if agent is not None and agent in self._agents:
            self._set_free(self._agents[agent])
        review = self._reviewed_by.get(name)
        if review is not None:
            self._come(review, time)
            return
        self._complete(name, time)
        reviewed = self._tasks[name].spec.reviews
        if reviewed is not None and reviewed in self._tasks:
            self._complete(reviewed, time)

    def _complete(self, name: TaskId, time: int) -> None:
        self.ends[name] = time
        for after in self._after.get(name, ()):
            self._come(after, time)
        for key in self._tasks[name].spec.provides:
            for wanting in self._wanting.pop(key, ()):
                self._come(wanting, time)

    def _come(self, name: TaskId, time: int) -> None:
        """Take note that one thing is there that a task needs."""
        self._missing[name] -= 1
        if self._missing[name]:
            return
        wait = self._waits.get(name, 0)
        if wait:
            heappush(self._ahead, (time + wait, _READY, name))
        else:
            self._ready(name)

    def _ready(self, name: TaskId) -> None:
        heappush(self._pressing, (*self._urgency[name], name))

    def _set_free(self, agent: Agent) -> None:
        for kind in _kinds(agent):
            self._free.setdefault(kind, {})[agent.spec.id] = None
            self._call(kind)

    def _call(self, kind: _Kind) -> None:
        """Let the most pressing task of a kind that waited try again."""
        waiting = self._waiting.get(kind)
        if waiting:
            heappush(self._pressing, heappop(waiting))

    def _employ(self, time: int) -> None:
        """Give tasks to those who are free, as long as more may be at work."""
        while self._pressing and self._at_work < self._limit:
            task = heappop(self._pressing)
            name = task[-1]
            kind = _kind(self._tasks[name])
            free = self._free.get(kind)
            own = wanted(self._tasks[name].spec, None)
            if not free:
                heappush(self._waiting.setdefault(kind, []), task)
                self._call_kept(own)
                continue
            if own and self._is_locked(own):
                heappush(self._kept.setdefault(own, []), task)
                self._call(kind)
                continue
            taker = next((it for it in free if not self._is_barred(it)), None)
            if taker is None:
                heappush(self._waiting.setdefault(kind, []), task)
                self._barred[kind] = None
                self._call_kept(own)
                continue
            resources = wanted(self._tasks[name].spec, self._agents[taker].spec)
            if resources:
                self._locked[name] = resources
            if not own:
                self._call_kept(own)
            for other in _kinds(self._agents[taker]):
                self._free[other].pop(taker, None)
            self.takers[name] = taker
            self.begins[name] = time
            self._at_work += 1
            heappush(self._ahead, (time + self._rests[name], _DONE, name))
            if free:
                self._call(kind)

    def _call_kept(self, resources: tuple[Resource, ...]) -> None:
        """Let the most pressing task try again that locks `resources` and waits for a lock."""
        kept = self._kept.get(resources)
        if kept:
            heappush(self._pressing, heappop(kept))

    def _is_barred(self, agent: AgentId) -> bool:
        """Return whether a free agent can begin nothing, for what it owns is locked."""
        owns = self._agents[agent].spec.owns
        return bool(owns) and self._is_locked(owns)

    def _is_locked(self, resources: tuple[Resource, ...]) -> bool:
        """Return whether any of `resources` may be what somebody at work has locked."""
        return any(
            may_be_same(one, other)
            for held in self._locked.values()
            for other in held
            for one in resources
        )


# -- saying why -------------------------------------------------------------------------------


def _named(tasks: Sequence[TaskId]) -> str:
    if len(tasks) > _NAMED:
        return f"{len(tasks)} tasks take"
    return f"{listed(tasks)} {'takes' if len(tasks) == 1 else 'take'}"


def _undeclared(tasks: Sequence[TaskId]) -> str:
    who = listed(tasks) if len(tasks) <= _NAMED else f"{len(tasks)} tasks"
    verb = "declares" if len(tasks) == 1 else "declare"
    return f"{who} {verb} no duration, and no task is complete that could tell how long one takes"


def _why_stuck(snapshot: Snapshot, stuck: Sequence[Task]) -> str:
    """Return why tasks would never begin: of the first of them that waits for no other."""
    names = {task.spec.id for task in stuck}
    roots = [task for task in stuck if names.isdisjoint(task.spec.needs_tasks)]
    task = roots[0] if roots else stuck[0]
    return f"{task.spec.id} {_obstacle(snapshot, task, names)}"


def _obstacle(snapshot: Snapshot, task: Task, stuck: Container[TaskId]) -> str:
    spec = task.spec
    if task.state is TaskState.REVIEWING:
        return waiting_for(snapshot, task)
    for need in spec.needs_tasks:
        row = snapshot.tasks.get(need)
        if row is None:
            return f"waits for {need}, which is not in the plan yet"
        if row.state in (TaskState.FAILED, TaskState.CANCELLED):
            return f"waits for {need}, which is {row.state}"
    for key in spec.needs_keys:
        providers = [row for row in snapshot.tasks.values() if key in row.spec.provides]
        if not counts(snapshot.memory, key, spec.when) and all(
            row.state in TERMINAL or row.spec.id in stuck for row in providers
        ):
            return f"waits for memory key {key}, and no task is known to set it"
    able = [agent for agent in snapshot.agents.values() if _kind(task) in _kinds(agent)]
    if not any(map(_able, able)):
        who = (
            f"agent {spec.agent}"
            if spec.agent
            else f"an agent with the skill {spec.requires_skill}"
        )
        return f"waits for {who}, and there is none that could be counted on"
    return "waits for itself"
