"""What earlier versions recorded can be read, and what later ones did is not guessed at."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent, Unknown
from mop_tui.domain.fold import apply
from mop_tui.domain.session import Session
from mop_tui.journal import JournalFile, verify
from mop_tui.journal.codec import encode
from mop_tui.journal.upcast import DECODERS, is_later

FIXTURES = Path(__file__).with_name("fixtures")
FOLDS_TO = {"mop-session/1": "353ed41340813568"}
"""The digest of the state that each format's fixture ends in."""

Forge = Callable[[list[bytes]], Path]


def fixture_of(written_as: str) -> Path:
    return FIXTURES / f"{written_as.replace('/', '-')}.jsonl"


@pytest.mark.parametrize("written_as", DECODERS)
def test_a_file_of_every_format_reads_and_folds_to_what_it_did(written_as: str) -> None:
    path = fixture_of(written_as)
    verdict = verify(path)
    assert (verdict.state, verdict.ended) == ("intact", True)
    session = Session()
    with JournalFile.open(path) as file:
        assert file.header.format == written_as
        for event in file:
            assert not isinstance(event.data, Unknown)
            apply(session, event)
    assert session.next_digest() == FOLDS_TO[written_as]


def test_the_fixture_of_the_first_format_tells_of_most_that_happens() -> None:
    with JournalFile.open(fixture_of("mop-session/1")) as file:
        kinds = Counter(event.kind for event in file)
    assert len(kinds) > 20
    assert kinds["user.answered"] == 3
    assert kinds["system.ended"] == 1


@pytest.mark.parametrize(
    ("written_as", "later"),
    [
        ("mop-session/1", False),
        ("mop-session/2", True),
        ("mop-session/10", True),
        ("mop-session/0", False),
        ("mop-session/x", False),
        ("mop-session/" + "9" * 5000, False),
        ("mop-session/\u00b2", False),
        ("other/2", False),
        ("", False),
    ],
)
def test_only_a_higher_number_is_a_later_format(written_as: str, later: bool) -> None:
    assert is_later(written_as) is later


def test_a_field_that_is_unknown_is_passed_over_and_a_missing_one_has_its_default(
    forge: Forge, story: list[AnyEvent]
) -> None:
    lines = [encode(event)[0] for event in story]
    lines[4] = lines[4].replace(b'"percent":', b'"colour":"red","percent":')
    lines[6] = lines[6].replace(b',"note":""', b"")
    assert b"note" not in lines[6]
    with JournalFile.open(forge(lines)) as file:
        assert list(file) == story
