"""The main screen: everything about the session at a glance."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from mop_tui.dashboard.banner import Banner, Trouble
from mop_tui.dashboard.details import session_details
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.filter_line import FilterLine
from mop_tui.dashboard.frame import Frame, ShowsFrames, ShowsInTurns
from mop_tui.dashboard.glance import Glance
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.issue_list import IssueList
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.metrics_line import MetricsLine
from mop_tui.dashboard.panes import Panes
from mop_tui.dashboard.playback_bar import PlaybackBar
from mop_tui.dashboard.replayed_screen import REPLAY_KEYS, ReplayedScreen
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.session_header import SessionHeader
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList
from mop_tui.domain.feed import Section, SessionFeed

_PANES: tuple[Section, ...] = ("teams", "tasks", "issues", "events")


class Overview(ReplayedScreen):
    """Banner, inbox, keys, and the sections that the layout wants, in its order: lines above the
    first pane or below, panes between them.

    Narrow terminals stack the panes, wide ones put agents beside the rest (see `Panes`). On a low
    terminal the pane that has the keys gets more room.
    """

    AUTO_FOCUS = "Rows"
    ALLOW_IN_MAXIMIZED_VIEW = "Banner, Trouble, InboxLine, FilterLine, KeyLine"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Pane", tooltip="Next pane"),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
        Binding("o", "session", "Session", tooltip="All about the session and its end", show=False),
        Binding("z", "zoom", "Give the pane the whole screen, or give it back", show=False),
        *REPLAY_KEYS,
    ]
    DEFAULT_CSS = """
    Overview {
        #panes { height: 1fr; }

        &.-maximized-view Banner { dock: top; }

        &.-low Rows { border: none; border-top: solid $foreground 22%; }
        &.-low Rows:focus { border: none; border-top: heavy $primary; }
        &.-low Glance { border: none; border-top: solid $foreground 22%; }
    }
    """

    def __init__(self, feed: SessionFeed, frame: Frame) -> None:
        super().__init__(feed)
        self._first = frame
        self._log = EventLog(feed, id="events")
        self._parts: list[Callable[[Frame], Iterator[None] | None]] = []
        """What lets each part show a frame."""

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Banner()
        yield Trouble()
        sections = self._feed.sections
        panes = [name for name in sections if name in _PANES]
        first = sections.index(panes[0]) if panes else len(sections)
        yield from self._lines(sections[:first])
        yield InboxLine()
        yield Panes(*map(self._pane, panes), Glance(id="glance"), id="panes")
        if "events" in panes:
            yield FilterLine(self._log)
        yield PlaybackBar()
        yield from self._lines(sections[first:])
        yield KeyLine()

    def _lines(self, sections: Sequence[Section]) -> Iterator[FrameLines]:
        for name in sections:
            if name == "overview":
                yield SessionHeader()
            elif name == "metrics":
                yield MetricsLine()

    def _pane(self, name: Section) -> Rows:
        match name:
            case "teams":
                return Swarm(id="swarm")
            case "tasks":
                return TaskList(id="tasks")
            case "issues":
                return IssueList(id="issues")
            case "events":
                return self._log
            case _:
                raise ValueError(f"{name} is no pane")

    def on_mount(self) -> None:
        """Show something from the first paint on."""
        for part in self.query("Lines, Rows"):
            if isinstance(part, ShowsInTurns):
                self._parts.append(part.showing)
            elif isinstance(part, ShowsFrames):
                self._parts.append(part.show)
        for _ in self.showing(self._first):
            pass

    def showing(self, frame: Frame) -> Iterator[None]:
        """Show `frame` in one part after the other: see `ShowsInTurns`."""
        self._turn(self.query_one(Glance))
        for show in self._parts:
            yield
            bits = show(frame)
            if bits is not None:
                yield from bits

    def _turn(self, glance: Glance) -> None:
        if isinstance(self.focused, Rows):
            glance.turn_to(self.focused.about_here, self.focused.subject_here)

    @on(Rows.Moved)
    def glance(self) -> None:
        """Turn to the row under the cursor."""
        glance = self.query_one(Glance)
        self._turn(glance)
        glance.remake()

    def on_descendant_focus(self) -> None:
        """Turn to the row under the cursor of another list."""
        self.glance()

    @property
    def searching(self) -> bool:
        """True while the events look for more of what they are to show."""
        return self._log.searching

    def look_back(self) -> None:
        """Let the events look for some more of what they are to show."""
        if self._log.is_attached:
            self._log.look_back()

    @on(EventLog.FilterWanted)
    def begin_filter(self) -> None:
        """Ask which events to show."""
        self.query_one(FilterLine).begin()

    @on(EventLog.Counted)
    def count_events(self) -> None:
        """Say how many events the filter has let pass."""
        self.query_one(FilterLine).count()

    def action_zoom(self) -> None:
        """Give the pane that has the keys the whole screen, or give it back."""
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, Rows):
            self.maximize(self.focused)

    def action_session(self) -> None:
        """Tell all about the session."""
        self.post_message(Rows.Chosen(session_details, None))
