"""Events become lines that any JSON reader understands, and come back as they were."""

import json
import math
import re

import pytest
from any_event import events_of, json_values, numbered
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from mop_tui.domain.events import (
    BY_KIND,
    AgentOutput,
    AnyEvent,
    Event,
    SystemMemorySet,
    SystemTimerFired,
    Unknown,
    UserExpired,
)
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionId, TaskId, TimerId
from mop_tui.journal import codec

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def memory(value: JsonValue) -> AnyEvent:
    return numbered([SystemMemorySet(MemoryKey("k"), value)])[0]


def output(*lines: str) -> AnyEvent:
    return numbered([AgentOutput(AgentId("a"), 1, TaskId("t"), lines)])[0]


@pytest.mark.parametrize("kind", sorted(BY_KIND))
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_every_kind_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    event = data.draw(events_of(kind))
    line, recorded = codec.encode(event)
    assert recorded == event
    assert codec.decode(line) == _of_stem(line) == event


@pytest.mark.parametrize("kind", sorted(BY_KIND))
@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_a_line_says_what_it_is_before_it_is_parsed(kind: str, data: st.DataObject) -> None:
    event = data.draw(events_of(kind))
    line, _ = codec.encode(event)
    assert codec.head(line) == (event.seq, event.at, event.kind, event.cause)
    parsed = json.loads(line)
    assert list(parsed) == ["seq", "at", "kind", "cause", "data"]
    assert (parsed["seq"], parsed["kind"]) == (event.seq, event.kind)


@settings(deadline=None)
@given(text=st.text(), value=json_values)
def test_no_character_of_a_line_can_move_a_cursor_or_end_the_line(
    text: str, value: JsonValue
) -> None:
    for event in (output(text), memory({text: value})):
        line, _ = codec.encode(event)
        assert not CONTROL.search(line.decode())


def test_controls_of_every_alphabet_are_escaped_and_come_back() -> None:
    text = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])) + "\u2028\u2029é✓\U0001f600"
    line, recorded = codec.encode(output(text))
    assert rb"\u0000" in line
    assert rb"\u001b" in line
    assert rb"\u007f\u0080" in line
    assert rb"\u009f\u2028\u2029" in line
    assert "é✓\U0001f600".encode() in line
    assert codec.decode(line) == recorded == output(text)


@pytest.mark.parametrize(
    ("given_text", "recorded_text"),
    [
        ("\ud800", "\ufffd"),
        ("before \udcff after\x9b", "before \ufffd after\x9b"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_lone_surrogates_are_recorded_as_replacement_characters(
    given_text: str, recorded_text: str
) -> None:
    line, recorded = codec.encode(output(given_text))
    assert recorded == codec.decode(line) == output(recorded_text)


@settings(deadline=None)
@given(st.text(st.characters(categories=["Cs", "Lu", "Cc"]), max_size=6))
def test_no_text_is_too_odd_to_be_recorded(text: str) -> None:
    for event in (output(text), memory({"nested": [text]}), memory({text: 1})):
        line, recorded = codec.encode(event)
        assert codec.decode(line) == recorded
        json.loads(line)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_has_no_word_for_are_recorded_as_null(number: float) -> None:
    line, recorded = codec.encode(memory({"a": [1.5, number], "b": "NaN"}))
    assert recorded == codec.decode(line) == memory({"a": [1.5, None], "b": "NaN"})
    assert b'"value":{"a":[1.5,null],"b":"NaN"}' in line


@pytest.mark.parametrize("text", ["NaN", "-Infinity", 'said: "NaN"'])
def test_words_that_look_like_such_numbers_stay_words(text: str) -> None:
    line, recorded = codec.encode(memory(text))
    assert recorded == codec.decode(line) == memory(text)


def test_a_value_nested_beyond_reason_is_refused() -> None:
    value: JsonValue = None
    for _ in range(5_000):
        value = [value]
    with pytest.raises(ValueError, match="depth"):
        codec.encode(memory(value))


@settings(deadline=None)
@given(fields=st.dictionaries(st.text(), json_values, max_size=4))
def test_a_kind_of_a_newer_version_is_kept_as_it_stands(fields: dict[str, JsonValue]) -> None:
    event = Event(8, 40, "agent.dreamt", 3, Unknown(fields))
    line, _ = codec.encode(event)
    assert json.loads(line)["data"] == fields
    assert codec.decode(line) == _of_stem(line) == event


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    line = (
        b'{"seq":1,"at":0,"kind":"system.timer_fired","cause":null,'
        b'"data":{"timer":"t","new":1},"new":2}'
    )
    assert codec.decode(line).data == SystemTimerFired(TimerId("t"))
    assert _of_stem(line) == codec.decode(line)


@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        (b'{"seq":1,"at":0,"kind":"system.timer_fired","cause":null,', b'"data":{"timer":1}}'),
        (b'{"seq":1,"at":0,"kind":"system.timer_fired","cause":null,', b'"data":{"timer":"t"}'),
        (b'{"seq":1,"at":0,"kind":"system.timer_fired","cause":null,', b'"data":{"timer":"t"}}}'),
        (b'{"seq":1,"at":07,"kind":"system.timer_fired","cause":null,', b'"data":{"timer":"t"}}'),
        (b'{"seq":01,"at":7,"kind":"system.timer_fired","cause":null,', b'"data":{"timer":"t"}}'),
        (b'{"seq":2,"at":7,"kind":"system.timer_fired","cause":01,', b'"data":{"timer":"t"}}'),
        (b'{"seq":1,"at":7,"kind":"n\xffw","cause":null,', b'"data":{"timer":"t"}}'),
        (b'{"seq":1,"at":7,"kind":"n\x01w","cause":null,', b'"data":{"timer":"t"}}'),
    ],
)
def test_a_line_read_by_its_parts_is_refused_as_the_whole_line_is(
    beginning: bytes, rest: bytes
) -> None:
    line = beginning + rest
    with pytest.raises(codec.UnreadableError) as whole:
        codec.decode(line)
    with pytest.raises(codec.UnreadableError) as parts:
        _of_stem(line)
    assert str(parts.value) == str(whole.value)


def _of_stem(line: bytes) -> AnyEvent:
    return codec.decode_stem(codec.decode_parts, line[:-1])


def test_what_cannot_be_understood_is_named_and_never_quoted() -> None:
    expired = UserExpired(QuestionId("q1"), "cancelled")
    line, _ = codec.encode(numbered([expired])[0])
    with pytest.raises(codec.UnreadableError) as caught:
        codec.decode(line.replace(b'"cancelled"', b'"hunter2"'))
    assert "data.outcome" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"at":0,"seq":1}', b"\xff\xfe"])
def test_what_does_not_begin_as_an_event_is_none(line: bytes) -> None:
    assert codec.head(line) is None
    with pytest.raises(codec.UnreadableError, match="begin"):
        codec.decode(line)
