"""Session time by the wall clock, however far that goes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mop_tui.domain.wall_clock import wall

STARTED = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=14)))


def test_it_goes_on_from_the_start_with_its_offset() -> None:
    assert wall(STARTED, 1_500).isoformat() == "2026-01-01T12:00:01.500000+14:00"


@pytest.mark.parametrize("at", [10**15, 10**18])
@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_what_no_calendar_has_is_as_late_as_they_go(at: int, hours: int) -> None:
    started = STARTED.astimezone(timezone(timedelta(hours=hours)))
    found = wall(started, at)
    assert found.utcoffset() == started.utcoffset()
    assert {found.astimezone(zone).year for zone in (UTC, STARTED.tzinfo)} == {9999}
