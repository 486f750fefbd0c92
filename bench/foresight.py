"""How well the end of a session is foretold at its start.

    python -m bench.foresight [--worlds 4] [--runs 15] [--first 1] [--traces FOLDER] [--families]

Six families of layouts are rehearsed by the engine, in time order, so many runs of each, in so many
worlds. A world decides what nobody is told: how long tasks really take. What is declared is off by
a factor that depends on the agent type.

- repeated: the same nine tasks each time, the last after a gate that waits for an answer;
- pieces: a varying number of pieces of work for a pool of varying size;
- sized: the same, but how long they take depends on a variable, a number;
- targets: dev, staging or production, named by a variable; production has more tasks, and a gate;
- services: any of ten services, which differ, each built, tested and deployed by pools; now and
  then an agent dies, and its task is tried again;
- growing: a random plan to which tasks are added from run to run, and half-way another type of
  agent takes over a part of them, and is faster.

Each session from the fourth on is foretold from those before it: as long as the last one; as their
mean; as the nearest of them; by playing declared durations through; and by playing learnt ones
through, which is ours. Then `--traces` does the same with recorded runs of real workflows: one file
a workflow, one JSON object a run, with its tasks and how long each took. They do not tell how many
workers there were, so what they took is what eight workers would have.
"""

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import exp, log
from pathlib import Path
from statistics import fmean, median
from typing import Any

import yaml

from bench.illness import Memory
from bench.machine import described
from bench.rehearsing import rehearsal
from mop_tui import layout
from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, Mode, Plan, TaskSpec, TeamSpec
from mop_tui.foresight.calibration import Planned, calibrate, foretold
from mop_tui.foresight.durations import NEEDED, learnt, nearest, runs_of
from mop_tui.foresight.observing import record_of
from mop_tui.foresight.record import Record, TaskRecord
from mop_tui.foresight.simulation import simulate
from mop_tui.journal.header import Header

Document = dict[str, Any]
SECOND, MINUTE = 1_000, 60_000
WORKERS = 8
MOST_TASKS = 1_000
"""Larger recorded runs are left out."""
GATE = "go"


@dataclass(frozen=True, slots=True)
class Past:
    """A session that was run, and what it had set out to do."""

    record: Record
    plan: Plan


# -- layouts that are made up -----------------------------------------------------------------


@dataclass
class World:
    """What really decides how long things take: the same for all runs of a family."""

    seed: int
    _drawn: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def drawn(self, name: str, low: float, high: float) -> float:
        """Return a number between two that `name` keeps in this world; small ones are as likely as
        large ones."""
        if name not in self._drawn:
            own = random.Random(f"{self.seed} {name}")
            self._drawn[name] = exp(own.uniform(log(low), log(high)))
        return self._drawn[name]

    def noise(self) -> float:
        """Return how many times as long as usual something takes this time."""
        return exp(self.chance.gauss(0, 0.2))


@dataclass
class Draft:
    """A layout that is being made up, in a world."""

    world: World
    variables: Mapping[str, str] = field(default_factory=dict)
    tasks: Document = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    """How many agents of each type there are; each type has the skill of its name."""
    declared: dict[TaskId, int] = field(default_factory=dict)
    """How long tasks are said to take. A rehearsal takes for this what is played, so it is put in
    its place afterwards."""

    def add(
        self, name: str, kind: str, *, needs: Sequence[str] = (), of: str = "", stretch: float = 1.0
    ) -> None:
        """Add a task. It takes what `of` (by default its name) usually takes, times `stretch`."""
        usual = self.world.drawn(f"task {of or name}", 2 * MINUTE, 40 * MINUTE)
        off = self.world.drawn(f"type {kind}", 0.4, 2.5)
        took = max(1, round(usual * stretch * self.world.noise()))
        self.types.setdefault(kind, 1)
        self.declared[TaskId(name)] = max(1, round(usual / off))
        self.tasks[name] = {
            "requires_skill": kind,
            "needs": list(needs),
            "sim": {"duration": f"{took}ms"},
        }

    def gate(self, name: str) -> None:
        """Have a person asked before a task is begun."""
        self.tasks[name]["gate"] = GATE

    def dies(self, name: str) -> None:
        """Have whoever does a task die in its first attempt, and the task tried again."""
        task = self.tasks[name]
        task["retry"] = {"times": 2, "delay": "20s"}
        task["sim"]["health"] = [{"at": "40s", "dies": True}]

    def document(self) -> Document:
        """Return the layout."""
        agents = [
            {"id": f"{kind}-{number}", "type": kind}
            for kind, count in self.types.items()
            for number in range(1, count + 1)
        ]
        made: Document = {
            "session": {"id": "made-up", "vars": dict(self.variables)},
            "agent_types": {kind: {"skills": [kind]} for kind in self.types},
            "teams": {"all": {"agents": agents}},
            "tasks": self.tasks,
        }
        if any("gate" in task for task in self.tasks.values()):
            made["questions"] = {GATE: {"question": "Go on?", "question_type": "approval"}}
        return made


