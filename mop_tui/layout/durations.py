"""Durations as people write them: `30s`, `10m`, `1h30m`, `250ms`, or a number of seconds."""

import re

MAX_MS = 366 * 24 * 3_600_000
"""A year: what is longer is a slip of the pen."""

_WRITTEN = re.compile(
    r"(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,10})(?:\.(\d{1,3}))?s)?(?:(\d{1,12})ms)?"
)

_HOUR, _MINUTE, _SECOND = 3_600_000, 60_000, 1_000


def parse(value: object) -> int:
    """Return milliseconds. Raises ValueError with a sentence for anything that is no duration."""
    milliseconds = None
    if isinstance(value, str):
        written = _WRITTEN.fullmatch(value)
        if written and value:
            hours, minutes, seconds, fraction, rest = (part or "" for part in written.groups())
            milliseconds = (
                int(hours or 0) * _HOUR
                + int(minutes or 0) * _MINUTE
                + int(seconds or 0) * _SECOND
                + int(fraction.ljust(3, "0") or 0)
                + int(rest or 0)
            )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        # Compared before it is multiplied: 1e308 seconds are infinitely many milliseconds.
        milliseconds = round(value * _SECOND) if abs(value) <= MAX_MS else -1
    if milliseconds is None:
        raise ValueError("is not a duration; write 30s, 10m, 1h30m or a number of seconds")
    if not 0 <= milliseconds <= MAX_MS:
        raise ValueError("is not a duration between nothing and a year")
    return milliseconds


def written(milliseconds: int) -> str:
    """Return the shortest text that `parse` reads as `milliseconds`."""
    hours, rest = divmod(milliseconds, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    seconds, rest = divmod(rest, _SECOND)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"), (rest, "ms"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
