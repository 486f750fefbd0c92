"""Triggers: who appears, and what is done, because of what happened; and what prevents that."""

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Told
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import events as e
from mop_tui.domain.conditions import Condition
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.feed import Steer, Stop
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId, TeamId, TriggerName
from mop_tui.domain.plan import AgentLimits, HookName, Mode, Retry, Script, TaskSpec
from mop_tui.domain.triggers import ActionType, Limits, TriggerSpec
from mop_tui.journal import JournalFile
from mop_tui.orchestrator.effects import Hook, Start
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, crash, fixed, kind, plan, play, question, task, trigger


def created(path: str) -> e.FileCreated:
    return e.FileCreated(path, "1")


def told(command: str, about: str = "", *, value: bool = False) -> e.UserCommanded:
    return e.UserCommanded(command, None, "operator", about, value=value)


def on_file(action: ActionType = "spawn_agent", name: str = "x", **more: object) -> TriggerSpec:
    fields: dict[str, object] = {"path_pattern": "src/*.py", "agents": ("fixer",)}
    return trigger(name, "file_created", action, **(fields | more))


def said(ran: Ran, name: str = "x") -> list[str]:
    """Return what a trigger said each time that it considered."""
    return [event.data.reason for event in ran.decisions(f"trigger/{name}")]


def names(ran: Ran) -> list[str]:
    """Return who is there."""
    return list(ran.session.agents)


MANY: list[tuple[float, Fact]] = [(5 + n, created(f"src/{n}.py")) for n in range(6)]
ANN = agent("ann", "work")
ONE = task("one", "ann", seconds=100)
KINDS = {"fixer": kind("fix")}


# -- what they are about --------------------------------------------------------------------------


def test_a_file_spawns_somebody_who_is_told_of_it(file: Path) -> None:
    what = plan([ANN], [ONE], triggers=[on_file(task="look at ${event.path}")], kinds=KINDS)
    ran = play(what, file, outside=[(5, created("src/a.py")), (6, created("src/b.txt"))])
    assert names(ran) == ["ann", "fixer-1"]
    row = ran.session.tasks[TaskId("x-1")]
    assert row.spec.title == "look at src/a.py"
    assert row.spec.context is not None
    assert row.spec.context["trigger"] == "x"
    assert row.spec.context["because"] == "src/a.py was created"
    assert row.state == "COMPLETE"
    assert ran.session.outcome == "complete"


def test_the_chain_leads_from_the_process_back_to_the_file(file: Path) -> None:
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS)
    ran = play(what, file, outside=[(5, created("src/a.py"))])
    start = next(event for event in ran.of("system.intended") if event.data.agent == "fixer-1")
    chain = [start]
    while chain[-1].cause is not None:
        chain.append(ran.events[chain[-1].cause - 1])
    kinds = [event.kind for event in reversed(chain)]
    assert kinds[:3] == ["file.created", "system.decided", "agent.spawned"]
    assert kinds[-1] == "system.intended"


@pytest.mark.parametrize(
    ("spec", "fact", "because"),
    [
        (
            trigger("x", "file_modified", "notify", path_pattern="*"),
            e.FileModified("a", "2"),
            "a was modified",
        ),
        (
            trigger("x", "file_deleted", "notify", path_pattern="*"),
            e.FileDeleted("a"),
            "a was deleted",
        ),
        (
            trigger("x", "memory_key", "notify", key=MemoryKey("k")),
            e.SystemMemorySet(MemoryKey("k"), 1, AgentId("ann")),
            "k was set",
        ),
        (
            trigger("x", "dependency_ready", "notify", key=MemoryKey("k")),
            e.SystemMemorySet(MemoryKey("k"), {"status": "complete"}, AgentId("ann")),
            "k is there",
        ),
        (
            trigger("x", "agent_health", "notify", status="degraded"),
            e.AgentHealth(AgentId("ann"), 1, "reported", status="degraded"),
            "ann says that it is degraded",
        ),
        (
            trigger("x", "agent_error", "notify", error_type="odd"),
            e.AgentErred(AgentId("ann"), 1, TaskId("one"), "odd", "oh", "protocol"),
            "ann met odd: oh",
        ),
        (
            trigger("x", "event", "notify", kind="agent.messaged"),
            e.AgentMessaged(AgentId("ann"), 1, "operator", "hello"),
            "agent.messaged happened",
        ),
    ],
    ids=lambda it: it.type if isinstance(it, TriggerSpec) else "",
)
def test_it_says_what_it_is_about(file: Path, spec: TriggerSpec, fact: Fact, because: str) -> None:
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, fact)])
    assert said(ran)[0] == because  # what was heard is not acted upon twice
    wanted = "Look into this" if spec.type == "agent_error" else "Deal with this"
    assert [it.data.text for it in ran.of("system.notified")] == [f"{wanted}: {because}"]


