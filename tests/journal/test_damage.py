"""Whatever happens to a session file is found, and the line where it happened is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from any_event import numbered
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import damage
from mop_tui.domain.events import AgentOutput, AnyEvent
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.errors import NotASessionError
from mop_tui.journal import BufferedWriter, Header, JournalFile, Verdict, verify
from mop_tui.journal.codec import encode

Write = Callable[[list[AnyEvent]], Path]
Forge = Callable[[list[bytes]], Path]
Hurt = Callable[[list[bytes]], list[bytes]]


class Patient:
    """A journal of twelve events, some alike but for their number, to be damaged and examined."""

    def __init__(self, path: Path) -> None:
        self._path = path
        started = "2025-01-02T03:04:05Z"
        header = Header({"session": {"id": "demo"}}, 7, Mode.LIVE, "demo-1", started, {}, "ada")
        journal = BufferedWriter(path, header)
        texts = ["same", "same", "é", "", "x\n\x9b", "same", "NaN", "\u2028", "0", "1", "same", "."]
        self.events = numbered(
            [AgentOutput(AgentId("a"), 1, TaskId("t"), (text,)) for text in texts]
        )
        for event in self.events:
            journal.append(event)
        journal.close()
        self.bytes = path.read_bytes()
        self.lines = self.bytes.splitlines(keepends=True)

    def examined(self, damaged: bytes) -> Verdict:
        """What `verify` says of these bytes; a header beyond recognition is damage of line 1."""
        self._path.write_bytes(damaged)
        try:
            return verify(self._path)
        except NotASessionError as error:
            return Verdict("damaged", 0, ended=False, line=1, sentence=str(error))

    def sound_part(self, damaged: bytes) -> list[AnyEvent]:
        """The events that can be read in spite of the damage."""
        self._path.write_bytes(damaged)
        with JournalFile.open(self._path, until_damage=True) as file:
            return list(file)

    def line_of(self, place: int) -> int:
        """The number of the line that byte `place` is in."""
        return self.bytes.count(b"\n", 0, place) + 1


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Patient:
    return Patient(tmp_path_factory.mktemp("damage") / "session.jsonl")


def test_the_untouched_file_is_intact(patient: Patient) -> None:
    assert patient.examined(patient.bytes) == Verdict(
        "intact",
        12,
        ended=False,
        line=None,
        sentence=f"{patient._path}: intact, 12 events, so far: it still runs, or was cut short.",
    )


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_a_flipped_bit_anywhere_is_found_and_its_line_named(patient: Patient, flip: int) -> None:
    last_byte = len(patient.bytes) - 1
    for place in range(last_byte):
        damaged = bytearray(patient.bytes)
        damaged[place] ^= flip
        verdict = patient.examined(bytes(damaged))
        assert (verdict.state, verdict.line) == ("damaged", patient.line_of(place)), place
    unterminated = bytearray(patient.bytes)
    unterminated[last_byte] ^= flip
    verdict = patient.examined(bytes(unterminated))
    assert (verdict.state, verdict.line, verdict.events) == ("torn", 13, 11)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_other_byte_in_place_of_one_is_found(patient: Patient, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(patient.bytes) - 2))
    byte = data.draw(st.sampled_from([*b'\n\r"{}0123456789abcdef', *range(256)]))
    damaged = bytearray(patient.bytes)
    damaged[place] = byte
    verdict = patient.examined(bytes(damaged))
    if damaged == patient.bytes:
        assert verdict.state == "intact"
    else:
        assert (verdict.state, verdict.line) == ("damaged", patient.line_of(place))


def test_a_file_cut_anywhere_is_torn_or_ends_with_a_whole_line(patient: Patient) -> None:
    header = len(patient.lines[0])
    for length in range(len(patient.bytes)):
        part = patient.bytes[:length]
        verdict = patient.examined(part)
        if length < header - 1:
            assert (verdict.state, verdict.line) == ("damaged", 1)
            continue
        whole = max(patient.bytes.count(b"\n", 0, length + 1) - 1, 0)
        at_the_end_of_a_line = patient.bytes[length : length + 1] == b"\n" or part.endswith(b"\n")
        assert verdict.events == whole
        assert verdict.state == ("intact" if at_the_end_of_a_line else "torn")
        assert verdict.line == (None if at_the_end_of_a_line else whole + 2)
        assert patient.sound_part(part) == patient.events[:whole]


def test_what_stands_above_the_damage_can_be_read(patient: Patient) -> None:
    for line in range(2, 14):
        lines = list(patient.lines)
        lines[line - 1] = lines[line - 1].replace(b'"a"', b'"b"')
        assert patient.sound_part(b"".join(lines)) == patient.events[: line - 2]


def lost(first: int, last: int) -> Hurt:
    """Events `first` to `last` are taken out."""
    return lambda lines: lines[:first] + lines[last + 1 :]


def repeated(seq: int, after: int) -> Hurt:
    """Event `seq` stands a second time behind event `after`."""
    return lambda lines: [*lines[: after + 1], lines[seq], *lines[after + 1 :]]


def swapped(one: int, other: int) -> Hurt:
    """Two events have changed places."""

    def swap(lines: list[bytes]) -> list[bytes]:
        lines = list(lines)
        lines[one], lines[other] = lines[other], lines[one]
        return lines

    return swap


def edited(seq: int, old: bytes, new: bytes) -> Hurt:
    """Something in event `seq` was rewritten."""
    return lambda lines: [*lines[:seq], lines[seq].replace(old, new, 1), *lines[seq + 1 :]]


@pytest.mark.parametrize(
    ("hurt", "line", "found"),
    [
        (lost(1, 1), 2, "event 1 is lost: here stands event 2"),
        (lost(5, 5), 6, "event 5 is lost: here stands event 6"),
        (lost(11, 11), 12, "event 11 is lost: here stands event 12"),
        (lost(3, 6), 4, "events 3 to 6 are lost: here stands event 7"),
        (repeated(5, 5), 7, "event 5 is repeated where event 6 should follow"),
        (repeated(2, 9), 11, "event 2 is repeated where event 10 should follow"),
        (repeated(12, 12), 14, "event 12 is repeated where event 13 should follow"),
        (swapped(1, 2), 2, "event 1 was moved one line down: here stands event 2"),
        (swapped(4, 9), 5, "event 4 was moved 5 lines down: here stands event 9"),
        (swapped(11, 12), 12, "event 11 was moved one line down: here stands event 12"),
        (edited(3, b'"task":"t"', b'"task":"u"'), 4, "event 3 was changed after it was written"),
        (edited(12, b'"."', b'","'), 13, "event 12 was changed after it was written"),
        (edited(4, b'"chain":"', b'"chain":"0'), 5, "event 4 was changed after it was written"),
        (edited(6, b'"seq":6', b'"seq":9'), 7, "event 6 was changed after it was written"),
        (edited(6, b'"seq":6', b'"seq":1'), 7, "event 6 was changed after it was written"),
        (edited(12, b'"seq":12', b'"seq":13'), 13, "event 12 was changed after it was written"),
        (edited(7, b"{", b""), 8, "event 7 was changed after it was written: it no longer reads"),
        (edited(7, b"\n", b""), 8, "event 7 was changed after it was written"),
        (edited(7, b"\n", b"\r\n"), 8, "event 7 was changed after it was written"),
        (edited(7, b"\n", b"\n\n"), 9, "event 8 was changed after it was written: it no longer"),
    ],
)
def test_an_accident_is_told_by_its_name(
    patient: Patient, hurt: Hurt, line: int, found: str
) -> None:
    verdict = patient.examined(b"".join(hurt(patient.lines)))
    assert (verdict.state, verdict.line, verdict.events) == ("damaged", line, line - 2)
    assert verdict.sentence.startswith(f"{patient._path}:{line}: {found}")


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_lines_in_any_other_order_or_number_are_damage_at_the_first_that_differs(
    patient: Patient, data: st.DataObject
) -> None:
    numbers = data.draw(st.lists(st.integers(1, 12), max_size=14) | st.permutations(range(1, 13)))
    verdict = patient.examined(b"".join(patient.lines[n] for n in [0, *numbers]))
    sound = next((k for k, n in enumerate(numbers) if n != k + 1), len(numbers))
    assert verdict.events == sound
    if sound == len(numbers):
        assert verdict.state == "intact"
    else:
        assert (verdict.state, verdict.line) == ("damaged", sound + 2)


def test_a_session_without_its_header_is_no_session(patient: Patient) -> None:
    assert patient.examined(b"".join(patient.lines[1:])).line == 1


def test_a_line_of_another_session_does_not_fit(
    patient: Patient, write: Write, story: list[AnyEvent]
) -> None:
    stranger = write(story).read_bytes().splitlines(keepends=True)[4]
    verdict = patient.examined(b"".join([*patient.lines[:4], stranger, *patient.lines[5:]]))
    assert (verdict.state, verdict.line) == ("damaged", 5)
    assert "event 4 was changed" in verdict.sentence


def test_numbers_with_a_gap_are_damage_even_if_rightly_chained(
    forge: Forge, story: list[AnyEvent]
) -> None:
    lines = [encode(event)[0] for event in story]
    verdict = verify(forge([*lines[:3], *lines[4:]]))
    assert (verdict.state, verdict.line) == ("damaged", 5)
    assert "event 4 was written under another number" in verdict.sentence


@pytest.mark.parametrize("cause", [b"0", b"4", b"5"])
def test_a_cause_that_does_not_lie_before_is_damage_even_if_rightly_chained(
    forge: Forge, story: list[AnyEvent], cause: bytes
) -> None:
    lines = [encode(event)[0] for event in story]
    lines[3] = lines[3].replace(b'"cause":3', b'"cause":' + cause)
    verdict = verify(forge(lines))
    assert (verdict.state, verdict.line) == ("damaged", 5)
    assert f"names event {cause.decode()} as its cause" in verdict.sentence


def test_samples_of_all_accidents_are_told_as_they_were_from_the_shell_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage.main(["--every", "211", "--shell", "25"])
    said = capsys.readouterr().out
    assert "told wrongly: 0" in said
    for kind in ("cut", "zeroed", "lines lost", "lines doubled", "lines swapped", "flipped"):
        assert f"{kind}: " in said
    assert "may not be read: exit 2, : cannot be read: Permission denied." in said
