"""What one event costs: the whole engine against the least that could be done with it.

    python -m bench.engine [--agents 1000] [--events 60000] [--rounds 5]

*Engine*: each input arrives as JSON and is validated, becomes an event, is folded, decided about
by the standard rules and fifty more, and everything that follows is encoded, chained and written
to the session file, buffered.

*Floor*: each of the very same events is built and validated by pydantic from its fields, encoded by
`to_json` and written, buffered. No session, no rules, no chain.

Both handle the same events in the same process, turn and turn about; reported is the median of the
ratios. Growth compares the engine's cost per event at 10,000 agents with that at 10. A run on a
virtual clock is measured, in CPU time, for there nothing waits for the disk; see `bench.latency`
for what durability costs.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator

from bench.machine import described
from mop_tui.decisions.rules import Rule, RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import events as e
from mop_tui.domain.events import BY_KIND, AnyEvent, Event, Fact, SystemDecided
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, HostKind, Mode, Plan, TaskSpec, TeamSpec
from mop_tui.domain.session import Session
from mop_tui.journal import BufferedWriter, Header
from mop_tui.orchestrator.effects import Start
from mop_tui.orchestrator.engine import Engine

EXTRA_RULES = 50
PROGRESS_PER_TASK = 8
OUTPUT_PER_TASK = 4


def a_plan(agents: int, tasks: int) -> Plan:
    """Return a plan in which each agent has its own chain of tasks, `tasks` in all."""
    specs = {
        AgentId(f"agent-{n:05}"): AgentSpec(
            AgentId(f"agent-{n:05}"), "worker", TeamId("crew"), host=HostKind.SIMULATED
        )
        for n in range(agents)
    }
    names = list(specs)
    jobs = {}
    for n in range(tasks):
        before = n - agents
        name = TaskId(f"task-{n:06}")
        jobs[name] = TaskSpec(
            name,
            str(name),
            agent=names[n % agents],
            needs_tasks=(TaskId(f"task-{before:06}"),) if before >= 0 else (),
            provides=(MemoryKey(f"done/{n}"),) if n % 10 == 0 else (),
            expected_ms=10_000,
        )
    teams = (TeamSpec(TeamId("crew"), "Crew", tuple(specs)),)
    return Plan("bench", "bench", "bench", None, teams, specs, jobs, {})


def fifty_rules() -> list[Rule]:
    """Return rules like fifty triggers: each sees a kind of event and tests a condition.

    The kinds are those that triggers are about: tasks, keys, errors, states. None is about
    telemetry, whose meaning is judged at intervals and not at every line of output.
    """
    kinds = (
        e.AgentTransitioned.KIND,
        e.TaskTransitioned.KIND,
        e.AgentExited.KIND,
        e.TaskOutput.KIND,
        e.SystemMemorySet.KIND,
    )
    return [
        Rule(f"trigger-{n}", (kinds[n % len(kinds)],), partial(_trigger, f"agent-{n}x", n))
        for n in range(EXTRA_RULES)
    ]


def _trigger(
    wanted: str, number: int, _plan: Plan, session: Session, event: AnyEvent
) -> tuple[SystemDecided, ...]:
    if event.data.agent == wanted and session.task_counts:
        return (SystemDecided(f"trigger-{number}", "no", "it matches", agent=event.data.agent),)
    return ()


class Feeder:
    """Plays the outside of a session: starts succeed, agents report and exit.

    What an agent says reaches the engine as JSON, as it would from a process.
    """

    def __init__(self, agents: int, tasks: int, folder: Path) -> None:
        plan = a_plan(agents, tasks)
        self._engine = Engine(plan, RuleBook(plan, [*RULES, *fifty_rules()]))
        header = Header({}, 0, Mode.REHEARSAL, "bench", "2026-01-01T00:00:00+00:00")
        self.journal = BufferedWriter(folder / "session.jsonl", header)
        self._validate = {
            kind: cast("SchemaValidator", TypeAdapter(fact).validator).validate_json
            for kind, fact in BY_KIND.items()
        }
        self.recorded: list[AnyEvent] | None = None
        self.count = 0
        self._starts: list[Start] = []

    def receive(self, fact: Fact, at: int, cause: int | None) -> int:
        """Take one input; return its seq."""
        turn = self._engine.receive(fact, at, cause)
        append = self.journal.append
        for event in turn.events:
            append(event)
        if self.recorded is not None:
            self.recorded.extend(turn.events)
        self.count += len(turn.events)
        if turn.effects:
            self._starts.extend(effect for effect in turn.effects if isinstance(effect, Start))
        return turn.events[0].seq

    def receive_json(self, kind: str, line: bytes, at: int, cause: int) -> None:
        """Take one input as an agent sends it."""
        self.receive(self._validate[kind](line), at, cause)

    def open(self) -> None:
        """Begin the session, and start everybody who has work."""
        teams = self._engine.session.teams
        self.receive(
            e.SystemStarted("bench", "bench", "bench", Mode.REHEARSAL, False, None, teams),  # noqa: FBT003
            0,
            None,
        )

    def lines(self) -> Iterator[tuple[Start, list[tuple[str, bytes]]]]:
        """Yield the processes that were started, each with what it will say in its life."""
        while self._starts:
            starts, self._starts = self._starts, []
            for start in starts:
                yield start, _life(start)

    def run(self, until: int) -> float:
        """Work until about `until` events were recorded; return the seconds of work.

        Making what agents say is not the engine's work and is not counted.
        """
        spent = 0.0
        at = 1
        while self.count < until and self._starts:
            lives = list(self.lines())
            for index in range(PROGRESS_PER_TASK + OUTPUT_PER_TASK + 2):
                began = time.process_time()
                for start, life in lives:
                    at += 1
                    if index == 0:
                        done = e.SystemDone(start.action, "start_process", start.agent)
                        self.receive(done, at, start.seq)
                    else:
                        kind, line = life[index - 1]
                        self.receive_json(kind, line, at, start.seq)
                spent += time.process_time() - began
                if self.count >= until:
                    break
        return spent


def _life(start: Start) -> list[tuple[str, bytes]]:
    who = f'"agent":"{start.agent}","incarnation":{start.incarnation},"task":"{start.task}"'
    life = []
    for n in range(PROGRESS_PER_TASK):
        life.append(
            (e.AgentProgressed.KIND, f'{{{who},"percent":{n * 12},"note":"step {n}"}}'.encode())
        )
        if n % 2 == 0 and n // 2 < OUTPUT_PER_TASK:
            life.append(
                (e.AgentOutput.KIND, f'{{{who},"lines":["compiling unit {n}","ok"]}}'.encode())
            )
    life.append((e.AgentExited.KIND, f'{{{who},"code":0,"result":"done"}}'.encode()))
    return life


def measure_engine(agents: int, events: int, *, keep: bool = False) -> tuple[float, list[AnyEvent]]:
    """Return seconds per event of the engine, and the events if they are to be kept."""
    with tempfile.TemporaryDirectory() as folder:
        feeder = Feeder(agents, max(agents, events // 20) + agents, Path(folder))
        feeder.open()
        opened = feeder.count
        if keep:
            feeder.recorded = []
        gc.collect()
        spent = feeder.run(opened + events)
        began = time.process_time()
        feeder.journal.flush()
        spent += time.process_time() - began
        feeder.journal.close()
        return spent / (feeder.count - opened), feeder.recorded or []


def measure_floor(raw: list[tuple[str, dict[str, Any]]]) -> float:
    """Return seconds per event for building, encoding and writing events from their fields."""
    kinds = {}
    for kind, fact in BY_KIND.items():
        adapter: TypeAdapter[Any] = TypeAdapter(cast("Any", Event)[fact])
        kinds[kind] = (
            cast("SchemaValidator", adapter.validator).validate_python,
            adapter.serializer.to_json,
        )
    with tempfile.TemporaryFile() as file:
        gc.collect()
        began = time.process_time()
        for kind, fields in raw:
            build, encode = kinds[kind]
            file.write(encode(build(fields)))
            file.write(b"\n")
        file.flush()
        return (time.process_time() - began) / len(raw)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=10_000)
    chosen = parser.parse_args(argv)
    print(described())

    ratios, engines, floors = [], [], []
    _, events = measure_engine(chosen.agents, chosen.events, keep=True)
    raw = [(event.kind, asdict(event)) for event in events]
    del events
    gc.collect()
    gc.freeze()  # what is only there to be measured with is not the collector's business
    for _ in range(chosen.rounds):
        engine, _kept = measure_engine(chosen.agents, chosen.events)
        floor = measure_floor(raw)
        engines.append(engine)
        floors.append(floor)
        ratios.append(floor / engine)
    print(
        f"engine, {chosen.agents} agents, {EXTRA_RULES} extra rules:"
        f" {statistics.median(engines) * 1e6:.2f} us/event,"
        f" {1 / statistics.median(engines):,.0f} events/s\n"
        f"floor (build, to_json, write): {statistics.median(floors) * 1e6:.2f} us/event\n"
        f"throughput of the engine as a share of the floor's: {statistics.median(ratios):.2f}"
        f" (min {min(ratios):.2f}, max {max(ratios):.2f}; wanted >= 0.40)"
    )

    growth, few_costs, many_costs = [], [], []
    for _ in range(chosen.rounds):
        few, _kept = measure_engine(chosen.few, chosen.events)
        many, _kept = measure_engine(chosen.many, chosen.events)
        few_costs.append(few)
        many_costs.append(many)
        growth.append(many / few)
    print(
        f"growth, {chosen.few} -> {chosen.many} agents:"
        f" {statistics.median(few_costs) * 1e6:.2f} -> {statistics.median(many_costs) * 1e6:.2f}"
        f" us/event, factor {statistics.median(growth):.2f}"
        f" (min {min(growth):.2f}, max {max(growth):.2f}; wanted <= 1.20)"
    )


if __name__ == "__main__":
    main()
