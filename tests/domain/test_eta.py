"""The estimated end of a session, held against what no schedule can beat."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import (
    AgentId,
    MemoryKey,
    QuestionId,
    QuestionName,
    Resource,
    TaskId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.locks import Lock
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentSpec, Review, TaskSpec, TeamSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.review import review_of
from mop_tui.domain.rows import Agent, Question, Task, Trigger
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.triggers import TriggerSpec

MINUTE = 60_000
NOW = 100 * MINUTE
SKILL = "work"


def agent(name: str, **more: Any) -> Agent:
    spec = AgentSpec(AgentId(name), "worker", TeamId("crew"), skills=(SKILL,))
    usual: dict[str, Any] = {"spec": spec, "since": 0, "reason": ""}
    return Agent(**usual | {"state": AgentState.AVAILABLE} | more)


def task(name: str, minutes: float | None = None, *needs: str, **more: Any) -> Task:
    """Return a task for anybody with the skill, ready if it needs nothing."""
    about = {key: more.pop(key) for key in list(more) if key in TaskSpec.__match_args__}
    if "agent" not in about:
        about["requires_skill"] = SKILL
    elif "state" in more:
        more["agent"] = about.pop("agent")
        about["requires_skill"] = SKILL
    spec = TaskSpec(
        TaskId(name),
        name,
        needs_tasks=tuple(map(TaskId, needs)),
        expected_ms=None if minutes is None else round(minutes * MINUTE),
        **about,
    )
    waits = needs or spec.needs_keys
    usual: dict[str, Any] = {"spec": spec, "since": 0, "reason": ""}
    return Task(**usual | {"state": TaskState.PENDING if waits else TaskState.READY} | more)


def active(name: str, minutes: float | None, who: str, worked: float, **more: Any) -> Task:
    """Return a task that `who` has worked on for some minutes."""
    begun = {"state": TaskState.ACTIVE, "started_at": NOW - round(worked * MINUTE)}
    return task(name, minutes, agent=AgentId(who), **begun, **more)


def done(name: str, took: float) -> Task:
    at = {"started_at": 0, "ended_at": round(took * MINUTE)}
    return task(name, None, agent=AgentId("ann"), state=TaskState.COMPLETE, **at)


def snapshot(
    agents: Sequence[Agent], tasks: Sequence[Task], limit: int | None = None, **more: Any
) -> Snapshot:
    session = Session(status="running", at=NOW, max_agents=limit, **more)
    for row in tasks:
        if row.agent is not None and row.state is TaskState.ACTIVE:
            next(a for a in agents if a.spec.id == row.agent).task = row.spec.id
    session.seq = 1
    session.agents = {row.spec.id: row for row in agents}
    session.tasks = {row.spec.id: row for row in tasks}
    rows: list[Any] = [*agents, *tasks, *session.questions.values()]
    for row in rows:
        row.touched = -1
        session.touch(row)
    return session.snapshot()


def told(*args: Any, **more: Any) -> Estimate:
    found = estimate(snapshot(*args, **more), NOW)
    assert found is not None
    return found


def minutes_left(*args: Any, **more: Any) -> float | None:
    left = told(*args, **more).left
    return None if left is None else left / MINUTE


ANN, BOB = "ann", "bob"


def test_tasks_that_need_each_other_take_as_long_as_all_of_them() -> None:
    tasks = [task("a", 5), task("b", 10, "a"), task("c", 20, "b")]
    assert minutes_left([agent(ANN), agent(BOB)], tasks) == 35


def test_agents_share_what_does_not_need_each_other() -> None:
    tasks = [task("a", 10), task("b", 10), task("c", 10)]
    assert minutes_left([agent(ANN), agent(BOB)], tasks) == 20
    assert minutes_left([agent(ANN)], tasks) == 30
    assert minutes_left([agent(ANN), agent(BOB)], tasks, limit=1) == 30


def test_tasks_that_lock_the_same_take_as_long_as_all_of_them() -> None:
    crew = [agent(name) for name in ("ann", "ben", "cid")]
    tasks = [
        task("one", 3, locks=("a.md",)),
        task("two", 4, locks=("*.md",)),
        task("three", 5, locks=("b.md",)),
        task("four", 6),
    ]
    assert minutes_left(crew, tasks) == 4 + 5
    tasks.append(task("five", 2, locks=("a.md", "b.md")))
    tasks.append(task("six", 1, locks=("a.md",)))
    assert minutes_left(crew, tasks) == 4 + 5 + 2
    ann = agent("ann", state=AgentState.ACTIVE)
    busy = active("busy", 10, "ann", worked=4)
    held = {Resource("*.md"): Lock(Resource("*.md"), TaskId("busy"), AgentId("ann"), 0, 1)}
    assert minutes_left([ann, *crew[1:]], [busy, *tasks], locks=held) == 6 + 4 + 5 + 2


def test_thousands_of_tasks_that_lock_the_same_are_played_through_in_a_moment() -> None:
    crew = [agent(f"a{n}") for n in range(50)]
    tasks = [task(f"t{n}", 1, locks=("x",) if n % 2 else ("x", "y")) for n in range(2_000)]
    began = time.process_time()
    assert minutes_left(crew, tasks) == 2_000
    assert time.process_time() - began < 5


def test_what_has_most_behind_it_goes_first_unless_priorities_say_otherwise() -> None:
    tasks = [task("short", 10), task("long", 10), task("after", 30, "long")]
    assert minutes_left([agent(ANN)], tasks) == 50
    assert minutes_left([agent(ANN), agent(BOB)], tasks) == 40
    tasks[0] = task("short", 10, priority=Priority.HIGH)
    assert told([agent(ANN)], tasks).ends[TaskId("short")] == NOW + 10 * MINUTE


def test_a_task_for_one_agent_waits_for_that_agent() -> None:
    tasks = [task("a", 10, agent=AgentId(ANN)), task("b", 15, agent=AgentId(ANN))]
    assert minutes_left([agent(ANN), agent(BOB)], tasks) == 25


SPAWNED = TeamSpec(TeamId("late"), "Late", (AgentId("bo"),), waits=True)


@pytest.mark.parametrize(
    ("spawner", "state", "known"),
    [
        ({"action": "spawn_team", "team": SPAWNED.id}, "armed", True),
        ({"action": "spawn_dependent_agents", "agents": ("bo",)}, "armed", True),
        ({"action": "spawn_team", "team": SPAWNED.id}, "disabled", False),
        ({"action": "spawn_team", "team": TeamId("other")}, "armed", False),
        ({"action": "notify"}, "armed", False),
    ],
)
def test_who_will_be_spawned_is_counted_on_for_what_is_meant_for_them(
    spawner: dict[str, Any], state: Literal["armed", "disabled"], known: bool
) -> None:
    spec = TriggerSpec(TriggerName("ready"), "memory_key", **spawner)
    tasks = [task("a", 5), task("b", 10, "a", agent=AgentId("bo"), requires_skill=None)]
    told_of = replace(
        snapshot([agent("al")], tasks),
        teams=(SPAWNED,),
        triggers={spec.name: Trigger(spec, state=state)},
    )
    found = estimate(told_of, NOW)
    assert found is not None
    assert found.left == (15 * MINUTE if known else None)


def test_running_tasks_count_by_progress_and_by_time_since_it_was_told() -> None:
    ann = agent(ANN)
    assert minutes_left([ann], [active("a", 20, ANN, worked=5)]) == 15
    half = active("a", 20, ANN, worked=5, progress=50, told_after=5 * MINUTE)
    assert minutes_left([ann], [half]) == 10
    stale = active("a", 20, ANN, worked=9, progress=50, told_after=5 * MINUTE)
    assert minutes_left([ann], [stale]) == 6


def test_what_takes_longer_than_expected_makes_the_end_the_least_there_can_be() -> None:
    found = told([agent(ANN)], [active("a", 5, ANN, worked=9), task("b", 10, "a")])
    assert found.left == 10 * MINUTE
    assert found.late
    assert found.why == "a takes longer than expected"


def test_undeclared_durations_are_those_of_finished_tasks_or_unknown() -> None:
    tasks = [done("a", 4), done("b", 8), task("c")]
    assert minutes_left([agent(ANN)], tasks) == 6
    found = told([agent(ANN)], [task("c"), task("d", 5)])
    assert found.end is None
    assert found.why.startswith("c declares no duration")


def test_memory_keys_come_when_the_first_that_provides_them_is_complete() -> None:
    key = (MemoryKey("schema"),)
    tasks = [
        task("slow", 30, provides=key),
        task("quick", 5, provides=key),
        task("reader", 10, needs_keys=key),
    ]
    found = told([agent(ANN), agent(BOB), agent("cid")], tasks)
    assert found.ends[TaskId("reader")] == NOW + 15 * MINUTE


@pytest.mark.parametrize(
    ("agents", "tasks", "why"),
    [
        ([], [task("a", 5)], "a waits for an agent with the skill work, and there is none"),
        (
            [agent(ANN, state=AgentState.FAILED)],
            [task("a", 5), task("b", 5, "a")],
            "a waits for an agent with the skill work, and there is none",
        ),
        ([agent(ANN)], [task("a", 5, agent=AgentId("zoe"))], "a waits for agent zoe, and there"),
        ([agent(ANN)], [task("a", 5, "ghost")], "a waits for ghost, which is not in the plan yet"),
        ([agent(ANN)], [task("a", 5, "b"), task("b", 5, "a")], "a waits for itself"),
        (
            [agent(ANN)],
            [task("a", 5, needs_keys=(MemoryKey("k"),))],
            "a waits for memory key k, and no task is known to set it",
        ),
    ],
)
def test_what_can_never_begin_makes_the_end_unknown_and_is_named(
    agents: list[Agent], tasks: list[Task], why: str
) -> None:
    found = told(agents, tasks)
    assert found.end is None
    assert found.why.startswith(why)


def test_an_end_that_waits_for_the_operator_counts_from_the_answer() -> None:
    question = Question(
        UserAsked(
            question=QuestionId("q1"),
            name=QuestionName("gate"),
            text="Go?",
            question_type="approval",
            context=(),
            task=TaskId("a"),
            due=None,
            required=False,
            dangerous=False,
            digest="",
            default=None,
        ),
        asked_at=0,
        seq=1,
    )
    gated = task("a", 12, gate=QuestionName("gate"), question=QuestionId("q1"))
    found = told([agent(ANN)], [gated], questions={QuestionId("q1"): question})
    assert (found.your_move, found.left, found.to_ask) == ("answer", 12 * MINUTE, 0)


def test_gates_ahead_are_counted_and_a_paused_agent_waits_to_be_continued() -> None:
    tasks = [task("a", 5), task("b", 5, "a", gate=QuestionName("gate"))]
    assert told([agent(ANN)], tasks).to_ask == 1
    paused = agent(ANN, state=AgentState.PAUSED, paused_by=PausedBy.OPERATOR)
    assert told([paused], [active("a", 5, ANN, worked=1)]).your_move == "continue"


@pytest.mark.parametrize("status", ["starting", "stopping", "ended"])
def test_a_session_that_does_not_run_has_no_estimated_end(status: str) -> None:
    shown = snapshot([agent(ANN)], [task("a", 5)])
    shown.status = status  # type: ignore[misc,assignment]
    assert estimate(shown, NOW) is None


def test_a_session_without_unfinished_work_has_no_estimated_end() -> None:
    assert estimate(snapshot([agent(ANN)], [done("a", 5)]), NOW) is None
    assert estimate(snapshot([agent(ANN)], []), NOW) is None


@st.composite
def works(draw: st.DrawFn) -> tuple[list[Agent], list[Task], int | None]:
    """Return agents, tasks that need each other without cycles, and a limit."""
    agents = [agent(f"agent-{n}") for n in range(draw(st.integers(1, 4)))]
    tasks: list[Task] = []
    for number in range(draw(st.integers(1, 12))):
        minutes = draw(st.integers(1, 60))
        needs = draw(st.sets(st.sampled_from([t.spec.id for t in tasks]))) if tasks else set()
        if number < len(agents) and draw(st.booleans()):
            worked = draw(st.integers(0, 80))
            tasks.append(active(f"t{number}", minutes, f"agent-{number}", worked))
        elif draw(st.booleans()):
            pin = draw(st.sampled_from(agents)).spec.id
            tasks.append(task(f"t{number}", minutes, *sorted(needs), agent=pin))
        else:
            tasks.append(task(f"t{number}", minutes, *sorted(needs)))
    return agents, tasks, draw(st.none() | st.integers(1, 4))


def rest_of(row: Task) -> int:
    expected = row.spec.expected_ms or 0
    return expected if row.started_at is None else max(0, expected - (NOW - row.started_at))


@given(works())
def test_no_end_comes_before_the_longest_chain_is_done(
    work: tuple[list[Agent], list[Task], int | None],
) -> None:
    agents, tasks, limit = work
    chains: dict[TaskId, int] = {}
    for row in tasks:
        before = (chains[need] for need in row.spec.needs_tasks)
        chains[row.spec.id] = rest_of(row) + max(before, default=0)
    found = told(agents, tasks, limit=limit)
    assert found.left is not None
    assert found.left >= max(chains.values())
    assert all(found.ends[name] - NOW >= length for name, length in chains.items())


@given(works())
def test_no_end_comes_before_the_work_is_shared_out_among_all(
    work: tuple[list[Agent], list[Task], int | None],
) -> None:
    agents, tasks, limit = work
    running = sum(row.state is TaskState.ACTIVE for row in tasks)
    hands = min(len(agents), max(limit or len(agents), running))
    left = told(agents, tasks, limit=limit).left
    assert left is not None
    assert left >= sum(map(rest_of, tasks)) / hands
    assert left <= sum(map(rest_of, tasks))


def test_two_thousand_tasks_are_played_through_in_a_moment() -> None:
    agents = [agent(f"agent-{n}") for n in range(150)]
    tasks = [
        task(f"t{n}", n % 17 + 1, *(f"t{m}" for m in (n // 2, n // 3) if m < n and n > 200))
        for n in range(2_000)
    ]
    shown = snapshot(agents, tasks, limit=100)
    began = time.process_time()
    assert estimate(shown, NOW) is not None
    assert time.process_time() - began < 0.5


# -- as earlier sessions tell -----------------------------------------------------------------


def foreseen(outlook: Outlook, *args: Any, **more: Any) -> Estimate:
    found = estimate(snapshot(*args, **more), NOW, outlook)
    assert found is not None
    return found


def learnt(**minutes: float) -> dict[TaskId, int]:
    return {TaskId(name): round(it * MINUTE) for name, it in minutes.items()}


def test_what_tasks_took_in_earlier_sessions_stands_before_what_is_declared() -> None:
    rows = [agent(ANN)], [task("a", 10), task("b", None, "a"), task("c", 5, "b")]
    found = foreseen(Outlook(7, learnt(a=20, b=30)), *rows)
    assert (found.left, found.sessions) == (55 * MINUTE, 7)
    assert minutes_left(*rows) is None


def test_what_is_in_hand_is_expected_to_take_the_rest_of_that() -> None:
    tasks = [active("a", 10, ANN, 8)]
    assert foreseen(Outlook(7, learnt(a=20)), [agent(ANN)], tasks).left == 12 * MINUTE
    late = foreseen(Outlook(7, learnt(a=5), low=0.5, high=2.0), [agent(ANN)], tasks)
    assert (late.late, late.span) == (True, None)


def test_questions_are_waited_for_and_keep_nobody_busy() -> None:
    gate = QuestionName("gate")
    tasks = [task("a", 10), task("asked", 10, gate=gate), task("b", 10), task("last", 5, "asked")]
    outlook = Outlook(7, waits={gate: 12 * MINUTE})
    found = foreseen(outlook, [agent(ANN)], tasks)
    assert (found.left, found.to_ask, found.waits) == (35 * MINUTE, 1, 1)
    assert found.begins[TaskId("asked")] == NOW + 20 * MINUTE
    alone = foreseen(outlook, [agent(ANN)], tasks[1:2])
    assert alone.left == 22 * MINUTE
    later = foreseen(outlook, [agent(ANN)], [task("a", 10), task("asked", 10, "a", gate=gate)])
    assert later.left == 32 * MINUTE
    unknown = foreseen(Outlook(7), [agent(ANN)], tasks)
    assert (unknown.left, unknown.to_ask, unknown.waits) == (35 * MINUTE, 1, 0)


def test_a_gate_that_was_opened_is_not_waited_for() -> None:
    gate = QuestionName("gate")
    outlook = Outlook(7, waits={gate: 12 * MINUTE})
    opened = task("asked", 10, gate=gate, cleared=True)
    found = foreseen(outlook, [agent(ANN)], [opened])
    assert (found.left, found.to_ask, found.waits) == (10 * MINUTE, 0, 0)


def test_reviews_take_what_those_of_earlier_sessions_took() -> None:
    by_bob = Review(AgentId(BOB), expected_ms=MINUTE)
    rows = [agent(ANN), agent(BOB)], [task("a", 10, review=by_bob)]
    outlook = Outlook(7, {review_of(TaskId("a")): 6 * MINUTE})
    assert foreseen(outlook, *rows).left == 16 * MINUTE
    under_way = [
        task("a", 10, review=by_bob, state=TaskState.REVIEWING),
        active("review-of-a-1", 1, BOB, 2, reviews=TaskId("a")),
    ]
    assert foreseen(outlook, [agent(ANN), agent(BOB)], under_way).left == 4 * MINUTE


def test_only_tasks_that_are_there_are_told_of_also_where_others_can_never_begin() -> None:
    reviewed = task("a", 10, review=Review(AgentId(BOB), expected_ms=MINUTE))
    found = told([agent(ANN), agent(BOB)], [reviewed, task("lost", 1, agent=AgentId("nobody"))])
    assert found.end is None
    assert set(found.ends) == set(found.begins) == set(found.takers) == {"a"}


def test_the_range_is_of_the_time_that_is_left() -> None:
    outlook = Outlook(7, low=0.5, high=2.0, coverage=0.75)
    found = foreseen(outlook, [agent(ANN)], [task("a", 10)])
    assert found.span == (NOW + 5 * MINUTE, NOW + 20 * MINUTE)
    assert found.coverage == 0.75
    assert told([agent(ANN)], [task("a", 10)]).span is None
