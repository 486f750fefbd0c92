"""The header holds what a session was made from, and nothing of it can change unnoticed."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest
from any_event import json_values
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode
from mop_tui.journal.chain import hash64
from mop_tui.journal.codec import UnreadableError
from mop_tui.journal.header import (
    ForeignError,
    Header,
    decode_header,
    encode_header,
)
from mop_tui.journal.upcast import FORMAT

HEADER = Header(
    layout={"session": {"id": "demo"}, "tasks": {"b": {}, "a": {"needs": ["b"]}}},
    seed=7,
    mode=Mode.LIVE,
    run="demo-1",
    started="2025-11-06T14:30:00+01:00",
    versions={"mop-tui": "0.1.0"},
    user="ada",
    host="engine",
    paths={"layout": "demo.yaml"},
)


@settings(deadline=None)
@given(
    layout=st.dictionaries(st.text(), json_values, max_size=4),
    seed=st.integers(),
    texts=st.lists(st.text(), min_size=3, max_size=3),
    started=st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
)
def test_a_header_comes_back_as_it_was(
    layout: dict[str, JsonValue], seed: int, texts: list[str], started: str
) -> None:
    run, user, path = texts
    header = Header(layout, seed, Mode.REHEARSAL, run, started, {}, user, "", {path: path})
    line = encode_header(header)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode_header(line[:-1]) == header


def test_an_outlook_comes_back_and_does_not_matter_for_the_beginning() -> None:
    outlook = Outlook(7, {TaskId("b"): 5}, {QuestionName("sure"): 9}, 0.5, 2.0, 0.75)
    header = replace(HEADER, outlook=outlook)
    assert decode_header(encode_header(header)[:-1]) == header
    assert header.genesis == HEADER.genesis
    without = replace(HEADER, outlook=Outlook(3))
    assert decode_header(encode_header(without)[:-1]) == without


@pytest.mark.parametrize(
    "outlook",
    [
        Outlook(3, {TaskId("b"): -1}),
        Outlook(3, {TaskId("b"): 1 << 62}),
        Outlook(3, {}, {QuestionName("sure"): -1}),
        Outlook(-1),
        Outlook(3, low=2.0, high=0.5, coverage=0.8),
        Outlook(3, low=0.5, high=1e300, coverage=0.8),
        Outlook(3, low=0.5, high=2.0, coverage=7),
        Outlook(3, low=0.5, coverage=0.8),
    ],
)
def test_what_cannot_be_expected_counts_as_nothing(outlook: Outlook) -> None:
    line = encode_header(replace(HEADER, outlook=outlook))[:-1]
    assert decode_header(line) == HEADER


def test_what_is_no_number_cannot_be_expected() -> None:
    outlook = Outlook(3, low=0.125, high=2.0, coverage=0.5)
    stem = encode_header(replace(HEADER, outlook=outlook)).partition(b',"seal":')[0]
    assert decode_header(sealed(stem)).outlook == outlook
    assert decode_header(sealed(stem.replace(b"0.125", b"NaN"))) == HEADER


@pytest.mark.parametrize("started", ["", "2025", "2025-01-02T03:04:05", "tomorrow", "9" * 99])
def test_a_start_at_no_time_is_named(started: str) -> None:
    line = encode_header(replace(HEADER, started=started))[:-1]
    with pytest.raises(UnreadableError, match="started cannot be read"):
        decode_header(line)


def test_the_first_line_is_json_that_names_format_and_genesis() -> None:
    fields = json.loads(encode_header(HEADER))
    assert fields["format"] == FORMAT == "mop-session/1"
    assert fields["genesis"] == HEADER.genesis
    assert (fields["seed"], fields["mode"], fields["layout"]) == (7, "live", HEADER.layout)


@pytest.mark.parametrize(
    "other",
    [
        replace(HEADER, seed=8),
        replace(HEADER, layout={}),
        replace(HEADER, layout={**HEADER.layout, "limits": {}}),
        replace(HEADER, layout=dict(reversed(HEADER.layout.items()))),
    ],
)
def test_another_layout_or_seed_is_another_beginning(other: Header) -> None:
    assert other.genesis != HEADER.genesis


def test_who_ran_it_where_and_when_does_not_matter_for_the_beginning() -> None:
    other = Header(HEADER.layout, HEADER.seed, Mode.REHEARSAL, "r2", "2026-01-01T00:00:00Z")
    assert other.genesis == HEADER.genesis


def test_the_beginning_is_the_same_under_every_hash_seed() -> None:
    program = (
        "from mop_tui.journal.header import Header\n"
        "from mop_tui.domain.plan import Mode\n"
        f"print(Header({HEADER.layout!r}, 7, Mode.LIVE, '', '').genesis)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {HEADER.genesis}


def test_any_changed_byte_of_a_header_is_noticed() -> None:
    line = encode_header(HEADER)[:-1]
    for place in range(len(line)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(line)
            changed[place] ^= flip
            with pytest.raises((UnreadableError, ForeignError)):
                decode_header(bytes(changed))


def sealed(stem: bytes) -> bytes:
    return stem + b',"seal":"%b"}' % hash64(stem).encode()


def test_a_seed_that_was_edited_and_sealed_again_does_not_fit_the_genesis() -> None:
    stem = encode_header(HEADER).partition(b',"seal":')[0]
    assert decode_header(sealed(stem)) == HEADER
    with pytest.raises(UnreadableError, match="genesis"):
        decode_header(sealed(stem.replace(b'"seed":7', b'"seed":8')))


def test_a_newer_format_is_named_and_not_guessed_at() -> None:
    with pytest.raises(ForeignError, match=r"later version.*session/2.*reads mop-session/1"):
        decode_header(sealed(b'{"format":"mop-session/2","more":true'))


@pytest.mark.parametrize(
    "stem",
    [b"hello", b'{"format":"mop-session/1",' + b"[" * 5000, b'{"seed":' + b"9" * 5000, b"\xff"],
)
def test_a_seal_does_not_make_json_of_what_is_none(stem: bytes) -> None:
    with pytest.raises(UnreadableError, match="is not JSON that can be read"):
        decode_header(sealed(stem))


@pytest.mark.parametrize("line", [b"", b"{}", b"hello", b'{"format":"other/1"}', b"\x00" * 40])
def test_something_else_is_not_a_session(line: bytes) -> None:
    with pytest.raises(ForeignError):
        decode_header(line)


def test_a_path_that_cannot_be_decoded_does_not_prevent_recording() -> None:
    header = replace(HEADER, paths={"layout": "caf\udce9.yaml"})
    assert decode_header(encode_header(header)[:-1]).paths == {"layout": "caf\ufffd.yaml"}
