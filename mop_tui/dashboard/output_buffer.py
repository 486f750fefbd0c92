"""The latest lines of one agent, read from the feed bit by bit."""

from dataclasses import dataclass

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import ELLIPSIS
from mop_tui.domain.events import AgentOutput
from mop_tui.domain.feed import EventFilter, SessionFeed
from mop_tui.domain.ids import AgentId
from mop_tui.domain.rows import TAIL_LINES
from mop_tui.domain.wording import printable

KEPT = 2_000
"""How many rows are held while the end is followed; twice as many while it is not."""
FAR_BEHIND = 10_000
"""From how many unread events on the lines between are left out."""
_LOOK_BACK = 2_000
"""How many events are looked through at first, to tell where lines are missing."""
_TAB = 8
_LONGEST = 4_000
"""How many characters of a line are held."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines that were written and are not held here."""

    lines: int


Row = str | Gap


class OutputBuffer:
    """Lines that can be shown, and gaps where lines are missing.

    What is read at a time is bounded by what the session keeps, whatever an agent writes. Rows
    have serial numbers that stay theirs: `rows[0]` has the number `first`.
    """

    def __init__(self, feed: SessionFeed, agent: AgentId) -> None:
        self.rows: list[Row] = []
        self.first = 0
        self.end = 0
        """How many lines had been written when it was last read."""
        self.written = 0
        """How many lines have been written."""
        self._feed = feed
        self._agent = agent
        self._seq = 0

    def look(self, frame: Frame, *, hold: bool) -> bool:
        """Read what was written up to `frame`, and return whether that was anything.

        While `hold` is true nothing that is held is let go, and nothing is read once that is much.
        """
        agent = frame.snapshot.agents.get(self._agent)
        seq, end = frame.snapshot.seq, 0 if agent is None else agent.tail_end
        self.written = end
        if seq < self._seq or end < self.end:
            self._start_afresh()
        if end == self.end:
            self._seq = seq
            return False
        if hold and len(self.rows) >= 2 * KEPT:
            return False
        self.rows += self._told(seq, end) or self._kept(end)
        self._seq, self.end = seq, end
        if not hold:
            self._trim()
        return True

    def _start_afresh(self) -> None:
        self.first += len(self.rows)
        self.rows = []
        self.end = self._seq = 0

    def _told(self, seq: int, end: int) -> list[Row]:
        """Return what events tell of what was written since it was last read, with its gaps.

        Nothing, if that is not all of it; at first, if it is less than the session keeps.
        """
        after = self._seq if self.end else max(0, seq - _LOOK_BACK)
        if seq - after > FAR_BEHIND:
            return []
        rows: list[Row] = []
        for event in self._feed.events(
            after=after, limit=FAR_BEHIND, only=EventFilter(AgentOutput.KIND, self._agent)
        ):
            fact = event.data
            if event.seq > seq or not isinstance(fact, AgentOutput):
                break
            if fact.dropped:
                rows.append(Gap(fact.dropped))
            rows += map(_shown, fact.lines)
        missing = end - self.end - sum(map(lines_of, rows))
        if missing == 0:
            return rows
        return (
            [Gap(missing), *rows]
            if missing > 0 and len(rows) >= TAIL_LINES and not self.end
            else []
        )

    def _kept(self, end: int) -> list[Row]:
        """Return what the session still keeps of what was written since it was last read."""
        new = end - self.end
        kept = self._feed.output(self._agent, max(0, end - TAIL_LINES), TAIL_LINES)[-new:]
        missing = new - len(kept)
        gap: list[Row] = [Gap(missing)] if missing else []
        return gap + list(map(_shown, kept))

    def _trim(self) -> None:
        """Let the oldest rows go, and say so in one gap."""
        surplus = len(self.rows) - KEPT
        if surplus <= 0:
            return
        gone = self.rows[: surplus + 1]
        self.rows[: surplus + 1] = [Gap(sum(map(lines_of, gone)))]
        self.first += surplus


def lines_of(row: Row) -> int:
    """Return how many lines a row stands for."""
    return row.lines if isinstance(row, Gap) else 1


def _shown(line: str) -> str:
    said = printable(line[:_LONGEST].expandtabs(_TAB))
    return said if len(line) <= _LONGEST else said + ELLIPSIS
