"""What is wrong with how a swarm works, judged by what is known of it.

What is not known counts for nothing: without measured use nobody is short of anything, without
declared durations nobody is slow, and where no message is routed nothing is lost by that. What was
found before counts until it has come back to a lower threshold (`strategies.TRIGGERS`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mop_tui.domain import graph, locks
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.coordination import measured
from mop_tui.domain.expectation import Pace
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, HostKind, Plan
from mop_tui.domain.review import reviewed
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import Found, Pressure, thresholds
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.wording import lasting, listed

AT_WORK = frozenset({AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY})
"""States in which an agent does its task."""
MANY = 3
"""So many tasks have to wait for one agent or task before that is a bottleneck."""
OVERDUE = 1.5
"""A task that has taken so many times its declared duration holds up those that need it."""
LOOKED_AT = 4
"""Of so many blocking agents or tasks, those with the longest chains of work behind them, it is
worked out how much waits for them."""
_MANY_CORES = 0.1


@immutable
class Use:
    """What is in use, in percent; None where nobody knows."""

    cpu: float | None = None
    """Of the machine's processors, `cores` of them; and of its memory:"""
    memory: float | None = None
    cores: int | None = None
    of_limit_cpu: float | None = None
    """What the agents use of `limits.cpu`, and of `limits.memory`:"""
    of_limit_memory: float | None = None


def use_of(plan: Plan, agent: Agent) -> tuple[float | None, int | None]:
    """Return how many cores, and bytes of memory, an agent uses; None where nobody knows.

    Of a simulated one its script tells, as long as it is at work.
    """
    if agent.spec.host is HostKind.COMMAND:
        measured = agent.measured
        return (None, None) if measured is None else (measured.cpu_cores, measured.memory_bytes)
    script = plan.work(agent.spec, agent.task).script
    if agent.state not in AT_WORK or script is None:
        return None, None
    return script.uses_cpu, script.uses_memory


def use(plan: Plan, session: Session, machine: Use) -> Use:
    """Return what is in use, as far as `machine` and the agents tell."""
    cores = memory = None
    for agent in session.agents.values():
        if agent.running:
            used, held = use_of(plan, agent)
            cores = cores if used is None else (cores or 0.0) + used
            memory = memory if held is None else (memory or 0) + held
    return Use(
        machine.cpu,
        machine.memory,
        machine.cores,
        _percent(cores, session.limits.cpu),
        _percent(memory, session.limits.memory),
    )


def _percent(used: float | None, limit: float | None) -> float | None:
    return None if used is None or not limit else round(100 * used / limit, 1)


def overhead(session: Session, at: int) -> float | None:
    """Return the share of the agents' time at work, in percent, in which messages held them up
    lately; None where nothing was said."""
    share = measured(session.post, session.meter, at).overhead
    return None if share is None else 100 * share


def findings(
    plan: Plan, session: Session, used: Use, pace: Pace | None, at: int
) -> tuple[Found, ...]:
    """Return what is wrong at session time `at`, in the order in which it is seen to."""
    judge = _Judge(plan, session, at)
    found = (
        judge.resources(used),
        judge.bottleneck(),
        judge.overload(),
        judge.coordination(overhead(session, at)),
        judge.progress(pace),
    )
    return tuple(it for it in found if it is not None)


