"""What the operator has done by hand: agents, tasks, keys, triggers, and whether they spawn."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hands import Hand
from pydantic import JsonValue
from running import Running

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain.events import AnyEvent, UserCommanded
from mop_tui.domain.feed import (
    AutoSpawn,
    Command,
    CreateTask,
    SetMemory,
    Spawn,
    SteerTrigger,
    Stop,
    SwitchTopology,
)
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TriggerName
from mop_tui.domain.plan import AgentKind, HostKind, Plan
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import Limits, TriggerSpec
from mop_tui.journal import JournalFile
from mop_tui.orchestrator.attached import attached
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, plan, play, question, task

FLAG = TriggerName("on-flag")
GATE = TriggerName("prod-gate")
_NO_LIMITS = Limits()
END = (90.0, Stop("enough"))
SPAWNED = TriggerSpec(
    FLAG,
    "memory_key",
    "spawn_agent",
    key=MemoryKey("flag"),
    agents=("fixer",),
    task="Look into ${event.value}",
)


def layout(*triggers: TriggerSpec, limits: Limits = _NO_LIMITS, **more: Any) -> Plan:
    """Return a plan of one agent and a task of it, and of a type that may be spawned."""
    what = plan(
        [agent("a", "python")],
        [task("one", "a", seconds=5)],
        [question("sure"), question("prod")],
    )
    return replace(
        what,
        kinds={"fixer": AgentKind(skills=("fixing",), model="small", host=HostKind.SIMULATED)},
        triggers=triggers,
        limits=limits,
        keep_running=True,
        **more,
    )


def works(hand: Hand, heard: Told | None) -> None:
    if isinstance(heard, Assignment):
        hand.after(1, hand.exit, 0, f"did {heard.task.title}")


def told(what: Plan, file: Path, *operator: tuple[float, Command], **more: Any) -> Ran:
    """Run a session in which the operator tells these things, and that can be recomputed."""
    ran = play(what, file, hands=works, operator=[*operator, END], attended=True, **more)
    with JournalFile.open(file) as recorded:
        assert recheck(what, recorded).divergence is None
    return ran


def behind(ran: Ran, event: AnyEvent) -> AnyEvent:
    """Return what led to an event."""
    assert event.cause is not None
    return ran.events[event.cause - 1]


def nos(ran: Ran, rule: str) -> list[str]:
    return [event.data.reason for event in ran.decisions(rule) if event.data.verdict == "no"]


# -- spawning -------------------------------------------------------------------------------------


def test_an_agent_is_spawned_does_what_it_is_told_and_is_nobodys_child(file: Path) -> None:
    ran = told(layout(), file, (10.0, Spawn("fixer", "Tidy up", "large")))
    spec = ran.session.agents[AgentId("fixer-1")].spec
    assert (spec.model, spec.skills, spec.depth) == ("large", ("fixing",), 0)
    (done,) = [row for row in ran.session.tasks.values() if row.spec.context]
    assert (done.spec.id, done.agent, done.output) == ("by-hand-1", "fixer-1", "did Tidy up")
    spawned = ran.of("agent.spawned")[-1]
    decided = behind(ran, spawned)
    commanded = behind(ran, decided)
    assert (decided.data.rule, commanded.data.command) == ("obey_by_hand", "spawn")
    assert spec.spawn == f"@{commanded.seq}.1"


def test_one_that_is_told_nothing_takes_what_its_skills_fit(file: Path) -> None:
    ran = told(
        layout(),
        file,
        (10.0, Spawn("fixer")),
        (20.0, CreateTask("Repair it", skill="fixing", priority=Priority.HIGH)),
    )
    row = ran.session.tasks[next(name for name in ran.session.tasks if name != "one")]
    assert (row.agent, row.state, row.spec.priority) == ("fixer-1", "COMPLETE", Priority.HIGH)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(total=2), "limits.total is 2, and 2 agents are there"),
        (Limits(per_minute=1), "limits.per_minute is 1"),
    ],
)
def test_limits_hold_for_people_too_and_the_no_is_recorded(
    file: Path, limits: Limits, why: str
) -> None:
    ran = told(layout(limits=limits), file, *[(10.0 + n, Spawn("fixer")) for n in range(3)])
    assert list(ran.session.agents) == ["a", "fixer-1"]
    assert len(nos(ran, "obey_by_hand")) == 2
    assert all(why in no for no in nos(ran, "obey_by_hand"))


def test_a_long_text_is_a_short_title_and_whole_in_the_context(file: Path) -> None:
    text = "word " * 100
    ran = told(layout(), file, (10.0, Spawn("fixer", text)))
    spec = ran.of("task.created")[-1].data.spec
    assert len(spec.title) == 200
    assert spec.context["text"] == text


# -- tasks and keys -------------------------------------------------------------------------------


def test_a_task_by_hand_calls_back_an_agent_that_is_done(file: Path) -> None:
    ran = told(layout(), file, (10.0, CreateTask("Once more", agent=AgentId("a"))))
    assert ran.states("by-hand-1")[-1] == (11, "COMPLETE")
    assert ran.session.tasks[ran.of("task.created")[-1].data.task].agent == "a"


def test_nothing_is_created_for_whom_the_layout_gives_nothing_to_run(file: Path) -> None:
    what = layout()
    idle = replace(agent("idle", "idling"), host=HostKind.COMMAND)
    what = replace(what, agents={**what.agents, idle.id: idle})
    ran = told(
        what,
        file,
        (10.0, CreateTask("Do it", agent=idle.id)),
        (11.0, CreateTask("Do it", skill="idling")),
    )
    assert len(ran.of("task.created")) == 1
    assert all("gives idle nothing to run" in no for no in nos(ran, "obey_by_hand"))
    assert len(nos(ran, "obey_by_hand")) == 2


def test_a_key_set_by_hand_is_set_and_fires_what_waits_for_it(file: Path) -> None:
    value: JsonValue = {"status": "complete", "n": [1, None]}
    ran = told(layout(SPAWNED), file, (10.0, SetMemory(MemoryKey("flag"), value)))
    assert ran.session.memory[MemoryKey("flag")] == value
    assert ran.session.triggers[FLAG].fires == 1
    assert ran.session.agents[AgentId("fixer-1")].spec.spawn == (
        f"on-flag@{ran.of('system.memory_set')[-1].seq}.1"
    )


# -- triggers -------------------------------------------------------------------------------------


def test_a_trigger_is_fired_whatever_it_waits_for(file: Path) -> None:
    ran = told(layout(SPAWNED), file, (10.0, SteerTrigger("fire", FLAG, "to see")))
    assert ran.session.triggers[FLAG].fires == 1
    assert AgentId("fixer-1") in ran.session.agents


def flagged(file: Path, *steps: SteerTrigger) -> Ran:
    """Run a session in which a trigger is steered, and what it waits for happens after each."""
    operator: list[tuple[float, Command]] = []
    for number, step in enumerate(steps):
        operator.append((10.0 + 10 * number, step))
        operator.append((15.0 + 10 * number, SetMemory(MemoryKey("flag"), number)))
    return told(layout(SPAWNED), file, *operator)


def test_a_muted_one_considers_a_disabled_one_does_not_and_armed_it_fires(file: Path) -> None:
    ran = flagged(
        file,
        SteerTrigger("mute", FLAG),
        SteerTrigger("disable", FLAG),
        SteerTrigger("arm", FLAG),
    )
    assert nos(ran, "trigger/on-flag") == [
        "flag was set, but it is muted, so it does not spawn agent"
    ]
    assert [event.at for event in ran.of("system.fired")] == [35_000]
    assert ran.session.triggers[FLAG].state == "armed"


def test_what_switched_a_trigger_stands_behind_it(file: Path) -> None:
    ran = told(layout(SPAWNED), file, (10.0, SteerTrigger("mute", FLAG, "noisy")))
    switched = ran.events[ran.session.triggers[FLAG].moved - 1]
    assert (switched.data.command, switched.data.reason) == ("mute_trigger", "noisy")


def test_with_auto_spawn_off_a_trigger_proposes_and_the_answers_file_knows_its_name(
    file: Path,
) -> None:
    ran = told(
        layout(SPAWNED),
        file,
        (10.0, AutoSpawn(on=False)),
        (20.0, SetMemory(MemoryKey("flag"), "a leak")),
        (30.0, AutoSpawn(on=True)),
        answers=[answer("spawn/on-flag", "approve", after=2)],
    )
    (asked,) = ran.of("user.asked")
    assert asked.data.name == QuestionName("spawn/on-flag")
    assert [(e.at, e.data.agent) for e in ran.of("agent.spawned")][1:] == [(22_000, "fixer-1")]
    assert ran.session.auto_spawn


def test_the_swarm_is_coordinated_in_another_shape(file: Path) -> None:
    ran = told(layout(), file, (10.0, SwitchTopology("ring", "it talks too much")))
    (changed,) = ran.of("system.topology_changed")
    assert (changed.data.from_shape, changed.data.to_shape) == ("mesh", "ring")
    assert behind(ran, changed).data.reason == "operator wants it: it talks too much"
    assert ran.session.shape == "ring"


# -- what is refused ------------------------------------------------------------------------------

GATED = TriggerSpec(
    GATE, "environment_deploy", "ask_human", environment="prod", question=QuestionName("prod")
)
LONG = "x" * 5_000
REFUSED: list[tuple[Command, str]] = [
    (Spawn("fixxer", "x"), "there is no such type; there is fixer"),
    (Spawn("", "x"), "it is not said of which type"),
    (Spawn("fixer", LONG), "what it is to do has 5,000 characters"),
    (Spawn("fixer", "a\nb"), "what it is to do has characters that cannot be printed"),
    (Spawn("fixer", "", "m" * 300), "the model has more than 200 characters"),
    (CreateTask("  ", agent=AgentId("a")), "it is not said what is to be done"),
    (CreateTask("x"), "it takes an agent or a skill, one of them"),
    (CreateTask("x", AgentId("a"), "python"), "it takes an agent or a skill, one of them"),
    (CreateTask("x", agent=AgentId("b")), "there is no such agent"),
    (CreateTask("x", skill="cooking"), "there is no agent with such a skill"),
    (CreateTask(LONG, skill="python"), "what is to be done has 5,000 characters"),
    (SetMemory(MemoryKey("a b"), 1), "a key has up to 200 characters"),
    (SetMemory(MemoryKey("a\n"), 1), "a key has up to 200 characters"),
    (SetMemory(MemoryKey(""), 1), "a key has up to 200 characters"),
    (SetMemory(MemoryKey("k"), float("nan")), "the value is not JSON"),
    (SetMemory(MemoryKey("k"), "\ud800"), "the value is not JSON"),
    (SetMemory(MemoryKey("k"), "x" * 40_000), "the value has 40,002 bytes as JSON"),
    (SteerTrigger("fire", TriggerName("other")), "there is no such trigger"),
    (SteerTrigger("arm", FLAG), "it is armed already"),
    (SteerTrigger("mute", FLAG, LONG), "the reason has 5,000 characters"),
    (SteerTrigger("mute", GATE), "it is a gate, which only an answer opens"),
    (SteerTrigger("disable", GATE), "it is a gate, which only an answer opens"),
    (SteerTrigger("fire", GATE), "it is a gate: it asks when a task comes to it"),
    (AutoSpawn(on=True), "it is on already"),
    (SwitchTopology("mesh"), "it is mesh already"),
    (SwitchTopology("ring", LONG), "the reason has 5,000 characters"),
]


def test_what_cannot_be_is_refused_says_why_and_changes_nothing(file: Path) -> None:
    operator = [(10.0 + number, command) for number, (command, _) in enumerate(REFUSED)]
    ran = told(layout(SPAWNED, GATED), file, *operator)
    why = ran.refusals()
    assert len(why) == len(REFUSED)
    for said, (command, expected) in zip(why, REFUSED, strict=True):
        assert said.startswith(expected), command
    assert list(ran.session.agents) == ["a"]
    assert list(ran.session.tasks) == ["one"]
    assert ran.session.memory == {}
    assert max(len(line) for line in file.read_bytes().splitlines()[1:]) < 6_000


def test_a_gate_asks_once_for_the_task_that_it_holds(file: Path) -> None:
    what = layout(GATED)
    held = replace(task("ship", "a", gate="prod"), environment="prod", gated_by=GATE)
    what = replace(what, tasks={held.id: held})
    ran = told(what, file, answers=[answer("prod", "approve", after=1)])
    assert [event.data.task for event in ran.of("user.asked")] == ["ship"]
    assert ran.session.triggers[GATE].fires == 1
    assert ran.states("ship")[-1][1] == "COMPLETE"


@pytest.mark.parametrize(
    "command", [Spawn("fixer"), SteerTrigger("fire", FLAG), SetMemory(MemoryKey("k"), 1)]
)
def test_nothing_is_begun_in_a_session_that_ends(file: Path, command: Command) -> None:
    ran = play(
        layout(SPAWNED),
        file,
        hands=lambda hand, _heard: hand.after(60, hand.exit),
        operator=[(3.0, Stop("enough")), (3.0, command)],
        attended=True,
    )
    assert ran.refusals() == ["the session is ending"]


def test_a_fired_one_that_is_muted_or_disabled_is_to_be_armed_first(file: Path) -> None:
    ran = told(
        layout(SPAWNED),
        file,
        (10.0, SteerTrigger("mute", FLAG)),
        (11.0, SteerTrigger("fire", FLAG)),
        (12.0, SteerTrigger("disable", FLAG)),
        (13.0, SteerTrigger("fire", FLAG)),
    )
    assert ran.refusals() == ["it is muted; arm it first", "it is disabled; arm it first"]


def test_a_session_of_an_older_version_knows_no_types() -> None:
    assert Session().snapshot().kinds == ()


# -- from another terminal ------------------------------------------------------------------------

SERVED = """
session: {id: served, keep_running: true}
agent_types:
  worker: {run: {shell: "echo started; until test -e go-on; do sleep 0.05; done"}}
  fixer: {run: {shell: "cat $MOP_TASK_FILE"}}
