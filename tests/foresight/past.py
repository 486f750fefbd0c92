"""Records of sessions that never were."""

from collections.abc import Mapping
from typing import Any

from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.plan import Mode, Plan
from mop_tui.foresight.calibration import Planned
from mop_tui.foresight.record import Record, TaskRecord

SECOND = 1_000


def past(
    number: int,
    *tasks: TaskRecord,
    length: float | None = None,
    variables: Mapping[str, str] | None = None,
    waits: Mapping[str, int] | None = None,
    mode: Mode = Mode.LIVE,
    success: bool = True,
    **took: float,
) -> Record:
    """Return the record of session `number`, whose tasks took so many seconds; by default it lasted
    as long as they did together. `waits` are seconds, too."""
    done = (*tasks, *(did(name, seconds) for name, seconds in took.items()))
    lasted = sum(it.work_ms for it in done) if length is None else round(length * SECOND)
    return Record(
        run=f"run-{number}",
        task="works",
        mode=mode,
        started=f"2026-01-01T00:{number:02}:00+00:00",
        success=success,
        outcome="complete" if success else "stopped",
        execution_ms=lasted,
        team_composition={"crew": 1},
        agent_types={"worker": 1},
        topology="mesh",
        tasks=done,
        waits={QuestionName(name): it * SECOND for name, it in (waits or {}).items()},
        variables=variables or {},
    )


def did(name: str, seconds: float, kind: str = "worker", **more: Any) -> TaskRecord:
    """Return that an agent of a type took so many seconds for a task."""
    return TaskRecord(TaskId(name), kind, "crew", work_ms=round(seconds * SECOND), **more)


def planned_as(plan: Plan | None) -> Planned:
    """Return that all sessions set out to do what `plan` says."""

    def planned(record: Record) -> Plan | None:
        del record
        return plan

    return planned
