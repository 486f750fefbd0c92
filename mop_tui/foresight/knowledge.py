"""What is known of a task from all its sessions together, in figures for people."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from mop_tui.domain.topology import Shape
from mop_tui.foresight.durations import family
from mop_tui.foresight.record import Record, TaskRecord

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Spread:
    """Several values of one thing: how many, the middle one, and from which to which."""

    count: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class InShape:
    """How sessions went that did most of their work in one shape."""

    sessions: int
    overhead: Spread | None
    """What messages cost in this shape, in all sessions that had it; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What sessions of one task and mode were like. Times are milliseconds."""

    records: tuple[Record, ...]
    """Their records, in the order in which they began."""
    took: Spread
    size: Spread
    """How many agents took part."""
    teams: Mapping[str, Spread]
    """How many agents each team had, those included that had none."""
    topologies: Mapping[Shape, InShape]
    work_by_type: Mapping[str, Spread]
    """How long tasks were worked on, by the type of the agent; and by what they are called. Tasks
    that are not the layout's own go by their names without numbers."""
    work_by_task: Mapping[str, Spread]
    waits: Mapping[str, Spread]
    """How long gates waited for their answers."""


def knowledge_of(records: Sequence[Record]) -> Knowledge:
    """Return what `records`, of which there is one at least, tell together."""
    compositions = [record.team_composition for record in records]
    teams = dict.fromkeys(team for composition in compositions for team in composition)
    tasks = [task for record in records for task in record.tasks]
    return Knowledge(
        records=tuple(records),
        took=spread(record.execution_ms for record in records),
        size=spread(sum(composition.values()) for composition in compositions),
        teams={team: spread(it.get(team, 0) for it in compositions) for team in teams},
        topologies=_topologies(records),
        work_by_type=_work(tasks, lambda task: task.agent_type),
        work_by_task=_work(tasks, called),
        waits=_gathered((str(name), ms) for record in records for name, ms in record.waits.items()),
    )


def called(task: TaskRecord) -> str:
    """Return what a task is called, alike in all sessions of its layout."""
    if task.reviews is not None:
        return f"review of {task.reviews}"
    return task.id if task.planned else family(task.id)


def spread(values: Iterable[float]) -> Spread:
    """Return how values spread, of which there is one at least."""
    known = list(values)
    return Spread(len(known), median(known), min(known), max(known))


def _work(tasks: Iterable[TaskRecord], key: Callable[[TaskRecord], str]) -> Mapping[str, Spread]:
    """Return how long tasks were worked on, what took most in all first."""
    found = _gathered((key(task), task.work_ms) for task in tasks)
    most = sorted(found.items(), key=lambda it: (-it[1].count * it[1].median, it[0]))
    return dict(most)


def _topologies(records: Iterable[Record]) -> Mapping[Shape, InShape]:
    sessions = Counter(record.topology for record in records)
    overheads = _gathered(it for record in records for it in record.overhead.items())
    shapes = dict.fromkeys((*(shape for shape, _ in sessions.most_common()), *overheads))
    return {shape: InShape(sessions[shape], overheads.get(shape)) for shape in shapes}


def _gathered(pairs: Iterable[tuple[K, float]]) -> dict[K, Spread]:
    values: dict[K, list[float]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {key: spread(them) for key, them in values.items()}
