"""The encoder of `mop_tui.agent` says what `json` would."""

import json
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agent import encoded, line_of

if TYPE_CHECKING:
    from mop_tui.agent import Jsonable, JsonValue

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: "st.SearchStrategy[JsonValue]" = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda parts: st.lists(parts) | st.dictionaries(TEXT, parts),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_encoded_is_decoded_to_the_same(value: "JsonValue") -> None:
    assert json.loads(encoded(value)) == value


@given(TEXT)
def test_a_line_is_one_line_however_lines_are_split(text: str) -> None:
    line = line_of("output", {"value": text}).decode()
    assert line.splitlines(keepends=True) == [line]
    assert line.removesuffix("\n").isprintable() or not text.isprintable()


def test_kinds_of_texts_and_numbers_are_said_as_such() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Level(IntEnum):
        HIGH = 3

    assert encoded([Colour.RED, Level.HIGH, (1, True)]) == '["red",3,[1,true]]'


def test_halves_of_characters_do_not_break_the_line() -> None:
    assert json.loads(line_of("output", {"value": "a\udcffb"})) == {"mop": "output", "value": "a?b"}


@pytest.mark.parametrize("value", [object(), {1: 2}, {"a": [b"bytes"]}, {1, 2}])
def test_what_json_cannot_say_is_the_callers_mistake(value: "Jsonable") -> None:
    with pytest.raises(TypeError):
        encoded(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_does_not_know_are_the_callers_mistake(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encoded(value)
