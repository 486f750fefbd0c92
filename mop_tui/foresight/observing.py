"""What there is to learn from a session, told from its header and its state at the end.

Rows remember their latest stays (`domain/rows.py`). Of a task with more than those, the present
attempt is known all the same, and of older ones only the least: such a record says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import JsonValue

from mop_tui.domain.fold import FOLDED, apply, pass_over
from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.rows import Question, Task
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import Phase, Span, asked_about, spent, task_pieces
from mop_tui.domain.topology import Shape
from mop_tui.foresight.record import Record, TaskRecord
from mop_tui.journal import Header, JournalFile

COMPLETE = "complete"
"""The outcome of a session that is learnt from."""


def record_of(header: Header, snapshot: Snapshot) -> Record:
    """Return what there is to learn from a session that has ended as `snapshot` tells.

    No answer, output or value of the memory is part of it.
    """
    agents = [agent.spec for agent in snapshot.agents.values()]
    figures = snapshot.coordination.by_shape
    asked = asked_about(snapshot.questions.values())
    declared = _mapping(header.layout.get("tasks"))
    variables = _mapping(_session(header.layout).get("vars"))
    return Record(
        run=header.run,
        task=task_name(header.layout) or snapshot.session,
        mode=header.mode,
        started=header.started,
        success=snapshot.outcome == COMPLETE,
        outcome=snapshot.outcome or "",
        execution_ms=snapshot.at,
        team_composition=dict(Counter(spec.team for spec in agents)),
        agent_types=dict(Counter(spec.type for spec in agents)),
        topology=_dominant(snapshot),
        overhead={shape: it.overhead for shape, it in figures.items() if it.overhead is not None},
        tasks=tuple(
            _task(snapshot, task, asked.get(name, ()), declared)
            for name, task in snapshot.tasks.items()
            if task.state is TaskState.COMPLETE
        ),
        waits=_waits(snapshot.questions.values(), snapshot.tasks),
        variables={name: str(value) for name, value in variables.items()},
        layout=header.layout,
    )


def observe(path: Path) -> Record:
    """Return what there is to learn from the session file at `path`, as far as it tells.

    Every line of it is checked. Raises `JournalError` as `JournalFile.open` does.
    """
    session = Session()
    journal = JournalFile(path)
    try:
        for event in journal.first_reading(FOLDED):
            apply(session, event)
        if len(journal):
            pass_over(session, len(journal), journal.at(len(journal)))
        return record_of(journal.header, session.snapshot())
    finally:
        journal.close()


def task_name(layout: Mapping[str, JsonValue]) -> str:
    """Return what a layout calls what it does: `session.task`, or else the id of its session.

    Empty if it has neither, which no layout is that was run.
    """
    session = _session(layout)
    named = session.get("task") or session.get("id")
    return named if isinstance(named, str) else ""


def is_learnt_from(layout: Mapping[str, JsonValue]) -> bool:
    """Return whether sessions of a layout are to be learnt from."""
    return _session(layout).get("learn") is not False


def _session(layout: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    return _mapping(layout.get("session"))


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    """Return a part of a layout; of a file that somebody else wrote it may be anything."""
    return value if isinstance(value, dict) else {}


def _dominant(snapshot: Snapshot) -> Shape:
    """Return the shape in which most of the work was done; the last one where nobody worked."""
    worked = {shape: it.work_ms for shape, it in snapshot.coordination.by_shape.items()}
    return max(worked, key=worked.__getitem__) if any(worked.values()) else snapshot.shape


def _task(
    snapshot: Snapshot, task: Task, asked: Iterable[Span], declared: Mapping[str, JsonValue]
) -> TaskRecord:
    spec = task.spec
    agent = snapshot.agents.get(task.agent) if task.agent is not None else None
    ended = snapshot.at if task.ended_at is None else task.ended_at
    times = spent(task_pieces(task, asked, ended))
    work = times.get(Phase.WORKING, 0) + times.get(Phase.STARTING, 0)
    forgotten = Phase.FORGOTTEN in times
    return TaskRecord(
        id=spec.id,
        agent_type="" if agent is None else agent.spec.type,
        team="" if agent is None else agent.spec.team,
        model=None if agent is None else agent.spec.model,
        needs_tasks=spec.needs_tasks,
        needs_keys=spec.needs_keys,
        provides=spec.provides,
        expected_ms=spec.expected_ms,
        # Of the present attempt the row knows all, also what its stays have forgotten.
        work_ms=max(work, task.worked(ended)) if forgotten else work,
        queue_ms=times.get(Phase.QUEUED, 0),
        attempts=task.attempts,
        planned=spec.id in declared,
        reviews=spec.reviews,
        at_least=forgotten,
    )


def _waits(questions: Iterable[Question], tasks: Mapping[TaskId, Task]) -> dict[QuestionName, int]:
    """Return for how long gates waited until they were answered or their time was out."""
    waited: dict[QuestionName, list[int]] = {}
    for question in questions:
        asked = question.asked
        task = None if asked.task is None else tasks.get(asked.task)
        if task is None or asked.name != task.spec.gate or question.closed_at is None:
            continue
        if question.state in ("answered", "expired"):
            waited.setdefault(asked.name, []).append(question.closed_at - question.asked_at)
    return {name: round(sum(times) / len(times)) for name, times in waited.items()}
