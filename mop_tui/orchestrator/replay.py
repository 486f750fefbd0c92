"""A recorded session, shown again as if it were live. Nothing is executed."""

import gc
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path

from mop_tui.domain import events as e
from mop_tui.domain.events import BY_KIND, AnyEvent
from mop_tui.domain.feed import Capabilities, Command, EventFilter, Playback, Section, selected
from mop_tui.domain.fold import FOLDED, apply, pass_over
from mop_tui.domain.ids import AgentId, CommandId, QuestionId
from mop_tui.domain.marks import MARKED, Marks, mark_of
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.session import Checkpoint, Session, Snapshot
from mop_tui.journal.reader import JournalFile
from mop_tui.orchestrator.collecting import no_collecting
from mop_tui.orchestrator.reported import report_on

CHECKPOINTS = 50
"""How many states of a long session are kept to seek from."""
SPACING = 3000
"""Between two of them are at least so many events: to keep one takes time, too."""
_STRIDE = 300
"""Events after which it is looked again whether a state is due."""
_DIGEST = e.SystemDigest.KIND
_DECIDED = e.SystemDecided.KIND


class NoSessionError(RuntimeError):
    """A command was given to a replay, behind which nothing can act."""


class Replayer:
    """Shows a session file at any moment of its time. Fulfils `SessionFeed`.

    Time is pulled, not pushed: whenever somebody looks, the replay is where it would be by now.
    `clock` returns wall-clock seconds.

    All of the file is read once, in the beginning; raises what `JournalFile` raises, and
    `JournalDamageError` at an event that is folded and that this version does not understand. With
    `until_damage`, the recording ends before what is damaged, and before the first event of any
    kind that is not understood. What is kept of it is what stands out, and states to seek from,
    which share all that did not change between them.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        *,
        until_damage: bool = False,
    ) -> None:
        self._journal = journal = JournalFile(path)
        self._clock = clock
        self._until_damage = until_damage
        self._trouble = ""
        self._marks = Marks()
        try:
            self._checkpoints = self._read_through(until_damage=until_damage)
        except BaseException:
            journal.close()
            raise
        self._marked = self._marks.told(journal.at)
        self._session = Session.restored(self._checkpoints[:1])
        self._speed = 1.0
        self._playing = False
        self._time = 0.0
        """Session time shown, in ms; it goes on between events."""
        self._looked = clock()
        self._changes = 0
        self._end_at = journal.at(len(journal)) if len(journal) else 0

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
    def outlook(self) -> Outlook | None:
        """See `SessionFeed`."""
        return self._journal.header.outlook

    @property
    def trouble(self) -> str:
        """See `SessionFeed`: the first stretch whose recorded digest the replay does not meet."""
        return self._trouble

    @property
    def playback(self) -> Playback:
        """See `SessionFeed`."""
        self._advance()
        journal, position = self._journal, self._session.seq
        return Playback(
            position=position,
            length=len(journal),
            playing=self._playing,
            speed=self._speed,
            end_at=self._end_at,
            marks=self._marked,
            former_decision=journal.last_of(_DECIDED, before=position),
            next_decision=journal.next_of(_DECIDED, after=position),
        )

    def now(self) -> int:
        """See `SessionFeed`."""
        self._advance()
        return int(self._time)

    def snapshot(self) -> Snapshot:
        """See `SessionFeed`."""
        self._advance()
        return self._session.snapshot()

    def prepare_snapshot(self) -> bool:
        """See `SessionFeed`."""
        return self._session.prepare_snapshot()

    def give_way(self, seconds: float) -> None:
        """See `SessionFeed`: a recording moves on only when it is looked at."""

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        """See `SessionFeed`."""
        self._advance()
        kinds = (only.kind,) if only is not None and only.kind in BY_KIND else None
        return selected(self._journal.events(after + 1, self._session.seq, kinds), limit, only)

    def event(self, seq: int) -> AnyEvent | None:
        """See `SessionFeed`."""
        self._advance()
        return self._journal.event(seq) if 1 <= seq <= self._session.seq else None

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        """See `SessionFeed`."""
        self._advance()
        row = self._session.agents.get(agent)
        return () if row is None else row.output(from_line, limit)

    def report(self) -> str:
        """See `SessionFeed`."""
        return report_on(self._journal.path, until_damage=self._until_damage)

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
        return bisect_right(range(1, len(self._journal) + 1), at, key=self._journal.at)

    def _show(self, seq: int) -> None:
        """Fold to right after event `seq`, from the nearest state before it."""
        nearest = bisect_right(self._checkpoints, seq, key=attrgetter("seq"))
        if not self._checkpoints[nearest - 1].seq <= self._session.seq <= seq:
            with no_collecting():
                self._session = Session.restored(self._checkpoints[:nearest])
                gc.freeze()  # all of it is kept until the next one takes its place
        session = self._session
        if session.seq < seq:
            for event in self._journal.events(session.seq + 1, seq, FOLDED):
                apply(session, event)
            pass_over(session, seq, self._journal.at(seq))
        self._changes += 1

    def _read_through(self, *, until_damage: bool) -> list[Checkpoint]:
        """Return states at even distances, the first and the last of the session among them.

        What stands out is noted on the way.
        """
        journal, marks = self._journal, self._marks
        session = Session()
        states = [session.checkpoint()]
        look_at = SPACING
        # The fold does not look at all kinds, but whoever moves in the replay may come to any of
        # them: so where the recording may end early, all have to be understood.
        kinds = None if until_damage else FOLDED | MARKED
        for event in journal.first_reading(kinds, until_damage=until_damage):
            kind = event.kind
            if kind in MARKED:
                mark = mark_of(event)
                if mark is not None:
                    marks.note(mark, event.seq)
            elif kind == _DIGEST and not self._trouble and not digest_agrees(session, event):
                self._trouble = (
                    f"the replay differs from the recording before event {event.seq}: "
                    "another version of the program made it, or this one has a defect"
                )
            apply(session, event)
            if event.seq >= look_at:
                look_at = event.seq + _STRIDE
                if journal.read * CHECKPOINTS >= len(states):
                    states.append(session.checkpoint())
                    look_at = event.seq + SPACING
        if len(journal):
            pass_over(session, len(journal), journal.at(len(journal)))
            states.append(session.checkpoint())
        for decision in journal.all_of(_DECIDED):
            marks.note("decision", decision)
        return states


def digest_agrees(session: Session, event: AnyEvent) -> bool:
    """True unless `event` records a digest that `session`, folded up to it, does not have."""
    if not isinstance(event.data, e.SystemDigest):
        return True
    return session.next_digest() == event.data.state


def open_replay(path: Path, *, until_damage: bool = False) -> Replayer:
    """Open a session file for replay. Raises `MopError` for a file that cannot be trusted.

    What has been made so far is left alone by the garbage collector from then on: after a long
    session it would look through a million things whenever somebody moves in time.
    """
    with no_collecting():
        replay = Replayer(path, until_damage=until_damage)
        gc.freeze()
    return replay
