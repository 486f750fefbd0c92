"""How moments and durations are written."""

from datetime import datetime

from mop_tui.domain import wall_clock

MINUTE = 60_000
"""Milliseconds."""


def lasted(ms: int) -> str:
    """Return a duration in at most five cells: `12s`, `3m05s`, `15m`, `1h15m`, `2d03h`."""
    seconds = max(0, ms) // 1000
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    if hours:
        return f"{hours}h{minutes:02}m"
    if minutes >= 10:
        return f"{minutes}m"
    if minutes:
        return f"{minutes}m{seconds:02}s"
    return f"{seconds}s"


def age(ms: int) -> str:
    """Return for how long something has been so: in seconds for a minute, then in minutes.

    What stands in many rows and changes every second keeps the eye from what matters, and the
    processor from resting.
    """
    return lasted(ms if ms < MINUTE else ms // MINUTE * MINUTE).removesuffix("00s")


def timecode(ms: int) -> str:
    """Return a position in time, or time left: `0:12`, `4:05`, `1:02:03`."""
    seconds = max(0, ms) // 1000
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def wall(started: datetime, at: int) -> datetime:
    """Return the local wall-clock time of session time `at` (milliseconds)."""
    return wall_clock.wall(started, at).astimezone()


def parse_timecode(text: str) -> int | None:
    """Return the milliseconds of `m:ss` or `h:mm:ss`, or None if `text` is something else."""
    parts = text.strip().split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total * 1000
