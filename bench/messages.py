"""A hundred thousand messages in a swarm whose shape changes: is each told once, and in order?

    python -m bench.messages [--messages 100000] [--agents 50] [--switches 10] [--seeds 1]

Agents in teams, with leads and a coordinator who relay, say things to each other at random, and
now and then the swarm is coordinated in another shape. Relays take random times. What is done to
agents takes effect a little later, as with a disk. With `--harm`, relays and receivers are killed,
paused, and fall silent besides. All of it is drawn from a seed, on a virtual clock.

Judged is what agents were told, by what was said: nothing the router itself keeps is looked at.
Every message has to be told exactly once, and those of one agent to another in the order in which
they were said.

The cost is CPU time of the engine and of writing what follows to the session file, buffered, for
each event; the floor is that of `bench.engine`, for events of a session like it.
"""

import argparse
import heapq
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal

from bench.engine import measure_floor
from bench.machine import described
from mop_tui.agents.host import Note, Relay
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.feed import Steer
from mop_tui.domain.ids import AgentId, MessageId, TaskId, TeamId
from mop_tui.domain.plan import (
    AgentSpec,
    HostKind,
    Lifetime,
    Mode,
    Plan,
    Retry,
    TaskSpec,
    TeamSpec,
)
from mop_tui.domain.rows import MOST_DEATHS
from mop_tui.domain.steering import refusal
from mop_tui.domain.topology import SHAPES
from mop_tui.journal import BufferedWriter, Header
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.engine import Engine

LATEST = 20
"""Milliseconds that carrying something out takes at most after it was ordered."""
HANDLING = 50
"""Milliseconds that a relay takes at most for a message."""
LIKE_IT = 10_000
"""Messages of a session whose events the floor is measured with."""
BETWEEN = 4
"""Milliseconds between two messages, on average."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a run is made of."""

    agents: int = 50
    teams: int = 5
    messages: int = 2_000
    switches: int = 10
    relaying: float = 1.0
    """The share of leads, and of others on a ring, who relay."""
    deaths: int = 0
    pauses: int = 0
    silences: int = 0
    """How often somebody relays nothing of what it is handed for a while."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said."""

    sender: AgentId
    receiver: AgentId
    text: str


@dataclass(slots=True)
class _Process:
    incarnation: int
    orderly: bool
    """It deals with one message after the other."""
    free_at: int = 0
    """When it will have relayed what it has."""
    silent_until: int = 0
    suspended: bool = False
    held: list[tuple[int, MessageId]] = field(default_factory=list)
    """What it relays when it goes on."""


def a_swarm(scene: Scene, chance: Random) -> Plan:
    """Return a plan of teams with leads, and of a coordinator."""
    specs: dict[AgentId, AgentSpec] = {}
    teams: list[TeamSpec] = []
    names = [AgentId(f"agent-{number:03}") for number in range(scene.agents)]
    for number in range(scene.teams):
        members = tuple(names[number :: scene.teams])
        team = TeamId(f"team-{number}")
        teams.append(TeamSpec(team, team, members))
        led = chance.random() < 0.9
        for place, name in enumerate(members):
            specs[name] = AgentSpec(
                name,
                "worker",
                team,
                lead=led and place == 0,
                host=HostKind.SIMULATED,
                lifetime=Lifetime.SESSION,
                relays=chance.random() < (scene.relaying if place == 0 else scene.relaying / 4),
            )
    tasks = {
        TaskId(f"task-{name}"): TaskSpec(
            TaskId(f"task-{name}"), f"work of {name}", agent=name, retry=Retry(100, 1, 1)
        )
        for name in names
    }
    coordinator = names[0] if chance.random() < 0.9 else None
    return Plan(
        *("bench", "bench", "bench", None),
        tuple(teams),
        specs,
        tasks,
        {},
        coordinator=coordinator,
        topology="hierarchical",
    )


