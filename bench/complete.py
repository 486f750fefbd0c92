"""The complete example under fire: rehearsals with faults, commands and kills as chance has them.

    python -m bench.complete [--seeds 200] [--first 1] [--processes 2]

Each seed takes `layouts/complete-orchestration.yaml` and plants faults in it: errors, illness,
hangs, deaths, slow work, attempts that fail, a deployment that nobody mends, limits that are tight.
Sometimes nobody is there, or somebody who answers at once, late, never, with a rejection; and who
pauses, stops, restarts, cancels, retries, mutes, spawns and switches at random moments. Then the
program is killed between two events, somewhere, and resumed, twice. Orchestrator, simulated agents,
checks, journal and recovery are those of every rehearsal.

What was recorded is judged by `wrongs`, which reads the lines of the session file as JSON and uses
none of the program's code. These are the invariants:

    end         the last event is `system.ended`, and it is the only one; `complete` means that all
                tasks are COMPLETE, and otherwise it counts those that are not
    order       numbers have no gaps, time never goes back, causes come before, and whatever is not
                from outside has one; every decision has a reason
    states      agents and tasks move only as the two tables of `docs/` say, each from where it is
    taker       a task is in hand of one agent at a time, and an agent has one task at a time, which
                it has until it is idle or gone
    needs       nothing is begun before the tasks and keys that it needs are there
    approval    no gated task is begun without a person's approval of that attempt, and whoever
                approved has a name; what expired approved nothing
    questions   every question is closed, once, unless the session ended waiting for it
    limits      never are more agents at work than may be, nor more there than may be in all
    once        nobody is spawned twice for one event, no effect is announced or reported twice, no
                message is handed to its receiver twice
    occasions   the observability team came because of its key, a troubleshooter because of an error
                or illness, as one more where many wait for one, or because the operator wanted it
    processes   every process that was started has ended when the session ends, and every agent is
                at rest; of a session that ends waiting for answers, no event says what becomes of
                them: the program ends them as it leaves

Beside the judge: the chain of the file verifies, its inputs give the same decisions again, and the
same seed gives the same bytes. `BREAKAGES` break one invariant of a sound record at a time, for
every seed; the judge has to name it.

A seed that fails is printed; `--first SEED --seeds 1` runs it alone.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bench.machine import described
from bench.rehearsing import rehearsal
from mop_tui import layout
from mop_tui.domain import events as e
from mop_tui.domain import feed
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TriggerName
from mop_tui.domain.plan import Mode, Plan
from mop_tui.journal import JournalFile
from mop_tui.journal.header import Header
from mop_tui.journal.verdict import verify
from mop_tui.journal.writer import BufferedWriter
from mop_tui.layout import bundled
from mop_tui.orchestrator.answers import unattended_answers
from mop_tui.orchestrator.clock import Timeline
from mop_tui.orchestrator.loop import RECENT_EVENTS, Orchestrator
from mop_tui.orchestrator.recheck import recheck
from mop_tui.orchestrator.recovery import Recovered, read_recorded, recover

MINUTE, HOUR = 60_000, 3_600_000
HORIZON = 24 * HOUR
"""Session time after which somebody who is there ends what has not ended."""
MOST_EVENTS = 60_000
"""A session in which more happens does not come to rest."""
PATIENCE = 120
"""Seconds of processor time after which a seed is not waited for any longer."""
NAME = "complete-orchestration"
ERRORS = ("deployment_failed", "timeout", "broken")
OPERATOR = "operator"
Record = dict[str, Any]


# -- a plan with faults ---------------------------------------------------------------------------


def with_faults(chance: random.Random) -> Record:
    """Return the layout of the example with faults planted in what its agents play."""
    shipped = bundled.find(NAME)
    assert shipped is not None
    # By way of JSON, so that nothing is shared: what one agent suffers is not the next one's.
    document: Record = json.loads(json.dumps(yaml.safe_load(shipped.read_text("utf-8"))))
    ill = chance.choice([0.0, 0.05, 0.1, 0.2, 0.4])
    for name, task in document["tasks"].items():
        _spoil(chance, task["sim"], ill)
        if chance.random() < 0.5:
            task["retry"] = {"times": chance.randint(1, 3), "delay": chance.choice(["1s", "5m"])}
        if chance.random() < 0.1:
            task["timeout"] = chance.choice(["15m", "1h", "3h"])
        if name != "deploy-prod" and chance.random() < 0.05:
            task["sim"]["exit"] = 1
    troubleshooter = document["agent_types"]["devops-troubleshooter"]["sim"]
    _spoil(chance, troubleshooter, ill)
    if chance.random() < 0.1:
        troubleshooter.pop("memory")  # it mends nothing
    if chance.random() < 0.3:
        document["limits"] = {"total": chance.randint(8, 12), "live": chance.randint(2, 6)}
    if chance.random() < 0.15:
        document["orchestrate_session_start"]["auto_spawn"] = False
    question = document["questions"]["prod_deployment"]
    if chance.random() < 0.3:
        question |= {"timeout": chance.choice(["5m", "2h"]), "required": chance.random() < 0.5}
    if chance.random() < 0.1:
        question["on_reject"] = "stop_session"
    document["session"]["on_doubt"] = chance.choice(["ask", "retry", "fail"])
    if chance.random() < 0.2:
        del document["session"]["on_doubt"]
    return document


def _spoil(chance: random.Random, sim: Record, ill: float) -> None:
    """Plant illness, errors and slowness in what somebody plays."""
    if chance.random() < ill:
        sim["health"] = [_ailment(chance) for _ in range(chance.randint(1, 2))]
    if chance.random() < ill / 2:
        said = {"type": chance.choice(ERRORS), "message": "as chance had it"}
        sim["errors"] = [*sim.get("errors", ()), said]
    if chance.random() < ill / 2:
        sim["duration"] = chance.choice(["1m", "2h", "5h"])


def _ailment(chance: random.Random) -> Record:
    what: Record = chance.choice(
        [
            {"hangs": True},
            {"dies": True},
            {"dies": True},
            {"slow": chance.choice([2, 10])},
            {"status": chance.choice(["degraded", "unhealthy"])},
            {"response_time": chance.choice(["3s", "8s"])},
            {"errors": chance.randint(1, 4)},
            {"memory_usage": chance.choice([85, 99])},
        ]
    )
    lasts = {"lasts": chance.choice(["1m", "20m"])} if "dies" not in what else {}
    return {
        "at": f"{chance.randint(0, 900)}s",
        **what,
        **(lasts if chance.random() < 0.6 else {}),
        "attempts": chance.choice([1, 1, 2, 9]),
    }


def planned(document: Record) -> tuple[Plan, Record]:
    """Return the plan of a layout, for a rehearsal, and the canonical layout."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "layout.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        loaded = layout.load(path, rehearse=True)
    return loaded.plan, loaded.document