def test_a_key_that_is_not_complete_is_no_dependency_that_is_ready(file: Path) -> None:
    spec = trigger("x", "dependency_ready", "notify", key=MemoryKey("k"))
    half = e.SystemMemorySet(MemoryKey("k"), {"status": "partial"}, AgentId("ann"))
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, half)])
    assert said(ran) == []


def test_a_task_is_matched_by_the_skill_that_it_takes_and_how_hard_it_is(file: Path) -> None:
    spec = trigger("x", "task_created", "notify", requires_skill="work", complexity="high")
    hard = task("hard", skill="work", seconds=3000, gate="g")
    easy = task("easy", skill="work", seconds=10)
    other = task("other", skill="cook", seconds=3000, gate="g")
    crew = [ANN, agent("bob", "cook")]
    what = plan(crew, [ONE, easy, hard, other], [question("g", timeout=5)], triggers=[spec])
    ran = play(what, file)
    assert said(ran) == ["hard was created, which takes work and is of high complexity"]


def test_an_error_that_is_tried_again_fires_nothing(file: Path) -> None:
    spec = trigger("x", "agent_error", "spawn_troubleshooter", agents=("fixer",))
    tried = task("one", "ann", retry=Retry(2, 1_000))
    script = {"one": Script(duration=(1000, 1000), exit_code=3, output=("oh no",))}
    ran = play(plan([ANN], [tried], triggers=[spec], kinds=KINDS, scripts=script), file)
    assert said(ran) == ["ann met exit_3: oh no"]
    context = ran.session.tasks[TaskId("x-1")].spec.context
    assert context is not None
    assert context["failed_agent"] == "ann"
    assert context["failed_task"] == "one"
    assert context["error"] == {"type": "exit_3", "message": "oh no"}
    assert context["logs"] == ["oh no", "oh no", "oh no"]
    assert ran.session.tasks[TaskId("one")].state == "FAILED"
    assert ran.states("x-1")[-1][1] == "COMPLETE", "the session did not end before"


def test_who_is_spawned_is_handed_what_it_was_spawned_for(file: Path) -> None:
    heard: list[Assignment] = []

    def behave(hand: Hand, what: Told | None) -> None:
        if isinstance(what, Assignment):
            heard.append(what)
            hand.after(1, hand.exit)

    what = plan([ANN], [task("one", "ann")], triggers=[on_file()], kinds=KINDS)
    play(what, file, hands=behave, outside=[(0.5, created("src/a.py"))])
    (assignment,) = [it for it in heard if it.task.id == "x-1"]
    assert assignment.context is not None
    assert assignment.context["because"] == "src/a.py was created"
    assert assignment.context["event"] == {
        "seq": next(e.seq for e in _events(file) if e.kind == "file.created"),
        "kind": "file.created",
        "path": "src/a.py",
        "stamp": "1",
    }


def _events(file: Path) -> list[AnyEvent]:
    with JournalFile.open(file) as journal:
        return list(journal)


def test_an_interval_comes_again_and_again_until_all_is_done(file: Path) -> None:
    spec = trigger("x", "schedule", "notify", interval_ms=30_000)
    what = plan([ANN], [ONE], triggers=[spec], scripts={"one": fixed(100)})
    ran = play(what, file)
    assert [event.at for event in ran.of("system.scheduled")] == [30_000, 60_000, 90_000]
    assert said(ran) == ["it is due every 30 s"] * 3


