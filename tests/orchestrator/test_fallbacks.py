"""What holds where nobody can be asked: after its time without a default, or with nobody there."""

from dataclasses import replace
from pathlib import Path

import pytest
from hands import Hand

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import QuestionSpec
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, fixed, plan, play, question, task


def asking(spec: QuestionSpec, fallback: str | None) -> QuestionSpec:
    """Return a question with what holds if nobody can be asked."""
    return replace(spec, fallback=fallback)


def gate(spec: QuestionSpec, file: Path) -> Ran:
    """Play a plan in which one task waits for an answer, and another works for 100 seconds."""
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", gate="g"), task("two", "b")],
        [spec],
        scripts={"two": fixed(100)},
    )
    ran = play(what, file)
    assert recheck(what, ran.events).divergence is None
    return ran


WHICH = question("g", options=["red", "blue"])


def test_headless_it_holds_as_soon_as_nothing_else_could_move(file: Path) -> None:
    ran = gate(asking(WHICH, "blue"), file)
    assert [(e.data.outcome, e.data.value) for e in ran.of("user.expired")] == [
        ("fallback", "blue")
    ]
    assert not ran.of("user.answered")
    assert ran.states("one")[1] == (100, "ASSIGNED")
    assert ran.session.tasks[TaskId("one")].answers == (("g", "blue"),)
    assert ran.session.outcome == "complete"


def test_without_one_the_session_waits_for_a_human(file: Path) -> None:
    assert gate(WHICH, file).session.outcome == "waiting"


def test_it_never_approves(file: Path) -> None:
    ran = gate(asking(question("g"), "reject"), file)
    assert ran.states("one")[-1] == (100, "CANCELLED")
    assert ran.session.outcome == "incomplete"


@pytest.mark.parametrize(
    ("default", "fallback", "required", "outcome"),
    [
        ("red", "blue", True, "default"),
        (None, "blue", True, "fallback"),
        (None, None, True, "escalated"),
        (None, None, False, "cancelled"),
    ],
)
def test_when_time_runs_out_the_first_that_there_is_holds(
    file: Path, default: str | None, fallback: str | None, *, required: bool, outcome: str
) -> None:
    spec = question("g", options=["red", "blue"], timeout=30, default=default, required=required)
    ran = gate(asking(spec, fallback), file)
    expired = ran.of("user.expired")
    assert [(e.at, e.data.outcome) for e in expired] == [(30_000, outcome)]
    assert expired[0].data.value == {"default": "red", "fallback": "blue"}.get(outcome)


def test_an_agent_is_told_the_value_and_that_nobody_gave_it(file: Path) -> None:
    heard_: list[tuple[str, object]] = []

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q", question_type="choice", options=["x", "y"], fallback="y")
            case Reply():
                heard_.append((heard.outcome, heard.value))
                hand.exit()

    ran = play(plan([agent("a")], [task("one", "a")]), file, hands=behave)
    assert heard_ == [("default", "y")]
    assert ran.session.outcome == "complete"


def test_an_answer_that_comes_in_time_wins(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", gate="g")], [asking(WHICH, "blue")])
    ran = play(what, file, answers=[answer("g", "red", after=500)])
    assert not ran.of("user.expired")
    assert ran.session.tasks[TaskId("one")].answers == (("g", "red"),)
