"""Reading a session file while it is being written."""

from dataclasses import replace
from pathlib import Path

import pytest

from mop_tui.errors import JournalDamageError, JournalError, NotASessionError
from mop_tui.journal.following import GrowingJournal
from mop_tui.journal.reader import JournalFile
from sessions import agent, plan, play, task


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    """The lines of a whole session file."""
    what = plan(
        [agent("ann"), agent("ben")], [task("one", "ann"), task("two", "ben", needs=["one"])]
    )
    return play(what, tmp_path / "whole.jsonl").path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def path(tmp_path: Path, lines: list[bytes]) -> Path:
    """A session file with nothing but its header yet."""
    path = tmp_path / "it.jsonl"
    path.write_bytes(lines[0])
    return path


def add(path: Path, *pieces: bytes) -> None:
    with path.open("ab") as file:
        file.write(b"".join(pieces))


def test_what_is_written_later_is_read_later(path: Path, lines: list[bytes]) -> None:
    journal = GrowingJournal(path)
    assert journal.read() == []
    add(path, *lines[1:4])
    assert [event.seq for event in journal.read()] == [1, 2, 3]
    assert journal.read() == []
    add(path, *lines[4:])
    rest = journal.read()
    with JournalFile.open(path) as whole:
        assert rest == list(whole.events(4))
    assert journal.seq == len(lines) - 1
    journal.close()
    journal.close()


def test_a_line_is_no_event_before_it_is_complete(path: Path, lines: list[bytes]) -> None:
    journal = GrowingJournal(path)
    add(path, lines[1], lines[2][:20])
    assert [event.seq for event in journal.read()] == [1]
    add(path, lines[2][20:-1])
    assert journal.read() == []
    add(path, b"\n")
    assert [event.seq for event in journal.read()] == [2]
    journal.close()


def test_what_was_cut_off_and_written_again_is_read_once(path: Path, lines: list[bytes]) -> None:
    journal = GrowingJournal(path)
    add(path, lines[1], lines[2][:20])
    journal.read()
    path.write_bytes(b"".join(lines[:2]))
    assert journal.read() == []
    add(path, lines[2])
    assert [event.seq for event in journal.read()] == [2]
    journal.close()


def test_it_reads_no_further_than_it_is_told(path: Path, lines: list[bytes]) -> None:
    journal = GrowingJournal(path)
    add(path, *lines[1:])
    assert [event.seq for event in journal.read(until=2)] == [1, 2]
    assert journal.read(until=2) == []
    assert journal.read(until=3)[0].seq == 3
    journal.close()


def test_lines_longer_than_what_is_read_at_once_are_read(tmp_path: Path) -> None:
    long = replace(task("one", "ann"), title="long " * 100_000)
    what = plan([agent("ann")], [long])
    file = play(what, tmp_path / "it.jsonl").path
    journal = GrowingJournal(file)
    seen = [event.seq for events in iter(journal.read, []) for event in events]
    assert seen == list(range(1, len(seen) + 1))
    assert seen[-1] == file.read_bytes().count(b"\n") - 1
    journal.close()


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (slice(3, 4), "event 2 is not as it was written"),
        (slice(1, 2), "event 2 is not as it was written"),
    ],
    ids=["lost", "repeated"],
)
def test_damage_is_named_and_what_is_above_it_was_given(
    path: Path, lines: list[bytes], wrong: slice, found: str
) -> None:
    journal = GrowingJournal(path)
    add(path, lines[1], *lines[wrong])
    assert len(journal.read()) == 1
    for _ in range(2):
        with pytest.raises(JournalDamageError) as caught:
            journal.read()
        assert (caught.value.line, caught.value.found) == (3, found)
    journal.close()


def test_what_is_no_session_is_not_followed(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        GrowingJournal(tmp_path / "nothing.jsonl")
    (tmp_path / "other.jsonl").write_text("hello\n", encoding="utf-8")
    with pytest.raises(NotASessionError):
        GrowingJournal(tmp_path / "other.jsonl")
