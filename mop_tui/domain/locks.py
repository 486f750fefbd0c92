"""Locks on shared resources: names, or patterns for paths, that one task at a time may use.

Two tasks exclude each other if any resource of the one may be the same as one of the other. A name
such as `release` is a pattern like any other: it means itself alone.

What a task is said to lock it takes all at once, together with its agent, and tasks that wait for
that hold nothing. Besides, an agent may lock more while it works. It then waits for one lock while
it holds others, and so agents can wait for each other in a circle.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from sys import maxsize

from mop_tui.domain.globs import Globs
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, TaskSpec

MOST_LOCKED = 100
"""How much one agent may have locked, and wait for, before it is refused more."""
MOST_WORK = 100_000
"""How much comparing (see `Globs`) one resource may take that an agent asks for: some 50 ms."""

_WILD = frozenset("*?[{")


@immutable
class Lock:
    """A resource that is taken."""

    resource: Resource
    task: TaskId
    agent: AgentId
    since: int
    """Session time at which it was taken."""
    seq: int
    """The event by which it was taken."""


@immutable
class LockWanted:
    """What an agent waits for that has asked for a lock."""

    resource: Resource
    seq: int
    """The event by which it asked."""


@immutable
class Obstacle:
    """A lock because of which something that is wanted cannot be had."""

    wanted: Resource
    lock: Lock

    @property
    def reason(self) -> str:
        """Why it cannot be had, as a sentence."""
        lock = self.lock
        return f"{lock.resource} is locked by {lock.agent} for {lock.task}{self.besides}"

    @property
    def besides(self) -> str:
        """What is to be said besides the lock, as the end of a sentence."""
        same = self.lock.resource == self.wanted
        return "" if same else f", and {self.wanted} may be the same"


def wanted(task: TaskSpec, agent: AgentSpec | None) -> tuple[Resource, ...]:
    """Return what is locked while `agent` does `task`: what either owns, too; each once.

    Without an agent: what is locked whoever does it.
    """
    if agent is None or not agent.owns:
        if not task.owns:
            return task.locks
        return tuple(dict.fromkeys((*task.locks, *task.owns)))
    return tuple(dict.fromkeys((*task.locks, *task.owns, *agent.owns)))


def is_one(resource: Resource) -> bool:
    """True if a resource is nothing but what it is called, and no pattern."""
    return _WILD.isdisjoint(resource) and not resource.endswith("/")


def relate(
    resource: Resource,
    alike: dict[Resource, list[Resource]],
    patterns: list[Resource],
    same: Callable[[Resource, Resource], bool] | None = None,
) -> None:
    """Add a resource to `alike`, which tells of each what else may be the same, and itself.

    Those of them that are `patterns` are compared with every other; two that are not need no
    comparing. `same` is `may_be_same` unless told otherwise.
    """
    if resource in alike:
        return
    one = is_one(resource)
    compare = same or may_be_same
    found = [other for other in (patterns if one else alike) if compare(resource, other)]
    for other in found:
        alike[other].append(resource)
    alike[resource] = [resource, *found]
    if not one:
        patterns.append(resource)


def may_be_same(first: Resource, second: Resource) -> bool:
    """Return whether two resources may be the same: see `Globs.may_meet`."""
    if first == second:
        return True
    if is_one(first) and is_one(second):
        return False
    return _compared(first, second)


@lru_cache(maxsize=2**15)
def _compared(first: Resource, second: Resource) -> bool:
    # How much there is to compare was bounded when the layout was checked.
    return Globs(maxsize).may_meet(first, second)


def disjoint(
    alike: Mapping[Resource, Iterable[Resource]],
    task: TaskSpec,
    agent: AgentSpec | None,
    locked: Collection[Resource],
) -> bool:
    """True if nothing that is locked while `agent` does `task` may be the same as anything of
    `locked`; `alike` tells what may be the same as what."""
    return not any(other in locked for one in wanted(task, agent) for other in alike[one])


def obstacle(resources: Iterable[Resource], locks: Mapping[Resource, Lock]) -> Obstacle | None:
    """Return why not all of `resources` can be had; None if they can."""
    if locks:
        for resource in resources:
            for lock in locks.values():
                if may_be_same(resource, lock.resource):
                    return Obstacle(resource, lock)
    return None
