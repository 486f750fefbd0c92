"""The pane of recent events."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from mop_tui.dashboard.details import Details, event_details
from mop_tui.dashboard.filter_words import EVERYTHING, Filter
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import ELLIPSIS, Line, clip
from mop_tui.dashboard.looks import tone_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.sentences import sentence
from mop_tui.domain.tones import tone
from mop_tui.domain.wording import printable

KEPT = 5_000
"""How many events the pane holds; older ones are in the session file."""
CHUNK = 1_000
"""How many events are asked of the feed at a time."""
READ_AT_ONCE = 200
"""How many of the newest events are read in about a millisecond."""
FAR_BEHIND = 10 * CHUNK
"""From how many unread events on the pane starts afresh at the end. Without a filter, it looks no
further back than that unless the operator goes up."""
ENOUGH = 300
"""How many rows are looked for at a time, backwards."""

_LONGEST_FILTER = 40
"""So many characters of the filter stand in the title."""


class EventLog(Rows):
    """What happened, newest last: all of it, what matters, or what a filter lets pass.

    It follows the newest event while the cursor is on it. Going up stops that, however much
    happens, and the pane says how many events came since; going to the end follows again.

    It reads backwards from the newest event, one chunk per call of `look_back`, until it holds
    enough; going up to the oldest row asks for more.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "every_event", "Show every event, or what matters", show=False),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Show only some events"),
        Binding("escape", "unfilter", "All events", tooltip="Take the filter of events away"),
    ]

    @dataclass
    class FilterWanted(Message):
        """The operator wants to say which events to show."""

    @dataclass
    class Counted(Message):
        """What `matches` says is something else now."""

    def __init__(self, feed: SessionFeed, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.entitle("Events")
        self._feed = feed
        self._frame: Frame | None = None
        self._events: list[AnyEvent] = []
        self._read_from = 0
        """Everything after this event, up to `_read_to`, was looked at."""
        self._read_to = 0
        self._back_to = 0
        """How far back it looks without being asked to."""
        self._enough = ENOUGH
        """How many rows it looks for."""
        self._sought: int | None = None
        """The event that the cursor is to be at once it is found."""
        self._unreadable = False
        """What is older cannot be had."""
        self._every = False
        self._filter = EVERYTHING
        self._matches = ""
        self.filter_text = ""
        """The filter as it was typed; empty if there is none."""
        self.following = True
        """The newest event is kept in view."""
        self.unseen = 0
        """How many events came since it stopped following."""

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        first = self._frame is None
        self._frame = frame
        now = frame.snapshot.seq
        if now == self._read_to and not first:
            return  # what has happened does not change with the clock
        if now < self._read_to or now - self._read_to > FAR_BEHIND:
            self._start_afresh(now)
        elif now > self._read_to:
            yield from self._read_on(now)
        self.look_back()
        self._changed()

    def _changed(self) -> None:
        self.rows_changed()
        if self.following and self.count:
            self._to_end()
        self._label()

    # -- reading ----------------------------------------------------------------------------

    def _start_afresh(self, now: int, *, sought: int | None = None) -> None:
        """Forget all rows, and read backwards from event `now`; far enough to find `sought`."""
        self._events = []
        self._read_from = self._read_to = now
        self._back_to = 0 if self._filtered else max(0, now - FAR_BEHIND)
        self._enough = ENOUGH
        self._sought = sought
        self._unreadable = False
        self.following, self.unseen = True, 0

    def _read_on(self, now: int) -> Iterator[None]:
        """Read what happened since, up to event `now`."""
        while self._read_to < now:
            limit = min(READ_AT_ONCE, now - self._read_to)
            chunk = self._feed.events(after=self._read_to, limit=limit)
            if not chunk:
                break
            wanted = [event for event in chunk if event.seq <= now and self._wanted(event)]
            self._events += wanted
            self._read_to = min(chunk[-1].seq, now)
            if not self.following:
                self.unseen += len(wanted)
            self._changed()
            yield
        surplus = len(self._events) - KEPT
        if surplus > 0:
            del self._events[:surplus]
            self._read_from = self._events[0].seq - 1
            if not self.following:
                self.scroll_to(y=max(0, self.scroll_offset.y - surplus), animate=False)

    @property
    def searching(self) -> bool:
        """True while it looks further back with every call of `look_back`."""
        if self._unreadable or not self._read_from or self.count >= KEPT:
            return False
        if self._sought is not None:
            return True
        return self.count < self._enough and self._read_from > self._back_to

    def look_back(self) -> None:
        """Look at some more of what happened earlier, if that is wanted."""
        if not self.searching:
            return
        start = max(0, self._read_from - CHUNK)
        limit = self._read_from - start
        chunk = [e for e in self._feed.events(after=start, limit=limit) if e.seq <= self._read_from]
        found = [event for event in chunk if self._wanted(event)]
        self._unreadable = len(chunk) < limit
        self._read_from = start
        self._events[:0] = found
        if found and not self.following:
            self.rows_changed()
            self.scroll_to(y=self.scroll_offset.y + len(found), animate=False, immediate=True)
            self.following = False
        self._changed()
        if self._sought is not None and self._read_from < self._sought:
            self._show_around(self.find(self._sought) or 0)
            self._sought = None

    def _show_around(self, index: int) -> None:
        """Put the cursor on a row, in the middle of the pane."""
        self.cursor = index
        self.scroll_to(y=max(0, index - self.size.height // 2), animate=False, force=True)

    def _look_further(self) -> None:
        """Let more be looked for, now that the operator is at the oldest rows."""
        self._enough = self.count + ENOUGH
        if not self._filtered:
            self._back_to = max(0, self._read_from - FAR_BEHIND)

    def _wanted(self, event: AnyEvent) -> bool:
        shown = self._every or self._filter.names_which or tone(event) != "detail"
        return shown and self._filter.passes(event)

    # -- filtering --------------------------------------------------------------------------

    @property
    def _filtered(self) -> bool:
        return self._filter != EVERYTHING

    def show_only(self, wanted: Filter, typed: str) -> None:
        """Show only what `wanted` lets pass, which is what the operator `typed`.

        Where a filter is taken away, the cursor stays at its event unless that is long ago, so
        that one sees what happened around it.
        """
        if wanted == self._filter:
            return
        self._filter, self.filter_text = wanted, typed.strip()
        self._start_again()
        self.refresh_bindings()

    def _start_again(self) -> None:
        """Look for rows anew, since other ones are wanted."""
        if self._frame is None:
            return
        now = self._frame.snapshot.seq
        stays = self.count and not self.following and not self._filtered
        here = self.key(self.cursor) if stays else 0
        self._start_afresh(now, sought=here if here > now - FAR_BEHIND and stays else None)
        self.look_back()
        self._changed()
        self.refresh()

    @property
    def matches(self) -> str:
        """How many events the filter has let pass, and how far it has looked."""
        more = "+" if self._read_from and not self.searching else ""
        said = f"{self.count:,}{more} found" if self.count else "none found"
        if self.searching:
            share = int(100 * (1 - self._read_from / max(self._read_to, 1)))
            yet = "" if self.count else " yet"
            return f"{said}{yet}, searching{ELLIPSIS} {share} %"
        return f"{said}, older events cannot be read" if self._unreadable else said

    def action_filter(self) -> None:
        """Ask which events to show."""
        self.post_message(self.FilterWanted())

    def action_unfilter(self) -> None:
        """Show all events again."""
        self.show_only(EVERYTHING, "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to take the filter away only where there is one."""
        return self._filtered if action == "unfilter" else True

    def on_resize(self) -> None:
        """Keep the newest event in view while following it."""
        super().on_resize()
        if self.following and self.count:
            self._to_end()

    # -- following --------------------------------------------------------------------------

    def _to_end(self) -> None:
        self.cursor = self.count - 1
        if self.scroll_offset.y < self.max_scroll_y:  # it repaints all rows, moved or not
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        elif self.show_vertical_scrollbar:
            # It did not hear of scrolling that was done before it was there.
            self.vertical_scrollbar.position = self.scroll_y
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
        if now < before and now < self.size.height and not self.following:
            self._look_further()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up, by wheel or scroll bar, stops following; scrolling to the end resumes."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self._follow(at_end=False)
            if new_value < self.size.height:
                self._look_further()
        elif new_value > old_value and new_value >= self.max_scroll_y:
            self._follow(at_end=True)

    def _follow(self, *, at_end: bool) -> None:
        self.following = at_end
        if at_end:
            self.unseen = 0
        self._label()

    def _label(self) -> None:
        title = "Every event" if self._every else "Events"
        matches = self.matches if self._filtered else ""
        if matches:
            title += f" /{_shortened(printable(self.filter_text))}  {matches}"
        if self.following:
            self.entitle(title)
        elif self.unseen:
            self.entitle(f"{title}  {self.unseen} new below, end shows them")
        else:
            self.entitle(f"{title}  not following, end follows")
        if matches != self._matches:
            self._matches = matches
            self.post_message(self.Counted())

    # -- rows -------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._events)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        if self.searching:
            return f"Searching{ELLIPSIS}"
        if self._filtered:
            return "No event that the filter lets pass."
        return "Nothing has happened yet." if not self._read_to else "Nothing of note lately."

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

    def subject(self, index: int) -> Subject:
        """Return the event of a row."""
        return Subject(event=self._events[index].seq)

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
        self._start_again()


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_FILTER else text[: _LONGEST_FILTER - 1] + ELLIPSIS
