"""A layout of the right form, to be judged as a whole.

It comes with everything of a wrong form cut out (see `form`). So that what is merely misspelt is
not reported as missing too, names are looked up in `Declared`, which is what the file said before
that; and nothing is said to be lacking where what was cut out may have held it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mop_tui.domain.plan import Plan
from mop_tui.layout.losses import Losses
from mop_tui.layout.schema import Layout
from mop_tui.layout.tree import Node


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
    losses: Losses


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
