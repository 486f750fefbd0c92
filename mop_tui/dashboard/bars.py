"""The cells of a chart: what was done and waited for in a stretch of time, and what is expected."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, Span
from mop_tui.dashboard.looks import UNKNOWN, WAITING_FOR_YOU, Look, agent_look, task_look
from mop_tui.dashboard.time_window import TimeWindow
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import Ahead, Phase, Piece

NOW = "\N{BOX DRAWINGS LIGHT VERTICAL}"
TICK = "\N{BOX DRAWINGS LIGHT QUADRUPLE DASH VERTICAL}"
CRITICAL = "*"
_WORK = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
_CRITICAL_WORK = "\N{FULL BLOCK}"
_AHEAD = "\N{BOX DRAWINGS HEAVY DOUBLE DASH HORIZONTAL}"
_CRITICAL_AHEAD = "\N{MEDIUM SHADE}"

_LOOKS: dict[Phase, Look] = {
    Phase.PENDING: Look("\N{MIDDLE DOT}", "pending, or idle", "track"),
    Phase.QUEUED: Look("\N{BOX DRAWINGS LIGHT DOUBLE DASH HORIZONTAL}", "queued", "warn"),
    Phase.RESTING: Look("z", "rests before its next try", "warn"),
    Phase.STARTING: Look("\N{BOX DRAWINGS LIGHT HORIZONTAL}", "starting", "busy"),
    Phase.WORKING: Look(_WORK, "working", "busy"),
    Phase.REVIEWING: Look("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", "in review", "busy"),
    Phase.ASKING: Look(WAITING_FOR_YOU.sign, "waiting for you", "you"),
    Phase.KEY: Look(":", "waiting for a key", "warn"),
    Phase.LOCK: Look("#", "waiting for a lock", "warn"),
    Phase.PAUSED: Look(agent_look(AgentState.PAUSED).sign, "paused", "warn"),
    Phase.IDLE: Look("\N{MIDDLE DOT}", "idle", "track"),
    Phase.FORGOTTEN: Look("\N{HORIZONTAL ELLIPSIS}", "not kept", "dim"),
}
_SEEN = frozenset({Phase.ASKING, Phase.KEY, Phase.LOCK, Phase.PAUSED, Phase.ILL})
_MORE = 4
"""How many times more what holds up counts, where it shares a cell with something else."""

LEGEND: Sequence[Look] = (
    *(look for phase, look in _LOOKS.items() if phase is not Phase.IDLE),
    Look("~ !", "ill, but working", "warn"),
    Look(_CRITICAL_WORK, f"on the critical path ({CRITICAL})", "strong"),
    Look(_AHEAD, "expected", "dim"),
    Look(_CRITICAL_AHEAD, "expected, on the critical path", "strong"),
    Look(UNKNOWN, "how long is unknown", "dim"),
    Look(NOW, "now", "strong"),
)
"""What its signs mean."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How the work of a piece looks: its name and its ink; heavier on the critical path."""

    name: str
    ink: Ink
    critical: bool


class Grid:
    """What is the same in all rows of a chart at one moment."""

    def __init__(self, window: TimeWindow, now: int, ticks: Iterable[int]) -> None:
        """`ticks` are the cells of round times."""
        self.window = window
        self.now = now
        blank, dotted = [" "] * window.cells, [_LOOKS[Phase.IDLE].sign] * window.cells
        for tick in ticks:
            blank[tick] = dotted[tick] = TICK
        self.blank = "".join(blank)
        """A row that says nothing."""
        self.dotted = "".join(dotted)
        """A row in which nothing is done."""
        self.present = window.cell(now) if window.has(now) else None
        """The cell of the present, if it is in view."""


