"""How far off what is foretold may be, by how far off it would have been."""

import random
from statistics import fmean

import pytest
from foresight.past import past, planned_as

from mop_tui.domain.plan import Mode
from mop_tui.foresight import calibration
from mop_tui.foresight.calibration import calibrate, span
from sessions import agent, plan, task

WORK = plan([agent("ann")], [task("dig", "ann")])


def test_each_session_is_foretold_from_the_others() -> None:
    records = [past(number, dig=took) for number, took in enumerate([10, 10, 10, 20])]
    ratios = calibrate(records, planned_as(WORK), mode=Mode.LIVE).ratios
    mean = (10 * 10 * 20) ** (1 / 3)  # the geometric mean of the others
    assert ratios == pytest.approx([10 / mean] * 3 + [2.0], abs=0.001)


def test_what_a_session_takes_beside_its_tasks_is_in_the_ratios() -> None:
    records = [past(number, length=30, dig=10) for number in range(4)]
    found = calibrate(records, planned_as(WORK), mode=Mode.LIVE)
    assert found.ratios == pytest.approx([3.0] * 4)
    assert found.span is not None
    assert (found.span.low, found.span.high) == pytest.approx((3.0, 3.0))
    assert found.error == pytest.approx(2 / 3)


def test_sessions_whose_layout_is_none_any_more_are_left_out() -> None:
    records = [past(number, dig=10) for number in range(4)]
    assert calibrate(records, planned_as(None), mode=Mode.LIVE).ratios == ()


def test_of_large_sessions_fewer_are_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MOST_TASKS", 2)
    records = [past(number, length=10 + number, dig=10) for number in range(6)]
    ratios = calibrate(records, planned_as(WORK), mode=Mode.LIVE).ratios
    assert ratios == pytest.approx([1.4, 1.5])  # the latest


@pytest.mark.parametrize(
    ("count", "covered"), [(2, 1 / 3), (3, 1 / 2), (5, 2 / 3), (8, 7 / 9), (9, 0.8), (30, 0.8)]
)
def test_few_sessions_say_how_little_their_range_covers(count: int, covered: float) -> None:
    found = span([1 + number / 10 for number in range(count)])
    assert found is not None
    assert found.coverage == pytest.approx(covered)
    assert (found.low == 1) == (count < 19)


@pytest.mark.parametrize("count", [0, 1])
def test_one_session_has_no_range(count: int) -> None:
    assert span([1.0] * count) is None


@pytest.mark.parametrize("count", [3, 6, 9, 14, 25])
def test_a_range_covers_at_least_what_it_says(count: int) -> None:
    chance = random.Random(count)
    hits, said = [], 0.0
    for _ in range(4_000):
        ratios = [chance.lognormvariate(0, 0.5) for _ in range(count + 1)]
        found = span(ratios[:-1])
        assert found is not None
        said = found.coverage
        hits.append(found.low <= ratios[-1] <= found.high)
    assert said - 0.03 <= fmean(hits) <= said + 0.1
