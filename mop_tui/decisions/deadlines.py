"""How long work may take, and taking work away from an agent that does not give it up.

The time for which an attempt is paused does not count: the end of the pause sets the timer anew.
"""

from collections.abc import Iterator

from mop_tui.decisions.conversation import withdraw_waiting
from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import Action, CancelWork, SetTimer, StopProcess
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import (
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemTimerFired,
    TaskTransitioned,
)
from mop_tui.domain.plan import Lifetime, Plan
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timers import force_of, timeout_of
from mop_tui.domain.wording import lasting

GRACE = 5_000
"""Milliseconds that an agent that lives for the session has to give a cancelled task up."""


def limit_work(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Set the timer of an attempt that may take only so long."""
    data: TaskTransitioned = event.data
    task = session.tasks[data.task]
    if task.spec.timeout_ms is None:
        return
    yield SystemDecided(
        "limit_work",
        "yes",
        f"one attempt may take {lasting(task.spec.timeout_ms)}",
        (_timer(session, task, task.spec.timeout_ms),),
        task=data.task,
    )


def limit_what_is_left(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Set the timer of an attempt anew that was paused and goes on."""
    data: AgentTransitioned = event.data
    task_id = session.agents[data.agent].task
    if data.from_state is not AgentState.PAUSED or task_id is None:
        return
    task = session.tasks[task_id]
    if task.spec.timeout_ms is None or task.state is not TaskState.ACTIVE or task.overdue:
        return
    left = max(0, task.spec.timeout_ms - task.worked(session.at))
    yield SystemDecided(
        "limit_what_is_left",
        "yes",
        f"it was paused, and may take {lasting(left)} more",
        (_timer(session, task, left),),
        data.agent,
        task_id,
    )


def end_overdue_work(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take a task that takes too long away."""
    data: SystemTimerFired = event.data
    task = _concerned(session, "timeout")
    if task is None or data.timer != timeout_of(task.spec.id, task.attempts):
        return
    if not task.overdue or task.agent is None:
        return
    yield SystemDecided(
        "end_overdue_work",
        "yes",
        f"it takes longer than the {lasting(task.spec.timeout_ms or 0)} it may",
        withdraw_work(session, session.agents[task.agent]),
        task.agent,
        task.spec.id,
    )


def force_off(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """End the process of an agent that did not give up the task it was told to."""
    data: SystemTimerFired = event.data
    task = _concerned(session, "force")
    if task is None or data.timer != force_of(task.spec.id, task.attempts):
        return
    holder = session.holder.get(task.spec.id)
    if holder is None:
        return
    agent = session.agents[holder]
    if agent.running and not agent.stopping:
        yield SystemDecided(
            "force_off",
            "yes",
            f"it was told {lasting(GRACE)} ago to give {task.spec.id} up, and has not",
            (StopProcess(holder),),
            holder,
            task.spec.id,
        )


def withdraw_work(session: Session, agent: Agent) -> tuple[Action, ...]:
    """Return the actions that make `agent` give its task up: its process is ended, or told to if
    it lives on. What it asked is withdrawn in the same breath, so that no answer can lead it on.
    A hook of its that runs is ended by a rule of its own (see `hooks`)."""
    if agent.task is None or not agent.running or agent.stopping or agent.hook is not None:
        return ()
    waiting = withdraw_waiting(session, agent)
    if agent.spec.lifetime is Lifetime.TASK:
        return (*waiting, StopProcess(agent.spec.id))
    task = session.tasks[agent.task]
    force = force_of(agent.task, task.attempts)
    return (
        CancelWork(agent.spec.id, agent.task),
        *waiting,
        SetTimer(force, session.at + GRACE, task=agent.task, purpose="force"),
    )


def _concerned(session: Session, purpose: str) -> Task | None:
    """Return the task whose timer for `purpose` just fired."""
    fired = session.fired
    if fired is None or fired.purpose != purpose or fired.task is None:
        return None
    return session.tasks.get(fired.task)


def _timer(session: Session, task: Task, length: int) -> SetTimer:
    return SetTimer(
        timeout_of(task.spec.id, task.attempts),
        session.at + length,
        task=task.spec.id,
        purpose="timeout",
    )


RULES = (
    Rule("limit_work", (TaskTransitioned.KIND,), limit_work, into=(TaskState.ACTIVE,)),
    Rule(
        "limit_what_is_left",
        (AgentTransitioned.KIND,),
        limit_what_is_left,
        into=(AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY),
    ),
    Rule("end_overdue_work", (SystemTimerFired.KIND,), end_overdue_work),
    Rule("force_off", (SystemTimerFired.KIND,), force_off),
)
