"""What questions may be answered with."""

import pytest

from mop_tui.domain.answers import Validation, objection
from mop_tui.domain.patterns import LONGEST_SUBJECT


@pytest.mark.parametrize("value", ["0", "-7", "+1", "3.25", "1e3", "6.02E+23", "007"])
def test_a_number_is_written_plainly(value: str) -> None:
    assert objection(value, "input", input_type="number") == ""


@pytest.mark.parametrize(
    "value", ["1_000", "nan", "inf", "1e999", " 1", "1 ", "0x10", "\u0661", "1.", ".5", "1,5", "-"]
)
def test_what_is_written_otherwise_is_no_number(value: str) -> None:
    assert objection(value, "input", input_type="number") == "a number is expected"


def test_no_more_is_matched_with_a_pattern_than_its_steps_were_counted_for() -> None:
    want = Validation(pattern="a*")
    assert objection("a" * LONGEST_SUBJECT, "input", validation=want) == ""
    too_long = objection("a" * (LONGEST_SUBJECT + 1), "input", validation=want)
    assert too_long == "at most 512 characters are allowed"
    assert objection("a" * (LONGEST_SUBJECT + 1), "input") == ""
