"""What each strategy would do now: steps, or why there is nothing to be done.

Whom a strategy paused goes on again as soon as there is room for it, and whom it spawned leaves
once it is out of work and the reason is gone. Tasks that were moved stay where they are, for to
move them back would only make them wait anew; and a topology stays, since going back to the one
that cost too much would cost as much again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mop_tui.decisions import admission
from mop_tui.decisions.dependencies import urgency
from mop_tui.decisions.steering import ordered
from mop_tui.decisions.wording import counted, listed
from mop_tui.domain.actions import (
    Action,
    MoveAgent,
    Reassign,
    SpawnNew,
    StopProcess,
    SwitchTopology,
)
from mop_tui.domain.agent_lifecycle import LIVE, AgentState, AgentTrigger, PausedBy
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, Plan
from mop_tui.domain.pressure import AT_WORK, could_do, free, somebody_is_free, takers, use_of
from mop_tui.domain.priority import Priority
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import Strategy, spawn_of, thresholds

_USUAL_MS = 60_000
"""What a task counts as that does not say how long it takes, where loads are compared."""


@immutable
class Step:
    """What is done, and what that is in one sentence."""

    what: str
    actions: tuple[Action, ...]
    agents: tuple[AgentId, ...] = ()
    cores: tuple[float | None, ...] = ()
    """What each of `agents` used, where they are paused."""


def step(plan: Plan, session: Session, strategy: Strategy, seq: int) -> Step | str:
    """Return what `strategy` does because of event `seq`, or why it does nothing."""
    match strategy.action:
        case "spawn_additional_agents":
            return _spawned(plan, session, strategy, seq)
        case "pause_non_critical_agents":
            return _paused(plan, session, strategy)
        case "move_tasks_to_available_agents":
            return _moved(plan, session)
        case "switch_topology":
            return _switched(session, strategy)
        case "break_cycle":
            return "deadlocks are seen to where they close"


def _switched(session: Session, strategy: Strategy) -> Step | str:
    """Go over to another shape, where the present one is the one to be left."""
    if session.shape != strategy.from_shape or strategy.to_shape is None:
        return f"the swarm is coordinated as {session.shape}, not {strategy.from_shape}"
    what = f"from now on the swarm is coordinated as {strategy.to_shape}"
    return Step(what, (SwitchTopology(strategy.to_shape),))


# -- more agents ----------------------------------------------------------------------------------


def _spawned(plan: Plan, session: Session, strategy: Strategy, seq: int) -> Step | str:
    """Spawn agents of the type that the longest queue of ready tasks wants."""
    queue, spec = _longest_queue(plan, session)
    if spec is None:
        return "no ready task waits for an agent that could be spawned"
    live = sum(1 for agent in session.agents.values() if agent.state in LIVE)
    room = len(queue)
    if strategy.max_agents is not None:
        room = min(room, strategy.max_agents - live)
        if room <= 0:
            are = "is" if live == 1 else "are"
            return f"max_agents is {strategy.max_agents}, and {counted(live, 'agent')} {are} there"
    places = session.places
    if places <= 0:
        return f"max_agents of the session is {session.max_agents}, and as many are at work"
    admitted: list[AgentSpec] = []
    why_not = ""
    while len(admitted) < min(room, places):
        no = admission.refused(session, spec, admitted)
        if no is not None:
            why_not = no.reason
            break
        admitted.append(spec)
    if not admitted:
        return why_not
    spawns = tuple(
        SpawnNew(spawn_of(strategy.name, seq, number), spec)
        for number in range(1, len(admitted) + 1)
    )
    tasks = f"{counted(len(queue), 'ready task')} wait" + ("s" if len(queue) == 1 else "")
    more = f"{counted(len(spawns), f'more {spec.type}')} {'is' if len(spawns) == 1 else 'are'}"
    return Step(f"{more} spawned, for which {tasks}", spawns)


def _longest_queue(plan: Plan, session: Session) -> tuple[list[TaskId], AgentSpec | None]:
    """Return the most ready tasks that one type of agent could do and nobody is free for, and an
    agent of that type."""
    queues: dict[str, list[TaskId]] = {}
    for index in (session.ready_pinned.values(), session.ready_skilled.values()):
        for ready in index:
            for name in ready:
                row = session.tasks[name]
                kind = "" if row.held else _kind_for(plan, session, row)
                if kind:
                    queues.setdefault(kind, []).append(name)
    best = max(queues, key=lambda kind: len(queues[kind]), default="")
    if not best:
        return [], None
    return queues[best], admission.agent_of(plan, best)


def _kind_for(plan: Plan, session: Session, task: Task) -> str:
    """Return the type of which one more agent could do a task at once; empty if there is none."""
    if somebody_is_free(session, task):
        return ""
    if session.obstacle(task.spec, None) is not None:
        return ""
    able = [session.agents[name] for name in session.capable(task.spec)]
    if task.spec.agent is None:
        skill = task.spec.requires_skill or ""
        kinds = [agent.spec.type for agent in able if skill in _skills(plan, agent.spec.type)]
        kinds += [kind for kind in plan.kinds if skill in plan.kinds[kind].skills]
        return next(iter(kinds), "")
    for agent in able:
        kind = agent.spec.type
        if kind in plan.kinds:
            one_more = replace(admission.agent_of(plan, kind), id=AgentId(""))
            if could_do(plan, session, agent, one_more, task):
                return kind
    return ""


def _skills(plan: Plan, kind: str) -> Sequence[str]:
    return plan.kinds[kind].skills if kind in plan.kinds else ()


def shared_out(plan: Plan, session: Session, strategy: str) -> Step | None:
    """Return what gives those that a strategy spawned, and that have nothing to do, tasks that are
    meant for others of their type; None if there is nothing to give or nobody to give it to."""
    idle = [
        agent
        for agent in session.added(strategy)
        if agent.state in (AgentState.AVAILABLE, AgentState.COMPLETE)
        and not agent.leaving
        and not session.ready_count(agent)
    ]
    return _shared(plan, session, idle) if idle else None


def dismissed(session: Session, strategy: Strategy) -> Step | None:
    """Return what lets those leave that a strategy spawned and that are out of work, if its reason
    is gone; None if there is nobody."""
    if strategy.trigger in session.pressures:
        return None
    idle = [
        agent
        for agent in session.added(strategy.name)
        if agent.state in (AgentState.AVAILABLE, AgentState.COMPLETE)
        and not agent.leaving
        and not session.ready_count(agent)
    ]
    if not idle:
        return None
    names = tuple(agent.spec.id for agent in idle)
    actions: list[Action] = []
    for agent in idle:
        if agent.state is AgentState.AVAILABLE:
            actions.append(MoveAgent(agent.spec.id, AgentTrigger.DISMISSED))
        if agent.running:
            actions.append(StopProcess(agent.spec.id))
    does = "has" if len(names) == 1 else "have"
    return Step(f"{listed(list(names))} {does} nothing to do any more", tuple(actions), names)


# -- fewer at a time ------------------------------------------------------------------------------


def _paused(plan: Plan, session: Session, strategy: Strategy) -> Step | str:
    """Pause the least important, as many as needed; never the last, nor a critical one."""
    at_work = [
        agent
        for agent in session.agents.values()
        if agent.state in AT_WORK and agent.running and not agent.stopping
    ]
    may = [agent for agent in at_work if _may_pause(session, agent, strategy)]
    if len(at_work) < 2 or not may:
        alone = "nobody else is at work" if len(at_work) < 2 else "who is at work is critical"
        return f"there is nobody to pause: {alone}"
    found = session.pressures["resource_constrained"].found
    limit = thresholds("resource_constrained", plan.strategies).begins
    uses = {agent.spec.id: use_of(plan, agent)[0] for agent in may}
    may.sort(key=lambda agent: _importance(session, agent, uses[agent.spec.id]))
    gone: list[Agent] = []
    freed: float | None = 0.0
    for agent in may[: len(at_work) - 1]:
        gone.append(agent)
        cores = uses[agent.spec.id]
        freed = None if cores is None or freed is None else freed + cores
        if freed is None or found.value - _share(session, freed) <= limit:
            break
    names = tuple(agent.spec.id for agent in gone)
    actions = tuple(
        action for agent in gone for action in ordered(session, agent, "pause", PausedBy.STRATEGY)
    )
    does = "is" if len(names) == 1 else "are"
    what = f"{listed(list(names))} {does} paused, the least important first"
    return Step(what, actions, names, tuple(uses[name] for name in names))


def _may_pause(session: Session, agent: Agent, strategy: Strategy) -> bool:
    task = None if agent.task is None else session.tasks[agent.task]
    critical = task is not None and task.spec.priority is Priority.CRITICAL
    kept = agent.spec.id in strategy.keep_critical or agent.spec.type in strategy.keep_critical
    busy = agent.hook is not None or bool(agent.waits) or agent.spec.id == session.coordinator
    return not (critical or kept or busy)


def _importance(session: Session, agent: Agent, cores: float | None) -> tuple[int, int, float]:
    """Return by what the least important comes first: the priority of its task, or of those that
    wait for what it has locked or will provide; how much work waits for that; and how little it
    uses."""
    if agent.task is None:
        return -1, 0, -(cores or 0.0)
    held_up = [session.tasks[task] for task in _held_up(session, agent.task)]
    priority = max(task.spec.priority for task in (session.tasks[agent.task], *held_up))
    rank = max(map(session.rank, (agent.task, *(task.spec.id for task in held_up))))
    # Who has something that others wait for now keeps them from work, too.
    return priority, rank + (_HOLDS_UP if held_up else 0), -(cores or 0.0)


_HOLDS_UP = 1 << 60
"""More than any work that waits for a task."""


def _held_up(session: Session, task: TaskId) -> list[TaskId]:
    """Return the tasks that wait for what is locked for a task, or at work for its keys."""
    agent = session.holder.get(task)
    locked = session.locked_by.get(agent, {}) if agent is not None else {}
    nodes = [node for resource in locked for node in session.wanting_like(resource)]
    waiting = [
        session.agents[name].task
        for key in session.tasks[task].spec.provides
        for name, _ in session.waiting_agents.get(key, ())
    ]
    names = (*(TaskId(node.name) for node in nodes), *(it for it in waiting if it is not None))
    return [it for it in dict.fromkeys(names) if it != task]


def _share(session: Session, cores: float) -> float:
    """Return what share in percent so many cores are, of the machine or of what may be used: the
    larger one of those that are known."""
    sampled, allowed = session.sampled, session.limits.cpu
    shares = [0.0]
    if sampled is not None and sampled.cpu is not None and sampled.cores:
        shares.append(100 * cores / sampled.cores)
    if allowed:
        shares.append(100 * cores / allowed)
    return max(shares)


def resumed(plan: Plan, session: Session, strategy: Strategy) -> Step | None:
    """Return what lets those go on that a strategy paused, the most important first, as far as
    there is room; None if there is none."""
    state = session.adapting.get(strategy.name)
    held = {} if state is None else {it.agent: it for it in state.held_back}
    rows = [agent for agent in session.held_back() if agent.spec.id in held]
    if not rows:
        return None
    rows.sort(
        key=lambda agent: _importance(session, agent, held[agent.spec.id].cores), reverse=True
    )
    limit = thresholds("resource_constrained", plan.strategies).begins
    used = _in_use(session)
    back: list[Agent] = []
    for agent in rows:
        cores = held[agent.spec.id].cores
        if cores is None:
            if back or strategy.trigger in session.pressures:
                break
            back.append(agent)
            break
        if used + _share(session, cores) > limit:
            break
        used += _share(session, cores)
        back.append(agent)
    if not back and not any(agent.state in AT_WORK for agent in session.agents.values()):
        back = rows[:1]  # else nobody would be at work at all
    if not back:
        return None
    names = tuple(agent.spec.id for agent in back)
    actions = tuple(
        action for agent in back for action in ordered(session, agent, "resume", PausedBy.STRATEGY)
    )
    does = "goes" if len(names) == 1 else "go"
    return Step(f"{listed(list(names))} {does} on, for there is room again", actions, names)


def _in_use(session: Session) -> float:
    """Return how much is in use, in percent, of what is shortest; 0 if nobody knows."""
    sampled = session.sampled
    if sampled is None:
        return 0.0
    known = (sampled.cpu, sampled.memory, sampled.of_limit_cpu, sampled.of_limit_memory)
    return max((share for share in known if share is not None), default=0.0)


# -- somebody else --------------------------------------------------------------------------------


def _moved(plan: Plan, session: Session) -> Step | str:
    """Have tasks that wait for one agent done by others who are free and could do them."""
    others = free(session)
    able: dict[AgentId, Agent] = {}
    for name, ready in session.ready_pinned.items():
        waiting = [task for task in ready if not session.tasks[task].held]
        agent = session.agents.get(name)
        if waiting and agent is not None and agent.state is not AgentState.AVAILABLE:
            for other in takers(plan, session, agent, waiting, others):
                able[other.spec.id] = other
    if not able:
        return "nobody who is free could do any of the tasks that wait for somebody else"
    return _shared(plan, session, [*able.values()]) or "it would not be done any sooner"


def _shared(plan: Plan, session: Session, idle: Sequence[Agent]) -> Step | None:
    """Share what waits for others out to those who are `idle`.

    Task by task, the most pressing first, each goes to whoever would be through with it first:
    the agent that it is meant for, who still has something in hand, or one of the others.
    """
    loads = {agent.spec.id: 0.0 for agent in idle}
    moves: list[Reassign] = []
    for name in list(session.ready_pinned):
        ready = session.ready_pinned[name]
        agent = session.agents.get(name)
        if agent is None or name in loads or agent.state is AgentState.AVAILABLE:
            continue
        own, slowness = _load(session, agent)
        waiting = [task for task in ready if not session.tasks[task].held]
        for task in sorted(waiting, key=lambda it: urgency(session, it)):
            row = session.tasks[task]
            length = row.spec.expected_ms or _USUAL_MS
            could = [it.spec.id for it in idle if could_do(plan, session, agent, it.spec, row)]
            best = min(could, key=loads.__getitem__, default=None)
            if best is None or own + slowness * length <= loads[best] + length:
                own += slowness * length
                continue
            loads[best] += length
            moves.append(Reassign(task, best))
    if not moves:
        return None
    return Step(_told(session, moves), tuple(moves))


def _told(session: Session, moves: Iterable[Reassign]) -> str:
    ways: dict[tuple[AgentId | None, AgentId], list[str]] = {}
    for move in moves:
        was = session.tasks[move.task].spec.agent
        ways.setdefault((was, move.to_agent), []).append(move.task)
    return listed(
        [
            f"{listed(tasks)} {'goes' if len(tasks) == 1 else 'go'} from {was} to {to}"
            for (was, to), tasks in ways.items()
        ]
    )


def _load(session: Session, agent: Agent) -> tuple[float, float]:
    """Return in how many milliseconds an agent is through with what it has in hand, if it gets on
    as it does, and how many times as long as expected it takes."""
    if agent.task is None:
        return 0.0, 1.0
    task = session.tasks[agent.task]
    length = task.spec.expected_ms or _USUAL_MS
    worked, progress = task.worked(session.at), task.progress
    if not progress:
        return max(0.0, length - worked), max(1.0, worked / length)
    slowness = max(1.0, 100 * task.told_after / (length * progress))
    return slowness * length * (100 - progress) / 100, slowness
