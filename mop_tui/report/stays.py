"""What agents and tasks did, from their creation to their end, without gaps."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
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
    row: Task,
    of: OfTask,
    asked: Sequence[Span],
    gate_asked: Collection[int],
    notes: Notes,
    until: int,
) -> tuple[Piece, ...]:
    """Return what became of a task, which remembers all its stays, until its end, or session time
    `until`.

    Besides what its states tell, a task that was READY counts as waiting for a lock while what it
    locks was locked for another, or might have been; as resting while it gave way to another; and
    as waiting for the operator until the question at its gate was asked, which was at `gate_asked`.
    """
    end = row.ended_at if row.ended_at is not None and row.state in TERMINAL else until
    pieces = task_pieces(row, asked, end)
    while pieces and pieces[-1].begin >= end:  # a pause of its agent ended when it was over
        pieces = pieces[:-1]
    if pieces and pieces[-1].end > end:
        pieces = (*pieces[:-1], replace(pieces[-1], end=end))
    if row.spec.gate is not None:
        never = row.gated and row.question is None
        pieces = tuple(
            replace(piece, phase=Phase.ASKING)
            if piece.phase is Phase.QUEUED
            and (piece.end in gate_asked or (never and piece.end == end))
            else piece
            for piece in pieces
        )
    return tuple(part for piece in pieces for part in _parts(piece, row, of, notes, until))


def _parts(piece: Piece, row: Task, of: OfTask, notes: Notes, until: int) -> Iterable[Piece]:
    if piece.phase is not Phase.QUEUED or not (of.way or notes.blocked):
        return (piece,)
    return _cut(piece, _held(piece, row, of, notes, until))


def stretches(pieces: Iterable[Piece]) -> tuple[Stretch, ...]:
    """Return pieces as a report has them."""
    return tuple(Stretch(it.begin, it.end, it.phase.value, it.task) for it in pieces)


def _held(
    piece: Piece, row: Task, of: OfTask, notes: Notes, until: int
) -> Iterator[tuple[int, int, Phase]]:
    """Yield when a task could not be begun because of locks, or gave way, while nobody had it:
    sorted by when that began."""
    found = [(since, _over(notes, first, since, until), Phase.RESTING) for since, first in of.way]
    holder = notes.session.agents.get(row.spec.agent) if row.spec.agent is not None else None
    for resource in locks.wanted(row.spec, None if holder is None else holder.spec):
        spans = notes.blocked.get(resource, [])
        first = max(0, bisect_right(spans, piece.begin, key=itemgetter(0)) - 1)
        last = bisect_left(spans, piece.end, key=itemgetter(0))
        for since, end in spans[first:last]:
            found.append((since, until if end is None else end, Phase.LOCK))
    found.sort(key=itemgetter(0))
    yield from found


def _over(notes: Notes, task: TaskId, since: int, until: int) -> int:
    """Return when a task that was not over at `since` was."""
    for at, state, _, _ in notes.tasks[task].stays:
        if at >= since and state in TERMINAL:
            return at
    return until


def _cut(piece: Piece, spans: Iterable[tuple[int, int, Phase]]) -> Iterator[Piece]:
    """Yield a piece, cut up where something held a task that nobody had."""
    at = piece.begin
    for since, over, phase in spans:
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
