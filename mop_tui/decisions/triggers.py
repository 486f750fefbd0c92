"""Triggers: agents appear, and other things are done, because something happened.

An event that a trigger is about makes it consider. It fires, or it does not and the reason is
recorded: what else it wants to hold does not, it rests, it has fired for this already, a limit is
in the way. Once for one cause: what is spawned is named after trigger and event (`SpawnId`).

Triggers decide after the rules about work, and before the session is ended (`rules.Later`): they
find what follows from the event anyway done, break into nothing that is half done, and whoever they
spawn because the last task failed is there in time.
"""

from collections.abc import Iterator

from mop_tui.decisions.firing import Considered
from mop_tui.decisions.occasions import why
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.domain import events as e
from mop_tui.domain.actions import CloseIssue, OpenIssue
from mop_tui.domain.circumstances import Circumstances
from mop_tui.domain.events import AnyEvent, SystemDecided, UserAnswered
from mop_tui.domain.ids import TriggerName
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session
from mop_tui.domain.steering import not_running

_WATCH = "watch"
"""The key of the issue that files cannot be watched."""
_UNSEEN = "files cannot be watched as they should"


def consider(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Have the triggers that look at events of this kind consider it.

    Each decides later: what follows from the event without triggers comes first, and those before
    it may use up what is left, or make it fire already.
    """
    if isinstance(event.data, SystemDecided) and event.data.rule.startswith("trigger/"):
        return  # what triggers think of each other's thoughts would have no end
    for name in session.triggers_of.get(event.kind, ()):
        trigger = session.triggers[name]
        if trigger.state == "disabled" or _is_fired_by(event, name):
            continue
        about = Circumstances(session, event, trigger)
        happened = why(trigger.spec, about)
        if happened:
            yield Later(Considered(plan, session, trigger, about, happened).decision)


def _is_fired_by(event: AnyEvent, trigger: str) -> bool:
    """True if an event is that the operator fires `trigger`."""
    said = event.data
    if not isinstance(said, e.UserCommanded) or said.command != "fire_trigger":
        return False
    return said.about == trigger and not said.refused


def fire_by_hand(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Fire a trigger because the operator says so, whatever it waits for."""
    data: e.UserCommanded = event.data
    if not _is_fired_by(event, data.about):
        return
    trigger = session.triggers[TriggerName(data.about)]
    about = Circumstances(session, event, trigger)
    happened = f"{data.by} fires it" + (f": {data.reason}" if data.reason else "")
    yield Later(Considered(plan, session, trigger, about, happened, by_hand=True).decision)


def obey_proposal(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Spawn what was proposed, once the operator approves."""
    data: UserAnswered = event.data
    question = session.questions[data.question]
    asked = question.asked
    if not asked.proposal or question.rejected:
        return
    standstill = not_running(session)
    if standstill:
        yield SystemDecided("obey_proposal", "no", standstill)
        return
    said = f": {data.reason}" if data.reason else ""
    yield SystemDecided("obey_proposal", "yes", f"{data.by} approves it{said}", asked.proposal)


def watch_trouble(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the operator that files cannot be watched, until they can be."""
    data: e.SystemWatching = event.data
    warned = session.open_issue(_WATCH)
    if data.trouble:
        advice = "triggers may miss files until this is mended"
        told = OpenIssue("warning", f"{_UNSEEN}: {data.trouble}", advice, key=_WATCH)
        yield SystemDecided("watch_trouble", "yes", data.trouble, (told,))
    elif warned is not None:
        closed = (CloseIssue(warned.id),)
        yield SystemDecided("watch_trouble", "yes", "files are watched again", closed)


def _kinds(plan: Plan) -> tuple[str, ...]:
    """Return the kinds of events that some trigger of the plan looks at."""
    return tuple(dict.fromkeys(kind for spec in plan.triggers for kind in spec.kinds))


RULES = (
    Rule("trigger", (), consider, of_plan=_kinds),
    Rule("watch_trouble", (e.SystemWatching.KIND,), watch_trouble),
    Rule("fire_by_hand", (e.UserCommanded.KIND,), fire_by_hand),
    Rule("obey_proposal", (UserAnswered.KIND,), obey_proposal),
)
