"""Where the boxes of a swarm stand in each of its shapes, and how the lines between them run.

hierarchical    layers, members hanging from their lead; or, where it is narrow, all hanging
mesh            teams as frames, tied to a bus: never a line for each pair
star            the hub in the middle, the others in columns to both sides
ring            boxes round a rectangle, or in lines that turn at the edge
"""

from collections.abc import Sequence
from itertools import chain, pairwise
from math import ceil

from rich.cells import cell_len
from textual.geometry import Offset, Region, Size

from mop_tui.dashboard.chart import Chart, Form, Key, Kind, fits_in

_SPINE = 2
"""Cells at the left edge that the lines between several rows of teams need."""
_GAP = 2
"""Cells between boxes beside each other."""


def tree(roots: Sequence[Key], lowers: dict[Key, list[Key]], form: Form) -> Chart:
    """Return a hierarchy in which everything hangs from what is above it, in one column."""
    chart = Chart()

    def hang(key: Key, x: int, y: int) -> int:
        """Place a box and all below it; return the first free row."""
        at = chart.put(key, Offset(x, y), form)
        free = at.bottom
        trunk = at.bottom - 1
        for below in lowers.get(key, ()):
            arm = free + form.middle
            chart.line([(x + 1, trunk), (x + 1, arm), (x + 3, arm)], key)
            trunk = arm
            free = hang(below, x + 3, free)
        return free

    free = 0
    for root in roots:
        free = hang(root, 0, free)
    return chart


def grid(keys: Sequence[Key], form: Form, columns: int) -> Chart:
    """Return boxes in rows of `columns`, without lines."""
    chart = Chart()
    for at, key in enumerate(keys):
        row, column = divmod(at, columns)
        chart.put(key, Offset(column * (form.width + 1), row * form.height), form)
    return chart


def mesh(teams: Sequence[tuple[Key, str, Sequence[Key]]], form: Form, room: Size) -> Chart:
    """Return teams as frames round their members, tied to a bus.

    A team without members is a box itself. Members stand in as many columns as make all fit.
    """
    most = max((len(members) for _, _, members in teams), default=1)
    tried = []
    for columns in range(1, most + 1):
        sizes = [_frame(title, len(members), form, columns) for _, title, members in teams]
        extent = _extent(_shelves(sizes, room), sizes)
        tried.append((excess(extent, room), columns))
        if fits_in(extent, room):
            break
    _, columns = min(tried, default=(0, 1))
    return _bus([_team(*team, form, columns) for team in teams], room)


def excess(size: Size, room: Size) -> float:
    """Return how many times as large as the room something is; what is too wide counts twice, since
    it is harder to read a line that does not end than to read on further down."""
    wide = size.width / max(room.width, 1)
    return max(2 * wide if wide > 1 else wide, size.height / max(room.height, 1))


def _frame(title: str, members: int, form: Form, columns: int) -> Size:
    """Return how large a team is."""
    if not members:
        return Size(form.width, form.height)
    across = min(columns, members)
    inside = across * (form.width + 1) - 1
    wide = max(inside + 4, min(cell_len(title) + 6, 2 * form.width))
    return Size(wide, ceil(members / across) * form.height + 2)


def _team(key: Key, title: str, members: Sequence[Key], form: Form, columns: int) -> Chart:
    chart = Chart()
    if not members:
        chart.put(key, Offset(0, 0), form)
        return chart
    chart.add(grid(members, form, min(columns, len(members))), Offset(2, 1))
    region = Region(0, 0, *_frame(title, len(members), form, columns))
    chart.enclose(region, title, "bus")
    return chart


def _shelves(sizes: Sequence[Size], room: Size) -> list[list[int]]:
    """Return which parts stand beside each other, row by row."""
    shelves: list[list[int]] = []
    x = 0
    for at, (width, _) in enumerate(sizes):
        if not shelves or x + width > room.width:
            shelves.append([])
            x = _SPINE
        shelves[-1].append(at)
        x += width + _GAP
    if len(shelves) == 1 and len(sizes) > 2:  # above and below the line is better than all above
        half = ceil(len(sizes) / 2)
        stacked = [shelves[0][:half], shelves[0][half:]]
        if fits_in(_extent(stacked, sizes), room):
            return stacked
    return shelves


