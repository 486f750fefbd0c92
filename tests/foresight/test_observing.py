"""What is kept of a session: the times of its tasks, against the events they come from, and who
and what took part."""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from math import inf
from pathlib import Path

import programs
import pytest
from hands import Hand
from pydantic import JsonValue

from mop_tui.agents.host import Assignment, Told
from mop_tui.cli import preparing, session
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Command, Steer, SwitchTopology
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import Mode, Retry, Review, Script, ScriptedMessage, ScriptedStep
from mop_tui.domain.rows import KEPT_STAYS
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.foresight.observing import is_learnt_from, observe, record_of, task_name
from mop_tui.foresight.record import Record, TaskRecord
from mop_tui.foresight.store import Store, usual_folder
from mop_tui.journal import JournalFile
from sessions import (
    Ran,
    agent,
    answer,
    fixed,
    header,
    kind,
    plan,
    play,
    question,
    task,
    trigger,
)

ROOT = Path(__file__).parents[2]
RECORDED = ("mop-platform", "python-release")
SECOND = 1_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.jsonl"


def of(ran: Ran, **layout: JsonValue) -> Record:
    return record_of(replace(header(), layout=layout), ran.session.snapshot())


def named(record: Record, name: str) -> TaskRecord:
    return next(it for it in record.tasks if it.id == name)


def test_work_begins_when_somebody_has_it_and_queueing_when_it_is_ready(file: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann"), task("two", "ann"), task("three", "ann", needs=["one", "two"])],
        scripts={"one": fixed(3), "two": fixed(5), "three": fixed(7)},
    )
    record = of(play(what, file))
    times = {it.id: (it.work_ms, it.queue_ms) for it in record.tasks}
    assert times == {"one": (3_000, 0), "two": (5_000, 3_000), "three": (7_000, 0)}
    assert record.execution_ms == 15_000
    assert named(record, "three").needs_tasks == ("one", "two")
    assert named(record, "three").expected_ms == 10_000


def test_a_gate_is_waited_for_and_neither_worked_on_nor_queued_for(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("ben")],
        [task("one", "ann", gate="sure"), task("two", "ben", gate="sure")],
        [question("sure")],
        scripts={"one": fixed(3), "two": fixed(3)},
    )
    answers = [answer("sure", "approve", after=20), answer("sure", "approve", after=40)]
    record = of(play(what, file, answers=answers))
    assert [(it.work_ms, it.queue_ms) for it in record.tasks] == [(3_000, 0)] * 2
    assert record.waits == {"sure": 30_000}


def test_a_gate_that_nobody_answered_waited_until_its_time_was_out(file: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann", gate="which"), task("two", "ann")],
        [question("which", options=["s3", "local"], timeout=60, default="local")],
        scripts={"one": fixed(1), "two": fixed(1)},
    )
    record = of(play(what, file))
    assert record.success
    assert record.waits == {"which": 60_000}


def test_what_keeps_an_agent_from_going_on_is_no_work(file: Path) -> None:
    steps = (ScriptedStep("wait", MemoryKey("k")),)
    what = plan(
        [agent("ann"), agent("ben"), agent("cid")],
        [task("asks", "ann"), task("waits", "ben"), task("sets", "cid", provides=["k"])],
        scripts={
            "asks": Script(duration=(4_000, 4_000), asks=question("how")),
            "waits": Script(duration=(6_000, 6_000), steps=steps),
            "sets": Script(duration=(50_000, 50_000), memory=((MemoryKey("k"), 1),)),
        },
    )
    operator: list[tuple[float, Command]] = [
        (10, Steer("pause", AgentId("cid"))),
        (40, Steer("resume", AgentId("cid"))),
    ]
    ran = play(
        what,
        file,
        operator=operator,
        answers=[answer("ann/how", "approve", after=30)],
    )
    record = of(ran)
    assert {it.id: it.work_ms for it in record.tasks} == {
        "asks": 4_000,
        "waits": 6_000,
        "sets": 50_000,
    }
    assert record.execution_ms == 83_000
    assert record.waits == {}, "what agents ask by themselves is no gate"


def test_all_attempts_are_added_up_and_the_rests_between_them_are_not(file: Path) -> None:
    def third_time_lucky(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(2, hand.exit, 0 if heard.attempt == 3 else 1)

    what = plan([agent("ann")], [task("one", "ann", retry=Retry(times=2, delay_ms=9_000))])
    ran = play(what, file, hands=third_time_lucky)
    [one] = of(ran).tasks
    assert (one.attempts, one.work_ms, one.queue_ms) == (3, 6_000, 0)
    assert of(ran).execution_ms > 20_000


def test_a_review_is_a_task_of_its_own_that_the_layout_does_not_have(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("bob")],
        [task("one", "ann", review=Review(by=AgentId("bob"), expected_ms=2_000))],
        scripts={"one": fixed(5)},
    )
    record = of(play(what, file), tasks={"one": {}})
    assert [(it.id, it.agent_type, it.reviews, it.planned, it.work_ms) for it in record.tasks] == [
        ("one", "ann", None, True, 5_000),
        ("review-of-one-1", "bob", "one", False, 2_000),
    ]


