"""Hooks: what is run before and after work, and what becomes of that work when it fails.

`on_start` is run while an agent is INITIALIZING, each time it is started; `pre_task` while it is
ASSIGNED; `post_task` when the work is good, before it counts as COMPLETE. The agent, and what it
delivered, wait for that. Nobody waits for `post_edit`: its failure is a warning. The session's own
`on_start` comes before everything else in it, and its `on_end` after that. What calls the operator
is a hook of the session, too, and has its rules in `calling`.

Who orders a hook says so by `RunHook`; that a hook ended is told by `SystemDone`.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from mop_tui.decisions.doubt import settled
from mop_tui.decisions.ending import wind_down
from mop_tui.decisions.issues import edit_hook_of
from mop_tui.decisions.on_error import FailedAttempt
from mop_tui.decisions.opening import population
from mop_tui.decisions.rules import Decision, Rule
from mop_tui.decisions.work import begin, could_not_start, delivered, too_long
from mop_tui.domain.actions import (
    Action,
    CloseIssue,
    MoveAgent,
    MoveTask,
    OpenIssue,
    RunHook,
    StopHook,
    StopProcess,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemDone,
    SystemIntended,
    SystemTimerFired,
    TaskTransitioned,
    UserCommanded,
)
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import HookName, Lifetime, Plan
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.wording import hook_log

LOST = "the program ended while {} ran"
MEND = "read the log of the hook ({}), mend the cause, then run again"


def hook_ended(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Go on with what waited for a hook, or see what becomes of it now."""
    data: SystemDone = event.data
    hook = session.hook_done
    if data.effect != "run_hook" or hook is None or hook.action != data.action:
        return
    if hook.about == "call":
        return
    if hook.agent is None:
        decided = _of_session(plan, session, hook, data)
    else:
        agent = session.agents[hook.agent]
        match hook.about:
            case "on_start":
                decided = _prepared(session, agent, data)
            case "pre_task" if hook.task is not None:
                decided = _may_begin(plan, session, agent, session.tasks[hook.task], event)
            case "post_task" if hook.task is not None:
                decided = _checked(plan, session, agent, session.tasks[hook.task], event)
            case _:
                decided = _edited(session, agent, hook, data)
    if decided is not None:
        reason, actions, *failed = decided
        yield SystemDecided(
            "hook_ended", "no" if data.error else "yes", reason, actions, hook.agent, hook.task
        )
        for attempt in failed:
            yield from attempt.decisions()


Decided = tuple[str, tuple[Action, ...]] | tuple[str, tuple[Action, ...], FailedAttempt] | None
"""A reason and what is done for it, and the attempt that failed by it; None where nothing
follows."""


def _of_session(plan: Plan, session: Session, hook: SystemIntended, done: SystemDone) -> Decided:
    """Begin the session, or end it. That it ends when its `on_end` is done follows from that."""
    what = f"the session's {hook.about} hook"
    if hook.about == "on_end":
        if not done.error or done.lost or session.hook_stopped:
            return None
        text = f"{what} {done.error}"
        return text, (OpenIssue("critical", text, _advice(None, "on_end")),)
    if session.stopping_as is not None:
        return "the session is ending", ()
    if done.lost:
        again = RunHook(None, None, "on_start")
        return f"{LOST.format(what)}, and it is run again", (again,)
    if done.error:
        text = f"{what} {done.error}"
        issue = OpenIssue("critical", text, _advice(None, "on_start"))
        return text, (issue, *wind_down(session))
    return f"{what} is done", population(plan)


