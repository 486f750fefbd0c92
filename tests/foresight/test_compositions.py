"""Who can stand in for whom, and what other teams cost."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from mop_tui.domain.ids import AgentId, Resource, TeamId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentSpec, Command, Lifetime, Plan, Review, TeamSpec, Work
from mop_tui.foresight.compositions import Candidate, Compositions
from sessions import agent, plan, task, trigger

HOUR = 3_600


def coder(name: str, **more: Any) -> AgentSpec:
    """Return one of several agents that are alike."""
    return replace(agent(name, "code"), type="coder", **more)


def compositions(it: Plan, *, priced: bool = False) -> Compositions:
    return Compositions(it, Outlook(0), priced)


def groups(it: Plan) -> list[tuple[str, ...]]:
    return [group.members for group in compositions(it).groups]


def priced(agents: Iterable[AgentSpec], *tasks: Any, prices: dict[str, float]) -> Candidate:
    """Return how a priced team does tasks."""
    told = compositions(replace(plan(agents, tasks), prices=prices), priced=True).as_is()
    assert isinstance(told, Candidate)
    return told


def test_agents_of_one_type_in_one_team_can_stand_in_for_each_other() -> None:
    hands = [coder("ann"), coder("ben"), agent("tess", "code")]
    assert groups(plan(hands, [task("a", skill="code")])) == [("ann", "ben"), ("tess",)]


@pytest.mark.parametrize(
    "other",
    [
        coder("ben", team=TeamId("other")),
        coder("ben", skills=("code", "test")),
        coder("ben", model="opus"),
        coder("ben", lifetime=Lifetime.SESSION),
    ],
)
def test_those_who_differ_cannot(other: AgentSpec) -> None:
    assert groups(plan([coder("ann"), other], [task("a", skill="code")])) == [("ann",), ("ben",)]


def test_those_who_run_another_program_cannot() -> None:
    it = plan([coder("ann"), coder("ben")], [task("a", skill="code")])
    other = replace(it, agent_work={AgentId("ben"): Work(Command(("other",)))})
    assert groups(other) == [("ann",), ("ben",)]


def test_who_is_named_for_who_it_is_stays() -> None:
    hands = [
        coder("ann"),
        coder("boss", lead=True),
        coder("owner", owns=(Resource("web/**"),)),
        coder("judge"),
        coder("called"),
        coder("top"),
        agent("idle", "nothing"),
    ]
    tasks = [
        task("a", skill="code", review=Review(AgentId("judge"), expected_ms=1_000)),
        task("b", "boss"),
    ]
    calls = trigger("calls", "schedule", "create_task", interval_ms=1_000, agent=AgentId("called"))
    it = compositions(replace(plan(hands, tasks, triggers=[calls]), coordinator=AgentId("top")))
    assert [group.members for group in it.groups] == [("ann",)]
    assert it.stay == ("boss", "owner", "judge", "called", "top", "idle")
    assert it.size(it.least) == 7


def test_what_is_meant_for_one_of_several_alike_any_of_them_does() -> None:
    it = compositions(
        plan([coder("ann"), coder("ben")], [task("a", "ann"), task("b", "ann"), task("c", "ann")])
    )
    own = it.as_is()
    assert isinstance(own, Candidate)
    assert own.makespan == 30_000
    assert it.loosened == 3
    made = {count: it.candidate((count,)) for count in (1, 2, 3)}
    assert {n: one and one.makespan for n, one in made.items()} == {1: 30_000, 2: 20_000, 3: 10_000}
    assert it.groups[0].most == 3


def test_what_is_meant_for_somebody_special_stays_with_it() -> None:
    it = compositions(
        plan([coder("ann", lead=True), coder("ben")], [task("a", "ann"), task("b", "ann")])
    )
    assert it.groups == ()
    assert it.loosened == 0


def test_more_than_may_be_at_work_or_have_something_to_do_are_not_tried() -> None:
    tasks = [task(f"t{n}", skill="code") for n in range(9)]
    assert compositions(plan([coder("ann")], tasks)).most == (9,)
    assert compositions(plan([coder("ann")], tasks, max_agents=4)).most == (4,)
    many = [coder(f"a{n}") for n in range(12)]
    assert compositions(plan(many, tasks)).most == (12,)


def test_what_is_needed_follows_from_what_can_be_done_at_a_time() -> None:
    tasks = [task("a", skill="code"), *(task(f"t{n}", skill="code", needs=["a"]) for n in range(3))]
    need = compositions(plan([coder("ann")], tasks)).need()
    assert need is not None
    assert (need.peaks, need.work, need.makespan) == ((3,), (40_000,), 20_000)


def test_a_team_that_waits_for_itself_has_no_end() -> None:
    it = plan(
        [coder("ann")], [task("a", skill="code", needs=["b"]), task("b", skill="code", needs=["a"])]
    )
    told = compositions(it)
    assert isinstance(told.as_is(), str)
    assert told.need() is None
    assert told.candidate((1,)) is None


# -- costs ------------------------------------------------------------------------------------


def test_without_prices_a_team_costs_agent_hours() -> None:
    it = compositions(
        plan([coder("ann"), coder("ben")], [task("a", skill="code", seconds=2 * HOUR)])
    )
    assert [it.candidate((n,)) and it.candidate((n,)).cost for n in (1, 2)] == [2, 4]  # type: ignore[union-attr]


def test_who_works_for_a_task_costs_while_it_works() -> None:
    hands = [coder("ann", model="opus"), coder("ben", model="haiku"), coder("plain")]
    tasks = [
        task("a", "ann", seconds=HOUR),
        task("b", "ben", seconds=2 * HOUR, needs=["a"]),
        task("c", "plain", seconds=HOUR),
    ]
    assert priced(hands, *tasks, prices={"opus": 6, "haiku": 1.5}).cost == 9


def test_who_lives_for_the_session_costs_from_when_it_is_there() -> None:
    ann = coder("ann", model="opus", lifetime=Lifetime.SESSION)
    late = replace(ann, id=AgentId("late"), team=TeamId("late"))
    it = plan(
        [ann, coder("ben")],
        [task("a", "ben", seconds=HOUR), task("b", "late", seconds=HOUR, needs=["a"])],
    )
    it = replace(
        it,
        teams=(*it.teams, TeamSpec(TeamId("late"), "Late", (late.id,), waits=True)),
        agents={**it.agents, late.id: late},
        prices={"opus": 10},
    )
    told = compositions(it, priced=True).as_is()
    assert isinstance(told, Candidate)
    assert told.makespan == 2 * HOUR * 1_000
    assert told.cost == 20 + 10


def test_reviews_cost_what_their_reviewers_cost() -> None:
    reviewed = task("a", "ann", seconds=HOUR, review=Review(AgentId("rex"), expected_ms=HOUR * 500))
    hands = [coder("ann", model="haiku"), coder("rex", model="opus")]
    assert priced(hands, reviewed, prices={"opus": 6, "haiku": 1}).cost == 4


def test_what_costs_nothing_costs_nothing() -> None:
    assert priced([coder("ann", model="own")], task("a", "ann"), prices={"own": 0}).cost == 0
