"""What the operator does by hand with one agent or one task.

A pause is real: the processes of the agent are suspended. `stop_agent` is for good; the task in
hand is cancelled. `restart_agent` gives the task back and the agent a new process.
"""

from collections.abc import Iterator
from typing import Literal

from mop_tui.decisions.conversation import withdraw_waiting
from mop_tui.decisions.deadlines import withdraw_work
from mop_tui.decisions.rules import Rule
from mop_tui.domain import retrying
from mop_tui.domain.actions import (
    Action,
    MoveAgent,
    MoveTask,
    PauseProcess,
    ResumeProcess,
    SendNote,
    StopProcess,
    Withdraw,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import AnyEvent, SystemDecided, UserCommanded
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger


def obey_steering(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Do what the operator wants with an agent or a task."""
    data: UserCommanded = event.data
    if data.refused:
        return
    agent = session.agents.get(AgentId(data.about))
    actions: tuple[Action, ...]
    match data.command:
        case "pause_agent" if agent is not None:
            actions = ordered(session, agent, "pause", PausedBy.OPERATOR)
        case "resume_agent" if agent is not None:
            actions = ordered(session, agent, "resume", PausedBy.OPERATOR)
        case "restart_agent" if agent is not None:
            actions = ordered(session, agent, "restart", PausedBy.OPERATOR)
        case "stop_agent" if agent is not None:
            actions = _stopped(session, agent)
        case "say" if agent is not None:
            actions = (SendNote(agent.spec.id, data.by, data.reason),)
        case "retry_task":
            actions = retried(session, TaskId(data.about))
        case "cancel_task":
            actions = cancelled(session, TaskId(data.about))
        case _:
            return
    task = TaskId(data.about) if data.command in ("cancel_task", "retry_task") else None
    said = f": {data.reason}" if data.reason and data.command != "say" else ""
    yield SystemDecided(
        "obey_steering",
        "yes",
        f"{data.by} wants it{said}",
        actions,
        None if agent is None else agent.spec.id,
        task,
    )


def ordered(
    session: Session, agent: Agent, do: Literal["pause", "resume", "restart"], by: PausedBy
) -> tuple[Action, ...]:
    """Return what pauses an agent, lets it go on, or gives it a new process, because of `by`."""
    name = agent.spec.id
    match do:
        case "pause":
            pause = MoveAgent(name, AgentTrigger.PAUSE, agent.task, by)
            return (pause, *([PauseProcess(name)] if agent.running else []))
        case "resume":
            resume = MoveAgent(name, AgentTrigger.RESUME, agent.task)
            return (resume, *([ResumeProcess(name)] if agent.running else []))
        case "restart":
            if agent.running:
                stop = StopProcess(name, again=by is PausedBy.STRATEGY)
                return (*withdraw_waiting(session, agent), stop)
            return (MoveAgent(name, AgentTrigger.RESTART),)


def _stopped(session: Session, agent: Agent) -> tuple[Action, ...]:
    """Return what stops an agent for good.

    One that works moves when its process is gone, and one that starts when it is known how that
    went.
    """
    actions: list[Action] = []
    if agent.task is not None and session.tasks[agent.task].state not in TERMINAL:
        actions.append(MoveTask(agent.task, TaskTrigger.CANCELLED, agent.spec.id))
    if agent.running and not agent.stopping:
        actions.extend(withdraw_waiting(session, agent))
        actions.append(StopProcess(agent.spec.id))
    if agent.task is None and agent.state is not AgentState.SPAWNING:
        actions.append(MoveAgent(agent.spec.id, AgentTrigger.STOP))
    return tuple(actions)


def cancelled(session: Session, task_id: TaskId) -> tuple[Action, ...]:
    """Return what cancels a task that is not over, whatever holds it or is being done about it."""
    task = session.tasks[task_id]
    actions: list[Action] = []
    if task.question is not None:
        actions.append(Withdraw(task.question))
    actions.append(MoveTask(task_id, TaskTrigger.CANCELLED, session.holder.get(task_id)))
    if task_id in session.holder:
        actions.extend(withdraw_work(session, session.agents[session.holder[task_id]]))
    return tuple(actions)


def retried(session: Session, task_id: TaskId) -> tuple[Action, ...]:
    """Return what has a task done after all, and what was cancelled for want of it."""
    failed = session.tasks[task_id].state is TaskState.FAILED
    trigger = TaskTrigger.RETRIED if failed else TaskTrigger.REINSTATED
    # What needs it comes back first: it may be done at once.
    others = retrying.brought_back(session, task_id)
    return (
        *(MoveTask(other, TaskTrigger.REINSTATED) for other in others),
        MoveTask(task_id, trigger),
    )


RULES = (Rule("obey_steering", (UserCommanded.KIND,), obey_steering),)