@dataclass(frozen=True, slots=True)
class _Judge:
    plan: Plan
    session: Session
    at: int

    def _limit(self, trigger: Pressure, value: float) -> float | None:
        """Return the threshold that a value has crossed, or not come back from; else None."""
        holds = trigger in self.session.pressures
        between = thresholds(trigger, self.plan.strategies)
        if not between.beyond(value, holds=holds):
            return None
        return between.ends if holds else between.begins

    def _bound(self, trigger: Pressure, value: float) -> str:
        """Return in words what `value` is to be compared with: from where on it counts, or, once it
        is below that again, where it is over."""
        between = thresholds(trigger, self.plan.strategies)
        if between.beyond(value, holds=False):
            return f"more than {between.begins:g} % is too much"
        return f"it is over at {between.ends:g} %"

    # -- what there is ----------------------------------------------------------------------------

    def resources(self, used: Use) -> Found | None:
        """Return that the machine, or what the layout allows, is used up."""
        limits = self.session.limits
        shares = (
            (used.cpu, "of the machine's processors is in use"),
            (used.memory, "of the machine's memory is in use"),
            (used.of_limit_cpu, f"of the {limits.cpu or 0:g} cores of limits.cpu is in use"),
            (used.of_limit_memory, "of limits.memory is in use"),
        )
        known = [(share, what) for share, what in shares if share is not None]
        if not known:
            return None
        share, what = max(known)
        limit = self._limit("resource_constrained", share)
        if limit is None:
            return None
        text = f"{share:.0f} % {what}; {self._bound('resource_constrained', share)}"
        return Found("resource_constrained", share, limit, text)

    # -- what waits -------------------------------------------------------------------------------

    def bottleneck(self) -> Found | None:
        """Return for whom or what most of the work that is left waits."""
        session = self.session
        left = {t: row for t, row in session.tasks.items() if row.state not in TERMINAL}
        if len(left) <= MANY:
            return None
        blocking = self._blocking(left.values())
        if not blocking:
            return None
        needing = session.dependants_by_any_need()
        known = [ms for row in left.values() if (ms := row.spec.expected_ms)]
        usual = sum(known) / len(known) if known else 1.0
        weight = {t: row.spec.expected_ms or usual for t, row in left.items()}
        whole = sum(weight.values())
        ranked = sorted(blocking.items(), key=lambda it: -max(map(session.rank, it[1])))
        best: tuple[float, int, AgentId | None, list[TaskId]] | None = None
        for (agent, _), tasks in ranked[:LOOKED_AT]:
            behind: dict[TaskId, None] = {}
            for task in tasks:
                behind.update(dict.fromkeys(graph.descendants(task, needing)))
            waiting = [t for t in behind if t in left and t not in tasks]
            share = 100 * sum(weight[t] for t in waiting) / whole
            if len(waiting) >= MANY and (best is None or share > best[0]):
                best = share, len(waiting), agent, tasks
        if best is None:
            return None
        share, count, agent, tasks = best
        limit = self._limit("bottleneck_detected", share)
        if limit is None:
            return None
        text = (
            f"{count} tasks, {share:.0f} % of the work that is left, wait for {agent or tasks[0]}:"
            f" {self._why_blocking(agent, tasks)}"
        )
        return Found("bottleneck_detected", share, limit, text, agent, tasks[0])

    def _blocking(
        self, left: Iterable[Task]
    ) -> Mapping[tuple[AgentId | None, TaskId | None], list[TaskId]]:
        """Return tasks that hold up others without need, by who keeps them, or else by themselves:
        those that take too long, and those that are ready while whoever does them is busy."""
        session = self.session
        blocking: dict[tuple[AgentId | None, TaskId | None], list[TaskId]] = {}
        for task in left:
            name = task.spec.id
            if task.state is TaskState.ACTIVE and self._is_late(task):
                blocking.setdefault((task.agent, None), []).append(name)
            elif task.state is TaskState.READY and not task.held:
                able = session.capable(task.spec)
                if not able or somebody_is_free(session, task):
                    continue
                key = (able[0], None) if len(able) == 1 else (None, name)
                blocking.setdefault(key, []).append(name)
        return blocking

    def _is_late(self, task: Task) -> bool:
        agent = self.session.agents.get(task.agent) if task.agent is not None else None
        if agent is None or agent.waits or agent.state not in AT_WORK:
            return False
        expected = task.spec.expected_ms
        return expected is not None and task.worked(self.at) > OVERDUE * expected

    def _why_blocking(self, agent: AgentId | None, tasks: list[TaskId]) -> str:
        rows = [self.session.tasks[task] for task in tasks]
        late = [row for row in rows if row.state is TaskState.ACTIVE]
        if late:
            row = late[0]
            worked, expected = row.worked(self.at), row.spec.expected_ms or 0
            return f"{row.spec.id} has taken {lasting(worked)} instead of {lasting(expected)}"
        are = "is" if len(tasks) == 1 else "are"
        if agent is not None:
            return f"{_some(tasks)} {are} ready, and nobody else can do {_it(tasks)}"
        return f"{_some(tasks)} {are} ready, and nobody is free"

    def overload(self) -> Found | None:
        """Return for whom tasks wait that somebody else could do who is free."""
        session = self.session
        idle = free(session)
        queues = [
            (name, [task for task in ready if not session.tasks[task].held])
            for name, ready in session.ready_pinned.items()
            if ready and idle
        ]
        for name, waiting in sorted(queues, key=lambda it: -len(it[1])):
            limit = self._limit("agent_overloaded", len(waiting)) if waiting else None
            if limit is None:
                return None
            agent = session.agents.get(name)
            if agent is None or agent.state is AgentState.AVAILABLE:
                continue
            others = takers(self.plan, session, agent, waiting, idle)
            if not others:
                continue
            named = listed([other.spec.id for other in others[:MANY]])
            ready_ = f"{len(waiting)} ready task{'' if len(waiting) == 1 else 's'}"
            does = "is" if len(others) == 1 else "are"
            wait, them = ("waits", "it") if len(waiting) == 1 else ("wait", "them")
            text = f"{ready_} {wait} for {name}, while {named} {does} free and could do {them}"
            return Found("agent_overloaded", len(waiting), limit, text, name, waiting[0])
        return None

    # -- what it costs ----------------------------------------------------------------------------

    def coordination(self, share: float | None) -> Found | None:
        """Return that agents spend much of their time waiting for messages."""
        limit = None if share is None else self._limit("coordination_overhead_high", share)
        if share is None or limit is None:
            return None
        shape = self.session.shape
        text = (
            f"{share:.0f} % of the agents' time goes into waiting for messages on their way"
            f" ({shape}); {self._bound('coordination_overhead_high', share)}"
        )
        return Found("coordination_overhead_high", share, limit, text)

    def progress(self, pace: Pace | None) -> Found | None:
        """Return that the work gets on more slowly than planned."""
        if pace is None:
            return None
        limit = self._limit("progress_slow", pace.percent)
        if limit is None:
            return None
        text = (
            f"{lasting(round(pace.done_ms))} of work was done in the last"
            f" {lasting(self.at - pace.since)}, {pace.percent:.0f} % of the"
            f" {lasting(round(pace.expected_ms))} that were to be expected"
        )
        return Found("progress_slow", pace.percent, limit, text)