# -- playing it -----------------------------------------------------------------------------------


class Person:
    """Somebody who answers in their own way and does things at moments that nobody expects."""

    def __init__(
        self,
        chance: random.Random,
        plan: Plan,
        timeline: Timeline,
        session: Orchestrator,
        since: int,
    ) -> None:
        self._chance, self._timeline, self._session = chance, timeline, session
        self._plan = plan
        self._mood = chance.choice(["quick", "slow", "absent", "against", "any"])
        if not session.attended:
            return
        self._after(max(HORIZON, since) + HOUR, feed.Stop("it is over"))
        for _ in range(chance.choice([0, 1, 4, 12])):
            self._after(since + chance.randint(0, 4 * HOUR), self._whim())
        for question in session.session.open_questions:
            row = session.session.questions[question]
            self._answer(question, row.asked)

    def see(self, event: AnyEvent) -> None:
        """Take notice of what happens."""
        if event.seq > MOST_EVENTS:
            raise _StuckError(f"more than {MOST_EVENTS} events")
        if event.kind == e.UserAsked.KIND and self._session.attended:
            self._answer(event.data.question, event.data)

    def _answer(self, question: Any, asked: Any) -> None:
        chance = self._chance
        if self._mood == "absent" or (self._mood == "any" and chance.random() < 0.2):
            return
        values = [option.value for option in asked.options]
        if not values:
            values = {"quick": ["approve"], "against": ["reject"]}.get(
                self._mood, ["approve", "approve", "reject"]
            )
        wait = 0 if self._mood == "quick" else chance.choice([0, MINUTE, 10 * MINUTE, 6 * HOUR])
        answer = feed.Answer(question, chance.choice(values), asked.digest, "as it seems to me")
        self._after(self._session.session.at + wait, answer)

    def _whim(self) -> feed.Command:
        chance, plan = self._chance, self._plan
        agent = AgentId(chance.choice([*plan.agents, "devops-troubleshooter-1"]))
        task = TaskId(chance.choice(list(plan.tasks)))
        trigger = TriggerName(chance.choice(plan.triggers).name)
        commands: list[feed.Command] = [
            feed.Steer(chance.choice(["pause", "pause", "resume", "stop", "restart"]), agent),
            feed.Steer(chance.choice(["pause", "resume", "resume", "restart"]), agent),
            feed.CancelTask(task, "on second thoughts"),
            feed.RetryTask(task, "once more"),
            feed.RetryTask(task, "once more"),
            feed.SteerTrigger(chance.choice(["fire", "arm", "mute", "disable"]), trigger),
            feed.SwitchTopology(chance.choice(["hierarchical", "mesh", "star", "ring"])),
            feed.AutoSpawn(on=chance.random() < 0.7),
            feed.SetMemory(MemoryKey("swarm/devops/mended"), "by hand"),
            feed.Spawn("devops-troubleshooter", "have a look"),
            feed.CreateTask("look again", agent=agent),
            feed.GiveFeedback("well done", task=task),
        ]
        return chance.choice(commands)

    def _after(self, at: int, command: feed.Command) -> None:
        def submit() -> None:
            self._session.submit(command)

        self._timeline.call_at(max(at, self._session.session.at), submit)


