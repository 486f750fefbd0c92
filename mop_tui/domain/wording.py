"""Words that are fit to be shown: texts of others made harmless, and parts joined."""

import re
import unicodedata
from collections.abc import Sequence

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")


def printable(text: str) -> str:
    """Return `text` on one line, without anything that could steer a terminal.

    Escape sequences vanish, white space becomes blanks, and other control characters, invisible
    ones that reorder text included, become U+FFFD.
    """
    if text.isprintable():
        return text
    shown = []
    for char in _SEQUENCE.sub("", text).rstrip():
        if char.isprintable():
            shown.append(char)
        elif char.isspace() or unicodedata.category(char) in ("Zs", "Zl", "Zp"):
            shown.append(" ")
        else:
            shown.append("\N{REPLACEMENT CHARACTER}")
    return "".join(shown)


def join(said: str, more: str) -> str:
    """Return what is said, and what more there is to say."""
    return f"{said}: {more}" if more else said


def hook_log(agent: str | None, hook: str) -> str:
    """Return the name of the log file of a hook of an agent, or of the session."""
    return f"{agent or ''}+{hook}.log"


def words(name: str) -> str:
    """Return a name as words: `task_started` as `task started`."""
    return name.replace("_", " ")


def listed(parts: Sequence[str], last: str = " and ") -> str:
    """Return parts as a reader would list them: `a`, `a and b`, `a, b and c`."""
    return ", ".join(parts[:-1]) + last + parts[-1] if len(parts) > 1 else "".join(parts)


def cases(share: float) -> str:
    """Return a share of all cases in words, no larger than it is: `8 of 10 cases`."""
    return f"{int(share * 10 + 1e-9)} of 10 cases"


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
