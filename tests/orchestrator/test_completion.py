"""What the guide's `on_transition` and `on_health_change` do, read off the record of a session.

DEGRADED   the agent is checked more often, and the coordinator is told
UNHEALTHY  a troubleshooter is spawned, and a critical task goes to somebody else
COMPLETE   what was locked is given back, dependent tasks become ready, the output is delivered
           and shown, and the agent is back in the pool
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from dashboard.desk import at_desk
from dashboard.stage import Stage

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.plan import Ailment, Mode, Plan, Script
from mop_tui.domain.priority import Priority
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, fixed, kind, plan, play, task

CHECKS = HealthChecks(interval_ms=20_000)
SLOW_TO_ANSWER = Ailment(at_ms=60_000, lasts_ms=120_000, response_ms=3_000)
HANGS = Ailment(at_ms=60_000, hangs=True)


def ill(*ailments: Ailment, seconds: int = 300) -> Script:
    """Return a script of somebody who is ill meanwhile."""
    return replace(fixed(seconds, output=("done",)), ailments=ailments)


def watched(what: Plan) -> Plan:
    """Return a plan whose agents are checked, and of which a coordinator is told."""
    boss = agent("boss", for_session=True)
    agents = {boss.id: boss, **what.agents}
    teams = (replace(what.teams[0], agents=tuple(agents)), *what.teams[1:])
    return replace(what, health=CHECKS, coordinator=boss.id, agents=agents, teams=teams)


def followed(ran: Ran, cause: AnyEvent) -> list[AnyEvent]:
    """Return what an event led to, decisions and their consequences included, in order."""
    led = {cause.seq}
    for event in ran.events:
        if event.cause in led:
            led.add(event.seq)
    return [event for event in ran.events if event.seq in led and event is not cause]


def became(ran: Ran, name: str, state: str) -> AnyEvent:
    """Return the first move of an agent into a state."""
    moves = ran.of("agent.transitioned")
    return next(it for it in moves if it.data.agent == name and it.data.to_state == state)


def decided(events: list[AnyEvent], rule: str) -> AnyEvent:
    """Return the only decision of a rule among some events."""
    [found] = [it for it in events if it.kind == "system.decided" and it.data.rule == rule]
    return found


# -- DEGRADED -------------------------------------------------------------------------------------


def degraded(file: Path) -> Ran:
    what = plan([agent("a")], [task("one", "a", seconds=300)], scripts={"one": ill(SLOW_TO_ANSWER)})
    return play(watched(what), file)


def test_who_is_degraded_is_checked_more_often(file: Path) -> None:
    ran = degraded(file)
    ill_at, well_at = became(ran, "a", "DEGRADED").at, ran.decisions("recover")[0].at
    checks = [event.at for event in ran.of("agent.checked")]
    while_ill = [at for at in checks if ill_at <= at <= well_at]
    assert len(while_ill) > 3
    # A check is over once its answer has come, which takes 3 s.
    assert max(b - a for a, b in pairwise(while_ill)) <= CHECKS.interval_ms // 2 + 3_000


def test_the_coordinator_is_told_who_is_degraded_and_by_what(file: Path) -> None:
    ran = degraded(file)
    led = followed(ran, became(ran, "a", "DEGRADED"))
    told = [it for it in led if it.kind == "system.intended" and it.data.effect == "tell"]
    assert [it.data.agent for it in told] == ["boss"]
    attended = decided(led, "attend_degraded")
    [note] = [action.text for action in attended.data.actions if action.do == "send_note"]
    assert note == "a is degraded: it takes 3 s to answer"


def test_it_is_recorded_that_a_degraded_agent_keeps_its_task_and_why(file: Path) -> None:
    ran = degraded(file)
    considered = decided(followed(ran, became(ran, "a", "DEGRADED")), "consider_reassignment")
    assert considered.data.verdict == "no"
    assert considered.data.reason == "nobody else is free who could do one"
    assert ran.agent_states("a")[-1][1] == "COMPLETE"
    assert ran.session.tasks[TaskId("one")].attempts == 1


# -- UNHEALTHY ------------------------------------------------------------------------------------


def of_two(priority: Priority) -> Plan:
    """Return a plan of a task that either of two agents may do."""
    what = plan(
        [agent("a", "work"), agent("b", "work")],
        [task("one", skill="work", priority=priority, seconds=300)],
        scripts={"one": ill(HANGS)},
        kinds={"devops-troubleshooter": kind()},
    )
    return watched(what)


def test_somebody_is_spawned_to_look_into_who_is_unhealthy(file: Path) -> None:
    ran = play(of_two(Priority.NORMAL), file)
    led = followed(ran, became(ran, "a", "UNHEALTHY"))
    [born] = [it.data.agent for it in led if it.kind == "agent.spawned"]
    assert born == "devops-troubleshooter-1"
    [made] = [it.data.spec for it in led if it.kind == "task.created"]
    assert made.title.startswith("Debug unhealthy agent a: it has not answered a ping for ")
    assert made.context["steps"] == [
        "Check resource usage",
        "Review error logs",
        "Identify bottlenecks",
        "Recommend remediation",
    ]
    assert ran.session.tasks[made.id].state == "COMPLETE"


@pytest.mark.parametrize(
    ("priority", "by"), [(Priority.CRITICAL, "b"), (Priority.NORMAL, "a or b")]
)
def test_a_critical_task_goes_to_somebody_else(file: Path, priority: Priority, by: str) -> None:
    ran = play(of_two(priority), file)
    led = followed(ran, became(ran, "a", "UNHEALTHY"))
    considered = decided(led, "consider_reassignment").data
    restarted = decided(led, "restart_unhealthy").data
    if priority is Priority.CRITICAL:
        assert (considered.verdict, restarted.verdict) == ("yes", "no")
        assert considered.reason == "its task is critical, and somebody else is free"
    else:
        assert (considered.verdict, restarted.verdict) == ("no", "yes")
        assert considered.reason == "one is not critical"
    one = ran.session.tasks[TaskId("one")]
    assert one.agent in by.split(" or ")
    assert (one.state, one.attempts) == ("COMPLETE", 2)
    assert recheck(of_two(priority), ran.events).divergence is None


# -- COMPLETE -------------------------------------------------------------------------------------


def complete(file: Path) -> Ran:
    what = plan(
        [agent("a")],
        [
            task("one", "a", locks=["shared"]),
            task("two", "a", needs=["one"], locks=["shared"]),
        ],
        scripts={"one": fixed(10, output=("42 rows",)), "two": fixed(5)},
    )
    return play(watched(what), file)


def test_what_it_locked_is_given_back(file: Path) -> None:
    ran = complete(file)
    done = became(ran, "a", "COMPLETE")
    [first, second] = [(it.data.resource, it.data.task, it.at) for it in ran.of("system.unlocked")]
    assert first == ("shared", "one", done.at)
    assert second[1] == "two"
    assert Resource("shared") not in ran.session.locks


def test_what_depends_on_it_becomes_ready(file: Path) -> None:
    ran = complete(file)
    finished = next(
        it
        for it in ran.of("task.transitioned")
        if it.data.task == "one" and it.data.to_state == "COMPLETE"
    )
    ready = [
        it.data.task
        for it in followed(ran, finished)
        if it.kind == "task.transitioned" and it.data.to_state == "READY"
    ]
    assert ready == ["two"]
    assert ran.states("two")[0] == (10, "READY")


def test_the_agent_is_back_in_the_pool_and_takes_what_is_next(file: Path) -> None:
    ran = complete(file)
    states = [state for _, state in ran.agent_states("a")]
    first = states.index("COMPLETE")
    assert states[first : first + 3] == ["COMPLETE", "AVAILABLE", "ASSIGNED"]
    assert states[-1] == "COMPLETE", "there is nothing more to be done"
    assert ran.session.agents[AgentId("a")].completed == 2


@pytest.fixture
def stage(file: Path) -> Stage:
    """A screen's view of a session in which one task was completed."""
    what = plan([agent("a")], [task("one", "a")], scripts={"one": fixed(10, output=("42 rows",))})
    stage = Stage(mode=Mode.REHEARSAL)
    for event in play(watched(what), file).events:
        stage.happened.append(event)
        apply(stage.session, event)
    stage.time = stage.session.at
    return stage


async def test_its_output_is_delivered_and_shown_with_its_state(stage: Stage) -> None:
    [delivered] = [event.data for event in stage.happened if event.kind == "task.output"]
    assert (delivered.task, delivered.value) == ("one", "42 rows")
    async with at_desk(stage, (120, 30)) as desk:
        row = desk.line_with("✓ a ")
        assert "COMPLETE" in row
        assert "42 rows" in row
        assert "one delivered: 42 rows" in desk.text()
        assert "1 complete" in desk.lines()[-2]