def test_who_was_spawned_counts_and_what_was_made_meanwhile_was_not_planned(file: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann", provides=["k"])],
        scripts={"one": Script(duration=(1_000, 1_000), memory=((MemoryKey("k"), 1),))},
        kinds={"helper": kind("help", model="haiku")},
        triggers=[
            trigger(
                "more",
                "memory_key",
                "spawn_agent",
                key=MemoryKey("k"),
                agents=("helper",),
                task="Look after it",
            )
        ],
    )
    record = of(play(what, file), tasks={"one": {}})
    assert record.agent_types == {"ann": 1, "helper": 1}
    assert record.team_composition == {"crew": 1, "spawned": 1}
    [made] = [it for it in record.tasks if not it.planned]
    assert (made.agent_type, made.team, made.model) == ("helper", "spawned", "haiku")


def test_the_shape_in_which_most_was_done_and_what_messages_cost_in_each(file: Path) -> None:
    chatter = (ScriptedMessage(to="ben", text="look", every_ms=1_000),)
    what = plan(
        [agent("ann", team="crew"), agent("ben"), agent("hub", lead=True, relays=True)],
        [task("one", "ann"), task("two", "ben")],
        scripts={
            "one": Script(duration=(60_000, 60_000), messages=chatter),
            "two": fixed(60),
        },
    )
    operator: list[tuple[float, Command]] = [(45, SwitchTopology("star"))]
    ran = play(what, file, operator=operator)
    record = of(ran)
    before = ran.of("system.topology_changed")[0].data.from_shape
    assert record.topology == before != ran.session.shape == "star"
    assert set(record.overhead) == {"star", before}
    assert all(0 <= share <= 1 for share in record.overhead.values())
    figures = ran.session.snapshot().coordination
    assert sum(it.work_ms for it in figures.by_shape.values()) == figures.whole.work_ms == 120_000
    assert figures.by_shape["star"].work_ms == 30_000


def test_of_a_task_that_was_held_up_more_often_than_is_remembered_the_attempt_is_known(
    file: Path,
) -> None:
    operator: list[tuple[float, Command]] = []
    for number in range(KEPT_STAYS):
        operator += [
            (2 * number + 1, Steer("pause", AgentId("ann"))),
            (2 * number + 2, Steer("resume", AgentId("ann"))),
        ]
    what = plan([agent("ann")], [task("one", "ann")], scripts={"one": fixed(1_000)})
    ran = play(what, file, operator=operator)
    [one] = of(ran).tasks
    assert ran.session.tasks[TaskId("one")].history[0][0] > 0, "the first stays are forgotten"
    assert one.at_least
    assert one.work_ms == 1_000 * SECOND
    assert of(ran).execution_ms == (1_000 + KEPT_STAYS) * SECOND


def test_what_failed_is_told_as_such_and_its_unfinished_tasks_are_left_out(file: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann"), task("two", "ann")],
        scripts={"one": fixed(1), "two": fixed(1, exit_code=1)},
    )
    record = of(play(what, file))
    assert (record.success, record.outcome) == (False, "incomplete")
    assert [it.id for it in record.tasks] == ["one"]


def test_what_a_layout_calls_what_it_does() -> None:
    assert task_name({"session": {"id": "a", "task": "b"}}) == "b"
    assert task_name({"session": {"id": "a"}}) == "a"
    assert task_name({}) == ""
    assert is_learnt_from({"session": {"id": "a"}})
    assert not is_learnt_from({"session": {"id": "a", "learn": False}})


@pytest.mark.parametrize("odd", [None, 3, [], "x", {"vars": 4, "task": 5, "id": 6}])
def test_a_layout_that_somebody_else_wrote_may_hold_anything(file: Path, odd: JsonValue) -> None:
    what = plan([agent("ann")], [task("one", "ann")], scripts={"one": fixed(1)})
    record = of(play(what, file), session=odd, tasks=odd)
    assert (record.task, dict(record.variables)) == ("test", {})


# -- against the events -----------------------------------------------------------------------


def worked(events: Iterable[AnyEvent]) -> dict[TaskId, tuple[int, int]]:
    """Return for how long each task was in hand and not held up, and ready without a question, told
    from what moved when and from nothing that the state remembers."""
    work: dict[TaskId, int] = {}
    ready: dict[TaskId, int] = {}
    states: dict[TaskId, TaskState] = {}
    resting: dict[str, TaskId | None] = {}
    asked: dict[TaskId, str] = {}
    paused: dict[AgentId, bool] = {}
    holder: dict[TaskId, AgentId | None] = {}
    since = 0
    for event in events:
        for name, state in states.items():
            if state in (TaskState.ASSIGNED, TaskState.ACTIVE):
                by = holder[name]
                free = by is None or not (state is TaskState.ACTIVE and paused.get(by))
                work[name] = work.get(name, 0) + free * (event.at - since)
            elif state is TaskState.READY and name not in {*resting.values(), *asked}:
                ready[name] = ready.get(name, 0) + event.at - since
        since = event.at
        data = event.data
        match event.kind:
            case "task.transitioned":
                states[data.task] = data.to_state
                if data.agent is not None:
                    holder[data.task] = data.agent
            case "agent.transitioned":
                paused[data.agent] = data.to_state is AgentState.PAUSED
            case "system.timer_set" if data.purpose == "retry":
                resting[data.timer] = data.task
            case "system.timer_fired":
                resting.pop(data.timer, None)
            case "user.asked" if data.task is not None and data.agent is None:
                asked[data.task] = data.question
            case "user.answered" | "user.expired" | "user.withdrawn":
                asked = {name: it for name, it in asked.items() if it != data.question}
    return {name: (work.get(name, 0), ready.get(name, 0)) for name in states}


