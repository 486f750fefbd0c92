"""A layout of the right form, to be judged as a whole.

It comes with everything of a wrong form cut out (see `form`). So that what is merely misspelt is
not reported as missing too, names are looked up in `Declared`, which is what the file said before
that; and nothing is said to be lacking where what was cut out may have held it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mop_tui.domain.plan import Plan
from mop_tui.layout.schema import Agent, AgentType, Layout, Task
from mop_tui.layout.sentences import closest
from mop_tui.layout.tree import Loc, Node

_SAYING = dict.fromkeys((*AgentType.model_fields, *Agent.model_fields, *Task.model_fields))


@dataclass(frozen=True, slots=True)
class Declared:
    """The names that a file declares, whatever else is wrong with what they stand for."""

    types: Collection[str]
    agents: Collection[str]
    tasks: Collection[str]
    questions: Collection[str]
    variables: Collection[str]
    members: Mapping[str, Collection[str]]
    """The agents of each team."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is left of a layout, its plan, the names it declared, and what is not left of it."""

    layout: Layout
    plan: Plan
    declared: Declared
    cut: tuple[Loc, ...]

    def cut_within(self, *loc: str | int) -> bool:
        """True if something was cut out at or under `loc`."""
        return any(where[: len(loc)] == loc for where in self.cut)

    def may_have_said(self, *keys: str) -> bool:
        """True if something was cut out of agents, their types or tasks that may have been one of
        `keys`: one of them, misspelt or not, or a whole that may have held one."""
        return any(self._said(where, keys) for where in self.cut)

    def _said(self, where: Loc, keys: tuple[str, ...]) -> bool:
        match where:
            case ("teams", _, "name" | "lead", *_):
                return False
            case ("agent_types" | "tasks", _, key, *_) | ("teams", _, "agents", int(), key, *_):
                meant = key if key in _SAYING else closest(str(key), _SAYING)
                return meant is None or meant in keys
            case ("agent_types" | "tasks" | "teams", *_):
                return True
            case _:
                return False


def declared(tree: Node) -> Declared:
    """Return the names that `tree` declares, each kind in the file's order."""
    session = tree.child("session")
    members = {
        name: dict.fromkeys(filter(None, map(_agent_name, team.sequence("agents"))))
        for name, team in tree.mapping("teams").items()
    }
    return Declared(
        types=dict.fromkeys(tree.mapping("agent_types")),
        agents=dict.fromkeys(agent for team in members.values() for agent in team),
        tasks=dict.fromkeys(tree.mapping("tasks")),
        questions=dict.fromkeys(tree.mapping("questions")),
        variables=dict.fromkeys(session.mapping("vars") if session else ()),
        members=members,
    )


def _agent_name(agent: Node) -> str:
    name = agent.child("id") or agent.child("type") or agent
    return name.value if isinstance(name.value, str) else ""
