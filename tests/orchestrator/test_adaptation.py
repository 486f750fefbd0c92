"""What is wrong with how a swarm works is found, told, and met by the strategies of the layout."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.domain.agent_lifecycle import LIVE, AgentState, PausedBy
from mop_tui.domain.events import AnyEvent, SystemSampled
from mop_tui.domain.feed import Steer
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.plan import Ailment, Command, Plan, Review, Script, TaskSpec, Work
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import Found, Pressure, Strategy
from mop_tui.domain.triggers import Limits
from mop_tui.layout import bundled, load
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, crash, fixed, kind, plan, play, question, task

UP = Strategy("up", "progress_slow", "spawn_additional_agents", max_agents=4)
DOWN = Strategy("down", "resource_constrained", "pause_non_critical_agents")
MOVE = Strategy("move", "agent_overloaded", "move_tasks_to_available_agents")
SWITCH = Strategy(
    "switch",
    "coordination_overhead_high",
    "switch_topology",
    from_shape="mesh",
    to_shape="star",
)


def typed(name: str, of: str, *skills: str) -> Any:
    return replace(agent(name, *skills), type=of)


def steps(ran: Ran) -> list[tuple[int, str, bool]]:
    """Return when (in seconds) which strategy was applied, or taken back."""
    applied = ran.of("system.strategy_applied")
    return [(event.at // 1000, event.data.strategy, event.data.undone) for event in applied]


def noes(ran: Ran, strategy: str) -> list[str]:
    """Return why a strategy was not applied."""
    return [it.data.reason for it in ran.decisions(f"adapt/{strategy}") if it.data.verdict == "no"]


def sampled(**found: float) -> SystemSampled:
    """Return a judgement that found so much of something."""
    return SystemSampled(
        findings=tuple(
            Found(_PRESSURES[trigger], value, 0, f"{trigger} is {value}")
            for trigger, value in found.items()
        )
    )


_PRESSURES: Mapping[str, Pressure] = {
    str(it.trigger): it.trigger for it in (UP, DOWN, MOVE, SWITCH)
}


def every_half_minute(*judgements: SystemSampled) -> list[tuple[float, SystemSampled]]:
    """Return judgements with their times. The session's own are to be left out (`quiet`)."""
    return [(30.0 * number, it) for number, it in enumerate(judgements, start=1)]


def quiet(what: Plan, *strategies: Strategy) -> Plan:
    """Return a plan with strategies, in which nothing is judged but from outside."""
    return replace(what, strategies=strategies, monitoring_ms=10**9)


# -- an uneven load -------------------------------------------------------------------------------


def uneven(*strategies: Strategy) -> Plan:
    """Three equal agents, one of which is to do everything."""
    return replace(
        plan(
            [typed(name, "worker", "dig") for name in ("ann", "ben", "cem")],
            [task(f"t{number}", "ann", seconds=300) for number in range(5)],
        ),
        strategies=strategies,
    )


def test_a_load_that_is_uneven_is_shared_out(file: Path) -> None:
    what = uneven(MOVE)
    ran = play(what, file)
    assert steps(ran) == [(60, "move", False)]
    moved = [(it.data.from_agent, it.data.to_agent) for it in ran.of("task.reassigned")]
    assert (
        sorted(moved)
        == [("ann", "ben"), ("ann", "ben"), ("ann", "cem"), ("ann", "cem")][: len(moved)]
    )
    assert {row.agent for row in ran.session.tasks.values()} == {"ann", "ben", "cem"}
    assert ran.events[-1].at < 0.5 * play(uneven(), file.with_suffix(".2")).events[-1].at
    assert recheck(what, ran.events).divergence is None


def test_without_strategies_it_is_only_told(file: Path) -> None:
    ran = play(uneven(), file)
    assert steps(ran) == []
    told = [it for it in ran.session.issues.values() if it.key == "pressure/agent_overloaded"]
    assert [issue.severity for issue in told] == ["info"]
    assert told[0].text == (
        "agent_overloaded: 4 ready tasks wait for ann, while ben and cem are free and could do them"
    )
    assert not told[0].open


