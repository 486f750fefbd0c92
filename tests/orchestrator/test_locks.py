"""Resources that one task at a time may use: seen from outside, and as chance will have it."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import pytest
from chance import GIVEN_AT_GATES, OPERATORS, Whims, plans, stop_at, whole_sessions
from hands import Hand, Hands
from hypothesis import given
from hypothesis import strategies as st
from locked import in_order

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import CancelTask, Command, Steer
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.plan import AgentLimits, Plan, Retry
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import ActionType, Limits, TriggerSpec
from mop_tui.domain.waiting import waiting_for
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, crash, fixed, kind, plan, play, question, task, trigger


def _work(ran: Ran) -> list[tuple[str, int, int]]:
    """Return the tasks in the order in which they were begun, with when, in seconds, and to when
    they were in somebody's hands for the first time."""
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    for event in ran.of("agent.transitioned"):
        if event.data.to_state == "ASSIGNED":
            begun.setdefault(event.data.task, event.at // 1000)
    for event in ran.of("task.transitioned"):
        if event.data.from_state in ("ASSIGNED", "ACTIVE") and event.data.to_state != "ACTIVE":
            ended.setdefault(event.data.task, event.at // 1000)
    return [(name, at, ended[name]) for name, at in begun.items()]


def _locks(ran: Ran) -> list[tuple[int, str, str, str]]:
    """Return what was locked (+) and unlocked (-) when, in seconds, and for which task."""
    signs = {"system.locked": "+", "system.unlocked": "-"}
    return [
        (event.at // 1000, signs[event.kind], event.data.resource, event.data.task)
        for event in ran.events
        if event.kind in signs
    ]


def test_two_tasks_that_lock_the_same_are_done_one_after_the_other(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", locks=["README.md"]), task("two", "b", locks=["README.md"])],
        scripts={"one": fixed(5), "two": fixed(5)},
    )
    ran = play(what, file)
    assert _work(ran) == [("one", 0, 5), ("two", 5, 10)]
    assert _locks(ran) == [
        (0, "+", "README.md", "one"),
        (5, "-", "README.md", "one"),
        (5, "+", "README.md", "two"),
        (10, "-", "README.md", "two"),
    ]
    [no] = [d.data for d in ran.decisions("employ_agent") if d.data.verdict == "no"]
    assert (no.reason, no.agent, no.task) == ("README.md is locked by a for one", "b", "two")
    assert ran.session.outcome == "complete"


def test_what_is_locked_is_led_to_by_the_assignment(file: Path) -> None:
    ran = play(plan([agent("a")], [task("one", "a", locks=["x", "y"])]), file)
    [decided] = ran.decisions("employ_agent")
    assert [event.cause for event in ran.of("system.locked")] == [decided.seq, decided.seq]
    moved = next(e for e in ran.of("task.transitioned") if e.data.to_state == "ASSIGNED")
    assert [event.seq for event in ran.of("system.locked")] == [moved.seq + 1, moved.seq + 2]


def test_a_task_that_becomes_ready_and_is_kept_waiting_says_by_whom(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b", "s"), agent("c", "s", owns=["lib/"])],
        [
            task("holds", "a", locks=["docs/*.md", "lib/x"], seconds=50),
            task("before", "b", seconds=1),
            task("locked", skill="s", needs=["before"], locks=["docs/a.md"]),
            task("busy", "b", needs=["before"], priority=Priority.HIGH, seconds=90),
            task("lib", skill="s", needs=["before"]),
        ],
    )
    ran = play(what, file)
    said = {d.data.task: d.data.reason for d in ran.decisions("place_task") if d.at}
    assert said == {
        "busy": "nobody who could do it is free: b (ACTIVE with before)",
        "locked": "docs/*.md is locked by a for holds, and docs/a.md may be the same",
        "lib": "lib/x is locked by a for holds, and lib/ may be the same",
    }


def test_patterns_that_may_be_the_same_file_exclude_each_other(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [
            task("dev", "a", locks=["environments/dev/values.yaml"]),
            task("all", "b", locks=["environments/*/values.yaml"]),
            task("other", "c", locks=["environments/*/other.yaml"]),
        ],
        scripts={name: fixed(5) for name in ("dev", "all", "other")},
    )
    ran = play(what, file)
    assert _work(ran) == [("dev", 0, 5), ("other", 0, 5), ("all", 5, 10)]


def test_what_a_task_or_its_agent_owns_is_locked_meanwhile(file: Path) -> None:
    what = plan(
        [agent("a", owns=["lib/"]), agent("b"), agent("c")],
        [
            task("lib", "a", owns=["docs/lib.md"]),
            task("lib-too", "b", locks=["lib/x.py"]),
            task("docs", "c", locks=["docs/*.md"]),
        ],
        scripts={name: fixed(5) for name in ("lib", "lib-too", "docs")},
    )
    assert _work(play(what, file)) == [("lib", 0, 5), ("lib-too", 5, 10), ("docs", 5, 10)]


def test_somebody_else_does_a_task_whose_files_are_kept_from_one_who_is_free(file: Path) -> None:
    what = plan(
        [agent("c"), agent("a", "write", owns=["lib/"]), agent("b", "write")],
        [task("lock", "c", locks=["lib/x"]), task("write", skill="write")],
    )
    assert play(what, file).session.tasks[TaskId("write")].agent == "b"


def test_the_most_pressing_task_gets_what_is_given_back(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c"), agent("d")],
        [
            task("holds", "a", locks=["x"], priority=Priority.CRITICAL),
            task("low", "b", locks=["x"], priority=Priority.LOW),
            task("high", "c", locks=["x"], priority=Priority.HIGH),
            task("long", "d", locks=["x"], priority=Priority.HIGH, seconds=500),
        ],
    )
    assert [name for name, _, _ in _work(play(what, file))] == ["holds", "long", "high", "low"]


def test_of_equals_the_one_that_waited_longest_goes_first(file: Path) -> None:
    names = ["t5", "t2", "t4", "t1", "t3"]
    what = plan(
        [agent("first"), *(agent(f"by-{name}", name) for name in names)],
        [
            task("holds", "first", locks=["x"], priority=Priority.HIGH),
            *(task(name, skill=name, locks=["x"]) for name in names),
        ],
    )
    assert [name for name, _, _ in _work(play(what, file))] == ["holds", *names]


def test_several_begin_when_one_gives_back_what_they_wait_for(file: Path) -> None:
    what = plan(
        [agent(name) for name in "abcd"],
        [
            task("all", "a", locks=["docs/**"], priority=Priority.HIGH),
            task("one", "b", locks=["docs/1"]),
            task("two", "c", locks=["docs/2"]),
            task("two-too", "d", locks=["docs/2"]),
        ],
        scripts={name: fixed(5) for name in ("all", "one", "two", "two-too")},
    )
    ran = play(what, file)
    assert _work(ran) == [("all", 0, 5), ("one", 5, 10), ("two", 5, 10), ("two-too", 10, 15)]


def test_several_that_begin_at_once_are_begun_by_different_agents(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b", "s"), agent("c", "s")],
        [
            task("both", "a", locks=["x", "y"], priority=Priority.HIGH),
            *(task(name, skill="s", locks=[name]) for name in ("x", "y")),
            task("later", skill="s", locks=["x/"]),
            task("last", skill="s", locks=["y"]),
        ],
        scripts={name: fixed(5) for name in ("both", "x", "y", "last")} | {"later": fixed(2)},
    )
    ran = play(what, file)
    assert _work(ran) == [
        ("both", 0, 5),
        ("later", 0, 2),
        ("x", 5, 10),
        ("y", 5, 10),
        ("last", 10, 15),
    ]
    assert [ran.session.tasks[TaskId(name)].agent for name in ("x", "y")] == ["c", "b"]


@pytest.mark.parametrize("for_session", [False, True])
def test_the_agent_that_gives_back_may_get_what_it_gave_back_for_something_more_pressing(
    file: Path, for_session: bool
) -> None:
    what = plan(
        [agent(name, for_session=for_session) for name in ("a", "b")],
        [
            task("first", "a", locks=["x"], priority=Priority.CRITICAL),
            task("low", "b", locks=["x"], priority=Priority.LOW),
            task("high", "a", locks=["x"], priority=Priority.HIGH),
        ],
    )
    assert [name for name, _, _ in _work(play(what, file))] == ["first", "high", "low"]


def test_several_that_begin_at_once_are_no_more_than_may_be_at_work(file: Path) -> None:
    what = plan(
        [agent(name) for name in "abcd"],
        [
            task("all", "a", locks=["docs/**"], priority=Priority.HIGH),
            *(task(f"t{name}", name, locks=[f"docs/{name}"]) for name in "bcd"),
        ],
        scripts={name: fixed(5) for name in ("all", "tb", "tc", "td")},
        max_agents=2,
    )
    ran = play(what, file)
    assert _work(ran) == [("all", 0, 5), ("tb", 5, 10), ("tc", 5, 10), ("td", 10, 15)]


def test_a_retry_gives_back_what_it_locked_while_it_rests(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [
            task("fails", "a", locks=["x"], retry=Retry(1, 60_000), priority=Priority.HIGH),
            task("waits", "b", locks=["x"]),
        ],
        scripts={"fails": fixed(5, exit_code=1), "waits": fixed(5)},
    )
    ran = play(what, file)
    assert _locks(ran)[:4] == [
        (0, "+", "x", "fails"),
        (5, "-", "x", "fails"),
        (5, "+", "x", "waits"),
        (10, "-", "x", "waits"),
    ]
    assert [sign for _, sign, _, _ in _locks(ran)].count("+") == 3


def _works(hand: Hand, heard: Told | None) -> None:
    if isinstance(heard, Assignment):
        hand.after(9, hand.exit, 0)


def test_a_cancelled_task_stays_locked_until_its_process_is_gone(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", locks=["x"], priority=Priority.HIGH), task("two", "b", locks=["x"])],
    )
    cancel = CancelTask(TaskId("one"))
    ran = play(what, file, hands=Hands(_works, obeys_stop=3), operator=[(2.0, cancel)])
    assert ran.states("one")[-1] == (2, "CANCELLED")
    assert _locks(ran) == [
        (0, "+", "x", "one"),
        (5, "-", "x", "one"),
        (5, "+", "x", "two"),
        (14, "-", "x", "two"),
    ]


def test_a_pause_gives_nothing_back(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", locks=["x"], priority=Priority.HIGH), task("two", "b", locks=["x"])],
        scripts={"one": fixed(5), "two": fixed(5)},
    )
    who = AgentId("a")
    operator = [(2.0, Steer("pause", who)), (20.0, Steer("resume", who))]
    ran = play(what, file, operator=operator, attended=True)
    assert _work(ran) == [("one", 0, 23), ("two", 23, 28)]


def test_what_is_held_by_a_gate_locks_nothing(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [
            task("gated", "a", locks=["x"], gate="g", priority=Priority.HIGH),
            task("free", "b", locks=["x"]),
        ],
        [question("g")],
        scripts={"gated": fixed(5), "free": fixed(5)},
    )
    ran = play(what, file, answers=[answer("g", "approve", after=2)])
    assert _work(ran) == [("free", 0, 5), ("gated", 5, 10)]


def test_hundreds_that_wait_for_each_other_are_assigned_in_a_moment(file: Path) -> None:
    what = plan(
        [agent(f"a{n}", "s") for n in range(20)],
        [
            task(f"t{n}", skill="s", locks=[f"env/e{n % 40}/values.yaml", f"env/e{n % 7}/*.yaml"])
            for n in range(500)
        ],
        scripts={f"t{n}": fixed(1) for n in range(500)},
    )
    began = process_time()
    ran = play(what, file)
    assert process_time() - began < 10
    assert ran.session.outcome == "complete"


def test_a_session_that_locks_nothing_tells_nothing_of_locks(file: Path) -> None:
    ran = play(plan([agent("a")], [task("one", "a"), task("two", "a")]), file)
    assert not _locks(ran)
    assert not ran.decisions("release_locks")


def test_what_was_locked_when_the_program_died_is_given_back(file: Path, tmp_path: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [
            task("one", "a", locks=["x", "y"], priority=Priority.HIGH, on_doubt="fail"),
            task("two", "b", locks=["x"]),
        ],
        scripts={"one": fixed(5), "two": fixed(5)},
    )
    ran = play(what, file)
    last = ran.of("system.locked")[1].seq
    for after in range(last - 2, last + 12):
        resumed = play(what, crash(ran, tmp_path / "again.jsonl", after=after), resume=True)
        in_order(resumed)
        assert recheck(what, resumed.events).divergence is None


def test_who_waits_for_a_lock_is_told_who_holds_it(file: Path) -> None:
    what = plan(
        [agent("tester"), agent("b"), agent("c", "write", owns=["lib/"])],
        [
            task("run-tests", "tester", locks=["README.md", "lib/x"], priority=Priority.HIGH),
            task("two", "b", locks=["*.md"]),
            task("three", skill="write"),
        ],
        scripts={name: fixed(5) for name in ("run-tests", "two", "three")},
    )
    said: dict[str, str] = {}

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "agent.transitioned" and event.data.to_state == "ACTIVE":
            snapshot = orchestrator.session.snapshot()
            for name, row in snapshot.tasks.items():
                said.setdefault(name, waiting_for(snapshot, row))

    play(what, file, during=look)
    assert said == {
        "run-tests": "",
        "two": "waits for the lock on README.md, which tester holds for run-tests, "
        "and *.md may be the same",
        "three": "waits for the lock on lib/x, which tester holds for run-tests, "
        "and lib/ may be the same",
    }


# -- as chance will have it ------------------------------------------------------------------------

RESOURCES = ["a.md", "b.md", "*.md", "env/*/values.yaml", "env/dev/*", "release", "src/ann/x"]


@st.composite
def locking_plans(draw: st.DrawFn) -> Plan:
    """Plans as `plans` makes them, in which some tasks lock something and some agents own files."""
    what = draw(plans())
    some = st.lists(st.sampled_from(list(map(Resource, RESOURCES))), unique=True, max_size=3)
    owned = st.sampled_from([(), (), ("own/{}/",), ("own/{}/a", "src/{}/**")])

    def of(name: str) -> tuple[Resource, ...]:
        return tuple(Resource(pattern.format(name)) for pattern in draw(owned))

    return replace(
        what,
        agents={name: replace(it, owns=of(name)) for name, it in what.agents.items()},
        tasks={
            name: replace(it, locks=tuple(draw(some)), owns=of(name))
            for name, it in what.tasks.items()
        },
    )


@whole_sessions(70)
@given(
    what=locking_plans(),
    answers=GIVEN_AT_GATES,
    operator=OPERATORS,
    seed=st.integers(0, 1000),
    moment=st.sampled_from([None, None, None, 50, 200]),
    lag=st.sampled_from([0, 0, 0.1, 2]),
    by_whim=st.booleans(),
)
def test_whatever_is_locked_nothing_is_locked_twice_nor_for_ever_nor_left_standing(
    what: Plan,
    answers: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    seed: int,
    moment: int | None,
    lag: float,
    by_whim: bool,
) -> None:
    with TemporaryDirectory() as folder:
        ran = play(
            what,
            Path(folder) / "s.jsonl",
            seed=seed,
            answers=answers,
            operator=operator,
            during=stop_at(moment),
            hands=Whims(seed).hands() if by_whim else None,
            lag=lag,
        )
        in_order(ran)
        assert recheck(what, ran.events).divergence is None


@whole_sessions(25)
@given(what=locking_plans(), seed=st.integers(0, 1000), every=st.integers(1, 40))
def test_a_session_that_is_restored_knows_what_was_locked(
    what: Plan, seed: int, every: int
) -> None:
    with TemporaryDirectory() as folder:
        ran = play(what, Path(folder) / "s.jsonl", seed=seed)
    session, checkpoints = Session(), []
    for event in ran.events:
        apply(session, event)
        if event.seq % every == 0:
            checkpoints.append(session.checkpoint())
            again = Session.restored(checkpoints)
            assert (again.locks, again.locked_by) == (session.locks, session.locked_by)
            assert again.next_digest() == session.next_digest()
            for row in session.tasks.values():
                assert again.obstacle(row.spec, None) == session.obstacle(row.spec, None)


@whole_sessions(25)
@given(what=locking_plans(), seed=st.integers(0, 1000), after=st.integers(1, 300))
def test_whenever_the_program_dies_its_locks_are_given_back(
    what: Plan, seed: int, after: int
) -> None:
    with TemporaryDirectory() as folder:
        ran = play(what, Path(folder) / "s.jsonl", seed=seed)
        left = crash(ran, Path(folder) / "t.jsonl", after=min(after, len(ran.events) - 1))
        resumed = play(what, left, seed=seed, resume=True)
        in_order(resumed)
        assert recheck(what, resumed.events).divergence is None


@st.composite
def triggered_plans(draw: st.DrawFn) -> Plan:
    """Plans whose triggers create tasks and spawn agents as tasks move and locks come and go."""
    what = draw(locking_plans())
    ann = next(iter(what.agents))
    kinds = ["task.transitioned", "system.locked", "system.unlocked", "agent.transitioned"]
    spawns = {"agents": ("fixer",), "task": "do it"}
    creates = [{"agent": ann}, {"skill": "work"}, {"agent": AgentId("fixer-1")}]

    def of(number: int) -> TriggerSpec:
        kind_of_event = draw(st.sampled_from(kinds))
        fires = draw(st.sampled_from([1, 3]))
        if draw(st.booleans()):
            action: ActionType = "spawn_agent"
            more: dict[str, object] = dict(spawns)
        else:
            action = "create_task"
            more = {**draw(st.sampled_from(creates)), "task": "do that"}
        return trigger(f"x{number}", "event", action, kind=kind_of_event, max_fires=fires, **more)

    fixer = kind("work", for_session=draw(st.booleans()), limits=AgentLimits(cpu=1))
    return replace(
        what,
        triggers=tuple(map(of, range(draw(st.integers(1, 4))))),
        kinds={"fixer": fixer},
        limits=Limits(cpu=draw(st.sampled_from([None, 2.0]))),
    )


@whole_sessions(50)
@given(what=triggered_plans(), answers=GIVEN_AT_GATES, operator=OPERATORS, seed=st.integers(0, 999))
def test_nothing_is_left_standing_whatever_triggers_add(
    what: Plan, answers: list[PreparedAnswer], operator: list[tuple[float, Command]], seed: int
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.jsonl"
        ran = play(what, path, seed=seed, answers=answers, operator=operator)
        in_order(ran)
        assert recheck(what, ran.events).divergence is None