def test_a_rehearsal_begins_on_a_monday_at_midnight(file: Path) -> None:
    spec = trigger("x", "schedule", "notify", cron="5 0 * * MON")
    what = plan([ANN], [task("one", "ann")], triggers=[spec], scripts={"one": fixed(600)})
    ran = play(what, file)
    assert [event.at for event in ran.of("system.scheduled")] == [5 * 60_000]


# -- what they do ---------------------------------------------------------------------------------


def test_a_team_that_waits_is_spawned_once_as_a_whole(file: Path) -> None:
    spec = on_file("spawn_team", team=TeamId("others"), agents=())
    what = plan([ANN], [ONE], triggers=[spec], awaited=[agent("bob"), agent("cid")])
    ran = play(what, file, outside=[(5, created("src/a.py")), (6, created("src/b.py"))])
    assert names(ran) == ["ann", "bob", "cid"]
    assert said(ran)[1] == "src/b.py was created, but bob and cid are there already"


def test_dependent_agents_are_spawned_only_where_there_are_none(file: Path) -> None:
    spec = on_file("spawn_dependent_agents", agents=("fixer", "tester"))
    kinds = KINDS | {"tester": kind("test")}
    what = plan([ANN], [ONE], triggers=[spec], kinds=kinds)
    ran = play(what, file, outside=[(5, created("src/a.py")), (6, created("src/b.py"))])
    assert names(ran) == ["ann", "fixer-1", "tester-1"]
    assert said(ran)[1] == "src/b.py was created, but fixer and tester are there already"


def test_a_task_is_created_for_whoever_can_do_it(file: Path) -> None:
    spec = on_file("create_task", skill="work", task="look at ${event.path}")
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, created("src/a.py"))])
    row = ran.session.tasks[TaskId("x-1")]
    assert (row.spec.requires_skill, row.agent, row.state) == ("work", "ann", "COMPLETE")


def test_somebody_out_of_work_is_called_back_for_a_task_that_is_created(file: Path) -> None:
    spec = on_file("create_task", skill="work")
    bob = agent("bob", "other")
    what = plan([ANN, bob], [task("one", "ann", seconds=1), task("two", "bob")], triggers=[spec])
    ran = play(what, file, outside=[(5, created("src/a.py"))])
    states = [state for _, state in ran.agent_states("ann")]
    assert states[-5:] == ["COMPLETE", "AVAILABLE", "ASSIGNED", "ACTIVE", "COMPLETE"]
    assert [it.data.agent for it in ran.decisions("call_back")] == ["ann"]


def test_keys_are_set_with_texts_filled_in(file: Path) -> None:
    spec = on_file("set_memory", set=((MemoryKey("k"), {"path": "${event.path}"}),))
    what = plan([ANN], [ONE, task("two", "ann", keys=["k"])], triggers=[spec])
    ran = play(what, file, outside=[(5, created("src/a.py"))])
    assert ran.session.memory[MemoryKey("k")] == {"path": "src/a.py"}
    assert ran.session.outcome == "complete"


def test_a_question_is_asked_and_the_session_waits_for_its_answer(file: Path) -> None:
    spec = on_file("ask_human", question=QuestionName("q"))
    what = plan([ANN], [ONE], [question("q", "Fine?")], triggers=[spec])
    outside = [(5, created("src/a.py"))]
    ran = play(what, file, outside=outside, answers=[answer("q", "approve", after=500)])
    assert [(it.data.name, it.data.trigger) for it in ran.of("user.asked")] == [("q", "x")]
    assert ran.events[-1].at == 505_000


def test_an_agent_is_paused_and_goes_on(file: Path) -> None:
    what = plan(
        [ANN],
        [task("one", "ann", seconds=10)],
        triggers=[
            on_file("pause_agent", agent=AgentId("ann")),
            on_file("resume_agent", "y", path_pattern="etc/*", agent=AgentId("ann")),
        ],
        scripts={"one": fixed(10)},
    )
    ran = play(what, file, outside=[(5, created("src/a.py")), (65, created("etc/a"))])
    assert (5, "PAUSED") in ran.agent_states("ann")
    assert ran.states("one")[-1] == (70, "COMPLETE")


