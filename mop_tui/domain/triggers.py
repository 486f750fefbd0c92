"""Triggers: what has something done by itself, as the layout declares it.

A trigger looks at events of some kinds (`KINDS`). Those that it is about make it *consider*: it
fires, or it does not and says why. `decisions.triggers` does that.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue

from mop_tui.domain.conditions import Condition
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TeamId, TriggerName
from mop_tui.domain.immutable import immutable
from mop_tui.domain.priority import Priority

TriggerType = Literal[
    "file_created",
    "file_modified",
    "file_deleted",
    "task_created",
    "dependency_ready",
    "memory_key",
    "agent_error",
    "environment_deploy",
    "agent_health",
    "schedule",
    "event",
]
"""What a trigger waits for."""

ActionType = Literal[
    "spawn_agent",
    "spawn_dependent_agents",
    "spawn_team",
    "spawn_troubleshooter",
    "ask_human",
    "create_task",
    "set_memory",
    "notify",
    "restart_agent",
    "pause_agent",
    "resume_agent",
]
"""What a trigger has done. (`ask_human_approval` is `ask_human`, `spawn_<team>_team` is
`spawn_team`.)"""

SPAWNING: frozenset[str] = frozenset(
    ("spawn_agent", "spawn_dependent_agents", "spawn_team", "spawn_troubleshooter")
)
"""Actions that bring agents into being."""

FILE_KINDS: Mapping[str, str] = {
    "file_created": "file.created",
    "file_modified": "file.modified",
    "file_deleted": "file.deleted",
}
KINDS: Mapping[str, tuple[str, ...]] = {
    **{type_: (kind,) for type_, kind in FILE_KINDS.items()},
    "task_created": ("task.created",),
    "dependency_ready": ("system.memory_set",),
    "memory_key": ("system.memory_set",),
    "agent_error": ("agent.erred", "agent.exited", "agent.finished", "system.done"),
    "environment_deploy": ("task.transitioned",),
    "agent_health": ("agent.health", "agent.transitioned"),
    "schedule": ("system.scheduled",),
}
"""The kinds of events that a trigger of a type looks at; one of type `event` names its own."""

Complexity = Literal["low", "medium", "high"]
Health = Literal["healthy", "degraded", "unhealthy"]

UNPLACED = TeamId("spawned")
"""The team of spawned agents whose type no team has."""
TROUBLESHOOTER = "devops-troubleshooter"
"""The type of agent that `spawn_troubleshooter` brings in unless it is told another."""
DEFAULT_TOTAL = 1_000
"""How many agents there may be in all, unless the layout says."""
DEFAULT_DEPTH = 5
"""How many agents may have been spawned because of each other, unless the layout says."""
MINUTE = 60_000


def proposal_of(trigger: TriggerName) -> QuestionName:
    """Return what the question is called by which a trigger proposes to spawn."""
    return QuestionName(f"spawn/{trigger}")


@immutable
class Limits:
    """How much triggers may spawn.

    At work at a time (`Plan.max_agents`) are fewer: who is over that waits for its turn. Over one
    of these nothing is spawned at all.
    """

    total: int = DEFAULT_TOTAL
    """Agents in the session, those of the teams included."""
    per_minute: int | None = None
    """Agents spawned by triggers within any 60 seconds."""
    depth: int = DEFAULT_DEPTH
    """Agents spawned because of each other."""
    cpu: float | None = None
    """Processor cores that the agents who live may use, as they declare it."""
    memory: int | None = None
    """Bytes that they may use."""


@immutable
class TriggerSpec:
    """A trigger. Texts may hold `${...}` look-ups, which are filled in when it fires."""

    name: TriggerName
    type: TriggerType
    action: ActionType
    path_pattern: str = ""
    requires_skill: str = ""
    complexity: Complexity | None = None
    key: MemoryKey | None = None
    """The memory key that it waits for."""
    error_type: str = ""
    error_pattern: str = ""
    environment: str = ""
    status: Health | None = None
    interval_ms: int | None = None
    cron: str = ""
    kind: str = ""
    when: tuple[Condition, ...] = ()
    agents: tuple[str, ...] = ()
    """Who is spawned: ids of agents of the teams, or types."""
    team: TeamId | None = None
    agent: AgentId | None = None
    """Who is restarted, paused or resumed, or does the task that is created."""
    task: str = ""
    """What is to be done, or said."""
    skill: str = ""
    """What whoever does the created task must be able to do."""
    priority: Priority = Priority.NORMAL
    question: QuestionName | None = None
    start_question: QuestionName | None = None
    """What opens the gate of a task that does not start by itself."""
    model: str | None = None
    set: tuple[tuple[MemoryKey, JsonValue], ...] = ()
    cooldown_ms: int = 0
    max_fires: int | None = None
    dedupe_key: str = ""

    @property
    def gate(self) -> bool:
        """True if it holds tasks until a human has answered, so that nothing may switch it off."""
        return self.type == "environment_deploy" and self.action == "ask_human"

    @property
    def spawns(self) -> bool:
        """True if it brings agents into being."""
        return self.action in SPAWNING

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of events that it looks at."""
        return (self.kind,) if self.type == "event" else KINDS[self.type]
