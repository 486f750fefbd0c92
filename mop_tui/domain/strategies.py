"""Strategies: what a layout has done when something is wrong with how the swarm works.

`TRIGGERS` says what can be wrong, each with the threshold from which on it counts, and the one at
which it is over. The two lie apart, so that what moves about one of them is found once.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from mop_tui.domain.ids import AgentId, QuestionName, SpawnId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.shapes import Shape

Pressure = Literal[
    "bottleneck_detected",
    "resource_constrained",
    "progress_slow",
    "agent_overloaded",
    "coordination_overhead_high",
    "deadlock_detected",
]
"""What can be wrong with how a swarm works."""

Remedial = Literal[
    "spawn_additional_agents",
    "pause_non_critical_agents",
    "move_tasks_to_available_agents",
    "switch_topology",
    "break_cycle",
]
"""What can be done about it."""

COOL_DOWN_MS = 120_000
"""How long a strategy rests after it was applied, or refused, where the layout does not say."""


class Thresholds(NamedTuple):
    """From where on something counts, and where it is over."""

    begins: float
    ends: float

    @property
    def less_is_worse(self) -> bool:
        """True if it counts below `begins`, and not above it."""
        return self.begins < self.ends

    def beyond(self, value: float, *, holds: bool) -> bool:
        """True if `value` counts, where it counted before or not."""
        limit = self.ends if holds else self.begins
        return value < limit if self.less_is_worse else value > limit


TRIGGERS: Mapping[Pressure, Thresholds] = {
    "bottleneck_detected": Thresholds(50, 40),
    "resource_constrained": Thresholds(90, 80),
    "progress_slow": Thresholds(75, 85),
    "agent_overloaded": Thresholds(1, 0),
    "coordination_overhead_high": Thresholds(30, 20),
}
"""What is measured and has a threshold, which the layout may set.

- `bottleneck_detected`: percent of the expected work left that waits for one agent or task;
- `resource_constrained`: percent of the machine, or of what the layout allows, that is in use;
- `progress_slow`: percent of the progress that was to be expected by now that was made;
- `agent_overloaded`: tasks that are ready and wait for one agent, where somebody else could do them
  and is free;
- `coordination_overhead_high`: percent of the agents' time that goes into waiting for messages on
  their way.
"""


@immutable
class Strategy:
    """What is done when something is wrong with how the swarm works."""

    name: str
    trigger: Pressure
    action: Remedial
    max_agents: int | None = None
    """Up to how many agents there may be; None for as many as the limits allow."""
    keep_critical: tuple[str, ...] = ()
    """Types or ids of agents that are never paused."""
    from_shape: Shape | None = None
    """The shape that is left, and the one that is gone over to:"""
    to_shape: Shape | None = None
    mode: Literal["auto", "ask"] = "auto"
    """Whether it is done at once, or proposed to the operator."""
    threshold: float | None = None
    """From where on its trigger counts; None for what `TRIGGERS` says."""
    cool_down_ms: int = COOL_DOWN_MS
    """How long it rests after it was applied, or refused."""


def thresholds(trigger: Pressure, strategies: Iterable[Strategy]) -> Thresholds:
    """Return the thresholds of `trigger`. Where strategies set one, it ends as far from there, in
    proportion, as it does by default."""
    default = TRIGGERS[trigger]
    for strategy in strategies:
        if strategy.trigger == trigger and strategy.threshold is not None:
            ends = strategy.threshold * default.ends / default.begins
            return Thresholds(strategy.threshold, ends)
    return default


HOLDS_AFTER = 2
"""In how many judgements in a row something has to be found before anything is done about it."""
LATEST_ADAPTATIONS = 20
"""How many of the latest steps of strategies a session keeps at hand."""


@immutable
class Found:
    """Something that is wrong with how the swarm works, with what shows it."""

    trigger: Pressure
    value: float
    """What was measured, in the unit of its threshold."""
    limit: float
    """What that has crossed, or not come back from."""
    text: str
    """One sentence with the figures, without a full stop."""
    agent: AgentId | None = None
    task: TaskId | None = None


@immutable
class Pressed:
    """Something wrong that the latest judgements found."""

    found: Found
    """As it was found last."""
    since: int
    """Since which session time."""
    times: int = 1
    """In how many judgements in a row."""

    @property
    def holds(self) -> bool:
        """True if it was found often enough for something to be done about it."""
        return self.times >= HOLDS_AFTER


@immutable
class HeldBack:
    """An agent that a strategy paused."""

    agent: AgentId
    moved: int
    """Which event paused it; after another one it is no affair of the strategy any more."""
    cores: float | None = None
    """What it used, as far as that was known."""


@immutable
class Adapting:
    """What became of a strategy so far."""

    rests_from: int | None = None
    """When it was last applied, or refused."""
    times: int = 0
    """How often it was applied."""
    held_back: tuple[HeldBack, ...] = ()
    """Whom it paused."""


@immutable
class Adaptation:
    """A step that was taken because of a strategy, or taken back."""

    seq: int
    at: int
    strategy: str
    trigger: Pressure
    action: Remedial
    undone: bool
    what: str
    """One sentence."""


MATTER = "adaptation"
"""What questions are about that propose a strategy."""
_PROPOSED = "adapt/"


def proposal_of(strategy: str) -> QuestionName:
    """Return the name of the question that proposes a strategy."""
    return QuestionName(f"{_PROPOSED}{strategy}")


def strategy_asked(question: QuestionName) -> str:
    """Return which strategy a question proposes; empty if it is another question."""
    return question.removeprefix(_PROPOSED) if question.startswith(_PROPOSED) else ""


SPAWNED_BY = "strategy:"
"""What is spawned because of a strategy is named after it, and with this in front."""


def spawn_of(strategy: str, seq: int, number: int) -> SpawnId:
    """Return what names the `number`th agent that a strategy spawns because of event `seq`."""
    return SpawnId(f"{SPAWNED_BY}{strategy}@{seq}.{number}")


def strategy_of(spawn: SpawnId | None) -> str:
    """Return because of which strategy something was spawned; empty if because of none."""
    if spawn is None or not spawn.startswith(SPAWNED_BY):
        return ""
    return spawn.removeprefix(SPAWNED_BY).rpartition("@")[0]
