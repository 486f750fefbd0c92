"""What is recorded can be relied upon, and recording never holds anybody up."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Barrier, Event, Thread
from time import monotonic

import pytest
from any_event import histories, numbered
from hypothesis import HealthCheck, given, settings

from mop_tui.domain.events import AgentOutput, AnyEvent
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.errors import JournalError
from mop_tui.journal import BufferedWriter, Header, Journal, JournalFile, JournalWriter, verify

LONG = 3600.0
PATIENCE = 20.0

Make = Callable[[Path, Header], Journal]
both = pytest.mark.parametrize("make", [JournalWriter, BufferedWriter])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


@pytest.fixture
def news() -> Queue[int]:
    """What was told to be durable, in the order in which it was told."""
    return Queue()


@pytest.fixture
def patient(path: Path, header: Header, news: Queue[int]) -> Iterator[JournalWriter]:
    """A journal that leaves telemetry waiting for an hour."""
    journal = JournalWriter(path, header, on_durable=news.put, telemetry_delay=LONG)
    yield journal
    journal.close()


@both
def test_what_was_appended_is_in_the_file_after_closing(
    make: Make, path: Path, header: Header, story: list[AnyEvent]
) -> None:
    journal = make(path, header)
    recorded = [journal.append(event) for event in story]
    journal.close()
    with JournalFile.open(path) as file:
        assert list(file) == recorded == story
        assert file.header == header
    assert journal.durable_seq == len(story)
    assert journal.failure == ""


@both
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(events=histories())
def test_any_history_comes_back_as_it_was(
    make: Make, tmp_path_factory: pytest.TempPathFactory, events: list[AnyEvent]
) -> None:
    path = tmp_path_factory.mktemp("any") / "session.jsonl"
    journal = make(path, Header({}, 0, Mode.LIVE, "", "2025-01-02T03:04:05Z"))
    for event in events:
        journal.append(event)
    journal.close()
    with JournalFile.open(path) as file:
        assert list(file) == events
    assert verify(path).state == "intact"


@both
def test_both_writers_write_the_same_bytes(
    make: Make, tmp_path: Path, header: Header, story: list[AnyEvent]
) -> None:
    files = []
    for name, each in (("a", make), ("b", BufferedWriter)):
        journal = each(tmp_path / name, header)
        for event in story:
            journal.append(event)
        journal.close()
        files.append(journal.path.read_bytes())
    assert files[0] == files[1]


@both
def test_lines_end_in_a_line_feed_and_nothing_else(
    make: Make, path: Path, header: Header, story: list[AnyEvent]
) -> None:
    journal = make(path, header)
    for event in story:
        journal.append(event)
    journal.close()
    data = path.read_bytes()
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1 + len(story)
    assert b"\r" not in data
    assert b"\n\n" not in data


@both
def test_a_session_file_is_for_its_owner_alone(make: Make, path: Path, header: Header) -> None:
    journal = make(path, header)
    assert path.stat().st_mode & 0o777 == 0o600
    journal.close()


@both
def test_a_file_that_exists_is_never_overwritten(make: Make, path: Path, header: Header) -> None:
    path.write_text("precious")
    with pytest.raises(JournalError, match=r"session\.jsonl: .*never overwritten.*move"):
        make(path, header)
    assert path.read_text() == "precious"


@both
def test_a_directory_that_does_not_exist_is_named(
    make: Make, tmp_path: Path, header: Header
) -> None:
    with pytest.raises(JournalError, match=r"nowhere/s\.jsonl: cannot be created: No such file"):
        make(tmp_path / "nowhere" / "s.jsonl", header)


def test_of_two_who_want_the_same_file_one_gets_it(path: Path, header: Header) -> None:
    start, outcomes = Barrier(2), Queue[JournalWriter | JournalError]()

    def begin() -> None:
        start.wait(PATIENCE)
        try:
            outcomes.put(JournalWriter(path, header))
        except JournalError as error:
            outcomes.put(error)

    threads = [Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    results = [outcomes.get_nowait() for _ in threads]
    writers = [result for result in results if isinstance(result, JournalWriter)]
    assert len(writers) == 1
    writers[0].close()
    assert verify(path).state == "intact"


@both
def test_a_closed_journal_takes_no_more(
    make: Make, path: Path, header: Header, story: list[AnyEvent]
) -> None:
    journal = make(path, header)
    journal.append(story[0])
    journal.close()
    with pytest.raises(ValueError, match="event 2 comes after the journal was closed"):
        journal.append(story[1])
    journal.close()
    assert verify(path).events == 1


@both
def test_an_event_out_of_turn_is_not_recorded(
    make: Make, path: Path, header: Header, story: list[AnyEvent]
) -> None:
    journal = make(path, header)
    journal.append(story[0])
    with pytest.raises(ValueError, match="event 3 cannot follow event 1"):
        journal.append(story[2])
    journal.append(story[1])
    journal.close()
    assert verify(path).events == 2


@both
def test_whoever_acts_on_an_event_acts_on_what_was_recorded(
    make: Make, path: Path, header: Header
) -> None:
    journal = make(path, header)
    fact = AgentOutput(AgentId("a"), 1, TaskId("t"), ("lone \ud800 surrogate",))
    recorded = journal.append(numbered([fact])[0])
    journal.close()
    assert recorded.data.lines == ("lone \ufffd surrogate",)
    with JournalFile.open(path) as file:
        assert list(file) == [recorded]


def test_the_header_is_on_disk_before_anything_happens(
    patient: JournalWriter, path: Path, header: Header
) -> None:
    with JournalFile.open(path) as file:
        assert (file.header, file.length) == (header, 0)
    assert patient.durable_seq == 0


def test_an_urgent_event_takes_waiting_telemetry_along(
    patient: JournalWriter, news: Queue[int], story: list[AnyEvent], path: Path
) -> None:
    for event in story[:5]:
        patient.append(event)
    assert patient.durable_seq == 0
    patient.append(story[5], urgent=True)
    assert news.get(timeout=PATIENCE) == 6
    assert patient.durable_seq == 6
    assert verify(path).events == 6


def test_telemetry_alone_becomes_durable_after_its_delay(
    path: Path, header: Header, story: list[AnyEvent]
) -> None:
    told = Event()
    journal = JournalWriter(path, header, on_durable=lambda _: told.set(), telemetry_delay=0.1)
    before = monotonic()
    journal.append(story[0])
    assert told.wait(PATIENCE)
    assert monotonic() - before >= 0.1
    assert (journal.durable_seq, verify(path).events) == (1, 1)
    journal.close()


def test_flushing_waits_until_everything_is_on_disk(
    patient: JournalWriter, story: list[AnyEvent], path: Path
) -> None:
    patient.flush()
    for event in story:
        patient.append(event)
    patient.flush()
    assert patient.durable_seq == len(story)
    assert verify(path).events == len(story)
    patient.flush()


def test_nothing_is_called_durable_before_it_is_in_the_file(
    path: Path, header: Header, story: list[AnyEvent]
) -> None:
    told: list[tuple[int, int]] = []
    facts = [event.data for event in story] * 50
    journal = JournalWriter(
        path, header, on_durable=lambda seq: told.append((seq, verify(path).events))
    )
    for event in numbered(facts):
        journal.append(event, urgent=event.seq % 3 == 0)
    journal.close()
    assert told[-1][0] == len(facts)
    assert [seq for seq, _ in told] == sorted({seq for seq, _ in told})
    assert all(in_file >= seq for seq, in_file in told)


async def test_an_event_loop_is_told_without_being_held_up(
    path: Path, header: Header, story: list[AnyEvent]
) -> None:
    loop = asyncio.get_running_loop()
    durable = asyncio.Queue[int]()

    def tell(seq: int) -> None:
        loop.call_soon_threadsafe(durable.put_nowait, seq)

    journal = JournalWriter(path, header, on_durable=tell)
    for event in story:
        journal.append(event, urgent=True)
    async with asyncio.timeout(PATIENCE):
        while await durable.get() < len(story):
            assert journal.durable_seq <= len(story)
    await asyncio.to_thread(journal.close)


def test_a_listener_that_has_gone_does_not_end_the_recording(
    path: Path, header: Header, story: list[AnyEvent]
) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    journal = JournalWriter(path, header, on_durable=lambda _: loop.call_soon_threadsafe(loop.stop))
    for event in story:
        journal.append(event, urgent=True)
        journal.flush()
    journal.close()
    assert verify(path).events == len(story)


UNTIL_KILLED = """
import sys
from itertools import count
from pathlib import Path
from mop_tui.domain.events import Event, SystemTimerFired
from mop_tui.domain.ids import TimerId
from mop_tui.domain.plan import Mode
from mop_tui.journal import Header, JournalWriter

journal = JournalWriter(
    Path(sys.argv[1]),
    Header({}, 1, Mode.LIVE, "", "2025-01-02T03:04:05Z"),
    on_durable=lambda seq: print(seq, flush=True),
)
for seq in count(1):
    fact = SystemTimerFired(TimerId("t"))
    journal.append(Event(seq, seq, fact.KIND, None, fact), urgent=True)
    if seq % 100 == 0:
        journal.flush()
"""


def test_what_was_told_to_be_durable_survives_a_killed_program(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNTIL_KILLED, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        told = [int(program.stdout.readline()) for _ in range(20)]
        program.kill()
        told += [int(line) for line in program.stdout if line.endswith(b"\n")]
    verdict = verify(path)
    assert verdict.state in ("intact", "torn")
    assert verdict.events >= told[-1] > 0
