"""Which part of a session's time a chart shows, and the round times on its axis."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["all", "follow", "still"]
"""It shows everything, follows the present, or stays where it was put."""

_FINEST = 10
"""Milliseconds of a cell, at least."""
_NICE = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000
_STEPS = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12, 24, 48, 168)),
)
"""What may lie between two times on the axis, in milliseconds."""
_TURNING, _TURNED = 0.85, 0.5
"""When the present is so far to the right, the window moves on until it is only so far."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """The session time of the first cell (ms), how much of it each cell shows, and how many."""

    left: int = 0
    scale: int = _SECOND
    cells: int = 1
    mode: Mode = "all"

    @property
    def right(self) -> int:
        """The session time behind the last cell."""
        return self.left + self.scale * self.cells

    def cell(self, at: int) -> int:
        """Return in which cell a moment is; it may lie outside."""
        return (at - self.left) // self.scale

    def has(self, at: int) -> bool:
        """Return whether a moment is in view."""
        return self.left <= at < self.right

    def looking_on(self, cells: int, now: int, whole: int) -> "TimeWindow":
        """Return the window when it is `now`, and everything known lies before `whole`."""
        cells = max(cells, 1)
        match self.mode:
            case "all":
                return replace(self, left=0, scale=_fitting(whole, cells), cells=cells)
            case "follow":
                at = self.cell(now)
                left = self.left
                if not 0 <= at < cells * _TURNING:
                    left = max(0, now - round(self.scale * cells * _TURNED))
                return replace(self, left=left, cells=cells)
            case _:
                return replace(self, cells=cells)

    def zoomed(self, *, closer: bool, around: int, now: int, whole: int) -> "TimeWindow":
        """Return a window that shows half as much time or twice as much, `around` where it was.

        One that would show everything shows exactly that. Who looks at the present follows it.
        """
        scale = max(_FINEST, self.scale // 2) if closer else self.scale * 2
        if scale >= _fitting(whole, self.cells):
            return replace(self, mode="all").looking_on(self.cells, now, whole)
        left = around - self.cell(around) * scale
        mode: Mode = "follow" if around == now and self.mode != "still" else self.mode
        return replace(self, left=max(0, left), scale=scale, mode=mode)

    def moved(self, share: float, whole: int) -> "TimeWindow":
        """Return the window moved by a share of its width, not past what is known."""
        most = max(0, whole - self.scale * self.cells * 3 // 4)
        left = self.left + round(share * self.cells) * self.scale
        return replace(self, left=max(0, min(left, most)), mode="still")

    def spanning(self, begin: int, end: int) -> "TimeWindow":
        """Return a window that shows one stretch of time and a little around it."""
        around = (end - begin) // 20
        scale = _fitting(end - begin + 2 * around, self.cells)
        return replace(self, left=max(0, begin - around), scale=scale, mode="still")

    def step(self, label: int) -> int:
        """Return how much time lies between two labels of `label` cells on the axis."""
        least = (label + 2) * self.scale
        place = bisect_left(_STEPS, least)
        longest = _STEPS[-1]
        return _STEPS[place] if place < len(_STEPS) else -(-least // longest) * longest

    def ticks(self, step: int, offset: int) -> list[int]:
        """Return the moments in view that are round times; the clock is `offset` ahead of them."""
        first = -(-(self.left + offset) // step) * step - offset
        return list(range(first, self.right, step))


def _fitting(whole: int, cells: int) -> int:
    """Return the finest scale of some round ones at which `whole` fits in, with room at its end."""
    least = max(_FINEST, whole / max(cells - 2, 1))
    ten = 1
    while ten * 10 <= least:
        ten *= 10
    return next((round(ten * nice) for nice in _NICE if ten * nice >= least), ten * 10)
