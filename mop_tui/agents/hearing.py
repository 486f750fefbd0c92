"""What a process says, made into reports: its plain lines, and what it says in the protocol."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from mop_tui.agents import patterns, protocol
from mop_tui.agents.host import (
    Erred,
    Finished,
    Job,
    Misspoke,
    Output,
    Ponged,
    Progressed,
    Reported,
    Sink,
)
from mop_tui.agents.masking import Mask
from mop_tui.agents.output import Lines, Plain, shown
from mop_tui.agents.pace import Paced, Rationed
from mop_tui.agents.patterns import Patterns
from mop_tui.domain.ids import AskId, TaskId

REPORT_EVERY = 0.5
"""Seconds between two output reports of one agent."""
REPORT_LINES = 40
"""Lines that one output report carries at most; the rest is counted as dropped."""
PACE = 1.0
"""Seconds between two reports of one agent about progress, about health, or about one type of
error that a pattern found."""
NONSENSE = 20
"""Problems with the protocol that are reported of one agent per minute."""
AT_ONCE = 50
"""Lines of the protocol that one agent is heard with; then it is another's turn."""
PINGS = 64
"""Pings of one agent that may be unanswered; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Lines of output that were found to be errors of one type."""

    sign: patterns.Sign
    count: int = 1

    def and_then(self, newer: "_Seen") -> "_Seen":
        return _Seen(newer.sign, self.count + newer.count)


