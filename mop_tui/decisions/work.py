"""The work itself: starting it, and what its end means for task and agent."""

from collections.abc import Iterator
from typing import Literal

from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import (
    Action,
    DeliverOutput,
    MoveAgent,
    MoveTask,
    OpenIssue,
    SetMemory,
    StartProcess,
    StopProcess,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentExited,
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemDone,
)
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session, Task
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger


def start_work(_plan: Plan, _session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Start the process of an agent that was given a task."""
    data: AgentTransitioned = event.data
    if data.task is None:
        return
    yield SystemDecided(
        "start_work",
        "yes",
        "it has its task, and nothing has to be locked or prepared first",
        (StartProcess(data.agent, data.task),),
        data.agent,
        data.task,
    )


def work_started(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Move task and agent on once the process runs, or fail both if it could not start."""
    data: SystemDone = event.data
    if data.effect != "start_process":
        return
    agent = session.agents[data.agent]
    if agent.task is None:
        return
    task = session.tasks[agent.task]
    wanted = task.state is TaskState.ASSIGNED
    actions: list[Action] = []
    if data.error:
        reason = f"it could not start: {data.error}"
        if wanted:
            actions.append(_could_not_start(data, task))
            actions.append(MoveTask(agent.task, TaskTrigger.FAILED, data.agent))
        actions.append(MoveAgent(data.agent, AgentTrigger.START_FAILED, agent.task))
    elif wanted:
        reason = "its process runs"
        actions.append(MoveTask(agent.task, TaskTrigger.STARTED, data.agent))
        actions.append(MoveAgent(data.agent, AgentTrigger.TASK_STARTED, agent.task))
    else:
        reason = f"its task is {task.state} by now"
        actions.append(StopProcess(data.agent))
    yield SystemDecided(
        "work_started",
        "yes" if wanted and not data.error else "no",
        reason,
        tuple(actions),
        data.agent,
        agent.task,
    )


def work_ended(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Judge a process by how it ended: 0 completes its task, anything else fails it."""
    data: AgentExited = event.data
    agent = session.agents.get(data.agent)
    if agent is None or agent.incarnation != data.incarnation or agent.task != data.task:
        return
    task = session.tasks[data.task]
    if task.state is not TaskState.ACTIVE:
        reason = f"its task was {task.state.lower()}, so its process was ended"
        trigger = AgentTrigger.STOP if agent.stopping else AgentTrigger.PROCESS_EXITED
        actions: tuple[Action, ...] = (MoveAgent(data.agent, trigger, data.task),)
        verdict: Literal["yes", "no"] = "no"
    elif data.code == 0:
        reason = "its process ended with exit code 0"
        actions = _delivered(session, task, data)
        verdict = "yes"
    else:
        how = _how(data) + (f": {data.result}" if data.result else "")
        reason = f"its process {how}"
        actions = (
            OpenIssue(
                "critical",
                f"{data.task} failed: {data.agent} {how}",
                f"read the log of {data.agent}, mend the cause, then run again",
                agent=data.agent,
                task=data.task,
            ),
            MoveTask(data.task, TaskTrigger.FAILED, data.agent),
            MoveAgent(data.agent, AgentTrigger.PROCESS_EXITED, data.task),
        )
        verdict = "no"
    yield SystemDecided(
        "work_ended",
        verdict,
        reason,
        actions,
        data.agent,
        data.task,
    )


def return_to_pool(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Keep an agent that has finished or failed if there may be more for it to do."""
    data: AgentTransitioned = event.data
    if session.status != "running":
        return
    if not session.has_work_for(session.agents[data.agent]):
        yield SystemDecided(
            "return_to_pool", "no", "no task is left that it could do", (), data.agent
        )
        return
    reason = "more tasks may come to it"
    again = data.to_state is AgentState.FAILED
    trigger = AgentTrigger.RESTART if again else AgentTrigger.RETURNED_TO_POOL
    yield SystemDecided(
        "return_to_pool",
        "yes",
        reason,
        (MoveAgent(data.agent, trigger),),
        data.agent,
    )


def _delivered(session: Session, task: Task, exited: AgentExited) -> tuple[Action, ...]:
    """Deliver the result, provide the declared keys that the agent did not set, complete."""
    actions: list[Action] = []
    if exited.result:
        actions.append(DeliverOutput(exited.task, exited.agent, exited.result))
    actions.extend(
        SetMemory(key, {"status": "complete"}, exited.agent, exited.task)
        for key in task.spec.provides
        if not session.provided(key)
    )
    actions.append(MoveTask(exited.task, TaskTrigger.FINISHED, exited.agent))
    actions.append(MoveAgent(exited.agent, AgentTrigger.POST_TASK_HOOK_COMPLETE, exited.task))
    return tuple(actions)


def _could_not_start(done: SystemDone, task: Task) -> OpenIssue:
    return OpenIssue(
        "critical",
        f"{task.spec.id} failed: {done.error}",
        "correct the command in the layout, then run again",
        agent=done.agent,
        task=task.spec.id,
    )


def _how(exited: AgentExited) -> str:
    if exited.signal is not None:
        return f"was ended by {exited.signal}"
    return f"ended with exit code {exited.code}"


RULES = (
    Rule("start_work", (AgentTransitioned.KIND,), start_work, into=(AgentState.ASSIGNED,)),
    Rule("work_started", (SystemDone.KIND,), work_started),
    Rule("work_ended", (AgentExited.KIND,), work_ended),
    Rule(
        "return_to_pool",
        (AgentTransitioned.KIND,),
        return_to_pool,
        into=(AgentState.COMPLETE, AgentState.FAILED),
    ),
)