class _StuckError(Exception):
    """A session took too long, or had no end."""


async def _play(
    plan: Plan, header: Header, path: Path, recovered: Recovered | None, *, attended: bool
) -> None:
    """Play a session, or what is left of it, into its file."""
    at = 0 if recovered is None else recovered.engine.session.at
    after = None if recovered is None else recovered.recorded.continuation
    journal = BufferedWriter(path, header, after=after)
    orchestrator, timeline = rehearsal(
        plan,
        header.seed,
        journal,
        attended=attended,
        answers=None if attended else unattended_answers(plan),
        recovered=recovered,
    )
    chance = random.Random(f"person/{header.seed}/{at}")
    orchestrator.observers.append(Person(chance, plan, timeline, orchestrator, at).see)
    try:
        await orchestrator.run()
    finally:
        journal.close()


def rehearsed(
    plan: Plan, document: Record, seed: int, path: Path, *, attended: bool
) -> list[Record]:
    """Return what was recorded in a rehearsal, line by line."""
    header = Header(document, seed, Mode.REHEARSAL, f"complete-{seed}", "2026-11-25T14:30:00+00:00")
    asyncio.run(_play(plan, header, path, None, attended=attended))
    return records(path)


def resumed(plan: Plan, whole: Path, events: int, path: Path, *, attended: bool) -> list[Record]:
    """Kill the session of `whole` after so many events, in the middle of a line at times; return
    what is recorded once it was resumed."""
    lines = whole.read_bytes().splitlines(keepends=True)
    torn = lines[events + 1][: events % 3 * 20]
    path.write_bytes(b"".join(lines[: events + 1]) + torn)
    recorded = read_recorded(path, keep=RECENT_EVENTS)
    recovered = recover(recorded, plan, datetime.now(UTC))
    asyncio.run(_play(plan, recorded.header, path, recovered, attended=attended))
    return records(path)


def records(path: Path) -> list[Record]:
    """Return the events of a session file as they stand there."""
    return [json.loads(line) for line in path.read_bytes().splitlines()[1:]]


# -- what must hold -------------------------------------------------------------------------------

AGENT_MOVES = """
SPAWNING agent_created INITIALIZING           INITIALIZING pre_task_hook_complete AVAILABLE
AVAILABLE task_assigned ASSIGNED              AVAILABLE dismissed COMPLETE
ASSIGNED task_started ACTIVE                  COMPLETE returned_to_pool AVAILABLE
ACTIVE post_task_hook_complete COMPLETE       DEGRADED post_task_hook_complete COMPLETE
UNHEALTHY post_task_hook_complete COMPLETE    ACTIVE dependency_not_ready PAUSED
DEGRADED dependency_not_ready PAUSED          UNHEALTHY dependency_not_ready PAUSED
ASSIGNED performance_threshold_exceeded DEGRADED
ACTIVE performance_threshold_exceeded DEGRADED
DEGRADED performance_recovered ACTIVE         UNHEALTHY performance_recovered ACTIVE
DEGRADED degradation_timeout UNHEALTHY        ACTIVE health_check_failed UNHEALTHY
DEGRADED health_check_failed UNHEALTHY        ACTIVE unrecoverable_error FAILED
DEGRADED unrecoverable_error FAILED           UNHEALTHY unrecoverable_error FAILED
SPAWNING start_failed FAILED                  INITIALIZING start_failed FAILED
ASSIGNED start_failed FAILED                  UNHEALTHY restart SPAWNING
FAILED restart SPAWNING
"""
TASK_MOVES = """
PENDING needs_met READY       READY needs_lost PENDING      READY assigned ASSIGNED
ASSIGNED started ACTIVE       ACTIVE submitted REVIEWING    REVIEWING sent_back READY
ACTIVE finished COMPLETE      REVIEWING finished COMPLETE   ASSIGNED failed FAILED
ACTIVE failed FAILED          REVIEWING failed FAILED       ASSIGNED requeued READY
ACTIVE requeued READY         FAILED retried READY          CANCELLED reinstated PENDING
"""
LIVE = ("SPAWNING", "INITIALIZING", "AVAILABLE", "ASSIGNED", "ACTIVE", "PAUSED", "DEGRADED",
        "UNHEALTHY")  # fmt: skip