def repeated(world: World, number: int) -> Draft:
    """Return the same nine tasks as ever."""
    del number
    draft = Draft(world)
    draft.add("fetch", "porter")
    for part in ("lint", "types", "units", "build"):
        draft.add(part, "checker" if part != "build" else "builder", needs=["fetch"])
    draft.types["checker"] = 2
    draft.add("package", "builder", needs=["build"])
    draft.add("integration", "checker", needs=["package", "units"])
    draft.add("release", "porter", needs=["integration", "lint", "types"])
    draft.add("announce", "porter", needs=["release"])
    draft.gate("release")
    return draft


def pieces(world: World, number: int) -> Draft:
    """Return a varying number of pieces of work, for a pool of varying size."""
    del number
    return _pieces(Draft(world), 1.0)


def sized(world: World, number: int) -> Draft:
    """Return pieces of work that take longer the larger a variable is."""
    del number
    megabytes = round(10 ** world.chance.uniform(1, 3))
    growth = world.drawn("growth", 0.5, 1.0)
    variables = {"megabytes": str(megabytes)}
    return _pieces(Draft(world, variables), (megabytes / 100) ** growth)


def _pieces(draft: Draft, stretch: float) -> Draft:
    chance = draft.world.chance
    count = round(exp(chance.uniform(log(4), log(40))))
    draft.add("split", "splitter", stretch=stretch)
    for number in range(1, count + 1):
        draft.add(f"piece-{number}", "worker", needs=["split"], of="piece", stretch=stretch)
        needs = [f"piece-{number}"]
        draft.add(f"check-{number}", "worker", needs=needs, of="check")
    draft.add("merge", "splitter", needs=[f"check-{it}" for it in range(1, count + 1)])
    draft.types["worker"] = chance.choice([3, 5, 8])
    return draft


def targets(world: World, number: int) -> Draft:
    """Return a deployment to one of three places."""
    del number
    target = world.chance.choice(["dev", "staging", "production"])
    draft = Draft(world, {"target": target})
    stretch = world.drawn(f"target {target}", 0.3, 4)
    draft.add("network", "platform", stretch=stretch)
    for part in ("database", "queue", "cache"):
        draft.add(part, "platform", needs=["network"], stretch=stretch)
    draft.add("services", "deployer", needs=["database", "queue", "cache"], stretch=stretch)
    draft.add("monitoring", "observer", needs=["network"], stretch=stretch)
    last = "services"
    if target == "production":
        draft.add("canary", "deployer", needs=["services", "monitoring"])
        draft.gate("canary")
        draft.add("rollout", "deployer", needs=["canary"])
        last = "rollout"
    draft.add("smoke-test", "observer", needs=[last])
    draft.types["platform"] = 2
    return draft


def services(world: World, number: int) -> Draft:
    """Return the building, testing and deploying of some services."""
    del number
    chance = world.chance
    names = [
        "auth", "billing", "cart", "search", "mail", "media", "orders", "users", "stock", "web",
    ]  # fmt: skip
    draft = Draft(world)
    for name in sorted(chance.sample(names, chance.randint(2, len(names)))):
        draft.add(f"build-{name}", "builder")
        draft.add(f"test-{name}", "tester", needs=[f"build-{name}"])
        draft.add(f"deploy-{name}", "deployer", needs=[f"test-{name}"])
        for what in ("build", "test", "deploy"):
            if chance.random() < 0.1:
                draft.dies(f"{what}-{name}")
    draft.types["builder"] = chance.choice([1, 2, 3])
    draft.types["tester"] = chance.choice([2, 3])
    return draft


def growing(world: World, number: int) -> Draft:
    """Return a plan that has more tasks each time, and other agents after a while."""
    draft = Draft(world)
    shape = random.Random(f"{world.seed} shape")
    for step in range(8 + number):
        before = list(draft.tasks)
        needs = sorted(shape.sample(before, min(len(before), shape.choice([0, 1, 1, 2]))))
        kind = f"kind-{shape.randint(1, 3)}"
        faster = kind == "kind-2" and number >= 8
        name = f"step-{'abcdefghijklmnopqrstuvwxyz'[step % 26]}{'x' * (step // 26)}"
        draft.add(name, "new" if faster else kind, needs=needs, stretch=0.5 if faster else 1.0)
    return draft


