"""The form of triggers: what has something done by itself, and what that is."""

from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from mop_tui.domain.triggers import ActionType, Complexity, Health, TriggerType
from mop_tui.layout.section import Section, also
from mop_tui.layout.values import Duration, Id, Key, Regex, Text, Timeout, wrong

Scalar = str | int | float | bool
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


ACTIONS: tuple[str, ...] = (*get_args(ActionType), "ask_human_approval")

_NEEDED: dict[str, tuple[str, ...]] = {
    "file_created": ("path_pattern",),
    "file_modified": ("path_pattern",),
    "file_deleted": ("path_pattern",),
    "dependency_ready": ("wait_for",),
    "memory_key": ("key",),
    "environment_deploy": ("environment",),
    "agent_health": ("status",),
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

    name: Id | None = None
    """What it is called; by default made from its type."""
    type: TriggerType
    """What it waits for."""
    path_pattern: Text | None = None
    """Which files, as a glob relative to the session's folder."""
    requires_skill: Text | None = None
    """Which tasks, by the skill that they take: that they require, that the agent has whom they
    are meant for, or that their title names."""
    complexity: Complexity | None = None
    """Which tasks, by how complex they are: as they say, or by how long they take and what they
    need."""
    wait_for: Key | None = None
    """The memory key whose completion it waits for."""
    key: Key | None = None
    """The memory key it waits for."""
    error_type: Text | None = None
    """Which errors, by their type. A program that ends with a code that has no name meets `exit_N`,
    one that is killed the name of the signal, one that cannot be started `start_failed`; an agent
    whose hook fails meets `hook_failed`."""
    error_pattern: Regex | None = None
    """Which errors, by a regular expression for their type and text."""
    environment: Text | None = None
    """Which environment is deployed to."""
    status: Health | None = None
    """Which health an agent comes to."""
    interval: Timeout | None = None
    """How often, for `type: schedule`."""
    cron: Text | None = None
    """When, for `type: schedule`, as a cron expression."""
    kind: Text | None = None
    """Which events, for `type: event`, such as `task.transitioned`."""
    when: Condition = {}
    """What must hold besides."""
    action: str
    """What is done then."""
    agent_type: Text | None = None
    """The type of the agent that is spawned."""
    agents: list[Text] = []
    """The agents that are spawned: their types, or ids of agents of a team that waits."""
    team: Text | None = None
    """The team that is spawned."""
    agent: Text | None = None
    """The agent that is restarted, paused or resumed (by default the one that the event is about),
    or that does the task that is created."""
    skill: Text | None = None
    """What whoever does the task that is created must be able to do."""
    task: Text | None = None
    """What is to be done by whom is spawned, or what is said; by default made from what happened.
    `${event.path}` and the like are filled in."""
    set: dict[Key, JsonValue] = {}
    """The memory keys that are set, with their values."""
    priority: Literal["low", "normal", "medium", "high", "urgent", "critical"] = "normal"
    """How urgent that is."""
    question: Text | None = None
    """One of `questions`, which is asked; by default the one that is called like the trigger."""
    auto_start: bool = True
    """Whether that begins at once, or only once the operator approves."""
    model: Text | None = None
    """Which model the agent is meant to use, instead of its type's."""
    cooldown: Duration = 0
    """How long it rests after it has fired."""
    max_fires: Annotated[int, Field(ge=1)] | None = None
    """How often it fires at most; by default as often as it may, but `dependency_ready` once."""
    dedupe_key: Text | None = None
    """Of events for which this text comes out the same, only the first counts. By default, an error
    counts once for each process of an agent."""

    _known_action = field_validator("action")(_action)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = _NEEDED.get(self.type, ())
        if wanted and all(getattr(self, field) is None for field in wanted):
            raise wrong(f"of type {self.type} must say {' or '.join(wanted)}")
        return self
