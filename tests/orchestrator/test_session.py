"""What a session does with a plan, seen from outside: its events."""

from pathlib import Path
from time import perf_counter

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Stop
from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.plan import Script
from mop_tui.domain.priority import Priority
from mop_tui.orchestrator.loop import Orchestrator
from sessions import Ran, agent, answer, fixed, plan, play, question, task


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


def _starts(ran: Ran) -> list[str]:
    """Return the tasks in the order in which they became ACTIVE."""
    return [e.data.task for e in ran.of("task.transitioned") if e.data.to_state == "ACTIVE"]


def _state(ran: Ran, task_id: str) -> str:
    return ran.states(task_id)[-1][1]


def _reason(ran: Ran, task_id: str) -> str:
    return [str(e.data.reason) for e in ran.of("task.transitioned") if e.data.task == task_id][-1]


def test_a_task_waits_for_the_tasks_it_needs(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("first", "a"), task("then", "b", needs=["first"])],
        scripts={"first": fixed(7), "then": fixed(3)},
    )
    ran = play(what, file)
    assert ran.states("then") == [(7, "READY"), (7, "ASSIGNED"), (7, "ACTIVE"), (10, "COMPLETE")]
    assert ran.session.outcome == "complete"


def test_a_task_waits_for_a_key_and_its_value_must_say_complete(file: Path) -> None:
    half = Script((2000, 2000), memory=((MemoryKey("k"), {"status": "partial"}),))
    full = Script((5000, 5000), memory=((MemoryKey("k"), {"status": "complete"}),))
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [task("half", "a"), task("full", "b"), task("then", "c", keys=["k"])],
        scripts={"half": half, "full": full, "then": fixed(1)},
    )
    assert play(what, file).states("then")[0] == (5, "READY")


def test_a_declared_key_is_provided_when_its_task_completes(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("first", "a", provides=["k"]), task("then", "b", keys=["k"])],
        scripts={"first": fixed(4), "then": fixed(1)},
    )
    ran = play(what, file)
    assert ran.session.memory == {"k": {"status": "complete"}}
    assert ran.states("then")[0] == (4, "READY")


def test_tasks_of_other_agents_run_at_the_same_time(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("two", "b")],
        scripts={"one": fixed(10), "two": fixed(10)},
    )
    assert play(what, file).session.at == 10_000


def test_a_higher_priority_goes_first(file: Path) -> None:
    what = plan(
        [agent("a")],
        [
            task("low", "a", priority=Priority.LOW),
            task("critical", "a", priority=Priority.CRITICAL),
            task("high", "a", priority=Priority.HIGH),
        ],
    )
    assert _starts(play(what, file)) == ["critical", "high", "low"]


def test_of_equal_priority_the_longer_remaining_path_goes_first(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [
            task("short", "a", seconds=30),
            task("long", "a", seconds=5),
            task("behind", "b", needs=["long"], seconds=100),
        ],
    )
    assert _starts(play(what, file))[0] == "long"


def test_a_skill_finds_whoever_has_it_and_is_free(file: Path) -> None:
    what = plan(
        [agent("a", "python"), agent("b", "rust"), agent("c", "python")],
        [task("one", skill="python"), task("two", skill="python")],
    )
    ran = play(what, file)
    assert {ran.session.tasks[t].agent for t in ran.session.tasks} == {"a", "c"}


def test_never_more_agents_work_than_max_agents(file: Path) -> None:
    what = plan(
        [agent(name) for name in "abcd"],
        [task(f"by-{name}", name) for name in "abcd"],
        max_agents=2,
        scripts={f"by-{name}": fixed(10) for name in "abcd"},
    )
    ran = play(what, file)
    at_work: set[AgentId] = set()
    most = 0
    for event in ran.of("agent.transitioned"):
        if event.data.to_state == "ASSIGNED":
            at_work.add(event.data.agent)
        elif event.data.to_state in ("COMPLETE", "FAILED"):
            at_work.discard(event.data.agent)
        most = max(most, len(at_work))
    assert most == 2
    assert ran.session.at == 20_000
    refusals = [d.data.reason for d in ran.decisions("place_task") + ran.decisions("employ_agent")]
    assert ran.session.outcome == "complete", refusals


