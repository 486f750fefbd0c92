"""The timeline: a Gantt chart of agents or of tasks, from the beginning to the expected end."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from mop_tui.dashboard.banner import Banner, Trouble
from mop_tui.dashboard.bars import CRITICAL, LEGEND
from mop_tui.dashboard.ending import expected_ends
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.line import ELLIPSIS, Line, clip, spread, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.playback_bar import PlaybackBar
from mop_tui.dashboard.replayed_screen import REPLAY_KEYS, ReplayedScreen
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.search_line import SearchLine
from mop_tui.dashboard.sheet import Entry
from mop_tui.dashboard.timeline_chart import TimelineChart
from mop_tui.dashboard.timeline_words import row_told
from mop_tui.dashboard.times import lasted
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.timeline import Prospect

_ARROW = " \N{RIGHTWARDS ARROW} "


class _Header(FrameLines):
    """What is shown, in which order, how much time a cell is, and the critical path."""

    DEFAULT_CSS = """
    _Header { padding: 0; }
    """

    def __init__(self, chart: TimelineChart) -> None:
        super().__init__()
        self._chart = chart

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return two lines."""
        chart = self._chart
        of_tasks = chart.view == "tasks"
        order = ", by start" if chart.order == "start" else ", as listed"
        what = f"tasks{order if width >= 60 else ''}" if of_tasks else "agents"
        window = chart.window
        shown = {"all": "all of it", "follow": "follows now", "still": "stays here"}[window.mode]
        scale = f"{lasted(window.scale)}" if window.scale >= 1000 else f"{window.scale}ms"
        left: Line = ((" Timeline of ", "title"), (what, "title"))
        right: Line = ((f"{shown}, a cell is {scale} ", "dim"),)
        if width < 60:
            right = ((f"{shown} ", "dim"),)
        return [spread(left, right, width), self._path(frame, chart.prospect, width)]

    def _path(self, frame: Frame, prospect: Prospect, width: int) -> Line:
        if prospect.unknown:
            return clip(((f" {CRITICAL} critical path unknown: {prospect.unknown}", "dim"),), width)
        if not prospect.path:
            return ((" no critical path: nothing has been begun", "dim"),)
        ends = expected_ends(frame, short=width < 100)
        end = next((it for it in ends if len(it) <= width // 2), "")
        right: Line = ((f"  {end} ", "strong"),) if end else ((" ", "plain"),)
        label = f" {CRITICAL} critical path" if width >= 60 else f" {CRITICAL}"
        label += f" ({len(prospect.path)})  "
        room = width - width_of(right) - len(label) - 1
        tasks = frame.snapshot.tasks
        left = (n for n, name in enumerate(prospect.path) if tasks[name].state not in TERMINAL)
        here = next(left, len(prospect.path) - 1)
        said = _shortened(prospect.path, here, room)
        return spread(((label, "strong"), (said, "plain")), right, width)


def _shortened(path: Sequence[str], here: int, width: int) -> str:
    """Return tasks in a row; of many, those from number `here` on, which is next, and the last."""
    first = 0 if _fits(path, width) else here
    shown = [ELLIPSIS] if first else []
    room = width - len(_ARROW.join((*shown, ELLIPSIS, path[-1])))
    place = first
    while place < len(path) - 1:
        name = path[place]
        gap_ends = len(_ARROW) + len(ELLIPSIS) if place == len(path) - 2 else 0
        room -= len(name) + len(_ARROW)
        if room + gap_ends < 0 and place > first:
            shown.append(ELLIPSIS)
            break
        shown.append(name)
        place += 1
    return _ARROW.join((*shown, path[-1]))


def _fits(path: Sequence[str], width: int) -> bool:
    room = width + len(_ARROW)
    for name in path:
        room -= len(name) + len(_ARROW)
        if room < 0:
            return False
    return True


class _Axis(FrameLines):
    """The times above the chart."""

    DEFAULT_CSS = """
    _Axis { padding: 0; }
    """

    def __init__(self, chart: TimelineChart) -> None:
        super().__init__()
        self._chart = chart

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:  # noqa: ARG002 - as all lines
        """Return two lines."""
        return self._chart.axis()


class _Told(FrameLines):
    """What there is to say about the row under the cursor."""

    DEFAULT_CSS = """
    _Told { padding: 0 1; border-top: solid $foreground 22%; }
    """

    def __init__(self, chart: TimelineChart) -> None:
        super().__init__()
        self._chart = chart

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return two lines, whatever there is to say, so that nothing moves."""
        return row_told(frame, self._chart, width)


class _Legend(FrameLines):
    """What the signs mean, where there is room for it."""

    DEFAULT_CSS = """
    _Legend { display: none; }
    """

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:  # noqa: ARG002 - as all lines
        """Return as many lines as it takes."""
        lines: list[Line] = [()]
        for look in LEGEND:
            gap = "   " if lines[-1] else ""
            said: Line = ((f"{gap}{look.sign}", look.ink), (f" {look.word}", "dim"))
            if width_of((*lines[-1], *said)) > width:
                lines.append(())
                said = ((look.sign, look.ink), said[1])
            lines[-1] = (*lines[-1], *said)
        return lines


class Timeline(ReplayedScreen):
    """Who did what when, what was waited for, and what is expected, on one axis of time."""

    AUTO_FOCUS = "TimelineChart"
    TITLE = "Timeline"
    SEARCHING: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", tooltip="Search the names"),
        Binding("n", "found(1)", "Next", tooltip="Next row found"),
        Binding("N", "found(-1)", "Previous", tooltip="Previous row found", show=False),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *SEARCHING,
        *REPLAY_KEYS,
        Binding("escape,L,q", "close", "Close", tooltip="Back to the overview"),
    ]
    DEFAULT_CSS = """
    Timeline.-high _Legend { display: block; }
    """

    def __init__(self, feed: SessionFeed, frame: Frame) -> None:
        super().__init__(feed)
        self._first = frame
        self._chart = TimelineChart(id="timeline")
        self._parts: list[Callable[[Frame], None]] = []
        self._search = SearchLine("/", "part of a name, then enter")
        self._last_term = ""

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Banner()
        yield Trouble()
        yield _Header(self._chart)
        yield _Axis(self._chart)
        yield self._chart
        yield _Told(self._chart)
        yield _Legend()
        yield self._search
        yield InboxLine()
        yield PlaybackBar()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show something from the first paint on."""
        lines = [part for part in self.query("Lines") if isinstance(part, FrameLines)]
        self._parts = [part.show for part in lines]
        for _ in self.showing(self._first):
            pass

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        yield from self._chart.showing(frame)
        for show in self._parts:
            show(frame)
            yield

    @on(TimelineChart.Shifted)
    @on(Rows.Moved)
    def _say(self) -> None:
        """Say what the chart shows now."""
        for part in self.query("_Header, _Axis, _Told"):
            if isinstance(part, FrameLines):
                part.remake()

    # -- searching --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to go on only where something is looked for."""
        match action:
            case "found":
                return self._search.is_open and not self._search.is_typed_in
            case "search":
                return not isinstance(self.focused, Input)
            case _:
                return super().check_action(action, parameters)

    def action_search(self) -> None:
        """Ask what to look for, beginning with what was looked for last."""
        self._search.open(self._last_term)
        self._look_for(self._last_term)

    def action_found(self, by: int) -> None:
        """Go to the next row found, or to the one before."""
        self._search.say(self._chart.step(by))

    @on(SearchLine.Typed)
    def typed(self, event: SearchLine.Typed) -> None:
        """Look for what has been typed so far."""
        self._look_for(event.text)

    @on(SearchLine.Decided)
    def decided(self, event: SearchLine.Decided) -> None:
        """Keep what is looked for, and give the keys back to the rows."""
        if event.text:
            self._search.remember(event.text)
            self._chart.focus()
            self.refresh_bindings()
        else:
            self._end_search()

    def _look_for(self, term: str) -> None:
        self._last_term = term or self._last_term
        count = self._chart.look_for(term)
        found = "row" if count == 1 else "rows"
        self._search.say(f"{count or 'no'} {found}" if term else "")

    def _end_search(self) -> None:
        self._chart.look_for("")
        self._search.close()
        self._chart.focus()
        self.refresh_bindings()

    def action_close(self) -> None:
        """End the search, else go back to the overview."""
        if self._search.is_open:
            self._end_search()
        else:
            self.dismiss()


TIMELINE_KEYS: Sequence[BindingType] = (*TimelineChart.VIEWING, *Timeline.SEARCHING)
"""The keys of its own, for the help."""
SIGNS = Entry("signs", ", ".join(f"{look.sign} {look.word}" for look in LEGEND), depth=1)
"""What its signs mean, for the help."""