class Ear:
    """Listens to one process.

    `refuse` is called with a question that cannot be asked, and why; `done` when a process that
    was started for a task says that its task is done.
    """

    def __init__(
        self,
        job: Job,
        sink: Sink,
        mask: Mask,
        known: Patterns,
        refuse: Callable[[AskId, str], None],
        done: Callable[[], None],
    ) -> None:
        self.last_output: float | None = None
        """When anything was written last, in seconds of `time.monotonic`."""
        self.done: protocol.Done | None = None
        self.wanted = patterns.LINES if known else REPORT_LINES
        """Plain lines of each chunk that are of use."""
        self._job = job
        self._id = (job.agent.id, job.incarnation)
        self._sink = sink
        self._mask = mask
        self._patterns = known
        self._refuse = refuse
        self._on_done = done
        self._unheard: deque[bytes | Plain] = deque()
        self._lines: deque[str] = deque(maxlen=REPORT_LINES)
        self._unreported = 0
        self._report_due: asyncio.TimerHandle | None = None
        self._last_report = 0.0
        self._last_line = ""
        self._result: str | None = None
        self._in_hand: deque[TaskId] = deque()
        self._pings: dict[int, float] = {}
        self._progress = Paced[Progressed](PACE, sink, lambda _older, newer: newer)
        self._health = Paced[Reported](PACE, sink, _merged)
        self._signs: dict[str, Paced[_Seen]] = {}
        self._nonsense = Rationed(NONSENSE, 60.0, lambda s: sink(Misspoke(*self._id, s)))

    @property
    def result(self) -> str:
        """What the process delivered, else the last line it wrote that is not blank."""
        return self._last_line if self._result is None else self._result

    def assigned(self, task: TaskId) -> None:
        """A session-long process is given a task."""
        if not self._in_hand:
            self._result, self._last_line = None, ""
        self._in_hand.append(task)

    def pinged(self, number: int) -> None:
        """A ping is on its way."""
        self._pings[number] = time.monotonic()
        if len(self._pings) > PINGS:
            del self._pings[next(iter(self._pings))]

    def complain(self, problem: str) -> None:
        """Report a problem with the protocol."""
        self._nonsense.put(problem)

    def lacks(self, kind: str, problem: str) -> None:
        """Report that something could not be done for the agent, which goes on without it."""
        self._sink(Erred(*self._id, kind, problem, "host"))

    def take(self, lines: Lines) -> bool:
        """Take lines; True if `go_on` has to be called before the next."""
        self.last_output = time.monotonic()
        self._unheard.extend(lines.parts)
        return self.go_on()

    def go_on(self) -> bool:
        """Hear some of what was taken; True if that was not all."""
        for _ in range(min(AT_ONCE, len(self._unheard))):
            part = self._unheard.popleft()
            if isinstance(part, Plain):
                self._hear_plain(part)
            else:
                self._hear(part)
        return bool(self._unheard)

    def flush(self) -> None:
        """Report everything that was held back."""
        self._progress.flush()
        self._health.flush()
        for seen in self._signs.values():
            seen.flush()
        self._nonsense.flush()
        self._report()

    # -- plain lines ------------------------------------------------------------------------------

    def _hear_plain(self, plain: Plain) -> None:
        self._unreported += plain.count
        lines = [shown(line) for line in plain.lines]
        self._lines.extend(lines)
        self._last_line = next(
            (line.strip() for line in reversed(lines) if line.strip()), self._last_line
        )
        if self._patterns:
            self._look_for_signs(lines)
        if self._report_due is None:
            wait = max(0.0, self._last_report + REPORT_EVERY - time.monotonic())
            self._report_due = asyncio.get_running_loop().call_later(wait, self._report)

    def _look_for_signs(self, lines: list[str]) -> None:
        percent = self._patterns.percent(lines)
        if percent is not None:
            self._progress.put(Progressed(*self._id, percent, said=False))
        for sign in self._patterns.errors(lines):
            paced = self._signs.get(sign.type)
            if paced is None:
                paced = self._signs[sign.type] = Paced(PACE, self._report_sign, _Seen.and_then)
            paced.put(_Seen(sign))

    def _report_sign(self, seen: _Seen) -> None:
        more = f" (and {seen.count - 1} more)" if seen.count > 1 else ""
        self._sink(Erred(*self._id, seen.sign.type, seen.sign.line + more, "pattern"))

    def _report(self) -> None:
        if self._report_due is not None:
            self._report_due.cancel()
            self._report_due = None
        if not self._unreported:
            return
        lines = tuple(self._lines)
        dropped = self._unreported - len(lines)
        self._lines.clear()
        self._unreported = 0
        self._last_report = time.monotonic()
        self._sink(Output(*self._id, lines, dropped))

    # -- the protocol -----------------------------------------------------------------------------

    def _hear(self, line: bytes) -> None:
        if self._job.hook is not None:
            self._hear_plain(Plain([self._mask.over(line)], 1))
            return
        heard = protocol.read(line, *self._id, self._mask)
        match heard:
            case None:
                self._hear_plain(Plain([self._mask.over(line)], 1))
            case protocol.Nonsense(problem, ask):
                self.complain(problem)
                if ask is not None:
                    self._refuse(ask, problem)
            case protocol.Result(text):
                self._result = text
            case protocol.Pong(number):
                self._hear_pong(number)
            case protocol.Done():
                self._hear_done(heard)
            case Progressed():
                self._progress.put(heard)
            case Reported():
                self._health.put(heard)
            case _:
                self._sink(heard)

    def _hear_pong(self, number: int) -> None:
        sent = self._pings.pop(number, None)
        if sent is not None:
            self._sink(Ponged(*self._id, (time.monotonic() - sent) * 1000))

    def _hear_done(self, done: protocol.Done) -> None:
        if done.output is not None:
            self._result = done.output
        if self._job.assignment is not None:
            if self.done is None:
                self.done = done
                self._on_done()
            return
        task = self._finished_task(done)
        if task is None:
            self.complain(
                "`done`: it has no such task in hand"
                if done.task
                else "`done`: it has no task in hand"
            )
            return
        self.flush()
        result = self.result
        self._result, self._last_line = None, ""
        self._sink(Finished(*self._id, task, result, done.failed, done.message))

    def _finished_task(self, done: protocol.Done) -> TaskId | None:
        """Return the task that is done: the one named, else the one in hand for longest."""
        if done.task is None:
            return self._in_hand.popleft() if self._in_hand else None
        task = TaskId(done.task)
        if task not in self._in_hand:
            return None
        self._in_hand.remove(task)
        return task


def _merged(older: Reported, newer: Reported) -> Reported:
    """Return the newer report, and of the older what the newer does not speak of."""
    kept = {
        name: getattr(older, name)
        for name in ("status", "cpu_usage", "memory_usage", "error_count", "response_ms")
        if getattr(newer, name) is None
    }
    return replace(newer, **kept)