def _extent(shelves: Sequence[Sequence[int]], sizes: Sequence[Size]) -> Size:
    """Return how much room the shelves take."""
    if len(sizes) == 1:
        return sizes[0]
    left = _SPINE if len(shelves) > 2 else 0
    wide = [left + sum(sizes[at].width + _GAP for at in shelf) - _GAP for shelf in shelves]
    high = [max(sizes[at].height for at in shelf) for shelf in shelves]
    pairs, single = divmod(len(shelves), 2)
    between = pairs * 3 + single * 2 + max(pairs + single - 1, 0)
    return Size(max(wide, default=0), sum(high) + between)


def _bus(parts: Sequence[Chart], room: Size) -> Chart:
    """Return parts above and below lines that all of them are tied to."""
    chart = Chart()
    if len(parts) < 2:
        for part in parts:
            chart.add(part, Offset(0, 0))
        return chart
    shelves = [
        [parts[at] for at in shelf] for shelf in _shelves([part.size for part in parts], room)
    ]
    left = _SPINE if len(shelves) > 2 else 0
    y = 0
    lines: list[int] = []
    for at in range(0, len(shelves), 2):
        lone = at > 0 and at + 1 == len(shelves)
        above = [] if lone else shelves[at]
        below = shelves[at] if lone else [*chain(*shelves[at + 1 : at + 2])]
        height = max((part.size.height for part in above), default=-1)
        line = y + height + 1
        lines.append(line)
        ends = [0] if left else []
        x = left
        for part in above:
            chart.add(part, Offset(x, y + height - part.size.height))
            ends.append(x + part.size.width // 2)
            chart.line([(ends[-1], line - 2), (ends[-1], line)], "bus")
            x += part.size.width + _GAP
        x = left
        for part in below:
            chart.add(part, Offset(x, line + 2))
            ends.append(x + part.size.width // 2)
            chart.line([(ends[-1], line + 2), (ends[-1], line)], "bus")
            x += part.size.width + _GAP
        chart.line([(min(ends), line), (max(ends), line)], "bus")
        y = chart.size.height + 1
    if left:
        chart.line([(0, lines[0]), (0, lines[-1])], "bus")
    return chart


def star(
    hub: Key, others: Sequence[Key], form: Form, room: Size, *, at_all_costs: bool = False
) -> Chart:
    """Return the hub in the middle and the others in columns to its sides; where there is not room
    for that, to one side of it, or, if it is to fit at all costs, below it."""
    best = None
    for columns in range(1, max(2, ceil(len(others) / 2)) + 1):
        chart = _star(hub, others, form, columns)
        if best is None or excess(chart.size, room) < excess(best.size, room):
            best = chart
        if fits_in(best.size, room):
            return best
        if chart.size.width > room.width:
            break
    ways = [_star(hub, others, form, 1, one_side=True)]
    if best is not None:
        ways.insert(0, best)
    if at_all_costs:
        ways.append(tree([hub], {hub: list(others)}, form))
    return next(
        (chart for chart in ways if fits_in(chart.size, room)),
        min(ways, key=lambda chart: excess(chart.size, room)),
    )


def _star(
    hub: Key, others: Sequence[Key], form: Form, columns: int, *, one_side: bool = False
) -> Chart:
    """Return a star with so many columns to each side.

    From the hub a line runs outwards in the middle row, with an upright line before each column.
    All columns but the outermost leave the middle row free for it.
    """
    half = 0 if one_side else ceil(len(others) / 2)
    left, right = others[:half], others[half:]
    chart = Chart()
    rows = max(1, ceil((max(len(left), len(right)) + columns - 1) / columns))
    middle = rows // 2
    arm = middle * form.height + form.middle
    step = form.width + 3
    width_left = step * columns if left else 0
    at = chart.put(hub, Offset(width_left, middle * form.height), form)
    for side, keys in ((-1, left), (1, right)):
        begin = at.right - 1 if side > 0 else at.x
        for column, key_list in enumerate(_columns(keys, rows, columns, middle)):
            # The trunk stands one cell off the box that is nearer to the hub.
            if side > 0:
                trunk = at.right + 1 + column * step
                x = trunk + 2
            else:
                trunk = at.x - 2 - column * step
                x = trunk - 1 - form.width
            if not key_list:
                continue
            chart.line([(begin, arm), (trunk, arm)], "hub")
            begin = trunk
            arms = [arm]
            for row, key in key_list:
                region = chart.put(key, Offset(x, row * form.height), form)
                arms.append(region.y + form.middle)
                end = region.x if side > 0 else region.right - 1
                chart.line([(trunk, arms[-1]), (end, arms[-1])], "hub")
            chart.line([(trunk, min(arms)), (trunk, max(arms))], "hub")
    return chart


def _columns(
    keys: Sequence[Key], rows: int, columns: int, middle: int
) -> list[list[tuple[int, Key]]]:
    """Return in which rows of which columns boxes stand, the innermost column first."""
    found: list[list[tuple[int, Key]]] = []
    rest = list(keys)
    for column in range(columns):
        outermost = column == columns - 1
        free = [row for row in range(rows) if outermost or row != middle]
        here, rest = rest[: len(free)], rest[len(free) :]
        if not outermost and not rest and here:  # it has become the outermost
            free = list(range(rows))
        spare = (len(free) - len(here)) // 2
        found.append(list(zip(free[spare:], here, strict=False)))
    return found


def ring(
    keys: Sequence[Key],
    form: Form,
    room: Size,
    *,
    kind: Kind = "link",
    heads: bool = False,
    at_all_costs: bool = False,
) -> Chart:
    """Return boxes on a ring, each tied to the next and the last to the first.

    It runs round a rectangle; where it is to fit at all costs, perhaps to and fro in lines.
    """
    size = len(keys)
    if size < 3:
        return chained(keys, form, kind=kind, heads=heads, back=heads)
    most = max(2, min(ceil(size / 2), (room.width + 4) // (form.width + 4)))
    extents = {
        across: _extent_round(size, form, across, heads=heads)
        for across in range(max(2, most - 3), most + 1)
    }
    across = min(extents, key=lambda it: excess(extents[it], room))
    lines = _extent_folded(size, form, room, heads=heads)
    if (
        at_all_costs
        and not fits_in(extents[across], room)
        and excess(lines, room) < excess(extents[across], room)
    ):
        return _folded(keys, form, room, kind, heads=heads)
    return _round(keys, form, room, across, kind, heads=heads)


def _extent_round(size: int, form: Form, across: int, *, heads: bool) -> Size:
    """Return how much room a ring takes at least, with so many boxes on its upper side."""
    rest = size - across
    down = ceil((rest - min(across, rest)) / 2)
    high = (down + 1) * (form.height + (2 if heads else 1)) + form.height
    return Size(across * (form.width + 3) - 3, high)


def _extent_folded(size: int, form: Form, room: Size, *, heads: bool) -> Size:
    """Return how much room a ring in lines takes."""
    columns = max(1, (room.width + 1) // (form.width + 3))
    step = form.height + (2 if heads else 1)
    return Size(min(columns, size) * (form.width + 3), ceil(size / columns) * step + 1)


def chained(
    keys: Sequence[Key], form: Form, *, kind: Kind, heads: bool = True, back: bool = False
) -> Chart:
    """Return boxes in a row, each tied to the next, and with `back` also to the one before."""
    chart = Chart()
    places = [chart.put(key, Offset(at * (form.width + 6), 0), form) for at, key in enumerate(keys)]
    for at, (one, other) in enumerate(pairwise(places)):
        y = form.middle
        chart.line([(one.right - 1, y), (other.x - heads, y)], ("to", at), kind, head=heads)
        if back:
            start, end, low = other.x + 2, one.right - 3, one.bottom
            way = [(start, low - 1), (start, low + 1), (end, low + 1), (end, low)]
            chart.line(way, ("back", at), kind, head=True)
    return chart


def _round(
    keys: Sequence[Key], form: Form, room: Size, across: int, kind: Kind, *, heads: bool
) -> Chart:
    """Return boxes round a rectangle, `across` of them on its upper side."""
    rest = len(keys) - across
    lower = min(across, rest)
    down = ceil((rest - lower) / 2)
    up = rest - lower - down
    gap_y = 2 if heads else 1
    free = room.width - across * form.width
    gap_x = max(3, min(6, free // max(across - 1, 1)))
    step_x, step_y = form.width + gap_x, form.height + gap_y
    chart = Chart()
    regions: list[Region] = []
    wide = (across - 1) * step_x
    high = (down + 1) * step_y
    offsets = [(at * step_x, 0) for at in range(across)]
    offsets += [(wide, (at + 1) * step_y) for at in range(down)]
    inset = (wide - (lower - 1) * step_x) // 2
    offsets += [(wide - inset - at * step_x, high) for at in range(lower)]
    spaced = high / (up + 1) if up else 0
    offsets += [(0, high - round((at + 1) * spaced)) for at in range(up)]
    regions = [chart.put(key, Offset(*at), form) for key, at in zip(keys, offsets, strict=True)]
    for at, (one, other) in enumerate(pairwise([*regions, regions[0]])):
        chart.line(_beside(one, other, form, heads=heads), ("ring", at), kind, head=heads)
    return chart


def _beside(one: Region, other: Region, form: Form, *, heads: bool) -> list[tuple[int, int]]:
    """Return the way from a box to the next one on a ring, clockwise."""
    off = int(heads)
    y, end_y = one.y + form.middle, other.y + form.middle
    x, end_x = one.x + form.width // 2, other.x + form.width // 2
    if one.y == other.y:
        if other.x > one.x:
            return [(one.right - 1, y), (other.x - off, y)]
        return [(one.x, y), (other.right - 1 + off, y)]
    if one.x == other.x:
        if other.y > one.y:
            return [(x, one.bottom - 1), (x, other.y - off)]
        return [(x, one.y), (x, other.bottom - 1 + off)]
    if other.y > one.y:  # down, then to the left
        return [(x, one.bottom - 1), (x, end_y), (other.right - 1 + off, end_y)]
    return [(one.x, y), (end_x, y), (end_x, other.bottom - 1 + off)]  # to the left, then up


def _folded(keys: Sequence[Key], form: Form, room: Size, kind: Kind, *, heads: bool) -> Chart:
    """Return a ring in rows, to and fro; from the last box a line leads round to the first."""
    gap = 3
    columns = max(1, (room.width - 3 + gap) // (form.width + gap))
    rows = ceil(len(keys) / columns)
    columns = ceil(len(keys) / rows)
    step_x, step_y = form.width + gap, form.height + (2 if heads else 1)
    chart = Chart()
    regions = []
    for at, key in enumerate(keys):
        row, column = divmod(at, columns)
        column = column if row % 2 == 0 else columns - 1 - column
        regions.append(chart.put(key, Offset(2 + column * step_x, row * step_y), form))
    for at, (one, other) in enumerate(pairwise(regions)):
        chart.line(_beside(one, other, form, heads=heads), ("ring", at), kind, head=heads)
    first, last = regions[0], regions[-1]
    x, y = last.x + form.width // 2, last.bottom
    way = [(x, last.bottom - 1), (x, y), (0, y), (0, first.y + form.middle)]
    way.append((first.x - heads, first.y + form.middle))
    chart.line(way, ("ring", len(keys)), kind, head=heads)
    return chart