def _some(tasks: Sequence[TaskId]) -> str:
    named = list(tasks[:MANY])
    more = len(tasks) - len(named)
    return listed([*named, f"{more} more"] if more else named)


def _it(tasks: Sequence[TaskId]) -> str:
    return "it" if len(tasks) == 1 else "them"


# -- who could do it instead ----------------------------------------------------------------------


def somebody_is_free(session: Session, task: Task) -> bool:
    """True if an agent is available that may do `task`."""
    if task.spec.agent is None:
        return bool(session.available_skilled.get(task.spec.requires_skill or ""))
    agent = session.agents.get(task.spec.agent)
    return agent is not None and agent.state is AgentState.AVAILABLE


def free(session: Session) -> list[Agent]:
    """Return the agents that are available and have nothing to do."""
    if session.at_limit or not session.agent_counts.get(AgentState.AVAILABLE):
        return []
    return [
        agent
        for agent in session.agents.values()
        if agent.state is AgentState.AVAILABLE
        and not (agent.leaving or agent.retired or session.ready_count(agent))
    ]


def takers(
    plan: Plan, session: Session, agent: Agent, tasks: Iterable[TaskId], idle: Iterable[Agent]
) -> list[Agent]:
    """Return who of the `idle` could do one of `tasks`, which are meant for `agent`, as well."""
    if agent.spec.owns:
        return []
    rows = [session.tasks[task] for task in tasks]
    return [
        other
        for other in idle
        if any(could_do(plan, session, agent, other.spec, row) for row in rows)
    ]


def could_do(plan: Plan, session: Session, agent: Agent, other: AgentSpec, task: Task) -> bool:
    """True if `other` could do a task that is meant for `agent`, and would do it in the same way.

    It is of the same type or has all skills, runs the same program for it, and `agent` owns no
    files; nothing that it would lock is locked; and nobody reviews what it did itself.
    """
    if other.id == agent.spec.id or agent.spec.owns:
        return False
    of = reviewed(session, task)
    if task.spec.is_reviewed_by(other.id) or (of is not None and of.agent == other.id):
        return False
    if other.type != agent.spec.type and not set(agent.spec.skills) <= set(other.skills):
        return False
    if other.type != agent.spec.type and not agent.spec.skills:
        return False
    name = task.spec.id
    if plan.work(other, name).command != plan.work(agent.spec, name).command:
        return False
    if locks.wanted(task.spec, other) and session.obstacle(task.spec, other) is not None:
        return False
    return other.lifetime is agent.spec.lifetime
