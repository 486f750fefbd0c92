"""Session time, and what is due when.

Session time is milliseconds since the session began. In a live session it passes by itself, as long
as the program runs: while that is suspended, session time stands still, as it does while the
machine sleeps. Nobody who had no chance is late then: no task, no answer, no agent. A rehearsal
runs on a virtual clock that jumps to whatever is due next, or walks there at a chosen speed so that
a human can watch.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Call = Callable[[], None]
STALL = 5_000
"""Milliseconds that the program may be late without having been suspended."""


@dataclass(eq=False, slots=True)
class Due:
    """A call on a timeline, which may still be taken back."""

    at: int
    call: Call
    looks: bool = False
    """It only looks how things are, and moves nothing by itself."""
    cancelled: bool = False


class Timeline:
    """Calls in the order of their session time, and of their making where times are equal."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Due]] = []
        self._made = 0
        self.looks_wait: Callable[[], bool] = lambda: False
        """Whether nothing is due while there is nothing but looks: somebody has to do something
        first, and who looked meanwhile would find the same again and again."""

    def call_at(self, at: int, call: Call, *, looks: bool = False) -> Due:
        """Have `call` made at session time `at` (ms)."""
        due = Due(at, call, looks)
        heapq.heappush(self._heap, (at, self._made, due))
        self._made += 1
        return due

    def next_due(self) -> int | None:
        """Return the session time of the next call, or None if there is none that is to come."""
        heap = self._heap
        while heap and heap[0][2].cancelled:
            heapq.heappop(heap)
        if not heap or (heap[0][2].looks and self.looks_wait() and self._only_looks()):
            return None
        return heap[0][0]

    def _only_looks(self) -> bool:
        return all(due.looks or due.cancelled for _, _, due in self._heap)

    def __len__(self) -> int:
        return sum(not due.cancelled for _, _, due in self._heap)

    def pop(self) -> Call:
        """Take the next call off the timeline, whether it is due or not."""
        self.next_due()
        return heapq.heappop(self._heap)[2].call


class Clock(Protocol):
    """What session time it is, and how long until another."""

    def now(self) -> int:
        """Session time in milliseconds, for whoever looks; it never goes back."""

    def moment(self) -> int:
        """Session time of what is happening, as it is recorded.

        On a virtual clock that is when it was due, however long the machine took to get there.
        """

    def wait(self, at: int) -> float:
        """Wall-clock seconds until session time `at`; 0 if it is reached, or can be at once."""

    def reach(self, at: int) -> None:
        """Note that what is due at `at` happens now."""

    def missed(self) -> int:
        """Milliseconds in all for which the program did not run, which session time leaves out."""

    @property
    def virtual(self) -> bool:
        """True if time may jump, so that nothing real depends on it."""


class WallClock:
    """Session time that passes by itself, while the program runs, and is `at` (ms) now.

    Whoever runs the session looks at it more often than every `STALL` milliseconds: where nobody
    looked for longer, nobody could.
    """

    virtual = False

    def __init__(self, at: int = 0) -> None:
        self._seen = time.monotonic_ns()
        self._start = self._seen - at * _MS
        self._missed = 0

    def now(self) -> int:
        """See `Clock`."""
        seen = time.monotonic_ns()
        unseen, self._seen = seen - self._seen, seen
        if unseen > STALL * _MS:
            self._missed += unseen
            self._start += unseen
        return (seen - self._start) // _MS

    def moment(self) -> int:
        """See `Clock`."""
        return self.now()

    def wait(self, at: int) -> float:
        """See `Clock`."""
        return max(0, at - self.now()) / 1000

    def reach(self, at: int) -> None:
        """See `Clock`: a wall clock is where it is."""

    def missed(self) -> int:
        """See `Clock`."""
        self.now()
        return self._missed // _MS


_MS = 1_000_000
"""Nanoseconds."""


class VirtualClock:
    """Session time that jumps to what is due next on `timeline` (`speed` None), or walks there
    `speed` times as fast as the wall clock. It is `at` (ms) now.

    While nothing is due it stands still: a human who thinks for a minute delays a rehearsal by no
    session time at all, at whatever speed it is played.
    """

    virtual = True

    def __init__(self, timeline: Timeline, speed: float | None = None, at: int = 0) -> None:
        self._timeline = timeline
        self._speed = speed
        self._reached = at
        self._since = time.monotonic()
        """When, by the wall clock, the walk from `_reached` to what is due next began."""

    def now(self) -> int:
        """See `Clock`."""
        due = self._timeline.next_due()
        if self._speed is None:
            return self._reached
        if due is None:
            self._since = time.monotonic()
            return self._reached
        walked = int((time.monotonic() - self._since) * 1000 * self._speed)
        return max(self._reached, min(self._reached + walked, due))

    def moment(self) -> int:
        """See `Clock`."""
        return self._reached

    def wait(self, at: int) -> float:
        """See `Clock`."""
        if self._speed is None:
            return 0
        return max(0, at - self.now()) / 1000 / self._speed

    def reach(self, at: int) -> None:
        """See `Clock`."""
        if at > self._reached:
            self._reached = at
            self._since = time.monotonic()

    def missed(self) -> int:
        """See `Clock`: it waits for the program."""
        return 0