def test_a_full_house_is_given_as_the_reason_for_not_starting(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [task("one", "a"), task("two", "b", needs=["one"]), task("three", "c", needs=["one"])],
        max_agents=1,
    )
    noes = [d for d in play(what, file).decisions("place_task") if d.data.verdict == "no"]
    assert any("max_agents is 1" in no.data.reason for no in noes)


def test_a_failed_task_takes_what_needs_it_along_and_nothing_else(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [
            task("broken", "a"),
            task("behind", "a", needs=["broken"]),
            task("far-behind", "b", needs=["behind"]),
            task("other", "b"),
        ],
        scripts={"broken": fixed(1, exit_code=3, output=("no such thing",))},
    )
    ran = play(what, file)
    assert _state(ran, "broken") == "FAILED"
    assert _reason(ran, "broken") == "its process ended with exit code 3: no such thing"
    assert _state(ran, "behind") == "CANCELLED"
    assert _reason(ran, "far-behind") == "it needs behind, which was cancelled"
    assert _state(ran, "other") == "COMPLETE"
    assert ran.session.outcome == "incomplete"
    assert [i.text for i in ran.session.issues.values()] == [
        "broken failed: a ended with exit code 3: no such thing"
    ]


def test_a_key_that_cannot_come_any_more_cancels_who_waits_for_it(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [
            task("one", "a", provides=["k"]),
            task("two", "b", provides=["k"]),
            task("then", "c", keys=["k"]),
        ],
        scripts={"one": fixed(1, exit_code=1), "two": fixed(2, exit_code=1)},
    )
    ran = play(what, file)
    assert ran.states("then") == [(2, "CANCELLED")]


def test_one_of_several_providers_of_a_key_is_enough(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [
            task("one", "a", provides=["k"]),
            task("two", "b", provides=["k"]),
            task("then", "c", keys=["k"]),
        ],
        scripts={"one": fixed(1, exit_code=1), "two": fixed(2)},
    )
    assert play(what, file).states("then")[0] == (2, "READY")


def test_an_agent_that_failed_comes_back_for_its_other_tasks(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("broken", "a", priority=Priority.HIGH), task("fine", "a")],
        scripts={"broken": fixed(1, exit_code=1)},
    )
    ran = play(what, file)
    assert _state(ran, "fine") == "COMPLETE"
    states = [e.data.to_state for e in ran.of("agent.transitioned")]
    assert states[states.index("FAILED") + 1] == "SPAWNING"


# -- gates ------------------------------------------------------------------------------------


def test_a_gated_task_starts_only_after_it_was_approved(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("ship", "a", gate="g")],
        [question("g")],
        scripts={"ship": fixed(5)},
    )
    ran = play(what, file, answers=[answer("g", "approve", after=60)])
    assert ran.states("ship") == [
        (0, "READY"),
        (60, "ASSIGNED"),
        (60, "ACTIVE"),
        (65, "COMPLETE"),
    ]


def test_only_what_is_gated_waits_for_the_answer(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("ship", "a", gate="g"), task("other", "a")],
        [question("g")],
        scripts={"other": fixed(5)},
    )
    ran = play(what, file, answers=[answer("g", "approve", after=60)])
    assert ran.states("other")[-1] == (5, "COMPLETE")


def test_the_question_shows_what_the_tasks_delivered(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("test", "a"), task("ship", "b", needs=["test"], gate="g")],
        [question("g", "Ship it?", context={"tests": "${tasks.test.output}"})],
        scripts={"test": fixed(5, output=("41 passed", "42 passed"))},
    )
    asked = play(what, file, answers=[answer("g", "approve")]).of("user.asked")[0]
    assert asked.data.context == (("tests", "42 passed"),)


def test_a_rejection_cancels_the_task_and_what_needs_it_with_its_reason(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("ship", "a", gate="g"), task("after", "a", needs=["ship"]), task("other", "a")],
        [question("g")],
    )
    ran = play(what, file, answers=[answer("g", "reject", "too early")])
    assert _reason(ran, "ship") == "rejected by file#test: too early"
    assert _state(ran, "after") == "CANCELLED"
    assert _state(ran, "other") == "COMPLETE"
    assert ran.session.outcome == "incomplete"