def test_an_agent_that_cannot_be_paused_is_left_alone(file: Path) -> None:
    spec = on_file("pause_agent", agent=AgentId("zoe"))
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, created("src/a.py"))])
    assert said(ran) == ["src/a.py was created, but there is no agent zoe"]


def test_an_agent_is_restarted_and_its_task_done_anew(file: Path) -> None:
    spec = on_file("restart_agent", agent=AgentId("ann"))
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, created("src/a.py"))])
    assert ran.session.agents[AgentId("ann")].incarnation == 2
    assert ran.session.outcome == "complete"


def test_what_is_restarted_and_fails_again_and_again_is_left_at_last(file: Path) -> None:
    spec = trigger("x", "agent_error", "restart_agent")
    pal = agent("pal", for_session=True)
    what = plan([ANN, pal], [ONE], triggers=[spec], limits=Limits(depth=3))

    def behave(hand: Hand, what: Told | None) -> None:
        if what is None:
            hand.after(1, hand.exit, 1)
        elif isinstance(what, Assignment):
            hand.after(100, hand.exit)

    ran = play(what, file, hands=behave)
    assert ran.session.triggers[TriggerName("x")].fires == 3
    assert "limits.depth is 3" in said(ran)[-1]
    assert ran.issues()[0].startswith("trigger x does no more: limits.depth is 3")
    assert ran.events[-1].at == 100_000


def test_who_was_paused_or_stopped_by_the_operator_stays_so(file: Path) -> None:
    spec = on_file("resume_agent", agent=AgentId("ann"))
    other = on_file("restart_agent", "y", agent=AgentId("bob"))
    bob = agent("bob", for_session=True)
    what = plan([ANN, bob], [ONE], triggers=[spec, other])
    ran = play(
        what,
        file,
        operator=[(3, Steer("pause", AgentId("ann"))), (4, Steer("stop", AgentId("bob")))],
        outside=[(5, created("src/a.py"))],
    )
    assert said(ran)[0].endswith("ann cannot be told to resume: the operator paused it")
    assert said(ran, "y")[0].endswith("bob cannot be told to restart: the operator stopped it")


# -- gates ----------------------------------------------------------------------------------------


def test_a_deployment_asks_once(file: Path) -> None:
    spec = trigger(
        "x", "environment_deploy", "ask_human", environment="prod", question=QuestionName("q")
    )
    gated = _deploys("ship", gate="q", by="x")
    what = plan([ANN], [gated], [question("q", "Ship it?")], triggers=[spec])
    ran = play(what, file, answers=[answer("q", "approve", after=5)])
    assert [it.data.task for it in ran.of("user.asked")] == ["ship"]
    assert [it.data.trigger for it in ran.of("system.fired")] == ["x"]
    assert ran.session.outcome == "complete"


def test_a_deployment_with_a_gate_of_its_own_asks_once_too(file: Path) -> None:
    spec = trigger(
        "x", "environment_deploy", "ask_human", environment="prod", question=QuestionName("q")
    )
    own = _deploys("ship", gate="g")
    what = plan([ANN], [own], [question("q"), question("g")], triggers=[spec])
    ran = play(what, file, answers=[answer("g", "approve", after=5)])
    assert [it.data.name for it in ran.of("user.asked")] == ["g"]
    assert said(ran) == ["ship deploys to prod, but the task has a gate, which asks"]


def _deploys(name: str, gate: str, by: str | None = None) -> TaskSpec:
    return replace(
        task(name, "ann", gate=gate),
        environment="prod",
        gated_by=None if by is None else TriggerName(by),
    )


def test_what_does_not_start_by_itself_waits_for_the_operator(file: Path) -> None:
    spec = on_file(start_question=QuestionName("start"))
    what = plan([ANN], [ONE], [question("start")], triggers=[spec], kinds=KINDS)
    outside = [(5, created("src/a.py"))]
    ran = play(what, file, outside=outside, answers=[answer("start", "approve", after=300)])
    assert (305, "ASSIGNED") in ran.states("x-1")


# -- proposals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["approve", "reject"])
def test_without_auto_spawn_it_proposes(file: Path, value: str) -> None:
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS, auto_spawn=False)
    ran = play(
        what,
        file,
        outside=[(5, created("src/a.py"))],
        answers=[answer("spawn/x", value, after=10)],
    )
    (asked,) = ran.of("user.asked")
    assert asked.data.text == "Spawn fixer, because src/a.py was created?"
    assert names(ran) == (["ann", "fixer-1"] if value == "approve" else ["ann"])
    assert ran.session.outcome == "complete"