IDLE = ("SPAWNING", "AVAILABLE", "COMPLETE", "FAILED")
WORKING = ("ASSIGNED", "ACTIVE", "PAUSED", "DEGRADED", "UNHEALTHY")
OVER = ("COMPLETE", "FAILED", "CANCELLED")


def _moves(table: str) -> set[tuple[str, str, str]]:
    words = table.split()
    return set(zip(words[::3], words[1::3], words[2::3], strict=True))


def _agent_moves() -> set[tuple[str, str, str]]:
    moves = _moves(AGENT_MOVES)
    for state in LIVE:
        moves |= {(state, "stop", "FAILED"), (state, "process_exited", "FAILED")}
        if state != "PAUSED":
            moves.add((state, "pause", "PAUSED"))
        if state in WORKING:
            moves.add((state, "task_withdrawn", "AVAILABLE"))
            moves |= {("PAUSED", "resume", state), ("PAUSED", "dependency_ready", state)}
    return moves | {("PAUSED", "resume", "AVAILABLE")}


MAY_MOVE = _agent_moves()
MAY_MOVE_TASK = _moves(TASK_MOVES) | {
    (state, "cancelled", "CANCELLED")
    for state in ("PENDING", "READY", "ASSIGNED", "ACTIVE", "REVIEWING")
}
FROM_OUTSIDE = (
    *("file.created", "file.modified", "file.deleted", "user.commanded", "user.feedback"),
    *("system.started", "system.resumed", "system.clock_jumped", "system.sampled"),
)
TEAM = ("obi-specialist", "grafana-specialist", "alloy-specialist")
KEY = "swarm/platform/namespace-ready"


class Wrong(NamedTuple):
    """What is wrong with a record: which invariant is broken, and how."""

    invariant: str
    what: str


