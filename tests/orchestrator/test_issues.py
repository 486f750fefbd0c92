"""Every issue is opened and closed by a rule, counts what comes up again, and suggests something.

One test for each row of the table in `docs/contracts.md`.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hands import Behaviour, Hand, Hands

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain import events as e
from mop_tui.domain.feed import CancelTask, Command, RetryTask, Steer
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.issues import identity
from mop_tui.domain.plan import Plan, QuestionSpec, Retry, TaskSpec
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Issue
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import Limits
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, kind, plan, play, question, task, trigger

A, B, ONE = AgentId("a"), AgentId("b"), TaskId("one")


def behaviour(fails: int, *, of: tuple[str, ...] = ("one", "other")) -> Behaviour:
    """Play agents that fail so many times at some tasks; `long` takes fifteen minutes."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.task.id == "long":
                hand.after(900, hand.exit)
                return
            hand.after(1, hand.exit, int(heard.task.id in of and heard.attempt <= fails))

    return behave


def two(*tasks: TaskSpec, questions: Iterable[QuestionSpec] = ()) -> Plan:
    """Return a plan in which somebody else is at work for fifteen minutes."""
    return plan([agent("a"), agent("b")], [*tasks, task("long", "b")], questions)


def told(ran: Ran) -> list[tuple[str, str, bool, int, Remedy | None]]:
    """Return severity, text, whether it is open, how often and what is suggested."""
    return [
        (it.severity, it.text, it.open, it.times, it.remedy) for it in ran.session.issues.values()
    ]


def closing(ran: Ran, number: int = 0) -> str:
    return list(ran.session.issues.values())[number].closing


def retry(task_id: str) -> Remedy:
    return Remedy("retry_task", task_id)


# -- tasks ----------------------------------------------------------------------------------------


def test_a_failed_task_is_critical_until_it_is_done_after_all(file: Path) -> None:
    what = two(task("one", "a"))
    ran = play(what, file, hands=behaviour(1), operator=[(30, RetryTask(ONE))])
    text = "one failed: a ended with exit code 1"
    assert told(ran) == [("critical", text, False, 1, retry("one"))]
    assert closing(ran) == "the task is to be done after all"
    assert ran.session.outcome == "complete"
    assert recheck(what, ran.events).divergence is None


def test_that_it_fails_again_is_another_issue(file: Path) -> None:
    operator: list[tuple[float, Command]] = [(30, RetryTask(ONE)), (60, RetryTask(ONE))]
    ran = play(two(task("one", "a")), file, hands=behaviour(3), operator=operator)
    assert [it[2] for it in told(ran)] == [False, False, True]
    assert ran.session.outcome == "incomplete"


def test_a_warning_counts_attempts_and_is_over_when_the_task_is(file: Path) -> None:
    again = Retry(times=2, delay_ms=1000, max_delay_ms=1000)
    good = play(two(task("one", "a", retry=again)), file, hands=behaviour(2))
    look = Remedy("look_at_agent", "a")
    text = "one failed: a ended with exit code 1"
    assert told(good) == [("warning", text, False, 2, look)]
    assert closing(good) == "the task is complete after all"
    bad = play(two(task("one", "a", retry=again)), file.with_name("bad"), hands=behaviour(3))
    assert told(bad) == [
        ("warning", text, False, 2, look),
        (
            "critical",
            "one failed (after 3 attempts): a ended with exit code 1",
            True,
            1,
            retry("one"),
        ),
    ]


def test_errors_of_attempts_that_failed_are_settled_with_the_task_and_later_ones_are_not(
    file: Path,
) -> None:
    again = Retry(times=1, delay_ms=1000, max_delay_ms=1000)

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.err("both")
            hand.err(f"only_{heard.attempt}")
            hand.after(1, hand.exit, int(heard.attempt == 1))

    ran = play(plan([agent("a")], [task("one", "a", retry=again)]), file, hands=behave)
    assert [(it.text, it.open, it.times) for it in ran.session.issues.values()] == [
        ("a: both", True, 2),
        ("a: only_1", False, 1),
        ("one failed: a ended with exit code 1", False, 1),
        ("a: only_2", True, 1),
    ]


def test_a_gate_that_was_not_opened_can_be_asked_again(file: Path) -> None:
    what = two(task("one", "a", gate="sure"), questions=[question("sure", "Sure?")])
    answers = [answer("sure", "reject", "not now", after=1), answer("sure", "approve", after=1)]
    ran = play(what, file, answers=answers, hands=behaviour(0), operator=[(30, RetryTask(ONE))])
    text = "Sure? Rejected by file#test: not now"
    assert told(ran) == [("warning", text, False, 1, retry("one"))]
    assert ran.session.outcome == "complete"
    assert [q.value for q in ran.session.questions.values()] == ["reject", "approve"]