def _prepared(session: Session, agent: Agent, done: SystemDone) -> Decided:
    """Lead an agent whose `on_start` hook ended into the pool, or give it up."""
    agent_id = agent.spec.id
    failed = MoveAgent(agent_id, AgentTrigger.START_FAILED)
    if not done.error:
        if session.status != "running":
            return "the session is ending", ()
        reason = "its on_start hook is done"
        return reason, (MoveAgent(agent_id, AgentTrigger.PRE_TASK_HOOK_COMPLETE),)
    stop = (StopProcess(agent_id),) if agent.running and not agent.stopping else ()
    if done.lost:
        return LOST.format("its on_start hook"), (*stop, failed)
    if session.hook_stopped:
        return "its on_start hook was ended, for nothing is left to do", (*stop, failed)
    text = f"{agent_id} could not start: its on_start hook {done.error}"
    issue = could_not_start(agent_id, text, _advice(agent_id, "on_start"))
    return f"its on_start hook {done.error}", (issue, *stop, failed)


def _may_begin(plan: Plan, session: Session, agent: Agent, task: Task, event: AnyEvent) -> Decided:
    """Begin a task whose `pre_task` hook is done."""
    done: SystemDone = event.data
    gone = agent.spec.lifetime is Lifetime.SESSION and not agent.running
    leaves = _leaves(agent, task, AgentTrigger.START_FAILED)
    if task.state is not TaskState.ASSIGNED or _is_to_go(agent):
        return _taken_away(agent, task)
    if done.lost or done.error:
        return _failed(plan, session, agent, task, "pre_task", event, leaves)
    if gone:
        back = MoveTask(task.spec.id, TaskTrigger.REQUEUED, agent.spec.id)
        return "its process ended before it could take the task", (leaves, back)
    _, action = begin(agent, task.spec.id)
    return "its pre_task hook is done", (action,)


def _checked(plan: Plan, session: Session, agent: Agent, task: Task, event: AnyEvent) -> Decided:
    """Deliver what was done, now that the `post_task` hook found it good."""
    done: SystemDone = event.data
    leaves = _leaves(agent, task, AgentTrigger.TASK_WITHDRAWN)
    if task.state is not TaskState.ACTIVE or _is_to_go(agent):
        return _taken_away(agent, task)
    if done.lost or done.error:
        return _failed(plan, session, agent, task, "post_task", event, leaves)
    actions = delivered(session, task, agent, agent.result)
    if agent.spec.lifetime is Lifetime.SESSION and not agent.running:
        gone = MoveAgent(agent.spec.id, AgentTrigger.PROCESS_EXITED, task.spec.id)
        return "its post_task hook is done, and its process ended meanwhile", (*actions[:-1], gone)
    return "its post_task hook is done", actions


def _edited(session: Session, agent: Agent, hook: SystemIntended, done: SystemDone) -> Decided:
    """Warn about a `post_edit` hook that failed by itself, until it is good again."""
    if done.lost or session.hook_stopped:
        return None
    name, key = agent.spec.id, edit_hook_of(agent.spec.id)
    warned = session.open_issue(key)
    if not done.error:
        if warned is None:
            return None
        return f"the {hook.about} hook of {name} is good again", (CloseIssue(warned.id),)
    text = f"the {hook.about} hook of {name} {done.error}"
    look = Remedy("look_at_agent", name)
    advice = _advice(name, "post_edit")
    return text, (
        OpenIssue("warning", text, advice, agent=name, task=hook.task, key=key, remedy=look),
    )


def _failed(
    plan: Plan,
    session: Session,
    agent: Agent,
    task: Task,
    name: HookName,
    event: AnyEvent,
    leaves: MoveAgent,
) -> Decided:
    """Return what becomes of a task whose hook failed, or is in doubt."""
    done: SystemDone = event.data
    if done.lost:
        return LOST.format(f"its {name} hook"), settled(session, task, leaves)
    what = too_long(task) if task.overdue else f"its {name} hook {done.error}"
    how = f"{agent.spec.id} {what}" if task.overdue else what
    failed = FailedAttempt(plan, session, event, task, agent, how)
    outcome = failed.outcome(_advice(agent.spec.id, name))
    return what + failed.said, (*outcome, leaves), failed


def _is_to_go(agent: Agent) -> bool:
    """True if the operator has stopped the agent, or wants its present process to be replaced."""
    return agent.retired or (agent.restarting and agent.spec.lifetime is Lifetime.SESSION)