@dataclass(slots=True)
class Judge:
    """Reads the records of a session once, and knows nothing but them."""

    events: Sequence[Record]
    agents: dict[str, str] = field(default_factory=dict)
    """Where each agent is."""
    tasks: dict[str, str] = field(default_factory=dict)
    specs: dict[str, Record] = field(default_factory=dict)
    """What is said of each task."""
    taken: dict[str, str] = field(default_factory=dict)
    """Which agent has each task in hand."""
    at_work: set[str] = field(default_factory=set)
    """Agents that have been given a task and have not let go of it."""
    keys: set[str] = field(default_factory=set)
    approved: dict[str, bool] = field(default_factory=dict)
    """Gated tasks of which a person has approved the attempt to come."""
    asked: dict[str, Record] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    running: dict[str, int] = field(default_factory=dict)
    """Processes that run, by their agents."""
    handing: dict[str, int] = field(default_factory=dict)
    """Effects that hand a message to its receiver, and which."""
    seen: set[tuple[str, object]] = field(default_factory=set)
    """What may be there only once."""

    def wrongs(self) -> Iterator[Wrong]:
        """Yield what is wrong."""
        at = 0
        for number, event in enumerate(self.events, 1):
            data, kind, seq = event["data"], event["kind"], event["seq"]
            for wrong in self._wrongs(kind, data, event):
                yield Wrong(wrong.invariant, f"event {seq}: {wrong.what}")
            cause = event["cause"]
            if seq != number or event["at"] < at:
                yield Wrong("order", f"event {seq} is the {number}th, at {event['at']}")
            if (cause is None) is not (kind in FROM_OUTSIDE) and cause is None:
                yield Wrong("order", f"event {seq}: {kind} has no cause")
            if cause is not None and not 0 < cause < seq:
                yield Wrong("order", f"event {seq}: its cause is {cause}")
            if kind == "system.decided" and not data["reason"]:
                yield Wrong("order", f"event {seq}: {data['rule']} has no reason")
            if kind == "system.ended" and number != len(self.events):
                yield Wrong("end", f"event {seq}: it ended, and went on")
            at = event["at"]
        yield from self._end()

    def _wrongs(self, kind: str, data: Record, event: Record) -> Iterator[Wrong]:
        match kind:
            case "system.memory_set":
                self.keys.add(data["key"])
            case "task.created":
                if data["task"] in self.tasks:
                    yield Wrong("once", f"{data['task']} is created twice")
                self.tasks[data["task"]], self.specs[data["task"]] = "PENDING", data["spec"]
            case "agent.spawned":
                yield from self._spawned(data, event)
            case "agent.transitioned":
                yield from self._agent_moved(data)
            case "task.transitioned":
                yield from self._task_moved(data)
            case "user.asked":
                self.asked[data["question"]] = data
            case "user.answered" | "user.withdrawn" | "user.expired":
                yield from self._closed(kind, data)
            case "system.intended" | "system.done":
                yield from self._effect(kind, data)
            case "agent.exited":
                if self.running.pop(data["agent"], None) is None:
                    yield Wrong("processes", f"{data['agent']} ended, and had no process")
            case _:
                pass

    def _spawned(self, data: Record, event: Record) -> Iterator[Wrong]:
        name, spawn = data["agent"], data["spec"]["spawn"]
        if name in self.agents:
            yield Wrong("once", f"{name} is spawned twice")
        self.agents[name] = "SPAWNING"
        if spawn is not None:
            yield from self._only_once("spawn", spawn)
        total = self._limits().get("total")
        if total is not None and len(self.agents) > total:
            yield Wrong("limits", f"{len(self.agents)} agents are there, of {total}")
        chain = list(self._chain(event))
        by_hand = any(it["kind"] == "user.commanded" for it in chain)
        kinds = {it["kind"] for it in chain}
        if name in TEAM and not by_hand and KEY not in self.keys:
            yield Wrong("occasions", f"{name} is there before {KEY}")
        brought = {"agent.erred", "agent.exited", "agent.finished", "agent.checked"}
        added = any(str(it["data"].get("rule")).startswith("adapt/") for it in chain)
        if name.startswith("devops-troubleshooter") and not by_hand | added | bool(brought & kinds):
            yield Wrong("occasions", f"{name} came because of nothing that went wrong")

    def _chain(self, event: Record) -> Iterator[Record]:
        while event["cause"] is not None and 0 < event["cause"] < event["seq"]:
            event = self.events[event["cause"] - 1]
            yield event
            if event["kind"] == "user.answered":  # what was proposed leads back to who proposed it
                asked = self.asked.get(event["data"]["question"])
                if asked is None:
                    return

    def _agent_moved(self, data: Record) -> Iterator[Wrong]:
        name, here, there = data["agent"], data["from_state"], data["to_state"]
        if self.agents.get(name) != here or (here, data["trigger"], there) not in MAY_MOVE:
            was = self.agents.get(name)
            yield Wrong("states", f"{name} is {was}: {here} {data['trigger']} {there}")
        self.agents[name] = there
        if there in IDLE:
            self.at_work.discard(name)
            self.taken = {task: agent for task, agent in self.taken.items() if agent != name}
        if data["trigger"] != "task_assigned":
            return
        self.at_work.add(name)
        most = self._started().get("max_agents")
        if most is not None and len(self.at_work) > most:
            yield Wrong("limits", f"{len(self.at_work)} agents are at work, of {most}")

    def _task_moved(self, data: Record) -> Iterator[Wrong]:
        name, here, there = data["task"], data["from_state"], data["to_state"]
        if self.tasks.get(name) != here or (here, data["trigger"], there) not in MAY_MOVE_TASK:
            was = self.tasks.get(name)
            yield Wrong("states", f"{name} is {was}: {here} {data['trigger']} {there}")
        self.tasks[name] = there
        if there not in ("ASSIGNED", "ACTIVE"):
            self.taken.pop(name, None)
        if data["trigger"] in ("retried", "reinstated"):
            self.approved.pop(name, None)
        if there != "ASSIGNED":
            return
        spec, agent = self.specs.get(name, {}), data["agent"]
        if agent is None or agent in self.taken.values() or name in self.taken:
            yield Wrong("taker", f"{name} is given to {agent}, and there is {self.taken}")
        self.taken[name] = agent
        lacks = [it for it in spec.get("needs_tasks", ()) if self.tasks.get(it) != "COMPLETE"]
        lacks += [key for key in spec.get("needs_keys", ()) if key not in self.keys]
        if lacks:
            yield Wrong("needs", f"{name} is begun without {lacks}")
        if spec.get("gate") is not None and not self.approved.get(name):
            yield Wrong("approval", f"{name} is begun, and nobody has approved it")

    def _closed(self, kind: str, data: Record) -> Iterator[Wrong]:
        question = data["question"]
        if question not in self.asked:
            yield Wrong("questions", f"{question} is closed, and was never asked")
            return
        if kind == "user.expired" and data["outcome"] == "escalated":
            return
        if question in self.closed:
            yield Wrong("questions", f"{question} is closed twice")
        self.closed.add(question)
        asked = self.asked[question]
        if kind == "user.answered":
            if not data["by"]:
                yield Wrong("approval", f"{question} is answered by nobody")
            if data["digest"] != asked["digest"]:
                yield Wrong("approval", f"{question} is answered, and something else was asked")
        granted = kind == "user.answered" and data["value"] == "approve" and bool(data["by"])
        if kind == "user.expired" and data["value"] == "approve":
            yield Wrong("approval", f"{question} is approved by nobody")
        if asked["task"] is not None and asked["agent"] is None and asked["about"] is None:
            self.approved[asked["task"]] = granted

    def _effect(self, kind: str, data: Record) -> Iterator[Wrong]:
        yield from self._only_once(kind, data["action"])
        effect, agent = data["effect"], data["agent"]
        if kind == "system.done":
            if effect == "start_process" and not data["error"]:
                if agent in self.running:
                    yield Wrong("processes", f"{agent} has two processes")
                self.running[agent] = 1
            if data["action"] in self.handing and not data["error"]:
                yield from self._only_once("message", self.handing[data["action"]])
        elif effect == "tell" and data["message"] is not None:
            said = self.events[data["message"] - 1]["data"]
            if agent == said.get("to"):
                self.handing[data["action"]] = data["message"]

    def _only_once(self, what: str, name: object) -> Iterator[Wrong]:
        if (what, name) in self.seen:
            yield Wrong("once", f"{what} {name} is there twice")
        self.seen.add((what, name))

    def _started(self) -> Record:
        return dict(self.events[0]["data"])

    def _limits(self) -> Record:
        return self._started().get("limits") or {}

    def _end(self) -> Iterator[Wrong]:
        last = self.events[-1]
        if last["kind"] != "system.ended":
            yield Wrong("end", f"it does not end: {len(self.events)} events")
            return
        outcome, counts = last["data"]["outcome"], last["data"]["counts"]
        if counts != Counter(self.tasks.values()):
            yield Wrong("end", f"it counts {counts}, and there are {Counter(self.tasks.values())}")
        if outcome == "complete" and set(self.tasks.values()) - {"COMPLETE"}:
            yield Wrong("end", f"it is complete, and has {counts}")
        left = self.asked.keys() - self.closed
        if left and outcome != "waiting":
            yield Wrong("questions", f"{sorted(left)} are open, and it ended {outcome}")
        if outcome != "waiting" and (open_ := [it for it in self.tasks.values() if it not in OVER]):
            yield Wrong("end", f"it ended {outcome}, and tasks are {open_}")
        if outcome == "waiting":
            return
        if self.running:
            yield Wrong("processes", f"{sorted(self.running)} still run")
        if self.at_work:
            yield Wrong("processes", f"it ended, and {sorted(self.at_work)} are at work")


