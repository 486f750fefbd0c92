"""What the operator says of work is kept, reaches whom it is for, and is never lost in silence."""

from itertools import pairwise
from pathlib import Path

import pytest
from hands import Behaviour, Hand
from pydantic import JsonValue

from mop_tui.agents.host import Assignment, Note, Told
from mop_tui.domain.feed import Command, GiveFeedback, RetryTask
from mop_tui.domain.ids import AgentId, FeedbackId, TaskId
from mop_tui.domain.plan import Retry
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, plan, play, task

A, ONE, TWO = AgentId("a"), TaskId("one"), TaskId("two")
F1 = FeedbackId("f1")


def noting(told: list[tuple[str, object]], *, fails: int = 0, lives: bool = False) -> Behaviour:
    """Play agents that take ten seconds for a task, fail so many attempts, and note what they are
    told: the feedback that came with a task, and messages."""

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                told.append((heard.task.id, (heard.context or {}).get("feedback", [])))
                failed = heard.attempt <= fails
                if lives:
                    hand.after(10, hand.done, "", "broken" if failed else "")
                else:
                    hand.after(10, hand.exit, int(failed))
            case Note():
                told.append(("note", (heard.sender, heard.text, heard.about, heard.verdict)))

    return behave


def said(ran: Ran) -> list[tuple[str, ...]]:
    """Return for each piece of feedback which agents were told, one entry each time."""
    return [tuple(who for who, _ in row.told) for row in ran.session.feedback.values()]


def entry(text: str, about: str, **more: JsonValue) -> dict[str, JsonValue]:
    return {"from": "operator", "text": text, "about": about, **more}


def test_an_agent_that_runs_is_told_at_once_and_it_is_journalled(file: Path) -> None:
    told: list[tuple[str, object]] = []
    given = GiveFeedback("too slow", task=ONE, verdict="bad")
    ran = play(
        plan([agent("a")], [task("one", "a")]), file, hands=noting(told), operator=[(3, given)]
    )
    assert told == [("one", []), ("note", ("operator", "too slow", "one", "bad"))]
    [event] = ran.of("user.feedback")
    assert (event.data.feedback, event.data.by, event.cause) == ("f1", "operator", None)
    [intended] = [it for it in ran.of("system.intended") if it.data.effect == "tell"]
    assert intended.data.feedback == (F1,)
    assert [it for it in ran.of("system.done") if it.cause == intended.seq]
    assert said(ran) == [("a",)]
    assert not ran.issues()
    assert recheck(plan([agent("a")], [task("one", "a")]), ran.events).divergence is None


def test_who_does_not_run_is_told_with_its_next_task(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("wait", "b", needs=["one"]), task("two", "a", needs=["wait"])],
    )
    operator: list[tuple[float, Command]] = [
        (12, GiveFeedback("well done", task=ONE)),
        (13, GiveFeedback("be brief", agent=A)),
    ]
    ran = play(what, file, hands=noting(told), operator=operator)
    assert told[-1] == ("two", [entry("well done", "one"), entry("be brief", "a")])
    assert said(ran) == [("a",), ("a",)]
    assert [d.data.verdict for d in ran.decisions("pass_feedback_on")] == ["no", "no"]


def test_a_task_that_nobody_does_yet_is_begun_with_what_was_said_of_it(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan(
        [agent("a", "x"), agent("b", "x")],
        [task("one", "a"), task("two", skill="x", needs=["one"])],
    )
    given = GiveFeedback("mind the gap", task=TWO)
    ran = play(what, file, hands=noting(told), operator=[(1, given)])
    assert told[-1] == ("two", [entry("mind the gap", "two")])
    [(reached,)] = said(ran)
    assert reached == ran.session.tasks[TWO].agent


def test_a_retry_is_told_all_that_was_said_of_the_task_whoever_was_told_before(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan([agent("a")], [task("one", "a", retry=Retry(1, 1000, 1000))])
    ran = play(
        what,
        file,
        hands=noting(told, fails=1),
        operator=[(3, GiveFeedback("use the cache", task=ONE, verdict="bad"))],
    )
    assert told[-1] == ("one", [entry("use the cache", "one", verdict="bad")])
    assert said(ran) == [("a", "a")]


def test_a_task_that_the_operator_has_done_again_is_told_why(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("long", "b", seconds=99)])
    operator: list[tuple[float, Command]] = [
        (12, GiveFeedback("wrong branch", task=ONE)),
        (13, RetryTask(ONE)),
    ]

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.id == "long":
            hand.after(60, hand.exit)
        else:
            noting(told, fails=1)(hand, heard)

    ran = play(what, file, hands=behave, operator=operator)
    assert told == [("one", []), ("one", [entry("wrong branch", "one")])]
    assert ran.session.outcome == "complete"


def test_an_agent_for_the_session_is_told_of_a_former_task_while_it_rests(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "a"), task("wait", "b", needs=["one"]), task("two", "a", needs=["wait"])],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        noting(told, lives=hand.agent == "a")(hand, heard)

    play(what, file, hands=behave, operator=[(12, GiveFeedback("good", task=ONE))])
    assert ("note", ("operator", "good", "one", None)) in told
    assert told[-1] == ("two", [])


