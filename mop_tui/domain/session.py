"""The state of a session: what is known after a number of events.

`Session` is owned by whoever folds events into it (see `fold`). Everyone else gets a `Snapshot`:
plain values that never change, with rows copied only if they changed since the last one.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from itertools import starmap
from math import inf
from operator import attrgetter
from typing import Any, Literal, Protocol, TypeVar

from pydantic import JsonValue

from mop_tui.domain import agent_lifecycle, graph, locks, task_lifecycle
from mop_tui.domain.agent_lifecycle import LIVE, AgentState, AgentTrigger
from mop_tui.domain.coordination import Coordination, Meter, measured
from mop_tui.domain.correspondence import Correspondence
from mop_tui.domain.deadlock import Deadlock
from mop_tui.domain.events import Outcome, SystemIntended, SystemSampled, SystemTimerSet
from mop_tui.domain.globs import Globs, TooMuchError
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    DeadlockId,
    FeedbackId,
    IssueId,
    MemoryKey,
    QuestionId,
    Resource,
    SpawnId,
    TaskId,
    TimerId,
    TriggerName,
)
from mop_tui.domain.immutable import immutable
from mop_tui.domain.issues import MOST_OPEN, Describes, Identity, Told, identity, more_of
from mop_tui.domain.locks import Lock, LockWanted, Obstacle
from mop_tui.domain.needed_keys import counts, is_provided
from mop_tui.domain.plan import (
    AgentSpec,
    Calling,
    HookName,
    Lifetime,
    Mode,
    TaskSpec,
    TeamSpec,
    Topology,
)
from mop_tui.domain.rows import Agent, Feedback, Issue, Question, Task, Trigger
from mop_tui.domain.shapes import Shape
from mop_tui.domain.strategies import Adaptation, Adapting, Pressed, Pressure, strategy_of
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.topology import Ways, organised
from mop_tui.domain.triggers import MINUTE, Limits
from mop_tui.domain.wait_graph import Node, Stuck
from mop_tui.domain.waits import (
    StandingWaits,
    leads_to_more,
    of_key,
    of_lock,
    of_task,
    stands_still,
)

# What nearly every move is compared with. In Python 3.11 it takes ten times as long to reach a
# member through its enumeration.
_AVAILABLE = AgentState.AVAILABLE
_FAILED = AgentState.FAILED
_PAUSED = AgentState.PAUSED
_FOR_SESSION = Lifetime.SESSION
_RESTFUL = frozenset({AgentState.AVAILABLE, AgentState.COMPLETE})
_TASK_ASSIGNED = AgentTrigger.TASK_ASSIGNED
_TASK_WITHDRAWN = AgentTrigger.TASK_WITHDRAWN
_READY = TaskState.READY
_ASSIGNED = TaskState.ASSIGNED
_COMPLETE = TaskState.COMPLETE
_GIVEN = TaskTrigger.ASSIGNED


@immutable
class Refusal:
    """A move that is not made, and a sentence saying why."""

    reason: str


class _Row(Protocol):
    touched: int

    def digest_row(self) -> str: ...


_COPIED_AT_ONCE = 100
"""How many rows are copied in about a millisecond."""
K = TypeVar("K")
R = TypeVar("R")

_VALUES: Mapping[Callable[..., Any], Callable[[Any], tuple[Any, ...]]] = {
    row: attrgetter(*row.__match_args__)
    for row in (Agent, Task, Question, Issue, Trigger, Feedback)
}


@dataclass(slots=True)
class _Shown:
    """Copies of rows as handed out, which nobody changes."""

    agents: dict[AgentId, Agent] = field(default_factory=dict)
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    questions: dict[QuestionId, Question] = field(default_factory=dict)
    issues: dict[IssueId, Issue] = field(default_factory=dict)
    triggers: dict[TriggerName, Trigger] = field(default_factory=dict)
    feedback: dict[FeedbackId, Feedback] = field(default_factory=dict)

    def put(self, row: _Row) -> None:
        """Show a row as it is now."""
        table, key = _place_of(row, self)
        table[key] = _copied(row)

    def take(self, other: "_Shown") -> None:
        """Show what `other` shows, and of the rest what was shown before.

        The tables are changed, so let none of them have been handed out.
        """
        self.agents.update(other.agents)
        self.tasks.update(other.tasks)
        self.questions.update(other.questions)
        self.issues.update(other.issues)
        self.triggers.update(other.triggers)
        self.feedback.update(other.feedback)

    def update(self, other: "_Shown") -> None:
        """Do as `take` does, but change no table: one with news is made anew."""
        if other.agents:
            self.agents = self.agents | other.agents
        if other.tasks:
            self.tasks = self.tasks | other.tasks
        if other.questions:
            self.questions = self.questions | other.questions
        if other.issues:
            self.issues = self.issues | other.issues
        if other.triggers:
            self.triggers = self.triggers | other.triggers
        if other.feedback:
            self.feedback = self.feedback | other.feedback


def _copied(row: Any) -> Any:
    """Return a copy of a row. `copy.copy` takes five times as long."""
    made = row.__class__
    return made(*_VALUES[made](row))


def _copies(made: Callable[..., R], rows: Mapping[K, R]) -> dict[K, R]:
    """Return copies of all rows of a table, which are made of class `made`.

    Without a line of Python for each: there may be ten thousands, and somebody waits.
    """
    return dict(zip(rows, starmap(made, map(_VALUES[made], rows.values())), strict=True))


def _place_of(row: _Row, tables: "_Shown | Session") -> tuple[dict[Any, Any], str]:
    """Return in which table, and under which key of it, a row stands."""
    match row:
        case Agent():
            return tables.agents, row.spec.id
        case Task():
            return tables.tasks, row.spec.id
        case Question():
            return tables.questions, row.id
        case Issue():
            return tables.issues, row.id
        case Trigger():
            return tables.triggers, row.spec.name
        case Feedback():
            return tables.feedback, row.id
        case _:
            raise TypeError(f"no such row: {row!r}")


def millionths(cores: float | None) -> int:
    """Return processor cores as a whole number, so that they can be added and taken away again."""
    return round((cores or 0) * 1_000_000)


Status = Literal["starting", "running", "stopping", "ended"]

Fate = Literal["none", "runs", "done", "failed"]
"""What has become of a hook of the session so far."""


@immutable
class Snapshot:
    """A session at one moment: plain values, never changed after they are handed out."""

    seq: int
    at: int
    session: str
    project: str
    goal: str
    mode: Mode
    max_agents: int | None
    status: Status
    outcome: Outcome | None
    outcome_reason: str
    teams: tuple[TeamSpec, ...]
    agents: Mapping[AgentId, Agent]
    tasks: Mapping[TaskId, Task]
    questions: Mapping[QuestionId, Question]
    issues: Mapping[IssueId, Issue]
    triggers: Mapping[TriggerName, Trigger]
    feedback: Mapping[FeedbackId, Feedback]
    limits: Limits
    calling: Calling
    """How the operator is called."""
    kinds: tuple[str, ...]
    """The types of agents that may be spawned."""
    auto_spawn: bool
    health: HealthChecks
    """How agents are checked whose type does not say otherwise."""
    coordinator: AgentId | None
    topology: Topology
    """What the layout asks for, and how the swarm is coordinated now:"""
    shape: Shape
    pressures: Mapping[Pressure, Pressed]
    """What is wrong with how the swarm works, and the latest steps of strategies:"""
    adaptations: tuple[Adaptation, ...]
    memory: Mapping[MemoryKey, JsonValue]
    locks: Mapping[Resource, Lock]
    deadlocks: tuple[Deadlock, ...]
    """Those that hold, oldest first."""
    agent_counts: Mapping[AgentState, int]
    task_counts: Mapping[TaskState, int]
    away: tuple[tuple[int, int], ...]
    """See `Session.away`."""
    coordination: Coordination
    """What messages among agents cost."""
    progress: float | None
    """Share of the expected work that is done, 0..1; None where there is no work."""
    hook: HookName | None = None
    """The hook of the session that runs."""

    def checks(self, agent: Agent) -> HealthChecks:
        """Return how `agent` is checked."""
        return agent.spec.health or self.health

    def away_by(self, at: int) -> int:
        """Return for how many milliseconds the session had stood still by session time `at`."""
        return next((total for since, total in reversed(self.away) if since <= at), 0)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that wait for an answer, oldest first."""
        return tuple(q for q in self.questions.values() if q.state == "open")

    @property
    def open_issues(self) -> tuple[Issue, ...]:
        """Issues that need attention, oldest first."""
        return tuple(i for i in self.issues.values() if i.open)