def wrongs(events: Sequence[Record]) -> list[Wrong]:
    """Return what is wrong with what was recorded of a session that has ended."""
    return list(Judge(events).wrongs())


# -- whether the judge sees anything --------------------------------------------------------------


def _first(events: list[Record], kind: str, **data: object) -> Record | None:
    """Return the first event of a kind that says so."""
    found = (it for it in events if it["kind"] == kind and data.items() <= it["data"].items())
    return next(found, None)


def _without(events: list[Record], gone: Record | None) -> list[Record] | None:
    """Leave an event out, and close the gap: what it caused is caused by its cause."""
    if gone is None:
        return None
    number, cause = gone["seq"], gone["cause"] or 1
    left = [it for it in events if it is not gone]
    for event in left:
        event["cause"] = cause if event["cause"] == number else event["cause"]
        if event["cause"] is not None and event["cause"] > number:
            event["cause"] -= 1
        if event["seq"] > number:
            event["seq"] -= 1
        said = event["data"].get("message")
        if isinstance(said, int) and said > number:
            event["data"]["message"] = said - 1
    return left


def _saying(events: list[Record], event: Record | None, **data: object) -> list[Record] | None:
    """Have an event say something else."""
    if event is None:
        return None
    event["data"] |= data
    return events


def _twice(events: list[Record], event: Record | None) -> list[Record] | None:
    """Have an event happen once more, at the end."""
    if event is None:
        return None
    last = events[-1]
    again = deepcopy(event) | {"seq": last["seq"], "at": last["at"], "cause": event["seq"]}
    last["seq"] += 1
    return [*events[:-1], again, last]


def _approval(events: list[Record]) -> Record | None:
    """Return the approval after which a gated task was begun, if one was."""
    begun = {
        it["data"]["task"]
        for it in events
        if it["kind"] == "task.transitioned" and it["data"]["trigger"] == "assigned"
    }
    asked = {
        it["data"]["question"]: it["data"]["task"]
        for it in events
        if it["kind"] == "user.asked"
        and it["data"]["agent"] is None
        and it["data"]["about"] is None
    }
    approvals = [
        it
        for it in events
        if it["kind"] == "user.answered"
        and it["data"]["value"] == "approve"
        and asked.get(it["data"]["question"]) in begun
    ]
    return approvals[-1] if len(approvals) == 1 else None