def test_a_proposal_that_has_come_true_already_creates_no_task_either(file: Path) -> None:
    spec = on_file("spawn_team", team=TeamId("others"), agents=(), task="begin")
    other = replace(spec, name=TriggerName("y"))
    what = plan([ANN], [ONE], triggers=[spec, other], awaited=[agent("bob")], auto_spawn=False)
    twice = [answer("spawn/x", "approve", after=10), answer("spawn/y", "approve", after=20)]
    ran = play(what, file, outside=[(5, created("src/a.py"))], answers=twice)
    assert names(ran) == ["ann", "bob"]
    assert [it.data.task for it in ran.of("task.created")] == ["one", "x-1"]
    (refused,) = ran.of("agent.refused")
    assert refused.data.reason == "bob is there already"


def test_it_does_not_propose_the_same_again_before_there_is_an_answer(file: Path) -> None:
    spec = on_file("spawn_team", team=TeamId("others"), agents=())
    what = plan([ANN], [ONE], triggers=[spec], awaited=[agent("bob")], auto_spawn=False)
    ran = play(what, file, outside=MANY[:2])
    assert len(ran.of("user.asked")) == 1
    assert said(ran)[1].endswith("but it has proposed that already, and nobody has answered")


def test_no_more_is_proposed_than_there_is_room_for(file: Path) -> None:
    limits = Limits(total=3)
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS, auto_spawn=False, limits=limits)
    ran = play(what, file, outside=MANY)
    assert len(ran.of("user.asked")) == 2
    assert said(ran)[2].endswith("limits.total is 3, and 1 agent is there and 2 proposed")


def test_a_rehearsal_in_which_only_times_come_has_an_end(file: Path) -> None:
    spec = trigger("x", "schedule", "set_memory", interval_ms=1_000, set=((MemoryKey("k"), 1),))
    what = plan([ANN], [task("never", "ann", keys=["missing"])], triggers=[spec])
    ran = play(what, file)
    assert ran.session.outcome == "incomplete"
    assert 1_000 <= len(ran.of("system.scheduled")) <= 1_002


# -- what keeps them from it ----------------------------------------------------------------------


def test_what_else_must_hold_is_said_when_it_does_not(file: Path) -> None:
    spec = on_file(when=(Condition("memory:k", "ge", (3,)),))
    ran = play(plan([ANN], [ONE], triggers=[spec]), file, outside=[(5, created("src/a.py"))])
    assert said(ran) == ["src/a.py was created, but memory:k is not there, and it wants at least 3"]


