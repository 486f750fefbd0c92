"""Random swarms that lock and wait for each other at random: are deadlocks found, and no others?

    python -m bench.deadlocks [--seeds 2000] [--first 1]

In each, a few simulated agents take steps at random: they lock resources, patterns among them, give
them back, wait for keys and set them; tasks need each other, take locks from the beginning, share
agents and places. The layout breaks cycles by itself, or by nobody.

The judge reads the journal and knows none of the code that finds or decides. From what was locked,
asked for and assigned it works out after every input, with networkx, who waits in a circle of locks
that agents hold and ask for. It wants every such circle told of in the turn of the wait that closed
it; each deadlock that is told of to be a true one, each of whose steps it can see; nobody taken out
who is critical, or twice running; and every session that breaks cycles to come to its end.
"""

import argparse
from collections.abc import Iterator
from random import Random

import networkx as nx

from bench.adaptation import played
from bench.machine import described
from mop_tui.domain.events import ALSO_FOLLOWING, INPUTS, AnyEvent
from mop_tui.domain.ids import AgentId, MemoryKey, Resource, TaskId, TeamId
from mop_tui.domain.plan import (
    AgentSpec,
    HostKind,
    Plan,
    Script,
    ScriptedStep,
    TaskSpec,
    TeamSpec,
    Work,
)
from mop_tui.domain.priority import Priority
from mop_tui.domain.strategies import Strategy

LOCKS = ("a", "b", "c", "d")
CRITICAL = "agent-0"


def a_plan(chance: Random, *, breaks: bool) -> Plan:
    """Return a random plan."""
    size = chance.randint(2, 6)
    agents = {
        AgentId(f"agent-{at}"): AgentSpec(
            AgentId(f"agent-{at}"), "worker", TeamId("team"), ("any",), host=HostKind.SIMULATED
        )
        for at in range(size)
    }
    tasks: dict[TaskId, TaskSpec] = {}
    work: dict[TaskId, Work] = {}
    for at in range(chance.randint(size, 2 * size)):
        name = TaskId(f"task-{at}")
        pinned = chance.random() < 0.8
        before = [task for task in tasks if chance.random() < 0.1]
        tasks[name] = TaskSpec(
            name,
            "a task",
            AgentId(f"agent-{at % size}") if pinned else None,
            None if pinned else "any",
            priority=Priority.NORMAL,
            needs_tasks=tuple(before),
            provides=(MemoryKey(f"key-{at}"),),
            locks=tuple(map(Resource, LOCKS[:1])) if chance.random() < 0.1 else (),
        )
        steps = tuple(_steps(chance, at))
        length = chance.randint(500, 4_000)
        work[name] = Work(script=Script(duration=(length, length), steps=steps))
    strategy = Strategy("break_it", "deadlock_detected", "break_cycle", keep_critical=(CRITICAL,))
    return Plan(
        id="swarm",
        project="",
        goal="",
        max_agents=chance.choice([None, None, None, 2]),
        teams=(TeamSpec(TeamId("team"), "Team", tuple(agents)),),
        agents=agents,
        tasks=tasks,
        questions={},
        task_work=work,
        strategies=(strategy,) if breaks else (),
    )


def _steps(chance: Random, at: int) -> Iterator[ScriptedStep]:
    for _ in range(chance.randint(0, 4)):
        what = chance.random()
        if what < 0.6:
            yield ScriptedStep("lock", Resource(chance.choice(LOCKS)))
        elif what < 0.7:
            yield ScriptedStep("unlock", Resource(chance.choice(LOCKS)))
        elif what < 0.8:
            yield ScriptedStep("wait", MemoryKey(f"key-{chance.randrange(at + 2)}"))
        else:
            yield ScriptedStep("set", MemoryKey(f"key-{at}"))


