"""The life of an agent.

    SPAWNING -> INITIALIZING -> AVAILABLE -> ASSIGNED -> ACTIVE -> COMPLETE
                                    |            |         |
                                 PAUSED <---> DEGRADED -> UNHEALTHY -> FAILED

An agent is a slot that work is given to. It is created (SPAWNING), prepares itself (INITIALIZING,
where its start hook runs), waits in the pool (AVAILABLE), is given a task (ASSIGNED, where locks
are taken and the pre-task hook runs), works (ACTIVE) and has delivered (COMPLETE), from where it
returns to the pool if more work may come. Who was only called in to help is dismissed from there.

Illness is measured: an agent that works worse than it should is DEGRADED, one that does not work
is UNHEALTHY; both still hold their task and may finish it. Recovery leads back to ACTIVE.

A PAUSED agent remembers the state it was paused in and *who* paused it. A pause by the operator
or a strategy stops its processes and ends by `resume`; a pause for a dependency, a question or a
lock leaves them running, for they must read the answer, and ends by `dependency_ready`. Neither
trigger undoes the other's pause. Either leads back to the state the agent was paused in. Nobody is
found ill who is paused, and who is ill may wait for an answer like anybody else.

The *live* states are all but COMPLETE and FAILED. From any live state the operator may stop an
agent and its process may die; both lead to FAILED, from where a restart leads to SPAWNING. A death
that is the end of the last attempt at a task is an `unrecoverable_error`.
`task_withdrawn` takes the task away and keeps the agent.

`TABLE` below is the whole contract. What is not in it is refused and recorded as `agent.refused`;
`step` is the only way to move.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class AgentState(StrEnum):
    """Where an agent is in its life."""

    SPAWNING = "SPAWNING"
    INITIALIZING = "INITIALIZING"
    AVAILABLE = "AVAILABLE"
    ASSIGNED = "ASSIGNED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DEGRADED = "DEGRADED"
    UNHEALTHY = "UNHEALTHY"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class AgentTrigger(StrEnum):
    """What may move an agent."""

    AGENT_CREATED = "agent_created"
    PRE_TASK_HOOK_COMPLETE = "pre_task_hook_complete"
    TASK_ASSIGNED = "task_assigned"
    TASK_STARTED = "task_started"
    POST_TASK_HOOK_COMPLETE = "post_task_hook_complete"
    DEPENDENCY_NOT_READY = "dependency_not_ready"
    DEPENDENCY_READY = "dependency_ready"
    PERFORMANCE_THRESHOLD_EXCEEDED = "performance_threshold_exceeded"
    PERFORMANCE_RECOVERED = "performance_recovered"
    DEGRADATION_TIMEOUT = "degradation_timeout"
    HEALTH_CHECK_FAILED = "health_check_failed"
    UNRECOVERABLE_ERROR = "unrecoverable_error"
    START_FAILED = "start_failed"
    PROCESS_EXITED = "process_exited"
    TASK_WITHDRAWN = "task_withdrawn"
    RETURNED_TO_POOL = "returned_to_pool"
    DISMISSED = "dismissed"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RESTART = "restart"


class PausedBy(StrEnum):
    """Who suspended an agent, and so who may continue it."""

    OPERATOR = "operator"
    STRATEGY = "strategy"
    DEPENDENCY = "dependency"
    QUESTION = "question"
    LOCK = "lock"

    @property
    def stops_processes(self) -> bool:
        """True where the process group is suspended, false where it must be able to read."""
        return self in (PausedBy.OPERATOR, PausedBy.STRATEGY)

    @property
    def told(self) -> str:
        """Who that is, in a sentence."""
        return "a trigger or a strategy" if self is PausedBy.STRATEGY else f"the {self}"


_S = AgentState
_T = AgentTrigger

LIVE: frozenset[AgentState] = frozenset(AgentState) - {_S.COMPLETE, _S.FAILED}
"""States in which an agent still is or may be at work."""

WORKING: frozenset[AgentState] = frozenset(
    {_S.ASSIGNED, _S.ACTIVE, _S.PAUSED, _S.DEGRADED, _S.UNHEALTHY}
)
"""States in which an agent may hold a task. PAUSED may also be a pause of an idle agent."""


class _PausedIn:
    """Marks the target of the end of a pause: the state the agent was paused in."""


RESUMES = _PausedIn()


def _table() -> Mapping[tuple[AgentState, AgentTrigger], AgentState | _PausedIn]:
    rows: dict[tuple[AgentState, AgentTrigger], AgentState | _PausedIn] = {
        (_S.SPAWNING, _T.AGENT_CREATED): _S.INITIALIZING,
        (_S.INITIALIZING, _T.PRE_TASK_HOOK_COMPLETE): _S.AVAILABLE,
        (_S.AVAILABLE, _T.TASK_ASSIGNED): _S.ASSIGNED,
        (_S.AVAILABLE, _T.DISMISSED): _S.COMPLETE,
        (_S.ASSIGNED, _T.TASK_STARTED): _S.ACTIVE,
        (_S.ACTIVE, _T.POST_TASK_HOOK_COMPLETE): _S.COMPLETE,
        (_S.DEGRADED, _T.POST_TASK_HOOK_COMPLETE): _S.COMPLETE,
        (_S.UNHEALTHY, _T.POST_TASK_HOOK_COMPLETE): _S.COMPLETE,
        (_S.COMPLETE, _T.RETURNED_TO_POOL): _S.AVAILABLE,
        (_S.ACTIVE, _T.DEPENDENCY_NOT_READY): _S.PAUSED,
        (_S.DEGRADED, _T.DEPENDENCY_NOT_READY): _S.PAUSED,
        (_S.UNHEALTHY, _T.DEPENDENCY_NOT_READY): _S.PAUSED,
        (_S.PAUSED, _T.DEPENDENCY_READY): RESUMES,
        (_S.PAUSED, _T.RESUME): RESUMES,
        (_S.ASSIGNED, _T.PERFORMANCE_THRESHOLD_EXCEEDED): _S.DEGRADED,
        (_S.ACTIVE, _T.PERFORMANCE_THRESHOLD_EXCEEDED): _S.DEGRADED,
        (_S.DEGRADED, _T.PERFORMANCE_RECOVERED): _S.ACTIVE,
        (_S.UNHEALTHY, _T.PERFORMANCE_RECOVERED): _S.ACTIVE,
        (_S.DEGRADED, _T.DEGRADATION_TIMEOUT): _S.UNHEALTHY,
        (_S.ACTIVE, _T.HEALTH_CHECK_FAILED): _S.UNHEALTHY,
        (_S.DEGRADED, _T.HEALTH_CHECK_FAILED): _S.UNHEALTHY,
        (_S.ACTIVE, _T.UNRECOVERABLE_ERROR): _S.FAILED,
        (_S.DEGRADED, _T.UNRECOVERABLE_ERROR): _S.FAILED,
        (_S.UNHEALTHY, _T.UNRECOVERABLE_ERROR): _S.FAILED,
        (_S.SPAWNING, _T.START_FAILED): _S.FAILED,
        (_S.INITIALIZING, _T.START_FAILED): _S.FAILED,
        (_S.ASSIGNED, _T.START_FAILED): _S.FAILED,
        (_S.UNHEALTHY, _T.RESTART): _S.SPAWNING,
        (_S.FAILED, _T.RESTART): _S.SPAWNING,
    }
    for state in AgentState:
        if state in LIVE:
            rows[state, _T.STOP] = _S.FAILED
            rows[state, _T.PROCESS_EXITED] = _S.FAILED
            if state is not _S.PAUSED:
                rows[state, _T.PAUSE] = _S.PAUSED
        if state in WORKING:
            rows[state, _T.TASK_WITHDRAWN] = _S.AVAILABLE
    return MappingProxyType(rows)


TABLE = _table()


def step(
    state: AgentState,
    trigger: AgentTrigger,
    *,
    paused_in: AgentState | None = None,
    paused_by: PausedBy | None = None,
) -> AgentState | None:
    """Return the state that `trigger` leads to, or None where the table refuses.

    `paused_in` and `paused_by` are what the agent remembers of its pause; they matter in PAUSED
    only. `resume` ends a pause by operator or strategy, `dependency_ready` any other.
    """
    target = TABLE.get((state, trigger))
    if isinstance(target, _PausedIn):
        processes_stopped = paused_by is not None and paused_by.stops_processes
        return paused_in if processes_stopped is (trigger is _T.RESUME) else None
    return target
