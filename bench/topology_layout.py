"""How long it takes to work out where the boxes and lines of a topology stand.

    python -m bench.topology_layout [--agents 150] [--teams 10] [--rounds 15]

Measured for each shape, and for what waits for what with a circle in it: arranging the boxes in one
size and noting where lines run (`drawn` and `Canvas`); joining the lines in as many rows as a
screen has, which is done when they are painted; and arranging with the search for the largest size
with which all fit (`fitting`). The floor, in the same process and round, is what networkx takes to
condense the hierarchy of the same agents and to find its generations. All in CPU time.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from functools import partial

import networkx as nx
from textual.geometry import Size

from bench.machine import described
from mop_tui.dashboard.canvas import Canvas
from mop_tui.dashboard.chart import Form, Key
from mop_tui.dashboard.layered import Tie
from mop_tui.dashboard.sketch import Sketch, drawn, fitting, forms
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.topology import SHAPES, Organisation, Unit, links

ROOM = Size(198, 44)
WANTED_FOR = 150
WANTED_MS = 10.0


def swarm(agents: int, teams: int) -> Organisation:
    """Return teams with leads under a coordinator, so many agents in all."""
    names = [AgentId(f"agent-{number:04}") for number in range(1, agents)]
    units = [Unit(TeamId(f"team-{at}"), tuple(names[at::teams]), names[at]) for at in range(teams)]
    return Organisation(tuple(units), AgentId("agent-0000"))


def waits(nodes: int) -> tuple[Tie, ...]:
    """Return what tasks wait for, in chains that meet, with one circle among them."""
    keys: list[Key] = [("task", f"task-{number:04}") for number in range(nodes)]
    ties = [Tie(keys[at // 2], keys[at], "wait") for at in range(1, nodes)]
    ties += [Tie(keys[at - 7], keys[at], "wait") for at in range(9, nodes, 5)]
    return (*ties, Tie(keys[nodes // 2], keys[nodes // 8], "cycle"))


def _seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def _lay_out(sketch: Sketch, form: Form) -> Canvas:
    return Canvas(drawn(sketch, form, ROOM, at_all_costs=True).strokes)


def _join(canvas: Canvas) -> None:
    for y in range(ROOM.height):
        canvas.row(y)


def _floor(organisation: Organisation) -> Callable[[], object]:
    graph: nx.DiGraph[AgentId] = nx.DiGraph()
    graph.add_edges_from(links("hierarchical", organisation))
    return lambda: list(nx.topological_generations(nx.condensation(graph)))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agents", type=int, default=150)
    parser.add_argument("--teams", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    organisation = swarm(options.agents, options.teams)
    told: dict[str, Sketch] = {shape: Sketch(shape, organisation) for shape in SHAPES}
    told["waits"] = Sketch("mesh", organisation, waits=waits(options.agents))
    sizes = forms(len("agent-0000"))
    floor = _floor(organisation)
    print(described())
    for name, sketch in told.items():
        form, chart = fitting(sketch, sizes, ROOM)
        floors, layouts, joinings, searches = [], [], [], []

        for _ in range(options.rounds):
            gc.collect()
            floors.append(_seconds(floor))
            layouts.append(_seconds(partial(_lay_out, sketch, form)))
            canvas = Canvas(chart.strokes)
            joinings.append(_seconds(partial(_join, canvas)))
            searches.append(_seconds(partial(fitting, sketch, sizes, ROOM)))
        layout, joining, search, least = map(
            statistics.median, (layouts, joinings, searches, floors)
        )
        verdict = ""
        if options.agents <= WANTED_FOR:
            held = "held" if layout * 1e3 <= WANTED_MS else "MISSED"
            verdict = f"; wanted <= {WANTED_MS:.0f} ms: {held}"
        print(
            f"{name:>12}: {len(chart.boxes)} boxes in {form.height} rows each,"
            f" {chart.size.width}x{chart.size.height} cells: laid out in {layout * 1e3:.1f} ms"
            f" ({layout / least:.1f} times the floor of {least * 1e3:.2f} ms),"
            f" lines of a screenful joined in {joining * 1e3:.1f} ms,"
            f" the size chosen in {search * 1e3:.1f} ms{verdict}"
        )


if __name__ == "__main__":
    main()
