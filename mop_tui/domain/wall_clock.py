"""Session time by the wall clock."""

from datetime import UTC, datetime, timedelta

_LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""In any time zone there is such a date."""


def wall(started: datetime, at: int) -> datetime:
    """Return the moment `at` milliseconds after `started`, which has an offset, with that offset.

    What calendars have no date for is as late as they go.
    """
    latest = _LATEST.astimezone(started.tzinfo)
    try:
        return min(started + timedelta(milliseconds=at), latest)
    except OverflowError:
        return latest
