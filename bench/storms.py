"""Storms of triggers: plans, agents and operators as chance will have them, against all limits.

    python -m bench.storms [--seeds 10000] [--first 0] [--processes 2]

Each seed is a plan with up to twelve triggers of all types that feed each other, and everything
that happens outside of it on the virtual clock: files in bursts, keys, errors, failing processes,
times, answers, and an operator who mutes, disables, fires and stops. What was recorded is then
judged by `wrongs`, which knows the plan and the records, and none of the code that decides: no
limit was broken, nothing was spawned twice, no trigger did what it may not, every no has its
reason, every chain of causes begins outside. The same inputs give the same records again, and the
records give the same state.

A seed that fails is printed; `--first SEED --seeds 1` runs it alone.
"""

import argparse
import heapq
import random
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from multiprocessing import get_context
from typing import Any, NamedTuple

from bench.machine import described
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import events as e
from mop_tui.domain.conditions import Condition
from mop_tui.domain.events import INPUTS, MAY_LACK_CAUSE, AnyEvent, Fact
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import (
    AgentId,
    AskId,
    IssueId,
    MemoryKey,
    QuestionId,
    QuestionName,
    TaskId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.plan import (
    AgentKind,
    AgentLimits,
    AgentSpec,
    HostKind,
    Lifetime,
    Mode,
    Plan,
    QuestionSpec,
    Retry,
    TaskSpec,
    TeamSpec,
)
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import Limits, TriggerSpec
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.recheck import recheck

MOST_EVENTS = 20_000
"""A storm in which more happens does not come to rest."""
PATIENCE = 30
"""Seconds after which a storm is not waited for any longer."""
HORIZON = 180_000
"""Milliseconds of session time in which things happen from outside."""

SKILLS = ("build", "test", "ship")
KINDS = ("builder", "tester", "fixer", "pilot")
KEYS = tuple(MemoryKey(f"k{n}") for n in range(4))
PATHS = ("src/a.py", "src/b.py", "src/deep/c.py", "etc/x.yaml", "etc/y.yaml", "README")
ERRORS = ("timeout", "broken", "odd")
SEEN = (
    e.SystemMemorySet, e.SystemMemorySet, e.AgentSpawned, e.AgentSpawned, e.TaskCreated,
    e.TaskCreated, e.UserAnswered, e.UserAsked, e.UserExpired, e.AgentTransitioned,
    e.TaskTransitioned, e.SystemFired, e.SystemRefused, e.SystemDecided, e.SystemIssueOpened,
    e.SystemNotified, e.AgentRefused, e.SystemTimerFired, e.AgentErred, e.UserCommanded,
)  # fmt: skip
"""Kinds of events that triggers of type `event` are about."""
_EVERYTHING = [
    fact.KIND
    for fact in (e.SystemDecided, e.SystemTimerFired, e.AgentTransitioned, e.TaskTransitioned)
]
TYPES: tuple[Any, ...] = (
    "file_created", "file_created", "file_modified", "file_deleted", "task_created",
    "dependency_ready", "memory_key", "agent_error", "environment_deploy", "agent_health",
    "schedule", "event", "event", "event", "event",
)  # fmt: skip
ACTIONS: tuple[Any, ...] = (
    "spawn_agent", "spawn_agent", "spawn_agent", "spawn_dependent_agents", "spawn_team",
    "spawn_troubleshooter", "ask_human", "create_task", "create_task", "set_memory", "notify",
    "restart_agent", "pause_agent", "resume_agent",
)  # fmt: skip


# -- a plan ---------------------------------------------------------------------------------------


def a_plan(chance: random.Random) -> Plan:
    """Return a plan as chance will have it."""
    teams, agents, awaited = _crew(chance)
    there = {name: spec for name, spec in agents.items() if name not in awaited}
    questions = {
        name: QuestionSpec(
            name,
            "Go on?",
            timeout_ms=chance.choice([None, 15_000]),
            required=chance.random() < 0.3,
            on_reject="stop_session" if chance.random() < 0.05 else "cancel",
        )
        for name in (QuestionName("g"), QuestionName("h"), QuestionName("start"))
    }
    triggers = tuple(_trigger(chance, n, list(agents), teams) for n in range(chance.randint(1, 12)))
    cpu = sum(spec.limits.cpu or 0 for spec in there.values())
    memory = sum(spec.limits.memory or 0 for spec in there.values())
    some = partial(chance.choice, [True, False, False])
    limits = Limits(
        total=len(there) + chance.choice([0, 3, 12, 50, 50]),
        per_minute=chance.choice([None, None, None, 1, 4, 10]),
        depth=chance.choice([1, 2, 5, 5]),
        cpu=cpu + chance.choice([0.5, 4, 9]) if some() else None,
        memory=memory + chance.choice([1_000, 9_000]) if some() else None,
    )
    return Plan(
        id="storm",
        project="storm",
        goal="come to rest",
        max_agents=chance.choice([None, None, 1, 2, 4]),
        teams=teams,
        agents=agents,
        tasks=_tasks(chance, list(there), triggers),
        questions=questions,
        kinds={kind: _kind(chance) for kind in KINDS},
        triggers=triggers,
        limits=limits,
        auto_spawn=chance.random() < 0.85,
        keep_running=chance.random() < 0.3,
    )


def _crew(
    chance: random.Random,
) -> tuple[tuple[TeamSpec, ...], dict[AgentId, AgentSpec], frozenset[AgentId]]:
    """Return teams, their agents, and those agents that are not there from the beginning."""
    teams: list[TeamSpec] = []
    agents: dict[AgentId, AgentSpec] = {}
    for number in range(chance.randint(1, 4)):
        team = TeamId(f"team{number}")
        members = []
        for _ in range(chance.randint(1, 3)):
            kind = chance.choice(KINDS)
            name = AgentId(f"{kind}-{chance.randint(1, 9)}")
            if name in agents:
                continue
            made = _kind(chance)
            members.append(name)
            agents[name] = AgentSpec(
                name, kind, team, made.skills,
                host=made.host, lifetime=made.lifetime, limits=made.limits,
            )  # fmt: skip
        waits = number > 0 and chance.random() < 0.5
        teams.append(TeamSpec(team, team, tuple(members), waits))
    awaited = frozenset(name for team in teams if team.waits for name in team.agents)
    return tuple(teams), agents, awaited


def _kind(chance: random.Random) -> AgentKind:
    return AgentKind(
        skills=tuple(chance.sample(SKILLS, chance.randint(0, 2))),
        host=HostKind.SIMULATED,
        lifetime=chance.choice(list(Lifetime)),
        limits=AgentLimits(
            cpu=chance.choice([None, 0.1, 0.5, 2]), memory=chance.choice([None, 500, 3_000])
        ),
    )


def _tasks(
    chance: random.Random, agents: Sequence[AgentId], triggers: Sequence[TriggerSpec]
) -> dict[TaskId, TaskSpec]:
    tasks: dict[TaskId, TaskSpec] = {}
    gates = {
        spec.environment: spec
        for spec in reversed(triggers)
        if spec.type == "environment_deploy" and spec.action == "ask_human"
    }
    for number in range(chance.randint(0, 6)):
        name = TaskId(f"t{number}")
        pinned = chance.random() < 0.5
        environment = chance.choice(["", "", "staging", "production"])
        gate = QuestionName("g") if chance.random() < 0.2 else None
        asks = gates.get(environment) if gate is None else None
        tasks[name] = TaskSpec(
            id=name,
            title=chance.choice(["build it", "test it", "think"]),
            agent=chance.choice(agents) if pinned else None,
            requires_skill=None if pinned else chance.choice(SKILLS),
            priority=chance.choice(list(Priority)),
            needs_tasks=tuple(chance.sample(list(tasks), min(len(tasks), chance.randint(0, 1)))),
            needs_keys=tuple(chance.sample(KEYS, int(chance.random() < 0.15))),
            provides=tuple(chance.sample(KEYS, int(chance.random() < 0.3))),
            expected_ms=chance.choice([None, 1_000, 400_000, 2_000_000]),
            gate=gate if asks is None else asks.question,
            gated_by=None if asks is None else asks.name,
            retry=chance.choice([Retry(), Retry(2, 2_000)]),
            timeout_ms=chance.choice([None, None, 20_000]),
            environment=environment,
            complexity=chance.choice([None, "low", "high"]),
        )
    return tasks


def _trigger(
    chance: random.Random, number: int, agents: Sequence[AgentId], teams: Sequence[TeamSpec]
) -> TriggerSpec:
    type_, action = chance.choice(TYPES), chance.choice(ACTIONS)
    kind = chance.choice(SEEN).KIND if type_ == "event" else ""
    files = type_.startswith("file_")
    when: list[Condition] = []
    if chance.random() < 0.2:
        path, value = chance.choice([("memory:k0", 1), ("trigger.fires", 0), ("agent.errors", 0)])
        when.append(Condition(path, chance.choice(["eq", "ne"]), (value,)))
    if type_ == "event" and kind == e.SystemMemorySet.KIND and chance.random() < 0.5:
        when.append(Condition("event.key", "eq", (chance.choice(KEYS),)))
    keyed = {True: "${event.path}", False: "${agent.id}/${event.key}"}[files]
    return TriggerSpec(
        name=TriggerName(f"x{number}"),
        type=type_,
        action=action,
        path_pattern=chance.choice(["**/*.py", "etc/*.yaml", "*", "src/*"]) if files else "",
        requires_skill=chance.choice(["", *SKILLS]) if type_ == "task_created" else "",
        complexity=chance.choice([None, "low", "high"]) if type_ == "task_created" else None,
        key=chance.choice(KEYS) if type_ in ("dependency_ready", "memory_key") else None,
        error_type=chance.choice(["", *ERRORS, "exit_1"]) if type_ == "agent_error" else "",
        error_pattern="b.*" if type_ == "agent_error" and chance.random() < 0.2 else "",
        environment=chance.choice(["staging", "production"])
        if type_ == "environment_deploy"
        else "",
        status=chance.choice(["healthy", "degraded", "unhealthy"])
        if type_ == "agent_health"
        else None,
        interval_ms=chance.choice([1_000, 7_000, 60_000]) if type_ == "schedule" else None,
        kind=kind,
        when=tuple(when),
        agents=tuple(chance.sample([*KINDS, *agents], chance.randint(1, 2))),
        team=chance.choice(teams).id,
        agent=chance.choice([None, None, *agents]) if action != "create_task" else None,
        task=chance.choice(
            ["", "deal with ${event.path}", "because of ${agent.id}: ${error.type}"]
        ),
        skill=chance.choice(["", *SKILLS]),
        priority=chance.choice(list(Priority)),
        question=QuestionName("h") if action == "ask_human" else None,
        start_question=QuestionName("start") if chance.random() < 0.15 else None,
        set=tuple((key, chance.choice([1, "${event.seq}"])) for key in chance.sample(KEYS, 2)),
        cooldown_ms=chance.choice([0, 0, 0, 1_000, 30_000]),
        # One that fires about all that happens keeps a storm going for very long, deep as it may.
        max_fires=chance.choice([3, 9] if kind in _EVERYTHING else [None, None, None, 1, 3]),
        dedupe_key=keyed if chance.random() < 0.2 else "",
    )


# -- what happens outside -------------------------------------------------------------------------


class World:
    """Plays the outside of a session on a virtual clock: processes, files, times, people."""

    def __init__(self, plan: Plan, chance: random.Random) -> None:
        self.plan = plan
        self.events: list[AnyEvent] = []
        self._engine = Engine(plan, RuleBook(plan, RULES))
        self._chance = chance
        self._at = 0
        self._made = count()
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        self._alive: dict[AgentId, int] = {}
        """Processes that run, by their incarnations."""
        self._hands: dict[AgentId, TaskId | None] = {}
        """What each of them works on."""
        self._suspended: dict[AgentId, list[Callable[[], object]]] = {}
        """What agents do once they go on."""
        self._stamps: dict[str, str] = {}
        """The files that are there."""

    @property
    def session(self) -> Session:
        """The state of the session."""
        return self._engine.session

    def run(self) -> None:
        """Play until the session has ended."""
        plan, session = self.plan, self.session
        started = e.SystemStarted(
            plan.id, plan.project, plan.goal, Mode.REHEARSAL, False, plan.max_agents,  # noqa: FBT003
            plan.teams, triggers=plan.triggers, limits=plan.limits,
            auto_spawn=plan.auto_spawn, keep_running=plan.keep_running,
        )  # fmt: skip
        self._receive(started, None)
        self._brew()
        while session.status != "ended" and len(self.events) < MOST_EVENTS:
            if self._due:
                self._at, _, call = heapq.heappop(self._due)
                call()
            elif session.status == "running" and plan.keep_running:
                self._command("stop")
            else:
                self._receive(e.SystemQuiesced(), session.seq)

    # -- what comes from nobody -------------------------------------------------------------------

    def _brew(self) -> None:
        """Have files change, times come and the operator act, from now to the horizon."""
        chance = self._chance
        for _ in range(chance.randint(0, 6)):
            at = chance.randint(0, HORIZON)
            for _ in range(chance.choice([1, 5, 30])):
                self._call(at + chance.choice([0, 0, 10, 500]), self._touch_file)
        for spec in self.plan.triggers:
            if spec.interval_ms is not None:
                for due in range(spec.interval_ms, HORIZON, spec.interval_ms):
                    self._call(due, partial(self._come, spec.name))
        for _ in range(chance.randint(0, 8)):
            self._call(chance.randint(0, HORIZON), self._do_by_hand)
        if chance.random() < 0.1:
            self._call(chance.randint(0, HORIZON), partial(self._command, "stop"))

    def _touch_file(self) -> None:
        path = self._chance.choice(PATHS)
        stamp = str(next(self._made))
        if path not in self._stamps:
            self._stamps[path] = stamp
            self._receive(e.FileCreated(path, stamp), None)
        elif self._chance.random() < 0.5:
            self._stamps[path] = stamp
            self._receive(e.FileModified(path, stamp), None)
        else:
            del self._stamps[path]
            self._receive(e.FileDeleted(path), None)

    def _come(self, trigger: TriggerName) -> None:
        if self.session.status == "running":
            self._receive(e.SystemScheduled(trigger), 1)

    def _do_by_hand(self) -> None:
        name = self._chance.choice(self.plan.triggers).name
        command = self._chance.choice(
            ["mute_trigger", "disable_trigger", "arm_trigger", "fire_trigger", "auto_spawn"]
        )
        self._command(command, name, value=self._chance.random() < 0.5)

    def _command(self, command: str, about: str = "", *, value: bool = False) -> None:
        self._receive(e.UserCommanded(command, None, "operator", about, value=value), None)

    # -- what agents do ---------------------------------------------------------------------------

    def _perform(self, effect: effects.Effect) -> None:
        chance = self._chance
        match effect:
            case effects.Timer():
                self._call(effect.due, partial(self._fire, effect))
                return
            case effects.Start():
                self._call(self._at, partial(self._start, effect))
                return
            case effects.Hand():
                done = e.SystemDone(effect.action, "hand_task", effect.agent)
                if self._alive.get(effect.agent) != effect.incarnation:
                    done = replace(done, error="its process is gone")
                else:
                    self._hands[effect.agent] = effect.task
                    self._work(effect.agent, effect.incarnation, effect.task, effect.seq)
            case effects.Signal(effect="stop_process"):
                done = e.SystemDone(effect.action, effect.effect, effect.agent)
                wait = chance.choice([0, 0, 1_500])
                self._call(self._at + wait, partial(self._killed, effect))
            case effects.Signal(effect="pause_process"):
                done = e.SystemDone(effect.action, effect.effect, effect.agent)
                self._suspended.setdefault(effect.agent, [])
            case effects.Signal():
                done = e.SystemDone(effect.action, effect.effect, effect.agent)
                self._go_on(effect.agent)
            case _:
                done = e.SystemDone(effect.action, "tell", effect.agent)
        self._call(self._at, partial(self._receive, done, effect.seq))

    def _fire(self, timer: effects.Timer) -> None:
        wanted = self.session.timers.get(timer.timer)
        if wanted is not None and wanted.due == timer.due:
            self._receive(e.SystemTimerFired(timer.timer), timer.seq)

    def _start(self, start: effects.Start) -> None:
        chance, agent = self._chance, start.agent
        done = e.SystemDone(start.action, "start_process", agent)
        if chance.random() < 0.08 or self.session.status != "running":
            self._receive(replace(done, error="no luck"), start.seq)
            return
        self._alive[agent] = start.incarnation
        self._hands[agent] = start.task
        self._suspended.pop(agent, None)
        cause = self._receive(done, start.seq)
        if start.task is not None:
            self._work(agent, start.incarnation, start.task, cause)
        elif chance.random() < 0.3:
            self._after(agent, start.incarnation, chance.randint(0, 60_000), e.AgentExited(
                agent, start.incarnation, None, chance.choice([0, 1])
            ), cause)  # fmt: skip

    def _work(self, agent: AgentId, incarnation: int, task: TaskId, cause: int) -> None:
        """Have an agent do something and come to an end with a task."""
        chance = self._chance
        length = chance.choice([100, 2_000, 30_000])
        for _ in range(chance.randint(0, 3)):
            fact: Fact
            match chance.randint(0, 5):
                case 0 | 1:
                    value: Any = chance.choice([1, {"status": "complete"}, {"status": "partial"}])
                    fact = e.SystemMemorySet(chance.choice(KEYS), value, agent, task)
                case 2:
                    kind = chance.choice(ERRORS)
                    fact = e.AgentErred(agent, incarnation, task, kind, "it broke", "protocol")
                case 3:
                    status: Any = chance.choice(["healthy", "degraded", "unhealthy"])
                    fact = e.AgentHealth(agent, incarnation, "reported", status=status)
                case 4:
                    asked = QuestionSpec(QuestionName(f"{agent}/a"), "Well?", timeout_ms=9_000)
                    fact = e.AgentAsked(agent, incarnation, task, AskId("a"), asked)
                case _:
                    fact = e.AgentProgressed(agent, incarnation, task, chance.randint(0, 100))
            self._after(agent, incarnation, chance.randint(0, length), fact, cause)
        failed = chance.choice(["", "", "", "broken"])
        end: Fact = e.AgentExited(agent, incarnation, task, 1 if failed else 0)
        if self.session.agents[agent].spec.lifetime is Lifetime.SESSION and chance.random() < 0.9:
            end = e.AgentFinished(agent, incarnation, task, "done", failed)
        self._after(agent, incarnation, length, end, cause)

    def _after(self, agent: AgentId, incarnation: int, wait: int, fact: Fact, cause: int) -> None:
        self._call(self._at + wait, partial(self._say, agent, incarnation, fact, cause))

    def _say(self, agent: AgentId, incarnation: int, fact: Fact, cause: int) -> None:
        if self._alive.get(agent) != incarnation:
            return
        if agent in self._suspended:
            self._suspended[agent].append(partial(self._say, agent, incarnation, fact, cause))
            return
        if isinstance(fact, e.AgentExited):
            del self._alive[agent]
            fact = replace(fact, task=self._hands[agent])
        elif isinstance(fact, e.AgentFinished):
            if self._hands[agent] != fact.task:
                return
            self._hands[agent] = None
        self._receive(fact, cause)

    def _killed(self, stop: effects.Signal) -> None:
        if self._alive.get(stop.agent) != stop.incarnation:
            return
        del self._alive[stop.agent]
        self._suspended.pop(stop.agent, None)
        task = self._hands[stop.agent]
        gone = e.AgentExited(stop.agent, stop.incarnation, task, None, "SIGTERM")
        self._receive(gone, stop.seq)

    def _go_on(self, agent: AgentId) -> None:
        for call in self._suspended.pop(agent, ()):
            self._call(self._at, call)

    def _answer(self, question: QuestionId) -> None:
        row = self.session.questions[question]
        if row.state == "open":
            value = self._chance.choice(["approve", "approve", "reject"])
            answer = e.UserAnswered(question, value, "", "operator", row.asked.digest)
            self._receive(answer, row.seq)

    # -- time -------------------------------------------------------------------------------------

    def _call(self, at: int, call: Callable[[], object]) -> None:
        heapq.heappush(self._due, (at, next(self._made), call))

    def _receive(self, fact: Fact, cause: int | None) -> int:
        turn = self._engine.receive(fact, self._at, cause)
        self.events.extend(turn.events)
        for event in turn.events:
            if event.kind == e.UserAsked.KIND and self._chance.random() < 0.7:
                wait = self._chance.choice([0, 1_000, 20_000])
                self._call(self._at + wait, partial(self._answer, event.data.question))
        for effect in turn.effects:
            self._perform(effect)
        return turn.events[0].seq if turn.events else self.session.seq


# -- what must hold -------------------------------------------------------------------------------


def wrongs(plan: Plan, events: Sequence[AnyEvent]) -> Iterator[str]:
    """Yield what is wrong with the records of a session, which ended, in a sentence each."""
    yield from _wrong_chains(events)
    yield from _wrong_agents(plan, events)
    yield from _wrong_triggers(plan, events)
    if events[-1].kind != e.SystemEnded.KIND:
        yield f"it does not end: {len(events)} events by {events[-1].at} ms"


def _wrong_chains(events: Sequence[AnyEvent]) -> Iterator[str]:
    for event in events:
        if event.kind == e.SystemDecided.KIND and not event.data.reason:
            yield f"event {event.seq}: it has no reason"
        if event.cause is None and event.kind not in MAY_LACK_CAUSE:
            yield f"event {event.seq}: it has no cause"
        if event.cause is not None and event.cause >= event.seq:
            yield f"event {event.seq}: it was caused by what came later"


def _chain(events: Sequence[AnyEvent], event: AnyEvent) -> Iterator[AnyEvent]:
    """Yield what led to an event, from its cause back to the beginning."""
    while event.cause is not None:
        event = events[event.cause - 1]
        yield event


_IDLE = ("AVAILABLE", "COMPLETE", "FAILED", "SPAWNING")
_GONE = ("COMPLETE", "FAILED")


def _wrong_agents(plan: Plan, events: Sequence[AnyEvent]) -> Iterator[str]:  # noqa: C901
    """Yield which limit was broken, and what was there twice."""
    limits = plan.limits
    specs: dict[AgentId, AgentSpec] = {}
    here: dict[AgentId, AgentSpec] = {}
    at_work: set[AgentId] = set()
    tasks: set[TaskId] = set()
    spawns: set[str] = set()
    lately: deque[int] = deque()
    for event in events:
        data = event.data
        if event.kind == e.TaskCreated.KIND:
            if data.task in tasks or data.task in specs:
                yield f"event {event.seq}: {data.task} is there already"
            tasks.add(data.task)
        elif event.kind == e.AgentTransitioned.KIND:
            if data.trigger == "task_assigned":
                at_work.add(data.agent)
            elif data.to_state in _IDLE:
                at_work.discard(data.agent)
            if data.to_state in _GONE:
                here.pop(data.agent, None)
            else:
                here[data.agent] = specs[data.agent]
        elif event.kind == e.AgentSpawned.KIND:
            spec = data.spec
            if data.agent in specs or data.agent in tasks:
                yield f"event {event.seq}: {data.agent} is there already"
            specs[data.agent] = here[data.agent] = spec
            fired = [past for past in _chain(events, event) if _fires(past)]
            if not fired:
                continue
            if spec.spawn is not None and spec.spawn in spawns:
                yield f"event {event.seq}: {spec.spawn} is spawned twice"
            spawns.add(spec.spawn or "")
            lately.append(event.at)
            while lately[0] <= event.at - 60_000:
                lately.popleft()
            if limits.per_minute is not None and len(lately) > limits.per_minute:
                yield f"event {event.seq}: {len(lately)} were spawned within a minute"
            if len(specs) > limits.total:
                yield f"event {event.seq}: {len(specs)} agents are there"
            if spec.depth > limits.depth:
                yield f"event {event.seq}: {spec.depth} deep"
        else:
            continue
        if plan.max_agents is not None and len(at_work) > plan.max_agents:
            yield f"event {event.seq}: {len(at_work)} are at work"
        cpu = sum(spec.limits.cpu or 0 for spec in here.values())
        if limits.cpu is not None and cpu > limits.cpu + 1e-9:
            yield f"event {event.seq}: those who are here may use {cpu:g} cores"
        memory = sum(spec.limits.memory or 0 for spec in here.values())
        if limits.memory is not None and memory > limits.memory:
            yield f"event {event.seq}: those who are here may use {memory} bytes"


def _fires(event: AnyEvent) -> bool:
    """True if an event is the decision of a trigger to fire."""
    return (
        event.kind == e.SystemDecided.KIND
        and event.data.rule.startswith("trigger/")
        and event.data.verdict == "yes"
    )


_STATES = {"mute_trigger": "muted", "disable_trigger": "disabled", "arm_trigger": "armed"}


def _wrong_triggers(plan: Plan, events: Sequence[AnyEvent]) -> Iterator[str]:  # noqa: C901
    """Yield what a trigger did that it may not do."""
    specs = {spec.name: spec for spec in plan.triggers}
    states = dict.fromkeys(specs, "armed")
    fires: Counter[TriggerName] = Counter()
    latest: dict[TriggerName, int] = {}
    done: set[tuple[TriggerName, str]] = set()
    causes: set[tuple[TriggerName, int]] = set()
    told: dict[IssueId, tuple[TriggerName, str, str]] = {}
    """Open issues about triggers."""
    deep: dict[str, int] = {}
    """How many triggers led to a decision of one, and to what it brought into being."""
    for event in events:
        data = event.data
        if event.kind == e.UserCommanded.KIND and data.command in _STATES and not data.refused:
            states[TriggerName(data.about)] = _STATES[data.command]
        if event.kind == e.SystemIssueOpened.KIND and data.trigger is not None:
            if (data.trigger, data.text, data.key) in told.values():
                yield f"event {event.seq}: the issue about {data.trigger} is open already"
            told[data.issue] = (data.trigger, data.text, data.key)
        if event.kind == e.SystemIssueClosed.KIND:
            told.pop(data.issue, None)
        if event.kind in (e.AgentSpawned.KIND, e.TaskCreated.KIND, e.UserAsked.KIND):
            name = getattr(data, event.kind.partition(".")[0].replace("user", "question"))
            deep[name] = deep.get(f"event {event.cause}", 0)
        if event.kind != e.SystemFired.KIND:
            continue
        name, spec = data.trigger, specs[data.trigger]
        decided = events[(event.cause or 0) - 1]
        about = events[(decided.cause or 0) - 1]
        gate = any(action.do == "ask" for action in decided.data.actions)
        by_hand = about.kind == e.UserCommanded.KIND and about.data.command == "fire_trigger"
        before = _before(events, decided, deep)
        deep[f"event {decided.seq}"] = before + 1
        if (name, about.seq) in causes:
            yield f"event {event.seq}: {name} fires twice for event {about.seq}"
        causes.add((name, about.seq))
        if not gate:  # a gate is asked for whatever else holds
            if states[name] != "armed":
                yield f"event {event.seq}: {name} fires, and is {states[name]}"
            if not by_hand:
                if spec.max_fires is not None and fires[name] >= spec.max_fires:
                    yield f"event {event.seq}: {name} fires once too often"
                if name in latest and event.at < latest[name] + spec.cooldown_ms:
                    yield f"event {event.seq}: {name} should rest"
                key = _key(spec, about)
                if key is not None and (name, key) in done:
                    yield f"event {event.seq}: {name} fires again for {key}"
                if key is not None:
                    done.add((name, key))
                if before + 1 > plan.limits.depth:
                    yield f"event {event.seq}: {name} fires {before + 1} deep"
        fires[name] += 1
        latest[name] = event.at


def _before(events: Sequence[AnyEvent], decided: AnyEvent, deep: Mapping[str, int]) -> int:
    """Return how many triggers fired before the one that has decided, each because of the former.

    That is followed through all that came of the latest input, and from there on through the agent,
    the task or the question that it was about.
    """
    found = _carried(events[(decided.cause or 0) - 1], deep)
    for past in _chain(events, decided):
        found = max(found, deep.get(f"event {past.seq}", 0))
        if past.kind in INPUTS and past.kind != e.SystemMemorySet.KIND:
            return max(found, _carried(past, deep))
    return found


def _carried(event: AnyEvent, deep: Mapping[str, int]) -> int:
    named = (getattr(event.data, field, None) for field in ("agent", "task", "question"))
    return max(deep.get(name, 0) if isinstance(name, str) else 0 for name in named)


def _key(spec: TriggerSpec, about: AnyEvent) -> str | None:
    """Return what a trigger may fire only once for; None if that is told by nothing."""
    fact = about.data
    if spec.dedupe_key and spec.type.startswith("file_"):
        return str(fact.path)
    told = spec.type == "agent_error" and not spec.dedupe_key
    if told and isinstance(fact, e.AgentErred | e.AgentFinished):
        kind = fact.type if isinstance(fact, e.AgentErred) else fact.failed
        return f"{fact.agent}/{fact.incarnation}/{kind}"
    return None


# -- many of them ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of a storm."""

    seed: int
    events: int
    spawned: int
    fired: int
    refused: int
    wrong: list[str]


class _Stuck(Exception):  # noqa: N818 - it is what happened
    """A storm took too long."""


def _give_up(_signal: int, _frame: object) -> None:
    raise _Stuck


def storm(seed: int) -> Outcome:
    """Play a storm and judge it."""
    chance = random.Random(seed)
    plan = a_plan(chance)
    world = World(plan, chance)
    wrong: list[str] = []
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE)
    try:
        world.run()
        wrong += wrongs(plan, world.events)
        found = recheck(plan, world.events)
        if found.divergence is not None:
            wrong.append(f"event {found.divergence.seq}: it is not what is decided again")
        wrong += _differences(world.session, world.events)
    except _Stuck:
        wrong.append(f"it takes longer than {PATIENCE} seconds")
    except Exception as error:  # noqa: BLE001 - that is a finding too
        wrong.append(f"{type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
    kinds = Counter(event.kind for event in world.events)
    spawned = sum(
        event.kind == e.AgentSpawned.KIND and event.data.spec.spawn is not None
        for event in world.events
    )
    fired, refused = kinds[e.SystemFired.KIND], kinds[e.SystemRefused.KIND]
    return Outcome(seed, len(world.events), spawned, fired, refused, wrong)


def _differences(live: Session, events: Sequence[AnyEvent]) -> Iterator[str]:
    """Yield what the records do not say of a session."""
    replayed = Session()
    for event in events:
        apply(replayed, event)
    if replayed.next_digest() != live.next_digest():
        yield "its records give another digest"
    if replayed.snapshot() != live.snapshot():
        yield "its records give another state"
    if live.ignored:
        yield f"{live.ignored} of its records changed nothing"


def main(argv: list[str] | None = None) -> None:
    """Play storms and print what was found; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    print(described())
    began = time.perf_counter()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    totals: Counter[str] = Counter()
    failed = 0
    with get_context("spawn").Pool(chosen.processes) as pool:
        for outcome in pool.imap_unordered(storm, seeds, chunksize=10):
            totals.update(
                events=outcome.events, spawned=outcome.spawned, fired=outcome.fired,
                refused=outcome.refused,
            )  # fmt: skip
            for wrong in outcome.wrong[:3]:
                print(f"WRONG: seed {outcome.seed}: {wrong}", flush=True)
            failed += bool(outcome.wrong)
    print(
        f"{chosen.seeds} storms of {totals['events']:,} events in"
        f" {time.perf_counter() - began:.0f} s: triggers fired {totals['fired']:,} times, spawned"
        f" {totals['spawned']:,} agents and were refused {totals['refused']:,} times"
    )
    print("no limit broken, nothing twice" if not failed else f"{failed} storms failed")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
