"""A replay shows a recorded session at any moment, and does nothing else."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.domain.events import Event, SystemDigest
from mop_tui.domain.feed import EventFilter, Stop
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Session, Snapshot
from mop_tui.errors import JournalDamageError
from mop_tui.journal import BufferedWriter, JournalFile
from mop_tui.journal.chain import TAIL_LENGTH, tail
from mop_tui.orchestrator.replay import NoSessionError, Replayer, open_replay
from sessions import agent, answer, plan, play, question, task


class Hand:
    """A wall clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recorded") / "s.jsonl"
    what = plan(
        [agent(f"a{n}") for n in range(30)],
        [
            *(task(f"t{n}", f"a{n}", seconds=60) for n in range(30)),
            *(task(f"u{n}", f"a{n}", needs=[f"t{n}"], seconds=60) for n in range(30)),
            task("ship", "a0", needs=["u0"], gate="g"),
        ],
        [question("g", timeout=600)],
    )
    play(what, file, answers=[answer("g", "approve", after=30)])
    return file


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def replay(recorded: Path, hand: Hand) -> Replayer:
    return Replayer(recorded, hand)


def _folded(file: Path, seq: int) -> Snapshot:
    session = Session()
    with JournalFile.open(file) as journal:
        for event in journal.events(1, seq):
            apply(session, event)
    return session.snapshot()


def test_it_begins_before_the_first_event_and_stands_still(replay: Replayer, hand: Hand) -> None:
    hand.now += 60
    assert replay.playback.position == 0
    assert not replay.playback.playing


def test_playing_shows_what_had_happened_by_then(replay: Replayer, hand: Hand) -> None:
    replay.play()
    hand.now += 10
    events = replay.events(0, 10_000)
    assert events[-1].at <= 10_000
    assert replay.now() == 10_000
    following = replay.playback.position + 1
    replay.seek(following)
    assert replay.events(following - 1, 1)[0].at > 10_000


def test_speed_multiplies_time(replay: Replayer, hand: Hand) -> None:
    replay.set_speed(4)
    replay.play()
    hand.now += 10
    assert replay.now() == 40_000


def test_pausing_stops_time(replay: Replayer, hand: Hand) -> None:
    replay.play()
    hand.now += 10
    replay.pause()
    hand.now += 10
    assert replay.now() == 10_000


def test_it_stops_at_the_end_and_plays_again_from_the_beginning(
    replay: Replayer, hand: Hand
) -> None:
    replay.play()
    hand.now += 10_000
    assert replay.snapshot().status == "ended"
    assert not replay.playback.playing
    replay.play()
    assert replay.now() == 0
    assert replay.playback.playing


@settings(max_examples=25, deadline=None)
@given(positions=st.lists(st.integers(0, 1500), min_size=1, max_size=5))
def test_seeking_to_and_fro_shows_the_same_as_folding_from_the_start(
    recorded: Path, positions: list[int]
) -> None:
    replay = Replayer(recorded, Hand())
    for position in positions:
        replay.seek(position)
        assert replay.snapshot() == _folded(recorded, min(position, replay.playback.length))
    assert replay.trouble == ""


def test_a_state_that_differs_from_the_recorded_digest_is_said(
    recorded: Path, tmp_path: Path
) -> None:
    with JournalFile.open(recorded) as journal:
        other = tmp_path / "other.jsonl"
        writer = BufferedWriter(other, journal.header)
        for event in journal:
            wrong = Event(event.seq, event.at, event.kind, event.cause, SystemDigest("0" * 16))
            writer.append(wrong if event.seq == 1001 else event)
        writer.close()
    assert "differs from the recording before event 1001" in Replayer(other, Hand()).trouble


def test_marks_and_decisions_are_told_wherever_one_is(recorded: Path, replay: Replayer) -> None:
    with JournalFile.open(recorded) as journal:
        decisions = [event.seq for event in journal if event.kind == "system.decided"]
        asked = [event.seq for event in journal if event.kind == "user.asked"]
    marks = replay.playback.marks
    assert [mark.seq for mark in marks if mark.kind == "question"] == asked
    assert [mark.seq for mark in marks if mark.kind == "decision"] == decisions
    replay.seek(decisions[3])
    assert replay.playback.former_decision == decisions[2]
    assert replay.playback.next_decision == decisions[4]


def test_only_events_that_happened_are_shown(replay: Replayer) -> None:
    replay.seek(700)
    assert [event.seq for event in replay.events(690, 100)] == list(range(691, 701))
    only = EventFilter(kind="agent", agent=AgentId("a1"))
    assert {event.data.agent for event in replay.events(0, 100, only)} == {"a1"}


def test_what_was_left_of_a_deadline_is_shown(replay: Replayer) -> None:
    asked = next(e for e in replay._journal.events() if e.kind == "user.asked")
    replay.seek(asked.seq)
    assert replay.remaining(asked.data.question) == 600_000


def test_nothing_can_be_commanded(replay: Replayer) -> None:
    assert not replay.capabilities.commands
    with pytest.raises(NoSessionError):
        replay.submit(Stop("please"))


@pytest.mark.parametrize("kind", ["task.transitioned", "system.decided", "agent.messaged"])
def test_a_replay_until_damage_ends_before_an_event_that_is_not_understood(
    recorded: Path, tmp_path: Path, kind: str
) -> None:
    """Its line is chained as it should be, but its fields are those of another version."""
    lines = recorded.read_bytes().splitlines()
    with JournalFile.open(recorded) as journal:
        link = journal.header.genesis
    stems = [line[:-TAIL_LENGTH] for line in lines[1:]]
    seq = 501
    before = b'{"seq":%d,"at":%d,"kind":"%b","cause":null,"data":{"strange":1}'
    stems[seq - 1] = before % (seq, 10**6, kind.encode())
    forged = [lines[0]]
    for stem in stems:
        link, end = tail(link, stem)
        forged.append(stem + end)
    path = tmp_path / "forged.jsonl"
    path.write_bytes(b"".join(line.removesuffix(b"\n") + b"\n" for line in forged))
    replay = open_replay(path, until_damage=True)
    assert replay.playback.length == seq - 1
    replay.seek(seq + 100)
    assert replay.snapshot() == _folded(recorded, seq - 1)
    assert [event.seq for event in replay.events(seq - 3, 100)] == [seq - 2, seq - 1]
    assert all(mark.seq < seq for mark in replay.playback.marks)
    if kind == "task.transitioned":
        with pytest.raises(JournalDamageError, match=f":{seq + 1}: "):
            open_replay(path)
    # What was changed further down is told first.
    hurt = path.read_bytes().splitlines(keepends=True)
    hurt[seq + 100] = hurt[seq + 100].replace(b'"at":', b'"at":1', 1)
    path.write_bytes(b"".join(hurt))
    with pytest.raises(JournalDamageError, match=f":{seq + 101}: event {seq + 100} was changed"):
        open_replay(path)
