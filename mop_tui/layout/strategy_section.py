"""The form of strategies: how the swarm adapts when something is wrong with how it works."""

from typing import Annotated, Literal

from pydantic import Field

from mop_tui.domain.shapes import Shape
from mop_tui.domain.strategies import COOL_DOWN_MS, Pressure, Remedial
from mop_tui.layout.section import Section
from mop_tui.layout.values import Duration, Id, Text


class Strategy(Section):
    """How the swarm adapts when something is wrong with how it works. Without any, you are told of
    that, and nothing is done."""

    name: Id
    """What it is called."""
    trigger: Pressure
    """What is wrong."""
    action: Remedial
    """What is done about it."""
    max_agents: Annotated[int, Field(ge=1)] | None = None
    """Up to how many agents there may be, for `spawn_additional_agents`; by default as many as
    `limits` allow."""
    keep_critical: list[Text] = []
    """Types or ids of agents that `pause_non_critical_agents` never pauses."""
    from_: Shape | None = Field(None, alias="from")
    """The topology that `switch_topology` leaves; nothing is done in any other."""
    to: Shape | None = None
    """The topology that is gone over to."""
    mode: Literal["auto", "ask"] = "auto"
    """Whether it is done at once, or proposed to you, with what speaks for it."""
    threshold: Annotated[float, Field(gt=0)] | None = None
    """From where on its trigger counts: percent of the remaining work that waits for one agent or
    task (by default 50), of the machine or the limits in use (90), of the expected progress (75,
    and it counts below), or of the agents' time that goes into waiting for messages (30); or how
    many tasks wait for one agent (1). All that is about one trigger has the same."""
    cool_down: Duration = COOL_DOWN_MS
    """How long it rests after it was applied, or you refused it."""
