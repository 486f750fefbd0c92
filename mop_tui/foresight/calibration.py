"""How far off what is foretold may be: by how far off it would have been for earlier sessions.

Each earlier session is foretold from the others, by the same means, and what it took is divided by
that. Of a number of such ratios the next one lies within a certain share of all cases between two
of them, whatever they are distributed like, if sessions come in no particular order (split
conformal prediction): with n of them in `(k - 2j + 1) / (n + 1)` between the j-th and the k-th.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from statistics import median

from mop_tui.domain.eta import estimate
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode, Plan
from mop_tui.foresight.durations import Learnt, Run, learnt, runs_of
from mop_tui.foresight.record import Record
from mop_tui.foresight.simulation import opening

WANTED = 0.8
"""The share of sessions that a range is to cover."""
FORETOLD = 20
"""So many of the latest sessions are foretold, at most."""
MOST_TASKS = 20_000
"""So many tasks they have in all, at most: to foretell those of large ones takes long."""

Planned = Callable[[Record], Plan | None]
"""Returns what a session set out to do, from the layout that it was run from; None if that is no
layout any more."""


@dataclass(frozen=True, slots=True)
class Span:
    """Between how many times what was foretold, and in which share of all cases, 0..1."""

    low: float
    high: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How earlier sessions went against what the others would have foretold."""

    ratios: tuple[float, ...]
    """How many times as long as foretold each of them took, oldest first."""

    @property
    def error(self) -> float | None:
        """How far off what was foretold was at the median, as a share of what it took."""
        return median(abs(1 / ratio - 1) for ratio in self.ratios) if self.ratios else None

    @property
    def span(self) -> Span | None:
        """The range; None where too little is known for one."""
        return span(self.ratios)


def calibrate(records: Sequence[Record], planned: Planned, *, mode: Mode) -> Calibration:
    """Return how the latest of those `records` went that may be learnt from."""
    runs = runs_of(records, mode)
    ratios: list[float] = []
    tasks = 0
    for number in reversed(range(max(0, len(runs) - FORETOLD), len(runs))):
        tasks += len(runs[number].record.tasks)
        if ratios and tasks > MOST_TASKS:
            break
        ratio = _ratio(runs[number], runs[:number] + runs[number + 1 :], planned)
        if ratio is not None:
            ratios.append(ratio)
    return Calibration(tuple(reversed(ratios)))


def _ratio(run: Run, others: Sequence[Run], planned: Planned) -> float | None:
    plan = planned(run.record) if others else None
    length = None if plan is None else foretold(plan, learnt(others, plan))
    return run.record.execution_ms / length if length and run.record.execution_ms else None


def foretold(plan: Plan, known: Learnt) -> int | None:
    """Return how long `plan` takes if all goes as is known, in milliseconds; None if unknown."""
    outlook = Outlook(known.sessions, known.durations, known.waits)
    told = estimate(opening(plan), 0, outlook)
    return 0 if told is None else told.end


def span(ratios: Sequence[float]) -> Span | None:
    """Return the narrowest range that covers what is wanted, evenly cut at both ends.

    Where there are too few for that, it is that of all of them, and tells what this covers. Of
    fewer than two there is none.
    """
    count = len(ratios)
    if count < 2:
        return None
    ordered = sorted(ratios)
    tail = (1 - WANTED) / 2
    first = max(1, floor((count + 1) * tail))
    last = min(count, ceil((count + 1) * (1 - tail)))
    return Span(ordered[first - 1], ordered[last - 1], min(WANTED, (last - first) / (count + 1)))
