"""What an agent writes, as it writes it."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import ELLIPSIS, Line, clip, cut_left
from mop_tui.dashboard.output_buffer import Gap, OutputBuffer, Row, lines_of
from mop_tui.dashboard.painting import Painter
from mop_tui.dashboard.search import Search
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.ids import AgentId

_SIDEWAYS = 16
"""How many cells the arrows move long lines."""


class OutputLines(ScrollView, can_focus=True):
    """Follows the end until the operator goes up, and again once they are back at the end.

    Going up stops it however much is written. Only visible rows are made, and what is read is
    bounded, so that a flood costs no more than a trickle.
    """

    READING: ClassVar[list[BindingType]] = [
        Binding("f,end,G", "follow", "Go to the end and follow", show=False),
        Binding("y", "copy", "Copy what is selected, or all that is in view", show=False),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", "Up", show=False),
        Binding("down,j", "go(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "top", "To the oldest line", show=False),
        Binding("left,h", "sideways(-1)", "To the left", show=False),
        Binding("right,l", "sideways(1)", "To the right, in long lines", show=False),
        *READING,
    ]
    DEFAULT_CSS = """
    OutputLines {
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        background: $background;
    }
    """

    @dataclass
    class Changed(Message):
        """What can be said about it has changed: it follows or not, or more was written."""

    def __init__(self, feed: SessionFeed, agent: AgentId, log: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.following = True
        """The end is kept in view."""
        self.search: Search | None = None
        """What is looked for."""
        self.unseen = 0
        """How many lines were written and have not been in view."""
        self._buffer = OutputBuffer(feed, agent)
        self._log = log
        self._frame: Frame | None = None
        self._shift = 0
        """How many cells of each line are left out at the left."""
        self._seen = 0
        """How many lines have been in view, or come before one that has."""
        self._painter = Painter(self)

    @property
    def written(self) -> int:
        """How many lines have been written."""
        return self._buffer.written

    # -- following --------------------------------------------------------------------------

    def show(self, frame: Frame) -> None:
        """Show what was written up to `frame`."""
        self._frame = frame
        before = self._buffer.written
        if self._buffer.look(frame, hold=not self.following):
            self._rows_changed()
        elif self._buffer.written == before:
            return
        if not self.following:
            self.unseen = max(0, self.written - self._seen)
        self.post_message(self.Changed())

    def _rows_changed(self) -> None:
        if self.search is not None:
            self.search.look(self._buffer.rows, self._buffer.first)
        self.virtual_size = Size(self.size.width, max(len(self._buffer.rows), 1))
        if self.following:
            self._seen, self.unseen = self.written, 0
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up, by keys, wheel or scroll bar, stops following; the end resumes it."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self._stop_following()
        elif not self.following:
            if new_value > old_value and new_value >= self.max_scroll_y:
                self.action_follow()
            else:
                self._look_down()

    def _stop_following(self) -> None:
        if self.following:
            self.following = False
            self.post_message(self.Changed())

    def _look_down(self) -> None:
        """Note how far down the operator has seen."""
        below = self._buffer.rows[self._bottom + 1 :]
        self._seen = max(self._seen, self._buffer.end - sum(map(lines_of, below)))
        self.unseen = max(0, self.written - self._seen)
        self.post_message(self.Changed())

    @property
    def _bottom(self) -> int:
        """The last row in view."""
        return self.scroll_offset.y + max(self.size.height, 1) - 1

    def action_follow(self) -> None:
        """Go to the end and follow."""
        self.following = True
        if self._frame is not None:
            self._buffer.look(self._frame, hold=False)
        self._rows_changed()
        self.post_message(self.Changed())

    def action_go(self, by: int) -> None:
        """Scroll by some rows."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, force=True)

    def action_page(self, direction: int) -> None:
        """Scroll by a screenful."""
        self.action_go(direction * max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """Scroll to the oldest line held."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_sideways(self, direction: int) -> None:
        """Show what stands further right in long lines, or further left."""
        self._shift = max(0, self._shift + direction * _SIDEWAYS)
        self.refresh()

    def on_resize(self) -> None:
        """Keep the end in view if it is followed."""
        self._rows_changed()

    # -- searching --------------------------------------------------------------------------

    def look_for(self, term: str) -> None:
        """Look for `term`, and go to the nearest row above; an empty one ends the search."""
        self.search = Search(term) if term else None
        if self.search is not None:
            self.search.look(self._buffer.rows, self._buffer.first)
            self.search.start_at(self._buffer.first + self._bottom)
            self._show_found(self.search)
        else:
            self._shift = 0
        self.refresh()
        self.post_message(self.Changed())

    def step(self, by: int) -> None:
        """Go to the next place found (1) or to the one before (-1)."""
        if self.search is not None:
            self.search.step(by, self._buffer.first + self._bottom)
            self._show_found(self.search)
            self.refresh()
            self.post_message(self.Changed())

    def _show_found(self, search: Search) -> None:
        if search.at is None:
            return
        self.following = False
        index = search.at - self._buffer.first
        row = self._buffer.rows[index]
        start, end = search.spans(row)[0] if isinstance(row, str) else (0, 0)
        if not self._shift <= start <= end <= self._shift + self.size.width - 1:
            self._shift = 0 if end < self.size.width else max(0, start - self.size.width // 3)
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= index < top + height:
            middle = min(max(index - height // 2, 0), self.max_scroll_y)
            self.scroll_to(y=middle, animate=False, force=True)

    # -- paint ------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Paint one visible row."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        strip = self._painter.paint(self._line(index, width), width)
        return self._painter.select(strip, index).apply_offsets(0, index)

    def _line(self, index: int, width: int) -> Line:
        rows = self._buffer.rows
        if index >= len(rows):
            return (("Nothing was written yet.", "dim"),) if not rows and index == 0 else ()
        row = rows[index]
        if isinstance(row, Gap):
            return self._gap(row, index, width)
        return clip(self._marked(row, self._buffer.first + index), width)

    def _gap(self, gap: Gap, index: int, width: int) -> Line:
        earlier = "earlier " if index == 0 else ""
        lines = "line" if gap.lines == 1 else "lines"
        said = f"{ELLIPSIS} {gap.lines:,} {earlier}{lines} only in "
        return clip(
            ((said, "warn"), (cut_left(self._log, max(width - len(said), 8)), "dim")), width
        )

    def _marked(self, row: str, serial: int) -> Line:
        """Return a row with what is looked for marked, from where it is shifted to."""
        at = min(self._shift, len(row))
        line: Line = ()
        if at:
            line, at = ((ELLIPSIS, "dim"),), at + 1
        if self.search is not None:
            ink: Ink = "here" if self.search.at == serial else "match"
            for start, end in self.search.spans(row):
                if end > at:
                    line += ((row[at:start], "plain"), (row[max(at, start) : end], ink))
                    at = end
        return (*line, (row[at:], "plain"))

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the styles change."""
        super().notify_style_update()
        self._painter.restyled()

    # -- copying ----------------------------------------------------------------------------

    @property
    def allow_select(self) -> bool:
        """Lines can be selected with the mouse."""
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text under a selection."""
        return selection.extract("\n".join(map(_plain, self._buffer.rows))), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - Textual's
        """Show the new selection."""
        self.refresh()

    def action_copy(self) -> None:
        """Copy what is selected, or the lines in view."""
        text = self.screen.get_selected_text()
        if not text:
            rows = self._buffer.rows[self.scroll_offset.y : self._bottom + 1]
            text = "\n".join(map(_plain, rows))
        if text:
            self.app.copy_to_clipboard(text)
            count = text.count("\n") + 1
            self.notify(f"{count} {'line' if count == 1 else 'lines'} copied.", timeout=2)


def _plain(row: Row) -> str:
    return f"({row.lines} lines)" if isinstance(row, Gap) else row
