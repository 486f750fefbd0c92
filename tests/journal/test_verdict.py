"""The verdict on a session file: intact, torn or damaged; ended or not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalError, NotASessionError
from mop_tui.journal import verify

Write = Callable[[list[AnyEvent]], Path]


def test_a_session_that_ended_is_intact_to_its_end(write: Write, story: list[AnyEvent]) -> None:
    path = write(story)
    verdict = verify(path)
    assert (verdict.state, verdict.ended, verdict.events, verdict.line) == ("intact", True, 8, None)
    assert verdict.exit_code == 0
    assert verdict.sentence == f"{path}: intact, 8 events, to its end."


def test_a_session_that_has_not_ended_is_intact_so_far(write: Write, story: list[AnyEvent]) -> None:
    verdict = verify(write(story[:5]))
    assert (verdict.state, verdict.ended, verdict.events) == ("intact", False, 5)
    assert verdict.exit_code == 0
    assert "so far" in verdict.sentence


def test_a_torn_session_names_its_last_line(write: Write, story: list[AnyEvent]) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes()[:-20])
    verdict = verify(path)
    assert (verdict.state, verdict.ended, verdict.events, verdict.line) == ("torn", False, 7, 9)
    assert verdict.exit_code == 2
    assert verdict.sentence == (
        f"{path}:9: cut short while it was written. Above it: 7 events, intact."
    )


def test_a_damaged_session_names_the_line(write: Write, story: list[AnyEvent]) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes().replace(b"half-way", b"half-gay"))
    verdict = verify(path)
    assert (verdict.state, verdict.ended, verdict.events, verdict.line) == ("damaged", False, 4, 6)
    assert verdict.exit_code == 2
    assert verdict.sentence.startswith(f"{path}:6: event 5 was changed after it was written.")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (1, "Nothing in this file can be trusted."),
        (2, "No event of it can be trusted."),
        (3, "The event above it is sound: `events --until-damage` reads it."),
        (9, "The 7 events above it are sound: `events --until-damage` reads them."),
    ],
)
def test_damage_says_what_can_still_be_read(
    write: Write, story: list[AnyEvent], line: int, advice: str
) -> None:
    path = write(story)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b",", b";", 1)
    path.write_bytes(b"".join(lines))
    verdict = verify(path)
    assert verdict.line == line
    assert verdict.sentence.endswith(advice)


def test_one_event_is_one_event(write: Write, story: list[AnyEvent]) -> None:
    assert "intact, 1 event, so far" in verify(write(story[:1])).sentence


def test_a_damaged_header_is_damage_of_the_first_line(write: Write, story: list[AnyEvent]) -> None:
    path = write(story)
    path.write_bytes(path.read_bytes().replace(b'"seed":7', b'"seed":8'))
    verdict = verify(path)
    assert (verdict.state, verdict.events, verdict.line) == ("damaged", 0, 1)
    assert verdict.exit_code == 2
    assert f"{path}:1: the header was changed" in verdict.sentence


def test_what_is_no_session_gets_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        verify(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("hello\n")
    with pytest.raises(NotASessionError, match=r"notes\.txt: is not a session"):
        verify(tmp_path / "notes.txt")
