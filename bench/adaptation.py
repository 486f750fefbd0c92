"""What strategies are worth: rehearsals of the platform with and without them.

    python -m bench.adaptation [--seeds 20] [--first 1]

From `layouts/mop-platform.yaml` three plans are made that have something wrong with them:

- a slow agent: one platform engineer makes all three environments, and takes three times as long as
  declared; `scale_up` spawns more of its type;
- an overloaded machine: everybody at work uses one of six processor cores, and beside the platform
  there are six chores of half an hour, of low priority, that nobody waits for, so that all take
  longer while they are done; `scale_down` pauses who can wait until there is room;
- an uneven load: one of three platform engineers is to make all three environments; `redistribute`
  moves two of them.

Each is rehearsed with its strategy and without any, with the same seeds: the same work takes the
same time in both. What is compared is the makespan, when the session ends.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.illness import Memory
from bench.machine import described
from bench.rehearsing import rehearsal
from mop_tui import layout
from mop_tui.domain.events import AnyEvent, SystemEnded, SystemStrategyApplied
from mop_tui.domain.plan import Plan
from mop_tui.layout import bundled
from mop_tui.orchestrator.answers import unattended_answers

ENVIRONMENTS = {"environment-dev": "9m", "environment-staging": "21m", "environment-prod": "35m"}
ENGINEER = "platform-engineer-dev"
CORES = CHORES = 6
Document = dict[str, Any]


def slow_agent(plan: Document) -> None:
    """Leave one platform engineer, who is slow, with all that such a one has to do."""
    _by_one_engineer(plan)
    team = plan["teams"]["platform"]["agents"]
    slow = {"sim": {"health": [{"at": "0s", "slow": 3}]}}
    plan["teams"]["platform"]["agents"] = [
        {**agent, **slow} if _id(agent) == ENGINEER else agent
        for agent in team
        if not _id(agent).startswith("platform-engineer") or _id(agent) == ENGINEER
    ]


def overloaded_machine(plan: Document) -> None:
    """Let everybody at work use a core, and have chores done on the same machine."""
    chores = [f"chore-{number}" for number in range(1, CHORES + 1)]
    plan["agent_types"]["housekeeper"] = {"run": ["true"]}
    agents = [{"id": f"housekeeper-{chore}", "type": "housekeeper"} for chore in chores]
    plan["teams"]["housekeeping"] = {"agents": agents}
    for chore, agent in zip(chores, agents, strict=True):
        plan["tasks"][chore] = {"agent": agent["id"], "priority": "low", "duration": "30m"}
    for kind in plan["agent_types"].values():
        kind.pop("limits", None)
        kind.setdefault("sim", {})["uses"] = {"cpu": 1}
    for task in plan["tasks"].values():
        task.setdefault("sim", {})["uses"] = {"cpu": 1}
    plan["limits"]["cpu"] = CORES


def uneven_load(plan: Document) -> None:
    """Have one of three platform engineers do what is meant for all three."""
    _by_one_engineer(plan)


def _by_one_engineer(plan: Document) -> None:
    for name, duration in ENVIRONMENTS.items():
        task = plan["tasks"][name]
        task.pop("sim")
        task |= {"agent": ENGINEER, "duration": duration}


def _id(agent: Any) -> str:
    return agent if isinstance(agent, str) else str(agent.get("id", agent["type"]))


CASES: Mapping[str, tuple[Callable[[Document], None], Document]] = {
    "scale_up": (
        slow_agent,
        {"trigger": "progress_slow", "action": "spawn_additional_agents", "max_agents": 20},
    ),
    "scale_down": (
        overloaded_machine,
        {
            "trigger": "resource_constrained",
            "action": "pause_non_critical_agents",
            "keep_critical": ["obi-specialist"],
        },
    ),
    "redistribute": (
        uneven_load,
        {"trigger": "agent_overloaded", "action": "move_tasks_to_available_agents"},
    ),
}


def plans(name: str) -> tuple[Plan, Plan]:
    """Return the plan of a case without its strategy, and with it."""
    wrong, strategy = CASES[name]
    shipped = bundled.find("mop-platform")
    assert shipped is not None
    document: Document = yaml.safe_load(shipped.read_text("utf-8"))
    wrong(document)
    adapted = deepcopy(document)
    adapted["strategies"] = [{"name": name, **strategy}]
    return _plan(document, shipped.parent), _plan(adapted, shipped.parent)


def _plan(document: Document, folder: Path) -> Plan:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "layout.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        (Path(directory) / "mop-platform").symlink_to(folder / "mop-platform")
        return layout.load(path, rehearse=True).plan


def played(plan: Plan, seed: int) -> list[AnyEvent]:
    """Return what happens in a rehearsal that nobody attends."""
    return asyncio.run(_play(plan, seed))


async def _play(plan: Plan, seed: int) -> list[AnyEvent]:
    answers = unattended_answers(plan)
    orchestrator, _ = rehearsal(plan, seed, Memory(), attended=False, answers=answers)
    events: list[AnyEvent] = []
    orchestrator.observers.append(events.append)
    await orchestrator.run()
    return events


def makespan(events: list[AnyEvent]) -> int:
    """Return when a session ended, in milliseconds."""
    ended = events[-1]
    assert isinstance(ended.data, SystemEnded)
    assert ended.data.outcome == "complete", ended.data.reason
    return ended.at


def steps(events: list[AnyEvent]) -> int:
    """Return how often a strategy was applied."""
    applied = (it.data for it in events if isinstance(it.data, SystemStrategyApplied))
    return sum(not it.undone for it in applied)


def main(arguments: list[str] | None = None) -> None:
    """Play all cases, and say what their strategies were worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    options = parser.parse_args(arguments)
    print(described())
    worse = 0
    for name in CASES:
        without, adapted = plans(name)
        pairs, applied = [], []
        for seed in range(options.first, options.first + options.seeds):
            before, after = played(without, seed), played(adapted, seed)
            pairs.append((makespan(before), makespan(after)))
            applied.append(steps(after))
        ratios = [after / before for before, after in pairs]
        worse += sum(ratio > 1 for ratio in ratios)
        print(
            f"{name}: {median(it[0] for it in pairs) / 60_000:.1f} min without,"
            f" {median(it[1] for it in pairs) / 60_000:.1f} with it, ratio"
            f" {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}),"
            f" applied {min(applied)} to {max(applied)} times, {len(pairs)} seeds"
        )
    print(f"made longer: {worse} of {options.seeds * len(CASES)}")


if __name__ == "__main__":
    main()
