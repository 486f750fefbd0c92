"""How a session ends: all done, told to stop, or nothing left that could move it."""

from collections.abc import Iterator, Sequence
from functools import partial

from mop_tui.decisions.deadlock import over_at_the_end
from mop_tui.decisions.feedback import tell_undelivered
from mop_tui.decisions.routing import tell_undelivered_messages
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.decisions.wording import counted, listed
from mop_tui.domain.actions import (
    Action,
    EndSession,
    Expire,
    MoveTask,
    OpenIssue,
    RunHook,
    StopProcess,
    StopSession,
    Withdraw,
)
from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.events import (
    AgentExited,
    AgentTransitioned,
    AnyEvent,
    Outcome,
    SystemDecided,
    SystemDone,
    SystemQuiesced,
    SystemStopping,
    TaskTransitioned,
    UserCommanded,
    UserExpired,
    UserWithdrawn,
)
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger


def wind_down(session: Session) -> tuple[Action, ...]:
    """Return the actions that end everything: questions, unfinished tasks, running processes.
    Nothing is begun any more, whatever else would keep the session going.

    Tasks end before what they need does, so that none is cancelled twice, for two reasons.
    """
    questions = (Withdraw(question) for question in session.open_questions)
    unfinished = [task for task, row in session.tasks.items() if row.state not in TERMINAL]
    tasks = (MoveTask(task, TaskTrigger.CANCELLED) for task in sorted(unfinished, key=session.rank))
    processes = (
        StopProcess(agent)
        for agent, row in session.agents.items()
        if row.running and not row.stopping
    )
    stop = () if session.status == "stopping" else (StopSession(),)
    return (*stop, *questions, *tasks, *processes)


