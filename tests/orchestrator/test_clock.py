"""Session time in a live session: it passes while somebody looks."""

import time

import pytest

from mop_tui.orchestrator.clock import STALL, Timeline, WallClock


def test_time_passes_while_somebody_looks_and_stands_still_while_nobody_could(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = 1_000_000
    monkeypatch.setattr(time, "monotonic_ns", lambda: machine * 1_000_000)
    clock = WallClock(500)
    machine += STALL
    assert (clock.now(), clock.missed()) == (500 + STALL, 0)
    machine += 600_000
    assert (clock.now(), clock.missed()) == (500 + STALL, 600_000)
    assert clock.wait(500 + STALL + 2_000) == 2.0
    machine += 1_000
    assert (clock.moment(), clock.missed()) == (1_500 + STALL, 600_000)


def test_looks_wait_for_somebody_only_where_nothing_else_is_due() -> None:
    timeline = Timeline()
    timeline.call_at(10, print, looks=True)
    other = timeline.call_at(20, print)
    assert timeline.next_due() == 10
    timeline.looks_wait = lambda: True
    assert timeline.next_due() == 10
    other.cancelled = True
    assert timeline.next_due() is None
    timeline.looks_wait = lambda: False
    assert timeline.next_due() == 10
