"""What waits for what in a snapshot, as ties that can be drawn."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from mop_tui.dashboard.chart import Key
from mop_tui.dashboard.layered import Tie
from mop_tui.dashboard.sketch import Knot
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, QuestionId, Resource, TaskId
from mop_tui.domain.locks import Lock, LockWanted, may_be_same
from mop_tui.domain.session import Snapshot, is_provided
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.wait_graph import Node
from mop_tui.domain.waits import of_agent, of_task, stands_still, waits_of

MANY = 12
"""So many that wait for one thing alone, and for whom nobody waits, have a box each; of more, one
box tells the number."""
_AT_ONCE = 50
"""Of how many nodes the waits are looked up in about a millisecond."""


class SnapshotWaits:
    """A snapshot, seen as `waits_of` wants it: what it asks for is looked up when it is needed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.agents = snapshot.agents
        self.tasks = snapshot.tasks
        self.locks = snapshot.locks

    @cached_property
    def at_limit(self) -> bool:
        """No more agents may be at work."""
        most = self._snapshot.max_agents
        working = sum(agent.task is not None for agent in self.agents.values())
        return most is not None and working >= most

    @cached_property
    def at_a_standstill(self) -> bool:
        """No process can do anything by itself."""
        return stands_still(self.agents.values(), self._snapshot.triggers.values())

    @cached_property
    def _providers(self) -> dict[MemoryKey, list[TaskId]]:
        found: dict[MemoryKey, list[TaskId]] = {}
        for name, task in self.tasks.items():
            for key in task.spec.provides:
                found.setdefault(key, []).append(name)
        return found

    @cached_property
    def _skilled(self) -> dict[str, list[AgentId]]:
        found: dict[str, list[AgentId]] = {}
        for name, agent in self.agents.items():
            for skill in agent.spec.skills:
                found.setdefault(skill, []).append(name)
        return found

    def provided(self, key: MemoryKey) -> bool:
        """The key is there."""
        return is_provided(self._snapshot.memory, key)

    def providers_of(self, key: MemoryKey) -> Sequence[TaskId]:
        """The tasks that are to provide it."""
        return self._providers.get(key, ())

    def skilled_in(self, skill: str) -> Sequence[AgentId]:
        """The agents that have a skill."""
        return self._skilled.get(skill, ())

    def taken_like(self, resource: Resource) -> Iterable[Lock]:
        """The locks on what may be the same as a resource."""
        return [lock for name, lock in self.locks.items() if may_be_same(name, resource)]

    def asked_before(self, wanted: LockWanted, agent: AgentId) -> Iterable[AgentId]:
        """Who asked before an agent for a lock on what may be the same."""
        return [
            name
            for name, other in self.agents.items()
            for what in other.waits.values()
            if name != agent
            and isinstance(what, LockWanted)
            and what.seq < wanted.seq
            and may_be_same(what.resource, wanted.resource)
        ]

    def asked_by(self, agent: AgentId, ask: AskId) -> QuestionId | None:
        """The open question that an agent asked."""
        asked = self._snapshot.open_questions
        return next((q.id for q in asked if q.asked.agent == agent and q.asked.ask == ask), None)


def knots_of(snapshot: Snapshot) -> tuple[Knot, ...]:
    """Return who waits for ever."""
    return tuple(
        Knot(tuple(it.cycle))
        if it.hopeless is None
        else Knot((*it.cycle, it.hopeless), closed=False)
        for it in snapshot.deadlocks
    )


def looking_for_ties(snapshot: Snapshot, found: list[Tie]) -> Iterator[None]:
    """Put into `found` who waits for what, a millisecond's work each time the iterator is read."""
    swarm = SnapshotWaits(snapshot)
    circles = {
        (node, deadlock.cycle[at - len(deadlock.cycle) + 1])
        for deadlock in snapshot.deadlocks
        if deadlock.hopeless is None
        for at, node in enumerate(deadlock.cycle)
    }
    nodes = [of_task(name) for name, task in snapshot.tasks.items() if task.state not in TERMINAL]
    nodes += [of_agent(name) for name, agent in snapshot.agents.items() if agent.waits]
    seen = set(nodes)
    for at, node in enumerate(nodes):
        for other in waits_of(swarm, node):
            if _is_free(snapshot, other):
                continue
            found.append(Tie(other, node, "cycle" if (node, other) in circles else "wait"))
            if other not in seen:
                seen.add(other)
                nodes.append(other)
        if at % _AT_ONCE == _AT_ONCE - 1:
            yield


def _is_free(snapshot: Snapshot, node: Node) -> bool:
    """True for an agent that could begin at once: what waits for it is about to be handed over."""
    agent = snapshot.agents.get(AgentId(node.name)) if node.kind == "agent" else None
    return agent is not None and agent.state is AgentState.AVAILABLE and not agent.waits


def bundled(ties: Sequence[Tie], opened: frozenset[Key]) -> tuple[Tie, ...]:
    """Return the ties with one box instead of many that wait for the same, unless it is opened."""
    waiting: dict[Key, int] = {}
    awaited: dict[Key, list[Tie]] = {}
    for tie in ties:
        waiting[tie.below] = waiting.get(tie.below, 0) + 1
        awaited.setdefault(tie.above, []).append(tie)
    kept: list[Tie] = []
    for above, those in awaited.items():
        alike = [tie for tie in those if waiting[tie.below] == 1 and tie.below not in awaited]
        if len(alike) <= MANY or above in opened:
            kept += those
        else:
            kept += [tie for tie in those if waiting[tie.below] > 1 or tie.below in awaited]
            kept.append(Tie(above, ("crowd", *above, str(len(alike))), "wait"))
    return tuple(kept)
