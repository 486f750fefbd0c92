"""Longest paths and waves among tasks; circles are the business of `wait_graph`."""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from itertools import chain
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


def generations(predecessors: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """Return the nodes in waves: each needs only nodes of earlier waves, and one of the last.

    Within a wave, nodes stand in the order of `predecessors`. What is no node itself is ignored.
    Nodes on a cycle, and behind one, are in no wave.
    """
    left = {node: {p for p in before if p in predecessors} for node, before in predecessors.items()}
    after: dict[Node, list[Node]] = {}
    for node, before in left.items():
        for predecessor in before:
            after.setdefault(predecessor, []).append(node)
    position = {node: at for at, node in enumerate(predecessors)}
    wave = [node for node, before in left.items() if not before]
    waves: list[list[Node]] = []
    while wave:
        waves.append(wave)
        following: list[Node] = []
        for node in wave:
            for successor in after.get(node, ()):
                left[successor].discard(node)
                if not left[successor]:
                    following.append(successor)
        wave = sorted(following, key=position.__getitem__)
    return waves


def soonest(
    needs: Mapping[Node, Iterable[Sequence[Node]]], cost: Mapping[Node, int]
) -> dict[Node, list[Node]]:
    """Return for each node what it really waits for, if everything begins as early as it can.

    `needs` holds groups of nodes, of each of which any one will do: that which is through first
    is taken, and of several the one that comes first in `needs`. Nodes that can never begin are
    left out. (Knuth, "A generalization of Dijkstra's algorithm", 1977.)
    """
    position = {node: at for at, node in enumerate(needs)}
    waiting = {node: list(groups) for node, groups in needs.items()}
    after: dict[Node, dict[Node, None]] = {}
    for node, groups in waiting.items():
        for other in chain.from_iterable(groups):
            after.setdefault(other, {})[node] = None
    taken: dict[Node, list[Node]] = {node: [] for node in needs}
    due = [(cost[node], position[node], node) for node, groups in waiting.items() if not groups]
    heapify(due)
    through: dict[Node, list[Node]] = {}
    while due:
        time, _, node = heappop(due)
        through[node] = taken[node]
        for follower in after.get(node, ()):
            groups = waiting[follower]
            if not groups:
                continue
            waiting[follower] = [group for group in groups if node not in group]
            taken[follower] += [node] if len(waiting[follower]) < len(groups) else []
            if not waiting[follower]:
                heappush(due, (time + cost[follower], position[follower], follower))
    return {node: through[node] for node in needs if node in through}


def critical_path(
    cost: Mapping[Node, int], predecessors: Mapping[Node, Iterable[Node]]
) -> list[Node]:
    """Return the nodes of the costliest path, first node first.

    Of equally costly ones it is the one with most nodes, of those the one that comes first. Nodes
    on a cycle, and behind one, are on no path.
    """
    longest: dict[Node, tuple[int, int]] = {}
    before: dict[Node, Node | None] = {}
    for wave in generations(predecessors):
        for node in wave:
            known = [p for p in predecessors[node] if p in longest]
            best = max(known, key=longest.__getitem__, default=None)
            before[node] = best
            so_far, nodes = longest[best] if best is not None else (0, 0)
            longest[node] = so_far + cost.get(node, 0), nodes + 1
    path: list[Node] = []
    here: Node | None = max(longest, key=longest.__getitem__, default=None)
    while here is not None:
        path.append(here)
        here = before[here]
    return path[::-1]
