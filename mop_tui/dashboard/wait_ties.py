"""What waits for what in a snapshot, as ties that can be drawn."""

from collections.abc import Iterator, Sequence

from mop_tui.dashboard.chart import Key
from mop_tui.dashboard.layered import Tie
from mop_tui.dashboard.sketch import Knot
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Snapshot
from mop_tui.domain.still_swarm import StillSwarm
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.wait_graph import Node
from mop_tui.domain.waits import of_agent, of_task, waits_of

MANY = 12
"""So many that wait for one thing alone, and for whom nobody waits, have a box each; of more, one
box tells the number."""
_AT_ONCE = 50
"""Of how many nodes the waits are looked up in about a millisecond."""


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
    swarm = StillSwarm(snapshot)
    circles = {
        (node, deadlock.cycle[at - len(deadlock.cycle) + 1])
        for deadlock in snapshot.deadlocks
        if deadlock.hopeless is None
        for at, node in enumerate(deadlock.cycle)
    }
    nodes = [of_task(name) for name, task in snapshot.tasks.items() if task.state not in TERMINAL]
    # An agent with a task waits for what its task waits for, which is told by that.
    nodes += [
        of_agent(name)
        for name, agent in snapshot.agents.items()
        if agent.waits and agent.task is None
    ]
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
