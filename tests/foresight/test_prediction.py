"""Which team is recommended, and what it depends on."""

import time
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import RECORDS

from mop_tui.domain.ids import AgentId, QuestionName, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, Lifetime, Mode, Plan, Review, TaskSpec, TeamSpec
from mop_tui.domain.topology import Shape
from mop_tui.domain.triggers import Limits
from mop_tui.foresight.calibration import Span
from mop_tui.foresight.durations import Learnt, TooFew, learn
from mop_tui.foresight.prediction import Budget, Prediction, Unknown, predict
from mop_tui.foresight.record import Record
from sessions import agent, kind, plan, question, task, trigger

SECOND = 1_000
HOUR = 3_600


def learnt(**seconds: float) -> Learnt:
    """Return what three sessions tell of how long tasks take."""
    known = {TaskId(name): round(it * SECOND) for name, it in seconds.items()}
    return Learnt(known, {}, 3, dict.fromkeys(known, "task"))


def record(topology: Shape = "mesh", overhead: dict[Shape, float] | None = None) -> Record:
    return Record(
        run="r",
        task="it",
        mode=Mode.LIVE,
        started="2026-01-01T00:00:00+00:00",
        success=True,
        outcome="complete",
        execution_ms=1,
        team_composition={},
        agent_types={},
        topology=topology,
        overhead=overhead or {},
    )


def told(
    it: Plan,
    max_time: float | None = None,
    budget: Budget | None = None,
    *,
    known: Learnt | None = None,
    records: Iterable[Record] = (),
    span: Span | None = None,
) -> Prediction:
    """Return a prediction; `max_time` is in seconds."""
    limit = None if max_time is None else round(max_time * SECOND)
    prediction = predict(it, known or learnt(), tuple(records), limit, budget, span=span)
    assert isinstance(prediction, Prediction)
    return prediction


def coder(name: str, **more: Any) -> AgentSpec:
    return replace(agent(name, "code"), type="coder", **more)


def eight(**more: Any) -> Plan:
    """Return eight tasks of ten seconds that anybody of two coders can do at once."""
    return plan(
        [coder("ann", **more), coder("ben", **more)],
        [task(f"t{n}", skill="code") for n in range(8)],
    )


# -- what is recommended ----------------------------------------------------------------------


def test_without_constraints_it_is_the_smallest_team_that_is_nearly_the_fastest() -> None:
    it = told(eight())
    assert (it.recommended.size, it.recommended.makespan) == (8, 10 * SECOND)
    assert (it.own.size, it.own.makespan) == (2, 40 * SECOND)
    chain = [task(f"t{n}", skill="code", needs=[f"t{n - 1}"] if n else []) for n in range(4)]
    alone = told(plan([coder("ann"), coder("ben")], chain))
    assert alone.recommended.teams == {"crew": 1}
    assert alone.recommended.critical_path == ("t0", "t1", "t2", "t3")


def test_a_little_faster_is_not_worth_another_agent() -> None:
    tasks = [task("long", skill="code", seconds=100), task("short", skill="code", seconds=4)]
    assert told(plan([coder("ann"), coder("ben")], tasks)).recommended.size == 1
    tasks[1] = replace(tasks[1], expected_ms=6 * SECOND)
    assert told(plan([coder("ann"), coder("ben")], tasks)).recommended.size == 2


def test_with_a_time_it_is_the_cheapest_that_fits() -> None:
    assert [told(eight(), limit).recommended.size for limit in (10, 20, 40, 80, 100)] == [
        8,
        4,
        2,
        1,
        1,
    ]
    late = told(eight(), 9)
    assert late.recommended.makespan == 10 * SECOND
    assert late.fits_time is False


def test_whether_the_upper_end_of_the_range_fits_is_told() -> None:
    span = Span(0.9, 1.5, 0.5)
    it = told(eight(), 20, span=span)
    assert (it.fits_time, it.surely_fits_time) == (True, False)
    assert (it.soonest, it.latest) == (18 * SECOND, 30 * SECOND)
    assert told(eight(), 80, span=span).surely_fits_time is False
    assert told(eight(), 120, span=span).surely_fits_time is True
    assert told(eight(), 20).surely_fits_time is None


