"""The pane of recent events."""

from bisect import bisect_left
from collections.abc import Callable, Hashable
from functools import partial
from operator import attrgetter
from typing import ClassVar

from textual.binding import Binding, BindingType

from mop_tui.dashboard.details import Details, event_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, clip
from mop_tui.dashboard.looks import tone_look
from mop_tui.dashboard.rows import Rows
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.sentences import sentence
from mop_tui.domain.tones import tone

KEPT = 5_000
"""How many events the pane holds; older ones are in the session file."""
CHUNK = 1_000
"""How many events are asked of the feed at a time."""
FAR_BEHIND = 10 * CHUNK
"""From how many unread events on the pane starts afresh at the end."""
ENOUGH = 300
"""How many events are looked for when it starts afresh."""


class EventLog(Rows):
    """What happened, newest last.

    It follows the newest event while the cursor is on it. Going up stops that, however much
    happens, and the pane says how many events came since; going to the end follows again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "every_event", "Show every event, or what matters", show=False),
    ]

    def __init__(self, feed: SessionFeed, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.border_title = "Events"
        self._feed = feed
        self._frame: Frame | None = None
        self._events: list[AnyEvent] = []
        self._read_to = 0
        self._every = False
        self.following = True
        """The newest event is kept in view."""
        self.unseen = 0
        """How many events came since it stopped following."""

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        self._frame = frame
        now = frame.snapshot.seq
        if now < self._read_to or now - self._read_to > FAR_BEHIND:
            self._start_afresh(now)
        elif now > self._read_to:
            self._read_on(now)
        self.rows_changed()
        if self.following and self.count:
            self._to_end()
        self._label()

    # -- reading ----------------------------------------------------------------------------

    def _start_afresh(self, now: int) -> None:
        """Read backwards from event `now` until there is enough to show."""
        found: list[AnyEvent] = []
        end = now
        while end > 0 and len(found) < ENOUGH and now - end < FAR_BEHIND:
            start = max(0, end - CHUNK)
            chunk = self._feed.events(after=start, limit=end - start)
            found[:0] = [event for event in chunk if event.seq <= end and self._wanted(event)]
            end = start
        self._events = found
        self._read_to = now
        self.following, self.unseen = True, 0

    def _read_on(self, now: int) -> None:
        """Read what happened since, up to event `now`."""
        while self._read_to < now:
            chunk = self._feed.events(after=self._read_to, limit=min(CHUNK, now - self._read_to))
            if not chunk:
                break
            wanted = [event for event in chunk if event.seq <= now and self._wanted(event)]
            self._events += wanted
            self._read_to = min(chunk[-1].seq, now)
            if not self.following:
                self.unseen += len(wanted)
        surplus = len(self._events) - KEPT
        if surplus > 0:
            del self._events[:surplus]
            if not self.following:
                self.scroll_to(y=max(0, self.scroll_offset.y - surplus), animate=False)

    def _wanted(self, event: AnyEvent) -> bool:
        return self._every or tone(event) != "detail"

    def on_resize(self) -> None:
        """Keep the newest event in view while following it."""
        super().on_resize()
        if self.following and self.count:
            self._to_end()

    # -- following --------------------------------------------------------------------------

    def _to_end(self) -> None:
        self.cursor = self.count - 1
        self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.following, self.unseen = True, 0

    def action_last(self) -> None:
        """Go to the newest event and follow."""
        if self.count:
            self._to_end()
            self._label()

    def watch_cursor(self, before: int, now: int) -> None:
        """Following ends where the cursor leaves the newest event, and begins there again."""
        super().watch_cursor(before, now)
        self._follow(at_end=now >= self.count - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up, by wheel or scroll bar, stops following; scrolling to the end resumes."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self._follow(at_end=False)
        elif new_value > old_value and new_value >= self.max_scroll_y:
            self._follow(at_end=True)

    def _follow(self, *, at_end: bool) -> None:
        self.following = at_end
        if at_end:
            self.unseen = 0
        self._label()

    def _label(self) -> None:
        title = "Every event" if self._every else "Events"
        if self.following:
            self.border_title = title
        elif self.unseen:
            self.border_title = f"{title}  {self.unseen} new below, end shows them"
        else:
            self.border_title = f"{title}  not following, end follows"

    # -- rows -------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._events)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "Nothing has happened yet."

    def key(self, index: int) -> int:
        """Return the `seq` of a row's event."""
        return self._events[index].seq

    def find(self, key: Hashable) -> int | None:
        """Return where an event stands, or the next one if it is no longer held."""
        if not isinstance(key, int):
            return None
        return bisect_left(self._events, key, key=attrgetter("seq"))

    def about(self, index: int) -> Callable[[Frame], Details]:
        """Return what tells all about an event."""
        return partial(event_details, event=self._events[index])

    def line(self, index: int, width: int) -> Line:
        """Return when it happened, how bad it is and what it was."""
        if self._frame is None:
            return ()
        event = self._events[index]
        look = tone_look(tone(event))
        return clip(
            (
                (self._frame.moment(event.at), "dim"),
                (f" {look.sign} ", look.ink),
                (sentence(event), look.ink),
            ),
            width,
        )

    def action_every_event(self) -> None:
        """Show every single event, or only what matters."""
        self._every = not self._every
        if self._frame is not None:
            self._start_afresh(self._frame.snapshot.seq)
            self.show(self._frame)
            self.refresh()
