"""Boxes and lines with their places, in cells: what an arrangement makes of a sketch."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from textual.geometry import Offset, Region, Size

Key = tuple[str, ...]
"""What a box stands for: a kind (`agent`, `team`, `task`, `lock`, …) and a name. Where the same is
drawn a second time, a third word tells that box from the first."""

Kind = Literal["link", "frame", "wait", "alarm", "cycle"]
"""What a line says: who speaks to whom; who belongs together; who waits for what; round what there
is a frame that alarms; and that a wait is part of a circle."""

_NOTHING = Size(0, 0)


class Form(NamedTuple):
    """How large all boxes are: 4 rows high with two lines of text, 3 with one, or bare text."""

    width: int
    height: int

    @property
    def middle(self) -> int:
        """The row, counted from a box's first, at which lines meet its sides."""
        return (self.height - 1) // 2


class Stroke(NamedTuple):
    """A line along `points`, each beside, above or below the one before.

    Strokes of one net join where they meet, those of others cross. With a `head` the last point is
    the cell before a box and holds an arrow's head; otherwise it lies on the edge of a box.
    """

    points: tuple[Offset, ...]
    net: Hashable
    kind: Kind = "link"
    head: bool = False

    def moved(self, by: Offset) -> "Stroke":
        """Return the same line elsewhere."""
        right, down = by
        points = tuple(Offset(x + right, y + down) for x, y in self.points)
        return Stroke(points, self.net, self.kind, self.head)


@dataclass(frozen=True, slots=True)
class Title:
    """Words in the upper edge of a frame."""

    at: Offset
    text: str
    alarming: bool = False


@dataclass(slots=True)
class Chart:
    """Where everything is. Nothing lies outside of `size`, and no two boxes overlap."""

    boxes: dict[Key, Region] = field(default_factory=dict)
    strokes: list[Stroke] = field(default_factory=list)
    titles: list[Title] = field(default_factory=list)
    size: Size = _NOTHING

    def add(self, other: "Chart", at: Offset) -> None:
        """Take in all of `other`, with its upper left corner at `at`."""
        if at == (0, 0):
            self.boxes |= other.boxes
            self.strokes += other.strokes
            self.titles += other.titles
            self.reach(Region(0, 0, *other.size))
            return
        for key, region in other.boxes.items():
            self.boxes[key] = region.translate(at)
        self.strokes += [stroke.moved(at) for stroke in other.strokes]
        self.titles += [Title(it.at + at, it.text, it.alarming) for it in other.titles]
        self.reach(Region(at.x, at.y, *other.size))

    def put(self, key: Key, at: Offset, form: Form) -> Region:
        """Place a box, and return where it is."""
        region = Region(at.x, at.y, form.width, form.height)
        self.boxes[key] = region
        self.reach(region)
        return region

    def line(
        self,
        points: Sequence[tuple[int, int]],
        net: Hashable,
        kind: Kind = "link",
        *,
        head: bool = False,
    ) -> None:
        """Draw a line; points that repeat the one before are left out."""
        path: list[Offset] = []
        right, bottom = self.size
        for point in points:
            if not path or path[-1] != point:
                x, y = point
                path.append(Offset(x, y))
                right, bottom = max(right, x + 1), max(bottom, y + 1)
        self.strokes.append(Stroke(tuple(path), net, kind, head))
        self.size = Size(right, bottom)

    def enclose(self, region: Region, title: str, net: Hashable, *, alarming: bool = False) -> None:
        """Draw a frame with a title."""
        x, y, right, bottom = region.x, region.y, region.right - 1, region.bottom - 1
        round_it = [(x, y), (right, y), (right, bottom), (x, bottom), (x, y)]
        self.line(round_it, net, "alarm" if alarming else "frame")
        self.titles.append(Title(Offset(x + 2, y), f" {title} ", alarming))

    def reach(self, region: Region) -> None:
        """Be large enough for `region`."""
        x, y, width, height = region
        if x + width > self.size.width or y + height > self.size.height:
            self.size = Size(max(self.size.width, x + width), max(self.size.height, y + height))


def pack(charts: Iterable[Chart], room: Size, gap: Size) -> Chart:
    """Return all charts beside each other, in as many rows as the room's width makes necessary."""
    packed = Chart()
    x = y = 0
    for chart in charts:
        if x and x + chart.size.width > room.width:
            x, y = 0, packed.size.height + gap.height
        packed.add(chart, Offset(x, y))
        x += chart.size.width + gap.width
    return packed


def fits_in(size: Size, room: Size) -> bool:
    """Return whether all of something can be seen at once."""
    return size.width <= room.width and size.height <= room.height
