"""How decisions phrase their reasons."""

from collections.abc import Sequence

LONGEST_TITLE = 200
"""Characters of the title of a task that is made meanwhile; more is in its context."""


def titled(text: str) -> str:
    """Return `text`, or its beginning, as the title of a task."""
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names as a reader would list them: `a`, `a and b`, `a, b and 3 more`."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, noun: str) -> str:
    """Return `1 task`, `2 tasks`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