def test_it_rests_fires_so_often_and_once_for_one_thing(file: Path) -> None:
    rests = on_file("notify", cooldown_ms=10_000)
    thrice = on_file("notify", "y", max_fires=3)
    once = on_file("notify", "z", dedupe_key="${event.path}")
    facts = [(5, created("src/a.py")), (6, created("src/a.py"))]
    facts += [(20, created("src/b.py")), (21, created("src/c.py"))]
    ran = play(plan([ANN], [ONE], triggers=[rests, thrice, once]), file, outside=facts)
    fired = [(it.data.trigger, it.at // 1000) for it in ran.of("system.fired")]
    assert [at for name, at in fired if name == "x"] == [5, 20]
    assert [at for name, at in fired if name == "y"] == [5, 6, 20]
    assert [at for name, at in fired if name == "z"] == [5, 20, 21]
    assert said(ran)[1] == "src/a.py was created, but it rests for another 9 s after it has fired"
    assert said(ran, "y")[3] == "src/c.py was created, but it has fired 3 times, and may no more"
    assert said(ran, "z")[1] == "src/a.py was created, but it has fired for src/a.py already"


def test_it_fires_once_too_often_for_nobody_however_fast_one_thing_leads_to_another(
    file: Path,
) -> None:
    spec = trigger(
        "x", "event", "create_task", kind="task.created", max_fires=1, skill="work", task="more"
    )
    tasks = [ONE, task("two", "ann"), task("three", "ann")]
    ran = play(plan([ANN], tasks, triggers=[spec]), file)
    assert len(ran.of("system.fired")) == 1
    assert len(ran.session.tasks) == 4


def test_mute_disable_and_arm(file: Path) -> None:
    facts: list[tuple[float, Fact]] = [
        (1, told("mute_trigger", "x")),
        (2, created("src/a.py")),
        (3, told("disable_trigger", "x")),
        (4, created("src/b.py")),
        (5, told("fire_trigger", "x")),
        (6, told("arm_trigger", "x")),
        (7, told("fire_trigger", "x")),
    ]
    ran = play(plan([ANN], [ONE], triggers=[on_file("notify")]), file, outside=facts)
    assert said(ran) == [
        "src/a.py was created, but it is muted, so it does not notify",
        "operator fires it, but it is disabled, so it does not notify",
        "operator fires it",
    ]
    assert len(ran.of("system.notified")) == 1


@pytest.mark.parametrize(
    ("limit", "room"),
    [
        (Limits(total=4), 3),
        (Limits(per_minute=2), 2),
        (Limits(cpu=2), 2),
        (Limits(memory=2_000), 2),
    ],
    ids=["total", "per_minute", "cpu", "memory"],
)
def test_a_limit_is_told_of_once_and_counted(file: Path, limit: Limits, room: int) -> None:
    kinds = {"fixer": kind("fix", limits=AgentLimits(cpu=1, memory=1_000))}
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=kinds, limits=limit)
    ran = play(what, file, outside=MANY, hands=_busy)
    assert len(ran.session.agents) == 1 + room
    assert len(ran.issues()) == 1
    assert ran.issues()[0].startswith("trigger x spawns no more: limits.")
    row = ran.session.triggers[TriggerName("x")]
    assert (row.fires, row.refused, len(row.limits)) == (room, 6 - room, 1)


def _busy(hand: Hand, what: Told | None) -> None:
    if isinstance(what, Assignment):
        hand.after(100, hand.exit)


def test_agents_of_the_layout_that_a_trigger_spawns_count_for_the_minute_too(file: Path) -> None:
    spec = on_file(agents=("bob",))
    other = on_file("spawn_agent", "y")
    what = plan(
        [ANN],
        [ONE],
        triggers=[spec, other],
        kinds=KINDS,
        awaited=[agent("bob")],
        limits=Limits(per_minute=1),
    )
    ran = play(what, file, outside=[(5, created("src/a.py"))])
    assert names(ran) == ["ann", "bob"]
    assert "limits.per_minute is 1" in said(ran, "y")[0]


def test_who_was_out_of_work_comes_back_once_there_is_room(file: Path) -> None:
    kinds = {"fixer": kind("fix", limits=AgentLimits(cpu=1))}
    again = on_file("create_task", "again", path_pattern="etc/*", agent=AgentId("fixer-1"))
    what = plan([ANN], [ONE], triggers=[on_file(), again], kinds=kinds, limits=Limits(cpu=1))

    def behave(hand: Hand, what: Told | None) -> None:
        if isinstance(what, Assignment):
            hand.after({"x-1": 1, "x-2": 30}.get(what.task.id, 100), hand.exit)

    facts = [(1, created("src/a.py")), (5, created("src/b.py")), (10, created("etc/a"))]
    ran = play(what, file, outside=facts, hands=behave)
    assert names(ran) == ["ann", "fixer-1", "fixer-2"]
    assert (35, "AVAILABLE") in ran.agent_states("fixer-1")
    assert ran.states("again-1")[-1][1] == "COMPLETE"


SMALL = kind("fix", limits=AgentLimits(cpu=1))
BIG = kind("heavy", limits=AgentLimits(cpu=2))


@pytest.mark.parametrize(
    ("again", "back"),
    [
        ([{"agent": AgentId("small-1")}, {"agent": AgentId("small-2")}], "small-1 and small-2"),
        ([{"skill": "fix"}], "small-1"),  # who can do what both can
    ],
)
def test_all_who_are_wanted_come_back_when_one_leaves_room_for_them(
    file: Path, again: list[dict[str, str]], back: str
) -> None:
    what = plan(
        [ANN],
        [ONE],
        triggers=[
            on_file("spawn_agent", "s", agents=("small",)),
            on_file("spawn_agent", "b", path_pattern="big/*", agents=("big",)),
            *(
                on_file("create_task", f"t{n}", path_pattern="etc/*", **whose)
                for n, whose in enumerate(again)
            ),
        ],
        kinds={"small": SMALL, "big": BIG},
        limits=Limits(cpu=2),
    )

    def behave(hand: Hand, what: Told | None) -> None:
        if isinstance(what, Assignment):
            hand.after({"s-1": 1, "s-2": 1, "b-1": 30}.get(what.task.id, 100), hand.exit)

    facts: list[tuple[float, Fact]] = [(1, created("src/a.py")), (1, created("src/b.py"))]
    facts += [(5, created("big/a")), (10, created("etc/a"))]
    ran = play(what, file, outside=facts, hands=behave)
    decided = ran.decisions("use_room")[0]
    assert (decided.at, decided.data.reason) == (35_000, f"big-1 leaves room for {back}")
    for n in range(len(again)):
        assert (35, "ASSIGNED") in ran.states(f"t{n}-1")


def test_a_chain_is_only_so_long(file: Path) -> None:
    spec = trigger("x", "event", "spawn_agent", kind="agent.spawned", agents=("fixer",))
    what = plan([ANN], [ONE], triggers=[spec], kinds=KINDS, limits=Limits(depth=3))
    ran = play(what, file)
    assert names(ran) == ["ann", "fixer-1", "fixer-2", "fixer-3"]
    assert [agent.spec.depth for agent in ran.session.agents.values()] == [0, 1, 2, 3]
    assert len(ran.issues()) == 1


@pytest.mark.parametrize("seen", ["system.decided", "system.refused", "system.fired", "user.asked"])
@pytest.mark.parametrize("action", ["spawn_agent", "ask_human", "notify"])
def test_triggers_that_look_at_what_triggers_do_come_to_an_end(
    file: Path, seen: str, action: ActionType
) -> None:
    spec = trigger("x", "event", action, kind=seen, agents=("fixer",), question=QuestionName("q"))
    other = on_file("spawn_agent", "y")
    what = plan(
        [ANN],
        [task("one", "ann", gate="g")],
        [question("q", timeout=5), question("g", timeout=5)],
        triggers=[spec, other],
        kinds=KINDS,
        limits=Limits(total=2, depth=2),
    )
    ran = play(what, file, outside=MANY)
    assert ran.session.status == "ended"
    assert recheck(what, ran.events).divergence is None


def test_a_trigger_never_comes_in_the_middle_of_an_assignment(file: Path) -> None:
    spec = trigger("x", "event", "spawn_agent", kind="task.transitioned", agents=("fixer",))
    what = plan([ANN], [ONE], triggers=[spec], kinds=KINDS, max_agents=1)
    ran = play(what, file)
    held = 0
    for event in ran.of("agent.transitioned"):
        held += event.data.trigger == "task_assigned"
        held -= event.data.to_state in ("COMPLETE", "FAILED")
        assert held <= 1
    assert ran.session.status == "ended"


# -- the end --------------------------------------------------------------------------------------


def test_a_session_that_is_kept_waits_for_files_until_it_is_stopped(file: Path) -> None:
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS, keep_running=True)

    def during(orchestrator: Orchestrator, event: AnyEvent) -> None:
        done = event.kind == "task.transitioned" and event.data.to_state == "COMPLETE"
        if done and event.data.task == "x-1":
            orchestrator.submit(Stop("enough"))

    ran = play(what, file, outside=[(500, created("src/a.py"))], during=during)
    assert names(ran) == ["ann", "fixer-1"]
    assert ran.session.outcome == "complete"