teams: {crew: {agents: [{id: ann, type: worker}]}}
tasks: {slow: {agent: ann}}
triggers:
- {type: memory_key, key: flag, action: notify, task: "${event.value} it is", name: on-flag}
"""


async def test_an_attached_screen_spawns_sets_and_steers_too(tmp_path: Path) -> None:
    with Running(tmp_path, SERVED) as running:
        async with attached(running.session, "it", "attach") as feed:
            after = feed.snapshot().seq
            feed.submit(Spawn("fixer", "Read this"))
            feed.submit(SetMemory(MemoryKey("flag"), "so"))
            feed.submit(SteerTrigger("mute", FLAG, "noisy"))
            refused = feed.submit(Spawn("fixxer"))

            def outcome(event: AnyEvent) -> str | None:
                mine = isinstance(event.data, UserCommanded) and event.data.id == refused
                return event.data.refused if mine else None

            why = await feed.heard(outcome, after)
            snapshot = feed.snapshot()
    assert why == "there is no such type; there are worker and fixer"
    assert snapshot.memory == {"flag": "so"}
    assert snapshot.triggers[FLAG].state == "muted"
    assert running.events("system.notified") == [{"trigger": "on-flag", "text": "so it is"}]
    assert [event["agent"] for event in running.events("agent.spawned")] == ["ann", "fixer-1"]
