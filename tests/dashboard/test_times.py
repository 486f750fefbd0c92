"""Durations and moments as an operator reads them."""

from datetime import datetime

import pytest

from mop_tui.dashboard.times import age, lasted, parse_timecode, timecode, wall

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0s"),
        (-5, "0s"),
        (59_999, "59s"),
        (3 * MINUTE + 5 * SECOND, "3m05s"),
        (15 * MINUTE + 59 * SECOND, "15m"),
        (75 * MINUTE, "1h15m"),
        (51 * HOUR, "2d03h"),
    ],
)
def test_a_duration_takes_at_most_five_cells(ms: int, said: str) -> None:
    assert lasted(ms) == said
    assert len(said) <= 5


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0s"),
        (10 * SECOND, "10s"),
        (59_999, "59s"),
        (MINUTE, "1m"),
        (3 * MINUTE + 5 * SECOND, "3m"),
        (75 * MINUTE, "1h15m"),
    ],
)
def test_an_age_of_more_than_a_minute_changes_every_minute(ms: int, said: str) -> None:
    assert age(ms) == said


@pytest.mark.parametrize("ms", [0, 12 * SECOND, 245 * SECOND, HOUR + 2 * MINUTE + 3 * SECOND])
def test_a_timecode_can_be_read_back(ms: int) -> None:
    assert parse_timecode(timecode(ms)) == ms


@pytest.mark.parametrize("text", ["", "12", "1:2:3:4", "a:10", "1:-5", "1:½"])
def test_what_is_no_timecode_is_refused(text: str) -> None:
    assert parse_timecode(text) is None


def test_a_moment_is_told_in_the_operators_time_zone() -> None:
    started = datetime.fromisoformat("2026-11-22T15:30:00+01:00")
    assert wall(started, 61 * SECOND).isoformat() == "2026-11-22T14:31:01+00:00"
