"""The life of a task.

    PENDING -> READY -> ASSIGNED -> ACTIVE -> [REVIEWING] -> COMPLETE
                 ^---------+----------+            |
                                 FAILED  <---------+

A task is PENDING while something it needs is missing, and READY once everything is there. A READY
task may still be *held*, by a gate that a human has not opened or by a limit; being held is not a
state, for nothing about the task itself is unfinished. It is ASSIGNED to an agent, ACTIVE while
that agent works on it, and then COMPLETE, or first REVIEWING where the layout names a reviewer.

`requeued` takes a task from an agent that cannot go on and makes it READY again. FAILED and
CANCELLED are ends, though not graves: a failed task may be `retried`, a cancelled one
`reinstated`, by someone who has a reason.

FAILED says that work was tried and did not succeed. CANCELLED says that it was not finished
because someone or something made it pointless: a rejection, a failed dependency, the operator.

`TABLE` below is the whole contract. What is not in it is refused and recorded as `task.refused`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class TaskState(StrEnum):
    """Where a task is in its life."""

    PENDING = "PENDING"
    READY = "READY"
    ASSIGNED = "ASSIGNED"
    ACTIVE = "ACTIVE"
    REVIEWING = "REVIEWING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class TaskTrigger(StrEnum):
    """What may move a task."""

    NEEDS_MET = "needs_met"
    NEEDS_LOST = "needs_lost"
    ASSIGNED = "assigned"
    STARTED = "started"
    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    FINISHED = "finished"
    FAILED = "failed"
    REQUEUED = "requeued"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    REINSTATED = "reinstated"


_S = TaskState
_T = TaskTrigger

TERMINAL: frozenset[TaskState] = frozenset({_S.COMPLETE, _S.FAILED, _S.CANCELLED})
"""States in which nothing more is expected of a task."""

HELD_BY_AGENT: frozenset[TaskState] = frozenset({_S.ASSIGNED, _S.ACTIVE})
"""States in which exactly one agent holds the task."""


def _table() -> Mapping[tuple[TaskState, TaskTrigger], TaskState]:
    rows = {
        (_S.PENDING, _T.NEEDS_MET): _S.READY,
        (_S.READY, _T.NEEDS_LOST): _S.PENDING,
        (_S.READY, _T.ASSIGNED): _S.ASSIGNED,
        (_S.ASSIGNED, _T.STARTED): _S.ACTIVE,
        (_S.ACTIVE, _T.SUBMITTED): _S.REVIEWING,
        (_S.REVIEWING, _T.SENT_BACK): _S.READY,
        (_S.ACTIVE, _T.FINISHED): _S.COMPLETE,
        (_S.REVIEWING, _T.FINISHED): _S.COMPLETE,
        (_S.ASSIGNED, _T.FAILED): _S.FAILED,
        (_S.ACTIVE, _T.FAILED): _S.FAILED,
        (_S.REVIEWING, _T.FAILED): _S.FAILED,
        (_S.ASSIGNED, _T.REQUEUED): _S.READY,
        (_S.ACTIVE, _T.REQUEUED): _S.READY,
        (_S.FAILED, _T.RETRIED): _S.READY,
        (_S.CANCELLED, _T.REINSTATED): _S.PENDING,
    }
    for state in TaskState:
        if state not in TERMINAL:
            rows[state, _T.CANCELLED] = _S.CANCELLED
    return MappingProxyType(rows)


TABLE = _table()


def step(state: TaskState, trigger: TaskTrigger) -> TaskState | None:
    """Return the state that `trigger` leads to, or None where the table refuses."""
    return TABLE.get((state, trigger))