def test_one_task_is_told_of_as_one(file: Path) -> None:
    low = replace(MOVE, mode="ask", threshold=0)
    ran = play(uneven(low), file)
    said = {it.data.findings[0].text for it in ran.of("system.sampled") if it.data.findings}
    assert "1 ready task waits for ann, while ben and cem are free and could do it" in said


def test_what_only_one_can_do_in_its_way_stays_with_it(file: Path) -> None:
    what = uneven(MOVE)
    script = fixed(300)
    alike = {AgentId("ann"): Work(script=script)}
    assert steps(play(replace(what, agent_work=alike), file)) != []
    own = {AgentId("ann"): Work(Command(("dig", "deep")), script)}
    ran = play(replace(what, agent_work=own), file.with_suffix(".2"))
    assert ran.of("task.reassigned") == []


def test_what_others_lack_the_skill_for_stays_where_it_is(file: Path) -> None:
    what = uneven(MOVE)
    others = replace(
        what,
        agents={name: replace(spec, type=name, skills=()) for name, spec in what.agents.items()},
    )
    ran = play(others, file)
    assert ran.of("task.reassigned") == []
    assert ran.issues() == []


def test_files_that_an_agent_owns_keep_its_tasks_with_it(file: Path) -> None:
    what = uneven(MOVE)
    ann = replace(what.agents[AgentId("ann")], owns=agent("x", owns=["here/*"]).owns)
    ran = play(replace(what, agents={**what.agents, ann.id: ann}), file)
    assert ran.of("task.reassigned") == []


def test_nobody_is_given_the_review_of_what_it_did(file: Path) -> None:
    by_ben = Review(AgentId("ben"), expected_ms=300_000)
    pair = [typed("ann", "worker", "dig"), typed("ben", "worker", "dig")]
    tasks = [task(f"t{number}", "ann", seconds=20, review=by_ben) for number in range(6)]
    scripts = {f"t{number}": fixed(20) for number in range(6)}
    what = replace(plan(pair, tasks, scripts=scripts), strategies=(MOVE,))
    ran = play(what, file)
    assert {it.spec.agent for it in ran.session.tasks.values() if it.spec.reviews} == {"ben"}
    assert ran.session.outcome == "complete"


def test_nobody_is_given_what_it_is_to_review(file: Path) -> None:
    by_ben = Review(AgentId("ben"))
    pair = [typed("ann", "worker", "dig"), typed("ben", "worker", "dig")]
    tasks = [task(f"t{number}", "ann", seconds=300, review=by_ben) for number in range(6)]
    ran = play(replace(plan(pair, tasks), strategies=(MOVE,)), file)
    assert ran.of("task.reassigned") == []
    assert ran.session.outcome == "complete"


# -- what there is --------------------------------------------------------------------------------


def crowded(*strategies: Strategy, critical: Iterable[str] = ()) -> Plan:
    """Six at work on a machine for four, each of whom uses a core."""
    names = [f"a{number}" for number in range(6)]
    tasks: list[TaskSpec] = [
        task(
            f"t-{name}",
            name,
            seconds=600,
            priority=Priority.CRITICAL if name in critical else Priority.NORMAL,
        )
        for name in names
    ]
    script = replace(fixed(600), uses_cpu=1.0)
    made = plan(
        [typed(name, "worker") for name in names],
        tasks,
        scripts={spec.id: script for spec in tasks},
        limits=Limits(cpu=4),
    )
    return replace(made, strategies=strategies)


def test_agents_share_the_cores_that_there_are(file: Path) -> None:
    ran = play(crowded(), file)
    assert ran.events[-1].at == pytest.approx(900_000, rel=0.001)  # 6 x 600 s of 4 cores
    alone = replace(crowded(), limits=Limits(cpu=6))
    assert play(alone, file.with_suffix(".2")).events[-1].at == 600_000