def test_an_approval_is_for_what_was_asked_so_a_retry_asks_again(file: Path) -> None:
    what = two(task("one", "a", gate="sure"), questions=[question("sure", "Sure?")])
    answers = [answer("sure", "approve"), answer("sure", "reject")]
    ran = play(what, file, answers=answers, hands=behaviour(9), operator=[(30, RetryTask(ONE))])
    assert len(ran.of("agent.exited")) == 2  # one attempt, and `long`
    assert ran.session.tasks[ONE].state == "CANCELLED"


def test_an_unanswered_gate_is_a_warning_until_it_asks_again(file: Path) -> None:
    what = two(task("one", "a", gate="sure"), questions=[question("sure", "Sure?", timeout=5)])
    ran = play(what, file, hands=behaviour(0), operator=[(30, RetryTask(ONE))])
    [first, second] = told(ran)
    assert first == ("warning", "nobody answered: Sure?", False, 1, retry("one"))
    assert second[2]


def test_an_overdue_answer_is_an_alarm_until_there_is_one(file: Path) -> None:
    asked = question("sure", "Sure?", timeout=5, required=True)
    what = two(task("one", "a", gate="sure"), questions=[asked])
    ran = play(what, file, answers=[answer("sure", "approve", after=20)], hands=behaviour(0))
    text = "an answer is overdue: Sure?"
    assert told(ran) == [("critical", text, False, 1, Remedy("answer", "q1"))]
    assert closing(ran) == "q1 is answered"


# -- agents ---------------------------------------------------------------------------------------


def test_who_could_not_start_is_critical_until_it_is_there(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True, real=True), agent("b", real=True)],
        [task("one", "a"), task("long", "b")],
        hooks={"a": ["on_start"]},
    )
    hands = Hands(_first_hook_fails({"on_start"}))
    ran = play(what, file, hands=hands, operator=[(30, Steer("restart", A))])
    [issue] = told(ran)
    assert issue[0] == "critical"
    assert issue[1].startswith("a could not start: its on_start hook ")
    assert issue[2:] == (False, 1, Remedy("restart_agent", "a"))
    assert closing(ran) == "it is there"


def _first_hook_fails(names: set[str]) -> Behaviour:
    """Play agents that are good; hooks of these names fail the first time."""
    failed: set[str] = set()

    def behave(hand: Hand, heard: Told | None) -> None:
        hook = hand.job.hook
        if hook is not None:
            bad = hook.name in names and hook.name not in failed
            failed.add(hook.name)
            hand.after(1, hand.exit, int(bad))
        elif isinstance(heard, Assignment):
            if hand.agent == "a" and hand.job.assignment is None:
                hand.after(1, hand.done)
            else:
                hand.after(900 if heard.task.id == "long" else 1, hand.exit)

    return behave