@pytest.mark.parametrize(
    ("span", "said"), [((1.2, 1.5), ["above"]), ((0.5, 0.9), ["below"]), ((0.9, 1.1), [])]
)
def test_a_range_that_lies_beside_what_is_foretold_says_why(
    span: tuple[float, float], said: list[str]
) -> None:
    assumptions = told(eight(), span=Span(*span, 0.5)).assumptions
    found = [it for it in assumptions if it.startswith("Earlier sessions took")]
    assert [it.split()[-2] for it in found] == said


def test_with_a_budget_it_is_the_fastest_that_can_be_paid_for() -> None:
    services = replace(eight(model="opus"), prices={"opus": 3_600})
    assert told(services, budget=79).fits_budget is False
    assert told(services, budget=80).recommended.makespan == 10 * SECOND


def test_agents_for_the_session_make_a_larger_team_dearer() -> None:
    tasks = [
        task("first", skill="code"),
        *(task(f"t{n}", skill="code", needs=["first"]) for n in range(4)),
    ]
    crew = [replace(coder("ann", model="opus"), lifetime=Lifetime.SESSION)]
    it = replace(plan(crew, tasks), prices={"opus": 360})
    spans = {size: 10 + 40 / size for size in (1, 2, 4)}
    costs = {size: size * took / 10 for size, took in spans.items()}
    for size, cost in costs.items():
        recommended = told(it, budget=cost).recommended
        assert (recommended.size, recommended.makespan) == (size, spans[size] * SECOND)


def test_a_budget_below_everything_is_said_to_be_too_small() -> None:
    it = told(eight(), budget=0)
    assert it.fits_budget is False
    assert it.recommended.cost == it.cheapest.cost
    assert told(eight(), budget=1e12).fits_budget is True


