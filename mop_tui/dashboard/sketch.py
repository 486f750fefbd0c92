"""What there is to be drawn of a swarm, without any places, and its drawing."""

from collections.abc import Sequence

from textual.geometry import Offset, Region, Size

from mop_tui.dashboard import shapes
from mop_tui.dashboard.chart import Chart, Form, Key, fits_in, pack
from mop_tui.dashboard.layered import PART_GAP, Tie, arranged
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.topology import Organisation, Shape, Unit, links

ALARM = "\N{DOUBLE EXCLAMATION MARK}"
EACH_WITH_EACH = "\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW}"
"""The sign of a frame within which everybody speaks to everybody."""

_SPACE = 1.25
"""How many times the room of its boxes any drawing takes, at least; and one of waits, mostly:"""
_SPACE_OF_WAITS = 3
_LARGEST = 36
"""Cells of a box, at most; a longer name is cut."""


@immutable
class Knot:
    """A circle in which each waits for the next, and the last for the first; or, where it is not
    closed, one that waits for what nobody can do."""

    keys: tuple[Key, ...]
    closed: bool = True


@immutable
class Sketch:
    """What is drawn. Two that are equal look the same but for the states that boxes tell."""

    shape: Shape
    organisation: Organisation
    names: tuple[tuple[TeamId, str], ...] = ()
    """What teams are called."""
    folded: frozenset[TeamId] = frozenset()
    """The teams that are one box each."""
    waits: tuple[Tie, ...] | None = None
    """What waits for what, if that is drawn instead of who speaks to whom."""
    knots: tuple[Knot, ...] = ()
    """Who waits for ever."""

    @property
    def stuck(self) -> tuple[Key, ...]:
        """Who has a box in a circle."""
        return tuple(key for knot in self.knots for key in knot.keys)

    @property
    def boxes(self) -> tuple[Key, ...]:
        """All that has a box, circles apart."""
        if self.waits is not None:
            keys = [key for tie in self.waits for key in (tie.above, tie.below)]
            return tuple(dict.fromkeys(keys))
        stands = _stands_for(self)
        return tuple(dict.fromkeys(stands[agent] for agent in self.organisation.everybody))


def forms(width: int) -> tuple[Form, ...]:
    """Return the sizes that boxes can have, largest first, for names of up to `width` cells.

    In a box a name and below it how that stands; a name and a word; the same without edges; a name.
    """
    return (
        Form(min(max(width + 8, 26), _LARGEST), 4),
        Form(min(width + 16, _LARGEST + 10), 3),
        Form(min(width + 14, _LARGEST + 8), 1),
        Form(min(max(width + 4, 7), _LARGEST), 1),
    )


def fitting(sketch: Sketch, sizes: Sequence[Form], room: Size) -> tuple[Form, Chart]:
    """Return the drawing with the largest boxes with which all of it is seen at once; with the
    smallest, if it never is."""
    space = len(sketch.boxes) * (_SPACE if sketch.waits is None else _SPACE_OF_WAITS)
    for form in sizes[:-1]:
        if space * form.width * form.height <= room.width * room.height:
            chart = drawn(sketch, form, room)
            if fits_in(chart.size, room):
                return form, chart
    return sizes[-1], drawn(sketch, sizes[-1], room, at_all_costs=True)


def drawn(sketch: Sketch, form: Form, room: Size, *, at_all_costs: bool = False) -> Chart:
    """Return the drawing of `sketch` with boxes of one size, arranged to fit `room` if it can.

    If it is to fit at all costs, a star may have its hub on top, and a ring may be wound up.
    """
    if sketch.waits is not None:
        return arranged(sketch.boxes, sketch.waits, form, room, heads=True)
    chart = pack(
        (_knot(at, knot, form, room) for at, knot in enumerate(sketch.knots)), room, PART_GAP
    )
    top = chart.size.height + 1 if sketch.knots else 0
    rest = Size(room.width, max(room.height - top, 1))
    chart.add(_structure(sketch, form, rest, at_all_costs=at_all_costs), Offset(0, top))
    return chart