def test_who_can_wait_is_paused_and_goes_on(file: Path) -> None:
    what = crowded(DOWN)
    ran = play(what, file)
    first = ran.of("system.strategy_applied")[0]
    assert (first.at, len(first.data.agents)) == (60_000, 3)  # 150 %, and 75 % without three
    assert first.data.what == "a0, a1 and a2 are paused, the least important first"
    assert [undone for _, _, undone in steps(ran)].count(True) >= 1
    assert ran.session.outcome == "complete"
    assert all(a.state is AgentState.COMPLETE for a in ran.session.agents.values())
    told = [it for it in ran.session.issues.values() if it.key == "pressure/resource_constrained"]
    assert told[0].severity == "warning"
    assert told[0].text.startswith("resource_constrained: 150 % of the 4 cores of limits.cpu")
    assert recheck(what, ran.events).divergence is None


def test_who_is_critical_is_not_paused(file: Path) -> None:
    kept = replace(DOWN, keep_critical=("a1",))
    ran = play(crowded(kept, critical=["a0"]), file)
    paused = {it.data.agent for it in ran.of("agent.transitioned") if it.data.to_state == "PAUSED"}
    assert paused
    assert paused.isdisjoint({"a0", "a1"})


def test_who_has_locked_what_others_wait_for_is_not_paused_before_others(file: Path) -> None:
    what = crowded(DOWN)
    locking = {
        name: replace(spec, locks=(Resource("shared"),) if name in ("t-a0", "t-a5") else ())
        for name, spec in what.tasks.items()
    }
    ran = play(replace(what, tasks=locking), file)
    assert ran.of("system.strategy_applied")[0].data.agents == ("a1", "a2")
    assert ran.session.outcome == "complete"


def test_that_nobody_may_be_paused_is_said(file: Path) -> None:
    ran = play(crowded(replace(DOWN, keep_critical=("worker",))), file)
    assert steps(ran) == []
    assert noes(ran, "down")[0].endswith("but there is nobody to pause: who is at work is critical")


# -- slow work ------------------------------------------------------------------------------------


def slow(*strategies: Strategy, for_session: bool = False) -> Plan:
    """One worker with much to do, who takes five times as long as planned."""
    tasks = [task(f"t{number}", "worker", seconds=300) for number in range(4)]
    made = plan(
        [agent("worker", "dig", for_session=for_session)],
        tasks,
        kinds={"worker": kind("dig", for_session=for_session)},
    )
    ill = Script(ailments=(Ailment(0, slow=5.0),))
    return replace(made, strategies=strategies, agent_work={AgentId("worker"): Work(script=ill)})


@pytest.mark.parametrize("for_session", [False, True])
def test_slow_work_brings_help(file: Path, *, for_session: bool) -> None:
    what = slow(UP, for_session=for_session)
    ran = play(what, file)
    added = [it.data.spec for it in ran.of("agent.spawned")][1:]
    assert 1 <= len(added) <= 3
    assert {spec.type for spec in added} == {"worker"}
    assert all(str(spec.spawn).startswith("strategy:up@") for spec in added)
    helped = {row.agent for row in ran.session.tasks.values()} - {"worker"}
    assert helped == {spec.id for spec in added}
    assert (
        ran.events[-1].at
        < 0.5 * play(slow(for_session=for_session), file.with_suffix(".2")).events[-1].at
    )
    assert recheck(what, ran.events).divergence is None


def test_there_are_never_more_than_may_be(file: Path) -> None:
    ran = play(slow(replace(UP, max_agents=1)), file)
    assert len(ran.session.agents) == 1
    assert "but max_agents is 1, and 1 agent is there" in noes(ran, "up")[0]


def test_nobody_is_spawned_while_the_machine_is_used_up(file: Path) -> None:
    what = quiet(slow(), UP)
    both = sampled(resource_constrained=95, progress_slow=10)
    ran = play(what, file, outside=every_half_minute(both, both, both))
    assert steps(ran) == []
    assert noes(ran, "up")[0].endswith("but nobody is spawned while what there is is used up")


