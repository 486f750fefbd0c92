"""Everything one repaint shows, taken from the feed at one moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import inf
from time import monotonic
from typing import Protocol, runtime_checkable

from mop_tui.dashboard.swarm_view import SwarmView
from mop_tui.dashboard.times import timecode, wall
from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.feed import Capabilities, Playback, SessionFeed
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode
from mop_tui.domain.session import Snapshot

_REST = 1.0
"""Seconds between estimates of the end, at least."""
_REST_WHILE_TYPING = 5.0
"""The same while somebody types."""
_SHARE = 50
"""How many times longer than making an estimate is the time until the next one, at least."""


@dataclass(frozen=True)
class Frame:
    """The session at one moment, and what may be done with it."""

    snapshot: Snapshot
    view: SwarmView
    now: int
    """Session time in milliseconds."""
    trouble: str
    capabilities: Capabilities
    playback: Playback | None
    source: str
    started: datetime
    remaining: Mapping[QuestionId, int | None]
    """Wall-clock milliseconds until each open question times out; None if it never does."""
    estimate: Estimate | None = None
    """What can be told of the end, some seconds ago at most; None where no end is ahead."""
    outlook: Outlook | None = None
    """What earlier sessions let expect of this one."""

    @property
    def replayed(self) -> bool:
        """True if this is a recording."""
        return self.capabilities.seek

    @property
    def ended(self) -> bool:
        """True if nothing more can happen in this session."""
        return self.snapshot.status == "ended"

    @property
    def answerable(self) -> bool:
        """True if questions can be answered here and now."""
        return self.capabilities.commands and not self.ended

    @cached_property
    def elapsed(self) -> int:
        """Milliseconds since the start, which stand still once the session has ended."""
        return self.snapshot.at if self.ended else self.now

    def moment(self, at: int) -> str:
        """Return session time `at` as the operator reads it.

        That is wall-clock time, but time since the start in a rehearsal, whose clock is not ours.
        """
        if self.snapshot.mode is Mode.REHEARSAL:
            return f"{timecode(at):>8}"
        return f"{wall(self.started, at + self.snapshot.away_by(at)):%H:%M:%S}"


@runtime_checkable
class ShowsFrames(Protocol):
    """A screen or widget that shows what frames hold."""

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""


@runtime_checkable
class ShowsInTurns(Protocol):
    """A screen or widget that shows what frames hold bit by bit, since it may be much."""

    def showing(self, frame: Frame) -> Iterator[None]:
        """Show `frame`, a millisecond's work each time the iterator is read."""


class Sampler:
    """Takes frames from a feed, and only where something a viewer can see has changed."""

    def __init__(
        self,
        feed: SessionFeed,
        clock: Callable[[], float] = monotonic,
        *,
        calm: Callable[[], bool] = lambda: True,
    ) -> None:
        """`clock` returns monotonic seconds, and `calm` whether nobody has typed for a while."""
        self._feed = feed
        self._estimator = _Estimator(feed.outlook, clock, calm)
        self._started = datetime.fromisoformat(feed.started)
        self._revision: int | None = None
        self._seconds: tuple[int | None, ...] = ()
        self._view: SwarmView | None = None

    def prepare(self) -> bool:
        """Do a millisecond of the work of taking a frame; return True if there is more."""
        return self._feed.prepare_snapshot()

    def take(self) -> Frame:
        """Return the session as it is now. Its snapshot is the former one if nothing changed."""
        feed = self._feed
        now = feed.now()
        revision = feed.revision
        if self._view is None or revision != self._revision:
            self._revision = revision
            self._view = SwarmView(feed.snapshot(), self._view)
        self._seconds = self._tick(now)
        estimated = self._estimator.look(self._view.snapshot, now)
        return Frame(
            estimate=estimated,
            outlook=feed.outlook,
            snapshot=self._view.snapshot,
            view=self._view,
            now=now,
            trouble=feed.trouble,
            capabilities=feed.capabilities,
            playback=feed.playback,
            source=feed.source,
            started=self._started,
            remaining={
                question.id: feed.remaining(question.id)
                for question in self._view.snapshot.open_questions
            },
        )

    def due(self) -> Frame | None:
        """Return a new frame if the session changed or a second has passed, else None."""
        return self.take() if self.is_due else None

    @property
    def is_due(self) -> bool:
        """True if the session changed or a second has passed since the last frame."""
        changed = self._feed.revision != self._revision
        return changed or self._estimator.due or self._tick(self._feed.now()) != self._seconds

    def _tick(self, now: int) -> tuple[int | None, ...]:
        """Return the seconds that are shown: of the session, and left for each question."""
        questions = () if self._view is None else self._view.snapshot.open_questions
        left = [self._feed.remaining(question.id) for question in questions]
        return (now // 1000, *(None if ms is None else ms // 1000 for ms in left))


class _Estimator:
    """Estimates the end of a session once a second, and less often where that takes long or
    somebody types, who would wait for it.

    `clock` returns wall-clock seconds: a rehearsal or a replay may show hours in one of them.
    """

    def __init__(
        self, outlook: Outlook | None, clock: Callable[[], float], calm: Callable[[], bool]
    ) -> None:
        self._outlook = outlook
        self._clock = clock
        self._calm = calm
        self._looked = -inf
        self._rest = 0.0
        self._for: Snapshot | None = None
        self._stale = False
        self._estimate: Estimate | None = None

    @property
    def due(self) -> bool:
        """True if what was estimated last is not about what was shown last, and may be now."""
        return self._stale and self._rested

    @property
    def _rested(self) -> bool:
        rest = self._rest if self._calm() else max(self._rest, _REST_WHILE_TYPING)
        return self._clock() - self._looked >= rest

    def look(self, snapshot: Snapshot, now: int) -> Estimate | None:
        """Return what can be told of the end of `snapshot` at session time `now`."""
        went_back = self._for is not None and snapshot.seq < self._for.seq
        self._stale = snapshot is not self._for
        if snapshot.status != "running":
            return None
        if went_back or self._rested:
            began = self._clock()
            self._estimate = estimate(snapshot, now, self._outlook)
            self._for, self._stale = snapshot, False
            self._looked = self._clock()
            self._rest = max(_REST, _SHARE * (self._looked - began))
        return self._estimate
