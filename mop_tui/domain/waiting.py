"""What tasks and agents wait for, in one sentence each."""

from typing import assert_never

from mop_tui.domain import locks
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.ids import MemoryKey, TaskId
from mop_tui.domain.locks import LockWanted, Obstacle
from mop_tui.domain.needed_keys import told
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.still_swarm import StillSwarm
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wait_words import chain
from mop_tui.domain.waits import of_task, waits_of
from mop_tui.domain.wording import listed, printable


def waiting_for(snapshot: Snapshot, task: Task) -> str:
    """Return in one sentence what `task` waits for; empty if it waits for nothing.

    The nearest obstacle is named: a human, then what the task needs, then who could do it.
    """
    return printable(_waiting_for(snapshot, task))


def _waiting_for(snapshot: Snapshot, task: Task) -> str:
    if task.question is not None:
        return f"waits for your answer to: {snapshot.questions[task.question].asked.text}"
    match task.state:
        case TaskState.PENDING:
            return _waits_for_needs(snapshot, task)
        case TaskState.READY:
            return _held(task) or _waits_for_hands(snapshot, task)
        case TaskState.ASSIGNED:
            return _waits_for_hook(snapshot, task) or f"waits for {task.agent} to begin"
        case TaskState.ACTIVE:
            holder = snapshot.agents.get(task.agent) if task.agent is not None else None
            if hook := _waits_for_hook(snapshot, task):
                return hook
            if holder is not None and holder.state is AgentState.PAUSED:
                return f"waits for {holder.spec.id}, which {agent_waiting_for(snapshot, holder)}"
            return ""
        case TaskState.REVIEWING:
            return _waits_for_review(snapshot, task)
        case TaskState.COMPLETE | TaskState.FAILED | TaskState.CANCELLED:
            return ""
        case _:
            assert_never(task.state)


def _held(task: Task) -> str:
    """Return why a READY task is not to be given to anybody; empty if it is."""
    if task.resting:
        return f"rests before it is tried again ({task.retries} of {task.spec.retry.times})"
    if task.gated:
        return f"waits for the question {task.spec.gate} to be asked"
    if task.yields_to:
        return f"gives way to {listed(task.yields_to)}, to get out of a deadlock"
    return ""


def waiting_behind(snapshot: Snapshot, task: Task) -> tuple[str, ...]:
    """Return, a sentence each, for what those wait in turn for whom `task` waits.

    The last one tells who can go on, or that all of them wait in a circle. Nothing is told where
    `task` waits for nobody, or for somebody who is at work.
    """
    return chain(StillSwarm(snapshot), of_task(task.spec.id))


def _waits_for_review(snapshot: Snapshot, task: Task) -> str:
    review = snapshot.tasks.get(task.review) if task.review is not None else None
    if review is None or review.spec.agent is None:
        return "waits for its review"
    waits = f"waits for its review by {review.spec.agent}"
    agent = snapshot.agents.get(review.spec.agent)
    if review.state in (TaskState.FAILED, TaskState.CANCELLED):
        return f"{waits}, which {'failed' if review.state is TaskState.FAILED else 'was cancelled'}"
    if review.state in (TaskState.ASSIGNED, TaskState.ACTIVE) and agent is not None:
        return f"{waits}, who {agent_waiting_for(snapshot, agent) or 'is at it'}"
    if agent is None:
        return f"{waits}, which has not been spawned"
    if agent.state is AgentState.AVAILABLE:
        return waits
    return f"{waits}, who {_occupied(agent)}"


def _waits_for_hook(snapshot: Snapshot, task: Task) -> str:
    agent = snapshot.agents.get(task.agent) if task.agent is not None else None
    if agent is None or agent.hook is None or agent.hook.task != task.spec.id:
        return ""
    return f"waits for its {agent.hook.about} hook"


def hook_running(agent: Agent) -> str:
    """Return which hook an agent runs, as what it does; empty if it runs none."""
    return "" if agent.hook is None else f"runs its {agent.hook.about} hook"


def agent_waiting_for(snapshot: Snapshot, agent: Agent) -> str:
    """Return in one sentence what a paused `agent` waits for; empty if it is not paused."""
    if agent.state is not AgentState.PAUSED:
        return ""
    if agent.paused_by is None or agent.paused_by.stops_processes:
        by = "the system" if agent.paused_by is None else agent.paused_by.told
        return f"is paused by {by}"
    asked = [q for q in snapshot.open_questions if q.asked.agent == agent.spec.id]
    if asked:
        return printable(f"waits for your answer to: {asked[0].asked.text}")
    keys = [what for what in agent.waits.values() if isinstance(what, str)]
    wanted = [what for what in agent.waits.values() if isinstance(what, LockWanted)]
    waits = [f"memory {'key' if len(keys) == 1 else 'keys'} {listed(keys)}"] if keys else []
    waits += [_lock_wanted(snapshot, agent, what) for what in wanted]
    return f"waits for {listed(waits, ' and for ') or f'a {agent.paused_by}'}"