def test_what_reached_nobody_is_told_at_the_end(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("long", "b", seconds=99)])
    operator = [(12 + n, GiveFeedback(f"no {n}", task=ONE)) for n in range(5)]

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(10 if hand.agent == "a" else 60, hand.exit)

    ran = play(what, file, hands=behave, operator=operator)
    assert ran.session.outcome == "complete"
    [issue] = ran.session.issues.values()
    assert issue.severity == "info"
    assert issue.text == (
        "feedback reached nobody: f1 about one, f2 about one, f3 about one and 2 more"
    )
    assert said(ran) == [()] * 5


def test_what_is_said_while_a_task_rests_comes_with_its_next_attempt(file: Path) -> None:
    told: list[tuple[str, object]] = []
    what = plan([agent("a")], [task("one", "a", retry=Retry(1, 1000, 1000))])
    given = GiveFeedback("while it rests", task=ONE)
    ran = play(what, file, hands=noting(told, fails=1), operator=[(10.5, given)])
    assert told == [("one", []), ("one", [entry("while it rests", "one")])]
    assert said(ran) == [("a",)]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (GiveFeedback("x"), "it is not said what it is about"),
        (GiveFeedback("x", agent=AgentId("z")), "there is no such agent"),
        (GiveFeedback("x", task=TaskId("z")), "there is no such task"),
        (GiveFeedback(" \n", agent=A), "nothing is said"),
        (
            GiveFeedback("x" * 4097, agent=A),
            "it has 4,097 characters, and at most 4,096 are taken",
        ),
    ],
)
def test_what_cannot_be_feedback_is_refused_with_the_reason(
    given: GiveFeedback, why: str, file: Path
) -> None:
    ran = play(plan([agent("a")], [task("one", "a")]), file, operator=[(1, given)])
    assert ran.refusals() == [why]
    assert not ran.of("user.feedback")


def test_no_more_is_taken_about_one_task_than_can_be_handed_over(file: Path) -> None:
    operator = [(1, GiveFeedback("x" * 4000, task=ONE)) for _ in range(6)]
    ran = play(plan([agent("a")], [task("one", "a")]), file, operator=operator)
    assert ran.refusals() == [
        "20,000 characters are said of it already, and at most 20,000 are taken"
    ]
    assert len(ran.session.feedback) == 5


def test_too_much_for_one_task_waits_for_the_next_and_nothing_is_cut(file: Path) -> None:
    told: list[tuple[str, object]] = []
    names = [f"t{n}" for n in range(8)]
    before = [
        task("t0", "a"),
        *(task(n, "a", needs=[b]) for b, n in pairwise(names)),
    ]
    wait = task("wait", "b", needs=["t5"])
    what = plan(
        [agent("a"), agent("b")],
        [*before[:6], wait, task("u", "a", needs=["wait"]), task("v", "a", needs=["u"])],
    )
    operator = [
        (62 + 0.1 * n, GiveFeedback("x" * 4000, task=TaskId(f"t{n % 6}"))) for n in range(7)
    ]
    ran = play(what, file, hands=noting(told), operator=operator)
    counts = [len(found) for name, found in told if name in "uv" and isinstance(found, list)]
    assert counts == [5, 2]
    assert all(row.told for row in ran.session.feedback.values())


STRANGE = "schön \u202e\x1b[2J\x00 \U0001f600 \ufeff"


def test_strange_text_is_kept_as_it_is(file: Path) -> None:
    told: list[tuple[str, object]] = []
    ran = play(
        plan([agent("a")], [task("one", "a")]),
        file,
        hands=noting(told),
        operator=[(3, GiveFeedback(STRANGE, agent=A))],
    )
    assert told[-1] == ("note", ("operator", STRANGE, "a", None))
    assert ran.session.feedback[F1].said.text == STRANGE
    assert b"\x1b" not in file.read_bytes()


def test_wherever_the_program_dies_feedback_is_delivered_or_known_not_to_be(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=Retry(1, 1000, 1000))])
    operator = [(3, GiveFeedback("mind it", task=ONE))]
    ran = play(what, file, hands=noting([], fails=1), operator=operator)
    for after in range(len(ran.events)):
        cut = crash(ran, file.with_name(f"cut{after}.jsonl"), after=after)
        if after == 0 or ran.events[after - 1].kind == "system.ended":
            continue
        told: list[tuple[str, object]] = []
        again = play(what, cut, hands=noting(told, fails=1), resume=True)
        row = again.session.feedback.get(F1)
        if row is None:
            continue
        heard = [found for _, found in told if found]
        before = any(
            it.kind == "system.done" and it.data.effect == "tell" for it in ran.events[:after]
        )
        assert bool(row.told) is (bool(heard) or before), after