def test_a_rejection_may_stop_the_whole_session(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("ship", "a", gate="g"), task("other", "b"), task("last", "b", needs=["other"])],
        [question("g", on_reject="stop_session")],
        scripts={"other": fixed(60)},
    )
    ran = play(what, file, answers=[answer("g", "reject", "no", after=10)])
    assert ran.session.at == 10_000
    assert {t.state for t in ran.session.tasks.values()} == {"CANCELLED"}
    assert ran.session.outcome == "incomplete"


def test_a_timeout_is_not_an_approval_and_nobodys_denial(file: Path) -> None:
    what = plan([agent("a")], [task("ship", "a", gate="g")], [question("g", timeout=30)])
    ran = play(what, file)
    assert ran.states("ship") == [(0, "READY"), (30, "CANCELLED")]
    assert not ran.of("user.answered")
    assert ran.of("user.expired")[0].data.outcome == "cancelled"
    assert _reason(ran, "ship") == "nobody answered: Go on?"


def test_a_timeout_applies_the_declared_default_and_calls_it_that(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("ship", "a", gate="g")],
        [question("g", timeout=30, required=True, default="reject")],
    )
    ran = play(what, file)
    assert ran.of("user.expired")[0].data.outcome == "default"
    assert _state(ran, "ship") == "CANCELLED"


def test_a_required_answer_that_is_overdue_stays_open_and_raises_the_alarm(file: Path) -> None:
    what = plan(
        [agent("a")], [task("ship", "a", gate="g")], [question("g", timeout=30, required=True)]
    )
    ran = play(what, file, answers=[answer("g", "approve", after=90)])
    assert ran.of("user.expired")[0].data.outcome == "escalated"
    assert _state(ran, "ship") == "COMPLETE"
    [issue] = ran.session.issues.values()
    assert "an answer is overdue" in issue.text
    assert not issue.open, "it was answered after all"


def test_with_nobody_to_answer_a_session_ends_waiting(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("ship", "a", gate="g"), task("other", "a")],
        [question("g", "Really?")],
    )
    ran = play(what, file)
    assert ran.session.outcome == "waiting"
    assert "Really?" in ran.session.outcome_reason
    assert _state(ran, "other") == "COMPLETE"


# -- ending early -----------------------------------------------------------------------------


def test_the_operator_can_end_a_session_and_everything_in_it(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("two", "b", gate="g"), task("three", "a", needs=["one"])],
        [question("g")],
        scripts={"one": fixed(60)},
    )

    def stop_once(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "agent.progressed" and event.data.percent == 50:
            orchestrator.submit(Stop("enough"))

    ran = play(what, file, during=stop_once)
    assert ran.session.outcome == "stopped"
    assert ran.session.at == 30_000
    assert {t.state for t in ran.session.tasks.values()} == {"CANCELLED"}
    assert ran.of("agent.exited")[0].data.signal == "SIGTERM"
    assert ran.of("user.withdrawn")
    assert not ran.of("task.refused")
    assert not ran.of("agent.refused")


def test_an_agent_that_is_just_starting_is_ended_too(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a")], scripts={"one": fixed(60)})

    def stop_at_intended(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.effect == "start_process":
            orchestrator.submit(Stop("enough"))

    ran = play(what, file, during=stop_at_intended)
    assert ran.session.outcome == "stopped"
    assert not ran.session.running
    assert not ran.session.in_doubt


def test_nothing_follows_the_end(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a")])
    assert play(what, file).events[-1].kind == "system.ended"


def test_a_session_gives_way_to_whoever_answers_a_key(file: Path) -> None:
    what = plan([agent("a")], [task("t", "a")], scripts={"t": fixed(100)})
    when: list[float] = []

    def a_key_comes(orchestrator: Orchestrator, event: AnyEvent) -> None:
        when.append(perf_counter())
        if event.kind == "agent.progressed":
            orchestrator.give_way(0.02)

    ran = play(what, file, during=a_key_comes)
    assert ran.session.outcome == "complete"
    asked = [place for place, event in enumerate(ran.events) if event.kind == "agent.progressed"]
    assert len(asked) == 9
    assert all(when[place + 1] - when[place] >= 0.02 for place in asked)