def obstacle_of(snapshot: Snapshot, agent: Agent, wanted: LockWanted) -> Obstacle | None:
    """Return because of which lock an agent waits for one that it wants; None if nobody has it."""
    lock = snapshot.locks.get(wanted.resource)
    if lock is not None and lock.agent != agent.spec.id:
        return Obstacle(wanted.resource, lock)
    held = {name: it for name, it in snapshot.locks.items() if it.agent != agent.spec.id}
    return locks.obstacle((wanted.resource,), held)


def _lock_wanted(snapshot: Snapshot, agent: Agent, wanted: LockWanted) -> str:
    """Return which lock an agent waits for, and because of whom, as the end of a sentence."""
    obstacle = obstacle_of(snapshot, agent, wanted)
    if obstacle is not None:
        return _lock_held(obstacle)
    before = (
        (what.seq, name)
        for name, other in snapshot.agents.items()
        for what in other.waits.values()
        if isinstance(what, LockWanted)
        and what.seq < wanted.seq
        and name != agent.spec.id
        and locks.may_be_same(what.resource, wanted.resource)
    )
    _, first = min(before, default=(0, ""))
    return f"the lock on {wanted.resource}" + (f", which {first} asked for before" if first else "")


def _waits_for_needs(snapshot: Snapshot, task: Task) -> str:
    nodes = waits_of(StillSwarm(snapshot), of_task(task.spec.id))
    missing = [_missing_task(snapshot, TaskId(it.name)) for it in nodes if it.kind == "task"]
    awaited = [MemoryKey(it.name) for it in nodes if it.kind == "key"]
    keys = [word for key in awaited for word in told(key, task.spec.when)]
    if keys:
        missing.append(f"memory {'key' if len(keys) == 1 else 'keys'} {listed(keys)}")
    if not missing:
        return "is about to become ready"
    return "waits for " + listed(missing, " and for " if keys else " and ")


def _missing_task(snapshot: Snapshot, need: TaskId) -> str:
    row = snapshot.tasks.get(need)
    if row is None:
        return f"{need}, which is not in the plan yet"
    if row.state in (TaskState.FAILED, TaskState.CANCELLED):
        return f"{need} ({row.state})"
    return need


def lock_obstacle(snapshot: Snapshot, task: Task) -> Obstacle | None:
    """Return because of which lock a READY task, which nothing else holds, is not begun, if any.

    Of one that some free agents could do, it is the lock that keeps the first of them from it.
    """
    if not snapshot.locks or task.state is not TaskState.READY or task.held:
        return None
    found = locks.obstacle(locks.wanted(task.spec, None), snapshot.locks)
    if found is not None:
        return found
    for agent in _able(snapshot, task):
        if agent.state is AgentState.AVAILABLE:
            kept = locks.obstacle(agent.spec.owns, snapshot.locks)
            if kept is None:
                return None
            found = found or kept
    return found


def _able(snapshot: Snapshot, task: Task) -> list[Agent]:
    if task.spec.agent is not None:
        agent = snapshot.agents.get(task.spec.agent)
        return [] if agent is None else [agent]
    skill = task.spec.requires_skill or ""
    return [agent for agent in snapshot.agents.values() if skill in agent.spec.skills]


def _lock_held(obstacle: Obstacle) -> str:
    lock = obstacle.lock
    held = f"the lock on {lock.resource}, which {lock.agent} holds for {lock.task}"
    return f"{held}{obstacle.besides}"


def _waits_for_hands(snapshot: Snapshot, task: Task) -> str:
    obstacle = lock_obstacle(snapshot, task)
    if obstacle is not None:
        return f"waits for {_lock_held(obstacle)}"
    pinned = task.spec.agent
    if pinned is not None:
        agent = snapshot.agents.get(pinned)
        if agent is None:
            return f"waits for agent {pinned}, which has not been spawned"
        if agent.state is not AgentState.AVAILABLE:
            return f"waits for agent {pinned}, which {_occupied(agent)}"
    else:
        skill = task.spec.requires_skill or ""
        able = _able(snapshot, task)
        if not able:
            return f"waits for an agent with the skill {skill}, and there is none"
        if not any(agent.state is AgentState.AVAILABLE for agent in able):
            if len(able) == 1:
                return f"waits for agent {able[0].spec.id}, which {_occupied(able[0])}"
            return f"waits for one of the {len(able)} agents with the skill {skill}"
    working = sum(1 for agent in snapshot.agents.values() if agent.task is not None)
    if snapshot.max_agents is not None and working >= snapshot.max_agents:
        at_work = "1 agent works" if working == 1 else f"{working} agents work"
        return f"waits for its turn: {at_work}, and no more may at a time"
    return "is about to be assigned"


def _occupied(agent: Agent) -> str:
    match agent.state:
        case (
            AgentState.ASSIGNED | AgentState.ACTIVE | AgentState.DEGRADED | AgentState.UNHEALTHY
        ) if agent.task is not None:
            return f"works on {agent.task}"
        case AgentState.SPAWNING | AgentState.INITIALIZING:
            return hook_running(agent) or "is still starting"
        case AgentState.PAUSED:
            return "is paused"
        case _:
            return f"is {agent.state}"
