"""The form of what is done about answers to questions, and about errors."""

from typing import Any, Literal

from pydantic import JsonValue, model_validator

from mop_tui.layout.section import Section, also
from mop_tui.layout.values import Key, Text, wrong

_BARE = ("retry", "skip", "stop")
"""What is said by its name alone, too."""


class NewTask(Section):
    """A task that is created. Exactly one of `agent` and `skill` says who may do it."""

    task: Text
    """What is to be done."""
    agent: Text | None = None
    """The agent that does it."""
    skill: Text | None = None
    """Any agent with this skill may do it."""
    priority: Literal["low", "normal", "medium", "high", "urgent", "critical"] = "normal"
    """How urgent it is."""


class NewAgent(Section):
    """An agent that is spawned, if the limits allow."""

    agent_type: Text
    """One of `agent_types`."""
    task: Text | None = None
    """What it is to do."""
    model: Text | None = None
    """Which model it is meant to use, instead of its type's."""
    priority: Literal["low", "normal", "medium", "high", "urgent", "critical"] = "normal"
    """How urgent its task is."""


class Why(Section):
    """The reason that is recorded. A bare text is a `reason`."""

    model_config = also({"type": "string"})

    reason: Text | None = None
    """Why, in addition to what was answered, or what went wrong."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"reason": value} if isinstance(value, str) else value


class Reaction(Section):
    """One thing that is done about an answer or an error: exactly one of these. The bare words
    `retry`, `skip` and `stop` do so without a reason of their own. Texts and values may look up
    what the texts of questions may; about an answer also `${answer}`, but for passwords; about an
    error also `${error.type}`, `${error.message}`, `${agent.id}` and `${task.id}`."""

    model_config = also({"type": "string", "enum": list(_BARE)})

    create_task: NewTask | None = None
    """A task is created."""
    spawn: NewAgent | None = None
    """An agent is spawned."""
    set_memory: dict[Key, JsonValue] = {}
    """Keys of the memory are set."""
    retry: Why | None = None
    """The task because of which the question is asked is done again, and what was cancelled for
    want of it comes back. After an error, the task is tried again, as far as its own `retry`
    allows."""
    skip: Why | None = None
    """The task is cancelled, and what needs it; the rest goes on."""
    stop: Why | None = None
    """The whole session ends."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str) and value in _BARE:
            return {value: {}}
        if not isinstance(value, dict):
            known = "create_task, spawn, set_memory, retry, skip or stop"
            raise wrong(f"must be retry, skip, stop, or a mapping with one of {known}")
        return value
