"""What was cut out of a layout, and what it may have been.

A section that is misspelt is cut out like anything else of a wrong form. Lest what it holds be
reported as missing too, whoever looks for something in vain asks here first.
"""

from collections.abc import Iterable, Sequence

from mop_tui.layout.schema import Agent, AgentType, Task
from mop_tui.layout.sentences import meant
from mop_tui.layout.tree import Loc

MAX_GUESSES = 1_000
"""Of so many cuts it is worked out what they may have been. More may have been anything."""

_SAYING = frozenset({*AgentType.model_fields, *Agent.model_fields, *Task.model_fields})


class Losses:
    """What was cut out, at the locations `cut`."""

    def __init__(self, cut: Sequence[Loc]) -> None:
        self._within = {where[:depth] for where in cut for depth in range(1, len(where) + 1)}
        may_be = [meant(where) for where in cut[:MAX_GUESSES]]
        self._anything = len(cut) > MAX_GUESSES
        self._lost = {*cut, *may_be}
        self._said = set(_sayings(may_be))
        in_teams = set(_sayings(where for where in may_be if where[0] == "teams"))
        self.agents = self._anything or not in_teams.isdisjoint({None, "id", "type"})
        """True if something was cut out that may have named an agent."""

    def within(self, *loc: str | int) -> bool:
        """True if something was cut out at or under `loc`."""
        return loc in self._within

    def mapping(self, *loc: str) -> bool:
        """True if what was cut out may have been the mapping at `loc`, or one around it."""
        around = (loc[:depth] for depth in range(1, len(loc) + 1))
        return self._anything or not self._lost.isdisjoint(around)

    def may_have_said(self, *keys: str) -> bool:
        """True if one of `keys` may have been cut out of an agent, an agent type or a task."""
        return self._anything or not self._said.isdisjoint({None, *keys})


def _sayings(cut: Iterable[Loc]) -> Iterable[str | None]:
    """Yield the keys of agents, agent types and tasks that were cut out; None for any of them."""
    for where in cut:
        match where:
            case ("teams", _, "name" | "lead", *_):
                pass
            case ("agent_types" | "tasks", _, key, *_) | ("teams", _, _, int(), key, *_):
                yield str(key) if key in _SAYING else None
            case ("agent_types" | "tasks" | "teams", *_):
                yield None