def test_ranks_lie_between_the_cheapest_and_the_fastest() -> None:
    tasks = [
        task("first", skill="code"),
        *(task(f"t{n}", skill="code", needs=["first"]) for n in range(8)),
    ]
    it = plan([coder("ann")], tasks)
    sizes = [told(it, budget=rank).recommended.size for rank in ("low", "medium", "high")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
    assert told(it, budget="high").recommended.makespan == told(it).fastest.makespan


def test_a_model_without_a_price_leaves_only_ranks() -> None:
    it = replace(eight(), prices={"opus": 3})
    agents = {**it.agents, AgentId("ben"): replace(it.agents[AgentId("ben")], model="haiku")}
    half = told(replace(it, agents=agents), budget=3)
    assert (half.priced, half.unpriced) == (False, ("haiku",))
    assert told(it).priced


def test_the_cheaper_of_two_groups_is_added_to() -> None:
    hands = [replace(coder("ann", model="opus"), type="senior"), coder("ben", model="haiku")]
    it = replace(
        plan(hands, [task(f"t{n}", skill="code") for n in range(6)]),
        prices={"opus": 60, "haiku": 1},
    )
    # More coders are cheaper than few, for then the senior has but one task to do.
    assert told(it, 20).recommended.composition == {"crew": {"senior": 1, "coder": 5}}


def test_the_layouts_own_team_is_recommended_as_it_is_where_that_is_as_good() -> None:
    it = told(plan([coder("ann")], [task("a", "ann")]))
    assert it.recommended.as_is
    assert it.tried >= 1


def test_teams_between_those_that_share_the_work_evenly_are_tried() -> None:
    parts = [task(f"p{number}", skill="code") for number in range(4)]
    chain = [task("c0", "tess", needs=[part.id for part in parts])]
    chain += [task(f"c{number}", "tess", needs=[f"c{number - 1}"]) for number in range(1, 4)]
    it = told(plan([coder("ann"), agent("tess", "test")], [*parts, *chain]), 60)
    assert it.recommended.composition == {"crew": {"coder": 2, "tess": 1}}
    assert it.recommended.makespan == 60 * SECOND


def test_no_more_agents_than_the_layout_may_have() -> None:
    limited = replace(eight(), limits=Limits(total=3))
    assert told(limited).recommended.size == 3
    at_work = replace(eight(), max_agents=2)
    assert told(at_work).recommended.size == 2


def test_who_is_spawned_for_a_task_counts_and_stays() -> None:
    comes = trigger("comes", "task_created", "spawn_agent", requires_skill="rare", agents=("ben",))
    tasks = [task("a", "ann"), *(task(f"t{number}", skill="rare") for number in range(2))]
    it = plan([coder("ann")], tasks, kinds={"ben": kind()}, triggers=[comes])
    assert told(it).recommended.teams == {"crew": 1, "spawned": 2}


# -- what it depends on -----------------------------------------------------------------------


def test_other_durations_give_another_prediction() -> None:
    slow = told(eight(), known=learnt(t0=100))
    assert slow.recommended.size == 1 + 1
    assert slow.recommended.makespan == 100 * SECOND
    assert slow.sessions == 3


def test_waits_for_answers_need_no_agents() -> None:
    tasks = [task(f"t{n}", skill="code", gate="sure") for n in range(4)]
    it = plan([coder("ann"), coder("ben")], tasks, [question("sure")])
    known = replace(learnt(), waits={QuestionName("sure"): 600 * SECOND})
    waiting = told(it, known=known)
    assert (waiting.recommended.size, waiting.recommended.makespan) == (1, 640 * SECOND)
    assert told(it).recommended.size == 4


@pytest.mark.parametrize(
    ("overheads", "shape", "factor"),
    [
        ([{"hierarchical": 0.2, "mesh": 0.1}] * 3, "mesh", 0.8 / 0.9),
        ([{"hierarchical": 0.1, "mesh": 0.2}] * 3, "hierarchical", 1.0),
        ([{"hierarchical": 0.2, "mesh": 0.1}] * 2, "hierarchical", 1.0),
        ([{"mesh": 0.1}] * 3, "hierarchical", 1.0),
        ([{"hierarchical": 1.0, "mesh": 0.0}] * 3, "mesh", 0.05),
        ([], "hierarchical", 1.0),
    ],
)
def test_the_topology_is_that_in_which_messages_cost_least(
    overheads: list[dict[Shape, float]], shape: Shape, factor: float
) -> None:
    records = [record("hierarchical", it) for it in overheads] or [record("hierarchical")]
    it = told(eight(), known=learnt(t0=100), records=records)
    assert it.topology.shape == shape
    assert it.topology.factor == pytest.approx(factor)
    assert it.recommended.makespan == max(round(100 * SECOND * factor), 10 * SECOND)


def test_what_cannot_be_done_is_not_predicted() -> None:
    circle = plan([coder("ann")], [task("a", "ann", needs=["b"]), task("b", "ann", needs=["a"])])
    unknown = predict(circle, learnt(), ())
    assert isinstance(unknown, Unknown)
    assert unknown.why
    undeclared = predict(plan([coder("ann")], [task("a", "ann", seconds=None)]), learnt(), ())
    assert isinstance(undeclared, Unknown)
    assert "no duration" in undeclared.why


def test_a_plan_without_tasks_is_done_at_once() -> None:
    it = told(plan([coder("ann")], []), 0, 0)
    assert it.recommended.makespan == 0
    assert it.fits_time


# -- any plan, any constraints ----------------------------------------------------------------


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of two teams that can be done to its end, with prices or without."""
    crew = [
        replace(
            agent(f"a{number}", *draw(st.sampled_from([("code",), ("code", "test")]))),
            type=draw(st.sampled_from(["coder", "tester"])),
            team=TeamId(draw(st.sampled_from(["one", "two"]))),
            model=draw(st.sampled_from([None, "opus", "haiku"])),
            lifetime=draw(st.sampled_from(Lifetime)),
            lead=draw(st.integers(0, 5)) == 0,
        )
        for number in range(draw(st.integers(2, 5)))
    ]
    tasks: list[TaskSpec] = []
    for number in range(draw(st.integers(1, 9))):
        by = draw(st.sampled_from([None, *(it.id for it in crew)]))
        before = [it.id for it in tasks]
        needs = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
        made = task(
            f"t{number}",
            by,
            skill=None if by else "code",
            needs=needs,
            seconds=draw(st.integers(1, 50)),
            locks=draw(st.sampled_from([(), (), ("x",)])),
        )
        if draw(st.integers(0, 4)) == 0:
            others = [it.id for it in crew if it.id != by]
            made = replace(made, review=Review(draw(st.sampled_from(others)), expected_ms=2_000))
        tasks.append(made)
    teams = tuple(
        TeamSpec(TeamId(name), name, tuple(it.id for it in crew if it.team == name))
        for name in ("one", "two")
    )
    prices = draw(
        st.sampled_from(
            [{}, {"opus": 6.0}, {"opus": 6.0, "haiku": 0.5}, {"opus": 0.0, "haiku": 0.0}]
        )
    )
    it = plan(crew, tasks, max_agents=draw(st.sampled_from([None, 1, 3])))
    return replace(it, teams=teams, prices=prices)


TIMES = st.none() | st.integers(0, 200)
BUDGETS = st.none() | st.sampled_from(["low", "medium", "high"]) | st.floats(0, 1)


@given(plans(), st.integers(0, 200), st.integers(0, 200), BUDGETS)
@settings(max_examples=60)
def test_more_time_never_makes_it_dearer(
    it: Plan, one: int, other: int, budget: Budget | None
) -> None:
    short, long = (told(it, limit, budget) for limit in sorted((one, other)))
    assert long.recommended.cost <= short.recommended.cost
    assert short.fits_time is not True or long.fits_time


@given(plans(), TIMES, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_more_money_never_makes_it_slower(
    it: Plan, limit: int | None, one: float, other: float
) -> None:
    poor, rich = (told(it, limit, budget) for budget in sorted((one, other)))
    assert rich.recommended.makespan <= poor.recommended.makespan
    low, medium, high = (told(it, limit, rank) for rank in ("low", "medium", "high"))
    assert low.recommended.makespan >= medium.recommended.makespan >= high.recommended.makespan
    assert high.fits_budget


@given(plans(), TIMES, BUDGETS)
@settings(max_examples=60)
def test_a_recommendation_holds_what_it_says(
    it: Plan, limit: int | None, budget: Budget | None
) -> None:
    one = told(it, limit, budget)
    team = one.recommended
    assert one.fastest.makespan <= team.makespan
    assert one.cheapest.cost <= team.cost
    assert team.size == sum(team.teams.values())
    assert team.size >= 1
    assert team.path[-1].stint.ends == team.makespan
    kinds = {(spec.team, spec.type) for spec in it.agents.values()}
    there = {(name, kind) for name, types in team.composition.items() for kind in types}
    assert there == kinds
    for step in team.path:
        spec = it.tasks[step.stint.task]
        if not step.stint.review and spec.agent is not None:
            assert team.kinds[step.stint.agent] == it.agents[spec.agent].type


@given(plans(), st.lists(RECORDS, min_size=3, max_size=5), TIMES, BUDGETS)
@settings(max_examples=60)
def test_whatever_sessions_tell_something_is_predicted(
    it: Plan, records: list[Record], limit: int | None, budget: Budget | None
) -> None:
    usable = [replace(one, mode=Mode.LIVE, success=True) for one in records]
    known = learn(usable, it, mode=Mode.LIVE)
    assert not isinstance(known, TooFew)
    one = told(it, limit, budget, known=known, records=usable)
    assert one.topology.shape in {record.topology for record in usable} | {
        shape for record in usable for shape in record.overhead
    }


def test_the_same_is_predicted_every_time() -> None:
    assert told(eight(), 20, "medium") == told(eight(), 20, "medium")


def test_ten_thousand_tasks_are_answered_in_seconds() -> None:
    chance = Random(7)
    hands = [replace(agent(f"a{n}", f"s{n % 10}"), type=f"kind{n % 10}") for n in range(100)]
    tasks = []
    for number in range(10_000):
        needs = (
            {f"t{chance.randrange(max(0, number - 300), number)}" for _ in range(2)}
            if number > 50
            else ()
        )
        tasks.append(
            task(
                f"t{number}",
                skill=f"s{number % 10}",
                needs=sorted(needs),
                seconds=chance.randint(1, 100),
            )
        )
    begun = time.process_time()
    it = told(plan(hands, tasks))
    assert time.process_time() - begun < 20  # about 4 s
    assert it.recommended.makespan <= it.fastest.makespan * 1.05
    assert it.recommended.size < it.fastest.size
