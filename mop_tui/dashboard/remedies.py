"""What is suggested about an issue: in words, as a deed that a key does, and why it cannot be."""

from typing import NamedTuple, assert_never

from textual.binding import Binding

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.steering import Deed, command, title, why_not
from mop_tui.domain.ids import AgentId, QuestionId, TaskId, TriggerName
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Issue
from mop_tui.domain.subject import Subject

KEY = "f"
"""The key that does it."""
ISSUE_KEYS = [
    Binding(
        KEY, "app.remedy", "Fix", tooltip="Do what the issue suggests; asks first if it ends things"
    ),
]


class Suggestion(NamedTuple):
    """What is suggested: with whom, and what is done then."""

    subject: Subject
    deed: Deed | None
    """What is done as by its own key; None: the subject is looked at, or the question answered."""


def suggestion(remedy: Remedy) -> Suggestion:
    """Return what a remedy comes to."""
    about = remedy.about
    match remedy.do:
        case "restart_agent":
            return Suggestion(Subject(agent=AgentId(about)), "restart")
        case "resume_agent":
            return Suggestion(Subject(agent=AgentId(about)), "resume")
        case "stop_agent":
            return Suggestion(Subject(agent=AgentId(about)), "stop")
        case "retry_task":
            return Suggestion(Subject(task=TaskId(about)), "retry")
        case "cancel_task":
            return Suggestion(Subject(task=TaskId(about)), "cancel")
        case "arm_trigger":
            return Suggestion(Subject(trigger=TriggerName(about)), "arm")
        case "answer":
            return Suggestion(Subject(question=QuestionId(about)), None)
        case "look_at_agent":
            return Suggestion(Subject(agent=AgentId(about)), None)
        case "look_at_task":
            return Suggestion(Subject(task=TaskId(about)), None)
        case "look_at_trigger":
            return Suggestion(Subject(trigger=TriggerName(about)), None)
        case _:
            assert_never(remedy.do)


def worded(remedy: Remedy) -> str:
    """Return in a few words what a remedy is."""
    subject, deed = suggestion(remedy)
    if deed is not None:
        return title(deed, subject)
    return f"{'Answer' if subject.question is not None else 'Look at'} {subject.name}"


def offered_for(frame: Frame, issue: Issue) -> Remedy | None:
    """Return what may be suggested about an issue here; whether it can be done is another thing.

    Where nothing can be done, as in a replay, one may still look.
    """
    remedy = issue.remedy
    if remedy is None or not issue.open:
        return None
    return remedy if frame.answerable or remedy.do.startswith("look_") else None


def why_no_remedy(frame: Frame, remedy: Remedy) -> str:
    """Return why a remedy cannot be done now; empty if it can."""
    snapshot = frame.snapshot
    subject, deed = suggestion(remedy)
    if deed is not None:
        return why_not(snapshot, command(deed, subject, ""))
    if subject.question is not None:
        question = snapshot.questions.get(subject.question)
        if question is None:
            return "there is no such question"
        return "" if question.state == "open" else f"it is {question.state} already"
    there = (
        subject.agent in snapshot.agents
        or subject.task in snapshot.tasks
        or subject.trigger in snapshot.triggers
    )
    return "" if there else "it is not there any more"
