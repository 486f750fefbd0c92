"""Ranks, cycles and descendants, held against networkx and against their own definition."""

from itertools import pairwise

import networkx as nx
from hypothesis import assume, given
from hypothesis import strategies as st

from mop_tui.domain.graph import (
    critical_path,
    descendants,
    generations,
    soonest,
    upward_ranks,
)

NODES = "abcdefg"
nodes = st.sampled_from(NODES)
Edges = dict[str, list[str]]

any_graph: st.SearchStrategy[Edges] = st.dictionaries(nodes, st.lists(nodes, max_size=4))
acyclic: st.SearchStrategy[Edges] = any_graph.map(
    lambda graph: {node: [after for after in out if after > node] for node, out in graph.items()}
)
costs = st.fixed_dictionaries({node: st.integers(1, 50) for node in NODES})


def digraph(edges: Edges) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(NODES)
    graph.add_edges_from((node, after) for node, out in edges.items() for after in out)
    return graph


@given(acyclic, costs)
def test_a_rank_is_the_cost_of_the_longest_way_to_the_end(
    edges: Edges, cost: dict[str, int]
) -> None:
    graph = digraph(edges)
    for node, after in graph.edges:
        graph.edges[node, after]["weight"] = cost[node]
    for node in NODES:
        graph.add_edge(node, "end", weight=cost[node])
    ranks = upward_ranks(cost, edges)
    for node in NODES:
        ahead = graph.subgraph({node, *nx.descendants(graph, node)})
        assert ranks[node] == nx.dag_longest_path_length(ahead)


@given(acyclic, costs, st.sets(nodes))
def test_what_has_no_cost_is_not_there(
    edges: Edges, cost: dict[str, int], absent: set[str]
) -> None:
    known = {node: each for node, each in cost.items() if node not in absent}
    without = {
        node: [after for after in out if after in known]
        for node, out in edges.items()
        if node in known
    }
    assert upward_ranks(known, edges) == upward_ranks(known, without)
    assert set(upward_ranks(known, edges)) == set(known)


@given(any_graph, costs)
def test_where_there_is_a_cycle_everything_ranks_by_its_own_cost(
    edges: Edges, cost: dict[str, int]
) -> None:
    assume(not nx.is_directed_acyclic_graph(digraph(edges)))
    assert upward_ranks(cost, edges) == cost


@given(any_graph, nodes)
def test_descendants_are_all_that_can_be_reached_nearest_first(edges: Edges, start: str) -> None:
    graph = digraph(edges)
    found = descendants(start, edges)
    assert len(found) == len(set(found))
    assert set(found) == nx.descendants(graph, start)
    distance = nx.single_source_shortest_path_length(graph, start)
    assert [distance[node] for node in found] == sorted(distance[node] for node in found)


def predecessors_of(edges: Edges) -> Edges:
    """Return a graph's edges the other way round, for all nodes in their order."""
    before: Edges = {node: [] for node in NODES}
    for node, out in edges.items():
        for after in out:
            before[after].append(node)
    return before


@given(acyclic)
def test_waves_are_the_topological_generations(edges: Edges) -> None:
    expected = [sorted(wave) for wave in nx.topological_generations(digraph(edges))]
    assert generations(predecessors_of(edges)) == expected


@given(any_graph)
def test_what_waits_for_itself_and_what_is_behind_it_is_in_no_wave(edges: Edges) -> None:
    graph = digraph(edges)
    stuck: set[str] = set()
    for component in nx.strongly_connected_components(graph):
        node = next(iter(component))
        if len(component) > 1 or graph.has_edge(node, node):
            stuck |= component | {n for c in component for n in nx.descendants(graph, c)}
    waves = generations(predecessors_of(edges))
    assert {node for wave in waves for node in wave} == set(NODES) - stuck


@given(acyclic, costs)
def test_the_critical_path_is_a_path_and_no_path_costs_more(
    edges: Edges, cost: dict[str, int]
) -> None:
    before = predecessors_of(edges)
    path = critical_path(cost, before)
    for node, after in pairwise(path):
        assert node in before[after]
    assert sum(cost[node] for node in path) == max(upward_ranks(cost, edges).values())


any_needs = st.fixed_dictionaries(
    {
        node: st.lists(st.lists(nodes, min_size=1, max_size=3).map(tuple), max_size=3)
        for node in NODES
    }
)


@given(any_needs, costs)
def test_what_any_of_several_provides_comes_from_the_one_that_is_through_first(
    needs: dict[str, list[tuple[str, ...]]], cost: dict[str, int]
) -> None:
    through: dict[str, int] = {}
    for _ in NODES:  # after so many rounds nothing becomes earlier any more
        for node, groups in needs.items():
            firsts = [min((through[o] for o in g if o in through), default=None) for g in groups]
            known = [first for first in firsts if first is not None]
            if len(known) == len(groups):
                through[node] = cost[node] + max(known, default=0)
    taken = soonest(needs, cost)
    assert list(taken) == [node for node in needs if node in through]
    for node, others in taken.items():
        assert through[node] == cost[node] + max((through[o] for o in others), default=0)
        assert all({*group} & {*others} for group in needs[node])
