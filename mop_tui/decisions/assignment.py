"""Who works on what: by pin or skill, then priority, then longest remaining path.

Most events that can make an assignment possible make at most one possible: a task that becomes
ready and unheld, an agent that becomes available, or a place that becomes free under
`max_agents`. So each yields at most one assignment.

Locks that are given back can make several possible, and then yield as many. That is considered when
the last of them is given back; so the agent that gives them back, and its place, are left until
then to be part of it. No ready task is ever overlooked.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from mop_tui.decisions.dependencies import urgency
from mop_tui.decisions.locking import Share
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.decisions.wording import counted, listed
from mop_tui.decisions.work import why_out
from mop_tui.domain import locks
from mop_tui.domain.actions import Lock, MoveAgent, MoveTask
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentTransitioned,
    AnyEvent,
    SystemCycleBroken,
    SystemDecided,
    SystemTimerFired,
    SystemUnlocked,
    TaskReassigned,
    TaskTransitioned,
    UserAnswered,
    UserExpired,
)
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.plan import AgentSpec, Lifetime, Plan
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger

NAMED = 4
"""Up to so many busy agents are named in a reason; more are counted."""


def place_task(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give a task that just became free to be worked on to an agent, if one is there."""
    data = event.data
    match data:
        case TaskTransitioned() | TaskReassigned():
            task = session.tasks[data.task]
        case UserAnswered() | UserExpired():
            asked = session.questions[data.question].asked
            if asked.task is None or asked.agent is not None:
                return
            task = session.tasks[asked.task]
        case SystemTimerFired():
            rested = session.fired
            if rested is None or rested.purpose != "retry" or rested.task is None:
                return
            task = session.tasks[rested.task]
        case _:
            return
    placed = _place(session, task.spec.id)
    if placed is not None:
        yield placed