class Cells:
    """The cells of one row, filled from the left to the right."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._end = 0
        self._spans: list[Span] = []

    def put(self, start: int, text: str, ink: Ink) -> None:
        """Add a text, whose beginning is left out where something stands already."""
        if start < self._end:
            text, start = text[self._end - start :], self._end
        text = text[: self._grid.window.cells - start]
        if not text:
            return
        if start > self._end:
            self._add(self._grid.blank[self._end : start], "track")
        self._add(text, ink)

    def _add(self, text: str, ink: Ink) -> None:
        present, begin = self._grid.present, self._end
        self._end = end = begin + len(text)
        if present is None or not begin <= present < end:
            self._spans.append((text, ink))
            return
        before, after = text[: present - begin], text[present - begin + 1 :]
        parts: tuple[Span, ...] = ((before, ink), (NOW, "strong"), (after, ink))
        self._spans += (part for part in parts if part[0])

    def line(self) -> Line:
        """Return the cells up to the last one of the row."""
        self._add(self._grid.blank[self._end :], "track")
        return tuple(self._spans)


def bars(
    grid: Grid,
    pieces: Sequence[Piece],
    ahead: Iterable[Ahead],
    bar: Callable[[Piece | Ahead], Bar],
    *,
    unknown: bool,
) -> Line:
    """Return the cells of a row: its past up to the present, and what is expected behind that.

    With `unknown` there is something ahead of which nobody knows how long it takes.
    """
    cells = Cells(grid)
    start = 0
    for piece, run in groupby(dominant(pieces, grid.window, grid.now)):
        end = start + len(list(run))
        if piece is not None:
            _draw(cells, grid, start, end, piece, bar)
        start = end
    window = grid.window
    after = max(window.cell(grid.now) + 1, 0)
    if unknown:
        cells.put(after, UNKNOWN, "dim")
    for it in ahead:
        begin, end = max(it.begin, grid.now), min(it.end, window.right)
        if begin < end:
            drawn = bar(it)
            sign = _CRITICAL_AHEAD if drawn.critical else _AHEAD
            first = max(window.cell(begin), after)
            text = _filled(window.cell(end - 1) + 1 - first, sign, drawn.name)
            cells.put(first, text, "strong" if drawn.critical else "dim")
    return cells.line()


def _draw(
    cells: Cells,
    grid: Grid,
    start: int,
    end: int,
    piece: Piece,
    bar: Callable[[Piece | Ahead], Bar],
) -> None:
    match piece.phase:
        case Phase.OVER:
            look = _state_look(piece)
            cells.put(start, look.sign, look.ink)
        case Phase.WORKING:
            drawn = bar(piece)
            sign = _CRITICAL_WORK if drawn.critical else _WORK
            cells.put(start, _filled(end - start, sign, drawn.name), drawn.ink)
        case Phase.ILL:
            look = _state_look(piece)
            cells.put(start, _filled(end - start, look.sign, bar(piece).name), look.ink)
        case Phase.PENDING | Phase.IDLE:
            cells.put(start, grid.dotted[start:end], "track")
        case _:
            look = _LOOKS[piece.phase]
            cells.put(start, look.sign * (end - start), look.ink)


def _state_look(piece: Piece) -> Look:
    if isinstance(piece.state, AgentState):
        return agent_look(piece.state)
    return task_look(piece.state or TaskState.PENDING)


def _filled(width: int, sign: str, name: str) -> str:
    """Return a bar of `width` cells, with a name in it if there is room for that."""
    text = f"{sign} {name} "
    if not name or len(text) >= width:
        return sign * max(width, 0)
    return text + sign * (width - len(text))


def dominant(pieces: Sequence[Piece], window: TimeWindow, now: int) -> list[Piece | None]:
    """Return which piece is shown in each cell: the one that takes most of it.

    What holds up counts more than what goes well, so that it is not overlooked.
    """
    shown: list[Piece | None] = [None] * window.cells
    most = [0] * window.cells
    left, scale, right = window.left, window.scale, min(window.right, now)
    for piece in pieces[bisect_right(pieces, left, key=attrgetter("end")) :]:
        begin, end = max(piece.begin, left), min(piece.end, right)
        if begin >= end:
            break
        first, last = (begin - left) // scale, (end - 1 - left) // scale
        weight = _MORE if piece.phase in _SEEN else 1
        for place in {first, last}:
            from_, to = left + place * scale, left + (place + 1) * scale
            share = weight * (min(end, to) - max(begin, from_))
            if share > most[place]:
                most[place], shown[place] = share, piece
        if last - first > 1:
            shown[first + 1 : last] = [piece] * (last - first - 1)
            most[first + 1 : last] = [weight * scale] * (last - first - 1)
    return shown