class Swarm:
    """Plays the outside of a session in which agents speak to each other."""

    def __init__(self, scene: Scene, seed: int, file: Path, *, keep: bool = False) -> None:
        self._scene = scene
        self._chance = Random(seed)
        self.plan = a_swarm(scene, self._chance)
        self._engine = Engine(self.plan, RuleBook(self.plan, RULES))
        header = Header({}, seed, Mode.REHEARSAL, "bench", "2026-01-01T00:00:00+00:00")
        self.journal = BufferedWriter(file, header)
        self.events: list[AnyEvent] | None = [] if keep else None
        """What happened, if it is kept, which costs the time to look through it for garbage."""
        self.said: list[Said] = []
        self.told: dict[AgentId, list[Note]] = {name: [] for name in self.plan.agents}
        """What each agent was told, in that order."""
        self.relays = 0
        """How often a relay was handed a message."""
        self.seconds = 0.0
        """Of CPU time that the engine and the journal took."""
        self.session = self._engine.session
        self._processes: dict[AgentId, _Process] = {}
        self._now = 0
        self._performed = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def run(self) -> None:
        """Have all said that is to be said, and wait until nothing is due any more."""
        plan, scene, chance = self.plan, self._scene, self._chance
        started = e.SystemStarted(
            *("bench", "bench", "bench", Mode.REHEARSAL),
            attended=False,
            max_agents=None,
            teams=plan.teams,
            coordinator=plan.coordinator,
            topology="hierarchical",
            shape="hierarchical",
        )
        self._receive(started, None)
        length = scene.messages * BETWEEN
        names = list(plan.agents)
        for number in range(scene.messages):
            sender, receiver = chance.sample(names, 2)
            if chance.random() < 0.5:  # most of what is said is said among few
                sender, receiver = chance.sample(names[: max(2, len(names) // 5)], 2)
            self._at(chance.randrange(length), partial(self._say, sender, receiver, number))
        for _ in range(scene.switches):
            self._at(chance.randrange(length), self._switch)
        for _ in range(scene.deaths):
            self._at(chance.randrange(length), partial(self._kill, chance.choice(names)))
        for _ in range(scene.pauses):
            self._at(chance.randrange(length), partial(self._pause, chance.choice(names)))
        for _ in range(scene.silences):
            self._at(chance.randrange(length), partial(self._silence, chance.choice(names)))
        while self._due:
            self._now, _, call = heapq.heappop(self._due)
            call()
        self.journal.close()

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with what was told, by what was said."""
        known = {said.text: said for said in self.said}
        told: dict[str, int] = {}
        for receiver, notes in self.told.items():
            last: dict[str, int] = {}
            for note in notes:
                said = known.get(note.text)
                if said is None or (said.sender, said.receiver) != (note.sender, receiver):
                    yield f"{receiver} was told what {note.sender} never said to it: {note.text}"
                    continue
                told[note.text] = told.get(note.text, 0) + 1
                number = int(note.text)
                if number < last.get(note.sender, -1):
                    yield f"{receiver} was told {number} of {note.sender} after a later one"
                last[note.sender] = number
        for text in known:
            times = told.get(text, 0)
            if times != 1:
                yield f"{text} was told {times} times"

    # -- what happens -----------------------------------------------------------------------------

    def _at(self, at: int, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (max(at, self._now), next(self._order), call))

    def _receive(self, fact: Fact, cause: int | None) -> None:
        began = time.process_time()
        turn = self._engine.receive(fact, self._now, cause)
        for event in turn.events:
            self.journal.append(event)
        self.seconds += time.process_time() - began
        if self.events is not None:
            self.events += turn.events
        for effect in turn.effects:
            self._performed = max(self._performed, self._now + self._chance.randrange(LATEST))
            self._at(self._performed, partial(self._perform, effect))

    def _say(self, sender: AgentId, receiver: AgentId, _number: int) -> None:
        process = self._processes.get(sender)
        if process is None or process.suspended:
            return
        text = str(len(self.said))
        self.said.append(Said(sender, receiver, text))
        self._receive(e.AgentMessaged(sender, process.incarnation, receiver, text), 1)

    def _steer(self, do: Literal["pause", "resume", "restart"], agent: AgentId) -> None:
        if not refusal(self.session, Steer(do, agent)):
            self._receive(e.UserCommanded(f"{do}_agent", None, "bench", agent), None)

    def _switch(self) -> None:
        shape = self._chance.choice(SHAPES)
        self._receive(e.UserCommanded("switch_topology", None, "bench", shape), None)

    def _kill(self, agent: AgentId) -> None:
        if self.session.agents[agent].deaths >= MOST_DEATHS - 1:
            self._steer("restart", agent)  # killed once more, it would be given up
            return
        process = self._processes.pop(agent, None)
        if process is not None:
            task = self.session.agents[agent].task
            exited = e.AgentExited(agent, process.incarnation, task, None, "SIGKILL")
            self._receive(exited, 1)

    def _pause(self, agent: AgentId) -> None:
        self._steer("pause", agent)
        later = self._now + self._chance.randrange(2_000)
        self._at(later, partial(self._steer, "resume", agent))

    def _silence(self, agent: AgentId) -> None:
        process = self._processes.get(agent)
        if process is not None:
            process.silent_until = self._now + self._chance.randrange(60_000)

    # -- what is done -----------------------------------------------------------------------------

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Start():
                self._processes[effect.agent] = _Process(
                    effect.incarnation, self._chance.random() < 0.5
                )
                self._done(effect, "start_process")
            case effects.Hand():
                self._done(effect, "hand_task")
            case effects.Signal():
                process = self._process(effect)
                if process is not None and effect.effect != "stop_process":
                    process.suspended = effect.effect == "pause_process"
                    if not process.suspended:
                        self._catch_up(effect.agent, process)
                self._done(effect, effect.effect)
                if process is not None and effect.effect == "stop_process":
                    del self._processes[effect.agent]
                    task = self.session.agents[effect.agent].task
                    exited = e.AgentExited(effect.agent, effect.incarnation, task, None, "SIGTERM")
                    self._receive(exited, effect.seq)
            case effects.Tell():
                self._tell(effect)
            case effects.Timer():
                self._at(effect.due, partial(self._fire, effect))
            case _:
                raise TypeError(effect)

    def _process(self, effect: effects.Signal | effects.Tell) -> _Process | None:
        process = self._processes.get(effect.agent)
        if process is None or process.incarnation != effect.incarnation:
            return None
        return process

    def _done(
        self,
        effect: effects.Start | effects.Hand | effects.Signal | effects.Tell,
        what: effects.Effect | str,
        error: str = "",
    ) -> None:
        done = e.SystemDone(effect.action, what, effect.agent, error)  # type: ignore[arg-type]
        self._receive(done, effect.seq)

    def _tell(self, effect: effects.Tell) -> None:
        process = self._process(effect)
        if process is None:
            self._done(effect, "tell", "its process is gone")
            return
        match effect.told:
            case Note():
                self.told[effect.agent].append(effect.told)
            case Relay(message=message):
                self.relays += 1
                took = self._chance.randrange(HANDLING)
                start = max(self._now, process.free_at) if process.orderly else self._now
                process.free_at = start + took
                if self._now >= process.silent_until:
                    relay = partial(self._relay, effect.agent, process, message)
                    self._at(process.free_at, relay)
            case _:
                pass
        self._done(effect, "tell")

    def _relay(self, agent: AgentId, process: _Process, message: MessageId) -> None:
        if self._processes.get(agent) is not process:
            return
        if process.suspended:
            process.held.append((self._now, message))
            return
        self._receive(e.AgentRelayed(agent, process.incarnation, message), 1)

    def _catch_up(self, agent: AgentId, process: _Process) -> None:
        held, process.held = process.held, []
        for _, message in held:
            self._at(self._now, partial(self._relay, agent, process, message))

    def _fire(self, effect: effects.Timer) -> None:
        timer = self.session.timers.get(effect.timer)
        if timer is not None and timer.due == effect.due:
            self._receive(e.SystemTimerFired(effect.timer), effect.seq)


def _floor(scene: Scene, seed: int) -> float:
    """Return what an event of such a session costs at least, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        swarm = Swarm(scene, seed, Path(folder) / "session.jsonl", keep=True)
        swarm.run()
    return measure_floor([(event.kind, asdict(event)) for event in swarm.events or ()])


def main(argv: list[str] | None = None) -> None:
    """Play, judge, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--switches", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--harm", action="store_true")
    chosen = parser.parse_args(argv)
    print(described())
    faults: list[str] = []
    rates, per_message, ratios = [], [], []
    said = relays = 0
    for seed in range(chosen.seeds):
        harm = max(1, chosen.messages // 200) if chosen.harm else 0
        scene = Scene(
            agents=chosen.agents,
            messages=chosen.messages,
            switches=chosen.switches,
            deaths=harm,
            pauses=harm,
            silences=harm // 5,
        )
        with tempfile.TemporaryDirectory() as folder:
            swarm = Swarm(scene, seed, Path(folder) / "session.jsonl")
            swarm.run()
        faults += [f"seed {seed}: {fault}" for fault in swarm.faults()]
        said += len(swarm.said)
        relays += swarm.relays
        rates.append(len(swarm.said) / swarm.seconds)
        per_message.append(swarm.seconds / len(swarm.said))
        floor = _floor(replace(scene, messages=min(chosen.messages, LIKE_IT)), seed)
        ratios.append(swarm.seconds / swarm.session.seq / floor)
    for fault in faults[:20]:
        print(fault)
    if faults:
        raise SystemExit(f"{len(faults)} messages were lost, doubled or out of order")
    print(
        f"{said:,} messages among {chosen.agents} agents, {chosen.switches} switches each of"
        f" {chosen.seeds} seeds, {relays:,} times relayed: none lost, doubled or out of order\n"
        f"{statistics.median(rates):,.0f} messages/s,"
        f" {statistics.median(per_message) * 1e6:.0f} us/message; each of its events costs"
        f" {statistics.median(ratios):.2f} times the floor"
    )


if __name__ == "__main__":
    main()
