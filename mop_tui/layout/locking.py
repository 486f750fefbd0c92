"""What tasks lock: whether it can be compared, and whether anybody else locks the same."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from mop_tui.domain.globs import Globs, TooMuchError
from mop_tui.domain.ids import Resource
from mop_tui.domain.locks import relate
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.tree import Loc

MOST_MEANT = 100
"""Among how many other locks the one is sought that may have been meant."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield the first lock that would take too long to compare with all others."""
    _, found = _compared(case)
    if found is not None:
        yield found


def advice(case: Case) -> Iterator[Finding]:
    """Yield locks that keep nobody waiting, since nobody else locks or owns the same."""
    alike, _ = _compared(case)
    users: dict[Resource, dict[str, None]] = {}
    for agent in case.plan.agents.values():
        for resource in agent.owns:
            users.setdefault(resource, {})[f"agent {agent.id}"] = None
    for task in case.plan.tasks.values():
        for resource in chain(task.locks, task.owns):
            users.setdefault(resource, {})[f"task {task.id}"] = None
    for task in case.plan.tasks.values():
        itself = {f"task {task.id}", f"agent {task.agent}"}
        for index, resource in enumerate(task.locks):
            if resource in alike and not any(_others(users, itself, alike[resource])):
                yield Finding(
                    ("tasks", task.id, "locks", index),
                    "keeps nobody waiting, for nobody else locks or owns what may be the same",
                    wrong=resource,
                    candidates=islice(_others(users, itself, users), MOST_MEANT),
                )


def _others(
    users: Mapping[Resource, Iterable[str]], itself: set[str], among: Iterable[Resource]
) -> Iterator[Resource]:
    """Yield the resources that somebody besides `itself` uses."""
    return (resource for resource in among if not itself.issuperset(users[resource]))


def _compared(case: Case) -> tuple[dict[Resource, list[Resource]], Finding | None]:
    """Return what of all that is locked may be the same, and what keeps that from being told."""
    alike: dict[Resource, list[Resource]] = {}
    patterns: list[Resource] = []
    may_meet = Globs().may_meet
    for loc, resource in _locked(case):
        try:
            relate(resource, alike, patterns, may_meet)
        except TooMuchError:
            said = (
                "cannot be compared with what others lock, for that is too much; name fewer or "
                "shorter patterns"
            )
            return alike, Finding(loc, said)
    return alike, None


def _locked(case: Case) -> Iterator[tuple[Loc, Resource]]:
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            for number, pattern in enumerate(agent.owns):
                yield ("teams", name, "agents", index, "owns", number), Resource(pattern)
    for task in case.plan.tasks.values():
        for number, resource in enumerate(task.owns):
            yield ("tasks", task.id, "owns", number), resource
        for number, resource in enumerate(task.locks):
            yield ("tasks", task.id, "locks", number), resource
