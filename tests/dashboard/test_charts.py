"""Drawings: where boxes stand, and that lines lead from box to box and through none."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.geometry import Offset, Region, Size

from mop_tui.dashboard.canvas import GLYPHS, Canvas, arms
from mop_tui.dashboard.chart import Chart, Form, Key, Stroke, fits_in
from mop_tui.dashboard.layered import Tie, arranged
from mop_tui.dashboard.sketch import Knot, Sketch, drawn, fitting, forms
from mop_tui.dashboard.wait_ties import MANY, bundled
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.topology import SHAPES, Organisation, Shape, Unit, links

ROOM = Size(120, 40)
SIZES = (Form(20, 4), Form(16, 3), Form(18, 1), Form(9, 1))


def organisation(*sizes: int, coordinator: str | None = None, led: bool = True) -> Organisation:
    """Return teams of so many agents; the first of each leads it."""
    units = []
    for number, size in enumerate(sizes):
        members = tuple(AgentId(f"{'abcdefgh'[number]}{at}") for at in range(size))
        lead = members[0] if led and members else None
        units.append(Unit(TeamId(f"team-{number}"), members, lead))
    return Organisation(tuple(units), None if coordinator is None else AgentId(coordinator))


def cells(stroke: Stroke) -> Iterator[Offset]:
    """Yield every cell that a line goes through."""
    here = stroke.points[0]
    yield here
    for end in stroke.points[1:]:
        assert here.x == end.x or here.y == end.y, "lines run at right angles"
        step = Offset((end.x > here.x) - (end.x < here.x), (end.y > here.y) - (end.y < here.y))
        while here != end:
            here += step
            yield here


def touches(region: Region, at: Offset) -> bool:
    """True if a cell lies in a box, or just outside of it."""
    return region.grow((1, 1, 1, 1)).contains_point(at)


def check(chart: Chart) -> None:
    """Assert what holds of every drawing."""
    paper = Region(0, 0, *chart.size)
    for one, other in combinations(chart.boxes.values(), 2):
        assert not one.overlaps(other)
    for region in chart.boxes.values():
        assert paper.contains_region(region)
    passed: Counter[tuple[Offset, object]] = Counter()
    for stroke in chart.strokes:
        for cell in {*cells(stroke)}:
            assert paper.contains_point(cell)
            passed[cell, stroke.net] += 1
    boxed = {
        Offset(x, y)
        for box in chart.boxes.values()
        for x in range(box.x, box.right)
        for y in range(box.y, box.bottom)
    }
    for stroke in chart.strokes:
        *_, last = way = list(cells(stroke))
        for cell in way[1:-1]:
            assert cell not in boxed, f"{stroke} runs through a box"
        for end in {way[0], last} if way[0] != last else ():  # a frame ends where it began
            joins = passed[end, stroke.net] > 1
            at_box = any(touches(it, end) for it in chart.boxes.values())
            assert joins or at_box, f"{stroke} leads nowhere"
    check_crossings(chart, boxed)


def check_crossings(chart: Chart, boxed: set[Offset]) -> None:
    """Assert that lines of different nets meet, outside of boxes, only where they cross."""
    masks: dict[Offset, dict[object, set[str]]] = {}
    for stroke in chart.strokes:
        way = list(cells(stroke))
        for one, other in pairwise(way):
            across = "level" if one.y == other.y else "upright"
            masks.setdefault(one, {}).setdefault(stroke.net, set()).add(across)
            masks.setdefault(other, {}).setdefault(stroke.net, set()).add(across)
    for cell, nets in masks.items():
        if len(nets) > 1 and cell not in boxed:
            assert sorted(map(sorted, nets.values())) == [["level"], ["upright"]], (cell, nets)


def joined_by(chart: Chart, net: object) -> set[Key]:
    """Return the boxes at which the lines of a net end."""
    ends = {
        end
        for stroke in chart.strokes
        if stroke.net == net
        for end in (stroke.points[0], stroke.points[-1])
    }
    return {key for key, box in chart.boxes.items() if any(touches(box, end) for end in ends)}


organisations = st.builds(
    organisation,
    st.integers(1, 5),
    st.integers(0, 6),
    st.integers(0, 3),
    coordinator=st.sampled_from([None, "a0", "boss", "b0"]),
    led=st.booleans(),
).filter(lambda it: it.coordinator in (None, "boss", *it.everybody))
sketches = st.builds(
    Sketch,
    st.sampled_from(SHAPES),
    organisations,
    folded=st.frozensets(st.sampled_from([TeamId("team-0"), TeamId("team-1")])),
    knots=st.sampled_from([(), (Knot((("task", "t"), ("lock", "l"))),)]),
)


@settings(max_examples=100, deadline=None)
@given(sketches, st.sampled_from(SIZES), st.sampled_from([ROOM, Size(38, 16)]), st.booleans())
def test_boxes_do_not_overlap_and_lines_lead_round_them(
    sketch: Sketch, form: Form, room: Size, at_all_costs: bool
) -> None:
    chart = drawn(sketch, form, room, at_all_costs=at_all_costs)
    check(chart)
    circles = [(*key, "knot 0") for key in sketch.stuck]
    assert set(chart.boxes) == {*sketch.boxes, *circles}


keys = st.integers(0, 11).map(lambda number: ("task", str(number)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(keys, keys).filter(lambda pair: pair[0] != pair[1]), max_size=18, unique=True
    ),
    st.sampled_from(SIZES[1:]),
)
def test_whatever_waits_for_whatever_every_tie_is_a_line_between_two_boxes(
    pairs: list[tuple[Key, Key]], form: Form
) -> None:
    ties = tuple(Tie(above, below, "wait") for above, below in pairs)
    sketch = Sketch("mesh", organisation(), waits=ties)
    chart = drawn(sketch, form, ROOM)
    check(chart)
    assert set(chart.boxes) == {key for pair in pairs for key in pair}
    heads = [stroke.points[-1] for stroke in chart.strokes if stroke.head]
    for above, _ in pairs:
        assert any(touches(chart.boxes[above], head) for head in heads), f"nothing leads to {above}"


@pytest.mark.parametrize("shape", SHAPES)
def test_who_speaks_to_whom_is_joined_by_a_line(shape: Shape) -> None:
    swarm = organisation(5, 4, 3, coordinator="boss")
    chart = drawn(Sketch(shape, swarm), Form(12, 3), Size(200, 60))
    nets = {stroke.net for stroke in chart.strokes}
    joined = [joined_by(chart, net) for net in nets]
    for one, other in links(shape, swarm):
        if shape != "mesh":
            pair = {("agent", one), ("agent", other)}
            assert any(pair <= boxes for boxes in joined), f"{one} and {other}"


def test_a_ring_leads_from_each_to_the_next_alone() -> None:
    chart = drawn(Sketch("ring", organisation(9)), Form(12, 3), ROOM)
    pairs = sorted(tuple(sorted(joined_by(chart, ("ring", at)))) for at in range(9))
    agents = [("agent", f"a{at}") for at in range(9)]
    assert pairs == sorted(tuple(sorted((agents[at], agents[(at + 1) % 9]))) for at in range(9))


def test_a_mesh_has_a_line_for_each_team_and_none_for_each_pair() -> None:
    few = drawn(Sketch("mesh", organisation(2, 2)), Form(9, 1), ROOM)
    many = drawn(Sketch("mesh", organisation(8, 8)), Form(9, 1), ROOM)
    assert len(few.strokes) == len(many.strokes)
    assert [title.text.strip() for title in many.titles] == [
        "team-0 \N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW}",
        "team-1 \N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW}",
    ]


def test_in_a_hierarchy_whoever_leads_stands_above() -> None:
    swarm = organisation(3, 3, coordinator="boss")
    chart = drawn(Sketch("hierarchical", swarm), Form(12, 3), ROOM)
    for above, below in links("hierarchical", swarm):
        assert chart.boxes["agent", above].y < chart.boxes["agent", below].y


def test_a_star_has_its_hub_in_the_middle() -> None:
    swarm = organisation(4, 4, coordinator="boss")
    chart = drawn(Sketch("star", swarm), Form(12, 3), ROOM)
    columns = sorted(box.x for box in chart.boxes.values())
    assert columns[0] < chart.boxes["agent", "boss"].x < columns[-1]


def test_folding_a_team_leaves_one_box_of_it() -> None:
    swarm = organisation(5, 4, coordinator="boss")
    chart = drawn(Sketch("star", swarm, folded=frozenset({TeamId("team-0")})), SIZES[1], ROOM)
    assert set(chart.boxes) == {
        ("agent", "boss"), ("team", "team-0"), *(("agent", f"b{at}") for at in range(4))
    }  # fmt: skip


def test_the_largest_boxes_are_taken_with_which_all_fit() -> None:
    sketch = Sketch("ring", organisation(8, 8, coordinator="boss"))
    sizes = forms(4)
    heights = []
    for room in (Size(160, 60), Size(90, 30), Size(60, 22), Size(26, 12)):
        form, chart = fitting(sketch, sizes, room)
        heights.append(form.height)
        assert fits_in(chart.size, room) or form == sizes[-1]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == 4
    assert heights[-1] == 1


def test_a_circle_is_drawn_heavy_and_ends_where_it_began() -> None:
    ring = (("task", "t"), ("lock", "l"), ("task", "u"), ("key", "k"))
    chart = drawn(Sketch("mesh", organisation(2), knots=(Knot(ring),)), Form(12, 3), ROOM)
    heavy = [stroke for stroke in chart.strokes if stroke.kind == "cycle"]
    assert len(heavy) == 4
    for before, after in zip(ring, (*ring[1:], ring[0]), strict=True):
        ends = chart.boxes[*before, "knot 0"], chart.boxes[*after, "knot 0"]
        assert any(
            touches(ends[0], it.points[0]) and touches(ends[1], it.points[-1]) for it in heavy
        )
    rows = "".join(painted(chart))
    assert "\u2501" in rows
    assert "\u25b8" in rows


def painted(chart: Chart) -> Iterable[str]:
    canvas = Canvas(chart.strokes)
    for y in range(chart.size.height):
        row = canvas.row(y)
        yield "".join(
            canvas.glyph(x, y, row[x][0]) if x in row else " " for x in range(chart.size.width)
        )


def test_many_that_wait_for_the_same_are_one_box_until_they_are_wanted() -> None:
    above = ("key", "k")
    ties = [Tie(above, ("task", str(at)), "wait") for at in range(MANY + 1)]
    crowd = ("crowd", "key", "k", str(MANY + 1))
    assert bundled(ties, frozenset()) == (Tie(above, crowd, "wait"),)
    assert bundled(ties, frozenset({above})) == tuple(ties)
    assert bundled(ties[1:], frozenset()) == tuple(ties[1:])


def test_lines_join_where_they_belong_together_and_cross_where_they_do_not() -> None:
    level = Stroke((Offset(0, 1), Offset(4, 1)), "one")
    branch = Stroke((Offset(2, 1), Offset(2, 2)), "one")
    across = Stroke((Offset(3, 0), Offset(3, 2)), "other")
    chart = Chart(strokes=[level, branch, across], size=Size(5, 3))
    assert list(painted(chart)) == [
        "   \u2577 ",
        "\u2576\u2500\u252c\u2502\u2574",
        "  \u2575\u2575 ",
    ]


def test_every_meeting_of_light_and_heavy_lines_has_a_character() -> None:
    masks = {
        arms(up=up, right=right, down=down, left=left)
        for up in range(3)
        for right in range(3)
        for down in range(3)
        for left in range(3)
    }
    assert masks - {0} == set(GLYPHS)
    assert GLYPHS[arms(up=1, right=2, down=1)] == "\u251d"


def test_a_drawing_is_the_same_whatever_order_sets_have() -> None:
    program = (
        "from mop_tui.dashboard.layered import Tie, arranged\n"
        "from mop_tui.dashboard.chart import Form\n"
        "from textual.geometry import Size\n"
        "names = [('task', str(n)) for n in range(30)]\n"
        "ties = [Tie(names[n], names[n * 7 % 30]) for n in range(30) if n != n * 7 % 30]\n"
        "ties += [Tie(names[n], names[n * n % 30]) for n in range(30) if n != n * n % 30]\n"
        "print(arranged(names, ties, Form(9, 1), Size(80, 24), heads=True))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    for shape in SHAPES:
        assert not drawn(Sketch(shape, organisation()), SIZES[0], ROOM).boxes
    assert not arranged((), (), SIZES[0], ROOM, heads=True).boxes
