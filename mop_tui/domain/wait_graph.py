"""A wait-for graph that is kept up to date edge by edge, and knows at once what waits for ever.

A node waits for what its edges lead to: for all of that, or, where `ANY_OF` has its kind, for any
one. What waits for nothing can go on by itself.

As long as no wait closes a circle nothing can be stuck, and that is what the graph knows at little
cost: it keeps its nodes in an order in which each stands before what it waits for, and repairs the
order only between the two ends of a new edge that does not fit. As Pearce and Kelly do ("A dynamic
topological sort algorithm for directed acyclic graphs", 2006), it looks there for what the one end
leads to and for what leads to the other; but it is done when either search has come to its end, and
then moves what that has found, past the other end. So what is costly from one side is cheap if it
is from the other, as where a node waits for something that hardly waits for anything.

An edge that fits nowhere closes a circle. It is kept beside the order, and only then is it worked
out who is stuck, and again when something changes that was looked at for that.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import Literal, NamedTuple

from mop_tui.domain.immutable import immutable
from mop_tui.domain.ordered import Ordered

NodeKind = Literal["task", "agent", "key", "lock", "question", "skill", "turn"]


class Node(NamedTuple):
    """Something that waits or is waited for.

    `skill` stands for whoever has it, and `turn` for a place among those who may work at a time.
    """

    kind: NodeKind
    name: str


ANY_OF: frozenset[NodeKind] = frozenset({"key", "skill", "turn"})
"""Kinds of nodes that any one will do for: providers of a key, agents with a skill, ..."""

_CONCRETE: tuple[NodeKind, ...] = (*("lock", "key", "task", "agent", "skill", "turn", "question"),)
"""What says most about why others wait, first."""

Edge = tuple[Node, Node]


@immutable
class Stuck:
    """Nodes that can never go on.

    Each of `cycle` waits for the next, and the last for the first; or, where there is only one,
    nobody is left who could do what it waits for.
    """

    cycle: tuple[Node, ...]
    hopeless: Node | None = None
    """What the one that `cycle` holds waits for in vain."""


@immutable
class _Verdict:
    """Who can never go on, witnesses for it, and all that was looked at to tell."""

    dead: Mapping[Node, Sequence[Node]]
    stuck: list[Stuck]
    seen: frozenset[Node]


_NOBODY = _Verdict({}, [], frozenset())


class _Edges:
    """Edges, by either end; nothing is kept of a node that has none."""

    __slots__ = ("after", "before")

    def __init__(self) -> None:
        self.after: dict[Node, dict[Node, None]] = {}
        self.before: dict[Node, dict[Node, None]] = {}

    def __contains__(self, node: Node) -> bool:
        return node in self.after or node in self.before

    def __iter__(self) -> Iterator[Edge]:
        for source, targets in self.after.items():
            for target in targets:
                yield source, target

    def add(self, source: Node, target: Node) -> None:
        self.after.setdefault(source, {})[target] = None
        self.before.setdefault(target, {})[source] = None

    def remove(self, source: Node, target: Node) -> None:
        targets, sources = self.after[source], self.before[target]
        del targets[target], sources[source]
        if not targets:
            del self.after[source]
        if not sources:
            del self.before[target]


class WaitGraph:
    """Who waits for what. `update` says so of one node, `stuck` tells who waits for ever.

    What is told follows from the edges alone, and not from the order in which they came.
    """

    def __init__(self) -> None:
        self._fitting = _Edges()
        self._closing = _Edges()
        """Edges that close a circle, or did when they came."""
        self._order: Ordered[Node] = Ordered()
        """Along every edge that fits, whoever waits stands before what it waits for."""
        self._hopeless: dict[Node, None] = {}
        self._judged: _Verdict | None = _NOBODY
        """Who is stuck; None if it has to be worked out anew."""
        self._loosened = False
        """An edge was taken away that may have been part of a circle."""

    def __contains__(self, node: Node) -> bool:
        return node in self._order

    @property
    def suspicious(self) -> bool:
        """True if somebody may be stuck; where it is false nobody is."""
        return bool(self._closing.after or self._hopeless)

    def edges(self) -> Iterator[Edge]:
        """Yield all edges."""
        yield from self._fitting
        yield from self._closing

    def waits(self, node: Node) -> tuple[Node, ...]:
        """Return what `node` waits for."""
        return (*self._fitting.after.get(node, ()), *self._closing.after.get(node, ()))

    def waiters(self, node: Node) -> tuple[Node, ...]:
        """Return who waits for `node`."""
        return (*self._fitting.before.get(node, ()), *self._closing.before.get(node, ()))

    def update(self, node: Node, targets: Iterable[Node], *, hopeless: bool = False) -> None:
        """Say what `node` waits for now. `hopeless` if nothing can ever do it."""
        if hopeless is not (node in self._hopeless):
            self._judged = None
            if hopeless:
                self._hopeless[node] = None
            else:
                del self._hopeless[node]
        known = self.waits(node)
        wanted = dict.fromkeys(targets)
        for target in known:
            if target not in wanted:
                self._remove(node, target)
        for target in wanted:
            if target not in known:
                self._add(node, target)

    def settle(self, node: Node) -> tuple[Node, ...]:
        """Say that nobody has to wait for `node` any more. Returns who did."""
        waiters = self.waiters(node)
        for waiter in waiters:
            self._remove(waiter, node)
        return waiters

    def stuck(self) -> list[Stuck]:
        """Return who waits for ever, a witness for each knot of circles; in a fixed order.

        Costs nothing as long as nothing changes that led to it.
        """
        return self._verdict().stuck if self.suspicious else []

    def holds(self, stuck: Stuck) -> bool:
        """True if those wait for each other still, and none of them can go on."""
        if not self.suspicious:
            return False
        last = stuck.cycle[0] if stuck.hopeless is None else stuck.hopeless
        edges = pairwise((*stuck.cycle, last))
        if not all(target in self.waits(source) for source, target in edges):
            return False
        dead = self._verdict().dead
        return all(node in dead for node in stuck.cycle)

    def dead_behind(self, nodes: Iterable[Node]) -> dict[Node, list[Node]]:
        """Return, of all that `nodes` lead to, those that can never go on, with which of them each
        waits for.

        Whoever waits for nothing can; so can who waits for several and can have them all, or any
        one where one will do. The others cannot.
        """
        return self._behind(nodes)[0]

    # -- the order ------------------------------------------------------------------------

    def _add(self, source: Node, target: Node) -> None:
        order = self._order
        if source not in order:
            order.put_first(source)
        if target not in order:
            order.put_last(target)
        fits = source != target and self._made_room(source, target)
        (self._fitting if fits else self._closing).add(source, target)
        judged = self._judged
        if judged is not None and (not fits or target in self._hopeless or source in judged.seen):
            self._judged = None

    def _made_room(self, source: Node, target: Node) -> bool:
        """Bring `source` before `target` in the order; False if `target` waits for it."""
        label = self._order.label
        low, high = label[target], label[source]
        if high < low:
            return True
        after, before = self._fitting.after, self._fitting.before
        onwards, backwards = {target: None}, {source: None}
        ahead, behind = [target], [source]
        for at in count():
            if at == len(ahead):
                self._order.move_behind(sorted(ahead, key=label.__getitem__), source)
                return True
            if at == len(behind):
                self._order.move_before(sorted(behind, key=label.__getitem__), target)
                return True
            for node in after.get(ahead[at], ()):
                if node in backwards:
                    return False
                if node not in onwards and label[node] < high:
                    onwards[node] = None
                    ahead.append(node)
            for node in before.get(behind[at], ()):
                if node in onwards:
                    return False
                if node not in backwards and label[node] > low:
                    backwards[node] = None
                    behind.append(node)
        raise AssertionError("one of the searches has come to its end")

    def _remove(self, source: Node, target: Node) -> None:
        fits = target in self._fitting.after.get(source, ())
        (self._fitting if fits else self._closing).remove(source, target)
        if self._judged is None or source in self._judged.seen:
            self._judged, self._loosened = None, True
        for node in (source, target):
            left = node in self._fitting or node in self._closing
            if not left and node in self._order:  # one that waited for itself is both
                self._order.remove(node)

    # -- the verdict ----------------------------------------------------------------------

    def _verdict(self) -> "_Verdict":
        if self._loosened:
            self._loosened = False
            former, self._closing = self._closing, _Edges()
            for source, target in former:
                self._add(source, target)
        if self._judged is None:
            sources = [*self._closing.after]
            sources += [waiter for node in self._hopeless for waiter in self.waiters(node)]
            dead, seen = self._behind(sources)
            found = [Stuck(_shortest_circle(knot, dead)) for knot in _knots(dead)]
            for node in self._hopeless:
                found += [Stuck((waiter,), node) for waiter in self.waiters(node) if waiter in dead]
            found.sort(key=lambda it: (it.cycle, it.hopeless or ()))
            self._judged = _Verdict(dead, found, seen)
        return self._judged

    def _behind(self, sources: Iterable[Node]) -> tuple[dict[Node, list[Node]], frozenset[Node]]:
        """Return who of those that `sources` lead to can never go on, and who all of those are."""
        waits: dict[Node, tuple[Node, ...]] = {}
        queue = deque(dict.fromkeys(sources))
        waiters: dict[Node, list[Node]] = {}
        while queue:
            node = queue.popleft()
            if node in waits:
                continue
            waits[node] = self.waits(node)
            for target in waits[node]:
                waiters.setdefault(target, []).append(node)
                if target not in waits:
                    queue.append(target)
        missing = {node: len(targets) for node, targets in waits.items()}
        free = deque(
            node for node, count in missing.items() if not count and node not in self._hopeless
        )
        alive = set(free)
        while free:
            for waiter in waiters.get(free.popleft(), ()):
                missing[waiter] -= 1
                enough = waiter.kind in ANY_OF or not missing[waiter]
                if enough and waiter not in alive and waiter not in self._hopeless:
                    alive.add(waiter)
                    free.append(waiter)
        dead = {
            node: sorted(target for target in targets if target not in alive)
            for node, targets in sorted(waits.items())
            if node not in alive
        }
        return dead, frozenset(waits)


def _knots(graph: Mapping[Node, Iterable[Node]]) -> Iterator[list[Node]]:
    """Yield the strongly connected components of `graph` that hold a circle, each sorted.

    (Tarjan, "Depth-first search and linear graph algorithms", 1972, without recursion.)
    """
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for root in graph:
        if root in number:
            continue
        work = [(root, iter(graph[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in number:
                    number[target] = lowest[target] = len(number)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    lowest[node] = min(lowest[node], number[target])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    knot: list[Node] = []
                    while not knot or knot[-1] != node:
                        knot.append(stack.pop())
                        on_stack.discard(knot[-1])
                    if len(knot) > 1 or node in graph[node]:
                        yield sorted(knot)


def _shortest_circle(knot: list[Node], graph: Mapping[Node, Iterable[Node]]) -> tuple[Node, ...]:
    """Return a shortest circle of a knot through its first lock, key, or whatever comes first."""
    start = min(knot, key=lambda node: (_CONCRETE.index(node.kind), node.name))
    inside = set(knot)
    came_from: dict[Node, Node] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in graph[node]:
            if target == start:
                circle = [node]
                while circle[-1] != start:
                    circle.append(came_from[circle[-1]])
                return tuple(reversed(circle))
            if target in inside and target not in came_from:
                came_from[target] = node
                queue.append(target)
    raise ValueError("there is no circle in what is no knot")
