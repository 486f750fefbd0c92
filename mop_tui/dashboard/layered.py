"""Boxes in layers, each below what it depends on: the method of Sugiyama, Tagawa and Toda (1981).

Cycles are found by condensation and drawn from top to bottom, with a line back up; the generations
of what is left are the layers. Within a layer, boxes stand by the barycentre of those they are
tied to, first in order and then in place. Lines run at right angles, in tracks between the layers.

networkx, which finds the components and the generations, takes a fifth of a second to import; this
module is imported where a drawing is wanted.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx
from textual.geometry import Offset, Size

from mop_tui.dashboard.chart import Chart, Form, Key, Kind, pack

_SWEEPS = 3
"""How often boxes are ordered, and then placed, by what is above and by what is below them."""
_GAP = 2
"""Cells between boxes of a layer."""
_COLUMN = 6
"""So many boxes, at least, hang below each other before there is another column."""
PART_GAP = Size(4, 1)
"""Cells between parts that are not connected."""
_DETOUR = 3
"""How wide a line is that passes through a layer, with what it keeps free beside it."""


@dataclass(frozen=True, slots=True)
class Tie:
    """`below` depends on `above`: reports to it, or waits for it."""

    above: Key
    below: Key
    kind: Kind = "link"


@dataclass(slots=True)
class Block:
    """A box, or several, that stand in a layer as one thing."""

    chart: Chart
    first: int
    last: int
    """Between which columns, counted from the left edge, lines may end."""
    bottom: int
    """The row at which lines to below begin; those from above end at row 0."""


@dataclass(slots=True)
class _Node:
    """A block in its layer, or a place (`block` is None) where a line passes through it."""

    layer: int
    block: Block | None
    width: int
    uppers: list["_Node"] = field(default_factory=list)
    lowers: list["_Node"] = field(default_factory=list)
    rank: int = 0
    x: int = 0
    """Its left edge."""

    @property
    def span(self) -> tuple[int, int]:
        """Between which columns lines may meet it."""
        if self.block is None:
            return self.x, self.x + self.width - 1
        return self.x + self.block.first, self.x + self.block.last

    @property
    def port(self) -> float:
        """Where they meet it on average."""
        first, last = self.span
        return (first + last) / 2


@dataclass(slots=True)
class _Net:
    """Lines that begin at one block, and join."""

    source: _Node
    name: Hashable
    upwards: bool
    """The block it begins at depends on the other, as one of a cycle must."""
    ends: list[_Node] = field(default_factory=list)
    passages: dict[int, _Node] = field(default_factory=dict)
    """Where it passes through a layer."""
    exits: dict[int, int] = field(default_factory=dict)
    """In which column it leaves a layer."""
    entries: dict[int, int] = field(default_factory=dict)
    """In which column it enters what it leads to, by the `id` of the node."""
    tracks: dict[int, int] = field(default_factory=dict)
    """In which row it runs below a layer."""

    def reached(self, layer: int) -> list[_Node]:
        """Return what it leads to in a layer, on its way or at its end."""
        found = [node for node in self.ends if node.layer == layer]
        return [*found, self.passages[layer]] if layer in self.passages else found


def box(key: Key, form: Form) -> Block:
    """Return one box as a block."""
    chart = Chart()
    chart.put(key, Offset(0, 0), form)
    inset = 1 if form.width > 2 else 0
    return Block(chart, inset, form.width - 1 - inset, form.height - 1)


def hung(key: Key | None, leaves: Sequence[Tie], form: Form, *, heads: bool, rows: int) -> Block:
    """Return boxes that hang below each other from a trunk, in columns of at most `rows` boxes.

    The trunk begins at the box `key`; without one, at the top edge. `leaves` tell who hangs there.
    """
    chart = Chart()
    top = 0
    if key is not None:
        top = chart.put(key, Offset(0, 0), form).bottom
    columns = [leaves[at : at + rows] for at in range(0, len(leaves), rows)]
    start = top + (1 if heads or len(columns) > 1 or key is None else 0)
    begin = max(top - 1, 0) + (heads and key is not None)
    """Where the trunk begins: at the edge of the box, or at an arrow's head below it."""
    for place, column in enumerate(columns):
        left = place * (form.width + 4)
        net, kind = column[0].above, column[0].kind
        for at, leaf in enumerate(column):
            region = chart.put(leaf.below, Offset(left + 3, start + at * form.height), form)
            middle = region.y + form.middle
            chart.line([(left + 1, middle), (region.x, middle)], net, kind)
        way = [(left + 1, middle), (left + 1, begin)]
        if place:
            way = [(left + 1, middle), (left + 1, start - 1), (1, start - 1), (1, begin)]
        chart.line(way, net, kind, head=heads and key is not None)
    last = form.width - 2 if key is not None else 1
    return Block(chart, 1, max(last, 1), max(top - 1, 0))


