import pytest
from pydantic import TypeAdapter, ValidationError

from mop_tui.layout import values

REGEX: TypeAdapter[str] = TypeAdapter(values.Regex)
PROGRESS: TypeAdapter[str] = TypeAdapter(values.ProgressRegex)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(" * 900, "nested too deep"),
        ("a{99999999999999}", "the repetition number is too large"),
        ("(?a)(?u)x", "ASCII and UNICODE flags are incompatible"),
        ("(?\x1bx)", r"unknown extension \?\? at position 1"),
        ("[[a]", "Possible nested set at position 1"),
        ("x**", "multiple repeat at position 2"),
        ("a" * 1_001, "at most 1000 characters"),
    ],
)
def test_what_cannot_be_compiled_for_good_is_no_regular_expression(pattern: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        REGEX.validate_python(pattern)


@pytest.mark.parametrize("pattern", ["a*" * 30 + "b", "(a+)+", ".*a.*b.*c.*d", r"(\w+\s?)*$"])
def test_a_regular_expression_that_may_take_for_ever_is_none(pattern: str) -> None:
    with pytest.raises(ValidationError, match="may take for ever"):
        REGEX.validate_python(pattern)


@pytest.mark.parametrize("pattern", [r"(\d+)%", r"(\d+) of (\d+)", r"(?:a|b) (?P<done>\d+)"])
def test_one_group_or_two_measure_progress(pattern: str) -> None:
    assert PROGRESS.validate_python(pattern) == pattern


@pytest.mark.parametrize("pattern", [r"\d+", r"(?:\d+)", r"(a)(b)(c)"])
def test_no_group_and_three_do_not(pattern: str) -> None:
    with pytest.raises(ValidationError, match="group"):
        PROGRESS.validate_python(pattern)
