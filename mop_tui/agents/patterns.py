"""What the output of a program means that speaks no protocol.

Patterns are the operator's own, and the layout's check has bounded what they may cost. Still no
more than `LINES` lines of a chunk are looked at, each cut at the length at which it is reported.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mop_tui.domain.plan import Command

LINES = 200
"""Lines of one chunk that are looked at, the latest."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A line says that something went wrong."""

    type: str
    line: str


class Patterns:
    """The error and progress patterns of a command. Raises `re.error` if one is none."""

    def __init__(self, command: Command) -> None:
        self._errors = [(p.type, re.compile(p.pattern)) for p in command.error_patterns]
        self._progress = [re.compile(pattern) for pattern in command.progress_patterns]

    def __bool__(self) -> bool:
        """Tell whether there is any pattern."""
        return bool(self._errors or self._progress)

    def errors(self, lines: Iterable[str]) -> list[Sign]:
        """Return the errors that `lines` speak of: of each line the first that fits."""
        found = []
        for line in lines:
            kind = next((kind for kind, pattern in self._errors if pattern.search(line)), None)
            if kind is not None:
                found.append(Sign(kind, line))
        return found

    def percent(self, lines: Iterable[str]) -> int | None:
        """Return the latest percentage that `lines` speak of."""
        latest = None
        for line in lines:
            for pattern in self._progress:
                match = pattern.search(line)
                percent = None if match is None else _percent(match)
                if percent is not None:
                    latest = percent
                    break
        return latest


def _percent(match: re.Match[str]) -> int | None:
    """Return the percentage that one group states, or two: how much of how much."""
    try:
        numbers = [float(group) for group in match.groups()[:2] if group is not None]
        share = numbers[0] if len(numbers) == 1 else 100 * numbers[0] / numbers[1]
        return int(share) if 0 <= share <= 100 else None
    except (ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
