"""A recorded session, shown again as if it were live. Nothing is executed."""

import pickle
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Capabilities, Command, EventFilter, Playback, Section, selected
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, CommandId, QuestionId
from mop_tui.domain.session import Session, Snapshot
from mop_tui.journal.reader import JournalFile

CHECKPOINTS = 50
"""States kept while a session is read, to seek from."""


class NoSessionError(RuntimeError):
    """A command was given to a replay, behind which nothing can act."""


class Replayer:
    """Shows a session file at any moment of its time. Fulfils `SessionFeed`.

    Time is pulled, not pushed: whenever somebody looks, the replay is where it would be by now.
    `clock` returns wall-clock seconds.
    """

    def __init__(self, journal: JournalFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._clock = clock
        self._session = Session()
        self._checkpoints: dict[int, bytes] = {0: pickle.dumps(self._session)}
        self._spacing = max(1000, len(journal) // CHECKPOINTS)
        self._speed = 1.0
        self._playing = False
        self._time = 0.0
        """Session time shown, in ms; it goes on between events."""
        self._looked = clock()
        self._changes = 0
        self._trouble = ""
        self._end_at = journal.event(len(journal)).at if len(journal) else 0

    @property
    def revision(self) -> int:
        """See `SessionFeed`."""
        self._advance()
        return self._changes

    @property
    def capabilities(self) -> Capabilities:
        """See `SessionFeed`."""
        return Capabilities(commands=False, seek=True)

    @property
    def source(self) -> str:
        """See `SessionFeed`."""
        return str(self._journal.path)

    @property
    def started(self) -> str:
        """See `SessionFeed`."""
        return self._journal.header.started

    @property
    def sections(self) -> Sequence[Section]:
        """See `SessionFeed`."""
        return self._journal.header.sections

    @property
    def trouble(self) -> str:
        """See `SessionFeed`: the first stretch whose recorded digest the replay does not meet."""
        return self._trouble

    @property
    def playback(self) -> Playback:
        """See `SessionFeed`."""
        self._advance()
        return Playback(
            position=self._session.seq,
            length=len(self._journal),
            playing=self._playing,
            speed=self._speed,
            end_at=self._end_at,
        )

    def now(self) -> int:
        """See `SessionFeed`."""
        self._advance()
        return int(self._time)

    def snapshot(self) -> Snapshot:
        """See `SessionFeed`."""
        self._advance()
        return self._session.snapshot()

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        """See `SessionFeed`."""
        self._advance()
        return selected(self._journal.events(after + 1, self._session.seq), limit, only)

    def event(self, seq: int) -> AnyEvent | None:
        """See `SessionFeed`."""
        self._advance()
        return self._journal.event(seq) if 1 <= seq <= self._session.seq else None

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        """See `SessionFeed`."""
        self._advance()
        row = self._session.agents.get(agent)
        return () if row is None else row.output(from_line, limit)

    def remaining(self, question: QuestionId) -> int | None:
        """See `SessionFeed`: in a replay, as much as was left at the moment shown."""
        row = self._session.questions.get(question)
        if row is None or row.state != "open" or row.asked.due is None:
            return None
        return max(0, row.asked.due - self.now())

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        """Refuse: there is no session behind a replay."""
        del secret
        raise NoSessionError(type(command).__name__)

    def seek(self, seq: int) -> None:
        """See `SessionFeed`."""
        self._show(min(max(seq, 0), len(self._journal)))
        self._time = float(self._session.at)
        self._looked = self._clock()

    def seek_time(self, at: int) -> None:
        """See `SessionFeed`."""
        at = min(max(at, 0), self._end_at)
        self._show(self._last_until(at))
        self._time = float(at)
        self._looked = self._clock()

    def play(self) -> None:
        """See `SessionFeed`."""
        self._advance()
        if self._session.seq >= len(self._journal):
            self.seek(0)
        self._playing = True
        self._looked = self._clock()
        self._changes += 1

    def pause(self) -> None:
        """See `SessionFeed`."""
        self._advance()
        self._playing = False
        self._changes += 1

    def set_speed(self, factor: float) -> None:
        """See `SessionFeed`."""
        self._advance()
        self._speed = factor
        self._changes += 1

    def _advance(self) -> None:
        """Go to where the replay would be by now."""
        now = self._clock()
        elapsed, self._looked = now - self._looked, now
        if not self._playing:
            return
        self._time = min(self._time + elapsed * 1000 * self._speed, float(self._end_at))
        target = self._last_until(int(self._time))
        if target > self._session.seq:
            self._show(target)
        if self._session.seq >= len(self._journal):
            self._playing = False
            self._changes += 1

    def _last_until(self, at: int) -> int:
        """Return the seq of the last event that happened by session time `at`."""
        seqs = range(1, len(self._journal) + 1)
        return bisect_right(seqs, at, key=lambda seq: self._journal.event(seq).at)

    def _show(self, seq: int) -> None:
        """Fold to right after event `seq`, from the nearest state before it."""
        if seq < self._session.seq or seq - self._session.seq > self._spacing:
            nearest = max(known for known in self._checkpoints if known <= seq)
            if seq < self._session.seq or nearest > self._session.seq:
                self._session = pickle.loads(self._checkpoints[nearest])  # noqa: S301 - our own
        session = self._session
        for event in self._journal.events(session.seq + 1, seq):
            if not digest_agrees(session, event) and not self._trouble:
                self._trouble = (
                    f"the replay differs from the recording before event {event.seq}: "
                    "another version of the program made it, or this one has a defect"
                )
            apply(session, event)
            if event.seq % self._spacing == 0 and event.seq not in self._checkpoints:
                self._checkpoints[event.seq] = pickle.dumps(session)
        self._changes += 1


def digest_agrees(session: Session, event: AnyEvent) -> bool:
    """True unless `event` records a digest that `session`, folded up to it, does not have."""
    if not isinstance(event.data, e.SystemDigest):
        return True
    return session.next_digest() == event.data.state


def open_replay(path: Path, *, until_damage: bool = False) -> Replayer:
    """Open a session file for replay. Raises `MopError` for a file that cannot be trusted."""
    return Replayer(JournalFile.open(path, until_damage=until_damage))
