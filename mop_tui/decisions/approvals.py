"""Gates: the human is asked before a gated task begins, and the answer is obeyed.

What agents ask has the same timers; what is answered there is for the agent to obey.

A timeout is its own outcome. It never approves, and it is never recorded as somebody's denial.
"""

from collections.abc import Iterator, Sequence

from mop_tui.decisions.ending import wind_down
from mop_tui.decisions.issues import gate_of
from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import (
    Action,
    Ask,
    CloseIssue,
    Expire,
    Fire,
    MoveTask,
    OpenIssue,
    SetTimer,
)
from mop_tui.domain.events import (
    AnyEvent,
    SystemDecided,
    SystemTimerFired,
    TaskTransitioned,
    UserAnswered,
    UserAsked,
    UserExpired,
    UserWithdrawn,
)
from mop_tui.domain.plan import Plan
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger
from mop_tui.domain.timers import timer_of


def ask_at_gate(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Ask for a gated task once everything else it needs is there."""
    data: TaskTransitioned = event.data
    if session.status != "running":
        return ()
    task = session.tasks[data.task]
    if not task.gated or task.spec.gate is None or task.question is not None:
        return ()
    asked = Ask(task.spec.gate, data.task)
    by = task.spec.gated_by
    if by is not None:
        reason = f"{data.task} deploys to {task.spec.environment}"
        actions = (Fire(by), asked)
        return (SystemDecided(f"trigger/{by}", "yes", reason, actions, task=data.task),)
    reason = f"its gate {task.spec.gate} is opened by a human only"
    return (SystemDecided("ask_at_gate", "yes", reason, (asked,), task=data.task),)


def limit_waiting(_plan: Plan, _session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Set the timer of a question that times out."""
    data: UserAsked = event.data
    if data.due is None:
        return
    yield SystemDecided(
        rule="limit_waiting",
        verdict="yes",
        reason="the question has a timeout",
        actions=(SetTimer(timer_of(data.question), data.due, data.question),),
        task=data.task,
    )


def time_is_up(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close a question nobody answered, or keep it open louder if an answer is required."""
    data: SystemTimerFired = event.data
    open_ones = (session.questions[question] for question in session.open_questions)
    question = next((q for q in open_ones if timer_of(q.id) == data.timer), None)
    if question is None:
        return
    if question.asked.default is not None:
        reason = f"nobody answered in time; the default is {question.asked.default}"
        action = Expire(question.id, "default")
    elif question.asked.fallback is not None:
        reason = f"nobody answered in time; the fallback is {question.asked.fallback}"
        action = Expire(question.id, "fallback")
    elif question.asked.required:
        reason = "nobody answered in time, but an answer is required"
        action = Expire(question.id, "escalated")
    else:
        reason = "nobody answered in time, and no default is declared"
        action = Expire(question.id, "cancelled")
    yield SystemDecided(
        rule="time_is_up",
        verdict="yes",
        reason=reason,
        actions=(action,),
        task=question.asked.task,
    )


def obey_timeout(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Cancel what was gated by a question that expired; raise the alarm if it stays open."""
    data: UserExpired = event.data
    question = session.questions[data.question]
    if data.outcome == "escalated":
        reason = "an answer is required and overdue"
        actions: tuple[Action, ...] = (
            OpenIssue(
                "critical",
                f"an answer is overdue: {question.asked.text}",
                "answer it; nothing else can",
                agent=question.asked.agent,
                task=question.asked.task,
                key=_overdue(question),
                remedy=Remedy("answer", question.id),
            ),
        )
    elif question.asked.agent is not None:
        return  # the agent is told, and what follows is its affair
    elif question.asked.about is not None:
        return  # so is what follows for whoever asked
    elif data.outcome in ("default", "fallback") and question.asked.question_type != "approval":
        return  # that is an answer, by nobody
    else:
        reason = f"nobody answered: {question.asked.text}"
        actions = (
            _not_opened(question, reason, "do it again and answer in time"),
            *_cancel_gated(session, question),
        )
    yield SystemDecided(
        rule="obey_timeout",
        verdict="yes",
        reason=reason,
        actions=actions,
        task=question.asked.task,
    )


def obey_rejection(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Cancel what a human rejected, with the reason given."""
    data: UserAnswered = event.data
    question = session.questions[data.question]
    asked = question.asked
    if not question.rejected or asked.agent is not None or asked.about is not None:
        return
    why = f": {data.reason}" if data.reason else ", without a reason"
    reason = f"rejected by {data.by}{why}"
    spec = plan.questions.get(question.asked.name)
    if question.asked.proposal:
        return  # nothing is spawned, and the reason is on record
    if spec is not None and spec.on_reject == "stop_session":
        consequences = wind_down(session)
    else:
        consequences = _cancel_gated(session, question)
    text = f"{question.asked.text} {reason[0].upper()}{reason[1:]}"
    issue = _not_opened(question, text, "deal with the reason, then do it again")
    yield SystemDecided(
        rule="obey_rejection",
        verdict="yes",
        reason=reason,
        # The issue comes first: the consequences may be the end of the session.
        actions=(issue, *consequences),
        task=question.asked.task,
    )


def end_alarm(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close the alarm about an overdue answer once there is one, or none is needed."""
    question = session.questions[event.data.question]
    alarm = session.open_issue(_overdue(question))
    if alarm is not None:
        yield SystemDecided(
            rule="end_alarm",
            verdict="yes",
            reason=f"{question.id} is {question.state}",
            actions=(CloseIssue(alarm.id),),
            task=question.asked.task,
        )


def _overdue(question: Question) -> str:
    """Return the key of the issue that an answer is overdue."""
    return f"overdue/{question.id}"


def _not_opened(question: Question, text: str, advice: str) -> OpenIssue:
    """Return what tells the operator that something is not done for want of a yes."""
    task = question.asked.task
    if task is None:
        return OpenIssue("warning", text, advice, trigger=question.asked.trigger)
    again = Remedy("retry_task", task)
    return OpenIssue("warning", text, advice, task=task, key=gate_of(task), remedy=again)


def _cancel_gated(session: Session, question: Question) -> tuple[Action, ...]:
    task = question.asked.task
    if task is None or session.tasks[task].state in TERMINAL:
        return ()
    return (MoveTask(task, TaskTrigger.CANCELLED),)


RULES = (
    Rule("ask_at_gate", (TaskTransitioned.KIND,), ask_at_gate, into=(TaskState.READY,)),
    Rule("limit_waiting", (UserAsked.KIND,), limit_waiting),
    Rule("time_is_up", (SystemTimerFired.KIND,), time_is_up),
    Rule("obey_timeout", (UserExpired.KIND,), obey_timeout),
    Rule("end_alarm", (UserAnswered.KIND, UserWithdrawn.KIND), end_alarm),
    Rule("obey_rejection", (UserAnswered.KIND,), obey_rejection),
)
