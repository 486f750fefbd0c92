"""Who works on what: by pin or skill, then priority, then longest remaining path.

Every event that can make an assignment possible makes at most one possible: a task that becomes
ready and unheld, an agent that becomes available, or a place that becomes free under
`max_agents`. So each yields at most one assignment, and no ready task is ever overlooked.
"""

from collections.abc import Iterator

from mop_tui.decisions.dependencies import urgency
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted, listed
from mop_tui.decisions.work import why_out
from mop_tui.domain.actions import MoveAgent, MoveTask
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemTimerFired,
    TaskTransitioned,
    UserAnswered,
    UserExpired,
)
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Lifetime, Plan
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger

NAMED = 4
"""Up to so many busy agents are named in a reason; more are counted."""


def place_task(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give a task that just became free to be worked on to an agent, if one is there."""
    data = event.data
    match data:
        case TaskTransitioned():
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
    if task.state is not TaskState.READY or task.held or session.status != "running":
        return
    agent = _taker(session, task)
    if session.at_limit:
        yield _refuse(task, f"max_agents is {session.max_agents}, and as many are at work")
    elif agent is None:
        yield _refuse(task, _nobody_free(session, task))
    else:
        yield _assign(session, task, agent, "place_task")


def employ_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Find work when an agent becomes available, or leaves a place under the limit."""
    data = event.data
    agent = session.agents[data.agent]
    if session.status != "running" or session.at_limit:
        return
    if session.max_agents is not None:
        if not frees_a_place(session, agent):
            return
        found = _most_pressing(session)
        if found is not None:
            yield _assign(session, *found, "employ_agent")
    elif agent.state is AgentState.AVAILABLE and not agent.leaving:
        ready = [t for t in session.ready_for(agent) if not session.tasks[t].held]
        if ready:
            best = min(ready, key=lambda task: urgency(session, task))
            yield _assign(session, session.tasks[best], agent, "employ_agent")


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
    ready: list[TaskId] = [
        task
        for index in (session.ready_pinned, session.ready_skilled)
        for tasks in index.values()
        for task in tasks
        if not session.tasks[task].held
    ]
    for task_id in sorted(ready, key=lambda task: urgency(session, task)):
        task = session.tasks[task_id]
        agent = _taker(session, task)
        if agent is not None:
            return task, agent
    return None


def _taker(session: Session, task: Task) -> Agent | None:
    """Return the capable agent that has been available longest, and that does not leave."""
    if task.spec.agent is None:
        free = session.available_skilled.get(task.spec.requires_skill or "", {})
        agents = map(session.agents.__getitem__, free)
        return next((agent for agent in agents if not agent.leaving), None)
    agent = session.agents.get(task.spec.agent)
    if agent is None or agent.state is not AgentState.AVAILABLE or agent.leaving:
        return None
    return agent


def _assign(session: Session, task: Task, agent: Agent, rule: str) -> SystemDecided:
    if task.spec.agent is not None:
        reason = f"it is meant for {agent.spec.id}, who is free"
    else:
        reason = f"{agent.spec.id} is free and has the skill {task.spec.requires_skill}"
    ready = session.ready_count(agent)
    if ready > 1:
        reason += f"; it is the most pressing of {counted(ready, 'ready task')}"
    return SystemDecided(
        rule,
        "yes",
        reason,
        (
            MoveTask(task.spec.id, TaskTrigger.ASSIGNED, agent.spec.id),
            MoveAgent(agent.spec.id, AgentTrigger.TASK_ASSIGNED, task.spec.id),
        ),
        agent.spec.id,
        task.spec.id,
    )


def _refuse(task: Task, reason: str) -> SystemDecided:
    return SystemDecided("place_task", "no", reason, (), None, task.spec.id)


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
        (TaskTransitioned.KIND, UserAnswered.KIND, UserExpired.KIND, SystemTimerFired.KIND),
        place_task,
        into=(TaskState.READY,),
    ),
    Rule(
        "employ_agent",
        (AgentTransitioned.KIND,),
        employ_agent,
        into=(AgentState.AVAILABLE, AgentState.COMPLETE, AgentState.FAILED),
    ),
)