def place_yielded(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[Decision]:
    """Give tasks to agents that had to wait until another was over, and need not any more."""
    for task in session.given_way:
        yield Later(partial(_place, session, task))


def _place(session: Session, name: TaskId) -> SystemDecided | None:
    task = session.tasks[name]
    if task.state is not TaskState.READY or task.held or session.status != "running":
        return None
    agent = _taker(session, task)
    if session.at_limit:
        return _refuse(task, f"max_agents is {session.max_agents}, and as many are at work")
    if agent is None:
        return _refuse(task, _locked(session, task) or _nobody_free(session, task))
    return _assign(session, task, agent, "place_task")


def employ_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Find work when an agent becomes available, or leaves a place under the limit."""
    data = event.data
    agent = session.agents[data.agent]
    if session.status != "running" or session.at_limit:
        return
    if data.agent in session.locked_by:
        return  # it is about to give back what it locked, and is considered then
    if session.max_agents is not None:
        if not frees_a_place(session, agent):
            return
        found = _most_pressing(session)
        if found is not None:
            yield _assign(session, *found, "employ_agent")
        else:
            yield from _kept_from(session, agent)
    elif agent.state is AgentState.AVAILABLE and not agent.leaving:
        ready = [t for t in session.ready_for(agent) if not session.tasks[t].held]
        if session.locks:
            tasks = session.tasks
            ready = [t for t in ready if session.obstacle(tasks[t].spec, agent.spec) is None]
        if ready:
            best = min(ready, key=lambda task: urgency(session, task))
            yield _assign(session, session.tasks[best], agent, "employ_agent")
        else:
            yield from _kept_from(session, agent)


def _kept_from(session: Session, agent: Agent) -> Iterator[SystemDecided]:
    """Say so if a lock keeps a free agent from the most pressing of what it could do."""
    if not session.locks or agent.state is not AgentState.AVAILABLE or agent.leaving:
        return
    ready = [t for t in session.ready_for(agent) if not session.tasks[t].held]
    if not ready:
        return
    task = session.tasks[min(ready, key=lambda task: urgency(session, task))].spec
    obstacle = session.obstacle(task, agent.spec)
    if obstacle is not None:
        reason = obstacle.reason
        yield SystemDecided("employ_agent", "no", reason, (), agent.spec.id, task.id)


def place_unlocked(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give locks to agents, and tasks to agents, when everything is given back that was locked for
    a task, or something that an agent had locked besides.

    Of tasks the most pressing goes first; of equals, the one that has waited longest. An agent that
    waits for a lock goes before the tasks that have become ready since it asked, and after others.
    """
    data: SystemUnlocked = event.data
    if data.agent in session.locked_by and session.agents[data.agent].task is None:
        return  # it is about to give back the rest
    places = session.places if session.status == "running" else 0
    free = places and session.agent_counts.get(AgentState.AVAILABLE)
    ready = _unlocked(session, _ready(session)) if free else []
    ready.sort(key=lambda t: (*urgency(session, t), session.tasks[t].moved))
    share = Share(session)
    if session.loosened:
        share.give(session.loosened, _claims(session, ready))
    employed: set[AgentId] = set()
    assigned = []
    for task in ready:
        row = session.tasks[task]
        agent = _taker(session, row, employed, share.taken)
        if agent is None:
            continue
        assigned.append(_assign(session, row, agent, "place_unlocked"))
        employed.add(agent.spec.id)
        share.taken.update(dict.fromkeys(locks.wanted(row.spec, agent.spec), agent.spec.id))
        if len(employed) == places:
            break
    share.give(session.loosened)
    yield from share.decisions("place_unlocked")
    yield from assigned


def _claims(session: Session, ready: Iterable[TaskId]) -> dict[Resource, int]:
    """Return what those of the tasks would lock that could be begun now, and for how long, as an
    event, the first of them has been ready for each."""
    claims: dict[Resource, int] = {}
    for task in ready:
        row = session.tasks[task]
        agent = _taker(session, row)
        if agent is not None:
            for resource in locks.wanted(row.spec, agent.spec):
                claims[resource] = min(row.moved, claims.get(resource, row.moved))
    return claims


def frees_a_place(session: Session, agent: Agent) -> bool:
    """True if `agent` just stopped counting against `max_agents`, or can work and does not."""
    match agent.state:
        case AgentState.AVAILABLE:
            return True
        case AgentState.FAILED if agent.spec.lifetime is Lifetime.SESSION:
            return True  # if it goes on, it is after its new process has started
        case AgentState.COMPLETE | AgentState.FAILED:
            # One that goes on will be AVAILABLE in a moment, and is considered then.
            return bool(why_out(session, agent))
        case _:
            return False


def _most_pressing(session: Session) -> tuple[Task, Agent] | None:
    for task_id in sorted(_ready(session), key=lambda task: urgency(session, task)):
        task = session.tasks[task_id]
        agent = _taker(session, task)
        if agent is not None:
            return task, agent
    return None


def _ready(session: Session) -> list[TaskId]:
    """Return the tasks that could be given to somebody."""
    return [
        task
        for index in (session.ready_pinned, session.ready_skilled)
        for tasks in index.values()
        for task in tasks
        if not session.tasks[task].held
    ]


def _unlocked(session: Session, tasks: Iterable[TaskId]) -> list[TaskId]:
    """Return those of `tasks` that wait for no lock, whoever does them.

    Many may lock the same, which is looked at once.
    """
    free: dict[tuple[Resource, ...], bool] = {}
    found = []
    for task in tasks:
        spec = session.tasks[task].spec
        resources = locks.wanted(spec, None)
        if resources not in free:
            free[resources] = session.obstacle(spec, None) is None
        if free[resources]:
            found.append(task)
    return found


def _taker(
    session: Session,
    task: Task,
    employed: Collection[AgentId] = (),
    locked: Collection[Resource] = (),
) -> Agent | None:
    """Return the capable agent that has been available longest, and that does not leave.

    It can have all that it would lock. `employed` are about to be given something else, for which
    `locked` will be locked.
    """
    if not _may_lock(session, task, None, locked):
        return None
    for agent in _free(session, task):
        if agent.spec.id in employed:
            continue
        if not agent.spec.owns or _may_lock(session, task, agent.spec, locked):
            return agent
    return None


def _may_lock(
    session: Session, task: Task, agent: AgentSpec | None, locked: Collection[Resource]
) -> bool:
    """True if `agent`, or whoever it be, can have all that it would lock for `task`."""
    if session.obstacle(task.spec, agent) is not None:
        return False
    return not locked or locks.disjoint(session.alike, task.spec, agent, locked)


def _free(session: Session, task: Task) -> Iterator[Agent]:
    """Yield the capable agents that are free, those first that have been available longest."""
    if task.spec.agent is None:
        for name in session.available_skilled.get(task.spec.requires_skill or "", {}):
            if not session.agents[name].leaving and not task.spec.is_reviewed_by(name):
                yield session.agents[name]
    else:
        agent = session.agents.get(task.spec.agent)
        if agent is not None and agent.state is AgentState.AVAILABLE and not agent.leaving:
            yield agent


def _assign(session: Session, task: Task, agent: Agent, rule: str) -> SystemDecided:
    if task.spec.agent is not None:
        reason = f"it is meant for {agent.spec.id}, who is free"
    else:
        reason = f"{agent.spec.id} is free and has the skill {task.spec.requires_skill}"
    ready = session.ready_count(agent)
    if ready > 1 and not session.locks:
        reason += f"; it is the most pressing of {counted(ready, 'ready task')}"
    elif ready > 1:
        reason += f"; of {counted(ready, 'ready task')} it is the most pressing that can be begun"
    return SystemDecided(
        rule,
        "yes",
        reason,
        (
            MoveTask(task.spec.id, TaskTrigger.ASSIGNED, agent.spec.id),
            *(
                Lock(resource, task.spec.id, agent.spec.id)
                for resource in locks.wanted(task.spec, agent.spec)
            ),
            MoveAgent(agent.spec.id, AgentTrigger.TASK_ASSIGNED, task.spec.id),
        ),
        agent.spec.id,
        task.spec.id,
    )


def _refuse(task: Task, reason: str) -> SystemDecided:
    return SystemDecided("place_task", "no", reason, (), None, task.spec.id)


def _locked(session: Session, task: Task) -> str:
    """Return why a task has to wait for a lock; empty if it does not."""
    specs = [agent.spec for agent in _free(session, task)]
    obstacle = session.obstacle(task.spec, specs[0] if specs else None)
    return "" if obstacle is None else obstacle.reason


def _nobody_free(session: Session, task: Task) -> str:
    capable = session.capable(task.spec)
    if not capable:
        return "no agent that could do it exists yet"
    if len(capable) > NAMED:
        return f"none of the {len(capable)} agents who could do it is free"
    doing = [
        f"{a.spec.id} ({a.state}{f' with {a.task}' if a.task is not None else ''})"
        for a in map(session.agents.__getitem__, capable)
    ]
    return f"nobody who could do it is free: {listed(doing)}"


RULES = (
    Rule(
        "place_task",
        (
            TaskTransitioned.KIND,
            TaskReassigned.KIND,
            UserAnswered.KIND,
            UserExpired.KIND,
            SystemTimerFired.KIND,
        ),
        place_task,
        into=(TaskState.READY,),
    ),
    Rule(
        "place_yielded",
        (TaskTransitioned.KIND, SystemCycleBroken.KIND),
        place_yielded,
        into=tuple(TERMINAL),
    ),
    Rule("place_unlocked", (SystemUnlocked.KIND,), place_unlocked),
    Rule(
        "employ_agent",
        (AgentTransitioned.KIND,),
        employ_agent,
        into=(AgentState.AVAILABLE, AgentState.COMPLETE, AgentState.FAILED),
    ),
)