class Judge:
    """Reads a journal event by event, and notes what is wrong."""

    def __init__(self, plan: Plan) -> None:
        self.wrong: list[str] = []
        self.found = 0
        self._plan = plan
        self._holder: dict[Resource, AgentId] = {}
        self._asks: dict[AgentId, dict[str, Resource]] = {}
        self._told: list[frozenset[AgentId]] = []
        """The agents of the deadlocks that hold."""
        self._open: dict[str, frozenset[AgentId]] = {}
        self._last: AgentId | None = None
        self._of_task: dict[TaskId, AgentId] = {}

    def see(self, event: AnyEvent) -> None:
        data = event.data
        match event.kind:
            case "system.locked":
                if data.resource in self._holder:
                    self.wrong.append(f"{event.seq}: {data.resource} has two holders")
                self._holder[data.resource] = data.agent
            case "system.unlocked":
                self._holder.pop(data.resource, None)
            case "agent.locking":
                self._asks.setdefault(data.agent, {})[data.ask] = data.resource
            case "system.intended" if data.effect == "tell" and data.ask is not None:
                self._asks.get(data.agent, {}).pop(data.ask, None)
            case "agent.exited":
                self._asks.pop(data.agent, None)
            case "task.transitioned" if data.agent is not None:
                self._of_task[data.task] = data.agent
            case "system.deadlock_found":
                self._check(event)
            case "system.deadlock_cleared":
                self._open.pop(data.deadlock, None)
            case "system.cycle_broken":
                self._check_victim(event)

    def _check(self, event: AnyEvent) -> None:
        data = event.data
        self.found += 1
        cycle = data.cycle
        agents = frozenset(
            self._of_task[TaskId(node.name)]
            for node in cycle
            if node.kind == "task" and TaskId(node.name) in self._of_task
        )
        self._open[data.deadlock] = agents
        if data.hopeless is not None:
            return
        for node, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            if node.kind == "lock":
                holder = self._holder.get(Resource(node.name))
                if holder != self._of_task.get(TaskId(following.name)):
                    self.wrong.append(f"{event.seq}: {node.name} is not {following.name}'s")
            elif node.kind == "key":
                key = MemoryKey(node.name)
                provide = [it.id for it in self._plan.tasks.values() if key in it.provides]
                if provide and following.name not in provide:
                    self.wrong.append(f"{event.seq}: {following.name} provides no {node.name}")

    def _check_victim(self, event: AnyEvent) -> None:
        data = event.data
        if data.agent == CRITICAL:
            self.wrong.append(f"{event.seq}: {CRITICAL} was taken out, which is critical")
        if data.agent == self._last:
            self.wrong.append(f"{event.seq}: {data.agent} was taken out twice running")
        self._last = data.agent

    def rest(self, event: AnyEvent) -> None:
        """Look for circles of locks when all that follows from an input is done."""
        graph: nx.DiGraph[AgentId] = nx.DiGraph()
        for agent, asks in self._asks.items():
            for resource in asks.values():
                holder = self._holder.get(resource)
                if holder is not None and holder != agent:
                    graph.add_edge(agent, holder)
        for knot in nx.strongly_connected_components(graph):
            if len(knot) > 1 and not any(knot & told for told in self._open.values()):
                self.wrong.append(f"{event.seq}: nobody was told of {sorted(knot)}")


_BEGINNINGS = INPUTS - ALSO_FOLLOWING


def judged(seed: int) -> tuple[list[str], int, str]:
    """Play one swarm; return what was wrong, how many deadlocks were found, and how it ended."""
    chance = Random(seed)
    breaks = chance.random() < 0.8
    plan = a_plan(chance, breaks=breaks)
    events = played(plan, seed)
    judge = Judge(plan)
    for event, following in zip(events, (*events[1:], None), strict=True):
        judge.see(event)
        if following is not None and following.kind in _BEGINNINGS:
            judge.rest(event)
    end = events[-1]
    if end.kind != "system.ended":
        judge.wrong.append("it has no end")
        return judge.wrong, judge.found, "none"
    return judge.wrong, judge.found, end.data.outcome


def main(arguments: list[str] | None = None) -> None:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=1)
    args = parser.parse_args(arguments)
    print(described())
    found, wrong, outcomes = 0, 0, dict[str, int]()
    for seed in range(args.first, args.first + args.seeds):
        said, count, outcome = judged(seed)
        found += count
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        for it in said:
            print(f"seed {seed}: {it}")
        wrong += bool(said)
    print(f"{args.seeds} swarms, {found} deadlocks, ends: {outcomes}")
    print(f"{wrong} swarms in which something was wrong")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
