"""The line that says where a replay stands, and what stands out in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from textual import events
from textual.message import Message

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, Span, bar, spread, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.looks import Look, mark_look
from mop_tui.dashboard.sheet import Entry
from mop_tui.dashboard.times import timecode
from mop_tui.domain.feed import Playback
from mop_tui.domain.marks import Mark, MarkKind

POSITION = "\N{BLACK DIAMOND}"
"""Where the replay stands in the timeline."""
_LEAST = 4
"""Cells of the shortest timeline."""


class PlaybackBar(FrameLines):
    """Playing or paused, how fast, where in time and at which event. Empty on a live session.

    The timeline shows what stands out; where several marks share a cell, the weightiest is seen.
    A click on a mark goes to its event, any other to its time.
    """

    DEFAULT_CSS = """
    PlaybackBar { background: $panel; }
    """

    @dataclass
    class Sought(Message):
        """The operator wants to see the session at time `at` (ms)."""

        at: int

    @dataclass
    class Marked(Message):
        """The operator wants to see the session right after event `seq`, which is marked."""

        seq: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._laid: tuple[Sequence[Mark], int, int] = ((), 0, 0)
        """The marks laid out last, the end of the recording and the cells that there were."""
        self._cells: Mapping[int, Mark] = {}

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return one line, or none where there is no recording."""
        at = frame.playback
        if at is None:
            return []
        left, right = _state(frame, at), _place(at)
        room = width - width_of(left) - width_of(right)
        if room < _LEAST:
            return [spread(left, right[1:], width)]
        return [(*left, *_timeline(frame, at, room, self._marks(at, room)), *right)]

    def on_click(self, event: events.Click) -> None:
        """Go to where the timeline was clicked."""
        offset = event.get_content_offset(self)
        frame = self._frame
        if offset is None or frame is None or frame.playback is None:
            return
        at = frame.playback
        left = width_of(_state(frame, at))
        room = self.size.width - left - width_of(_place(at))
        if room >= _LEAST and 0 <= offset.x - left < room:
            cell = offset.x - left
            mark = self._marks(at, room).get(cell)
            if mark is not None:
                self.post_message(self.Marked(mark.seq))
            else:
                self.post_message(self.Sought(at.end_at * cell // (room - 1)))

    def _marks(self, at: Playback, room: int) -> Mapping[int, Mark]:
        """Return which mark is seen in which cell; laid out anew only for another width."""
        marks, end_at, cells = self._laid
        if marks is not at.marks or (end_at, cells) != (at.end_at, room):
            self._laid = (at.marks, at.end_at, room)
            self._cells = _laid_out(at, room)
        return self._cells


_SIGNS: Sequence[Look] = (
    Look(POSITION, "where it stands", "strong"),
    *(mark_look(kind) for kind in get_args(MarkKind)),
)
MARKS = Entry("signs", ", ".join(f"{look.sign} {look.word}" for look in _SIGNS), depth=1)
"""What its signs mean."""
_WEIGHT: Sequence[MarkKind] = (
    "decision",
    "recovery",
    "clock",
    "issue",
    "illness",
    "failure",
    "question",
)


def _state(frame: Frame, at: Playback) -> Line:
    over = at.position >= at.length
    state = "AT END" if over else "PLAYING" if at.playing else "PAUSED"
    sign = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" if at.playing and not over else "="
    return (
        (f"{sign} {state}", "busy" if at.playing else "strong"),
        (f"  {at.speed:g}x", "plain"),
        (f"  {timecode(frame.now)} / {timecode(at.end_at)}  ", "plain"),
    )


def _place(at: Playback) -> Line:
    return (("  event ", "dim"), (f"{at.position:,} of {at.length:,}", "plain"))


def _laid_out(at: Playback, room: int) -> Mapping[int, Mark]:
    """Return the weightiest mark of each cell, of several such ones the first."""
    marks: dict[int, Mark] = {}
    for mark in at.marks:
        cell = mark.at * (room - 1) // max(at.end_at, 1)
        seen = marks.get(cell)
        if seen is None or _WEIGHT.index(mark.kind) > _WEIGHT.index(seen.kind):
            marks[cell] = mark
    return marks


def _timeline(frame: Frame, at: Playback, room: int, marks: Mapping[int, Mark]) -> Line:
    over = at.position >= at.length
    percent = 100 * min(frame.now / at.end_at, 1) if at.end_at else 100.0
    cells: list[Span] = [
        (sign, ink) for text, ink in bar(100.0 if over else percent, room, "busy") for sign in text
    ]
    for cell, mark in marks.items():
        look = mark_look(mark.kind)
        cells[cell] = (look.sign, look.ink)
    here = room - 1 if over else min(frame.now * (room - 1) // max(at.end_at, 1), room - 1)
    cells[here] = (POSITION, "strong")
    return tuple(cells)
