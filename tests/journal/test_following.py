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


def test_any_event_is_found_by_its_number_however_far_it_was_read(
    path: Path, lines: list[bytes]
) -> None:
    journal = GrowingJournal(path)
    assert journal.event(1) is None
    add(path, *lines[1:6])
    journal.read(until=2)
    with JournalFile.open(path) as whole:
        assert [journal.event(seq) for seq in range(1, 6)] == list(whole)
    assert (journal.event(0), journal.event(6)) == (None, None)
    add(path, *lines[6:])
    found = journal.event(len(lines) - 1)
    assert found is not None
    assert found.kind == "system.ended"
    journal.close()


def test_an_event_that_is_not_written_to_its_end_is_not_found(
    path: Path, lines: list[bytes]
) -> None:
    journal = GrowingJournal(path)
    add(path, *lines[1:4], lines[4][:-1])
    assert journal.event(4) is None
    assert journal.event(3) is not None
    add(path, b"\n")
    assert journal.event(4) is not None
    journal.close()


def test_events_among_lines_of_any_length_are_found(tmp_path: Path) -> None:
    tasks = [
        replace(task(f"t{n}", "ann"), title="long " * length)
        for n, length in enumerate([0, 1_000, 1, 30_000, 700, 800, 900, 2])
    ]
    file = play(plan([agent("ann")], tasks), tmp_path / "it.jsonl").path
    journal = GrowingJournal(file)
    with JournalFile.open(file) as whole:
        for event in whole:
            assert journal.event(event.seq) == event
    journal.close()


def test_what_makes_no_sense_is_not_found_and_does_no_harm(path: Path, lines: list[bytes]) -> None:
    journal = GrowingJournal(path)
    add(path, *lines[1:3], b"no event\n", b'{"seq":4,"at":0,"kind":"x","cause":null,"data":?}\n')
    assert journal.event(1) is not None
    assert journal.event(3) is None
    assert journal.event(4) is None
    journal.close()
    assert journal.event(1) is None, "the file was let go of"


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
