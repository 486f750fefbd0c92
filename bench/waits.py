"""What a new wait costs in the wait-for graph, and whether its verdicts are right.

    python -m bench.waits [--nodes 10000] [--waits 100000] [--graphs 5000] [--seed 1]

First a graph of tasks without a circle is built wait by wait, in an order that chance gives, and
then more waits are added to the full graph; each is timed. The peer is one pass of networkx for
strongly connected components over the same graph, which is what finding a circle would cost if it
were looked for anew at every wait.

Then random graphs are changed at random, nodes of which any one will do among them, and after each
change the verdict is compared with one that is worked out from scratch by networkx.
"""

import argparse
import gc
import time
from random import Random

import networkx as nx

from bench.machine import described, quantile
from mop_tui.domain.wait_graph import ANY_OF, Edge, Node, NodeKind, WaitGraph

_KINDS: tuple[NodeKind, ...] = ("task", "task", "agent", "lock", "key", "skill")


def knots(edges: dict[Edge, None]) -> list[frozenset[Node]]:
    """Return, by networkx alone, the groups that wait for each other and can never go on."""
    graph: nx.DiGraph[Node] = nx.DiGraph(list(edges))
    dead = set(graph)
    while True:
        alive = {node for node in dead if _can_go_on(graph, node, dead)}
        if not alive:
            break
        dead -= alive
    stuck = graph.subgraph(dead)
    components = map(frozenset, nx.strongly_connected_components(stuck))
    return [it for it in components if len(it) > 1 or stuck.has_edge(*it, *it)]


def _can_go_on(graph: "nx.DiGraph[Node]", node: Node, dead: set[Node]) -> bool:
    waits = [target in dead for target in graph.successors(node)]
    return not (all(waits) if node.kind in ANY_OF else any(waits)) or not waits


def wrong_of(seed: int) -> str:
    """Change a random graph at random; return what was wrong, or nothing."""
    chance = Random(seed)
    nodes = [Node(chance.choice(_KINDS), str(at)) for at in range(chance.randint(2, 14))]
    graph, edges = WaitGraph(), dict[Edge, None]()
    for step in range(chance.randint(1, 24)):
        node = chance.choice(nodes)
        if chance.random() < 0.2:
            graph.settle(node)
            edges = {edge: None for edge in edges if edge[1] != node}
        else:
            targets = chance.sample(nodes, chance.randint(0, min(3, len(nodes))))
            graph.update(node, targets)
            edges = {edge: None for edge in edges if edge[0] != node}
            edges |= {(node, target): None for target in targets}
        wrong = _compared(graph, edges)
        if wrong:
            return f"seed {seed}, step {step}: {wrong}"
    return ""


def _compared(graph: WaitGraph, edges: dict[Edge, None]) -> str:
    if set(graph.edges()) != set(edges):
        return "other edges than were told"
    expected = knots(edges)
    told = graph.stuck()
    if expected and not graph.suspicious:
        return "nothing is suspected where somebody is stuck"
    for stuck in told:
        if not all(edge in edges for edge in zip(stuck.cycle, stuck.cycle[1:], strict=False)):
            return f"no circle: {stuck.cycle}"
        if (stuck.cycle[-1], stuck.cycle[0]) not in edges:
            return f"not closed: {stuck.cycle}"
    found = [knot for stuck in told for knot in expected if set(stuck.cycle) <= knot]
    if len(found) != len(told) or set(found) != set(expected):
        return f"{len(told)} told of, networkx has {len(expected)}"
    return ""


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--waits", type=int, default=100_000)
    parser.add_argument("--graphs", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    print(described())

    chance = Random(args.seed)
    nodes = [Node("task", str(at)) for at in range(args.nodes)]
    waits: dict[Edge, None] = {}
    while len(waits) < args.waits:
        first, second = sorted(chance.sample(range(args.nodes), 2))
        waits[nodes[first], nodes[second]] = None
    todo = list(waits)
    chance.shuffle(todo)

    graph = WaitGraph()
    known: dict[Node, list[Node]] = {}
    gc.disable()
    while_built = []
    for source, target in todo:
        wanted = [*known.setdefault(source, []), target]
        known[source] = wanted
        began = time.perf_counter()
        graph.update(source, wanted)
        while_built.append(time.perf_counter() - began)
    afterwards = []
    for _ in range(2_000):
        first, second = sorted(chance.sample(range(args.nodes), 2))
        source, target = nodes[first], nodes[second]
        wanted = [*known.get(source, ()), target]
        began = time.perf_counter()
        graph.update(source, wanted)
        afterwards.append(time.perf_counter() - began)
        known[source] = wanted
    peer: nx.DiGraph[Node] = nx.DiGraph(todo)
    passes = []
    for _ in range(5):
        began = time.perf_counter()
        found = sum(1 for _ in nx.strongly_connected_components(peer))
        passes.append(time.perf_counter() - began)
    gc.enable()
    scc = sorted(passes)[len(passes) // 2]
    if graph.suspicious or found != peer.number_of_nodes():
        raise SystemExit("a circle was found where there is none")

    print(f"{args.nodes} tasks, {args.waits} waits; networkx, one pass: {scc * 1000:.0f} ms")
    for what, times in (("while it is built", while_built), ("in the full graph", afterwards)):
        mean = sum(times) / len(times)
        print(
            f"a new wait {what}: mean {mean * 1e6:.1f} µs, 1/{scc / mean:,.0f} of a pass;"
            f" p99 {quantile(times, 0.99) * 1e6:.0f} µs, 1/{scc / quantile(times, 0.99):,.0f}"
        )
    wrong = [it for it in map(wrong_of, range(args.graphs)) if it]
    print(f"{args.graphs} random graphs, changed at random: {len(wrong)} wrong verdicts")
    for it in wrong[:5]:
        print(f"  {it}")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
