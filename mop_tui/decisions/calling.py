"""Calling the operator by a program, where nobody comes to answer.

It is the last rung of a ladder whose others belong to each screen: those ring the terminal that
somebody sits at, this one reaches whoever sits at none. So it is the only one that is decided here
and stands in the journal. A question that is required and overdue begins the ladder anew, once.

Whoever is called because of one question is told how many wait besides, and is called because of
none of those again.
"""

from collections.abc import Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import CloseIssue, OpenIssue, RunHook, SetTimer, StopHook
from mop_tui.domain.events import (
    AnyEvent,
    SystemDecided,
    SystemDone,
    SystemTimerFired,
    UserAnswered,
    UserAsked,
    UserExpired,
    UserWithdrawn,
)
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Session
from mop_tui.domain.timers import call_of
from mop_tui.domain.wording import hook_log, lasting


def call_in_time(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Set the timer after which somebody is called because of a question."""
    data: UserAsked | UserExpired = event.data
    question = session.questions[data.question]
    after = plan.calling.command_ms
    if after is None or (isinstance(data, UserExpired) and data.outcome != "escalated"):
        return
    timer = call_of(question.id, overdue=question.escalated)
    yield SystemDecided(
        "call_in_time",
        "yes",
        f"somebody is called if nobody comes within {lasting(after)}",
        (SetTimer(timer, session.at + after, question.id, purpose="call"),),
        task=question.asked.task,
    )


def call(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Call somebody because of a question, unless that is not needed any more."""
    fired = session.fired
    if fired is None or fired.purpose != "call" or fired.question is None:
        return
    question = session.questions[fired.question]
    if question.state != "open":
        return
    why_not = _why_not(session, question)
    yield SystemDecided(
        "call",
        "no" if why_not else "yes",
        why_not or f"nobody has come to {question.id}",
        () if why_not else (RunHook(None, None, "call", question=question.id),),
        task=question.asked.task,
    )


def _why_not(session: Session, question: Question) -> str:
    """Return why nobody has to be called; empty if somebody has."""
    if session.status == "stopping":
        return "the session is ending"
    if question.noticed_at is not None:
        ago = lasting(session.at - question.noticed_at)
        return f"somebody was at a screen that told of {question.id}, {ago} ago"
    if question.called_at is not None:
        ago = lasting(session.at - question.called_at)
        return f"whoever was called {ago} ago was told of {question.id} too"
    return ""


def called(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the operator once that nobody can be called, and when it is possible again."""
    data: SystemDone = event.data
    hook = session.hook_done
    if data.effect != "run_hook" or hook is None or hook.action != data.action:
        return
    if hook.about != "call":
        return
    known = session.open_issue(FAILED_CALL)
    if not data.error and known is not None:
        reason = "a later call was made"
        yield SystemDecided("called", "yes", reason, (CloseIssue(known.id),))
    if data.lost:
        reason = f"the program ended while somebody was called because of {hook.question}"
        yield SystemDecided("called", "no", f"{reason}, and nobody is called twice")
    elif data.error and not session.hook_stopped:
        advice = f"read its log ({hook_log(None, 'call')}), and mend the command of notify"
        reason = f"nobody could be called: the command of notify {data.error}"
        issue = OpenIssue("warning", reason, advice, key=FAILED_CALL)
        yield SystemDecided("called", "no", reason, (issue,))


FAILED_CALL = "call"
"""The key of the issue that nobody can be called."""


def end_calls(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """End a call that still runs once nothing is left to be answered."""
    data: UserAnswered | UserExpired | UserWithdrawn = event.data
    if session.open_questions or not session.running_hooks:
        return
    if any(hook.about == "call" for hook in session.hooks(None)):
        reason = f"{data.question} needs no answer any more, and no other question is open"
        yield SystemDecided("end_calls", "yes", reason, (StopHook(None, "call"),))


RULES = (
    Rule("call_in_time", (UserAsked.KIND, UserExpired.KIND), call_in_time),
    Rule("call", (SystemTimerFired.KIND,), call),
    Rule("called", (SystemDone.KIND,), called),
    Rule("end_calls", (UserAnswered.KIND, UserExpired.KIND, UserWithdrawn.KIND), end_calls),
)
