"""What fits on an axis, and what is left of too much."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.report.scale import (
    amount,
    ceiling,
    condensed,
    moment,
    overlapped,
    size,
    thinned,
    ticks,
)
from mop_tui.report.summary import Stretch

WEEK = 7 * 24 * 3_600_000


@given(st.integers(0, 50 * WEEK))
def test_an_axis_has_few_marks_that_begin_at_nothing_and_lie_on_it(length: int) -> None:
    marks = ticks(length)
    assert marks[0][0] == 0
    assert len(marks) <= 7
    assert len(marks) >= 2 or length < 1000
    assert all(0 <= at <= length for at, _ in marks)
    assert len({name for _, name in marks}) == len(marks)


@given(st.floats(0.001, 1e12))
def test_an_axis_ends_at_or_above_what_it_shows_and_not_far_above(most: float) -> None:
    assert most <= ceiling(most) * (1 + 1e-9)
    assert ceiling(most) <= most * 2.51


@given(st.lists(st.tuples(st.integers(1, 5000), st.sampled_from("abc")), max_size=300))
def test_condensed_stretches_keep_order_and_bounds(parts: list[tuple[int, str]]) -> None:
    stays, at = [], 0
    for took, what in parts:
        stays.append(Stretch(at, at + took, what))
        at += took
    shown = condensed(stays, at, 50)
    assert len(shown) <= 2 * 50 + 2
    assert not shown or (shown[0].begin, shown[-1].end) == (0, at)
    assert all(one.end == other.begin for one, other in pairwise(shown))


def test_what_took_most_of_the_time_gives_its_name() -> None:
    stays = [Stretch(0, 3, "a"), Stretch(3, 9, "b"), Stretch(9, 10, "a"), Stretch(10, 1000, "c")]
    assert condensed(stays, 1000, 100) == [Stretch(0, 10, "b"), Stretch(10, 1000, "c")]


def test_of_many_points_the_highest_are_kept() -> None:
    points = [(at, float(at % 10)) for at in range(1000)]
    assert thinned(points, 1000, 100) == [(at, 9.0) for at in range(9, 1000, 10)]
    assert thinned(points[:50], 1000, 100) == points[:50]


@pytest.mark.parametrize(
    ("spans", "total"),
    [
        ([], 0),
        ([(0, 5)], 5),
        ([(0, 5), (3, 8)], 8),
        ([(0, 5), (5, 8)], 8),
        ([(0, 2), (4, 6), (1, 3)], 5),
        ([(10, 20), (0, 30)], 30),
    ],
)
def test_how_long_at_least_one_lasted(spans: list[tuple[int, int]], total: int) -> None:
    assert overlapped(spans) == total


def test_words() -> None:
    assert [moment(it) for it in (0, 61_000, 3_661_000)] == ["0:00", "1:01", "1:01:01"]
    assert [amount(it) for it in (0, 0.25, 3.5, 120, 12_345)] == [
        "0",
        "0.25",
        "3.5",
        "120",
        "12,345",
    ]
    assert [size(it) for it in (0, 1024, 512 * 2**20, 3 * 2**40)] == [
        "0 B",
        "1 KiB",
        "512 MiB",
        "3 TiB",
    ]
