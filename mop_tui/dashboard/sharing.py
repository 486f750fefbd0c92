"""Sharing out rows among panes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Want:
    """What a pane would like to have."""

    least: int
    """Rows that it is to have before any other has more than its own least."""
    need: int
    """Rows that it can make use of."""
    weight: int = 1
    """How much of what is short it gets, compared with others."""


def share(room: int, wants: Sequence[Want]) -> list[int]:
    """Return how many of `room` rows each gets: none more than it needs, all by their weight.

    What nobody needs is left over.
    """
    given = [min(want.least, want.need) for want in wants]
    while sum(given) > max(room, 0):
        most = max(given)
        given[len(given) - 1 - given[::-1].index(most)] -= 1
    for _ in range(room - sum(given)):
        wanting = [n for n, want in enumerate(wants) if given[n] < want.need]
        if not wanting:
            break
        given[min(wanting, key=lambda n: given[n] / wants[n].weight)] += 1
    return given
