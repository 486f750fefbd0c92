"""Months of illness: agents that fall ill as chance will have it, and what supervision makes of it.

    python -m bench.illness [--seeds 200] [--first 1] [--days 100] [--processes 2]

Each seed is a plan of so many simulated days: a few agents, tasks of hours, checks with random
thresholds, and ailments planted in the scripts: hangs, slowness, slow answers, reports of being
ill, errors, deaths; some end by themselves, some with a new attempt, some never. Sometimes somebody
is there who answers, late, or not, and who pauses agents. The orchestrator, its checks and the
simulated agents run as they always do, on the virtual clock. What was recorded is then judged by
`wrongs`, which knows what was planted and the records, and uses none of the code that decides:
who is ill is found so in time and well again in time, nobody else is, everything that is promised
is done, once, nobody is started again too often or for being quiet, and nobody flaps.

A seed that fails is printed; `--first SEED --seeds 1` runs it alone.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import described
from bench.rehearsing import rehearsal
from mop_tui.agents.simulated import SPREAD, STEPS
from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer, Command, Steer, Stop
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, QuestionName, TaskId, TeamId
from mop_tui.domain.plan import (
    AgentKind,
    AgentSpec,
    Ailment,
    HostKind,
    Lifetime,
    Plan,
    QuestionSpec,
    Retry,
    Script,
    TaskSpec,
    TeamSpec,
    Work,
)
from mop_tui.domain.priority import Priority
from mop_tui.orchestrator.clock import Timeline
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
PATIENCE = 120
"""Seconds of processor time after which a seed is not waited for any longer."""
MOST_EVENTS = 1_500_000
TROUBLESHOOTER = "devops-troubleshooter"
FOR_EVER = 1_000
"""Attempts in which an ailment strikes that nothing cures."""


# -- a plan ---------------------------------------------------------------------------------------


def a_plan(chance: random.Random, days: float) -> Plan:
    """Return a plan of about so many days, as chance will have it."""
    everywhere = _checks(chance)
    there = chance.randint(2, 3)
    agents: dict[AgentId, AgentSpec] = {}
    for number in range(there):
        name = AgentId(f"worker-{number}")
        agents[name] = AgentSpec(
            name,
            "worker",
            TeamId("crew"),
            ("work",),
            host=HostKind.SIMULATED,
            lifetime=chance.choice(list(Lifetime)),
            health=_checks(chance) if chance.random() < 0.3 else None,
        )
    tasks: dict[TaskId, TaskSpec] = {}
    scripts: dict[TaskId, Work] = {}
    planned, wanted = 0, days * DAY * there * 0.8
    while planned < wanted:
        name_ = TaskId(f"t{len(tasks)}")
        length = round(HOUR * 2 ** chance.uniform(-1, 4.5))
        planned += length
        tasks[name_] = _task(chance, name_, length, list(agents), list(tasks))
        scripts[name_] = Work(script=_script(chance, length))
    kinds = {"worker": AgentKind(("work",), host=HostKind.SIMULATED)}
    if chance.random() < 0.6:
        look = Script(duration=(5 * MINUTE, 40 * MINUTE), ailments=_ailments(chance, HOUR, 0.05))
        kinds[TROUBLESHOOTER] = AgentKind(
            host=HostKind.SIMULATED,
            lifetime=chance.choice(list(Lifetime)),
            work=Work(script=look),
        )
    return Plan(
        id="illness",
        project="illness",
        goal="get well",
        max_agents=chance.choice([None, None, there, there - 1]),
        teams=(TeamSpec(TeamId("crew"), "Crew", tuple(agents)),),
        agents=agents,
        tasks=tasks,
        questions={
            name: QuestionSpec(name, "Go on?", timeout_ms=HOUR)
            for name in (QuestionName("gate"), QuestionName("well"))
        },
        task_work=scripts,
        kinds=kinds,
        auto_spawn=chance.random() < 0.8,
        health=everywhere,
        coordinator=chance.choice([None, *agents]),
    )


def _checks(chance: random.Random) -> HealthChecks:
    slow = chance.choice([1 * SECOND, 2 * SECOND])
    some = chance.randint(1, 2)
    return HealthChecks(
        interval_ms=chance.choice([30, *[120] * 3, *[300] * 12]) * SECOND,
        timeout_ms=chance.choice([5, 10, 20]) * SECOND,
        failure_threshold=chance.randint(1, 4),
        success_threshold=chance.choice([1, 1, 2, 3]),
        degradation_timeout_ms=chance.choice([1, 5, 5, 20, 60]) * MINUTE,
        slow_response_ms=slow,
        bad_response_ms=slow + chance.choice([2, 3, 6]) * SECOND,
        some_errors=some,
        many_errors=some + chance.randint(1, 3),
        errors_within_ms=chance.choice([5, 15, 60]) * MINUTE,
        slow_percent=chance.choice([30.0, 50.0, 70.0]),
        stalled_ms=chance.choice([5, 10, 30]) * MINUTE,
        much_used=chance.choice([70.0, 80.0]),
        most_used=chance.choice([90.0, 95.0]),
        restarts=chance.choice([0, 1, 3, 3, 4]),
        restarts_within_ms=chance.choice([10 * MINUTE, HOUR, DAY]),
        troubleshooter=chance.choice(["", *[TROUBLESHOOTER] * 4]),
    )


def _task(
    chance: random.Random,
    name: TaskId,
    length: int,
    agents: Sequence[AgentId],
    earlier: Sequence[TaskId],
) -> TaskSpec:
    pinned = chance.random() < 0.3
    return TaskSpec(
        id=name,
        title=name,
        agent=chance.choice(agents) if pinned else None,
        requires_skill=None if pinned else "work",
        priority=chance.choice([*Priority, Priority.CRITICAL]),
        needs_tasks=(chance.choice(earlier[-5:]),) if earlier and chance.random() < 0.1 else (),
        expected_ms=length if chance.random() < 0.8 else None,
        gate=QuestionName("gate") if chance.random() < 0.02 else None,
        retry=chance.choice([Retry(), Retry(1, 2_000), Retry(3, MINUTE)]),
        timeout_ms=4 * length if chance.random() < 0.1 else None,
        on_doubt=chance.choice([None, None, None, "ask", "retry", "fail"]),
    )


def _script(chance: random.Random, length: int) -> Script:
    asks = QuestionSpec(QuestionName("well"), "Well?", timeout_ms=HOUR)
    return Script(
        duration=(round(length * (1 - SPREAD)), round(length * (1 + SPREAD))),
        output=("said",) if chance.random() < 0.1 else (),
        asks=asks if chance.random() < 0.05 else None,
        exit_code=int(chance.random() < 0.03),
        ailments=_ailments(chance, length, 0.3),
    )


def _ailments(chance: random.Random, length: int, share: float) -> tuple[Ailment, ...]:
    """Return ailments one after the other, each of one kind."""
    found: list[Ailment] = []
    at, kind = 0, chance.randint(0, 8)
    while chance.random() < (0.6 if found else share):
        at += round(chance.uniform(0, length / 2))
        lasts = chance.choice([None, *[round(MINUTE * 2 ** chance.uniform(0, 8))] * 3])
        kind = chance.choice([kind, chance.randint(0, 8)])
        attempts = chance.choice([1, 1, 2, 3, FOR_EVER])
        found.append(_ailment(chance, kind, at, lasts, attempts))
        if lasts is None:
            break
        at += lasts + chance.choice([1, MINUTE, HOUR])
        length = length // 4  # once something is wrong, more may soon be
    return tuple(found)


def _ailment(
    chance: random.Random, kind: int, at: int, lasts: int | None, attempts: int
) -> Ailment:
    make = partial(Ailment, at, lasts, attempts=attempts)
    match kind:
        case 0 | 1:
            return make(hangs=True)
        case 2:
            return make(slow=chance.choice([1.2, 3, 6, 40]))
        case 3:
            return make(response_ms=chance.choice([500, 2_500, 7_500, 15_500, 90_500]))
        case 4:
            return make(status=chance.choice(["degraded", "unhealthy"]))
        case 5:
            return make(cpu_usage=chance.choice([60.0, 85.0, 99.0]))
        case 6:
            return make(memory_usage=chance.choice([60.0, 85.0, 99.0]))
        case 7:
            return make(errors=chance.randint(1, 6))
        case _:
            return make(dies=True)


# -- playing it -----------------------------------------------------------------------------------


class Memory:
    """A journal that keeps nothing, for the events are kept by whoever observes."""

    path = Path("-")
    failure = ""
    durable_seq = 0

    def append(self, event: AnyEvent, *, urgent: bool = False) -> AnyEvent:
        del urgent
        self.durable_seq = event.seq
        return event

    def flush(self, timeout: float | None = None) -> None:
        del timeout

    def close(self, timeout: float = 5.0) -> None:
        del timeout


class Operator:
    """Somebody who answers in their time, if they are there, and pauses agents now and then."""

    def __init__(
        self, chance: random.Random, timeline: Timeline, session: Orchestrator, until: int
    ) -> None:
        self._chance = chance
        self._timeline = timeline
        self._session = session
        self._until = until
        self._ends = False
        if session.attended:
            self._after(until, Stop("it is over"))
            for _ in range(chance.choice([0, 0, 5, 20])):
                self._pause_somebody()

    def see(self, event: AnyEvent) -> None:
        """Take notice of what happens."""
        if event.at >= self._until and not self._ends:
            self._ends = True
            self._session.submit(Stop("it is over"))
        if event.kind == e.UserAsked.KIND and self._session.attended:
            self._answer(event.data)

    def _answer(self, asked: e.UserAsked) -> None:
        chance = self._chance
        if asked.about is not None and chance.random() < 0.05:
            return
        values = [option.value for option in asked.options] or ["approve", "approve", "reject"]
        wait = chance.choice([0, SECOND, MINUTE, HOUR, 12 * HOUR])
        value = chance.choice(values)
        if value == "leave" and chance.random() < 0.7:
            value = "restart"
        answer = Answer(asked.question, value, asked.digest)
        self._after(self._session.session.at + wait, answer)

    def _pause_somebody(self) -> None:
        agent = AgentId(f"worker-{self._chance.randint(0, 2)}")
        at = self._chance.randint(0, self._until)
        self._after(at, Steer("pause", agent))
        self._after(at + self._chance.choice([MINUTE, HOUR, DAY]), Steer("resume", agent))

    def _after(self, at: int, command: Command) -> None:
        def submit() -> None:
            self._session.submit(command)

        self._timeline.call_at(at, submit)


async def _play(plan: Plan, seed: int, until: int, *, attended: bool) -> list[AnyEvent]:
    orchestrator, timeline = rehearsal(plan, seed, Memory(), attended=attended)
    events: list[AnyEvent] = []
    orchestrator.observers += [
        events.append,
        Operator(random.Random(f"operator/{seed}"), timeline, orchestrator, until).see,
        _stop_too_many,
    ]
    await orchestrator.run()
    return events


class _Stuck(Exception):  # noqa: N818 - it is what happened
    """A session took too long, or had no end."""


def _stop_too_many(event: AnyEvent) -> None:
    if event.seq > MOST_EVENTS:
        raise _Stuck(f"more than {MOST_EVENTS} events")


# -- what must hold -------------------------------------------------------------------------------

AT_WORK = ("ACTIVE", "DEGRADED", "UNHEALTHY")
ILL = ("DEGRADED", "UNHEALTHY")
_WORSE = {"healthy": 0, "degraded": 1, "unhealthy": 2}
FALLING = ("performance_threshold_exceeded", "degradation_timeout", "health_check_failed")
ATTENDED_TO = {
    "DEGRADED": ("attend_degraded", "consider_reassignment"),
    "UNHEALTHY": (
        "attend_unhealthy",
        "troubleshoot",
        "consider_reassignment",
        "restart_unhealthy",
    ),
}
"""What is decided once, with a yes or no, about who falls ill."""
MOST_BEGINNINGS = 30
"""Somebody who begins a task anew so often will not end it."""


@dataclass(frozen=True, slots=True)
class Spell:
    """What was planted, as it happens in an attempt."""

    start: int
    end: float
    what: Ailment
    levels: dict[str, str]
    """What can be seen of it: level by metric. Slowness is seen by what it does to progress."""
    fades: float
    """For how long after its end it may still be seen."""

    @property
    def worst(self) -> str:
        """The worst of it."""
        return max(self.levels.values(), key=_WORSE.__getitem__, default="healthy")

    def shows(self, metric: str, at: int, paused: float = 0) -> bool:
        """True if something may be wrong with a metric at a time because of it; what it is slowed
        down by goes on after a pause."""
        if not self.start <= at <= self.end + self.fades + paused:
            return False
        if metric == "errors":
            return self.what.errors > 0
        if metric == "progress":
            return self.what.hangs or self.what.slow > 1
        return metric in self.levels


def _spell(began: int, ailment: Ailment, checks: HealthChecks, step: float) -> Spell:
    start = began + ailment.at_ms
    end = inf if ailment.lasts_ms is None else start + ailment.lasts_ms
    levels: dict[str, str] = {}
    fades: float = 1
    if ailment.hangs:
        levels["response"] = "unhealthy"
        fades = 2.2 * step + checks.interval_ms + checks.timeout_ms
    if ailment.slow > 1:
        fades = 2.2 * step
    if ailment.response_ms is not None:
        took = ailment.response_ms
        fades = took + checks.interval_ms + checks.timeout_ms
        if took > min(checks.bad_response_ms, checks.timeout_ms):
            levels["response"] = "unhealthy"
        elif took >= checks.slow_response_ms:
            levels["response"] = "degraded"
    if ailment.status is not None:
        levels["status"] = ailment.status
    for metric, used in (("cpu", ailment.cpu_usage), ("memory", ailment.memory_usage)):
        if used is not None and used >= checks.much_used:
            levels[metric] = "unhealthy" if used > checks.most_used else "degraded"
    if ailment.errors >= checks.some_errors:
        levels["errors"] = "unhealthy" if ailment.errors >= checks.many_errors else "degraded"
    if ailment.errors:
        end = start + checks.errors_within_ms
    return Spell(start, end, ailment, levels, fades)


@dataclass(slots=True)
class Attempt:
    """An agent at work on a task, from its beginning to its end."""

    agent: AgentId
    task: TaskId
    incarnation: int
    checks: HealthChecks
    began: int
    spells: list[Spell]
    states: list[tuple[int, str]] = field(default_factory=list)
    """When it came into which state."""
    recoveries: list[tuple[int, frozenset[tuple[str, str]]]] = field(default_factory=list)
    """When it recovered, and from what."""
    ended: float = inf

    def state(self, at: float) -> str:
        """Return its state at a time."""
        return next((state for since, state in reversed(self.states) if since <= at), "")

    def paused(self, until: int) -> float:
        """Return for how long it was paused until some time."""
        ends = [*(at for at, _ in self.states[1:]), until]
        pauses = zip(self.states, ends, strict=False)
        return sum(end - since for (since, state), end in pauses if state == "PAUSED")

    def stood_still(self, since: float, until: float) -> bool:
        """True if it was paused in a span of time."""
        return self.state(since) == "PAUSED" or any(
            since <= at <= until and state == "PAUSED" for at, state in self.states
        )


@dataclass(slots=True)
class Worker:
    """What the records say of an agent."""

    spec: AgentSpec
    checks: HealthChecks
    state: str = ""
    incarnation: int = 0
    planted: list[Spell] = field(default_factory=list)
    """All that befalls its present process."""
    attempt: Attempt | None = None
    found: tuple[Any, ...] = ()
    """What its last check found."""
    in_a_row: Counter[tuple[str, str]] = field(default_factory=Counter)
    """In how many checks in a row something was found."""
    ill_with: set[tuple[str, str]] = field(default_factory=set)
    recovered_at: float = -inf
    restarts: deque[int] = field(default_factory=deque)
    left_alone: bool = False
    """The operator wants it to be left as it is."""


class Judge:
    """Goes through the records of a session once."""

    def __init__(self, plan: Plan, events: Sequence[AnyEvent]) -> None:
        self.plan = plan
        self.events = events
        self.workers: dict[AgentId, Worker] = {}
        self.attempts: Counter[TaskId] = Counter()
        self.anew: Counter[tuple[AgentId, TaskId]] = Counter()
        self.jumps = [event.at for event in events if event.kind == e.SystemClockJumped.KIND]
        self.told: dict[int, list[e.SystemDecided]] = defaultdict(list)
        for event in events:
            if event.kind == e.SystemDecided.KIND:
                self.told[event.cause or 0].append(event.data)
        stopping = (
            event.seq
            for event in events
            if event.kind == e.UserCommanded.KIND and event.data.command == "stop"
        )
        self.stopped = next(stopping, len(events) + 1)
        """From this event on the session ends."""
        self.questions: dict[str, AgentId] = {}
        """Open questions of supervision."""
        self.fell_ill = 0

    def wrongs(self) -> Iterator[str]:
        """Yield what is wrong, in a sentence each."""
        for event in self.events:
            if event.seq >= self.stopped:
                break
            for wrong in self._wrongs(event):
                yield f"event {event.seq} at {event.at}: {wrong}"
        for worker in self.workers.values():
            yield from self._end(worker, self.events[-1].at)
            yield from self._stuck(worker)
        if self.events[-1].kind != e.SystemEnded.KIND:
            yield f"it does not end: {len(self.events)} events by {self.events[-1].at} ms"

    def _wrongs(self, event: AnyEvent) -> Iterator[str]:
        match event.data:
            case e.AgentSpawned(agent=name, spec=spec):
                self.workers[name] = Worker(spec, spec.health or self.plan.health)
            case e.AgentTransitioned():
                yield from self._moved(event, self.workers[event.data.agent])
            case e.AgentChecked():
                yield from self._checked(event, self.workers[event.data.agent])
            case e.SystemIntended(effect="start_process", agent=str(name)):
                worker = self.workers[AgentId(name)]
                worker.incarnation += 1
                worker.planted, worker.ill_with, worker.recovered_at = [], set(), -inf
            case e.SystemIntended(effect="stop_process", about="unhealthy, restart", agent=str(n)):
                yield from self._started_again(event, self.workers[AgentId(n)])
            case e.UserAsked() | e.UserAnswered() | e.UserWithdrawn() | e.UserExpired():
                yield from self._asked(event)
            case _:
                pass

    def _asked(self, event: AnyEvent) -> Iterator[str]:
        match event.data:
            case e.UserAsked(about=about):
                if about is None or about.agent is None:
                    return
                if about.agent in self.questions.values():
                    yield f"it is asked twice about {about.agent}"
                self.questions[event.data.question] = about.agent
                yield from self._deadly(event, self.workers[about.agent], "it is asked about")
            case e.UserAnswered(question=question, value=value) if question in self.questions:
                self.workers[self.questions.pop(question)].left_alone = value == "leave"
            case _:
                self.questions.pop(event.data.question, None)

    # -- states -----------------------------------------------------------------------------------

    def _moved(self, event: AnyEvent, worker: Worker) -> Iterator[str]:
        data: e.AgentTransitioned = event.data
        before, worker.state = worker.state, str(data.to_state)
        trigger = str(data.trigger)
        if worker.state == "ASSIGNED" and data.task is not None:
            self.attempts[data.task] += 1
        if worker.state == "ACTIVE" and before == "ASSIGNED" and data.task is not None:
            self._begin(event, worker, data.task)
        attempt = worker.attempt
        if attempt is not None:
            attempt.states.append((event.at, worker.state))
            if worker.state not in (*AT_WORK, "PAUSED"):
                yield from self._end(worker, event.at)
        if trigger == "performance_recovered":
            yield from self._recovered(event, worker)
        elif trigger in FALLING:
            yield from self._fallen(event, worker, before)
        if worker.state not in ILL and worker.state != "PAUSED":
            worker.left_alone = False
            worker.in_a_row.clear()

    def _begin(self, event: AnyEvent, worker: Worker, task: TaskId) -> None:
        script = self.plan.work(worker.spec, task).script or Script()
        longest = (script.duration or (0, 0))[1]
        spells = [
            _spell(event.at, ailment, worker.checks, longest / STEPS)
            for ailment in script.ailments
            if self.attempts[task] <= ailment.attempts
        ]
        worker.planted += spells
        worker.attempt = Attempt(
            worker.spec.id, task, worker.incarnation, worker.checks, event.at, spells,
        )  # fmt: skip
        if worker.recovered_at > -inf:
            recovery = (round(worker.recovered_at), frozenset(worker.ill_with))
            worker.attempt.recoveries.append(recovery)

    def _end(self, worker: Worker, at: int) -> Iterator[str]:
        attempt, worker.attempt = worker.attempt, None
        if attempt is None:
            return
        attempt.ended = at
        for spell in attempt.spells:
            yield from self._noticed(attempt, spell)
            yield from self._well_again(attempt, spell)
        if worker.state in AT_WORK:  # it is so to the end of the session
            worker.attempt = attempt

    def _recovered(self, event: AnyEvent, worker: Worker) -> Iterator[str]:
        worker.recovered_at = event.at
        if worker.attempt is not None:
            worker.attempt.recoveries.append((event.at, frozenset(worker.ill_with)))
        if worker.found:
            yield f"{worker.spec.id} is well, and its last check found {_named(worker.found)}"

    def _fallen(self, event: AnyEvent, worker: Worker, before: str) -> Iterator[str]:
        self.fell_ill += 1
        name, checks = worker.spec.id, worker.checks
        yield from self._not_attended(event, worker)
        if not worker.found:
            yield f"{name} is ill, and its last check found nothing"
        if before == "ACTIVE":
            ago = event.at - worker.recovered_at
            if ago >= checks.degradation_timeout_ms:
                worker.ill_with.clear()
            elif not _new(worker.found, worker.ill_with):
                yield f"{name} flaps: it recovered {ago:.0f} ms ago from {sorted(worker.ill_with)}"
        elif str(event.data.trigger) == "degradation_timeout" and worker.attempt is not None:
            since = worker.attempt.states[-2][0]
            if event.at - since < checks.degradation_timeout_ms:
                yield f"{name} is unhealthy after having been degraded for {event.at - since} ms"
        worker.ill_with |= _named(worker.found)

    def _not_attended(self, event: AnyEvent, worker: Worker) -> Iterator[str]:
        """Yield which promised action was not decided about, or more than once."""
        name, decided = worker.spec.id, self.told[event.seq]
        counted = Counter(decision.rule for decision in decided)
        for rule in ATTENDED_TO[worker.state]:
            if counted[rule] != 1:
                yield f"{name} is {worker.state}, and {rule} is decided {counted[rule]} times"
        if any(not decision.reason for decision in decided):
            yield f"something is decided about {name} without a reason"
        if worker.state != "UNHEALTHY":
            return
        done = {decision.rule for decision in decided if decision.verdict == "yes"}
        handled = done & {"consider_reassignment", "restart_unhealthy", "give_up"}
        asked = "ask_about_health" in done
        if len(handled) + asked > 1:
            yield f"too much is done about {name}: {sorted(done)}"
        dead = [
            reading
            for reading in worker.found
            if reading.level == "unhealthy"
            and reading.metric in ("response", "status", "memory")
            and worker.in_a_row[reading.metric, reading.level] >= worker.checks.failure_threshold
        ]
        if dead and not handled and not asked:
            yield f"nothing is done about {name}, which does not work"

    # -- checks -----------------------------------------------------------------------------------

    def _checked(self, event: AnyEvent, worker: Worker) -> Iterator[str]:
        data: e.AgentChecked = event.data
        name = worker.spec.id
        if data.incarnation != worker.incarnation:
            return
        worker.found = data.findings
        found = _named(data.findings)
        worker.in_a_row = Counter({it: worker.in_a_row[it] + 1 for it in found})
        if worker.state in ILL:
            worker.ill_with |= found
        if worker.state not in AT_WORK:
            yield f"{name} is {worker.state}, and is checked"
        paused = 0 if worker.attempt is None else worker.attempt.paused(event.at)
        for reading in data.findings:
            late = paused if reading.metric == "progress" else 0
            if not any(spell.shows(reading.metric, event.at, late) for spell in worker.planted):
                yield f"{name} is found {reading.level} by its {reading.metric}, and is fine"

    def _quiet(self, attempt: Attempt, since: float, until: float) -> bool:
        """True if nothing happened in a span of time that puts checks off."""
        place = bisect_left(self.jumps, since - attempt.checks.timeout_ms)
        jumped = place < len(self.jumps) and self.jumps[place] <= until
        return not jumped and not attempt.stood_still(since, until)

    def _noticed(self, attempt: Attempt, spell: Spell) -> Iterator[str]:
        """Yield that an agent was not found ill in time with what was planted."""
        checks = attempt.checks
        since: float = spell.start
        worst = spell.worst
        if spell.what.slow > 1:
            seen = self._slow_since(attempt, spell)
            if seen is None:
                return
            since, worst = seen, "degraded"
        if worst == "healthy":
            return
        span = checks.interval_ms + 2 * checks.timeout_ms + SECOND
        span += (checks.failure_threshold - 1) * (checks.interval_ms // 2 + checks.timeout_ms)
        known = {(metric, level) for metric, level in spell.levels.items()}
        if spell.what.slow > 1:
            span += checks.interval_ms
            known = {("progress", "degraded")}
        by = since + span
        if worst == "unhealthy" and attempt.state(since) == "DEGRADED":
            by += span
        for at, ill_with in attempt.recoveries:
            if at <= by and not _beyond(known, ill_with):
                by = max(by, at + checks.degradation_timeout_ms + span)
        until = min(spell.end, attempt.ended)
        if by >= until or not self._quiet(attempt, spell.start, by):
            return
        state = attempt.state(by)
        if state != "UNHEALTHY" and (state != "DEGRADED" or worst == "unhealthy"):
            yield (
                f"{attempt.agent} is {state} at {by:.0f}: {attempt.task} has been {worst} since"
                f" {since:.0f} by {spell.what}"
            )

    def _slow_since(self, attempt: Attempt, spell: Spell) -> float | None:
        """Return from when on slowness must be seen; None if it need not be."""
        expected = (
            self.plan.tasks[attempt.task].expected_ms if attempt.task in self.plan.tasks else None
        )
        if expected is None:
            return None
        step, slow = expected / STEPS, spell.what.slow
        least = step * 100 / attempt.checks.slow_percent
        if slow * step * (1 - SPREAD) <= least + attempt.checks.interval_ms:
            return None
        return spell.start + slow * step * (1 + SPREAD) + least + attempt.checks.interval_ms

    def _well_again(self, attempt: Attempt, spell: Spell) -> Iterator[str]:
        """Yield that an agent was still ill when it should have recovered."""
        checks = attempt.checks
        ended = spell.end
        span = spell.fades + 2 * checks.timeout_ms + checks.interval_ms + SECOND
        span += checks.success_threshold * (checks.interval_ms + checks.timeout_ms)
        by = ended + span
        if by >= attempt.ended or not self._quiet(attempt, ended, by):
            return
        others = self.workers[attempt.agent].planted
        if any(it is not spell and it.start <= by <= it.end + it.fades + span for it in others):
            return
        if (state := attempt.state(by)) in ILL:
            yield f"{attempt.agent} is {state} at {by:.0f}, and was well again at {ended:.0f}"

    # -- what is done -----------------------------------------------------------------------------

    def _started_again(self, event: AnyEvent, worker: Worker) -> Iterator[str]:
        rule = self.events[(event.cause or 0) - 1].data.rule
        if rule == "obey_about_health":
            return
        name, checks = worker.spec.id, worker.checks
        if rule == "restart_unhealthy":
            yield from self._deadly(event, worker, "it starts again:")
        worker.restarts.append(event.at)
        while worker.restarts[0] <= event.at - checks.restarts_within_ms:
            worker.restarts.popleft()
        if len(worker.restarts) > checks.restarts:
            yield f"{name} is started again {len(worker.restarts)} times, of {checks.restarts}"
        if worker.attempt is not None:
            key = name, worker.attempt.task
            self.anew[key] += 1
            if self.anew[key] == MOST_BEGINNINGS:
                yield f"{name} begins {worker.attempt.task} anew again and again"

    def _deadly(self, event: AnyEvent, worker: Worker, what: str) -> Iterator[str]:
        """Yield that an agent was taken for dead that is merely quiet, slow or busy."""
        serious = any(
            spell.levels.get(metric) == "unhealthy" and spell.shows(metric, event.at)
            for spell in worker.planted
            for metric in ("response", "status", "memory", "errors")
        )
        told = sum(spell.what.errors for spell in worker.planted if spell.shows("errors", event.at))
        if not serious and told < worker.checks.many_errors:
            yield f"{what} {worker.spec.id}, which works"

    def _stuck(self, worker: Worker) -> Iterator[str]:
        """Yield that an agent got nowhere, and nobody was asked about it."""
        attempt = worker.attempt
        if attempt is None or worker.state not in AT_WORK or worker.left_alone:
            return
        dead = [
            spell
            for spell in attempt.spells
            if spell.what.hangs and spell.start < self.events[-1].at - DAY
        ]
        if dead and dead[-1].end == inf and worker.spec.id not in self.questions.values():
            yield f"{worker.spec.id} has hung since {dead[-1].start}, and nobody is asked"


def _named(found: Sequence[Any]) -> set[tuple[str, str]]:
    return {(reading.metric, reading.level) for reading in found}


def _new(found: Sequence[Any], ill_with: set[tuple[str, str]]) -> bool:
    return _beyond(_named(found), ill_with)


def _beyond(found: set[tuple[str, str]], ill_with: set[tuple[str, str]] | frozenset[Any]) -> bool:
    """True if something is not among what somebody was ill with, or is worse now."""
    return any(
        all(metric != known or _WORSE[level] > _WORSE[of_old] for known, of_old in ill_with)
        for metric, level in found
    )


# -- many of them ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of a seed."""

    seed: int
    events: int
    days: float
    seconds: float
    ill: int
    counts: Counter[str]
    wrong: list[str]


