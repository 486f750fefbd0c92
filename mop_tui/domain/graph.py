"""Longest paths and cycles among tasks."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

Node = TypeVar("Node", bound=str)


def upward_ranks(
    cost: Mapping[Node, int], successors: Mapping[Node, Iterable[Node]]
) -> dict[Node, int]:
    """Return for each node its own cost plus that of the costliest path behind it.

    This is the upward rank of list scheduling (Topcuoglu, Hariri and Wu, "HEFT", 2002, without
    communication costs). Successors that have no cost are not nodes and are ignored. Where there
    is a cycle no path is longest, and every node ranks by its own cost.
    """
    known = {node: [s for s in successors.get(node, ()) if s in cost] for node in cost}
    try:
        order = list(TopologicalSorter(known).static_order())
    except CycleError:
        return dict(cost)
    ranks: dict[Node, int] = {}
    for node in order:
        ranks[node] = cost[node] + max((ranks[s] for s in known[node]), default=0)
    return ranks


def find_cycle(predecessors: Mapping[Node, Iterable[Node]]) -> list[Node] | None:
    """Return the nodes of one cycle, each needing the next and the last the first, or None."""
    try:
        TopologicalSorter(predecessors).prepare()
    except CycleError as error:
        nodes: list[Node] = error.args[1]
        return nodes[:0:-1]
    return None


def descendants(start: Node, successors: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Return every node that can be reached from `start`, nearest first."""
    seen: dict[Node, None] = {}
    frontier = [start]
    for node in frontier:
        for after in successors.get(node, ()):
            if after not in seen and after != start:
                seen[after] = None
                frontier.append(after)
    return list(seen)
