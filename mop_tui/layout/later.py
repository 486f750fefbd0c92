"""The form of sections that this version understands and does not act on yet.

They are those of the orchestration guide; `guide` brings its own way to write them into this form.
"""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from mop_tui.layout.section import Section, also
from mop_tui.layout.values import Duration, Key, Regex, Text, Timeout, wrong

Scalar = str | int | float | bool
Percent = Annotated[float, Field(gt=0, le=100)]
Path = Annotated[str, Field(min_length=1, pattern=r"^[^.]+(\.[^.]+)*$")]
"""A way to a value, such as `event.path`."""


class Comparison(Section):
    """How a value compares: exactly one of these."""

    model_config = also({"type": ["string", "number", "boolean"]})

    eq: Scalar | None = None
    """It is equal."""
    ne: Scalar | None = None
    """It is different."""
    in_: list[Scalar] | None = Field(None, alias="in")
    """It is one of these."""
    lt: float | None = None
    """It is less."""
    le: float | None = None
    """It is at most this."""
    gt: float | None = None
    """It is more."""
    ge: float | None = None
    """It is at least this."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise wrong("must hold exactly one of eq, ne, in, lt, le, gt and ge")
        return self


def _compared(value: object) -> object:
    """Return a value that something must be equal to as the comparison that it stands for."""
    return value if isinstance(value, dict) else {"eq": value}


Condition = dict[Path, Annotated[Comparison, BeforeValidator(_compared)]]
"""What must hold, all of it: values by their paths, or how they compare."""


class HealthChecks(Section):
    """How agents are probed, and when one counts as ill or well."""

    interval: Timeout = 30_000
    """How often an agent is probed."""
    timeout: Timeout = 10_000
    """How long it may take to answer."""
    failure_threshold: Annotated[int, Field(ge=1, le=1_000)] = 3
    """After how many failures in a row it is ill."""
    success_threshold: Annotated[int, Field(ge=1, le=1_000)] = 1
    """After how many successes in a row it is well again."""
    degradation_timeout: Timeout = 300_000
    """How long an agent may be degraded before it is unhealthy."""


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

ACTIONS = (
    "spawn_agent",
    "spawn_dependent_agents",
    "spawn_team",
    "spawn_troubleshooter",
    "ask_human",
    "ask_human_approval",
    "create_task",
    "set_memory",
    "notify",
    "restart_agent",
    "pause_agent",
    "resume_agent",
)

_NEEDED: dict[str, tuple[str, ...]] = {
    "file_created": ("path_pattern",),
    "file_modified": ("path_pattern",),
    "file_deleted": ("path_pattern",),
    "dependency_ready": ("wait_for",),
    "memory_key": ("key",),
    "environment_deploy": ("environment",),
    "schedule": ("interval", "cron"),
    "event": ("kind",),
}
"""What a trigger of a type must say: one of these."""


def _action(value: str) -> str:
    if value in ACTIONS or (value.startswith("spawn_") and value.endswith("_team")):
        return value
    raise wrong(f"must be spawn_<team>_team or one of {', '.join(ACTIONS)}")


class Trigger(Section):
    """What starts something by itself, and what that is."""

    name: Text | None = None
    """What it is called; by default made from its type."""
    type: TriggerType
    """What it waits for."""
    path_pattern: Text | None = None
    """Which files, as a glob relative to the session's folder."""
    requires_skill: Text | None = None
    """Which tasks, by the skill they require."""
    complexity: Literal["low", "medium", "high"] | None = None
    """Which tasks, by how complex they are."""
    wait_for: Key | None = None
    """The memory key whose completion it waits for."""
    key: Key | None = None
    """The memory key it waits for."""
    error_type: Text | None = None
    """Which errors, by their type."""
    error_pattern: Regex | None = None
    """Which errors, by a regular expression for their type and text."""
    environment: Text | None = None
    """Which environment is deployed to."""
    status: Literal["healthy", "degraded", "unhealthy"] | None = None
    """Which health an agent comes to."""
    interval: Timeout | None = None
    """How often, for `type: schedule`."""
    cron: Text | None = None
    """When, for `type: schedule`, as a cron expression."""
    kind: Text | None = None
    """Which events, for `type: event`."""
    when: Condition = {}
    """What must hold besides."""
    action: str
    """What is done then."""
    agent_type: Text | None = None
    """The type of the agent that is spawned."""
    agents: list[Text] = []
    """The types of the agents that are spawned."""
    team: Text | None = None
    """The team that is spawned."""
    agent: Text | None = None
    """The agent that is restarted, paused or resumed."""
    task: Text | None = None
    """What is to be done by whom is spawned."""
    priority: Literal["low", "normal", "medium", "high", "urgent", "critical"] = "normal"
    """How urgent that is."""
    question: Text | None = None
    """One of `questions`, which is asked."""
    auto_start: bool = True
    """Whether it begins at once."""
    model: Text | None = None
    """Which model the agent is meant to use."""
    cooldown: Duration = 0
    """How long it rests after it has fired."""
    max_fires: Annotated[int, Field(ge=1)] | None = None
    """How often it fires at most."""
    dedupe_key: Text | None = None
    """Of events for which this text comes out the same, only the first counts."""

    _known_action = field_validator("action")(_action)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = _NEEDED.get(self.type, ())
        if wanted and all(getattr(self, field) is None for field in wanted):
            raise wrong(f"of type {self.type} must say {' or '.join(wanted)}")
        return self


class Strategy(Section):
    """How the swarm adapts when something is wrong with how it works."""

    name: Text
    """What it is called."""
    trigger: Literal[
        "progress_slow",
        "resource_constrained",
        "agent_overloaded",
        "coordination_overhead_high",
        "bottleneck_detected",
    ]
    """What is wrong."""
    action: Literal[
        "spawn_additional_agents",
        "pause_non_critical_agents",
        "move_tasks_to_available_agents",
        "switch_topology",
        "break_cycle",
    ]
    """What is done about it."""
    max_agents: Annotated[int, Field(ge=1)] | None = None
    """Up to how many agents there may be."""
    keep_critical: list[Text] = []
    """Types of agents that are not paused."""
    from_: Text | None = Field(None, alias="from")
    """The topology that is left."""
    to: Text | None = None
    """The topology that is gone over to."""
    mode: Literal["auto", "ask"] = "auto"
    """Whether it is done at once, or proposed."""


class Notify(Section):
    """How the operator is called when something waits and nobody looks."""

    desktop: bool = True
    """By the terminal's own notifications."""
    bell: bool = True
    """By its bell."""
    command: list[Text] = []
    """By a program, which is given the text."""


class Review(Section):
    """Who looks at a finished task before it counts as complete."""

    by: Text
    """An agent."""


Topology = Literal["hierarchical", "mesh", "star", "ring", "adaptive"]
Rules = dict[Text, list[dict[str, JsonValue]]]
"""What is done for each answer: a list of named actions with their arguments."""