def _knot(number: int, knot: Knot, form: Form, room: Size) -> Chart:
    """Return those that wait for ever in a frame of their own: a circle as a ring."""
    keys = [(*key, f"knot {number}") for key in knot.keys]
    small = Form(form.width, min(form.height, 3))
    inner = Size(room.width - 4, room.height)
    if knot.closed:
        inside = shapes.ring(keys, small, inner, kind="cycle", heads=True)
    else:
        inside = shapes.chained(keys, small, kind="cycle")
    chart = Chart()
    chart.add(inside, Offset(2, 1))
    region = Region(0, 0, inside.size.width + 4, inside.size.height + 2)
    chart.enclose(
        region,
        f"{ALARM} {'deadlock' if knot.closed else 'for ever'}",
        ("frame", number),
        alarming=True,
    )
    return chart


def _structure(sketch: Sketch, form: Form, room: Size, *, at_all_costs: bool) -> Chart:
    """Return who speaks to whom."""
    stands = _stands_for(sketch)
    keys = sketch.boxes
    match sketch.shape:
        case "mesh":
            return shapes.mesh(_teams(sketch), form, room)
        case "star":
            hub = sketch.organisation.hub
            if hub is None:
                return Chart()
            middle = stands[hub]
            others = [key for key in keys if key != middle]
            return shapes.star(middle, others, form, room, at_all_costs=at_all_costs)
        case "ring":
            return shapes.ring(keys, form, room, at_all_costs=at_all_costs)
        case "hierarchical":
            pairs = dict.fromkeys(
                (stands[one], stands[other])
                for one, other in links("hierarchical", sketch.organisation)
                if stands[one] != stands[other]
            )
            return _hierarchy(keys, list(pairs), form, room)


def _hierarchy(
    keys: Sequence[Key], pairs: Sequence[tuple[Key, Key]], form: Form, room: Size
) -> Chart:
    """Return layers; or, if only that can be seen at once, all in one column."""
    chart = arranged(keys, [Tie(*pair) for pair in pairs], form, room, heads=False)
    column_high = len(keys) * form.height
    if fits_in(chart.size, room) or column_high > room.height * shapes.excess(chart.size, room):
        return chart
    lowers: dict[Key, list[Key]] = {}
    for one, other in pairs:
        lowers.setdefault(one, []).append(other)
    below = {other for _, other in pairs}
    column = shapes.tree([key for key in keys if key not in below], lowers, form)
    return min(chart, column, key=lambda it: shapes.excess(it.size, room))


def _stands_for(sketch: Sketch) -> dict[AgentId, Key]:
    """Return by which box each agent is shown."""
    stands: dict[AgentId, Key] = {
        agent: ("agent", agent) for agent in sketch.organisation.everybody
    }
    for unit in sketch.organisation.units:
        if unit.team in sketch.folded:
            stands |= dict.fromkeys(unit.members, ("team", unit.team))
    return stands


def _teams(sketch: Sketch) -> list[tuple[Key, str, Sequence[Key]]]:
    """Return the frames of a mesh, and what is in them."""
    names = dict(sketch.names)
    organisation = sketch.organisation
    found: list[tuple[Key, str, Sequence[Key]]] = []
    top = organisation.coordinator
    if top is not None and not any(top in unit.members for unit in organisation.units):
        found.append((("agent", top), "", ()))
    for unit in organisation.units:
        if len(unit.members) == 1 and unit.team not in sketch.folded:
            found.append((("agent", unit.members[0]), "", ()))
        elif unit.members:
            title = f"{names.get(unit.team, unit.team)} {EACH_WITH_EACH}"
            found.append((("team", unit.team), title, _members(unit, sketch.folded)))
    return found


def _members(unit: Unit, folded: frozenset[TeamId]) -> tuple[Key, ...]:
    return () if unit.team in folded else tuple(("agent", agent) for agent in unit.members)