def _taken_away(agent: Agent, task: Task) -> tuple[str, tuple[Action, ...]]:
    """Return how an agent lets go of a task that was taken from it while its hook ran."""
    leaves = _leaves(agent, task, AgentTrigger.TASK_WITHDRAWN)
    if task.state in (TaskState.ASSIGNED, TaskState.ACTIVE):
        back = MoveTask(task.spec.id, TaskTrigger.REQUEUED, agent.spec.id)
        return "the operator wants it to start again", (leaves, back)
    return f"its task was {task.state.lower()} meanwhile", (leaves,)


def _leaves(agent: Agent, task: Task, trigger: AgentTrigger) -> MoveAgent:
    """Return the move by which an agent lets go of its task, `trigger` if it could be used again.

    A process that still runs keeps the agent in the pool; what is to be done with it, its end says.
    """
    if agent.running:
        trigger = AgentTrigger.TASK_WITHDRAWN
    elif agent.retired:
        trigger = AgentTrigger.STOP
    elif agent.spec.lifetime is Lifetime.SESSION:
        trigger = AgentTrigger.PROCESS_EXITED
    return MoveAgent(agent.spec.id, trigger, task.spec.id)


def _advice(agent: AgentId | None, name: HookName) -> str:
    return MEND.format(hook_log(agent, name))


def end_hooks(_plan: Plan, session: Session, event: AnyEvent) -> Iterable[SystemDecided]:
    """End the hooks that run for something that is not wanted any more."""
    return _unwanted_ended(session, event) if session.running_hooks else ()


def _unwanted_ended(session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    data: AgentTransitioned | TaskTransitioned | UserCommanded | SystemTimerFired = event.data
    match data:
        case TaskTransitioned():
            reason = f"{data.task} is {data.to_state}"
            unwanted = _of_task(session, data.task) if data.to_state is not _COMPLETE else []
            if not session.unfinished:
                unwanted += _of_starting(session)
                reason = "nothing is left to do"
        case AgentTransitioned() if data.to_state is AgentState.FAILED:
            reason = f"it is {data.to_state}"
            unwanted = session.hooks(data.agent)
        case UserCommanded(refused="", command="stop" | "terminate"):
            reason = "the session is ending"
            unwanted = [hook for hook in session.hooks(None) if hook.about != "call"]
            unwanted += _of_starting(session)
        case UserCommanded(refused="", command="restart_agent"):
            reason = "the operator wants it to start again"
            unwanted = session.hooks(AgentId(data.about))
        case SystemTimerFired() if (fired := session.fired) is not None and fired.task is not None:
            reason = "its task takes longer than it may"
            overdue = fired.purpose == "timeout" and session.tasks[fired.task].overdue
            unwanted = _of_task(session, fired.task) if overdue else []
        case _:
            return
    for hook in unwanted:
        stop = StopHook(hook.agent, cast("HookName", hook.about))
        yield SystemDecided("end_hooks", "yes", reason, (stop,), hook.agent, hook.task)


_COMPLETE = TaskState.COMPLETE


def _of_task(session: Session, task: TaskId) -> list[SystemIntended]:
    return [hook for hook in session.running_hooks.values() if hook.task == task]


def _of_starting(session: Session) -> list[SystemIntended]:
    hooks = session.running_hooks.values()
    return [hook for hook in hooks if hook.agent is not None and hook.about == "on_start"]


RULES = (
    Rule("hook_ended", (SystemDone.KIND,), hook_ended),
    Rule(
        "end_hooks",
        (AgentTransitioned.KIND, TaskTransitioned.KIND, UserCommanded.KIND, SystemTimerFired.KIND),
        end_hooks,
        into=(
            AgentState.FAILED,
            TaskState.READY,
            TaskState.COMPLETE,
            TaskState.FAILED,
            TaskState.CANCELLED,
        ),
    ),
)
