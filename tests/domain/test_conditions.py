"""Conditions compare as a reader would, and never fail, whatever is found."""

import pytest
from any_event import json_values
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mop_tui.domain.conditions import Condition, Operator, Scalar, unmet

SCALARS: st.SearchStrategy[Scalar] = (
    st.text(max_size=3)
    | st.integers(-3, 3)
    | st.booleans()
    | st.floats(-3, 3, allow_nan=False).map(lambda number: round(number, 1))
)
NUMBERS = st.integers(-3, 3) | st.floats(-3, 3, allow_nan=False)


@pytest.mark.parametrize(
    ("found", "operator", "values", "holds"),
    [
        (1, "eq", (1.0,), True),
        (True, "eq", (1,), False),
        (1, "eq", (True,), False),
        ("1", "eq", (1,), False),
        (None, "eq", ("",), False),
        (None, "ne", ("x",), True),
        ([1], "ne", (1,), True),
        ("b", "in", ("a", "b"), True),
        (None, "in", ("a", "b"), False),
        (3, "ge", (3,), True),
        (3, "gt", (3,), False),
        ("4", "gt", (3,), False),
        (True, "ge", (0,), False),
        (None, "lt", (3,), False),
    ],
)
def test_it_compares(
    found: JsonValue, operator: Operator, values: tuple[Scalar, ...], holds: bool
) -> None:
    assert Condition("path", operator, values).holds(found) is holds


@given(found=json_values, value=SCALARS)
def test_whatever_is_found_it_is_either_equal_or_not(found: JsonValue, value: Scalar) -> None:
    equal = Condition("p", "eq", (value,)).holds(found)
    assert Condition("p", "ne", (value,)).holds(found) is not equal
    assert Condition("p", "in", (value,)).holds(found) is equal


@given(found=NUMBERS, value=NUMBERS)
def test_numbers_are_in_order(found: float, value: float) -> None:
    def holds(operator: Operator) -> bool:
        return Condition("p", operator, (value,)).holds(found)

    assert [holds("lt"), holds("eq"), holds("gt")].count(True) == 1
    assert holds("le") is (holds("lt") or holds("eq"))
    assert holds("ge") is not holds("lt")


@given(found=json_values, value=SCALARS)
def test_what_is_no_number_is_in_no_order(found: JsonValue, value: Scalar) -> None:
    number = [isinstance(it, int | float) and not isinstance(it, bool) for it in (found, value)]
    if not all(number):
        orders: list[Operator] = ["lt", "le", "gt", "ge"]
        assert not any(Condition("p", order, (value,)).holds(found) for order in orders)


def test_the_first_that_does_not_hold_is_named() -> None:
    wanted = (
        Condition("a", "eq", (1,)),
        Condition("b", "ge", (2,)),
        Condition("c", "eq", (3,)),
    )
    there: dict[str, JsonValue] = {"a": 1, "b": 1}
    assert unmet(wanted, there.get) == (wanted[1], 1)
    assert unmet(wanted[:1], there.get) is None
    assert wanted[1].wanted == "at least 2"


def test_what_is_wanted_is_said_as_it_is_written_in_a_layout() -> None:
    assert Condition("p", "gt", (1.0,)).wanted == "more than 1"
    assert Condition("p", "in", (0.5, True, "True")).wanted == "one of 0.5, true, True"