def arranged(
    nodes: Iterable[Key],
    ties: Sequence[Tie],
    form: Form,
    room: Size,
    *,
    heads: bool,
) -> Chart:
    """Return all nodes in layers; what is not connected stands side by side.

    Nodes that depend on one other alone, and on which nothing depends, hang from it one below the
    other. With `heads`, lines have arrow's heads at whatever is depended upon.
    """
    graph: nx.DiGraph[Key] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((tie.above, tie.below) for tie in ties if tie.above != tie.below)
    place = {key: at for at, key in enumerate(graph)}
    parts = [sorted(part, key=place.__getitem__) for part in nx.weakly_connected_components(graph)]
    part_of = {key: at for at, part in enumerate(parts) for key in part}
    ties_of: list[list[Tie]] = [[] for _ in parts]
    for tie in ties:
        if tie.above != tie.below:
            ties_of[part_of[tie.above]].append(tie)
    urgent = [any(tie.kind == "cycle" for tie in among) for among in ties_of]
    order = sorted(range(len(parts)), key=lambda at: (not urgent[at], -len(parts[at]), at))
    charts = [_part(parts[at], ties_of[at], form, room, heads=heads) for at in order]
    return pack(charts, room, PART_GAP)


def _part(
    keys: Sequence[Key], ties: Sequence[Tie], form: Form, room: Size, *, heads: bool
) -> Chart:
    """Return one connected part."""
    depends = Counter(tie.below for tie in ties)
    carries = Counter(tie.above for tie in ties)
    hanging = {tie.below: tie for tie in ties if depends[tie.below] == 1 and not carries[tie.below]}
    leaves: dict[Key, list[Tie]] = {}
    for tie in hanging.values():
        leaves.setdefault(tie.above, []).append(tie)
    rows = max(_COLUMN, (room.height - 3 * form.height) // form.height)
    blocks: dict[Key, Block] = {}
    among = [tie for tie in ties if tie.below not in hanging]
    for key in keys:
        if key in hanging:
            continue
        own = leaves.get(key, [])
        if own and carries[key] > len(own):  # others stand below it, so these hang apart
            bundle = ("hung", *key)
            blocks[key] = box(key, form)
            blocks[bundle] = hung(None, own, form, heads=heads, rows=rows)
            kind: Kind = "cycle" if any(it.kind == "cycle" for it in own) else own[0].kind
            among.append(Tie(key, bundle, kind))
        else:
            blocks[key] = hung(key, own, form, heads=heads, rows=rows) if own else box(key, form)
    return layered(blocks, among, heads=heads)


def layered(blocks: Mapping[Key, Block], ties: Sequence[Tie], *, heads: bool) -> Chart:
    """Return blocks in layers, each below those it depends on, as far as no cycle forbids that."""
    placed = _layers(blocks, ties)
    nodes = {
        key: _Node(layer, blocks[key], blocks[key].chart.size.width)
        for key, layer in placed.items()
    }
    layers: list[list[_Node]] = [[] for _ in range(max(placed.values(), default=-1) + 1)]
    for node in nodes.values():
        layers[node.layer].append(node)
    nets: dict[Hashable, _Net] = {}
    ways: list[tuple[_Net, _Node, Kind]] = []
    for tie in ties:
        above, below = nodes[tie.above], nodes[tie.below]
        upwards = above.layer > below.layer
        name: Hashable = (tie.above, tie.below) if upwards else tie.above
        source, target = (below, above) if upwards else (above, below)
        net = nets.setdefault(name, _Net(source, name, upwards))
        ways.append((net, target, tie.kind))
        _lead(net, target, layers)
    _order(layers)
    _place(layers)
    chart = Chart()
    tops = _stack(chart, layers, list(nets.values()), heads=heads)
    shared: dict[Hashable, tuple[_Net, Kind, list[_Node]]] = {}
    for net, target, kind in ways:
        if kind == "cycle" or net.upwards:
            _trace(chart, net, target, kind, tops, heads=heads)
        else:
            shared.setdefault(net.name, (net, kind, []))[2].append(target)
    for net, kind, targets in shared.values():
        _branch(chart, net, targets, kind, tops, heads=heads)
    return chart


def _layers(blocks: Mapping[Key, Block], ties: Sequence[Tie]) -> dict[Key, int]:
    """Return in which layer each block stands, in a fixed order."""
    graph: nx.DiGraph[Key] = nx.DiGraph()
    graph.add_nodes_from(blocks)
    graph.add_edges_from((tie.above, tie.below) for tie in ties)
    place = {key: at for at, key in enumerate(blocks)}
    order: dict[Key, int] = {}
    whole = nx.condensation(graph)
    for generation in nx.topological_generations(whole):
        groups = [sorted(whole.nodes[it]["members"], key=place.__getitem__) for it in generation]
        for group in sorted(groups, key=lambda members: place[members[0]]):
            for key in _chain(graph, group):
                order[key] = len(order)
    downwards: nx.DiGraph[Key] = nx.DiGraph()
    downwards.add_nodes_from(order)
    downwards.add_edges_from(
        (tie.above, tie.below) if order[tie.above] < order[tie.below] else (tie.below, tie.above)
        for tie in ties
    )
    layer_of = {
        key: layer
        for layer, generation in enumerate(nx.topological_generations(downwards))
        for key in generation
    }
    return {key: layer_of[key] for key in blocks}


def _chain(graph: "nx.DiGraph[Key]", group: list[Key]) -> list[Key]:
    """Return the members of a component, each after the one it depends on as far as can be."""
    if len(group) == 1:
        return group
    found = nx.dfs_preorder_nodes(graph.subgraph(group), group[0])
    return list(found)


def _lead(net: _Net, target: _Node, layers: list[list[_Node]]) -> None:
    """Let a net reach a block, through the layers between."""
    net.ends.append(target)
    before = net.source
    for layer in range(net.source.layer + 1, target.layer):
        passage = net.passages.get(layer)
        if passage is None:
            passage = net.passages[layer] = _Node(layer, None, _DETOUR)
            layers[layer].append(passage)
            _tie(before, passage)
        before = passage
    _tie(before, target)


def _tie(upper: _Node, lower: _Node) -> None:
    upper.lowers.append(lower)
    lower.uppers.append(upper)


def _order(layers: list[list[_Node]]) -> None:
    """Put the nodes of each layer in the order of what they are tied to."""
    for layer in layers:
        _rank(layer)
    for _ in range(_SWEEPS):
        for layer in layers[1:]:
            layer.sort(key=lambda node: _mean([it.rank for it in node.uppers], node.rank))
            _rank(layer)
        for layer in layers[-2::-1]:
            layer.sort(key=lambda node: _mean([it.rank for it in node.lowers], node.rank))
            _rank(layer)


def _rank(layer: list[_Node]) -> None:
    for rank, node in enumerate(layer):
        node.rank = rank


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _place(layers: list[list[_Node]]) -> None:
    """Put each node as near as can be to the middle of what it is tied to."""
    for layer in layers:
        x = 0
        for node in layer:
            node.x = x
            x += node.width + _GAP
    for _ in range(_SWEEPS):
        for layer in layers[1:]:
            _settle(layer, [_mean([it.port for it in node.uppers], node.port) for node in layer])
        for layer in layers[-2::-1]:
            _settle(layer, [_mean([it.port for it in node.lowers], node.port) for node in layer])
    left = min((node.x for layer in layers for node in layer), default=0)
    for layer in layers:
        for node in layer:
            node.x -= left


def _settle(layer: list[_Node], wanted: Sequence[float]) -> None:
    """Move the ports of a layer's nodes to `wanted`, as nearly as their widths allow.

    Those that get in each other's way are moved together, to where they are wanted on average.
    """
    heaps: list[tuple[float, int]] = []
    offsets: list[int] = []
    offset = 0
    for node, port in zip(layer, wanted, strict=True):
        offsets.append(offset)
        total, count = port - (node.port - node.x) - offset, 1
        while heaps and heaps[-1][0] / heaps[-1][1] >= total / count:
            before = heaps.pop()
            total, count = total + before[0], count + before[1]
        heaps.append((total, count))
        offset += node.width + _GAP
    at = 0
    for total, count in heaps:
        base = round(total / count)
        for node in layer[at : at + count]:
            node.x = base + offsets[at]
            at += 1


def _stack(chart: Chart, layers: list[list[_Node]], nets: list[_Net], *, heads: bool) -> list[int]:
    """Put the layers below each other, with room for lines between; return where each begins."""
    leading: list[list[_Net]] = [[] for _ in layers]
    for net in nets:
        for at in range(net.source.layer, max(node.layer for node in net.ends)):
            leading[at].append(net)
    tops: list[int] = []
    y = 0
    for at, layer in enumerate(layers):
        tops.append(y)
        blocks = [(node.x, node.block.chart) for node in layer if node.block is not None]
        for x, block in blocks:
            chart.add(block, Offset(x, y))
        y += max(block.size.height for _, block in blocks)
        if at + 1 < len(layers):
            _leave(at, leading[at])
            _enter(at + 1, leading[at])
            y += _run(at, y, leading[at], heads=heads)
    return tops


def _leave(layer: int, nets: list[_Net]) -> None:
    """Choose in which columns nets leave a layer."""
    beginning: dict[int, list[_Net]] = {}
    for net in nets:
        if net.source.layer == layer:
            beginning.setdefault(id(net.source), []).append(net)
        else:
            net.exits[layer] = net.entries[id(net.passages[layer])]
    for those in beginning.values():
        for net, x in zip(those, _spread(those[0].source, len(those)), strict=True):
            net.exits[layer] = x


def _enter(layer: int, nets: list[_Net]) -> None:
    """Choose in which columns nets enter what stands in a layer: straight below, if nothing else
    runs there."""
    taken = {net.exits[layer - 1]: net for net in nets}
    arriving: dict[int, tuple[_Node, list[_Net]]] = {}
    for net in nets:
        for node in net.reached(layer):
            arriving.setdefault(id(node), (node, []))[1].append(net)
    for node, those in arriving.values():
        first, last = node.span
        those.sort(key=lambda net: net.exits[layer - 1])
        for net, middle in zip(those, _spread(node, len(those)), strict=True):
            above = net.exits[layer - 1]
            straight = len(those) == 1 and node.block is not None and first <= above <= last
            wanted = above if straight else middle
            columns = sorted(range(first, last + 1), key=lambda x: (abs(x - wanted), x))
            x = next((x for x in columns if taken.get(x, net) is net), wanted)
            net.entries[id(node)] = x
            taken[x] = net


def _spread(node: _Node, count: int) -> list[int]:
    """Return where so many lines meet a node, evenly."""
    first, last = node.span
    if count == 1:
        return [(first + last) // 2]
    return [first + (last - first) * number // (count + 1) for number in range(1, count + 1)]


def _run(layer: int, y: int, nets: list[_Net], *, heads: bool) -> int:
    """Give each net that runs sideways a row below a layer that ends at row `y`; return how many
    rows there are."""
    begins = heads and any(net.source.layer == layer for net in nets)
    ends = heads and any(
        net.upwards and any(node.layer == layer + 1 for node in net.ends) for net in nets
    )
    spans: list[tuple[int, int, _Net]] = []
    for net in nets:
        columns = [net.entries[id(node)] for node in net.reached(layer + 1)]
        columns.append(net.exits[layer])
        if len({*columns}) > 1:
            spans.append((min(columns), max(columns), net))
    tracks: list[int] = []
    """Where the last line in each row ends."""
    for first, last, net in sorted(spans, key=lambda span: span[:2]):
        track = next((at for at, end in enumerate(tracks) if end < first - 1), len(tracks))
        tracks[track : track + 1] = [last]
        net.tracks[layer] = y + begins + track
    return max(len(tracks) + begins + ends, 1)


def _trace(
    chart: Chart, net: _Net, target: _Node, kind: Kind, tops: Sequence[int], *, heads: bool
) -> None:
    """Draw one line."""
    source = net.source
    bottom = 0 if source.block is None else source.block.bottom
    points = [(net.exits[source.layer], tops[source.layer] + bottom)]
    for layer in range(source.layer, target.layer):
        below = target if layer + 1 == target.layer else net.passages[layer + 1]
        here, x = net.exits[layer], net.entries[id(below)]
        if here != x:
            points += [(here, net.tracks[layer]), (x, net.tracks[layer])]
        points.append((x, tops[layer + 1]))
    if heads and net.upwards:
        points[-1] = (points[-1][0], points[-1][1] - 1)
    elif heads:
        points[0] = (points[0][0], points[0][1] + 1)
        points.reverse()
    chart.line(points, net.name, kind, head=heads)


def _branch(
    chart: Chart,
    net: _Net,
    targets: Sequence[_Node],
    kind: Kind,
    tops: Sequence[int],
    *,
    heads: bool,
) -> None:
    """Draw the lines of a net to many blocks, what they share once."""
    source = net.source
    last = max(target.layer for target in targets)
    wanted = {id(target) for target in targets}
    bottom = 0 if source.block is None else source.block.bottom
    start = tops[source.layer] + bottom + heads
    for layer in range(source.layer, last):
        here, end = net.exits[layer], tops[layer + 1]
        ends = [
            net.entries[id(node)]
            for node in net.ends
            if id(node) in wanted and node.layer == layer + 1
        ]
        if layer + 1 < last:
            ends.append(net.entries[id(net.passages[layer + 1])])
        head = heads and layer == source.layer
        if {*ends} == {here}:
            chart.line([(here, end), (here, start)], net.name, kind, head=head)
        else:
            track = net.tracks[layer]
            chart.line([(here, track), (here, start)], net.name, kind, head=head)
            first, final = min(*ends, here), max(*ends, here)
            chart.line([(first, track), (final, track)], net.name, kind)
            for x in dict.fromkeys(ends):
                chart.line([(x, track), (x, end)], net.name, kind)
        start = end
