"""Illness, on the virtual clock: noticed by checks, and handled in proportion, each thing once."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mop_tui.domain.causes import Chain
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer, RetryTask, Steer, Stop
from mop_tui.domain.fold import apply
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, QuestionId, TaskId
from mop_tui.domain.plan import AgentSpec, Ailment, Plan, Retry, Script, TaskSpec, Work
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.journal.codec import decode, encode
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, kind, plan, play, question, task

MINUTES = 60_000
HOUR = 60 * MINUTES
CHECKS = HealthChecks(troubleshooter="")
ANN = AgentId("ann")
During = Callable[[Orchestrator, AnyEvent], None]


def sick(*ailments: Ailment, asks: str | None = None, minutes: int = 60) -> Script:
    """Return a script of so many minutes in which something is wrong."""
    length = minutes * MINUTES
    asked = None if asks is None else question(asks, timeout=1_800)
    return Script(duration=(length, length), ailments=ailments, asks=asked)


def hang(at: float = 5.25, lasts: float | None = None, attempts: int = 1) -> Ailment:
    """Return that an agent hangs after so many minutes."""
    ms = None if lasts is None else round(lasts * MINUTES)
    return Ailment(round(at * MINUTES), ms, hangs=True, attempts=attempts)


def ails(at: float, lasts: float | None = None, attempts: int = 1, **what: Any) -> Ailment:
    """Return that something is wrong with an agent after so many minutes."""
    ms = None if lasts is None else round(lasts * MINUTES)
    return Ailment(round(at * MINUTES), ms, attempts=attempts, **what)


def alone(
    *ailments: Ailment, checks: HealthChecks = CHECKS, asks: str | None = None, **more: Any
) -> Plan:
    """Return a plan with one agent and one task of an hour."""
    return replace(
        plan(
            [agent("ann", "work")],
            [task("one", "ann", seconds=3600, **more)],
            scripts={"one": sick(*ailments, asks=asks)},
        ),
        health=checks,
    )


def crew(
    ailing: Script,
    *others: AgentSpec,
    tasks: Iterable[TaskSpec] = (),
    scripts: dict[str, Script] | None = None,
    checks: HealthChecks = CHECKS,
    kinds: dict[str, Any] | None = None,
    coordinator: str | None = None,
    auto_spawn: bool = True,
    **of_task: Any,
) -> Plan:
    """Return a plan in which ann ails at task `one`, and others are there."""
    of_task.setdefault("skill", "work")
    made = plan(
        [agent("ann", "work"), *others],
        [task("one", seconds=3600, **of_task), *tasks],
        scripts={"one": ailing, **(scripts or {})},
        kinds=kinds,
        auto_spawn=auto_spawn,
    )
    who = None if coordinator is None else AgentId(coordinator)
    return replace(made, health=checks, coordinator=who)


def health(ran: Ran, name: str = "ann") -> list[tuple[int, str]]:
    """Return when (in seconds) somebody fell ill and recovered."""
    moves = ran.of("agent.transitioned")
    return [
        (event.at // 1000, event.data.to_state.value)
        for event in moves
        if event.data.agent == name
        if event.data.to_state in ("DEGRADED", "UNHEALTHY")
        or event.data.trigger == "performance_recovered"
    ]


def decided(ran: Ran, rule: str) -> list[tuple[str, str]]:
    """Return the verdicts and reasons of a rule."""
    return [(event.data.verdict, event.data.reason) for event in ran.decisions(rule)]


def answers(value: str, after: float = 60) -> During:
    """Have supervision's questions answered after so many seconds."""

    def watch(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked" and event.data.about is not None:
            asked = event.data

            def give() -> None:
                orchestrator.submit(Answer(asked.question, value, asked.digest, "because"))

            orchestrator._timeline.call_at(event.at + round(after * 1000), give)

    return watch


# -- falling ill, and getting well ----------------------------------------------------------------


def test_who_hangs_is_found_unhealthy_by_three_checks_and_started_again(file: Path) -> None:
    ran = play(alone(hang()), file)
    # It hangs at 5:15. The check at 5:30 waits 10 s, and then it is checked every 15 s.
    assert health(ran) == [(370, "UNHEALTHY")]
    assert [event.at for event in ran.of("agent.checked")] == [340_000, 355_000, 370_000]
    assert decided(ran, "restart_unhealthy") == [("yes", "it has not answered a ping for 40 s")]
    assert [state for _, state in ran.states("one")][-1] == "COMPLETE"
    assert ran.session.agents[ANN].restarts == (370_000,)
    assert ran.session.outcome == "complete"


def test_being_started_again_is_told_back_to_the_check_that_led_to_it(file: Path) -> None:
    ran = play(alone(hang()), file)
    again = [event for event in ran.of("agent.transitioned") if event.data.to_state == "ACTIVE"][-1]
    causes = Chain({event.seq: event for event in ran.events}.get, again.seq)
    causes.go_on(len(ran.events))
    rules = [event.data.rule for event in causes.events if event.kind == "system.decided"]
    assert [
        rule for rule in rules if rule in {"work_ended", "restart_unhealthy", "judge_check"}
    ] == ["work_ended", "restart_unhealthy", "judge_check"]
    checks = [event for event in causes.events if event.kind == "agent.checked"]
    assert [event.at for event in checks[:1]] == [370_000]


def test_each_thing_is_done_once_and_every_no_has_its_reason(file: Path) -> None:
    ran = play(alone(hang()), file)
    moved = next(
        event for event in ran.of("agent.transitioned") if event.data.to_state == "UNHEALTHY"
    )
    told = [
        (event.data.rule, event.data.verdict, event.data.reason)
        for event in ran.of("system.decided")
        if event.cause == moved.seq
    ]
    what = "it has not answered a ping for 40 s"
    assert told == [
        ("attend_unhealthy", "yes", what),
        ("troubleshoot", "no", "the layout wants no troubleshooter"),
        ("consider_reassignment", "no", "one is not critical"),
        ("restart_unhealthy", "yes", what),
    ]
    assert not ran.session.agents[ANN].given_up
    assert not [issue.text for issue in ran.session.issues.values() if issue.open]


def test_who_recovers_is_well_after_one_good_check(file: Path) -> None:
    ran = play(alone(ails(5.25, 10, cpu_usage=85.0)), file)
    assert health(ran) == [(360, "DEGRADED"), (660, "UNHEALTHY"), (915, "ACTIVE")]
    assert decided(ran, "recover") == [("yes", "a check finds nothing wrong with it")]
    assert not [issue.text for issue in ran.session.issues.values() if issue.open]


def test_as_many_good_checks_in_a_row_are_needed_as_the_layout_says(file: Path) -> None:
    slow = replace(CHECKS, success_threshold=3)
    once = health(play(alone(ails(5.25, 2, cpu_usage=85.0)), file))
    thrice = health(
        play(alone(ails(5.25, 2, cpu_usage=85.0), checks=slow), file.with_name("3.jsonl"))
    )
    assert thrice[-1] == (once[-1][0] + 30, "ACTIVE")


def test_who_is_ill_for_fewer_checks_than_that_is_not_ill(file: Path) -> None:
    ran = play(alone(ails(5.25, 0.6, cpu_usage=99.0)), file)
    assert health(ran) == []
    levels = [event.data.level for event in ran.of("agent.checked")]
    assert levels == ["unhealthy", "unhealthy", "healthy"]


def test_degraded_for_long_is_unhealthy_and_who_works_is_left_alone(file: Path) -> None:
    ran = play(alone(ails(5.25, status="degraded")), file)
    (fell, first), (grew, second) = health(ran)
    assert (first, second) == ("DEGRADED", "UNHEALTHY")
    assert 300 <= grew - fell < 315
    why = "it says that it is degraded, but it answers pings at once"
    assert decided(ran, "restart_unhealthy") == [("no", why)]
    assert ran.states("one")[-1][1] == "COMPLETE"
    assert ran.session.agents[ANN].restarts == ()
    assert not [issue.text for issue in ran.session.issues.values() if issue.open]


@pytest.mark.parametrize(
    ("ailment", "restarted"),
    [
        (ails(5.25, cpu_usage=99.0), False),
        (ails(5.25, slow=9), False),
        (ails(5.25, response_ms=3_000), False),
        (ails(5.25, response_ms=6_000), True),
        (ails(5.25, memory_usage=99.0), True),
        (ails(5.25, status="unhealthy"), True),
        (ails(6.25, errors=3), True),
        (ails(5.25, errors=3), False),  # it gets on, at six minutes
        (ails(5.25, errors=2), False),
        (hang(), True),
    ],
    ids=lambda it: "" if isinstance(it, bool) else str(it)[8:],
)
def test_only_who_does_not_work_is_started_again(
    file: Path, ailment: Ailment, restarted: bool
) -> None:
    ran = play(alone(ailment), file)
    assert health(ran)
    assert bool(ran.session.agents[ANN].restarts) is restarted
    assert ran.states("one")[-1][1] == "COMPLETE"


def test_who_was_left_alone_and_then_stops_working_is_started_again(file: Path) -> None:
    ran = play(alone(ails(5.25, cpu_usage=99.0), hang(20)), file)
    assert [state for _, state in health(ran)] == ["UNHEALTHY"]
    (no, why), (yes, then) = decided(ran, "restart_unhealthy")
    assert (no, yes) == ("no", "yes")
    assert why == "it uses 99 % of its processor limit, as it says, but it answers pings at once"
    assert "it has not answered a ping" in then
    assert ran.session.agents[ANN].restarts[0] < 21 * MINUTES


# -- relapses -------------------------------------------------------------------------------------


def test_what_it_recovered_from_does_not_make_it_ill_again_for_a_while(file: Path) -> None:
    relapses = [ails(5.25, 2, cpu_usage=85.0), ails(8.25, cpu_usage=85.0)]
    ran = play(alone(*relapses), file)
    (_, ill), (well, active), (again, relapsed), *_ = health(ran)
    assert (ill, active, relapsed) == ("DEGRADED", "ACTIVE", "DEGRADED")
    assert well + 300 <= again < well + 330
    (why,) = [reason for verdict, reason in decided(ran, "judge_check") if verdict == "no"]
    assert "and that is judged anew after 5 min" in why


def test_something_new_makes_it_ill_at_once(file: Path) -> None:
    relapses = [ails(5.25, 2, cpu_usage=85.0), ails(8.25, memory_usage=85.0)]
    ran = play(alone(*relapses), file)
    (_, _), (well, _), (again, state), *_ = health(ran)
    assert state == "DEGRADED"
    assert again < well + 120


def test_worse_is_new_and_better_is_not(file: Path) -> None:
    worse = [ails(5.25, 2, cpu_usage=85.0), ails(8.25, 2, cpu_usage=99.0)]
    ran = play(alone(*worse), file)
    (_, _), (well, _), (again, state), *_ = health(ran)
    assert (state, again < well + 120) == ("UNHEALTHY", True)
    better = [ails(5.25, 2, cpu_usage=99.0), ails(8.25, 2, cpu_usage=85.0)]
    ran = play(alone(*better), file.with_name("better.jsonl"))
    assert [state for _, state in health(ran)] == ["UNHEALTHY", "ACTIVE"]


def test_what_was_found_while_it_was_ill_is_nothing_new_afterwards(file: Path) -> None:
    both = [ails(5.25, 4, cpu_usage=85.0), ails(7.25, 1.5, memory_usage=85.0)]
    # Reports take the place of each other, so the second one ends the first.
    ran = play(alone(*both, ails(10.25, 2, memory_usage=85.0)), file)
    assert [state for _, state in health(ran)] == ["DEGRADED", "ACTIVE"]


# -- who is told, and who looks into it -----------------------------------------------------------


def test_the_coordinator_is_told_of_illness_and_recovery(file: Path) -> None:
    ran = play(
        crew(
            sick(ails(5.25, 2, cpu_usage=85.0)),
            agent("lead", "lead", for_session=True),
            tasks=[task("watch", "lead", seconds=3600)],
            coordinator="lead",
        ),
        file,
    )
    notes = [
        (action.agent, action.text)
        for event in ran.of("system.decided")
        for action in event.data.actions
        if action.do == "send_note"
    ]
    assert notes == [
        ("lead", "ann is degraded: it uses 85 % of its processor limit, as it says"),
        ("lead", "ann is well again"),
    ]
    told = [event for event in ran.of("system.intended") if event.data.about == "supervision"]
    assert [event.data.agent for event in told] == ["lead", "lead"]


def test_a_troubleshooter_is_spawned_and_knows_what_is_wrong(file: Path) -> None:
    what = crew(
        sick(hang(attempts=2)),
        kinds={"doctor": kind("look")},
        checks=replace(CHECKS, troubleshooter="doctor"),
    )
    ran = play(what, file)
    born = next(it.data.spec for it in ran.of("task.created") if it.data.spec.agent == "doctor-1")
    assert born.context["unhealthy_agent"] == "ann"
    assert born.context["unhealthy_task"] == "one"
    assert born.context["findings"] == "it has not answered a ping for 40 s"
    assert born.context["steps"] == [
        "Check resource usage",
        "Review error logs",
        "Identify bottlenecks",
        "Recommend remediation",
    ]
    assert len(decided(ran, "restart_unhealthy")) == 2
    assert [verdict for verdict, _ in decided(ran, "troubleshoot")] == ["yes", "yes"]
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize(
    ("checks", "kinds", "more", "why"),
    [
        (CHECKS, {}, {}, "the layout wants no troubleshooter"),
        (HealthChecks(), {}, {}, "the layout has no agents of type devops-troubleshooter"),
        (
            HealthChecks(),
            {"devops-troubleshooter": kind()},
            {"auto_spawn": False},
            "nobody is spawned unasked in this session (auto_spawn is off)",
        ),
        (
            replace(CHECKS, troubleshooter="ann"),
            {"ann": kind()},
            {},
            "it is a troubleshooter itself",
        ),
    ],
)
def test_why_nobody_looks_into_it(
    file: Path, checks: HealthChecks, kinds: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    ran = play(crew(sick(hang()), checks=checks, kinds=kinds, **more), file)
    assert decided(ran, "troubleshoot") == [("no", why)]
    assert len(ran.of("agent.spawned")) == 1


# -- somebody else does it ------------------------------------------------------------------------


def test_a_critical_task_goes_to_somebody_who_is_free(file: Path) -> None:
    what = crew(sick(ails(5.25, cpu_usage=99.0)), agent("ben", "work"), priority=Priority.CRITICAL)
    ran = play(what, file)
    first, second = (
        event.data.agent
        for event in ran.of("agent.transitioned")
        if event.data.trigger == "task_started"
    )
    assert {first, second} == {"ann", "ben"}
    assert decided(ran, "consider_reassignment") == [
        ("yes", "its task is critical, and somebody else is free")
    ]
    why = "its process is ended already, for its task goes to somebody else"
    assert decided(ran, "restart_unhealthy") == [("no", why)]
    assert ran.session.tasks[TaskId("one")].attempts == 2


def test_a_slow_task_goes_to_somebody_who_would_be_done_sooner(file: Path) -> None:
    ran = play(crew(sick(ails(1, slow=20)), agent("ben", "work")), file)
    ill = health(ran, ran.of("agent.checked")[0].data.agent)
    assert ill[0][1] in ("DEGRADED", "UNHEALTHY")
    assert ran.states("one")[-1][1] == "COMPLETE"
    patient = replace(CHECKS, stalled_ms=10 * HOUR)
    ran = play(
        crew(sick(ails(8, slow=4)), agent("ben", "work"), checks=patient),
        file.with_name("slow.jsonl"),
    )
    assert decided(ran, "consider_reassignment")[0] == ("yes", "it would be done sooner")


def test_the_intensity_holds_for_tasks_that_would_go_to_others(file: Path) -> None:
    what = crew(
        sick(hang()),
        agent("ben", "work"),
        checks=replace(CHECKS, restarts=0),
        priority=Priority.CRITICAL,
    )
    ran = play(what, file)
    why = "the layout says that it is never started again (restart.times is 0)"
    assert decided(ran, "consider_reassignment") == [("no", why)]
    assert decided(ran, "give_up") == [("yes", f"{why}, and nobody is there to decide")]


# -- how often ------------------------------------------------------------------------------------


def test_over_the_intensity_it_is_given_up_where_nobody_is_there(file: Path) -> None:
    ran = play(alone(hang(1.25, attempts=9)), file)
    assert [verdict for verdict, _ in decided(ran, "restart_unhealthy")] == ["yes"] * 3 + ["no"]
    assert len(ran.session.agents[ANN].restarts) == 3
    assert len(decided(ran, "give_up")) == 1
    assert ran.states("one")[-1][1] == "FAILED"
    assert "one failed: ann was unhealthy, and was ended: it has not answered a ping for 40 s" in (
        ran.issues()
    )
    assert ran.session.outcome == "incomplete"


def test_who_is_given_up_may_be_tried_again_as_the_task_says(file: Path) -> None:
    once = replace(CHECKS, restarts=1, restarts_within_ms=1_000)
    ran = play(alone(hang(1.25, attempts=3), checks=once, retry=Retry(1, 1_000)), file)
    assert len(decided(ran, "give_up")) == 1
    assert ran.session.tasks[TaskId("one")].retries == 1
    assert ran.states("one")[-1][1] == "COMPLETE"


def test_what_hangs_late_each_time_is_not_begun_anew_for_ever(file: Path) -> None:
    ran = play(alone(hang(45.25, attempts=99)), file)
    assert [verdict for verdict, _ in decided(ran, "restart_unhealthy")] == ["yes"] * 3 + ["no"]
    why = "one was begun anew 3 times for such a reason already, and nobody is there to decide"
    assert decided(ran, "give_up") == [("yes", why)]
    assert ran.session.outcome == "incomplete"


def test_curable_within_the_intensity_it_ends_well(file: Path) -> None:
    ran = play(alone(hang(1.25, attempts=3)), file)
    assert len(ran.session.agents[ANN].restarts) == 3
    assert ran.states("one")[-1][1] == "COMPLETE"


@pytest.mark.parametrize(
    ("value", "end", "attempts"), [("restart", "COMPLETE", 2), ("end", "FAILED", 1)]
)
def test_over_the_intensity_somebody_who_is_there_decides(
    file: Path, value: str, end: str, attempts: int
) -> None:
    never = replace(CHECKS, restarts=0)
    ran = play(alone(hang(), checks=never), file, attended=True, during=answers(value))
    (asked,) = ran.of("user.asked")
    assert asked.data.text == "ann is unhealthy. What is to be done?"
    assert dict(asked.data.context)["what is wrong"] == "it has not answered a ping for 40 s"
    assert [option.value for option in asked.data.options] == ["restart", "end", "leave"]
    assert asked.data.task is None
    assert ran.states("one")[-1][1] == end
    assert ran.session.tasks[TaskId("one")].attempts == attempts
    ((verdict, reason),) = decided(ran, "obey_about_health")
    assert (verdict, reason.endswith(": because")) == ("yes", True)
    assert len(decided(ran, "give_up")) == 0


def test_who_is_to_be_left_alone_is_and_nobody_asks_again(file: Path) -> None:
    never = replace(CHECKS, restarts=0)
    ran = play(
        alone(hang(lasts=600), checks=never),
        file,
        attended=True,
        during=answers("leave"),
    )
    assert len(ran.of("user.asked")) == 1
    assert [verdict for verdict, _ in decided(ran, "obey_about_health")] == ["no"]
    assert [state for _, state in health(ran)][:2] == ["UNHEALTHY", "ACTIVE"]
    assert ran.states("one")[-1][1] == "COMPLETE"
    # It is as bad as it was for 10 h, which is told every five minutes.
    until = 1000 * health(ran)[1][0]
    assert len([event for event in ran.of("agent.checked") if event.at < until]) < 10 * 12 + 10


def test_nobody_is_checked_again_and_again_while_somebody_thinks(file: Path) -> None:
    def think(running: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            decided = Answer(event.data.question, "end", event.data.digest)
            asyncio.get_running_loop().call_later(0.1, running.submit, decided)

    never = replace(CHECKS, restarts=0)
    ran = play(alone(hang(), checks=never), file, attended=True, during=think)
    (asked,), (answered,) = ran.of("user.asked"), ran.of("user.answered")
    assert answered.at == asked.at
    assert not [event for event in ran.of("agent.checked") if event.seq > asked.seq]


def test_the_question_is_taken_back_when_it_recovers(file: Path) -> None:
    never = replace(CHECKS, restarts=0)
    ran = play(alone(hang(lasts=10), checks=never), file, attended=True)
    assert len(ran.of("user.asked")) == len(ran.of("user.withdrawn")) == 1
    assert ran.states("one")[-1][1] == "COMPLETE"


def test_what_may_not_be_repeated_is_not_begun_anew_unasked(file: Path) -> None:
    for on_doubt, why in [
        ("ask", "one may not be begun anew without a human's word"),
        ("fail", "one may not be begun anew"),
    ]:
        ran = play(alone(hang(), on_doubt=on_doubt), file.with_name(f"{on_doubt}.jsonl"))
        assert decided(ran, "restart_unhealthy") == [("no", why)]
        assert decided(ran, "give_up") == [("yes", f"{why}, and nobody is there to decide")]


def test_a_gated_task_is_not_begun_anew_unasked(file: Path) -> None:
    made = alone(hang(), gate="sure")
    what = replace(made, questions={q.name: q for q in [question("sure")]})

    def approve(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            value = "approve" if event.data.about is None else "restart"
            orchestrator.submit(Answer(event.data.question, value, event.data.digest))

    ran = play(what, file, attended=True, during=approve)
    assert [event.data.name for event in ran.of("user.asked")] == ["sure", "health/ann"]
    assert ran.states("one")[-1][1] == "COMPLETE"


# -- what stands still ----------------------------------------------------------------------------


def test_nobody_is_ill_who_is_paused(file: Path) -> None:
    commands = [(400.0, Steer("pause", ANN)), (8_000.0, Steer("resume", ANN))]
    ran = play(alone(), file, operator=commands)
    assert ran.of("agent.checked") == []
    assert ran.states("one")[-1] == (3600 + 7600, "COMPLETE")


def test_who_is_ill_and_paused_is_ill_afterwards_and_nothing_is_done_twice(file: Path) -> None:
    commands = [(500.0, Steer("pause", ANN)), (8_000.0, Steer("resume", ANN))]
    ran = play(alone(ails(5.25, cpu_usage=99.0)), file, operator=commands)
    assert [state for _, state in ran.agent_states("ann")][4:] == [
        "UNHEALTHY",
        "PAUSED",
        "UNHEALTHY",
        "COMPLETE",
    ]
    assert len(decided(ran, "attend_unhealthy")) == 1
    assert not [event for event in ran.of("agent.checked") if 500_000 < event.at < 8_000_000]


def test_nobody_is_ill_who_waits_for_an_answer(file: Path) -> None:
    ran = play(alone(asks="well"), file)
    assert ran.of("agent.checked") == []
    assert (1800, "PAUSED") in ran.agent_states("ann")
    assert ran.states("one")[-1] == (3600 + 1800, "COMPLETE")


def test_all_late_at_once_is_the_machine_once_and_then_their_own_affair(file: Path) -> None:
    what = replace(
        plan(
            [agent("ann"), agent("ben")],
            [task("one", "ann", seconds=3600), task("two", "ben", seconds=3600)],
            scripts={"one": sick(hang()), "two": sick(hang())},
        ),
        health=CHECKS,
    )
    ran = play(what, file)
    (jumped,) = ran.of("system.clock_jumped")
    assert (jumped.data.late, jumped.at) == (2, 340_000)
    overdue = [event for event in ran.of("agent.health") if event.data.unanswered_ms is not None]
    assert min(event.data.unanswered_ms for event in overdue) == 10_000
    for name in ("ann", "ben"):
        assert health(ran, name) == [(380, "UNHEALTHY")]
    assert ran.session.outcome == "complete"


def test_all_who_are_always_late_are_ill(file: Path) -> None:
    late = ails(5.25, 30, response_ms=12_000)
    what = replace(
        plan(
            [agent("ann"), agent("ben")],
            [task("one", "ann", seconds=3600), task("two", "ben", seconds=3600)],
            scripts={"one": sick(late), "two": sick(late)},
        ),
        health=CHECKS,
    )
    ran = play(what, file)
    for name in ("ann", "ben"):
        assert health(ran, name)[0][1] == "UNHEALTHY"
        assert health(ran, name)[0][0] < 420


# -- layouts may say otherwise --------------------------------------------------------------------


def test_agents_of_a_type_are_checked_as_it_says(file: Path) -> None:
    lax = replace(CHECKS, much_used=90.0, most_used=100.0)
    what = plan(
        [replace(agent("ann"), health=lax), agent("ben")],
        [task("one", "ann", seconds=3600), task("two", "ben", seconds=3600)],
        scripts={name: sick(ails(5.25, cpu_usage=85.0)) for name in ("one", "two")},
    )
    ran = play(replace(what, health=CHECKS), file)
    assert health(ran, "ann") == []
    assert [state for _, state in health(ran, "ben")] == ["DEGRADED", "UNHEALTHY"]


def test_agents_of_a_type_are_checked_as_often_as_it_says(file: Path) -> None:
    seldom = replace(CHECKS, interval_ms=10 * CHECKS.interval_ms)
    what = plan(
        [replace(agent("ann"), health=seldom), agent("ben")],
        [task("one", "ann", seconds=3600), task("two", "ben", seconds=3600)],
        scripts={name: sick(ails(5.25, cpu_usage=85.0)) for name in ("one", "two")},
    )
    ran = play(replace(what, health=CHECKS), file)
    for name, interval in (("ann", seldom.interval_ms), ("ben", CHECKS.interval_ms)):
        first, second = [it.at for it in ran.of("agent.checked") if it.data.agent == name][:2]
        assert second - first == interval // 2, "twice as often, for it may be ill"


def test_what_was_said_of_one_task_is_not_said_in_the_next(file: Path) -> None:
    what = plan(
        [agent("ann", for_session=True)],
        [task("one", "ann", seconds=3600), task("two", "ann", needs=["one"], seconds=3600)],
        scripts={"one": sick(ails(5.25, cpu_usage=99.0)), "two": sick()},
    )
    ran = play(replace(what, health=CHECKS), file)
    assert [state for _, state in health(ran)] == ["UNHEALTHY"]
    assert max(event.at for event in ran.of("agent.checked")) <= HOUR
    assert ran.session.outcome == "complete"


# -- records --------------------------------------------------------------------------------------


def ailing_crew() -> Plan:
    """Return a plan in which much goes wrong."""
    return crew(
        sick(ails(2.25, 4, cpu_usage=85.0), hang(20.25), minutes=40),
        agent("ben", "work", for_session=True),
        agent("lead", "lead", for_session=True),
        tasks=[
            task("two", skill="work", seconds=2400, priority=Priority.CRITICAL),
            task("watch", "lead", seconds=7200),
        ],
        scripts={"two": sick(ails(3.25, 2, slow=4), hang(10.25, attempts=9), minutes=40)},
        kinds={"devops-troubleshooter": kind("look")},
        checks=HealthChecks(),
        coordinator="lead",
    )


def test_its_inputs_give_the_same_records_again(file: Path) -> None:
    what = ailing_crew()
    ran = play(what, file)
    assert len(ran.decisions("troubleshoot")) > 1
    found = recheck(what, ran.events)
    assert found.divergence is None
    assert found.decisions > 50
    for event in ran.events:
        assert decode(encode(event)[0]) == event


def test_the_state_at_any_event_is_what_its_records_give(file: Path) -> None:
    seen: list[tuple[int, str]] = []

    def note(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind in ("agent.checked", "agent.health", "system.decided"):
            session = orchestrator.session
            if session.seq == event.seq:
                seen.append((event.seq, session.agents[ANN].digest_row()))

    ran = play(ailing_crew(), file, during=note)
    rows = dict(seen)
    session = Session()
    compared = 0
    for event in ran.events:
        apply(session, event)
        if event.seq in rows:
            assert session.agents[ANN].digest_row() == rows[event.seq]
            compared += 1
    assert compared > 20


def test_a_session_whose_program_dies_in_the_middle_of_an_illness_goes_on(file: Path) -> None:
    what = ailing_crew()
    ran = play(what, file)
    moments = [
        event.seq
        for event in ran.events
        if event.kind == "agent.checked"
        or (event.kind == "system.decided" and event.data.rule in RULES_OF_HEALTH)
    ]
    assert len(moments) > 10
    for after in moments[:: max(1, len(moments) // 8)]:
        path = file.with_name(f"{after}.jsonl")
        again = play(what, crash(ran, path, after=after), resume=True)
        assert again.events[-1].kind == "system.ended"
        assert recheck(what, again.events).divergence is None
        for row in again.session.agents.values():
            assert row.state not in ("DEGRADED", "UNHEALTHY")


RULES_OF_HEALTH = (
    "judge_check",
    "attend_degraded",
    "attend_unhealthy",
    "restart_unhealthy",
    "troubleshoot",
    "consider_reassignment",
    "recover",
)


def test_a_session_that_ends_does_nothing_about_illness_any_more(file: Path) -> None:
    ran = play(alone(hang()), file, operator=[(365.0, Stop("enough"))])
    assert decided(ran, "attend_unhealthy") == []
    assert ran.events[-1].kind == "system.ended"


# -- what else happens meanwhile ------------------------------------------------------------------


def test_types_that_name_each_other_do_not_look_into_each_other_for_ever(file: Path) -> None:
    by_other = replace(CHECKS, troubleshooter="other")
    by_doctor = replace(CHECKS, troubleshooter="doctor")
    made = crew(
        sick(hang(attempts=9)),
        replace(agent("doctor-0"), type="doctor", health=by_other),
        replace(agent("other-0"), type="other", health=by_doctor),
        kinds={"doctor": kind("look"), "other": kind("look")},
        checks=by_doctor,
    )
    hanging = Work(script=sick(hang(attempts=9)))
    work = {AgentId("doctor-0"): hanging, AgentId("other-0"): hanging}
    ran = play(replace(made, agent_work=work), file)
    looked_into = [it.data.spec.context for it in ran.of("task.created")[1:]]
    assert {it["unhealthy_agent"] for it in looked_into} == {"ann"}
    assert len(looked_into) == 1 + CHECKS.restarts
    reasons = {reason for _, reason in decided(ran, "troubleshoot")}
    assert "it looks into somebody else by troubleshoot-1 itself" in reasons


def test_what_is_said_of_an_illness_holds_after_a_pause(file: Path) -> None:
    pause = [(1500.0, Steer("pause", ANN)), (1560.0, Steer("resume", ANN))]
    ran = play(
        alone(hang(attempts=9), checks=replace(CHECKS, restarts=1)),
        file,
        attended=True,
        during=answers("leave"),
        operator=[*pause, (10_800.0, Stop("enough"))],
    )
    assert [state for _, state in ran.agent_states("ann")][-4:-1] == [
        "UNHEALTHY",
        "PAUSED",
        "UNHEALTHY",
    ]
    assert len(ran.of("user.asked")) == 1
    assert [verdict for verdict, _ in decided(ran, "restart_unhealthy")] == ["yes", "no"]


def test_who_comes_to_a_session_that_nobody_attended_is_asked(file: Path) -> None:
    give = answers("restart")

    def during(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.seq == 1:
            orchestrator.attend()
        give(orchestrator, event)

    what = alone(hang(), checks=replace(CHECKS, restarts=0))
    ran = play(what, file, during=during)
    assert [event.data.attended for event in ran.of("system.attended")] == [True]
    assert decided(ran, "give_up") == []
    assert ran.states("one")[-1][1] == "COMPLETE"
    assert recheck(what, ran.events).divergence is None


def test_what_nobody_is_left_to_decide_is_given_up(file: Path) -> None:
    def during(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            orchestrator.leave_unattended()

    what = alone(hang(), checks=replace(CHECKS, restarts=0))
    ran = play(what, file, attended=True, during=during)
    assert [event.data.attended for event in ran.of("system.attended")] == [False]
    assert decided(ran, "give_up") == [("yes", "q1 was asked, and nobody is left to decide")]
    assert ran.session.questions[QuestionId("q1")].state == "withdrawn"
    assert ran.session.outcome == "incomplete"
    assert recheck(what, ran.events).divergence is None


def test_a_state_that_is_come_back_to_knows_all_of_illness(file: Path) -> None:
    ran = play(ailing_crew(), file)
    live, checkpoints = Session(), []
    for event in ran.events:
        apply(live, event)
        if event.kind not in ("system.intended", "agent.checked", "agent.transitioned"):
            continue
        checkpoints.append(live.checkpoint())
        back = Session.restored(checkpoints)
        assert (back.agents, back.tasks) == (live.agents, live.tasks)
        assert (back.issues, back.known_issues) == (live.issues, live.known_issues)
    assert any(task.begun_anew for task in live.tasks.values())


def test_what_is_done_again_by_hand_may_be_begun_anew_as_often_as_the_first_time(
    file: Path,
) -> None:
    once = replace(CHECKS, restarts=1, restarts_within_ms=MINUTES)
    watch = task("watch", "lead", seconds=7200)
    what = crew(sick(hang(attempts=3)), agent("lead"), tasks=[watch], checks=once)
    ran = play(what, file, operator=[(800.0, RetryTask(TaskId("one"), "the quota is raised"))])
    assert [verdict for verdict, _ in decided(ran, "restart_unhealthy")] == ["yes", "no", "yes"]
    assert ran.states("one")[-1][1] == "COMPLETE"
