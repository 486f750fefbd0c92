"""Any stretch of a session can be read, and only what is sound is believed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from any_event import numbered

from mop_tui.domain.events import AgentOutput, AnyEvent, Event, Unknown
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.errors import JournalDamageError, JournalError, NotASessionError
from mop_tui.journal import BufferedWriter, Header, JournalFile
from mop_tui.journal.codec import encode

Write = Callable[[list[AnyEvent]], Path]
Forge = Callable[[list[bytes]], Path]


@pytest.fixture
def many() -> list[AnyEvent]:
    """More than one block's worth of events of very different lengths."""
    return numbered(
        [
            AgentOutput(AgentId("a"), 1, TaskId("t"), ("é" * (seq * 37 % 4000),), dropped=seq)
            for seq in range(300)
        ]
        + [AgentOutput(AgentId("a"), 1, TaskId("t"), ("x" * 600_000,))]
        + [AgentOutput(AgentId("a"), 1, TaskId("t"), ("short",))] * 20
    )


def test_every_event_can_be_had_by_its_number(write: Write, many: list[AnyEvent]) -> None:
    with JournalFile.open(write(many)) as file:
        assert len(file) == file.length == len(many)
        for seq in (1, 2, 150, 300, 301, 302, len(many)):
            assert file.event(seq) == many[seq - 1]


@pytest.mark.parametrize("seq", [-1, 0, 9])
def test_there_is_no_event_outside_the_session(
    write: Write, story: list[AnyEvent], seq: int
) -> None:
    with JournalFile.open(write(story)) as file, pytest.raises(IndexError, match="it has 8"):
        file.event(seq)


def test_a_stretch_includes_both_its_ends(write: Write, many: list[AnyEvent]) -> None:
    with JournalFile.open(write(many)) as file:
        assert list(file) == many
        assert list(file.events()) == many
        for first, last in ((1, 1), (3, 7), (2, 301), (299, 302), (300, len(many))):
            assert list(file.events(first, last)) == many[first - 1 : last]


def test_a_stretch_beyond_the_session_is_what_there_is(write: Write, story: list[AnyEvent]) -> None:
    with JournalFile.open(write(story)) as file:
        assert list(file.events(-5, 2)) == story[:2]
        assert list(file.events(7, 99)) == story[6:]
        assert list(file.events(9)) == []
        assert list(file.events(5, 4)) == []


def test_an_empty_session_has_a_header_and_no_events(write: Write, header: Header) -> None:
    with JournalFile.open(write([])) as file:
        assert file.header == header
        assert (file.length, list(file), file.ended) == (0, [], False)


def test_a_session_is_read_as_it_was_when_it_was_opened(
    tmp_path: Path, header: Header, story: list[AnyEvent]
) -> None:
    journal = BufferedWriter(tmp_path / "s", header)
    for event in story[:3]:
        journal.append(event)
    journal.flush()
    with JournalFile.open(journal.path) as file:
        for event in story[3:]:
            journal.append(event)
        journal.close()
        assert list(file) == story[:3]
        assert not file.ended
    with JournalFile.open(journal.path) as file:
        assert list(file) == story
        assert file.ended


def test_a_last_line_without_line_feed_is_kept_if_it_is_whole(
    write: Write, story: list[AnyEvent]
) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes()[:-1])
    with JournalFile.open(path) as file:
        assert not file.torn
        assert list(file) == story
        assert file.event(8) == story[7]


def test_a_torn_last_line_is_noted_and_is_no_error(write: Write, story: list[AnyEvent]) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes()[:-2])
    with JournalFile.open(path) as file:
        assert file.torn
        assert file.damage is None
        assert list(file) == story[:-1]


def test_damage_stops_the_reader_unless_it_is_told_to_go_on_up_to_it(
    write: Write, story: list[AnyEvent]
) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes().replace(b"half-way", b"half-gay"))
    with pytest.raises(JournalDamageError, match=r"session\.jsonl:6: event 5 was changed") as error:
        JournalFile.open(path)
    assert error.value.line == 6
    assert "4 events above it are sound" in str(error.value)
    with JournalFile.open(path, until_damage=True) as file:
        assert list(file) == story[:4]
        assert file.damage is not None
        assert str(file.damage) == str(error.value)


def test_a_file_that_is_cut_while_it_is_read_is_not_waited_for(
    write: Write, story: list[AnyEvent]
) -> None:
    path = write(story)
    with JournalFile.open(path) as file:
        path.write_bytes(b"")
        with pytest.raises(JournalError, match="has become shorter"):
            file.event(1)


def test_fields_that_this_version_does_not_understand_are_named(
    forge: Forge, story: list[AnyEvent]
) -> None:
    lines = [encode(event)[0] for event in story]
    lines[4] = lines[4].replace(b'"percent":50', b'"percent":"a lot"')
    with JournalFile.open(forge(lines)) as file:
        assert list(file.events(1, 4)) == story[:4]
        with pytest.raises(JournalDamageError, match=r":6: data\.percent: .*integer"):
            file.event(5)
        assert list(file.events(6)) == story[5:]


def test_kinds_of_a_newer_version_are_kept_and_shown_as_such(
    forge: Forge, story: list[AnyEvent]
) -> None:
    lines = [encode(event)[0] for event in story]
    lines[4] = b'{"seq":5,"at":50,"kind":"agent.dreamt","cause":4,"data":{"of":["sheep"]}}'
    with JournalFile.open(forge(lines)) as file:
        assert list(file)[:4] == story[:4]
        assert file.event(5) == Event(5, 50, "agent.dreamt", 4, Unknown({"of": ["sheep"]}))
        assert list(file)[5:] == story[5:]


@pytest.mark.parametrize("content", [b"", b"hello\n", b"{}\n", b"\n", b"\x00" * 5000])
def test_another_file_is_not_a_session(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(NotASessionError, match="other: is not a session that can be read"):
        JournalFile.open(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none\.jsonl: cannot be read: No such file"):
        JournalFile.open(tmp_path / "none.jsonl")


def test_a_directory_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(NotASessionError, match="is a folder, not a session file"):
        JournalFile.open(tmp_path)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotASessionError, match="is a pipe, not a session file"):
        JournalFile.open(tmp_path / "pipe")


def test_closing_twice_is_once(write: Write, story: list[AnyEvent]) -> None:
    file = JournalFile.open(write(story))
    file.close()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.event(1)
