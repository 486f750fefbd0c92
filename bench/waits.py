"""What a new wait costs in the wait-for graph, and whether its verdicts are right.

    python -m bench.waits [--nodes 10000] [--waits 100000] [--graphs 5000] [--seed 1]

First a graph of tasks without a circle is built wait by wait, in an order that chance gives, and
then more waits are added to the full graph; each is timed. So is the same in a session with as many
tasks and needs, in which agents begin to wait for keys: what is timed then is what the engine does
after the event, to tell whether anybody is stuck. The peer is one pass of networkx for strongly
connected components over the same graph, which is what finding a circle would cost if it were
looked for anew at every wait.

Then random graphs are changed at random, nodes of which any one will do among them, and after each
change the verdict is compared with one that is worked out from scratch by networkx.
"""

import argparse
import gc
import time
from collections.abc import Callable
from itertools import pairwise
from random import Random

import networkx as nx

from bench.machine import described, quantile
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentTrigger
from mop_tui.domain.events import Event, Fact
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, TaskSpec
from mop_tui.domain.session import Refusal, Session
from mop_tui.domain.task_lifecycle import TaskTrigger
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


def in_session(waits: dict[Edge, None], count: int) -> tuple[list[float], float]:
    """Return how long it takes to look for a deadlock after each of `count` waits for a key that
    close no circle, and after one that does, in a session whose tasks need each other as `waits`
    says."""
    session, seq = Session(), 0

    def happen(fact: Fact) -> None:
        nonlocal seq
        seq += 1
        apply(session, Event(seq, seq, fact.KIND, seq - 1 or None, fact))

    needs: dict[Node, list[TaskId]] = {}
    for source, target in waits:
        needs.setdefault(source, []).append(TaskId(target.name))
        needs.setdefault(target, [])
    for node, needed in needs.items():
        spec = TaskSpec(
            TaskId(node.name),
            "a task",
            AgentId(f"agent-{node.name}"),
            needs_tasks=tuple(needed),
            provides=(MemoryKey(f"key-{node.name}"),),
        )
        happen(e.TaskCreated(spec.id, spec))
    free = [TaskId(node.name) for node, needed in needs.items() if not needed]
    for task in free[:count]:
        agent = AgentId(f"agent-{task}")
        happen(e.AgentSpawned(agent, AgentSpec(agent, "worker", TeamId("team"))))
        for agent_move in ("agent_created", "pre_task_hook_complete"):
            _move_agent(session, happen, agent, AgentTrigger(agent_move), None)
        _move_task(session, happen, task, TaskTrigger.NEEDS_MET, None)
        _move_task(session, happen, task, TaskTrigger.ASSIGNED, agent)
        _move_agent(session, happen, agent, AgentTrigger.TASK_ASSIGNED, task)
        _move_task(session, happen, task, TaskTrigger.STARTED, agent)
        _move_agent(session, happen, agent, AgentTrigger.TASK_STARTED, task)
    session.waits()

    def look_after(waiter: TaskId, provider: str) -> float:
        key = MemoryKey(f"key-{provider}")
        happen(e.AgentWaiting(AgentId(f"agent-{waiter}"), 0, waiter, AskId(provider), key))
        began = time.perf_counter()
        stuck = session.waits().stuck()
        took = time.perf_counter() - began
        if bool(stuck) is (provider in free):
            raise SystemExit(f"{len(stuck)} deadlocks after {waiter} began to wait for {provider}")
        return took

    times = [look_after(waiter, other) for waiter, other in pairwise(free[:count])]
    needed_by = next(node.name for node, needed in needs.items() if free[0] in needed)
    return times, look_after(free[0], needed_by)


def _move_agent(
    session: Session,
    happen: Callable[[Fact], None],
    agent: AgentId,
    trigger: AgentTrigger,
    task: TaskId | None,
) -> None:
    row = session.agents[agent]
    to = session.agent_move(row, trigger, task)
    if isinstance(to, Refusal):
        raise SystemExit(to.reason)
    happen(e.AgentTransitioned(agent, trigger, row.state, to, "", task))


def _move_task(
    session: Session,
    happen: Callable[[Fact], None],
    task: TaskId,
    trigger: TaskTrigger,
    agent: AgentId | None,
) -> None:
    row = session.tasks[task]
    to = session.task_move(row, trigger, agent)
    if isinstance(to, Refusal):
        raise SystemExit(to.reason)
    happen(e.TaskTransitioned(task, trigger, row.state, to, "", agent))


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

    gc.disable()
    looked, closing = in_session(waits, 100)
    gc.enable()
    print(f"{args.nodes} tasks, {args.waits} waits; networkx, one pass: {scc * 1000:.0f} ms")
    for what, times in (
        ("while it is built", while_built),
        ("in the full graph", afterwards),
        ("of an agent in a session", looked),
    ):
        mean = sum(times) / len(times)
        print(
            f"a new wait {what}: mean {mean * 1e6:.1f} µs, 1/{scc / mean:,.0f} of a pass;"
            f" p99 {quantile(times, 0.99) * 1e6:.0f} µs, 1/{scc / quantile(times, 0.99):,.0f}"
        )
    print(f"the wait that closes a circle: {closing * 1000:.1f} ms, {closing / scc:.2f} passes")
    wrong = [it for it in map(wrong_of, range(args.graphs)) if it]
    print(f"{args.graphs} random graphs, changed at random: {len(wrong)} wrong verdicts")
    for it in wrong[:5]:
        print(f"  {it}")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
