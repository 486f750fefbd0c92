"""Commands on their way, and what is heard of them."""

from mop_tui.dashboard.frame import Frame
from mop_tui.domain.events import UserCommanded
from mop_tui.domain.feed import Command, EventFilter, SessionFeed
from mop_tui.domain.ids import CommandId

_READ = 1_000


class Errands:
    """Hands commands over and listens for those that are refused."""

    def __init__(self, feed: SessionFeed) -> None:
        self._feed = feed
        self._out: dict[CommandId, str] = {}
        """Commands not heard of yet, and what each is called."""
        self._after = 0

    @property
    def out(self) -> bool:
        """True while a command has been heard nothing of."""
        return bool(self._out)

    def send(self, command: Command, title: str, frame: Frame) -> None:
        """Hand a command over, which the operator knows as `title`."""
        if not self._out:
            self._after = frame.snapshot.seq
        self._out[self._feed.submit(command)] = title

    def refused(self, frame: Frame) -> list[tuple[str, str]]:
        """Return what was refused since: what it is called, and why it is not done."""
        if not self._out:
            return []
        told = []
        events = self._feed.events(
            after=self._after, limit=_READ, only=EventFilter(UserCommanded.KIND)
        )
        for event in events:
            fact = event.data
            if isinstance(fact, UserCommanded) and fact.id in self._out:
                title = self._out.pop(fact.id)
                if fact.refused:
                    told.append((title, fact.refused))
        self._after = events[-1].seq if len(events) == _READ else frame.snapshot.seq
        return told
