"""The cells of a chart: what was done and waited for in a stretch of time, and what is expected."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from rich.cells import cell_len

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, Span
from mop_tui.dashboard.looks import UNKNOWN, WAITING_FOR_YOU, Look, agent_look, task_look
from mop_tui.dashboard.time_window import TimeWindow
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import Ahead, Phase, Piece
from mop_tui.domain.wording import printable

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


@dataclass(frozen=True, slots=True)
class Grid:
    """What is the same in all rows of a chart at one moment."""

    window: TimeWindow
    now: int
    ticks: tuple[int, ...]
    """The cells of round times."""

    @property
    def present(self) -> int | None:
        """The cell of the present, if it is in view."""
        return self.window.cell(self.now) if self.window.has(self.now) else None

    def empty(self) -> list[Span]:
        """Return the cells of a row that says nothing."""
        cells: list[Span] = [(" ", "plain")] * self.window.cells
        for tick in self.ticks:
            cells[tick] = (TICK, "track")
        return cells

    def closed(self, cells: list[Span]) -> Line:
        """Return a row of cells, with the present in it, as a line."""
        if self.present is not None:
            cells[self.present] = (NOW, "strong")
        return tuple(
            ("".join(text for text, _ in run), ink)
            for ink, run in ((ink, list(run)) for ink, run in groupby(cells, key=lambda c: c[1]))
        )


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
    cells = grid.empty()
    _draw_past(cells, grid, pieces, bar)
    window = grid.window
    for it in ahead:
        begin, end = max(it.begin, grid.now), it.end
        first, last = window.cell(begin), window.cell(end - 1) + 1
        drawn = bar(it)
        sign = _CRITICAL_AHEAD if drawn.critical else _AHEAD
        ink: Ink = "strong" if drawn.critical else "dim"
        if begin < end:
            _fill(cells, max(first, window.cell(grid.now) + 1), last, sign, ink, drawn.name)
    after = window.cell(grid.now) + 1
    if unknown and 0 <= after < len(cells):
        cells[after] = (UNKNOWN, "dim")
    return grid.closed(cells)


def _draw_past(
    cells: list[Span], grid: Grid, pieces: Sequence[Piece], bar: Callable[[Piece | Ahead], Bar]
) -> None:
    shown = dominant(pieces, grid.window, grid.now)
    start = 0
    for piece, run in groupby(shown):
        end = start + len(list(run))
        if piece is not None:
            _draw(cells, start, end, piece, bar)
        start = end


def _draw(
    cells: list[Span], start: int, end: int, piece: Piece, bar: Callable[[Piece | Ahead], Bar]
) -> None:
    match piece.phase:
        case Phase.OVER:
            look = _state_look(piece)
            cells[start] = (look.sign, look.ink)
        case Phase.WORKING:
            drawn = bar(piece)
            sign = _CRITICAL_WORK if drawn.critical else _WORK
            _fill(cells, start, end, sign, drawn.ink, drawn.name)
        case Phase.ILL:
            look = _state_look(piece)
            _fill(cells, start, end, look.sign, look.ink, bar(piece).name)
        case Phase.PENDING | Phase.IDLE:
            look = _LOOKS[piece.phase]
            for place in range(start, end):
                if cells[place][0] == " ":
                    cells[place] = (look.sign, look.ink)
        case _:
            look = _LOOKS[piece.phase]
            _fill(cells, start, end, look.sign, look.ink, "")


def _state_look(piece: Piece) -> Look:
    if isinstance(piece.state, AgentState):
        return agent_look(piece.state)
    return task_look(piece.state or TaskState.PENDING)


def _fill(cells: list[Span], start: int, end: int, sign: str, ink: Ink, name: str) -> None:
    """Draw a bar, with a name in it if there is room for that."""
    start, end = max(start, 0), min(end, len(cells))
    for place in range(start, end):
        cells[place] = (sign, ink)
    text = f" {printable(name)} "
    if name and cell_len(text) == len(text) <= end - start - 2:
        for place, letter in enumerate(text, start + 1):
            cells[place] = (letter, ink)


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
