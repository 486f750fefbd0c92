"""The fold of questions: that they are asked, seen, called about, and how they end."""

from collections.abc import Callable
from typing import Any

from mop_tui.domain import events as e
from mop_tui.domain import remembering
from mop_tui.domain.events import Event
from mop_tui.domain.ids import QuestionId, TaskId
from mop_tui.domain.plan import LEAVE_IT
from mop_tui.domain.rows import Question, Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import Adapting, strategy_asked
from mop_tui.domain.timers import call_of, timer_of


def _user_asked(session: Session, event: Event[e.UserAsked]) -> None:
    data = event.data
    task = session.tasks.get(data.task) if data.task is not None else None
    if data.question in session.questions or (task is None and data.task is not None):
        session.ignored += 1
        return
    depth = session.depths.get(event.cause or 0, 0)
    question = Question(asked=data, asked_at=event.at, seq=event.seq, depth=depth)
    session.questions[data.question] = question
    session.unsettle(question)
    session.open_questions[data.question] = None
    session.proposed += len(data.proposal)
    session.touch(question)
    if task is not None and data.agent is None:
        task.question = data.question
        session.unsettle(task)
        task.doubtful = task.doubtful or data.doubt
        session.touch(task)


def _user_seen(session: Session, event: Event[e.UserSeen]) -> None:
    question = session.questions.get(event.data.question)
    if question is not None and question.seen_at is None:
        question.seen_at = event.at
        session.touch(question)


def _user_noticed(session: Session, event: Event[e.UserNoticed]) -> None:
    question = session.questions.get(event.data.question)
    if question is not None and question.noticed_at is None:
        question.noticed_at = event.at
        session.touch(question)


def forget_call(session: Session, question: Question) -> None:
    """Forget that somebody was to be called because of `question`."""
    session.timers.pop(call_of(question.id, overdue=question.escalated), None)
    question.calls_at = None


def set_call(session: Session, timer: e.SystemTimerSet, at: int | None) -> None:
    question = session.questions.get(timer.question or QuestionId(""))
    if question is not None:
        question.calls_at = at
        session.touch(question)


def _close(session: Session, question: Question, at: int) -> None:
    question.closed_at = at
    session.unsettle(question)
    forget_call(session, question)
    session.open_questions.pop(question.id, None)
    session.proposed -= len(question.asked.proposal)
    session.timers.pop(timer_of(question.id), None)
    session.touch(question)
    if question.asked.task is not None:
        task = session.tasks[question.asked.task]
        if task.question == question.id:
            task.question = None
            session.unsettle(task)
            session.touch(task)


def _open_question(session: Session, key: QuestionId) -> Question | None:
    question = session.questions.get(key)
    if question is None or question.state != "open":
        session.ignored += 1
        return None
    return question


def _user_answered(session: Session, event: Event[e.UserAnswered]) -> None:
    data = event.data
    question = _open_question(session, data.question)
    if question is None:
        return
    question.state = "answered"
    question.value, question.reason, question.by = data.value, data.reason, data.by
    question.as_before = data.as_before
    _heed_refusal(session, question)
    _close(session, question, event.at)
    if data.as_before is None:
        for row in remembering.note(session, question, data.remember):
            session.touch(row)
    _open_gate(session, question)
    _tell_next_attempt(session, question)


def _user_expired(session: Session, event: Event[e.UserExpired]) -> None:
    data = event.data
    question = _open_question(session, data.question)
    if question is None:
        return
    if data.outcome == "escalated":
        forget_call(session, question)
        question.noticed_at = question.called_at = None
        question.escalated = True
        session.touch(question)
        return
    question.state = "expired"
    question.value = data.value or ""
    _heed_refusal(session, question)
    _close(session, question, event.at)
    if data.outcome in ("default", "fallback"):
        _open_gate(session, question)
        _tell_next_attempt(session, question)


def _heed_refusal(session: Session, question: Question) -> None:
    """Let a strategy rest that was proposed, and is not wanted."""
    name = strategy_asked(question.asked.name)
    if name and question.value != "approve":
        state = session.adapting.get(name, Adapting())
        session.adapting[name] = Adapting(session.at, state.times, state.held_back)


def _tell_next_attempt(session: Session, question: Question) -> None:
    """Let whoever tries a task again know what was said because of which it is."""
    task = session.tasks.get(question.asked.subject or TaskId(""))
    if task is not None and any(reaction.do == "retry" for reaction in question.reactions):
        _tell_answer(session, task, question)


def _tell_answer(session: Session, task: Task, question: Question) -> None:
    name = question.asked.name
    if not question.asked.secret:
        task.answers = (*(it for it in task.answers if it[0] != name), (name, question.value))
    if question.reason:
        task.reasons = (*(it for it in task.reasons if it[0] != name), (name, question.reason))
    session.touch(task)


def _open_gate(session: Session, question: Question) -> None:
    """Clear the task that waited for this answer, unless the answer is no."""
    asked = question.asked
    if asked.task is None or asked.agent is not None or question.rejected:
        return
    task = session.tasks[asked.task]
    if asked.doubt:
        task.doubtful = question.value == LEAVE_IT
        session.touch(task)
        return
    if question.keeps_shut:
        return
    task.cleared = True
    _tell_answer(session, task, question)


def _user_withdrawn(session: Session, event: Event[e.UserWithdrawn]) -> None:
    question = _open_question(session, event.data.question)
    if question is None:
        return
    question.state = "withdrawn"
    question.reason = event.data.reason
    _close(session, question, event.at)


HANDLERS: dict[str, Callable[[Session, Event[Any]], None]] = {
    e.UserAsked.KIND: _user_asked,
    e.UserSeen.KIND: _user_seen,
    e.UserNoticed.KIND: _user_noticed,
    e.UserAnswered.KIND: _user_answered,
    e.UserExpired.KIND: _user_expired,
    e.UserWithdrawn.KIND: _user_withdrawn,
}
