"""Whether every file has at most one owner."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from mop_tui.domain import globs
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import agent_id
from mop_tui.layout.tree import Loc

MAX_COMPARED = 200
"""Patterns that are compared with each other; so many owned places are one layout's share."""


class _Owned(NamedTuple):
    loc: Loc
    pattern: str
    owner: str
    """In words, to tell owners apart and to name them."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield patterns for files that may also be another's, each once."""
    told: set[Loc] = set()
    for one, other in combinations(list(_owned(case))[:MAX_COMPARED], 2):
        if other.loc in told or one.owner == other.owner:
            continue
        if globs.may_meet(one.pattern, other.pattern):
            told.add(other.loc)
            yield Finding(
                other.loc,
                f"may be files that {one.owner} owns ('{one.pattern}'); a file has one owner",
            )


def _owned(case: Case) -> Iterator[_Owned]:
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            for number, pattern in enumerate(agent.owns):
                loc: Loc = ("teams", name, "agents", index, "owns", number)
                yield _Owned(loc, pattern, f"agent '{agent_id(agent)}'")
    for name, task in case.layout.tasks.items():
        owner = f"agent '{task.agent}'" if task.agent else f"whoever does task '{name}'"
        for number, pattern in enumerate(task.owns):
            yield _Owned(("tasks", name, "owns", number), pattern, owner)