def obey_stop(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """End the session early because the operator said so."""
    data: UserCommanded = event.data
    if data.refused or data.command not in ("stop", "terminate"):
        return
    reason = f"stopped by {data.by}" + (f": {data.reason}" if data.reason else "")
    yield SystemDecided(
        rule="obey_stop",
        verdict="yes",
        reason=reason,
        actions=wind_down(session),
    )


def nothing_moves(plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Do not wait for what cannot come: for an answer without anyone to give it, or for nothing.

    A question that will time out into an outcome of its own is worth waiting for.
    """
    if session.status == "ended":
        return
    if session.finished:
        outcome, reason = _judged(session)
        yield _ended(plan, session, "nothing_moves", outcome, reason)
        return
    lapsing = tuple(
        Expire(question, "fallback")
        for question in session.open_questions
        if session.questions[question].asked.fallback is not None
    )
    if lapsing:
        reason = "nobody is here to be asked, so what is to hold then holds"
        yield SystemDecided("nothing_moves", "yes", reason, lapsing)
        return
    if session.open_questions:
        texts = [session.questions[q].asked.text for q in session.open_questions]
        reason = f"only questions are left, and nobody is here to answer: {listed(texts)}"
        yield _ended(plan, session, "nothing_moves", "waiting", reason)
        return
    suspended = [a for a, row in session.agents.items() if row.paused_by is PausedBy.OPERATOR]
    if suspended:
        reason = f"nobody is here to resume what the operator paused: {listed(suspended)}"
        yield _ended(plan, session, "nothing_moves", "waiting", reason)
        return
    stuck = [task for task, row in session.tasks.items() if row.state not in TERMINAL]
    reason = f"nothing can move {listed(stuck)} any more"
    if session.open_deadlocks:  # whose issues stay open
        texts = [session.deadlocks[it].text for it in session.open_deadlocks.values()]
        reason = f"{reason}: {listed(texts)}"
        yield SystemDecided("nothing_moves", "yes", reason, wind_down(session))
        return
    waiting = [
        f"{agent} waits for {key}"
        for key, agents in session.waiting_agents.items()
        for agent in dict.fromkeys(agent for agent, _ in agents)
    ]
    if waiting:
        reason += f"; {listed(waiting)}, which nobody sets"
    locking = [
        f"{agent} waits for the lock on {resource}"
        for resource, agents in session.waiting_for_lock.items()
        for agent in dict.fromkeys(agent for agent, _ in agents)
    ]
    if locking:
        reason += f"; {listed(locking)}"
    yield SystemDecided(
        rule="nothing_moves",
        verdict="yes",
        reason=reason,
        actions=(
            OpenIssue(
                "critical", reason, "look at what these tasks wait for, and at who could do them"
            ),
            *wind_down(session),
        ),
    )


def _ended(plan: Plan, session: Session, rule: str, outcome: Outcome, reason: str) -> SystemDecided:
    """Return the decision to end the session, or first to run its `on_end` hook.

    None follows an `on_start` hook that failed.
    """
    hook = plan.hook("on_end", None, None)
    if hook is not None and session.end_hook == "none" and session.start_hook != "failed":
        first = f"{reason}; the session's on_end hook comes first"
        return SystemDecided(rule, "no", first, (RunHook(None, None, "on_end"),))
    if outcome == "complete" and session.end_hook == "failed":
        outcome, reason = "incomplete", f"{reason}, but the session's on_end hook failed"
    told = (*tell_undelivered(session), *tell_undelivered_messages(session))
    over = over_at_the_end(session)
    return SystemDecided(rule, "yes", reason, (*over, *told, EndSession(outcome)))


def _begins(session: Session, event: AnyEvent) -> bool:
    """True if the session is about to be filled, for its `on_start` hook is done."""
    hook = session.hook_done
    return (
        isinstance(event.data, SystemDone)
        and hook is not None
        and hook.action == event.data.action
        and hook.agent is None
        and session.status == "running"
    )


def end_session(plan: Plan, session: Session, event: AnyEvent) -> Sequence[Decision]:
    """Close the session when every task is terminal, nobody works and no question is open.

    Processes that live for the session are dismissed first. Triggers may find more to do before.
    """
    if _is_over(session) and not _begins(session, event):
        return (Later(partial(_end, plan, session), last=True),)
    return ()


def _is_over(session: Session) -> bool:
    if session.status not in ("running", "stopping") or not session.finished:
        return False
    return not session.keep_running or session.status == "stopping"


def _end(plan: Plan, session: Session) -> SystemDecided | None:
    if not _is_over(session):
        return None
    if session.running:
        left = [a for a, row in session.agents.items() if row.running and not row.stopping]
        if not left:
            return None
        return SystemDecided(
            "end_session",
            "no",
            "everything is done, and the processes that are left are dismissed first",
            tuple(map(StopProcess, left)),
        )
    outcome, reason = _judged(session)
    return _ended(plan, session, "end_session", outcome, reason)


def _judged(session: Session) -> tuple[Outcome, str]:
    """Return what became of a session in which nothing is left to be done.

    One that waits for the operator when all is done is ended by nobody else, so that end is none
    before its time.
    """
    complete = session.task_counts.get(TaskState.COMPLETE, 0)
    failed = session.task_counts.get(TaskState.FAILED, 0)
    cancelled = session.task_counts.get(TaskState.CANCELLED, 0)
    if session.stopping_as == "terminated":
        return "terminated", session.stopping_reason or "the operator ended it"
    if session.stopping_as is not None and (session.stopped_early or not session.keep_running):
        return "stopped", session.stopping_reason or "the operator ended it"
    if session.start_hook == "failed":
        return "incomplete", "the session's on_start hook failed, so nothing was begun"
    if complete == len(session.tasks):
        return "complete", f"all of {counted(complete, 'task')} complete"
    return "incomplete", f"{complete} complete, {failed} failed, {cancelled} cancelled"


RULES = (
    Rule("obey_stop", (UserCommanded.KIND,), obey_stop),
    Rule("nothing_moves", (SystemQuiesced.KIND,), nothing_moves),
    Rule(
        "end_session",
        (
            AgentTransitioned.KIND,
            AgentExited.KIND,
            TaskTransitioned.KIND,
            UserCommanded.KIND,
            UserExpired.KIND,
            UserWithdrawn.KIND,
            SystemDone.KIND,
            SystemStopping.KIND,
        ),
        end_session,
        into=(*TERMINAL, AgentState.AVAILABLE, AgentState.COMPLETE, AgentState.FAILED),
    ),
)