def _dies(until: int) -> Behaviour:
    """Play an agent for the session whose process ends with its task, up to that process."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if hand.agent == "b":
                hand.after(900, hand.exit)
            elif hand.incarnation <= until:
                hand.after(1, hand.exit, 1)
            else:
                hand.after(1, hand.done)

    return behave


def test_who_is_given_up_is_critical_until_it_is_given_another_process(file: Path) -> None:
    again = Retry(times=9, delay_ms=100, max_delay_ms=100)
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "a", retry=again), task("long", "b")],
    )
    ran = play(what, file, hands=_dies(3), operator=[(60, Steer("restart", A))])
    given_up = [it for it in told(ran) if "given up" in it[1]]
    text = "a is given up: its process ended 3 times in a row without completing a task"
    assert given_up == [("critical", text, False, 1, Remedy("restart_agent", "a"))]
    assert ran.session.outcome == "complete"


def test_who_was_stopped_is_missed_until_it_is_back_or_nothing_is_left(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "a", gate="g"), task("long", "b")],
        questions=[question("g")],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(
                900 if hand.agent == "b" else 1, hand.exit if hand.agent == "b" else hand.done
            )

    text = "nobody is left to do one, now that a was stopped"
    missed = Remedy("restart_agent", "a")
    stop = (5.0, Steer("stop", A))
    back = play(
        what,
        file,
        hands=behave,
        operator=[stop, (9, Steer("restart", A))],
        answers=[answer("g", "approve", after=20)],
    )
    assert told(back) == [("warning", text, False, 1, missed)]
    assert closing(back) == "it is given another process"
    gone = play(
        what,
        file.with_name("gone"),
        hands=behave,
        operator=[stop, (9, CancelTask(ONE))],
        attended=True,
    )
    assert told(gone) == [("warning", text, False, 1, missed)]
    assert closing(gone) == "no task is left that it could do"


def test_what_is_settled_twice_at_a_moment_is_closed_once(file: Path) -> None:
    """An agent without a process is there as soon as it is started again: both settle it."""
    what = plan([agent("a"), agent("b")], [task("one", "a", needs=["long"]), task("long", "b")])
    steered: list[tuple[float, Command]] = [(5, Steer("stop", A)), (9, Steer("restart", A))]
    ran = play(what, file, operator=steered)
    assert [rule.at // 1000 for rule in ran.decisions("settle_agent")] == [9, 9]
    assert len(ran.of("system.issue_closed")) == 1
    assert ran.session.ignored == 0


def test_a_post_edit_hook_is_a_warning_until_it_is_good_again(file: Path) -> None:
    what = plan(
        [agent("a", real=True, owns=["src/**"])], [task("one", "a")], hooks={"a": ["post_edit"]}
    )

    fails = [1, 1, 0, 1]

    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is not None:
            hand.after(0.1, hand.exit, fails.pop(0))
        elif isinstance(heard, Assignment):
            hand.after(100, hand.exit)

    edits = [(10 * n, e.FileModified("src/x", str(n))) for n in range(1, 5)]
    ran = play(what, file, hands=behave, outside=edits)
    look = Remedy("look_at_agent", "a")
    text = "the post_edit hook of a ended with exit code 1"
    assert told(ran) == [
        ("warning", text, False, 2, look),
        ("warning", text, True, 1, look),
    ]
    assert closing(ran) == "the post_edit hook of a is good again"


# -- what else ------------------------------------------------------------------------------------


def test_files_that_cannot_be_watched_are_one_warning_until_they_are(file: Path) -> None:
    outside: list[tuple[float, e.Fact]] = [
        (1, e.SystemWatching(("*",), trouble="no inotify")),
        (2, e.SystemWatching(("*",), trouble="no inotify")),
        (3, e.SystemWatching(("*",), trouble="no room")),
        (4, e.SystemWatching(("*",))),
    ]
    ran = play(plan([agent("a")], [task("one", "a")]), file, outside=outside)
    text = "files cannot be watched as they should: no room"
    assert told(ran) == [("warning", text, False, 3, None)]
    said = [(it.data.text, it.data.severity) for it in ran.of("system.issue_repeated")]
    assert said == [("", "warning"), (text, "warning")]


def test_an_edit_of_somebody_elses_file_counts_and_is_over_when_its_owner_has_it_again(
    file: Path,
) -> None:
    what = plan(
        [agent("a"), agent("w", owns=["doc/*"])],
        [task("one", "a", seconds=60), task("two", "w", needs=["one"], seconds=60)],
    )
    when = (10, 20, 30, 75, 76)
    outside = [(at, e.FileModified("doc/x", str(at))) for at in when]
    ran = play(what, file, outside=outside)
    [(severity, text, still, times, remedy)] = told(ran)
    assert (severity, still, remedy) == ("warning", False, Remedy("look_at_agent", "a"))
    assert text == "doc/x belongs to w, which was not at work when it was changed; only a was"
    assert times == 4  # the last of them is why it is closed
    assert closing(ran) == "w, who owns it, is at work and has it again"


def test_an_issue_about_a_limit_counts_and_is_over_once_the_trigger_fires_in_peace(
    file: Path,
) -> None:
    what = plan(
        [agent("a")],
        [task("one", "a", seconds=400)],
        triggers=[
            trigger(
                "more", "file_created", "spawn_agent", path_pattern="*", agents=("k",), task="go"
            )
        ],
        kinds={"k": kind()},
        limits=Limits(per_minute=1),
    )
    times = [10, 11, 12, 80, 200, 201]
    outside = [(at, e.FileCreated(f"{at}", "1")) for at in times]
    ran = play(what, file, outside=outside)
    look = Remedy("look_at_trigger", "more")
    counts = [(it.open, it.times, it.remedy, it.closing) for it in ran.session.issues.values()]
    over = "the limit was not in its way any more"
    assert counts == [(False, 2, look, over), (True, 1, look, "")]


def test_what_ends_the_session_stays_open(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", keys=["never"])])
    ran = play(what, file)
    assert [(it[0], it[2], it[4]) for it in told(ran)] == [("critical", True, None)]


def test_the_rest_of_what_an_agent_told_is_settled_with_all_else(file: Path) -> None:
    again = Retry(times=1, delay_ms=1000, max_delay_ms=1000)

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.attempt == 1:
                for number in range(30):
                    hand.err("odd", f"{number}")
            hand.after(1, hand.exit, int(heard.attempt == 1))

    ran = play(plan([agent("a")], [task("one", "a", retry=again)]), file, hands=behave)
    assert not [it for it in ran.session.issues.values() if it.open]
    more = [it for it in ran.session.issues.values() if it.key == "more-warning/a"]
    assert [(it.times, it.closing) for it in more] == [(10, "all else that a told of is settled")]


# -- being done after all -------------------------------------------------------------------------


def test_what_was_cancelled_with_a_task_comes_back_with_it(file: Path) -> None:
    what = two(
        task("one", "a", provides=["key"]),
        task("next", "a", needs=["one"]),
        task("far", "a", needs=["next"], keys=["key"]),
        task("unwanted", "a", needs=["one"]),
    )
    operator: list[tuple[float, Command]] = [
        (0.5, CancelTask(TaskId("unwanted"))),
        (30, RetryTask(ONE)),
    ]
    ran = play(what, file, hands=behaviour(1), operator=operator)
    assert {name: row.state.value for name, row in ran.session.tasks.items()} == {
        "one": "COMPLETE",
        "next": "COMPLETE",
        "far": "COMPLETE",
        "unwanted": "CANCELLED",
        "long": "COMPLETE",
    }
    assert recheck(what, ran.events).divergence is None


def test_what_also_needs_something_else_that_failed_comes_back_with_the_last_of_them(
    file: Path,
) -> None:
    what = two(task("one", "a"), task("other", "a"), task("both", "a", needs=["one", "other"]))
    operator: list[tuple[float, Command]] = [
        (29, RetryTask(TaskId("both"))),
        (30, RetryTask(ONE)),
        (60, RetryTask(TaskId("other"))),
    ]
    ran = play(what, file, hands=behaviour(1), operator=operator)
    assert ran.refusals() == ["it needs one, which is FAILED; do that again first"]
    assert ran.session.outcome == "complete"
    assert [at for at, state in ran.states("both") if state == "PENDING"] == [60]


@pytest.mark.parametrize(
    ("task_id", "before", "why"),
    [
        ("nope", None, "there is no such task"),
        ("long", None, "it is ACTIVE"),
        ("one", Steer("stop", A), "nobody is left to do it; restart a first"),
    ],
)
def test_what_cannot_be_done_again_is_refused_with_the_reason(
    task_id: str, before: Command | None, why: str, file: Path
) -> None:
    operator: list[tuple[float, Command]] = [(30, RetryTask(TaskId(task_id)))]
    if before is not None:
        operator.insert(0, (0.5, before))
    ran = play(two(task("one", "a")), file, hands=behaviour(1), operator=operator)
    assert ran.refusals() == [why]


def test_a_task_that_is_done_again_has_its_retries_again(file: Path) -> None:
    again = Retry(times=1, delay_ms=1000, max_delay_ms=1000)
    what = two(task("one", "a", retry=again))
    ran = play(what, file, hands=behaviour(3), operator=[(30, RetryTask(ONE))])
    assert ran.session.outcome == "complete"
    assert ran.session.tasks[ONE].attempts == 4


# -- in general -----------------------------------------------------------------------------------


def test_no_two_open_issues_are_the_same(file: Path) -> None:
    again = Retry(times=3, delay_ms=500, max_delay_ms=500)

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for number in range(60):
                hand.err("odd", f"{number % 30}")
                hand.message("operator", f"{number % 7}", "critical")
            hand.after(1, hand.exit, 1)

    seen: list[list[Issue]] = []

    def look(orchestrator: object, _event: e.AnyEvent) -> None:
        session: Session = orchestrator.session  # type: ignore[attr-defined]
        issues = [it for it in session.issues.values() if it.open]
        assert len({identity(it) for it in issues}) == len(issues)
        assert {identity(it): it.id for it in issues} == session.known_issues
        seen.append(issues)

    play(plan([agent("a")], [task("one", "a", retry=again)]), file, hands=behave, during=look)
    assert max(map(len, seen)) > 20
