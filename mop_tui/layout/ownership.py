"""Whether every file has at most one owner."""

from collections.abc import Iterator
from typing import NamedTuple

from mop_tui.domain.globs import Globs, TooMuchError
from mop_tui.domain.ids import AgentId
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import agent_id
from mop_tui.layout.tree import Loc


class _Owned(NamedTuple):
    loc: Loc
    pattern: str
    owner: str
    """In words, to tell owners apart and to name them."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield patterns for files that may also be another's, each once, and hooks after edits of
    those who own nothing."""
    yield from _edits(case)
    compared = Globs()
    before: list[_Owned] = []
    for this in _owned(case):
        others = (that for that in before if that.owner != this.owner)
        try:
            met = next(
                (that for that in others if compared.may_meet(that.pattern, this.pattern)), None
            )
        except TooMuchError:
            yield Finding(
                this.loc,
                "cannot be compared with what others own, for that is too much; name fewer or "
                "shorter patterns",
            )
            return
        if met is not None:
            yield Finding(
                this.loc,
                f"may be files that {met.owner} owns ('{met.pattern}'); a file has one owner",
            )
        before.append(this)


def _edits(case: Case) -> Iterator[Finding]:
    tasks = case.layout.tasks
    owning = {task.agent for task in tasks.values() if task.owns}
    skills = {task.requires_skill for task in tasks.values() if task.owns}
    why = "is run after changes of files that it owns, and it owns none: give it owns"
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            spec = case.plan.agents[agent_id(agent)]
            owns = agent.owns or spec.id in owning or not skills.isdisjoint(spec.skills)
            if agent.post_edit is not None and not owns:
                yield Finding(("teams", name, "agents", index, "post_edit"), why)
    for name, task in tasks.items():
        pinned = case.plan.agents.get(AgentId(task.agent or ""))
        by_owner = pinned is not None and pinned.owns
        if task.post_edit is not None and not task.owns and not by_owner:
            yield Finding(("tasks", name, "post_edit"), why)


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
