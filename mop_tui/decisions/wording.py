"""How decisions phrase their reasons."""

from collections.abc import Sequence


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


def lasting(ms: int) -> str:
    """Return a length of time as a reader would say it: `0.8 s`, `12 s`, `2 min`, `1 h 5 min`."""
    if ms < 10_000:
        return f"{ms / 1000:.1f}".removesuffix(".0") + " s"
    seconds = round(ms / 1000)
    if seconds < 120:
        return f"{seconds} s"
    minutes, hours = round(seconds / 60) % 60, round(seconds / 60) // 60
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)
