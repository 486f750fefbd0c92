"""What becomes of the operator's feedback: it is told at once, or with a task."""

from collections.abc import Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import OpenIssue, PassFeedbackOn
from mop_tui.domain.events import AnyEvent, SystemDecided, UserFeedback
from mop_tui.domain.feedback import recipient, undelivered
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session

_NAMED = 3
"""How much feedback is named that reached nobody; more is counted."""


def pass_feedback_on(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell an agent what is said of its work, if it runs; else it is told with its next task."""
    data: UserFeedback = event.data
    row = session.feedback.get(data.feedback)
    if row is None or row.seq != event.seq:
        return
    name = recipient(session, row)
    agent = None if name is None else session.agents.get(name)
    if agent is None:
        reason = f"nobody does {data.task} yet; whoever begins it is told"
        yield SystemDecided("pass_feedback_on", "no", reason, (), None, data.task)
    elif agent.running and not agent.stopping:
        reason = f"it is for {name}, who runs"
        told = PassFeedbackOn(agent.spec.id, row.id)
        yield SystemDecided("pass_feedback_on", "yes", reason, (told,), agent.spec.id, data.task)
    else:
        reason = f"{name} has no process that could read it, and is told with its next task"
        yield SystemDecided("pass_feedback_on", "no", reason, (), agent.spec.id, data.task)


def tell_undelivered(session: Session) -> tuple[OpenIssue, ...]:
    """Return what tells the operator, at the end, what feedback has reached nobody."""
    rows = undelivered(session)
    if not rows:
        return ()
    named = [f"{row.id} about {row.about}" for row in rows[:_NAMED]]
    if len(rows) > _NAMED:
        named.append(f"{len(rows) - _NAMED} more")
    text = f"feedback reached nobody: {listed(named)}"
    return (OpenIssue("info", text, "it is kept in the session; say it again in the next"),)


RULES = (Rule("pass_feedback_on", (UserFeedback.KIND,), pass_feedback_on),)
