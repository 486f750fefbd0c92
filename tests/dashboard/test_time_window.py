"""The stretch of time that a chart shows, however long it is."""

import pytest

from mop_tui.dashboard.time_window import TimeWindow

WEEK = 7 * 24 * 3_600_000


@pytest.mark.parametrize("scale", [1_000, 60_000, WEEK // 4, WEEK, 10**12, 1 << 53])
def test_labels_on_the_axis_have_room_and_are_few(scale: int) -> None:
    window = TimeWindow(0, scale, 100)
    step = window.step(8)
    assert step >= 10 * scale
    assert len(window.ticks(step, 0)) <= 10
    assert step < WEEK or step % WEEK == 0