def _give_up(_signal: int, _frame: object) -> None:
    raise _Stuck(f"it takes longer than {PATIENCE} seconds")


def months(seed: int, days: float) -> Outcome:
    """Play a seed and judge it."""
    began = time.perf_counter()
    chance = random.Random(seed)
    plan = a_plan(chance, days)
    attended = chance.random() < 0.5
    events: list[AnyEvent] = []
    wrong: list[str] = []
    ill = 0
    signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        events = asyncio.run(_play(plan, seed, round(days * DAY), attended=attended))
        judge = Judge(plan, events)
        wrong += judge.wrongs()
        ill = judge.fell_ill
        if seed % 10 == 0 and (found := recheck(plan, events)).divergence is not None:
            wrong.append(f"event {found.divergence.seq}: it is not what is decided again")
    except _Stuck as stuck:
        wrong.append(str(stuck))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    counts = Counter(
        f"{event.data.rule} {event.data.verdict}"
        for event in events
        if event.kind == e.SystemDecided.KIND
    )
    counts.update(event.kind for event in events)
    played = events[-1].at / DAY if events else 0
    return Outcome(seed, len(events), played, time.perf_counter() - began, ill, counts, wrong)


def main(argv: list[str] | None = None) -> None:
    """Play seeds and print what was found; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--days", type=float, default=100)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    print(described())
    began = time.perf_counter()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    totals: Counter[str] = Counter()
    ill = failed = 0
    played = longest = 0.0
    with get_context("spawn").Pool(chosen.processes) as pool:
        for outcome in pool.imap_unordered(partial(months, days=chosen.days), seeds):
            totals.update(outcome.counts)
            totals["events"] += outcome.events
            ill += outcome.ill
            played += outcome.days
            longest = max(longest, outcome.seconds)
            for wrong in outcome.wrong[:3]:
                print(f"WRONG: seed {outcome.seed}: {wrong}", flush=True)
            failed += bool(outcome.wrong)
    print(
        f"{chosen.seeds} sessions of {played:,.0f} days in all, {totals['events']:,} events, in"
        f" {time.perf_counter() - began:.0f} s, {longest:.1f} s for the longest: agents fell ill"
        f" {ill:,} times, in {totals['agent.checked']:,} recorded checks"
    )
    for what in (
        "consider_reassignment yes", "troubleshoot yes", "restart_unhealthy yes",
        "ask_about_health yes", "give_up yes", "recover yes", "judge_check no",
        "system.clock_jumped",
    ):  # fmt: skip
        print(f"  {what}: {totals[what]:,}")
    print(
        "all were handled, in time, once, and none without need"
        if not failed
        else f"{failed} sessions failed"
    )
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
