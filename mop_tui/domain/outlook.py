"""What earlier sessions let expect of one that begins: how long its tasks take, how long its
questions wait for an answer, and how far an end foretold by that may be off.

It is worked out before a session begins (`foresight`) and stands in the header of its file, for it
depends on what the operator did before and not on the session. Nothing is decided by it.
"""

from collections.abc import Mapping
from dataclasses import field
from itertools import chain

from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.immutable import immutable

LONGEST = 1 << 53
"""Numbers beyond that are no times, nor counts of anything."""


@immutable
class Outlook:
    """What is expected of one session."""

    sessions: int
    """From how many earlier sessions it was learnt."""
    durations: Mapping[TaskId, int] = field(default_factory=dict)
    """Milliseconds of work that each task is expected to take."""
    waits: Mapping[QuestionName, int] = field(default_factory=dict)
    """Milliseconds that each question is expected to wait for its answer."""
    low: float | None = None
    """What the time that is left is multiplied by for the ends of the range; None where too little
    is known for a range."""
    high: float | None = None
    coverage: float | None = None
    """The share of sessions that are expected to end within that range, 0..1."""

    @property
    def is_sound(self) -> bool:
        """Whether this can be expected of anything. Of a file that others wrote it may be not."""
        times = chain(self.durations.values(), self.waits.values(), (self.sessions,))
        if not all(0 <= number <= LONGEST for number in times):
            return False
        if self.low is None or self.high is None or self.coverage is None:
            return self.low is self.high is self.coverage is None
        return 0 <= self.low <= self.high <= LONGEST and 0 <= self.coverage <= 1
