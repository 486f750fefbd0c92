"""Who waits for ever, told as soon as a wait closes a circle."""

import pytest

from bench.waits import wrong_of
from mop_tui.domain.wait_graph import Node, NodeKind, Stuck, WaitGraph


def node(name: str) -> Node:
    kinds: dict[str, NodeKind] = {"k": "key", "s": "skill"}
    return Node(kinds.get(name[0], "task"), name)


def graph(*waits: str) -> WaitGraph:
    """Return a graph of waits, each told as `who: what and what`."""
    made = WaitGraph()
    for wait in waits:
        who, _, what = wait.partition(": ")
        made.update(node(who), map(node, what.split(" and ")))
    return made


def circles(of: WaitGraph) -> list[str]:
    return ["".join(it.name for it in stuck.cycle) for stuck in of.stuck()]


def test_nobody_is_stuck_where_no_wait_closes_a_circle() -> None:
    made = graph("a: b and c", "b: d", "c: d")
    assert not made.suspicious
    assert made.stuck() == []


def test_the_wait_that_closes_a_circle_is_told_of_at_once() -> None:
    made = graph("c: a", "b: c", "a: b")
    assert circles(made) == ["abc"]


def test_a_circle_is_over_when_one_of_its_waits_is() -> None:
    made = graph("a: b", "b: c", "c: a")
    made.update(node("b"), ())
    assert made.stuck() == []
    assert not made.suspicious, "what closed the circle fits now"


def test_whoever_waits_for_a_circle_from_outside_is_not_part_of_it() -> None:
    assert circles(graph("a: b", "b: a", "z: a", "a: b and x")) == ["ab"]


def test_of_what_any_one_will_do_for_all_have_to_be_stuck() -> None:
    made = graph("a: k", "k: a and b")
    assert made.suspicious
    assert made.stuck() == [], "b may still provide the key"
    made.update(node("b"), [node("a")])
    assert circles(made) == ["ka"]


def test_a_node_may_wait_for_itself() -> None:
    assert circles(graph("a: a")) == ["a"]


def test_two_knots_are_told_of_both_in_a_fixed_order() -> None:
    assert circles(graph("x: y", "y: x", "b: a", "a: b")) == ["ab", "xy"]


def test_whoever_waits_for_what_nobody_can_do_is_stuck_alone() -> None:
    made = graph("a: k")
    made.update(node("k"), (), hopeless=True)
    assert made.stuck() == [Stuck((node("a"),), node("k"))]
    made.update(node("k"), ())
    assert made.stuck() == []


def test_a_stuck_circle_holds_though_more_join_the_knot() -> None:
    made = graph("b: c", "c: d", "d: b")
    (found,) = made.stuck()
    made.update(node("c"), [node("d"), node("b")])
    assert circles(made) == ["bc"], "there is a shorter circle now"
    assert made.holds(found)
    made.update(node("d"), ())
    assert not made.holds(found)


def test_what_is_settled_is_waited_for_by_nobody() -> None:
    made = graph("a: b", "b: a", "c: b")
    assert set(made.settle(node("b"))) == {node("a"), node("c")}
    assert made.stuck() == []
    assert node("c") not in made, "nothing is kept of a node without waits"


def test_the_verdict_does_not_depend_on_the_order_of_the_waits() -> None:
    waits = ["a: b", "b: c", "c: a", "d: e and a", "e: d"]
    assert {tuple(circles(graph(*waits[at:], *waits[:at]))) for at in range(5)} == {("abc", "de")}


@pytest.mark.parametrize("seed", range(0, 400, 40))
def test_verdicts_are_those_of_networkx_on_random_graphs(seed: int) -> None:
    """`python -m bench.waits` compares thousands."""
    assert [wrong for it in range(seed, seed + 40) if (wrong := wrong_of(it))] == []


def test_networkx_would_see_it_if_a_verdict_were_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WaitGraph, "stuck", lambda _: [])
    assert any(map(wrong_of, range(40)))
