"""Times by the calendar in a real session, whose clocks do not agree to the microsecond."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from mop_tui.domain import events as e
from mop_tui.domain.events import Fact
from mop_tui.domain.session import Session
from mop_tui.orchestrator.clock import Timeline
from mop_tui.orchestrator.outside import Outside
from sessions import plan, trigger

NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - as the machine says it


class _Calls:
    """A clock of a live session that is where the calls on a timeline are due."""

    virtual = False

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._now = 0

    def now(self) -> int:
        return self._now

    def moment(self) -> int:
        return self._now

    def wait(self, at: int) -> float:
        return max(0, at - self._now) / 1000

    def reach(self, at: int) -> None:
        self._now = at

    def missed(self) -> int:
        return 0

    def go_on(self, until: int) -> None:
        while (due := self._timeline.next_due()) is not None and due <= until:
            self.reach(due)
            self._timeline.pop()()


class _Slow(Outside):
    """Its calendar stands a little before the full millisecond, and falls behind."""

    behind = timedelta(microseconds=300)
    lost = 0.0

    def _calendar(self, now: int) -> datetime:
        return NINE - self.behind + timedelta(milliseconds=now * (1 - self.lost))


class _SetBack(Outside):
    """Its clock is a year ahead, and set right after half an hour."""

    def _calendar(self, now: int) -> datetime:
        ahead = timedelta(days=365) if now < 30 * 60_000 else timedelta()
        return NINE + ahead + timedelta(milliseconds=now)


def coming(cron: str, kind: type[Outside], until: int) -> list[datetime]:
    """Return when, by its calendar, the times of `cron` come until some session time (ms)."""
    what = plan([], [], triggers=[trigger("x", "schedule", "notify", cron=cron)])
    timeline, session, came = Timeline(), Session(), list[datetime]()
    session.status = "running"
    clock = _Calls(timeline)

    def receive(fact: Fact, _cause: int | None) -> int:
        assert isinstance(fact, e.SystemScheduled)
        came.append(outside._calendar(clock.now()))
        return len(came)

    def post(call: Callable[[], object]) -> None:
        call()

    outside = kind(what, session, clock, timeline, post, receive, None)
    outside.arm()
    clock.go_on(until)
    return came


@pytest.mark.parametrize("lost", [0.0, 0.0005])
def test_a_minute_comes_once_and_never_too_early(lost: float) -> None:
    class Losing(_Slow):
        pass

    Losing.lost = lost
    came = coming("* * * * *", Losing, 5 * 60_000 + 1_000)
    assert [time.minute for time in came] == [0, 1, 2, 3, 4, 5]
    assert all(time.second == 0 and time.microsecond < 2_000 for time in came)


def test_a_time_comes_by_the_clock_as_it_is_set_and_not_as_it_was() -> None:
    came = coming("0 12 * * *", _SetBack, 4 * 3_600_000)
    assert [time.replace(second=0, microsecond=0) for time in came] == [NINE.replace(hour=12)]
