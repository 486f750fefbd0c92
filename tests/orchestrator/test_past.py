"""All events of a running session can be had, those too that are no longer in memory."""

from collections import deque
from pathlib import Path

import pytest
from any_event import numbered

from mop_tui.domain.events import AnyEvent, SystemMemorySet
from mop_tui.domain.feed import EventFilter
from mop_tui.domain.ids import MemoryKey
from mop_tui.domain.plan import Mode
from mop_tui.journal import BufferedWriter, Header
from mop_tui.orchestrator.past import Past

EVENTS = numbered([SystemMemorySet(MemoryKey(f"key-{n}"), n) for n in range(500)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session file with all events."""
    path = tmp_path / "s.jsonl"
    writer = BufferedWriter(
        path, Header({}, seed=1, mode=Mode.LIVE, run="r", started="2025-01-02T03:04:05+00:00")
    )
    for event in EVENTS:
        writer.append(event)
    writer.close()
    return path


@pytest.fixture
def recent() -> deque[AnyEvent]:
    """The end of it, which is in memory."""
    return deque(EVENTS[400:])


@pytest.mark.parametrize(("after", "limit"), [(0, 10), (390, 20), (399, 5), (400, 5), (498, 9)])
def test_memory_and_file_are_one_past(
    path: Path, recent: deque[AnyEvent], after: int, limit: int
) -> None:
    assert Past(path, recent).events(after, limit, None) == EVENTS[after : after + limit]


def test_a_filter_reaches_both(path: Path, recent: deque[AnyEvent]) -> None:
    past = Past(path, recent)
    assert past.events(0, 1000, EventFilter(kind="system")) == EVENTS
    assert past.events(0, 1000, EventFilter(kind="task")) == []


def test_nothing_has_happened_before_the_first_event(path: Path) -> None:
    assert list(Past(path, deque()).events(0, 10, None)) == []


def test_what_cannot_be_read_is_left_out(path: Path, recent: deque[AnyEvent]) -> None:
    path.unlink()
    assert Past(path, recent).events(0, 1000, None) == EVENTS[400:]
