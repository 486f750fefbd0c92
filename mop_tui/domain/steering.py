"""What the operator may do by hand, and when.

The screen offers what is not refused here, and the orchestrator refuses the rest.
"""

from mop_tui.domain import agent_lifecycle, retrying
from mop_tui.domain.agent_lifecycle import LIVE, AgentState, AgentTrigger
from mop_tui.domain.feed import CancelTask, RetryTask, Say, Steer
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL

_STARTING = (AgentState.SPAWNING, AgentState.INITIALIZING, AgentState.ASSIGNED)
"""States that pass by themselves in a moment, with a process on its way."""


def refusal(session: Session | Snapshot, command: Steer | CancelTask | RetryTask | Say) -> str:
    """Return why a command cannot be obeyed now; empty if it can."""
    ending = not_running(session)
    if ending:
        return ending
    if isinstance(command, RetryTask):
        return retrying.refusal(session, command.task)
    if isinstance(command, CancelTask):
        task = session.tasks.get(command.task)
        if task is None:
            return "there is no such task"
        return f"it is {task.state} already" if task.state in TERMINAL else ""
    agent = session.agents.get(command.agent)
    if agent is None:
        return "there is no such agent"
    if isinstance(command, Say):
        return "" if agent.running else "it has no process that could read it"
    return _steering_refusal(agent, command)


def not_running(session: Session | Snapshot) -> str:
    """Return why nothing can be done in a session that does not run; empty if it runs."""
    match session.status:
        case "running":
            return ""
        case "starting":
            return "the session has not begun yet"
        case "stopping":
            return "the session is ending"
        case "ended":
            return "nothing runs"


def _steering_refusal(agent: Agent, command: Steer) -> str:
    if agent.leaving and command.do != "stop":
        return "its process is being ended already"
    match command.do:
        case "pause" if agent.hook is not None:
            return f"its {agent.hook.about} hook runs; it can be paused after that"
        case "pause" if agent.state in _STARTING:
            return f"it is {agent.state}; it can be paused once it works"
        case "pause":
            trigger = AgentTrigger.PAUSE
        case "resume":
            trigger = AgentTrigger.RESUME
        case "stop" if agent.retired and agent.state in LIVE:
            return "it is being stopped already"
        case "stop":
            trigger = AgentTrigger.STOP
        case "restart":
            if agent.state is AgentState.FAILED or agent.running:
                return ""
            return "it has no process"
    allowed = agent_lifecycle.step(
        agent.state, trigger, paused_in=agent.paused_in, paused_by=agent.paused_by
    )
    if allowed is not None:
        return ""
    if command.do == "resume" and agent.state is AgentState.PAUSED:
        return f"it waits for a {agent.paused_by}, which only that can end"
    return f"it is {agent.state}"