FAMILIES: Mapping[str, Callable[[World, int], Draft]] = {
    it.__name__: it for it in (repeated, pieces, sized, targets, services, growing)
}


def rehearsed(name: str, seed: int, runs: int) -> list[Past]:
    """Return so many runs of a family in a world, in time order."""
    world = World(seed)
    return [
        rehearse(FAMILIES[name](world, number), number, f"{name}-{seed}-{number}")
        for number in range(runs)
    ]


def rehearse(draft: Draft, number: int, run: str) -> Past:
    """Return what is learnt from a rehearsal of a layout."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "layout.yaml"
        path.write_text(yaml.safe_dump(draft.document(), sort_keys=False), "utf-8")
        loaded = layout.load(path, rehearse=True)
    started = f"2026-01-01T00:00:{number:02}+00:00"
    header = Header(loaded.document, number, Mode.REHEARSAL, run, started)
    record = asyncio.run(_play(loaded.plan, header, draft.world))
    declared = draft.declared
    tasks = tuple(replace(it, expected_ms=declared[it.id]) for it in record.tasks)
    plan = {name: replace(it, expected_ms=declared[name]) for name, it in loaded.plan.tasks.items()}
    return Past(replace(record, tasks=tasks), replace(loaded.plan, tasks=plan))


async def _play(plan: Plan, header: Header, world: World) -> Record:
    """Rehearse a plan, with an operator who takes their time to answer."""
    session, timeline = rehearsal(plan, header.seed, Memory(), attended=True)

    def approve(asked: e.UserAsked) -> None:
        session.submit(Answer(asked.question, "approve", asked.digest))

    def answer(event: AnyEvent) -> None:
        if event.kind == e.UserAsked.KIND:
            asked: e.UserAsked = event.data
            wait = round(world.drawn("answer", 5 * MINUTE, 30 * MINUTE) * world.noise())
            timeline.call_at(event.at + wait, partial(approve, asked))

    session.observers.append(answer)
    await session.run()
    record = record_of(header, session.session.snapshot())
    assert record.success, record.outcome
    return record


# -- recorded runs of real workflows ----------------------------------------------------------


def recorded(file: Path, *, named: bool) -> list[Past]:
    """Return the runs of a workflow, as so many workers would have done them.

    With `named`, what its runs are called stands in variables: the parts of their names, but for
    the first two and the last, which number them.
    """
    found = []
    for line in file.read_text("utf-8").splitlines():
        run = json.loads(line)
        if len(run["tasks"]) <= MOST_TASKS:
            found.append(_recorded(run, file.stem, named=named))
    return found


def _recorded(run: Document, workflow: str, *, named: bool) -> Past:
    names: dict[str, TaskId] = {}
    counts: dict[str, int] = {}
    for task in run["tasks"]:
        counts[task["type"]] = counts.get(task["type"], 0) + 1
        names[task["id"]] = TaskId(f"{task['type']}-{counts[task['type']]}")
    took = {names[it["id"]]: round(SECOND * (it["runtime_s"] or 0)) for it in run["tasks"]}
    workers = [AgentId(f"worker-{number}") for number in range(WORKERS)]
    team = TeamId("workers")
    skills = tuple(counts)
    variables = {
        f"part {number}": part for number, part in enumerate(run["run"].split("-")[2:-1]) if named
    }
    plan = Plan(
        id=workflow,
        project="",
        goal="",
        max_agents=None,
        teams=(TeamSpec(team, "Workers", tuple(workers)),),
        agents={it: AgentSpec(it, "worker", team, skills) for it in workers},
        tasks={
            names[it["id"]]: TaskSpec(
                names[it["id"]],
                it["type"],
                requires_skill=it["type"],
                needs_tasks=tuple(names[need] for need in it["needs"]),
            )
            for it in run["tasks"]
        },
        questions={},
        variables=variables,
    )
    length = simulate(plan, took).makespan
    assert length is not None
    tasks = (TaskRecord(it, "worker", team, work_ms=took[it]) for it in plan.tasks)
    record = Record(
        run=run["run"],
        task=workflow,
        mode=Mode.REHEARSAL,
        started=run["created"],
        success=True,
        outcome="complete",
        execution_ms=length,
        team_composition={team: WORKERS},
        agent_types={"worker": WORKERS},
        topology="mesh",
        tasks=tuple(tasks),
        variables=variables,
    )
    return Past(record, plan)


# -- foretelling ------------------------------------------------------------------------------

WAYS = ("last run", "mean of earlier runs", "nearest earlier run", "declared, simulated", "ours")


@dataclass
class Score:
    """How well sessions were foretold."""

    errors: dict[str, list[float]] = field(default_factory=dict)
    """How far off each way was, as a share of what the session took."""
    covered: list[bool] = field(default_factory=list)
    """Whether it ended within the range."""
    claimed: list[float] = field(default_factory=list)
    """In what share of all cases it should have."""
    widths: list[float] = field(default_factory=list)
    """How many times as long the latest end was as the soonest."""

    def add(self, other: "Score") -> None:
        """Count what `other` counted, too."""
        for way, errors in other.errors.items():
            self.errors.setdefault(way, []).extend(errors)
        self.covered += other.covered
        self.claimed += other.claimed
        self.widths += other.widths


def scored(pasts: Sequence[Past]) -> Score:
    """Foretell each session from those before it."""
    score = Score()
    plans = {past.record.run: past.plan for past in pasts}

    def planned(record: Record) -> Plan:
        return plans[record.run]

    for number in range(NEEDED, len(pasts)):
        _score(score, pasts[number], [it.record for it in pasts[:number]], planned)
    return score


def _score(score: Score, past: Past, before: Sequence[Record], planned: Planned) -> None:
    took = past.record.execution_ms
    runs = runs_of(before, Mode.REHEARSAL)
    ours = foretold(past.plan, learnt(runs, past.plan))
    declared = simulate(past.plan, {}).makespan
    told = {
        "last run": before[-1].execution_ms,
        "mean of earlier runs": fmean(it.execution_ms for it in before),
        "nearest earlier run": nearest(runs, past.plan)[0].record.execution_ms,
        "declared, simulated": declared,
        "ours": ours,
    }
    for way, length in told.items():
        if length is not None:
            score.errors.setdefault(way, []).append(abs(length - took) / took)
    span = calibrate(before, planned, mode=Mode.REHEARSAL).span
    if span is not None and ours is not None:
        score.covered.append(span.low * ours <= took <= span.high * ours)
        score.claimed.append(span.coverage)
        score.widths.append(span.high / span.low)


def nearest_way(score: Score) -> str:
    """Return the way to foretell that was least off at the median."""
    return min(score.errors, key=lambda way: median(score.errors[way]))


def lines(scores: Mapping[str, Score]) -> Iterator[str]:
    """Yield the table: a row a way to foretell, and a column what was foretold."""
    yield f"| error at the start, median (mean) | {' | '.join(scores)} |"
    yield f"|---|{'---|' * len(scores)}"
    for way in WAYS:
        cells = []
        for score in scores.values():
            errors = score.errors.get(way)
            cells.append(f"{median(errors):.1%} ({fmean(errors):.1%})" if errors else "-")
        yield f"| {way} | {' | '.join(cells)} |"
    cells = [f"{fmean(it.covered):.0%} of {fmean(it.claimed):.0%}" for it in scores.values()]
    yield f"| sessions that ended within the range, of how many it was said | {' | '.join(cells)} |"
    cells = [f"{median(it.widths):.2f}" for it in scores.values()]
    yield f"| latest end against soonest, median | {' | '.join(cells)} |"
    cells = [str(len(it.covered)) for it in scores.values()]
    yield f"| sessions foretold | {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> None:
    """Rehearse, foretell, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--traces", type=Path, help="A folder of recorded runs of real workflows.")
    parser.add_argument("--families", action="store_true", help="A table of each family, too.")
    options = parser.parse_args(arguments)
    print(described())
    families = {
        name: _of_worlds(name, range(options.first, options.first + options.worlds), options.runs)
        for name in FAMILIES
    }
    scores = {"rehearsals": _all(families.values())}
    if options.traces is not None:
        files = sorted(options.traces.glob("*.jsonl"))
        named = {it.stem: scored(recorded(it, named=True)) for it in files}
        families |= {name: it for name, it in named.items() if it.covered}
        scores["real workflows"] = _all(named.values())
        bare = [scored(recorded(it, named=False)) for it in files]
        scores["the same, no variables"] = _all(bare)
    print(*lines(scores), sep="\n")
    for name, score in scores.items():
        print(f"{name}: {nearest_way(score)} is nearest")
    if options.families:
        print(*lines(families), sep="\n")


def _of_worlds(name: str, worlds: Sequence[int], runs: int) -> Score:
    return _all(scored(rehearsed(name, seed, runs)) for seed in worlds)


def _all(scores: Any) -> Score:
    total = Score()
    for score in scores:
        total.add(score)
    return total


if __name__ == "__main__":
    main()