def test_nothing_is_spawned_once_the_session_is_ending(file: Path) -> None:
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS)

    def dawdle(hand: Hand, what: Told | None) -> None:
        if isinstance(what, Assignment):
            hand.after(500, hand.exit)

    ran = play(
        what,
        file,
        hands=Hands(dawdle, obeys_stop=10),
        operator=[(5, Stop("enough"))],
        outside=[(6, created("src/a.py"))],
    )
    assert names(ran) == ["ann"]
    assert said(ran) == ["src/a.py was created, but the session is ending"]


def test_whoever_was_spawned_can_be_steered(file: Path) -> None:
    what = plan([ANN], [ONE], triggers=[on_file()], kinds=KINDS)
    ran = play(
        what,
        file,
        outside=[(5, created("src/a.py"))],
        operator=[(8, Steer("stop", AgentId("fixer-1")))],
        hands=_busy,
    )
    assert ran.session.tasks[TaskId("x-1")].state == "CANCELLED"
    assert ran.session.outcome == "incomplete"


# -- resume ---------------------------------------------------------------------------------------


def test_wherever_the_program_dies_nothing_is_spawned_twice_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    what = plan(
        [ANN],
        [task("one", "ann", provides=["k"])],
        triggers=[
            trigger("x", "memory_key", "spawn_agent", key=MemoryKey("k"), agents=("fixer",)),
            trigger("y", "event", "create_task", kind="agent.spawned", skill="fix", max_fires=2),
        ],
        kinds=KINDS,
    )
    whole = play(what, tmp_path / "whole.jsonl")
    assert names(whole) == ["ann", "fixer-1"]
    for after in range(1, len(whole.events) - 1):
        path = crash(whole, tmp_path / "crashed.jsonl", after=after, torn=after % 7)
        ran = play(what, path, resume=True)
        assert names(ran) == ["ann", "fixer-1"], f"after {after} events"
        assert list(ran.session.tasks) == list(whole.session.tasks)
        assert ran.session.outcome == "complete"
        assert recheck(what, ran.events).divergence is None
        ran_for = [(it.data.trigger, it.data.key) for it in ran.of("system.fired")]
        assert ran_for == [(it.data.trigger, it.data.key) for it in whole.of("system.fired")]


