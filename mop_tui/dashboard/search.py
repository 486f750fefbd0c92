"""Looking for a text in rows that come and go."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from mop_tui.dashboard.output_buffer import Row

Span = tuple[int, int]


class Search:
    """Where a text occurs. Case counts only if the text has upper case letters in it."""

    def __init__(self, term: str) -> None:
        self.term = term
        self.found: list[int] = []
        """Serial numbers of the rows that contain it, in order."""
        self.at: int | None = None
        """The serial number of the row the operator is at."""
        self._pattern = re.compile(re.escape(term), re.IGNORECASE if term.islower() else 0)
        self._looked_to = 0

    def spans(self, text: str) -> list[Span]:
        """Return where in `text` it occurs."""
        return [match.span() for match in self._pattern.finditer(text)]

    def look(self, rows: Sequence[Row], first: int) -> None:
        """Look through the rows that are new; `first` is the serial number of `rows[0]`."""
        del self.found[: bisect_left(self.found, first)]
        start = max(self._looked_to, first)
        for serial, row in enumerate(rows[start - first :], start):
            if isinstance(row, str) and self._pattern.search(row):
                self.found.append(serial)
        self._looked_to = first + len(rows)
        if self.at is not None and self.at < first:
            self.at = None

    def start_at(self, serial: int) -> None:
        """Go to the last row found up to `serial`, else to the first one after it."""
        place = bisect_right(self.found, serial)
        self.at = self.found[max(place - 1, 0)] if self.found else None

    def step(self, by: int, visible: int) -> None:
        """Go to the next row found (1) or the one before (-1), round the end; from row `visible`
        if the operator is at none."""
        if not self.found:
            self.at = None
        elif self.at is None:
            self.start_at(visible)
        else:
            place = bisect_left(self.found, self.at) + by
            self.at = self.found[place % len(self.found)]

    @property
    def count(self) -> str:
        """What to say about it: `3/17`, or that there is nothing."""
        if not self.found:
            return "not found"
        place = bisect_left(self.found, self.at) + 1 if self.at is not None else 0
        return f"{place or '-'}/{len(self.found)}"
