"""Lines drawn with box-drawing characters, joined where they belong together."""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Literal

from mop_tui.dashboard.chart import Kind, Stroke

Weight = Literal[1, 2]
"""A light line, or a heavy one."""

UP, RIGHT, DOWN, LEFT = 0, 2, 4, 6
"""Where in a mask the weight of an arm stands, two bits each."""

_WEIGHTS: Mapping[str, int] = {"LIGHT": 1, "HEAVY": 2}
_ARMS: Mapping[str, tuple[int, ...]] = {
    "UP": (UP,),
    "RIGHT": (RIGHT,),
    "DOWN": (DOWN,),
    "LEFT": (LEFT,),
    "VERTICAL": (UP, DOWN),
    "HORIZONTAL": (LEFT, RIGHT),
}
_HEADS = {
    UP: "\N{BLACK UP-POINTING SMALL TRIANGLE}",
    RIGHT: "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}",
    DOWN: "\N{BLACK DOWN-POINTING SMALL TRIANGLE}",
    LEFT: "\N{BLACK LEFT-POINTING SMALL TRIANGLE}",
}
_OPPOSITE = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}
_ORDER: Mapping[Kind, int] = {"frame": 0, "link": 1, "wait": 2, "alarm": 3, "cycle": 4}


def _glyphs() -> dict[int, str]:
    """Return the character of each mask, as their names in Unicode tell: every combination of
    light and heavy arms has one."""
    found: dict[int, str] = {}
    for code in range(0x2500, 0x2580):
        name = unicodedata.name(chr(code)).removeprefix("BOX DRAWINGS ")
        words = name.split()
        if not {*words} <= {*_WEIGHTS, *_ARMS, "AND"}:
            continue
        first = next(_WEIGHTS[word] for word in words if word in _WEIGHTS)
        mask = 0
        for clause in name.split(" AND "):
            own = [_WEIGHTS[word] for word in clause.split() if word in _WEIGHTS]
            for word in clause.split():
                for arm in _ARMS.get(word, ()):
                    mask |= (own[0] if own else first) << arm
        found[mask] = chr(code)
    return found


GLYPHS: Mapping[int, str] = _glyphs()


def arms(*, up: int = 0, right: int = 0, down: int = 0, left: int = 0) -> int:
    """Return the mask of a cell whose arms have these weights; 0 is none."""
    return up << UP | right << RIGHT | down << DOWN | left << LEFT


def joined(one: int, other: int) -> int:
    """Return the mask of both, the heavier where both have an arm."""
    mask = one | other
    both = mask & mask >> 1 & _LIGHT
    """The arms that are light in one and heavy in the other: their two bits are both set."""
    return mask & ~both


_LIGHT = 0b01010101
"""The mask of light arms everywhere."""
_UPRIGHT = 3 << UP | 3 << DOWN
_LEVEL = 3 << LEFT | 3 << RIGHT


_Piece = tuple[Hashable, int, int, int, Kind]
"""What a line adds to a row: its net, its first and last column, a number, and what it says. The
number is the mask of the cell where it goes up or down, and its weight where it goes sideways."""


class Canvas:
    """The cells through which strokes go. What crosses without belonging together is drawn as a
    bridge: the upright line goes over the other.

    The cells of a row are made when they are asked for, since of a large drawing few are ever seen.
    """

    def __init__(self, strokes: Iterable[Stroke]) -> None:
        self._pieces: dict[int, list[_Piece]] = defaultdict(list)
        self._rows: dict[int, Mapping[int, tuple[int, Kind]]] = {}
        self._heads: dict[tuple[int, int], str] = {}
        for stroke in strokes:
            self._trace(stroke)

    def _trace(self, stroke: Stroke) -> None:
        weight = 2 if stroke.kind == "cycle" else 1
        net, kind = stroke.net, stroke.kind
        arm = UP
        x, y = stroke.points[0]
        for end_x, end_y in stroke.points[1:]:
            if x != end_x:
                arm = RIGHT if end_x > x else LEFT
                first, last = min(x, end_x), max(x, end_x)
                self._pieces[y].append((net, first, last, weight, kind))
            else:
                arm = DOWN if end_y > y else UP
                first, last = min(y, end_y), max(y, end_y)
                through = weight << UP | weight << DOWN
                self._pieces[first].append((net, x, x, weight << DOWN, kind))
                for row in range(first + 1, last):
                    self._pieces[row].append((net, x, x, through, kind))
                self._pieces[last].append((net, x, x, weight << UP, kind))
            x, y = end_x, end_y
        if stroke.head and len(stroke.points) > 1:
            self._heads[x, y] = _HEADS[arm]

    def row(self, y: int) -> Mapping[int, tuple[int, Kind]]:
        """Return the masks of a row, by column, and what its lines say."""
        if y not in self._rows:
            self._rows[y] = self._made(y)
        return self._rows[y]

    def _made(self, y: int) -> Mapping[int, tuple[int, Kind]]:
        nets: dict[Hashable, dict[int, tuple[int, Kind]]] = {}
        for net, first, last, mask, kind in self._pieces.get(y, ()):
            cells = nets.setdefault(net, {})
            if first == last:
                _mark(cells, (first,), mask, kind)
                continue
            left, right = mask << LEFT, mask << RIGHT
            _mark(cells, (first,), right, kind)
            _mark(cells, range(first + 1, last), left | right, kind)
            _mark(cells, (last,), left, kind)
        row: dict[int, tuple[int, Kind]] = {}
        for cells in nets.values():
            for x, cell in cells.items():
                row[x] = _over(row[x], cell) if x in row else cell
        return row

    def glyph(self, x: int, y: int, mask: int) -> str:
        """Return how a cell of lines looks."""
        return self._heads.get((x, y)) or GLYPHS[mask]


def _mark(cells: dict[int, tuple[int, Kind]], where: Iterable[int], mask: int, kind: Kind) -> None:
    """Let a line go through cells of a row."""
    cell = mask, kind
    for x in where:
        before = cells.setdefault(x, cell)
        if before != cell:
            heaviest = max(before[1], kind, key=_ORDER.__getitem__)
            cells[x] = joined(before[0], mask), heaviest


def _over(below: tuple[int, Kind], above: tuple[int, Kind]) -> tuple[int, Kind]:
    """Return what is to be seen where lines of two nets meet."""
    for one, other in ((below, above), (above, below)):
        if not one[0] & _LEVEL and not other[0] & _UPRIGHT:
            return one
    kind = max(below[1], above[1], key=_ORDER.__getitem__)
    return joined(below[0], above[0]), kind