@pytest.mark.parametrize("hook", ["on_start", "pre_task", "post_task"])
def test_a_hook_that_fails_brings_a_troubleshooter(hook: HookName) -> None:
    spec = trigger(
        "x", "agent_error", "spawn_troubleshooter", error_type="hook_failed", agents=("fixer",)
    )
    what = plan(
        [agent("ann", real=True)],
        [task("one", "ann")],
        triggers=[spec],
        kinds=KINDS,
        hooks={"ann": [hook]},
    )
    engine = Engine(what, RuleBook(what, RULES))
    started = e.SystemStarted(
        "it",
        "",
        "",
        Mode.LIVE,
        attended=False,
        max_agents=None,
        teams=what.teams,
        triggers=what.triggers,
    )
    effects = deque(engine.receive(started, 0, None).effects)
    while effects and "fixer-1" not in engine.session.agents:
        match effects.popleft():
            case Start() as start:
                done = e.SystemDone(start.action, "start_process", start.agent)
                effects += engine.receive(done, 1, start.seq).effects
                ended = e.AgentExited(start.agent, start.incarnation, start.task, 0)
                effects += engine.receive(ended, 2, start.seq).effects
            case Hook() as run:
                failed = e.SystemDone(run.action, "run_hook", run.agent, "ended with exit code 7")
                effects += engine.receive(failed, 3, run.seq).effects
    created = engine.session.tasks[TaskId("x-1")].spec
    assert created.context["error"] == {"type": "hook_failed", "message": "ended with exit code 7"}


def test_what_was_proposed_and_approved_begins_without_being_asked_about_again(file: Path) -> None:
    spec = trigger(
        "x",
        "memory_key",
        "spawn_agent",
        key=MemoryKey("k"),
        agents=("fixer",),
        start_question=QuestionName("start"),
    )
    script = {"one": Script(duration=(1000, 1000), memory=((MemoryKey("k"), 1),))}
    ran = play(
        plan(
            [ANN],
            [task("one", "ann")],
            [question("start")],
            triggers=[spec],
            kinds=KINDS,
            scripts=script,
            auto_spawn=False,
        ),
        file,
        answers=[answer("spawn/x", "approve", after=1)],
    )
    assert [it.data.name for it in ran.of("user.asked")] == ["spawn/x"]
    assert ran.states("x-1")[-1][1] == "COMPLETE"
