import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.layout import durations


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("30s", 30_000),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("1h0m5s", 3_605_000),
        ("250ms", 250),
        ("1.5s", 1_500),
        ("90", None),
        (90, 90_000),
        (0.25, 250),
        (0, 0),
        ("0s", 0),
        ("", None),
        ("1:30", None),
        ("1m1h", None),
        ("30 s", None),
        ("-5s", None),
        (-5, None),
        (True, None),
        (None, None),
        ([1], None),
        (float("inf"), None),
        (float("nan"), None),
        ("999999h", None),
        (10**30, None),
        (10**400, None),
        (1e308, None),
        (-1e308, None),
    ],
)
def test_durations_are_read_as_people_write_them(written: object, milliseconds: int | None) -> None:
    if milliseconds is None:
        with pytest.raises(ValueError, match="is not a duration"):
            durations.parse(written)
    else:
        assert durations.parse(written) == milliseconds


@given(st.integers(0, durations.MAX_MS))
def test_what_is_written_is_read_again(milliseconds: int) -> None:
    assert durations.parse(durations.written(milliseconds)) == milliseconds
