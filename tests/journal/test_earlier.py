"""Any stretch of a session file that is being written can be read, without an index of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from any_event import numbered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mop_tui.domain.events import AgentOutput, AnyEvent
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.errors import JournalDamageError, JournalError
from mop_tui.journal.codec import encode
from mop_tui.journal.earlier import EarlierEvents

Write = Callable[[list[AnyEvent]], Path]


def outputs(*lengths: int) -> list[AnyEvent]:
    return numbered(
        [AgentOutput(AgentId("a"), 1, TaskId("t"), ("x" * length,)) for length in lengths]
    )


@pytest.fixture
def many() -> list[AnyEvent]:
    """Several blocks of events of very different lengths, one of which fills several blocks."""
    return outputs(*(seq * 37 % 4000 for seq in range(300)), 600_000, *[5] * 2000)


def test_a_stretch_includes_both_its_ends(write: Write, many: list[AnyEvent]) -> None:
    earlier = EarlierEvents(write(many))
    for first, last in ((1, 1), (3, 7), (2, 301), (299, 302), (301, 301), (1500, len(many))):
        assert list(earlier.events(first, last)) == many[first - 1 : last]


def test_a_stretch_beyond_what_is_written_is_what_there_is(
    write: Write, many: list[AnyEvent]
) -> None:
    earlier = EarlierEvents(write(many))
    assert list(earlier.events(-5, 2)) == many[:2]
    assert list(earlier.events(len(many), len(many) + 9)) == many[-1:]
    assert list(earlier.events(len(many) + 1, len(many) + 9)) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    lengths=st.lists(st.sampled_from([0, 10, 3000, 70_000, 200_000]), min_size=1, max_size=12),
    data=st.data(),
)
def test_every_stretch_of_every_file_is_found(
    tmp_path: Path, write: Write, lengths: list[int], data: st.DataObject
) -> None:
    for left in tmp_path.glob("*.jsonl"):
        left.unlink()
    events = outputs(*lengths)
    earlier = EarlierEvents(write(events))
    first = data.draw(st.integers(1, len(events)))
    last = data.draw(st.integers(first, len(events)))
    assert list(earlier.events(first, last)) == events[first - 1 : last]


def test_what_is_written_later_is_found_and_half_a_line_is_not(
    write: Write, many: list[AnyEvent]
) -> None:
    path = write(many[:100])
    earlier = EarlierEvents(path)
    line = encode(many[100])[0]
    with path.open("ab") as file:
        file.write(line[:-5])
    assert list(earlier.events(100, 200)) == many[99:100]
    with path.open("ab") as file:
        file.write(line[-5:] + b"\n")
    assert list(earlier.events(100, 200)) == many[99:101]


def test_a_file_that_is_gone_or_senseless_is_told(write: Write, many: list[AnyEvent]) -> None:
    path = write(many[:3])
    earlier = EarlierEvents(path)
    path.write_bytes(path.read_bytes().replace(b'"incarnation":1', b'"incarnation":{}'))
    with pytest.raises(JournalDamageError, match="incarnation"):
        list(earlier.events(1, 3))
    path.unlink()
    with pytest.raises(JournalError, match="cannot be read"):
        list(earlier.events(1, 3))