def _taken_by_who_is_busy(events: list[Record]) -> list[Record] | None:
    holds: dict[str, str] = {}
    for event in events:
        if event["kind"] != "task.transitioned":
            continue
        data = event["data"]
        if data["to_state"] == "ASSIGNED" and holds:
            return _saying(events, event, agent=next(iter(holds.values())))
        if data["to_state"] == "ASSIGNED":
            holds[data["task"]] = data["agent"]
        elif data["to_state"] != "ACTIVE":
            holds.pop(data["task"], None)
    return None


def _with_a_need(events: list[Record]) -> list[Record] | None:
    begun = _first(events, "task.transitioned", trigger="assigned")
    created = begun and _first(events, "task.created", task=begun["data"]["task"])
    if not created:
        return None
    created["data"]["spec"]["needs_keys"] = ["what/nobody/sets"]
    return events


def _with_fewer_places(events: list[Record]) -> list[Record] | None:
    return _saying(events, events[0], max_agents=1)


def _with_fewer_agents(events: list[Record]) -> list[Record] | None:
    events[0]["data"]["limits"]["total"] = 3
    return events


def _lost_key(events: list[Record]) -> list[Record] | None:
    came = [it for it in events if it["kind"] == "agent.spawned" and it["data"]["agent"] in TEAM]
    by_hand = any(it["kind"] == "user.commanded" for it in events)
    for event in events:
        if event["kind"] == "system.memory_set" and event["data"]["key"] == KEY:
            event["data"]["key"] = "another/key"
    return events if came and not by_hand else None


def _back_in_time(events: list[Record]) -> list[Record] | None:
    event = next((it for it in events if it["at"] > 0), None)
    if event is None:
        return None
    event["at"] = -1
    return events