@pytest.mark.parametrize("name", RECORDED)
def test_times_are_those_that_the_events_tell(name: str) -> None:
    path = ROOT / "sessions" / f"{name}.jsonl"
    with JournalFile.open(path) as journal:
        times = worked(journal)
    record = observe(path)
    assert record.success
    assert len(record.tasks) > 2
    assert {it.id: (it.work_ms, it.queue_ms) for it in record.tasks} == {
        it.id: times[it.id] for it in record.tasks
    }


@pytest.mark.parametrize("name", RECORDED)
def test_the_state_at_the_end_tells_the_same_as_its_file(name: str) -> None:
    path = ROOT / "sessions" / f"{name}.jsonl"
    state = Session()
    with JournalFile.open(path) as journal:
        for event in journal:
            apply(state, event)
        assert record_of(journal.header, state.snapshot()) == observe(path)


@pytest.mark.parametrize("name", ["mop-platform", "talkative", "illness", "agents-tour"])
@pytest.mark.parametrize("seed", range(3))
def test_of_rehearsals_of_all_kinds_it_is_told_what_happened(
    name: str, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared = preparing.prepare(
        ROOT / "layouts" / f"{name}.yaml",
        overrides={},
        rehearse=True,
        speed=inf,
        seed=seed,
        answers=None,
        session_file=tmp_path / "it.jsonl",
        attended=False,
        trusted=True,
    )
    session.run_headless(prepared, as_json=False)
    assert capsys.readouterr().out
    with JournalFile.open(prepared.path) as journal:
        times = worked(journal)
    record = observe(prepared.path)
    assert record.mode is Mode.REHEARSAL
    assert record.tasks
    assert {it.id: (it.work_ms, it.queue_ms) for it in record.tasks} == {
        it.id: times[it.id] for it in record.tasks if not it.at_least
    }
    assert sum(record.team_composition.values()) == sum(record.agent_types.values())
    assert "secret" not in str(asdict(replace(record, layout={})))


REAL = """
session: {id: real}
agent_types: {worker: {}}
teams:
  crew:
    agents: [{id: ann, type: worker}, {id: ben, type: worker}, {id: cid, type: worker}]
tasks:
  tries:
    agent: ann
    retry: {times: 1, delay: 300ms}
    run: {shell: "sleep 0.1; test -e tried || { touch tried; exit 1; }"}
  prepares:
    agent: ben
    pre_task: {shell: "sleep 0.2"}
    run: {shell: "sleep 0.1"}
  queues: {agent: ben, run: {shell: "sleep 0.05"}}
  waits:
    agent: cid
    gate: sure
    run: {shell: "cat asks; read -r answer; echo went on"}
  sets: {agent: ann, needs: [tries], provides: [k], run: {shell: "sleep 0.4; cat sets"}}
questions: {sure: {question: "Sure?", question_type: approval}}
"""
SAID = {
    "asks": {"mop": "waiting", "id": "w", "for": "memory:k"},
    "sets": {"mop": "memory", "key": "k", "value": 1},
}


def test_of_real_processes_it_is_told_what_happened(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(REAL, encoding="utf-8")
    for name, line in SAID.items():
        (tmp_path / name).write_text(json.dumps(line) + "\n", encoding="utf-8")
    (tmp_path / "answers.yaml").write_text(
        "- {question: sure, value: approve, after: 0.2}\n", encoding="utf-8"
    )
    words = ["run", "real.yaml", "--trust", "--headless", "--session-file", "it.jsonl"]
    done = programs.run(*words, "--answers", "answers.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with JournalFile.open(tmp_path / "it.jsonl") as journal:
        times = worked(journal)
    [record] = Store(usual_folder()).read().records
    assert record == observe(tmp_path / "it.jsonl")
    assert {it.id: (it.work_ms, it.queue_ms) for it in record.tasks} == times
    assert record.mode is Mode.LIVE
    assert named(record, "tries").attempts == 2
    assert named(record, "tries").work_ms >= 200
    assert named(record, "prepares").work_ms >= 300, "what prepares it belongs to it"
    assert named(record, "queues").queue_ms >= 300
    assert record.waits[QuestionName("sure")] >= 200
    assert named(record, "waits").work_ms < record.execution_ms - 400, "it waited for a key"
