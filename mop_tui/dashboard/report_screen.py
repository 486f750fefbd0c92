"""The report on a session, once it has ended or is a recording."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen

from mop_tui.dashboard.banner import Banner, Trouble
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.line import ELLIPSIS, Line
from mop_tui.dashboard.lines import FrameLines, Lines
from mop_tui.dashboard.markdown_lines import Block, blocks, told
from mop_tui.dashboard.report_keys import REPORT_KEYS
from mop_tui.domain.feed import SessionFeed

_WIDEST = 140
"""Cells of a line; what is wider is hard to read."""


class _Text(Lines):
    """The report in lines."""

    DEFAULT_CSS = """
    _Text { max-width: 142; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: Sequence[Block] = ()
        self._told: tuple[int, list[Line], list[int]] | None = None
        """The lines for a width, and which of them are headings."""

    def fill(self, parts: Sequence[Block]) -> None:
        """Tell this from now on."""
        self._parts = parts
        self._told = None
        self.remake()

    def make(self, width: int) -> Sequence[Line]:
        """Return all lines of the report, or that there are none yet."""
        if not self._parts:
            return [((f"reading the session{ELLIPSIS}", "dim"),)]
        return self._for(width)[0]

    @property
    def headings(self) -> Sequence[int]:
        """Which lines begin a part."""
        return self._for(self.size.width)[1] if self._parts else ()

    def _for(self, width: int) -> tuple[list[Line], list[int]]:
        if self._told is None or self._told[0] != width:
            self._told = (width, *told(self._parts, min(width, _WIDEST)))
        return self._told[1:]


class _Scroll(VerticalScroll):
    """What is moved over the report by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [*REPORT_KEYS]


class ReportScreen(Screen[None]):
    """What there is to be said of the session, part by part. It is read once, in a thread."""

    AUTO_FOCUS = "_Scroll"
    TITLE = "Report"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,P,q", "close", "Close", tooltip="Back to the overview"),
    ]
    DEFAULT_CSS = """
    ReportScreen _Scroll { height: 1fr; scrollbar-size-vertical: 1; }
    """

    def __init__(self, feed: SessionFeed, frame: Frame) -> None:
        super().__init__()
        self._feed = feed
        self._first = frame

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Banner()
        yield Trouble()
        with _Scroll():
            yield _Text()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show something from the first paint on, and have the report made meanwhile."""
        self.show(self._first)
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        text = await asyncio.to_thread(self._feed.report)
        if self.is_attached:
            self.query_one(_Text).fill(await asyncio.to_thread(blocks, text))

    def show(self, frame: Frame) -> None:
        """See `ShowsFrames`."""
        for part in self.query("Lines"):
            if isinstance(part, FrameLines):
                part.show(frame)

    def action_part(self, by: int) -> None:
        """Go to the next part of the report, or to the one before."""
        scroll = self.query_one(_Scroll)
        headings = self.query_one(_Text).headings
        here = scroll.scroll_offset.y
        after, before = bisect_right(headings, here), max(bisect_left(headings, here) - 1, 0)
        place = after if by > 0 else before
        if place < len(headings):
            scroll.scroll_to(y=headings[place], animate=False, immediate=True)

    def action_close(self) -> None:
        """Go back to the overview."""
        self.dismiss()
