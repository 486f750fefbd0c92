"""A list of distinct things of any two of which it is known at once which stands before the other.

Each has a label; labels grow along the list, with gaps for what is put between. Where a gap is used
up, all are labelled anew. (Dietz and Sleator, "Two algorithms for maintaining order in a list",
1987; whole numbers of Python have no end, so gaps are wide, and used up seldom.)
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

GAP = 1 << 128
"""How far apart two labels are at first: something can be put between them 128 times."""


class Ordered(Generic[T]):
    """Things in an order. `label` tells of two which one comes first: the one with the lower."""

    def __init__(self) -> None:
        self.label: dict[T, int] = {}
        self._next: dict[T, T] = {}
        self._previous: dict[T, T] = {}
        self._first: T | None = None
        self._last: T | None = None

    def __contains__(self, item: T) -> bool:
        return item in self.label

    def __iter__(self) -> Iterator[T]:
        here = self._first
        while here is not None:
            yield here
            here = self._next.get(here)

    def put_first(self, item: T) -> None:
        """Put something that is not there yet before all others."""
        first = self._first
        self.label[item] = 0 if first is None else self.label[first] - GAP
        self._link(None, item)
        self._link(item, first)

    def put_last(self, item: T) -> None:
        """Put something that is not there yet behind all others."""
        last = self._last
        self.label[item] = 0 if last is None else self.label[last] + GAP
        self._link(last, item)
        self._link(item, None)

    def remove(self, item: T) -> None:
        """Take something out."""
        previous, following = self._previous.get(item), self._next.get(item)
        del self.label[item]
        self._next.pop(item, None)
        self._previous.pop(item, None)
        self._link(previous, following)

    def move_behind(self, items: Sequence[T], anchor: T) -> None:
        """Move things that are there to right behind `anchor`, none of them, in the order given."""
        self._move(items, anchor, None)

    def move_before(self, items: Sequence[T], anchor: T) -> None:
        """Move things that are there to right before `anchor`, none of them, in the order given."""
        self._move(items, None, anchor)

    def _move(self, items: Sequence[T], behind: T | None, before: T | None) -> None:
        for item in items:
            self.remove(item)
        if behind is None:
            behind = None if before is None else self._previous.get(before)
        else:
            before = self._next.get(behind)
        low, high = self._bounds(behind, before, len(items))
        step = (high - low) // (len(items) + 1)
        here = behind
        for number, item in enumerate(items, start=1):
            self.label[item] = low + number * step
            self._link(here, item)
            here = item
        self._link(here, before)

    def _bounds(self, behind: T | None, before: T | None, count: int) -> tuple[int, int]:
        """Return two labels between which there is room for `count` more."""
        width = GAP * (count + 1)
        if behind is None:
            edge = width if before is None else self.label[before]
            return edge - width, edge
        if before is None:
            return self.label[behind], self.label[behind] + width
        if self.label[before] - self.label[behind] <= count:
            for number, item in enumerate(self):
                self.label[item] = number * GAP * (count + 1)
        return self.label[behind], self.label[before]

    def _link(self, item: T | None, following: T | None) -> None:
        """Have `following` stand right behind `item`; None is the end, or the beginning."""
        if item is None:
            self._first = following
        elif following is None:
            self._next.pop(item, None)
        else:
            self._next[item] = following
        if following is None:
            self._last = item
        elif item is None:
            self._previous.pop(following, None)
        else:
            self._previous[following] = item
