"""What earlier sessions let expect of one that begins."""

from foresight.past import SECOND, past, planned_as

from mop_tui.domain.eta import estimate
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Mode
from mop_tui.foresight.outlook import outlook_for
from mop_tui.foresight.simulation import opening
from sessions import agent, plan, task

DIG = plan([agent("ann")], [task("dig", "ann")])


def test_with_one_session_or_two_nothing_is_expected() -> None:
    records = [past(number, dig=10) for number in range(2)]
    for known in ([], records[:1], records):
        assert outlook_for(known, DIG, Mode.LIVE, planned_as(DIG)) is None


def test_with_three_there_is_a_range_that_says_that_it_covers_half() -> None:
    records = [past(number, length=length, dig=10) for number, length in enumerate([11, 12, 15])]
    outlook = outlook_for(records, DIG, Mode.LIVE, planned_as(DIG))
    assert outlook is not None
    assert (outlook.sessions, outlook.durations) == (3, {TaskId("dig"): 10 * SECOND})
    assert (outlook.low, outlook.high, outlook.coverage) == (1.1, 1.5, 0.5)
    told = estimate(opening(DIG), 0, outlook)
    assert told is not None
    assert (told.end, told.span, told.coverage) == (10 * SECOND, (11 * SECOND, 15 * SECOND), 0.5)


def test_without_plans_of_earlier_sessions_there_is_no_range() -> None:
    records = [past(number, dig=10) for number in range(3)]
    outlook = outlook_for(records, DIG, Mode.LIVE, planned_as(None))
    assert outlook is not None
    assert (outlook.low, outlook.high, outlook.coverage) == (None, None, None)


def test_nothing_is_expected_from_sessions_that_had_nothing_of_it() -> None:
    records = [past(number, dig=10) for number in range(3)]
    alike = plan([agent("worker")], [task("fill", "worker")])
    other = plan([agent("cem")], [task("mix", "cem")])
    assert outlook_for(records, alike, Mode.LIVE, planned_as(alike)) is not None
    assert outlook_for(records, other, Mode.LIVE, planned_as(other)) is None
