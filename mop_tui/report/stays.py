"""What agents and tasks did, from their creation to their end, without gaps."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from mop_tui.domain import locks
from mop_tui.domain.ids import TaskId
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.timeline import Phase, Piece, Span, agent_pieces, task_pieces
from mop_tui.report.notes import Notes, OfAgent, OfTask
from mop_tui.report.summary import Stretch

WORK = frozenset({Phase.STARTING, Phase.WORKING, Phase.ILL})
"""Phases in which whoever has a task gets on with it."""


def of_agent(row: Agent, of: OfAgent, until: int) -> tuple[Piece, ...]:
    """Return what an agent did until session time `until`; what it did when it was over is not."""
    if len(row.history) < len(of.stays):
        row = replace(row, history=tuple(of.stays))
    pieces = agent_pieces(row, until)
    return tuple(piece for piece in pieces if piece.phase is not Phase.OVER)


def remembered(row: Task, of: OfTask) -> Task:
    """Return a task with all its stays: it keeps the latest of them itself."""
    if len(row.history) == len(of.stays):
        return row
    return replace(row, history=tuple(of.stays))


def of_task(
    row: Task, of: OfTask, asked: Sequence[Span], notes: Notes, until: int
) -> tuple[Piece, ...]:
    """Return what became of a task, which remembers all its stays, until its end, or session time
    `until`.

    Besides what its states tell, a task that was READY counts as waiting for a lock while what it
    locks was locked for another, or might have been; and as resting while it gave way to another.
    """
    end = row.ended_at if row.ended_at is not None and row.state in TERMINAL else until
    pieces = task_pieces(row, asked, end)
    spans = _held(row, of, notes, until)
    if not spans:
        return pieces
    return tuple(part for piece in pieces for part in _cut(piece, spans))


def stretches(pieces: Iterable[Piece]) -> tuple[Stretch, ...]:
    """Return pieces as a report has them."""
    return tuple(Stretch(it.begin, it.end, it.phase.value, it.task) for it in pieces)


def _held(row: Task, of: OfTask, notes: Notes, until: int) -> list[tuple[int, int, Phase]]:
    """Return when a task could not be begun because of locks, or gave way: sorted, and disjoint."""
    found = [(since, _over(notes, first, since, until), Phase.RESTING) for since, first in of.way]
    holder = notes.session.agents.get(row.spec.agent) if row.spec.agent is not None else None
    for resource in locks.wanted(row.spec, None if holder is None else holder.spec):
        for since, end in notes.blocked.get(resource, ()):
            found.append((since, until if end is None else end, Phase.LOCK))
    found.sort(key=itemgetter(0))
    disjoint: list[tuple[int, int, Phase]] = []
    for since, end, phase in found:
        begin = max(since, disjoint[-1][1]) if disjoint else since
        if begin < end:
            disjoint.append((begin, end, phase))
    return disjoint


def _over(notes: Notes, task: TaskId, since: int, until: int) -> int:
    """Return when a task that was not over at `since` was."""
    for at, state, _, _ in notes.tasks[task].stays:
        if at >= since and state in TERMINAL:
            return at
    return until


def _cut(piece: Piece, spans: Sequence[tuple[int, int, Phase]]) -> Iterator[Piece]:
    """Yield a piece, cut up where something held a task that nobody had."""
    if piece.phase is not Phase.QUEUED:
        yield piece
        return
    at = piece.begin
    first = max(0, bisect_right(spans, at, key=itemgetter(0)) - 1)
    for since, over, phase in spans[first:]:
        if since >= piece.end:
            break
        begin, end = max(at, since), min(over, piece.end)
        if begin < end:
            if at < begin:
                yield replace(piece, begin=at, end=begin)
            yield replace(piece, begin=begin, end=end, phase=phase)
            at = end
    if at < piece.end:
        yield replace(piece, begin=at)


def is_pending(piece: Piece) -> bool:
    """True if a piece of a task tells that something was missing that it needs."""
    return piece.state is TaskState.PENDING
