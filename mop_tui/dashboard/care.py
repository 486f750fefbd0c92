"""What was decided about an agent when it fell ill last."""

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.sheet import Entry
from mop_tui.domain.events import AgentTransitioned, SystemDecided
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.health import SUPERVISION
from mop_tui.domain.rows import Agent
from mop_tui.domain.wording import printable, words

FOLLOWS = 100
"""Within so many events after somebody fell ill stands what was decided because of that."""


def care_entries(feed: SessionFeed, frame: Frame, agent: Agent) -> list[Entry]:
    """Return what was decided because `agent` fell ill last, considered noes included."""
    became = feed.event(agent.fell_ill)
    if became is None or not isinstance(became.data, AgentTransitioned):
        return []
    decided = [
        event.data
        for event in feed.events(agent.fell_ill, FOLLOWS)
        if event.cause == agent.fell_ill
        and isinstance(event.data, SystemDecided)
        and event.data.rule in SUPERVISION
    ]
    entries = [
        Entry("fell ill", f"{frame.moment(became.at).strip()}: {printable(became.data.reason)}")
    ]
    for it in decided:
        text = f"{words(it.rule)}: {it.verdict}, {printable(it.reason)}"
        entries.append(Entry("decided", text, "plain" if it.verdict == "yes" else "dim"))
    return entries