@pytest.mark.parametrize("for_session", [False, True])
def test_help_that_has_nothing_to_do_is_dismissed(file: Path, *, for_session: bool) -> None:
    tasks = [task("long", "worker", seconds=3000), task("short", skill="dig", seconds=60)]
    kinds = {"worker": kind("dig", for_session=for_session)}
    made = plan([agent("worker", "dig")], tasks, kinds=kinds)
    found = sampled(progress_slow=10)
    ran = play(quiet(made, UP), file, outside=every_half_minute(found, found, *[sampled()] * 10))
    assert [(name, undone) for _, name, undone in steps(ran)] == [("up", False), ("up", True)]
    added = ran.session.agents[AgentId("worker-1")]
    assert (added.state, added.completed, added.retired) == (AgentState.COMPLETE, 1, True)
    assert not added.running
    gone = next(it.at for it in ran.of("system.strategy_applied") if it.data.undone)
    assert gone < ran.events[-1].at - 1_000_000
    assert recheck(quiet(made, UP), ran.events).divergence is None


# -- messages -------------------------------------------------------------------------------------


def test_the_topology_is_switched_only_from_the_one_that_is_meant(file: Path) -> None:
    found = sampled(coordination_overhead_high=50)
    busy = plan([agent("ann")], [task("one", "ann", seconds=600)])
    ran = play(quiet(busy, SWITCH), file, outside=every_half_minute(*[found] * 12))
    assert [(it.data.from_shape, it.data.to_shape) for it in ran.of("system.topology_changed")] == [
        ("mesh", "star")
    ]
    assert len(steps(ran)) == 1
    assert noes(ran, "switch")[-1].endswith("but the swarm is coordinated as star, not mesh")


def test_a_swarm_that_talks_much_goes_over_to_a_shape_that_costs_less(file: Path) -> None:
    found = bundled.find("talkative")
    assert found is not None
    away = replace(SWITCH, from_shape="hierarchical", to_shape="mesh")
    what = replace(load(found, rehearse=True).plan, strategies=(away,), monitoring_ms=5_000)
    ran = play(what, file)
    assert [it.data.to_shape for it in ran.of("system.topology_changed")] == ["mesh"]
    before, *_, after = ran.of("system.sampled")
    assert before.data.findings[0].trigger == "coordination_overhead_high"
    assert before.data.findings[0].value > 30
    assert after.data.findings == ()
    assert ran.session.outcome == "complete"
    assert recheck(what, ran.events).divergence is None


# -- hysteresis -----------------------------------------------------------------------------------


def test_what_is_found_once_is_not_acted_upon(file: Path) -> None:
    found = sampled(agent_overloaded=4)
    ran = play(
        quiet(uneven(), MOVE), file, outside=every_half_minute(found, sampled(), found, sampled())
    )
    assert steps(ran) == []
    assert ran.issues() == []


def test_what_is_on_its_way_back_is_told_and_left_alone(file: Path) -> None:
    ran = play(
        quiet(crowded(), DOWN),
        file,
        outside=every_half_minute(*[sampled(resource_constrained=85)] * 5),
    )
    assert steps(ran) == []
    assert "it is on the way back: 90 is where anything is done about it" in noes(ran, "down")[0]
    assert len(ran.session.issues) == 1


def test_one_strategy_at_a_time_and_the_most_pressing_first(file: Path) -> None:
    found = sampled(resource_constrained=95, agent_overloaded=4)
    ran = play(quiet(uneven(), MOVE, DOWN), file, outside=every_half_minute(found, found, found))
    first = noes(ran, "down")[0]
    assert first.endswith("but there is nobody to pause: nobody else is at work")
    assert steps(ran)[0] == (60, "move", False)


# -- asking ---------------------------------------------------------------------------------------

ASKS = replace(MOVE, mode="ask")