@immutable
class Checkpoint:
    """A session at one moment, told by how it differs from the checkpoint before."""

    seq: int
    rows: _Shown
    """Those that were changed since then, to be shared and never changed."""
    undigested: Sequence[_Row]
    """What stands in `Session._changed`."""
    rest: Mapping[str, Any]
    """All that cannot be made of the rows."""


@dataclass(slots=True)
class Session:
    """All that a session's events say, and the indices that make deciding cheap."""

    seq: int = 0
    at: int = 0
    session: str = ""
    project: str = ""
    goal: str = ""
    mode: Mode = Mode.LIVE
    attended: bool = True
    max_agents: int | None = None
    seed: int = 0
    status: Status = "starting"
    outcome: Outcome | None = None
    outcome_reason: str = ""
    stopping_as: Outcome | None = None
    stopping_reason: str = ""
    stopped_early: bool = False
    """Something was left to be done when the session was told to end."""
    teams: tuple[TeamSpec, ...] = ()
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    questions: dict[QuestionId, Question] = field(default_factory=dict)
    issues: dict[IssueId, Issue] = field(default_factory=dict)
    triggers: dict[TriggerName, Trigger] = field(default_factory=dict)
    feedback: dict[FeedbackId, Feedback] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    calling: Calling = field(default_factory=Calling)
    auto_spawn: bool = True
    """Triggers spawn agents, rather than propose it."""
    kinds: tuple[str, ...] = ()
    """The types of agents that may be spawned."""
    keep_running: bool = False
    """The session waits for the operator when everything is done."""
    health: HealthChecks = field(default_factory=HealthChecks)
    """How agents are checked whose type does not say otherwise."""
    coordinator: AgentId | None = None
    """The agent that is told of what concerns the whole."""
    topology: Topology = "adaptive"
    """What the layout asks for, and how the swarm is coordinated now:"""
    shape: Shape = "mesh"
    post: Correspondence = field(default_factory=Correspondence)
    """Messages from agent to agent that are under way, and what they cost:"""
    meter: Meter = field(default_factory=Meter)
    sampled: SystemSampled | None = None
    """The last judgement that was recorded."""
    pressures: dict[Pressure, Pressed] = field(default_factory=dict)
    """What is wrong with how the swarm works."""
    adapting: dict[str, Adapting] = field(default_factory=dict)
    """What became of strategies."""
    adaptations: tuple[Adaptation, ...] = ()
    """Their latest steps."""
    watched: bool = False
    """It is recorded which files were there from the beginning."""
    files: dict[str, str] = field(default_factory=dict)
    """The files that are watched and there, with their stamps."""
    edited: dict[str, int] = field(default_factory=dict)
    """Which event last told that a file was created or modified, the latest last."""
    proposed: int = 0
    """How many agents are proposed to the operator, who has not answered yet."""
    awaited: frozenset[AgentId] = frozenset()
    """Agents of the layout that are not there from the beginning, for triggers spawn them."""
    spawned: dict[SpawnId, AgentId] = field(default_factory=dict)
    """What was spawned, and for what."""
    spawned_at: tuple[int, ...] = ()
    """When agents were spawned by triggers, as many as `limits.per_minute` asks to be known."""
    fired_for: dict[TriggerName, dict[str, None]] = field(default_factory=dict)
    """What triggers fired for that they fire only once for."""
    depths: dict[int, int] = field(default_factory=dict)
    """How many triggers led to the latest events, as far as any did: all since the last input."""
    types: dict[str, int] = field(default_factory=dict)
    """How many agents of a type there are."""
    claimed_cpu: int = 0
    """Millionths of a core that the agents may use that are, or may still come, at work."""
    claimed_memory: int = 0
    """Bytes that they may use."""
    numbers: dict[str, int] = field(default_factory=dict)
    """The highest number that was given to a new agent or task of a name."""
    memory: dict[MemoryKey, JsonValue] = field(default_factory=dict)
    locks: dict[Resource, Lock] = field(default_factory=dict)
    """What is locked, by what for whom."""
    timers: dict[TimerId, SystemTimerSet] = field(default_factory=dict)
    """Timers that run."""
    fired: SystemTimerSet | None = None
    """What the timer that fired last was set for."""
    triggers_of: dict[str, tuple[TriggerName, ...]] = field(default_factory=dict)
    """The triggers that look at events of a kind."""
    in_doubt: dict[ActionId, SystemIntended] = field(default_factory=dict)
    """Side effects intended and not yet done."""
    hooks_begun: int = 0
    running_hooks: dict[ActionId, SystemIntended] = field(default_factory=dict)
    """Hooks that run and were not told to end."""
    hook_done: SystemIntended | None = None
    """The hook that ended last, if something was still waiting for it."""
    hook_stopped: bool = False
    """It had been told to end."""
    start_hook: Fate = "none"
    end_hook: Fate = "none"
    resumptions: int = 0
    """How often the session went on in another program."""
    away: tuple[tuple[int, int], ...] = ()
    """From which session time on the wall clock is how many milliseconds further ahead, in all."""
    ignored: int = 0
    """Records that the tables do not allow, and that therefore changed nothing."""
    digest: str = ""

    agent_counts: dict[AgentState, int] = field(default_factory=dict)
    task_counts: dict[TaskState, int] = field(default_factory=dict)
    working: int = 0
    """Agents that hold a task."""
    running: int = 0
    """Agents whose process runs."""
    busy: int = 0
    """Agents whose process may do something by itself: see `weigh`."""
    waiting_agents: dict[MemoryKey, dict[tuple[AgentId, AskId], None]] = field(default_factory=dict)
    """Which agents wait for a key."""
    open_questions: dict[QuestionId, None] = field(default_factory=dict)
    known_issues: dict[Identity, IssueId] = field(default_factory=dict)
    """The open issues, by what each is known by."""
    issues_of: dict[AgentId, int] = field(default_factory=dict)
    """How many open issues are about an agent, beside the one that counts what is over that."""
    deadlocks: dict[DeadlockId, Deadlock] = field(default_factory=dict)
    """All that were found, the open ones among them:"""
    open_deadlocks: dict[Stuck, DeadlockId] = field(default_factory=dict)
    last_victim: AgentId | None = None
    """Who was taken out of a deadlock last."""
    taken_out: dict[TaskId, int] = field(default_factory=dict)
    """How often the policy took a task out of deadlocks, since a person decided about it last."""
    yielding: dict[TaskId, tuple[TaskId, ...]] = field(default_factory=dict)
    """Which tasks are not begun before a task is over; and those that may be since the last one
    that was:"""
    given_way: tuple[TaskId, ...] = ()
    remembered: dict[tuple[AgentId, str], tuple[QuestionId, ...]] = field(default_factory=dict)
    """Questions whose answers are remembered, by agent and class, as long as none has expired."""
    dependants: dict[TaskId, list[TaskId]] = field(default_factory=dict)
    waiting_for_key: dict[MemoryKey, list[TaskId]] = field(default_factory=dict)
    providers: dict[MemoryKey, list[TaskId]] = field(default_factory=dict)
    holder: dict[TaskId, AgentId] = field(default_factory=dict)
    """Which agent has a task in hand: at most one."""
    locked_by: dict[AgentId, dict[Resource, None]] = field(default_factory=dict)
    """What is locked for the task that an agent has in hand, or has just let go of."""
    waiting_for_lock: dict[Resource, dict[tuple[AgentId, AskId], int]] = field(default_factory=dict)
    """Which agents wait for a lock, with the event by which each asked, the first first."""
    loosened: dict[Resource, None] = field(default_factory=dict, compare=False)
    """What agents may be able to lock that wait for it, by what followed from the last input."""
    wanting: dict[Resource, dict[TaskId, None]] = field(default_factory=dict)
    """READY tasks by what they lock."""
    alike: dict[Resource, list[Resource]] = field(default_factory=dict)
    """Of everything that some task may lock, and of what agents lock or ask for besides: what else
    of that may be the same, and itself."""
    owners: list[AgentId] = field(default_factory=list)
    """Agents that own files."""
    owning: list[TaskId] = field(default_factory=list)
    """Tasks whose agent owns files meanwhile."""
    skilled: dict[str, list[AgentId]] = field(default_factory=dict)
    available_skilled: dict[str, dict[AgentId, None]] = field(default_factory=dict)
    """Agents with a skill that are free, those first that have been free longest."""
    ready_pinned: dict[AgentId, dict[TaskId, None]] = field(default_factory=dict)
    ready_skilled: dict[str, dict[TaskId, None]] = field(default_factory=dict)
    unfinished: int = 0
    """Tasks that are not terminal; by whom they could be done:"""
    unfinished_pinned: dict[AgentId, int] = field(default_factory=dict)
    unfinished_skilled: dict[str, int] = field(default_factory=dict)
    to_review: dict[AgentId, int] = field(default_factory=dict)
    """How many unfinished tasks an agent is to review."""
    wanted_back: dict[AgentId, None] = field(default_factory=dict)
    """Agents out of work whom unfinished tasks are meant for."""
    _ways: Ways | None = None
    _ranks: dict[TaskId, int] | None = None
    _changed: list[_Row] = field(default_factory=list)
    """Rows touched since the last digest, which was made at `_digested_at`."""
    _memory_changed: dict[MemoryKey, None] = field(default_factory=dict)
    _locks_changed: dict[Resource, None] = field(default_factory=dict)
    _patterns: list[Resource] = field(default_factory=list)
    """What in `alike` is a pattern."""
    _undeclared: dict[Resource, None] = field(default_factory=dict)
    """What in `alike` only agents know of that lock it or ask for it."""
    _digested_at: int = 0
    _waits: StandingWaits | None = None
    """What waits for what, as it was when it was asked for last."""
    _unsettled: list[_Row] = field(default_factory=list)
    """Rows that changed since then in what they wait for; keys and locks that changed; and tasks in
    hand for which a lock is waited for no more:"""
    _unsettled_nodes: dict[Node, None] = field(default_factory=dict)
    _served: dict[TaskId, None] = field(default_factory=dict)
    _stale: list[_Row] = field(default_factory=list)
    """Rows touched since the last snapshot, which was taken at `_shown_at`."""
    _shown_at: int = 0
    _shown: _Shown = field(default_factory=_Shown)
    _ahead: int = 0
    """How many of the stale rows were copied ahead."""
    _copied_ahead: _Shown = field(default_factory=_Shown)

    # -- what the tables allow --------------------------------------------------------------

    def present(self, agent_id: AgentId, incarnation: int) -> Agent | None:
        """Return the agent if `incarnation` is its present process."""
        agent = self.agents.get(agent_id)
        if agent is None or agent.incarnation != incarnation:
            return None
        return agent

    def agent_move(
        self, agent: Agent, trigger: AgentTrigger, task: TaskId | None
    ) -> AgentState | Refusal:
        """Return the state a move leads to, or why it is refused."""
        target = agent_lifecycle.step(
            agent.state, trigger, paused_in=agent.paused_in, paused_by=agent.paused_by
        )
        if target is None:
            return Refusal(f"{agent.state} does not allow {trigger}")
        if trigger is _TASK_ASSIGNED:
            given = self.tasks.get(task) if task is not None else None
            if given is None or given.state is not _ASSIGNED:
                return Refusal("there is no such task to be assigned")
            if given.agent != agent.spec.id:
                return Refusal(f"the task belongs to {given.agent}")
        if trigger is _TASK_WITHDRAWN and agent.task is None:
            return Refusal("it holds no task")
        return target

    def task_move(
        self, task: Task, trigger: TaskTrigger, agent: AgentId | None
    ) -> TaskState | Refusal:
        """Return the state a move leads to, or why it is refused."""
        target = task_lifecycle.step(task.state, trigger)
        if target is None:
            return Refusal(f"{task.state} does not allow {trigger}")
        if trigger is _GIVEN:
            taker = self.agents.get(agent) if agent is not None else None
            if taker is None or taker.state is not _AVAILABLE:
                return Refusal("no available agent was named to take it")
            if task.spec.is_reviewed_by(taker.spec.id):
                return Refusal(f"{agent} is to review it")
            if task.spec.id in self.holder:
                return Refusal(f"{self.holder[task.spec.id]} still holds it")
        return target

    # -- what decisions ask -----------------------------------------------------------------

    def provided(self, key: MemoryKey) -> bool:
        """True if `key` is present and, where its value has a `status`, that is `complete`."""
        return is_provided(self.memory, key)

    def counts(self, key: MemoryKey, task: TaskSpec) -> bool:
        """True if `key` is there as `task` needs it."""
        return counts(self.memory, key, task.when)

    def missing(self, task: TaskSpec) -> tuple[list[TaskId], list[MemoryKey]]:
        """Return the tasks and keys that `task` still needs."""
        tasks = self.tasks
        return (
            [
                need
                for need in task.needs_tasks
                if need not in tasks or tasks[need].state is not _COMPLETE
            ],
            [key for key in task.needs_keys if not self.counts(key, task)],
        )

    def rank(self, task: TaskId) -> int:
        """Return the expected milliseconds from the start of `task` to the end of its longest
        chain of dependants (its upward rank). Tasks without declared duration count as one."""
        if self._ranks is None:
            self._ranks = graph.upward_ranks(
                {t: row.spec.expected_ms or 1 for t, row in self.tasks.items()},
                self.dependants_by_any_need(),
            )
        return self._ranks[task]

    def dependants_by_any_need(self) -> dict[TaskId, list[TaskId]]:
        """Return, for each task, the tasks that need it or a key it provides; of a review, those
        that wait for what it reviews."""
        dependants = {task: list(self.dependants.get(task, ())) for task in self.tasks}
        for key, waiting in self.waiting_for_key.items():
            for provider in self.providers.get(key, ()):
                dependants[provider].extend(waiting)
        for task, row in self.tasks.items():
            if row.spec.reviews in dependants:
                dependants[task] += dependants[row.spec.reviews]
        return dependants

    def capable(self, task: TaskSpec) -> list[AgentId]:
        """Return the agents that may do `task`, in the order in which they were spawned.

        Whoever is to review it may not.
        """
        if task.agent is not None:
            return [task.agent] if task.agent in self.agents else []
        skilled = self.skilled.get(task.requires_skill or "", [])
        if task.review is None:
            return skilled
        return [agent for agent in skilled if not task.is_reviewed_by(agent)]

    def obstacle(self, task: TaskSpec, agent: AgentSpec | None) -> Obstacle | None:
        """Return because of which lock `agent`, or whoever it be, cannot do `task` now, if any."""
        held = self.locks
        if not held:
            return None
        for resource in locks.wanted(task, agent):
            found = [held[other] for other in self.alike[resource] if other in held]
            if found:
                return Obstacle(resource, min(found, key=attrgetter("seq")))
        return None

    def ready_for(self, agent: Agent) -> Iterable[TaskId]:
        """Yield the READY tasks, held ones included, that `agent` may do."""
        name = agent.spec.id
        yield from self.ready_pinned.get(name, ())
        for skill in agent.spec.skills:
            ready = self.ready_skilled.get(skill, {})
            if self.to_review.get(name):
                yield from (
                    task for task in ready if not self.tasks[task].spec.is_reviewed_by(name)
                )
            else:
                yield from ready

    def ready_count(self, agent: Agent) -> int:
        """Return how many READY tasks, held ones included, `agent` may do."""
        if self.to_review.get(agent.spec.id):
            return len(list(self.ready_for(agent)))
        pinned = len(self.ready_pinned.get(agent.spec.id, ()))
        return pinned + sum(len(self.ready_skilled.get(skill, ())) for skill in agent.spec.skills)

    def out_and_wanted(self) -> Iterator[AgentId]:
        """Yield agents who are out of work, and could do what nobody who is free can."""
        yield from self.wanted_back
        for skill, count in self.unfinished_skilled.items():
            if count and not self.available_skilled.get(skill):
                for name in self.skilled.get(skill, ()):
                    if self.agents[name].state not in LIVE:
                        yield name

    def has_work_for(self, agent: Agent) -> bool:
        """True if some unfinished task, ready or not, could be done or reviewed by `agent`."""
        name = agent.spec.id
        if self.unfinished_pinned.get(name) or self.to_review.get(name):
            return True
        return any(self.unfinished_skilled.get(skill) for skill in agent.spec.skills)

    @property
    def ways(self) -> Ways:
        """The ways of messages in the present shape, among all agents that were spawned and have
        not failed. An agent without a process, or with nothing to do, still has its place."""
        if self._ways is None:
            there = {
                name: row.spec for name, row in self.agents.items() if row.state is not _FAILED
            }
            self._ways = Ways(self.shape, organised(self.teams, there, self.coordinator))
        return self._ways

    @property
    def at_limit(self) -> bool:
        """True if `max_agents` agents are at work."""
        return self.max_agents is not None and self.working >= self.max_agents

    @property
    def places(self) -> float:
        """How many agents more may be at work."""
        return inf if self.max_agents is None else max(0, self.max_agents - self.working)

    @property
    def idle(self) -> bool:
        """True if no process can do anything by itself, and nothing is about to be done."""
        return self.busy == 0 and not self.in_doubt

    @property
    def finished(self) -> bool:
        """True if every task is terminal, nobody is at work and no question is open."""
        return self.unfinished == 0 and self.working == 0 and self.idle and not self.open_questions

    def next_number(self, name: str) -> int:
        """Return the first number with which neither an agent nor a task is called `name`-number,
        nor any before it was."""
        number = self.numbers.get(name, 0) + 1
        while f"{name}-{number}" in self.agents or f"{name}-{number}" in self.tasks:
            number += 1
        return number

    def spawned_within_a_minute(self) -> int:
        """Return how many agents triggers spawned in the last 60 seconds, as far as it matters."""
        return len(self.spawned_at) - bisect_right(self.spawned_at, self.at - MINUTE)

    def is_by_trigger(self, agent: AgentSpec) -> bool:
        """True if an agent is not there from the beginning, so that limits are about it."""
        return agent.spawn is not None or agent.id in self.awaited

    def checks(self, agent: Agent) -> HealthChecks:
        """Return how `agent` is checked."""
        return agent.spec.health or self.health

    def hooks(self, agent: AgentId | None) -> list[SystemIntended]:
        """Return the hooks of `agent`, or of the session, that run and were not told to end."""
        return [it for it in self.running_hooks.values() if it.agent == agent]

    def held_back(self) -> list[Agent]:
        """Return the agents that strategies paused and have not let go on, the first ones first."""
        found = []
        for state in self.adapting.values():
            for held in state.held_back:
                agent = self.agents[held.agent]
                if agent.state is _PAUSED and agent.moved == held.moved:
                    found.append(agent)
        return found

    def added(self, strategy: str = "") -> list[Agent]:
        """Return the agents that were spawned because of a strategy, or of any, and did not leave
        for good."""
        found = []
        for spawn, name in self.spawned.items():
            by = strategy_of(spawn)
            if by and strategy in ("", by) and not self.agents[name].retired:
                found.append(self.agents[name])
        return found

    def open_issue(self, like: Describes | str) -> Issue | None:
        """Return the open issue that is the same as another, or is known by a key."""
        known = (like,) if isinstance(like, str) else identity(like)
        found = self.known_issues.get(known)
        return None if found is None else self.issues[found]

    def told_before(self, told: Told) -> Issue | None:
        """Return the open issue that counts what an agent says now; None if it is a new one.

        Beyond `MOST_OPEN`, one issue of an agent counts whatever else it says, and another one
        what of that is critical.
        """
        found = self.open_issue(told)
        if found is None and self.is_full(told.agent):
            found = self.open_issue(more_of(told.agent, told.severity))
        return found

    def is_full(self, agent: AgentId) -> bool:
        """True if as many issues of an agent are open as are shown one by one."""
        return self.issues_of.get(agent, 0) >= MOST_OPEN

    def providers_of(self, key: MemoryKey) -> Sequence[TaskId]:
        """Return the tasks that provide a key, whether they are over or not."""
        return self.providers.get(key, ())

    def skilled_in(self, skill: str) -> Sequence[AgentId]:
        """Return the agents that have a skill, in the order in which they were spawned."""
        return self.skilled.get(skill, ())

    def taken_like(self, resource: Resource) -> Iterator[Lock]:
        """Yield the locks on what may be the same as something that may be locked."""
        held = self.locks
        if held:
            for other in self.alike[resource]:
                if other in held:
                    yield held[other]

    def asked_before(
        self, wanted: LockWanted, agent: AgentId
    ) -> Iterator[tuple[Resource, Iterator[AgentId]]]:
        """Yield who asked before an agent for a lock on what may be the same: each resource, and
        those who wait for it, the latest first."""
        for other in self.alike[wanted.resource]:
            waiting = self.waiting_for_lock.get(other)
            if waiting:
                before = (
                    who
                    for (who, _), asked in reversed(waiting.items())
                    if asked < wanted.seq and who != agent
                )
                yield other, before

    def asked_by(self, agent: AgentId, ask: AskId) -> QuestionId | None:
        """Return the open question that an agent asked by this name, if it is open."""
        for question in self.open_questions:
            asked = self.questions[question].asked
            if asked.agent == agent and asked.ask == ask:
                return question
        return None

    @property
    def at_a_standstill(self) -> bool:
        """True if nothing could move this session but a human, or a time that comes."""
        return self.idle and stands_still(self.agents.values(), self.triggers.values())

    @property
    def undecided(self) -> bool:
        """True if a question is open whose answer may lead to tasks, agents or keys."""
        return any(leads_to_more(self.questions[it].asked) for it in self.open_questions)

    @property
    def unsettled(self) -> bool:
        """True if something may wait for something else than when `waits` was asked for last."""
        waits = self._waits
        return bool(
            self._unsettled or self._unsettled_nodes or self._served or waits is None or waits.loose
        )

    def waits(self) -> StandingWaits:
        """Return what waits for what after the last event. Costs what changed since last asked."""
        if self._waits is None:
            self._waits = StandingWaits()
            rows: Iterable[Any] = self.tasks.values()
        else:
            rows = self._unsettled
        nodes, served = self._unsettled_nodes, self._served
        self._unsettled, self._unsettled_nodes, self._served = [], {}, {}
        graph = self._waits.graph
        for node in [node for node in nodes if node.kind == "lock"]:
            held = node.name in self.locks
            if held and node not in graph:
                nodes.update((task, None) for task in self.wanting_like(Resource(node.name)))
            elif not held:
                nodes.update((waiter, None) for waiter in graph.waiters(node))
        for task in served:
            nodes.update((waiter, None) for waiter in graph.waiters(of_task(task)))
        self._waits.settle(self, rows, nodes)
        return self._waits

    # -- bookkeeping for the fold -----------------------------------------------------------

    def touch(self, row: _Row) -> None:
        """Note that the current event changed `row`."""
        touched = row.touched
        if touched <= self._digested_at:
            self._changed.append(row)
        if touched <= self._shown_at:
            self._stale.append(row)
        row.touched = self.seq

    def unsettle(self, row: _Row) -> None:
        """Note that what a row waits for, or who waits for it, may be other than before."""
        if self._waits is not None:
            self._unsettled.append(row)

    def reorganise(self) -> None:
        """Note that agents speak to each other in other ways than before."""
        self._ways = None

    def reckon(self, name: AgentId) -> None:
        """Note whether messages hold up an agent at its work."""
        agent = self.agents.get(name)
        held = agent is not None and agent.task is not None and self.post.concerns(name)
        self.meter.hold_up(name, self.at, held=held)

    def remember(self, key: MemoryKey, value: JsonValue) -> None:
        """Set a key of the shared memory."""
        self.memory[key] = value
        self._memory_changed[key] = None
        self._unsettled_nodes[of_key(key)] = None
        provided = self.provided(key)
        for task in self.waiting_for_key.get(key, ()):
            if not provided or self.tasks[task].spec.when:
                self._unsettled_nodes[of_task(task)] = None

    def claim(self, agent: AgentSpec, count: int) -> None:
        """Count what an agent may use in (1) or out (-1) of what is taken."""
        self.claimed_cpu += count * millionths(agent.limits.cpu)
        self.claimed_memory += count * (agent.limits.memory or 0)

    def enlist(self, agent: AgentSpec) -> None:
        """Note what a new agent can do."""
        for skill in agent.skills:
            self.skilled.setdefault(skill, []).append(agent.id)
        if agent.owns:
            self.owners.append(agent.id)
            self._compare(agent.owns)

    def relate(self, task: TaskSpec) -> None:
        """Note what a new task needs and provides."""
        for need in task.needs_tasks:
            self.dependants.setdefault(need, []).append(task.id)
        for key in task.needs_keys:
            self.waiting_for_key.setdefault(key, []).append(task.id)
        for key in task.provides:
            self.providers.setdefault(key, []).append(task.id)
        if task.owns:
            self.owning.append(task.id)
            self._compare(task.owns)
        if task.locks:
            self._compare(task.locks)
        if task.needs_tasks or task.needs_keys or task.provides or task.id in self.dependants:
            self._ranks = None
        elif self._ranks is not None:
            self._ranks[task.id] = (task.expected_ms or 1) + self._rank_behind(task.reviews)

    def _rank_behind(self, reviewed: TaskId | None) -> int:
        """Return how long what waits for the end of a review takes, in known ranks."""
        row = self.tasks.get(reviewed) if reviewed is not None else None
        return 0 if row is None else self.rank(row.spec.id) - (row.spec.expected_ms or 1)

    def _compare(self, resources: Iterable[Resource]) -> None:
        """Note what else each of `resources` may be."""
        for resource in resources:
            locks.relate(resource, self.alike, self._patterns)
            self._undeclared.pop(resource, None)

    def await_lock(self, resource: Resource, agent: AgentId, ask: AskId) -> bool:
        """Note that an agent waits for a lock from now on.

        False if it would take too long to tell what else that may be; then nothing is noted.
        """
        if resource not in self.alike:
            try:
                locks.relate(resource, self.alike, self._patterns, Globs(locks.MOST_WORK).may_meet)
            except TooMuchError:
                return False
            self._undeclared[resource] = None
        self.waiting_for_lock.setdefault(resource, {})[agent, ask] = self.seq
        return True

    def end_lock_wait(self, resource: Resource, agent: AgentId, ask: AskId) -> None:
        """Note that an agent does not wait for a lock any more."""
        in_hand = self.agents[agent].task
        if in_hand is not None:
            self._served[in_hand] = None
        waiting = self.waiting_for_lock[resource]
        del waiting[agent, ask]
        if not waiting:
            del self.waiting_for_lock[resource]
        self._loosen(resource)

    def _unsettle(self, lock: Lock) -> None:
        """Note that a lock was taken or given back, which concerns who waits for it or its like."""
        self._unsettled_nodes[of_lock(lock.resource)] = None
        self._unsettled_nodes[of_task(lock.task)] = None

    def wanting_like(self, resource: Resource) -> Iterator[Node]:
        """Yield the tasks for which what may be the same as `resource` is wanted."""
        for other in self.alike[resource]:
            yield from map(of_task, self.wanting.get(other, ()))
            for agent, _ in self.waiting_for_lock.get(other, ()):
                in_hand = self.agents[agent].task
                if in_hand is not None:
                    yield of_task(in_hand)
        for owner in self.owners:
            yield from map(of_task, self.ready_pinned.get(owner, ()))

    def _loosen(self, resource: Resource) -> None:
        """Note that a resource is not locked any more, or that somebody waits for it no more."""
        waiting = self.waiting_for_lock
        if waiting:
            self.loosened.update((it, None) for it in self.alike[resource] if it in waiting)
        if resource in self._undeclared and not (resource in self.locks or resource in waiting):
            del self._undeclared[resource]
            for other in self.alike.pop(resource):
                if other != resource:
                    self.alike[other].remove(resource)
            if not locks.is_one(resource):
                self._patterns.remove(resource)

    def lock(self, lock: Lock) -> None:
        """Note that a resource is taken."""
        self.locks[lock.resource] = lock
        self.locked_by.setdefault(lock.agent, {})[lock.resource] = None
        self._locks_changed[lock.resource] = None
        self._unsettle(lock)

    def unlock(self, lock: Lock) -> None:
        """Note that a resource was given back."""
        del self.locks[lock.resource]
        of_agent = self.locked_by[lock.agent]
        del of_agent[lock.resource]
        if not of_agent:
            del self.locked_by[lock.agent]
        self._locks_changed[lock.resource] = None
        self._unsettle(lock)
        self._loosen(lock.resource)

    def set_agent_state(self, agent: Agent, state: AgentState) -> None:
        """Move an agent and keep the counts."""
        counts = self.agent_counts
        counts[agent.state] = counts.get(agent.state, 1) - 1
        counts[state] = counts.get(state, 0) + 1
        if (state in LIVE) is not (agent.state in LIVE) and self.is_by_trigger(agent.spec):
            self.claim(agent.spec, 1 if state in LIVE else -1)
        if (state is _FAILED) is not (agent.state is _FAILED):
            self._ways = None
        waits = self._waits
        if waits is not None and (
            agent.waits or waits.loose or (waits.skilled and agent.spec.skills)
        ):
            self._unsettled.append(agent)
        agent.state = state
        if state not in LIVE and self.unfinished_pinned.get(agent.spec.id):
            self.wanted_back[agent.spec.id] = None
        else:
            self.wanted_back.pop(agent.spec.id, None)
        for skill in agent.spec.skills:
            free = self.available_skilled.setdefault(skill, {})
            if state is _AVAILABLE:
                free[agent.spec.id] = None
            else:
                free.pop(agent.spec.id, None)

    def set_task_state(self, task: Task, state: TaskState) -> None:
        """Move a task and keep the counts and the index of ready tasks."""
        counts = self.task_counts
        counts[task.state] = counts.get(task.state, 1) - 1
        counts[state] = counts.get(state, 0) + 1
        index: dict[TaskId, None]
        if task.spec.agent is not None:
            index = self.ready_pinned.setdefault(task.spec.agent, {})
        else:
            index = self.ready_skilled.setdefault(task.spec.requires_skill or "", {})
        if state is _READY:
            index[task.spec.id] = None
        else:
            index.pop(task.spec.id, None)
        if task.spec.locks or task.spec.owns:
            for resource in locks.wanted(task.spec, None):
                wanting = self.wanting.setdefault(resource, {})
                if state is _READY:
                    wanting[task.spec.id] = None
                else:
                    wanting.pop(task.spec.id, None)
        task.state = state
        if self._waits is not None:
            self._unsettled.append(task)

    def expect(self, task: TaskSpec, count: int) -> None:
        """Count `task` in (1) or out (-1) of the work still to be done."""
        self.unfinished += count
        if task.review is not None:
            by = task.review.by
            self.to_review[by] = self.to_review.get(by, 0) + count
        if task.agent is not None:
            pinned = self.unfinished_pinned
            pinned[task.agent] = pinned.get(task.agent, 0) + count
            agent = self.agents.get(task.agent)
            if agent is not None and agent.state not in LIVE:
                if pinned[task.agent]:
                    self.wanted_back[task.agent] = None
                else:
                    self.wanted_back.pop(task.agent, None)
        else:
            skilled = self.unfinished_skilled
            skill = task.requires_skill or ""
            skilled[skill] = skilled.get(skill, 0) + count

    def reassign(self, task: Task, agent: AgentId) -> None:
        """Have a task that waits for one agent wait for another, and keep the indices."""
        state = task.state
        self.expect(task.spec, -1)
        if task.spec.agent is not None:
            self.ready_pinned.get(task.spec.agent, {}).pop(task.spec.id, None)
        task.spec = replace(task.spec, agent=agent)
        self.unsettle(task)
        if state is _READY:
            self.ready_pinned.setdefault(agent, {})[task.spec.id] = None
        self.expect(task.spec, 1)

    def hold(self, agent: Agent, task: TaskId) -> None:
        """Put `task` into the hands of `agent`."""
        agent.task = task
        self.holder[task] = agent.spec.id
        self.working += 1
        self.meter.work(1, self.at)
        if self.post.letters:
            self.reckon(agent.spec.id)

    def weigh(self, agent: Agent) -> None:
        """Count `agent` among the busy, or not.

        A process is not busy while it is suspended, while it waits for a human, a key or a lock,
        nor while it lives on without a task; until it is gone, one that is being stopped is.
        """
        waits = agent.state is _PAUSED or (
            agent.spec.lifetime is _FOR_SESSION and agent.state in _RESTFUL
        )
        busy = agent.running and (agent.stopping or not waits)
        if busy is not agent.busy:
            agent.busy = busy
            self.busy += 1 if busy else -1

    def let_go(self, agent: Agent) -> None:
        """Take whatever task the agent has out of its hands."""
        if agent.task is not None:
            del self.holder[agent.task]
            agent.task = None
            self.working -= 1
            self.meter.hold_up(agent.spec.id, self.at, held=False)
            self.meter.work(-1, self.at)

    def next_digest(self) -> str:
        """Return the digest of the state: the one before, and every row changed since.

        Cost follows what changed, not how much there is.
        """
        rows = [row.digest_row() for row in self._changed]
        rows += [f"memory {key} {self.memory[key]!r}" for key in self._memory_changed]
        for resource in self._locks_changed:
            lock = self.locks.get(resource)
            rows.append(f"lock {resource} {lock and (lock.task, lock.agent, lock.seq)!r}")
        for name in self.post.changed:
            letter = self.post.letters.get(name)
            rows.append(f"message {name} over" if letter is None else letter.digest_row())
        text = "\n".join((self.digest, *rows))
        return blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()

    def digested(self, digest: str) -> None:
        """Start a new stretch after `digest`."""
        self.digest = digest
        self._digested_at = self.seq
        self._changed.clear()
        self._memory_changed.clear()
        self._locks_changed.clear()
        self.post.changed.clear()

    # -- coming back to a former state ------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Return the session as it is now, by what changed since the last checkpoint or snapshot.

        Whoever wants to come back here needs all that was told before, so let nobody take snapshots
        of a session of which checkpoints are made.
        """
        changed = self._news()
        self._shown.take(changed)
        undigested = []
        for row in self._changed:
            table, key = _place_of(row, self._shown)
            undigested.append(table[key])
        rest = {name: _apart(getattr(self, name)) for name in _REST}
        return Checkpoint(self.seq, changed, undigested, rest)

    @classmethod
    def restored(cls, checkpoints: Sequence[Checkpoint]) -> "Session":
        """Return a session as it was at the last of `checkpoints`, which are all up to that one."""
        last = checkpoints[-1]
        session = cls(**{name: _apart(value) for name, value in last.rest.items()})
        shown = session._shown
        for checkpoint in checkpoints:
            shown.take(checkpoint.rows)
        session._shown_at = session.seq
        session.agents = _copies(Agent, shown.agents)
        session.tasks = _copies(Task, shown.tasks)
        session.questions = _copies(Question, shown.questions)
        session.issues = _copies(Issue, shown.issues)
        session.triggers = _copies(Trigger, shown.triggers)
        session.feedback = _copies(Feedback, shown.feedback)
        for row in last.undigested:
            table, key = _place_of(row, session)
            session._changed.append(table[key])
        for agent in session.agents.values():
            session.enlist(agent.spec)
        for task in session.tasks.values():
            session.relate(task.spec)
        for resource in (*session.locks, *session.waiting_for_lock):
            if resource not in session.alike:
                locks.relate(resource, session.alike, session._patterns)
                session._undeclared[resource] = None
        return session

    # -- what others may see ----------------------------------------------------------------

    def progress(self) -> float | None:
        """Return expected duration x progress over expected duration; None without tasks.

        A task without declared duration weighs as much as the mean of those that have one.
        """
        rows = self.tasks.values()
        if not rows:
            return None
        known = [t.spec.expected_ms for t in rows if t.spec.expected_ms]
        unknown = sum(known) / len(known) if known else 1.0
        done = total = 0.0
        for task in rows:
            weight = task.spec.expected_ms or unknown
            total += weight
            share = 100 if task.state is _COMPLETE else task.progress or 0
            done += weight * share / 100
        return done / total

    def _news(self) -> _Shown:
        """Return the rows that are not shown as they are now; after that they count as shown."""
        news = self._copied_ahead
        for row in self._stale[: self._ahead]:
            table, key = _place_of(row, news)
            if table[key].touched != row.touched:
                news.put(row)
        for row in self._stale[self._ahead :]:
            news.put(row)
        self._copied_ahead, self._ahead = _Shown(), 0
        self._stale.clear()
        self._shown_at = self.seq
        return news

    def _session_hook(self) -> HookName | None:
        if self.start_hook == "runs":
            return "on_start"
        return "on_end" if self.end_hook == "runs" else None

    def prepare_snapshot(self) -> bool:
        """Copy some rows ahead, so that the next snapshot takes less time at once.

        Returns True if there are more. What changes afterwards is copied again.
        """
        ahead = min(self._ahead + _COPIED_AT_ONCE, len(self._stale))
        for row in self._stale[self._ahead : ahead]:
            self._copied_ahead.put(row)
        self._ahead = ahead
        return self._ahead < len(self._stale)

    def snapshot(self) -> Snapshot:
        """Return the session as plain values; only what changed since the last is copied."""
        shown = self._shown
        shown.update(self._news())
        return Snapshot(
            seq=self.seq,
            at=self.at,
            session=self.session,
            project=self.project,
            goal=self.goal,
            mode=self.mode,
            max_agents=self.max_agents,
            status=self.status,
            outcome=self.outcome,
            outcome_reason=self.outcome_reason,
            teams=self.teams,
            agents=shown.agents,
            tasks=shown.tasks,
            questions=shown.questions,
            issues=shown.issues,
            triggers=shown.triggers,
            feedback=shown.feedback,
            limits=self.limits,
            calling=self.calling,
            kinds=self.kinds,
            auto_spawn=self.auto_spawn,
            health=self.health,
            coordinator=self.coordinator,
            topology=self.topology,
            shape=self.shape,
            pressures=dict(self.pressures),
            adaptations=self.adaptations,
            memory=dict(self.memory),
            locks=dict(self.locks),
            deadlocks=tuple(map(self.deadlocks.__getitem__, self.open_deadlocks.values())),
            agent_counts={s: n for s, n in self.agent_counts.items() if n},
            task_counts={s: n for s, n in self.task_counts.items() if n},
            away=self.away,
            coordination=measured(self.post, self.meter, self.at),
            progress=self.progress(),
            hook=self._session_hook(),
        )


_MADE_OF_ROWS = frozenset(
    (
        *("agents", "tasks", "questions", "issues", "triggers", "feedback"),
        *("dependants", "waiting_for_key", "providers", "skilled", "_ranks", "_ways"),
        *("alike", "owners", "owning", "_patterns", "_undeclared"),
        *("_changed", "_stale", "_shown", "_shown_at", "_ahead", "_copied_ahead"),
        *("_waits", "_unsettled", "_unsettled_nodes", "_served"),
    )
)
_REST = tuple(it.name for it in fields(Session) if it.name not in _MADE_OF_ROWS)


def _apart(value: Any) -> Any:
    """Return a copy of an index, to be changed without the other; nothing else is ever changed."""
    if isinstance(value, Correspondence | Meter):
        return value.copied()
    if not isinstance(value, dict):
        return value
    return {key: dict(it) if isinstance(it, dict) else it for key, it in value.items()}