def _caused_by_the_next(events: list[Record]) -> list[Record] | None:
    event = events[len(events) // 2]
    event["cause"] = event["seq"] + 1
    return events


def _called_complete(events: list[Record]) -> list[Record] | None:
    last = events[-1]
    unfinished = set(last["data"]["counts"]) - {"COMPLETE"}
    return _saying(events, last, outcome="complete") if unfinished else None


def _left_process(events: list[Record]) -> list[Record] | None:
    if events[-1]["data"]["outcome"] == "waiting":
        return None  # of its processes no event says what becomes of them
    return _without(events, _first(events, "agent.exited"))


def _expired_into_an_approval(events: list[Record]) -> list[Record] | None:
    answered = _approval(events)
    if answered is None:
        return None
    answered["kind"] = "user.expired"
    answered["data"] = {
        "question": answered["data"]["question"],
        "outcome": "default",
        "value": "approve",
    }
    return events


Breakage = Callable[[list[Record]], list[Record] | None]
BREAKAGES: dict[str, tuple[str, Breakage]] = {
    "it does not end": ("end", lambda it: _without(it, it[-1])),
    "it is called complete": ("end", _called_complete),
    "a cause comes later": ("order", _caused_by_the_next),
    "time goes back": ("order", _back_in_time),
    "a decision has no reason": (
        "order",
        lambda it: _saying(it, _first(it, "system.decided"), reason=""),
    ),
    "a task is active that nobody was given": (
        "states",
        lambda it: _without(it, _first(it, "task.transitioned", trigger="assigned")),
    ),
    "an agent skips a state": (
        "states",
        lambda it: _saying(it, _first(it, "agent.transitioned"), to_state="ACTIVE"),
    ),
    "who is busy is given another task": ("taker", _taken_by_who_is_busy),
    "a task is begun too early": ("needs", _with_a_need),
    "an answer was a rejection": (
        "approval",
        lambda it: _saying(it, _approval(it), value="reject"),
    ),
    "nobody has approved": ("approval", lambda it: _saying(it, _approval(it), by="")),
    "silence approves": ("approval", _expired_into_an_approval),
    "something else was approved": (
        "approval",
        lambda it: _saying(it, _approval(it), digest="0" * 16),
    ),
    "a question is left open": ("questions", lambda it: _without(it, _approval(it))),
    "a question is answered twice": ("questions", lambda it: _twice(it, _approval(it))),
    "too many are at work": ("limits", _with_fewer_places),
    "too many are there": ("limits", _with_fewer_agents),
    "an effect is announced twice": (
        "once",
        lambda it: _twice(it, _first(it, "system.intended")),
    ),
    "a task is created twice": ("once", lambda it: _twice(it, _first(it, "task.created"))),
    "the team comes without its key": ("occasions", _lost_key),
    "a process is left": ("processes", _left_process),
}
"""Records in which one invariant is broken: which, and what makes it so; None where that cannot be
in a record."""


def tried(events: Sequence[Record]) -> tuple[list[str], list[str]]:
    """Return what could be broken in a sound record, and what of that the judge did not name."""
    text = json.dumps(events)
    planted: list[str] = []
    unseen: list[str] = []
    for name, (invariant, broken) in BREAKAGES.items():
        made = broken(json.loads(text))
        if made is None:
            continue
        planted.append(name)
        if invariant not in {it.invariant for it in wrongs(made)}:
            unseen.append(name)
    return planted, unseen


# -- many of them ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of a seed."""

    seed: int
    outcomes: list[str]
    """How its sessions ended: the first, and those that were killed and resumed."""
    events: int
    kinds: Counter[str]
    broken: int
    wrong: list[str]


def _give_up(_signal: int, _frame: object) -> None:
    raise _StuckError(f"it takes longer than {PATIENCE} seconds of processor time")


def storm(seed: int) -> Outcome:
    """Play a seed, kill and resume it twice, and judge all of that."""
    chance = random.Random(seed)
    wrong: list[str] = []
    outcomes: list[str] = []
    kinds: Counter[str] = Counter()
    broken = 0
    signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        plan, document = planned(with_faults(chance))
        attended = chance.random() < 0.7
        with tempfile.TemporaryDirectory() as folder:
            first, again = Path(folder, "first.jsonl"), Path(folder, "again.jsonl")
            events = rehearsed(plan, document, seed, first, attended=attended)
            rehearsed(plan, document, seed, again, attended=attended)
            if first.read_bytes() != again.read_bytes():
                wrong.append("bytes: the same seed gives others")
            wrong += _judged(plan, first, events)
            outcomes.append(events[-1]["data"].get("outcome", "-"))
            kinds.update(it["kind"] for it in events)
            if not wrong:
                planted, unseen = tried(events)
                broken += len(planted)
                wrong += [f"the judge does not see that {it}" for it in unseen]
            for number in range(2):
                after = chance.randint(1, len(events) - 2)
                file = Path(folder, f"resumed-{number}.jsonl")
                rest = resumed(plan, first, after, file, attended=attended)
                wrong += [f"killed after {after}: {it}" for it in _judged(plan, file, rest)]
                outcomes.append(rest[-1]["data"].get("outcome", "-"))
                kinds.update(it["kind"] for it in rest[after:])
    except Exception as error:  # noqa: BLE001 - that is a finding too
        wrong.append(f"{type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Outcome(seed, outcomes, sum(kinds.values()), kinds, broken, wrong)


def _judged(plan: Plan, file: Path, events: Sequence[Record]) -> list[str]:
    """Return what is wrong with a session file, by the judge, the chain and the rules."""
    found = [f"{it.invariant}: {it.what}" for it in wrongs(events)]
    verdict = verify(file)
    if verdict.exit_code:
        found.append(f"verify: {verdict.sentence}")
    with JournalFile.open(file) as journal:
        divergence = recheck(plan, journal).divergence
    if divergence is not None:
        found.append(f"verify: event {divergence.seq} is not what is decided again")
    return found


def main(argv: list[str] | None = None) -> None:
    """Play seeds and print what was found; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    print(described())
    began = time.perf_counter()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    failed = broken = 0
    with get_context("spawn").Pool(chosen.processes) as pool:
        for outcome in pool.imap_unordered(storm, seeds):
            outcomes.update(outcome.outcomes)
            kinds.update(outcome.kinds)
            broken += outcome.broken
            for wrong in outcome.wrong[:3]:
                print(f"WRONG: seed {outcome.seed}: {wrong}", flush=True)
            failed += bool(outcome.wrong)
    ended = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    print(
        f"{chosen.seeds} seeds, each killed and resumed twice, in {time.perf_counter() - began:.0f}"
        f" s: {sum(kinds.values()):,} events; sessions that ended: {ended}"
    )
    print(
        f"in them: {kinds['agent.erred']:,} errors, {kinds['agent.checked']:,} checks worth"
        f" telling, {kinds['user.asked']:,} questions, {kinds['user.answered']:,} answers,"
        f" {kinds['user.expired']:,} that expired, {kinds['user.commanded']:,} commands,"
        f" {kinds['agent.spawned']:,} agents spawned, {kinds['system.topology_changed']:,} changes"
        f" of topology"
    )
    print(f"{broken:,} breakages were planted in sound records, for the judge to name")
    print("every run ends, no invariant broken" if not failed else f"{failed} seeds failed")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