def test_a_proposal_shows_its_evidence_and_is_carried_out_if_approved(file: Path) -> None:
    what = uneven(ASKS)
    ran = play(what, file, answers=[answer("adapt/move", "approve", after=20)], attended=True)
    asked = ran.of("user.asked")[0].data
    assert asked.text == "Apply strategy move (move_tasks_to_available_agents)?"
    shown = dict(asked.context)
    assert shown["what shows it"].startswith("4 ready tasks wait for ann")
    assert shown["since"] == "30 s, in 2 judgements in a row"
    assert "from ann to ben" in shown["what would be done"]
    assert steps(ran) == [(80, "move", False)]
    assert recheck(what, ran.events).divergence is None


def test_a_refusal_is_recorded_and_lets_it_rest(file: Path) -> None:
    answers = [answer("adapt/move", "reject", "not now", after=5)] * 9
    ran = play(uneven(ASKS), file, answers=answers, attended=True)
    assert steps(ran) == []
    assert "file#test does not want it: not now" in noes(ran, "move")
    asked = [it.at for it in ran.of("user.asked")]
    assert all(later - sooner >= 120_000 for sooner, later in pairwise(asked))


def test_with_nobody_there_nothing_is_asked(file: Path) -> None:
    ran = play(uneven(ASKS), file)
    assert ran.of("user.asked") == []
    assert noes(ran, "move")[0].endswith("but it is to be approved, and nobody is here who could")


def test_a_proposal_is_taken_back_when_its_reason_is_gone(file: Path) -> None:
    found = sampled(agent_overloaded=4)
    what = quiet(uneven(), ASKS)
    ran = play(what, file, outside=every_half_minute(found, found, sampled()), attended=True)
    assert [it.data.reason for it in ran.of("user.withdrawn")] == [
        "what strategy move was proposed for is over"
    ]
    assert steps(ran) == []


def test_a_proposal_does_not_keep_a_session_from_ending(file: Path) -> None:
    found = sampled(agent_overloaded=4)
    what = quiet(uneven(), ASKS)
    ran = play(what, file, outside=every_half_minute(found, found), attended=True)
    assert ran.session.outcome == "complete"
    assert [it.data.reason for it in ran.of("user.withdrawn")] == ["nothing is left to be done"]


# -- silence --------------------------------------------------------------------------------------


def test_a_swarm_that_works_well_leaves_no_trace_of_being_judged(file: Path) -> None:
    tasks = [task(f"t{n}", name, seconds=600) for n in range(3) for name in ("ann", "ben")]
    unique = [replace(it, id=TaskId(f"{it.id}-{it.agent}")) for it in tasks]
    ran = play(plan([agent("ann"), agent("ben")], unique), file)
    assert ran.of("system.sampled") == []
    assert ran.events[-1].at > 1_000_000


def test_what_waits_for_a_human_is_not_slow(file: Path) -> None:
    gated = [task("one", "ann", seconds=60, gate="ok"), task("two", "ben", seconds=1200)]
    after = [task(f"t{n}", "ann", seconds=300, needs=["one"]) for n in range(3)]
    what = plan([agent("ann"), agent("ben")], [*gated, *after], [question("ok")])
    ran = play(what, file, answers=[answer("ok", "approve", after=900)], attended=True)
    slow_ones = [it for it in ran.of("system.sampled") if it.data.findings]
    assert slow_ones == []


# -- at random ------------------------------------------------------------------------------------

SAMPLES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "resource_constrained": st.floats(81, 160),
            "agent_overloaded": st.integers(1, 6),
            "progress_slow": st.integers(0, 84),
            "coordination_overhead_high": st.integers(21, 90),
        },
    ),
    min_size=20,
    max_size=60,
)
STRATEGIES = (replace(DOWN, keep_critical=("b",)), MOVE, UP, SWITCH)


