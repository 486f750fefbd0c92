"""What a report says is what was recorded: of any session, as far as it goes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from any_event import events_of
from chance import (
    CANARY,
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    Whims,
    plans,
    stop_at,
    whole_sessions,
)
from figures import RECORDED, assert_consistent, measured, with_outlook, worked
from hands import Hand
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import deadlocks, storms
from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.events import FACTS, AnyEvent, SystemTopologyChanged
from mop_tui.domain.feed import Command, SwitchTopology
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TeamId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Ailment, Plan, Retry, Review, Script
from mop_tui.domain.rows import KEPT_STAYS
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.errors import JournalDamageError, NotASessionError
from mop_tui.journal import BufferedWriter, JournalFile
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.report.as_json import as_json
from mop_tui.report.gathering import gather
from mop_tui.report.markdown import markdown
from mop_tui.report.notes import MOST_OF_A_KIND, Notes
from mop_tui.report.summary import Summary, TaskPart
from sessions import (
    agent,
    answer,
    crash,
    exact,
    fixed,
    header,
    kind,
    plan,
    play,
    question,
    task,
    trigger,
)


def by_id(summary: Summary) -> Mapping[str, TaskPart]:
    return {task.id: task for task in summary.tasks}


# -- any session ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RECORDED, ids=lambda it: it.stem)
def test_recorded_sessions_are_told_in_figures_that_agree(path: Path) -> None:
    summary = gather(path)
    assert_consistent(summary)
    assert summary.outcome == "complete"
    assert summary.mode == "rehearsal"
    assert {it.id: it.work_ms for it in summary.tasks if it.work_ms} == worked(path)
    with JournalFile.open(path) as journal:
        assert summary.events == len(journal)
        assert summary.length_ms == journal.at(len(journal))


@given(
    plans(),
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    st.integers(0, 2**16),
    st.one_of(st.none(), st.integers(1, 200)),
)
@whole_sessions(40)
def test_figures_agree_whatever_happens(
    what: Plan,
    at_gates: list[PreparedAnswer],
    to_agents: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    seed: int,
    moment: int | None,
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        play(
            what,
            path,
            answers=[*at_gates, *to_agents],
            operator=operator,
            hands=Whims(seed).hands(),
            during=stop_at(moment),
        )
        summary = gather(path)
        assert_consistent(summary)
        assert {it.id: it.work_ms for it in summary.tasks if it.work_ms} == worked(path)
        assert CANARY not in as_json(summary)
        assert CANARY not in markdown(summary)


@given(st.data())
@settings(max_examples=30)
def test_what_was_recorded_so_far_can_be_told_at_any_moment(data: st.DataObject) -> None:
    recorded = RECORDED[0].read_bytes()
    cut = data.draw(st.integers(recorded.index(b"\n") + 1, len(recorded)))
    whole = recorded[:cut].count(b"\n") - 1
    with TemporaryDirectory() as folder:
        live, damaged = Path(folder) / "live.jsonl", Path(folder) / "damaged.jsonl"
        live.write_bytes(recorded[:cut])
        summary = gather(live)
        assert_consistent(summary)
        assert whole <= summary.events <= whole + 1
        assert markdown(summary)
        # What stands above a damage is told the same.
        lines = recorded.splitlines(keepends=True)
        if 0 < summary.events < len(lines) - 1:
            lines[summary.events + 1] = b"{}\n"
            damaged.write_bytes(b"".join(lines))
            with pytest.raises(JournalDamageError):
                gather(damaged)
            above = gather(damaged, until_damage=True)
            assert f"line {summary.events + 2}" in above.damage
            assert replace(above, damage="", file="", torn=False) == replace(
                summary, file="", torn=False
            )


def test_a_file_without_events_tells_what_it_is_of(file: Path) -> None:
    BufferedWriter(file, replace(header(), layout={"session": {"id": "early"}})).close()
    summary = gather(file)
    assert (summary.session, summary.events, summary.outcome) == ("early", 0, "interrupted")
    assert_consistent(summary)
    assert "interrupted" in markdown(summary)


def test_what_is_no_session_is_not_told_of(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text("hello\n", encoding="utf-8")
    with pytest.raises(NotASessionError):
        gather(other)


def test_a_session_that_broke_off_says_so_and_one_that_goes_on_is_whole(file: Path) -> None:
    what = exact([agent("ann")], [task("one", "ann", seconds=20)])
    ran = play(what, file)
    (started,) = ran.of("system.done")
    died = crash(ran, file.with_name("died.jsonl"), after=started.seq, torn=20)
    broken = gather(died)
    assert (broken.outcome, broken.torn) == ("interrupted", True)
    assert not broken.ended
    play(what, died, resume=True)
    resumed = gather(died)
    assert (resumed.outcome, resumed.resumptions, resumed.torn) == ("complete", 1, False)
    assert resumed.wall(resumed.length_ms) > resumed.wall(0)
    assert_consistent(resumed)


@pytest.mark.parametrize("of", [fact.KIND for fact in FACTS])
def test_facts_about_what_is_not_there_are_passed_over(of: str) -> None:
    with JournalFile.open(RECORDED[-1]) as journal:
        before = list(journal.events(1, 100))

    @given(events_of(of))
    @settings(max_examples=5)
    def passed_over(event: AnyEvent) -> None:
        notes = Notes()
        for earlier in before:
            notes.take(earlier)
        notes.take(replace(event, seq=101, at=before[-1].at, cause=100))
        assert notes.session.seq == 101

    passed_over()


# -- tasks and agents -----------------------------------------------------------------------------


def test_stays_that_the_state_has_long_forgotten_are_told(file: Path) -> None:
    count = KEPT_STAYS
    tasks = [task(f"t{n}", "ann", seconds=1) for n in range(count)]
    summary = gather(play(exact([agent("ann")], tasks), file).path)
    assert_consistent(summary)
    (ann,) = summary.agents
    assert {it.task for it in ann.stays if it.task is not None} == {it.id for it in tasks}
    assert ann.work_ms == summary.length_ms == count * 1000
    assert ann.completed == count


def test_time_is_told_by_what_kept_a_task(file: Path) -> None:
    """One is worked on 10 s; two waits for it, then for its gate, then for ann; three for both."""
    tasks = [
        task("one", "ann", seconds=10),
        task("two", "ann", seconds=5, needs=["one"], gate="sure"),
        task("other", "ann", seconds=30, needs=["one"]),
    ]
    what = exact([agent("ann")], tasks, [question("sure")])
    summary = gather(play(what, file, answers=[answer("sure", "approve", "fine", after=12)]).path)
    two = by_id(summary)["two"]
    assert (two.pending_ms, two.held_ms, two.queue_ms, two.work_ms) == (
        10_000,
        12_000,
        18_000,
        5_000,
    )
    assert [(it.begin // 1000, it.what) for it in two.stays] == [
        (0, "pending"),
        (10, "waiting for you"),
        (22, "queued"),
        (40, "working"),
    ]
    (asked,) = summary.questions
    assert (asked.value, asked.reason, asked.waited_ms) == ("approve", "fine", 12_000)
    assert (asked.by, asked.about) == ("file#test", "two")
    assert_consistent(summary)


def test_a_wait_for_a_lock_is_no_want_of_hands(file: Path) -> None:
    tasks = [
        task("one", "ann", seconds=10, locks=["disk/*"]),
        task("two", "ben", seconds=5, locks=["disk/a"]),
    ]
    summary = gather(play(exact([agent("ann"), agent("ben")], tasks), file).path)
    two = by_id(summary)["two"]
    assert (two.queue_ms, two.held_ms) == (0, 10_000)
    assert two.stays[0].what == "waiting for a lock"
    assert summary.critical_path[-1].kind == "lock"
    assert_consistent(summary)


def test_once_a_lock_is_given_back_hands_are_what_is_missing(file: Path) -> None:
    tasks = [
        task("one", "ann", seconds=10, locks=["disk"]),
        task("long", "ben", seconds=30),
        task("two", "ben", seconds=5, locks=["disk"]),
    ]
    summary = gather(play(exact([agent("ann"), agent("ben")], tasks), file).path)
    two = by_id(summary)["two"]
    assert [(it.begin // 1000, it.what) for it in two.stays] == [
        (0, "waiting for a lock"),
        (10, "queued"),
        (30, "working"),
    ]
    assert (two.held_ms, two.queue_ms) == (10_000, 20_000)


def test_failed_attempts_and_rests_are_told(file: Path) -> None:
    tried = task("one", "ann", seconds=10, retry=Retry(2, 4_000))
    what = exact([agent("ann")], [tried], scripts={"one": fixed(10, exit_code=1)})
    summary = gather(play(what, file).path)
    (one,) = summary.tasks
    assert (one.state, one.attempts, one.retries) == (TaskState.FAILED, 3, 2)
    assert one.work_ms == 30_000
    failures = [it for it in summary.decisions if it.rule == "work_ended"]
    assert sum(it.times for it in failures) == 3, "each is a decision that matters"
    assert all(any("one" in order for order in it.actions) for it in failures)
    rests = [it for it in one.stays if it.what == "resting"]
    assert len(rests) == 2
    assert one.held_ms == sum(it.end - it.begin for it in rests)
    assert_consistent(summary)


def test_reviews_belong_to_what_they_are_of(file: Path) -> None:
    reviewed = task("one", "ann", seconds=10, review=Review(AgentId("ben"), expected_ms=4_000))
    what = exact([agent("ann"), agent("ben")], [reviewed])
    summary = gather(play(what, file).path)
    one = by_id(summary)["one"]
    assert one.held_ms > 0
    assert [it.what for it in one.stays] == ["working", "in review"]
    assert [it.task for it in summary.critical_path] == ["one", "review-of-one-1"]
    assert_consistent(summary)


def test_who_was_spawned_tells_by_what(file: Path) -> None:
    of_key: dict[str, Any] = {"type_": "memory_key", "key": MemoryKey("k")}
    helper = trigger("helper", action="spawn_agent", agents=("fixer",), **of_key)
    wave = trigger("wave", action="spawn_team", team=TeamId("others"), **of_key)
    what = exact(
        [agent("ann")],
        [
            task("one", "ann", seconds=10, provides=["k"]),
            task("two", skill="fix", seconds=5, needs=["one"]),
        ],
        triggers=[helper, wave],
        kinds={"fixer": kind("fix")},
        awaited=[agent("bob")],
    )
    summary = gather(play(what, file).path)
    by = {it.id: (it.spawned_by, it.spawned_at) for it in summary.agents}
    assert by == {"ann": ("", 0), "fixer-1": ("helper", 10_000), "bob": ("wave", 10_000)}
    assert {it.began_at for it in summary.teams if "bob" in it.agents} == {10_000}
    assert_consistent(summary)


def test_illness_is_told_with_when_it_was_over(file: Path) -> None:
    script = replace(fixed(600), ailments=(Ailment(60_000, 120_000, status="degraded"),))
    ill = plan([agent("ann")], [task("one", "ann", seconds=600)], scripts={"one": script})
    checks = HealthChecks(interval_ms=20_000)
    summary = gather(play(replace(ill, health=checks), file).path)
    (ann,) = summary.agents
    assert [level for _, level in ann.health] == ["degraded", "healthy"]
    assert 60_000 <= ann.health[0][0] < ann.health[1][0] <= 240_000
    assert [it.what for it in ann.stays] == ["working", "ill", "working"]
    assert by_id(summary)["one"].work_ms == 600_000, "its agent was ill and went on"
    assert_consistent(summary)


def test_what_was_measured_is_summed_up_and_what_was_not_is_unknown(file: Path) -> None:
    what = exact([agent("ann"), agent("ben")], [task("one", "ann", seconds=40)])
    outside = [
        (10.0, measured(1.0, 100, 50.0)),
        (20.0, measured(3.0, 50, 150.0)),
        (30.0, measured(0.5, 70, 25.0)),
    ]
    summary = gather(play(what, file, outside=outside).path)
    ann, ben = summary.agents
    assert (ann.cores_peak, ann.memory_peak, ann.cpu_peak, ann.cpu_mean) == (3.0, 100, 150.0, 75.0)
    assert (ben.cores_peak, ben.memory_peak, ben.cpu_peak, ben.cpu_mean) == (None,) * 4
    assert [(it.at, it.cores, it.memory) for it in summary.usage] == [
        (10_000, 1.0, 100),
        (20_000, 3.0, 50),
        (30_000, 0.5, 70),
        (40_000, 0.0, 0),
    ]


# -- the rest -------------------------------------------------------------------------------------


def test_a_password_is_told_as_answered(file: Path) -> None:
    gated = task("one", "ann", seconds=10, gate="word")
    what = exact([agent("ann")], [gated], [question("word", input_type="password")])
    summary = gather(play(what, file, answers=[answer("word", "", secret=CANARY)]).path)
    (asked,) = summary.questions
    assert (asked.state, asked.value, asked.secret) == ("answered", "", True)
    assert CANARY not in as_json(summary)
    assert "answered (a secret)" in markdown(summary)


def test_decisions_that_matter_are_told_and_others_counted(file: Path) -> None:
    gated = [task("one", "ann", seconds=10, gate="g"), task("two", "ann", needs=["one"])]
    what = exact([agent("ann")], gated, [question("g")])
    summary = gather(play(what, file, answers=[answer("g", "reject", "not now")]).path)
    rules = {it.rule: it for it in summary.decisions}
    assert "obey_rejection" in rules
    assert any("one" in order for order in rules["obey_rejection"].actions)
    assert "place_task" not in rules
    assert dict(summary.routine)["prepare_agent"] == 1
    assert by_id(summary)["two"].state is TaskState.CANCELLED
    assert_consistent(summary)


def test_what_comes_in_masses_is_kept_in_part_and_counted(file: Path) -> None:
    count = 2 * MOST_OF_A_KIND
    tasks = [task(f"t{n}", "ann", seconds=1) for n in range(count)]
    scripts: dict[str, Script] = {spec.id: fixed(1, exit_code=1) for spec in tasks}
    summary = gather(play(exact([agent("ann")], tasks, scripts=scripts), file).path)
    failures = [it for it in summary.timeline if it.kind == "task.transitioned"]
    assert len(failures) == MOST_OF_A_KIND
    assert summary.timeline_in_all > len(summary.timeline)
    assert failures[0].at == 1_000
    assert failures[-1].at == count * 1000
    assert_consistent(summary)


def test_a_new_shape_is_an_adaptation(file: Path) -> None:
    what = exact([agent("ann"), agent("ben")], [task("one", "ann", seconds=30)])
    operator: list[tuple[float, Command]] = [(10, SwitchTopology("star"))]
    ran = play(what, file, operator=operator)
    (changed,) = ran.of(SystemTopologyChanged.KIND)
    summary = gather(ran.path)
    assert [shape for _, shape in summary.topology] == ["mesh", "star"]
    assert [(it.seq, it.kind) for it in summary.adaptations] == [(changed.seq, "topology")]


def test_what_was_foretold_comes_from_earlier_sessions_alone(file: Path) -> None:
    what = exact([agent("ann")], [task("one", "ann", seconds=10), task("two", "ann", seconds=10)])
    assert gather(play(what, file).path).foretold_ms is None
    outlook = Outlook(4, {TaskId("one"): 30_000}, low=0.5, high=2.0, coverage=0.8)
    learnt = with_outlook(file, outlook)
    assert gather(learnt).foretold_ms == (40_000, 20_000, 80_000)


def test_agents_that_wait_at_work_are_told_as_waiting(file: Path) -> None:
    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.task.id == "one":
                hand.after(4, hand.wait, "w", "k")
            else:
                hand.after(20, hand.remember, "k", 1)
                hand.after(21, hand.exit)
        elif isinstance(heard, Reply):
            hand.after(5, hand.exit)

    what = exact([agent("ann"), agent("ben")], [task("one", "ann"), task("two", "ben")])
    summary = gather(play(what, file, hands=works).path)
    one = by_id(summary)["one"]
    assert (one.work_ms, one.held_ms) == (9_000, 16_000)
    assert [it.what for it in one.stays] == ["working", "waiting for a key", "working"]
    assert [(it.task, it.begin, it.end, it.kind) for it in summary.critical_path] == [
        ("two", 0, 20_000, "start"),
        ("one", 20_000, 25_000, "key"),
    ]
    assert summary.agents[0].waited_ms == 16_000
    assert_consistent(summary)


# -- what chance brings about ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", [572, *range(12)])
def test_figures_agree_in_storms_of_triggers(seed: int, file: Path) -> None:
    chance = Random(seed)
    world = storms.World(storms.a_plan(chance), chance)
    world.run()
    writer = BufferedWriter(file, header())
    for event in world.events:
        writer.append(event)
    writer.close()
    summary = gather(file)
    assert_consistent(summary)
    assert {it.id: it.work_ms for it in summary.tasks if it.work_ms} == worked(file)


@pytest.mark.parametrize("seed", range(12))
def test_figures_agree_where_agents_wait_in_circles(seed: int, file: Path) -> None:
    chance = Random(seed)
    what = deadlocks.a_plan(chance, breaks=seed % 3 > 0)
    summary = gather(play(what, file, seed=seed).path)
    assert_consistent(summary)
    assert {it.id: it.work_ms for it in summary.tasks if it.work_ms} == worked(file)


def test_a_gate_holds_a_task_until_it_is_asked_too(file: Path) -> None:
    """Another trigger than the layout has the gate asked, and later than the task could begin."""
    ask = trigger("ask", "memory_key", "ask_human", key=MemoryKey("k"), question="g")
    gated = replace(task("two", "ben", seconds=5, gate="g"), gated_by=ask.name)
    what = exact(
        [agent("ann"), agent("ben")],
        [task("one", "ann", seconds=10, provides=["k"]), gated],
        [question("g")],
        triggers=[ask],
    )
    summary = gather(play(what, file, answers=[answer("g", "approve", after=3)]).path)
    two = by_id(summary)["two"]
    assert_consistent(summary)
    assert (two.queue_ms, two.work_ms) == (0, 5_000), two.stays
