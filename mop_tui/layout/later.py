"""The form of sections that this version understands and does not act on yet.

They are those of the orchestration guide; `guide` brings its own way to write them into this form.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from mop_tui.layout.section import Section
from mop_tui.layout.values import Text


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


Topology = Literal["hierarchical", "mesh", "star", "ring", "adaptive"]
Rules = dict[Text, list[dict[str, JsonValue]]]
"""What is done for each answer: a list of named actions with their arguments."""
