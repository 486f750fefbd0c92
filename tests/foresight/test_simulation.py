"""Plans played through: when they would be done, and what the end waited for."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, Resource, TaskId
from mop_tui.domain.plan import Plan, Review, Script, TaskSpec
from mop_tui.domain.review import review_of
from mop_tui.foresight.simulation import Course, simulate
from sessions import agent, fixed, kind, plan, play, question, task, trigger

SECOND = 1_000


def told(course: Course) -> list[tuple[str, str, str, int]]:
    """Return the path in short: task, what it waited for, and for how many seconds."""
    return [
        (step.stint.task, step.waited_for, step.what, step.waited_ms // SECOND)
        for step in course.path
    ]


def test_learnt_durations_stand_before_declared_ones() -> None:
    it = plan([agent("ann", "work")], [task("a", skill="work"), task("b", "ann", needs=["a"])])
    assert simulate(it, {}).makespan == 20 * SECOND
    assert simulate(it, {TaskId("b"): 5 * SECOND}).makespan == 15 * SECOND


def test_tasks_without_any_duration_make_the_end_unknown() -> None:
    it = plan([agent("ann")], [task("a", "ann", seconds=None)])
    course = simulate(it, {})
    assert course.makespan is None
    assert course.why.startswith("a declares no duration")
    assert simulate(it, {TaskId("a"): 0}).makespan == 0


def test_a_plan_without_tasks_takes_no_time() -> None:
    assert simulate(plan([agent("ann")], []), {}) == Course(0)


def test_the_path_goes_through_full_hands() -> None:
    it = plan(
        [agent("ann", "work"), agent("ben")],
        [task("long", "ann", seconds=30), task("short", "ann", seconds=5), task("other", "ben")],
    )
    assert told(simulate(it, {})) == [("long", "start", "", 0), ("short", "agent", "ann", 30)]


def test_the_path_goes_through_needs_and_keys() -> None:
    it = plan(
        [agent("ann"), agent("ben"), agent("cem")],
        [
            task("dig", "ann", seconds=30, provides=["hole"]),
            task("saw", "ben", seconds=20),
            task("set", "ben", keys=["hole"], needs=["saw"]),
            task("paint", "cem", needs=["set"]),
        ],
    )
    course = simulate(it, {})
    assert told(course) == [
        ("dig", "start", "", 0),
        ("set", "key", "hole", 0),
        ("paint", "task", "set", 0),
    ]


def test_the_path_goes_through_locks_and_places() -> None:
    hands = [agent("ann"), agent("ben")]
    locked = [task("a", "ann", locks=["db"], seconds=30), task("b", "ben", locks=["d*"])]
    assert told(simulate(plan(hands, locked), {})) == [
        ("a", "start", "", 0),
        ("b", "lock", "db", 30),
    ]
    free = [task("a", "ann", seconds=30), task("b", "ben")]
    limited = plan(hands, free, max_agents=1)
    assert told(simulate(limited, {})) == [("a", "start", "", 0), ("b", "place", "", 30)]
    assert simulate(plan(hands, free), {}).makespan == 30 * SECOND


def test_answers_are_waited_for_by_nobody() -> None:
    it = plan(
        [agent("ann"), agent("ben")],
        [
            task("a", "ann"),
            task("ship", "ben", needs=["a"], gate="sure"),
            task("b", "ben", seconds=15),
        ],
        [question("sure")],
    )
    assert simulate(it, {}).makespan == 25 * SECOND
    course = simulate(it, {}, {QuestionName("sure"): 20 * SECOND})
    assert course.makespan == 40 * SECOND
    assert told(course) == [("a", "start", "", 0), ("ship", "answer", "sure", 20)]
    busy = simulate(it, {TaskId("b"): 50 * SECOND}, {QuestionName("sure"): 20 * SECOND})
    assert told(busy) == [("b", "start", "", 0), ("ship", "agent", "ben", 20)]


def test_another_takes_what_an_owner_cannot() -> None:
    owner = replace(agent("ann", "work"), owns=(Resource("web"),))
    hands = [owner, agent("ben"), agent("cem", "work")]
    tasks = [
        task("busy", "cem", seconds=25),
        task("locks", "ben", seconds=30, locks=["web"]),
        task("any", skill="work", seconds=20),
    ]
    course = simulate(plan(hands, tasks), {})
    assert course.ends[TaskId("any")] == 45 * SECOND
    alone = simulate(plan([owner, agent("ben")], tasks[1:]), {})
    assert told(alone) == [("locks", "start", "", 0), ("any", "lock", "web", 30)]


def test_a_review_is_a_stint_of_its_reviewer() -> None:
    reviewed = task("a", "ann", review=Review(AgentId("rex"), expected_ms=4 * SECOND))
    it = plan([agent("ann"), agent("rex")], [reviewed, task("b", "rex", seconds=12)])
    course = simulate(it, {})
    assert course.makespan == 16 * SECOND
    assert [(step.stint.task, step.stint.review) for step in course.path] == [
        ("b", False),
        ("a", True),
    ]
    assert course.path[-1].waited_for == "agent"
    longer = simulate(it, {review_of(TaskId("a")): 20 * SECOND})
    assert longer.makespan == 32 * SECOND


def test_what_scripts_and_triggers_set_is_there_in_time() -> None:
    seen = task("look", "ben", keys=["map"])
    drawn = Script(duration=(10_000, 10_000), memory=((MemoryKey("map"), 1),))
    by_script = plan(
        [agent("ann"), agent("ben")], [task("draw", "ann"), seen], scripts={"draw": drawn}
    )
    assert simulate(by_script, {}).makespan == 20 * SECOND
    by_trigger = plan(
        [agent("ben")],
        [seen],
        triggers=[
            trigger("draws", "schedule", "set_memory", interval_ms=1, set=((MemoryKey("map"), 1),))
        ],
    )
    assert simulate(by_trigger, {}).makespan == 10 * SECOND


def test_a_team_that_a_trigger_brings_is_there() -> None:
    it = plan([agent("ann")], [task("a", "ben")], awaited=[agent("ben")], kinds={"ben": kind()})
    assert simulate(it, {}).makespan == 10 * SECOND


def test_who_is_spawned_for_a_task_is_there_for_it() -> None:
    comes = trigger("comes", "task_created", "spawn_agent", requires_skill="rare", agents=("ben",))
    tasks = [task(f"t{number}", skill="rare") for number in range(3)]
    it = plan([agent("ann")], tasks, kinds={"ben": kind()}, triggers=[comes])
    course = simulate(it, {})
    assert course.makespan == 10 * SECOND
    assert {stint.agent for stint in course.stints} == {"ben+1", "ben+2", "ben+3"}
    assert simulate(replace(it, triggers=()), {}).makespan is None


def test_a_plan_that_waits_for_itself_has_no_end() -> None:
    circle = plan(
        [agent("ann")],
        [
            task("a", "ann", keys=["y"], provides=["x"]),
            task("b", "ann", keys=["x"], provides=["y"]),
        ],
    )
    course = simulate(circle, {})
    assert course.makespan is None
    assert "a waits for memory key y" in course.why


def test_the_simulation_foretells_what_a_rehearsal_does(tmp_path: Path) -> None:
    it = plan(
        [agent("ann", "work"), agent("ben", "work"), agent("cem", "check")],
        [
            task("a", skill="work", seconds=7, provides=["key"]),
            task("b", skill="work", seconds=4),
            task("c", skill="work", seconds=6, needs=["b"], locks=["db"]),
            task("d", "cem", seconds=3, keys=["key"], locks=["db"]),
            task("e", skill="check", seconds=5, needs=["a", "c"]),
        ],
        scripts={"a": fixed(7), "b": fixed(4), "c": fixed(6), "d": fixed(3), "e": fixed(5)},
        max_agents=2,
    )
    ran = play(it, tmp_path / "s.jsonl")
    assert simulate(it, {}).makespan == ran.events[-1].at


# -- any plan -------------------------------------------------------------------------------------

NAMES = ("ann", "ben", "cem")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan that can be done to its end."""
    tasks: list[TaskSpec] = []
    for number in range(draw(st.integers(1, 8))):
        before = [one.id for one in tasks]
        by = draw(st.sampled_from([*NAMES, None]))
        needs = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
        reviewed = by is not None and draw(st.booleans())
        made = task(
            f"t{number}",
            by,
            skill=None if by else "work",
            needs=needs,
            keys=[f"k{need}" for need in needs if draw(st.booleans())],
            provides=[f"kt{number}"],
            seconds=draw(st.integers(1, 9)),
            gate=draw(st.sampled_from([None, None, "sure"])),
            locks=draw(st.sampled_from([(), (), ("x",), ("x*", "y")])),
        )
        if reviewed:
            by = draw(st.sampled_from([name for name in NAMES if name != by]))
            made = replace(
                made, review=Review(AgentId(by), expected_ms=draw(st.integers(1, 4)) * SECOND)
            )
        tasks.append(made)
    owner = replace(agent("ann", "work"), owns=(Resource("y"),))
    return plan(
        [owner, agent("ben", "work"), agent("cem", "work")],
        tasks,
        [question("sure")],
        max_agents=draw(st.sampled_from([None, 1, 2])),
    )


@given(plans(), st.integers(0, 9_000))
def test_a_path_leads_from_the_start_to_the_end_without_a_gap(it: Plan, wait: int) -> None:
    course = simulate(it, {}, {QuestionName("sure"): wait})
    assert course.makespan is not None
    assert set(course.ends) == set(it.tasks)
    assert course.makespan == max(course.ends.values())
    time = 0
    for step in course.path:
        answered = step.waited_ms if step.waited_for == "answer" else 0
        assert step.stint.begins == time + answered, told(course)
        time = step.stint.ends
    assert time == course.makespan
    assert course.path[0].waited_for in ("start", "answer")


@given(plans())
def test_nobody_does_two_things_at_once(it: Plan) -> None:
    course = simulate(it, {})
    for name in NAMES:
        own = sorted((s.begins, s.ends) for s in course.stints if s.agent == name)
        assert all(first[1] <= then[0] for first, then in pairwise(own))


@pytest.mark.parametrize("seconds", [1, 100])
def test_other_durations_give_another_course(seconds: int) -> None:
    it = plan([agent("ann"), agent("ben")], [task("a", "ann"), task("b", "ben", needs=["a"])])
    assert simulate(it, {TaskId("a"): seconds * SECOND}).makespan == (seconds + 10) * SECOND