class Watch:
    """Holds every moment of a session against what must never be."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def see(self, session: Session, event: AnyEvent) -> None:
        """Look at the session just after an event."""
        if event.kind == "agent.transitioned" and event.data.to_state is AgentState.PAUSED:
            row = session.agents[event.data.agent]
            task_ = session.tasks[row.task] if row.task is not None else None
            if event.data.by is PausedBy.STRATEGY and (
                row.spec.type == "b"
                or (task_ is not None and task_.spec.priority is Priority.CRITICAL)
            ):
                self.wrong.append(f"{row.spec.id} is critical, and was paused")
        live = sum(1 for row in session.agents.values() if row.state in LIVE)
        if event.kind == "agent.spawned" and row_is_added(session, event) and live > 4 + 4:
            self.wrong.append(f"{live} agents")


def row_is_added(session: Session, event: AnyEvent) -> bool:
    return session.agents[event.data.agent] in session.added()


@settings(max_examples=40, deadline=None)
@given(SAMPLES)
def test_nothing_flaps_whatever_is_found(
    tmp_path_factory: pytest.TempPathFactory, found: list[dict[str, float]]
) -> None:
    names = ("a", "b", "c", "d")
    tasks = [
        task(
            f"t{number}-{name}",
            name,
            seconds=400,
            priority=Priority.CRITICAL if (number, name) == (0, "c") else Priority.LOW,
        )
        for number in range(3)
        for name in names
    ]
    up = replace(UP, max_agents=8)
    what = quiet(
        plan(
            [typed(name, name if name == "b" else "worker") for name in names],
            tasks,
            kinds={"worker": kind()},
            scripts={it.id: replace(fixed(400), uses_cpu=1.0) for it in tasks},
            limits=Limits(cpu=4),
        ),
        *(up if it is UP else it for it in STRATEGIES),
    )
    watch = Watch()
    judgements = every_half_minute(*(sampled(**it) for it in found))
    ran = play(
        what,
        tmp_path_factory.mktemp("run") / "session.jsonl",
        outside=judgements,
        during=lambda orchestrator, event: watch.see(orchestrator.session, event),
    )
    assert watch.wrong == []
    assert ran.session.outcome == "complete"
    applied: dict[str, int] = {}
    for event in ran.of("system.strategy_applied"):
        name = event.data.strategy
        if event.data.undone:
            assert name in applied
            continue
        assert event.at - applied.get(name, -(10**9)) >= 120_000
        applied[name] = event.at
    at = [event.at for event in ran.of("system.strategy_applied") if not event.data.undone]
    assert len(set(at)) == len(at)
    assert recheck(what, ran.events).divergence is None


# -- other ways to begin and to end ---------------------------------------------------------------


def test_where_spawning_is_not_automatic_it_is_proposed(file: Path) -> None:
    what = replace(slow(UP), auto_spawn=False)
    ran = play(what, file, answers=[answer("adapt/up", "approve")] * 3, attended=True)
    assert ran.of("user.asked")[0].data.name == "adapt/up"
    assert len(ran.session.agents) > 1
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("strategy", [DOWN, MOVE])
def test_a_session_that_died_meanwhile_goes_on(file: Path, strategy: Strategy) -> None:
    what = crowded(strategy) if strategy is DOWN else uneven(strategy)
    ran = play(what, file)
    step = ran.of("system.strategy_applied")[0].seq
    for after in range(step - 9, step + 9, 3):
        died = crash(ran, file.with_suffix(f".{after}"), after=after)
        again = play(what, died, resume=True)
        assert again.session.outcome == "complete"
        assert again.session.held_back() == []
        assert all(row.paused_by is None for row in again.session.agents.values())
        assert recheck(what, again.events).divergence is None


def test_a_pause_that_the_operator_ends_is_not_ended_again(file: Path) -> None:
    paused: list[str] = []

    def resume(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.strategy_applied" and not paused:
            paused.append(event.data.agents[0])
            orchestrator.submit(Steer("resume", AgentId(paused[0])))

    ran = play(crowded(DOWN), file, during=resume)
    first = ran.of("system.strategy_applied")[0]
    goes_on = [
        it
        for it in ran.of("agent.transitioned")
        if it.data.agent == paused[0] and it.data.trigger == "resume"
    ]
    assert goes_on[0].at < first.at + 1_000
    assert ran.session.outcome == "complete"
    assert ran.of("agent.refused") == []
