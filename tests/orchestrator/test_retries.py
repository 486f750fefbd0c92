"""A task that failed is tried again after a rest."""

from pathlib import Path

import pytest
from hands import Behaviour, Hand, Hands

from mop_tui.agents.host import Assignment, Told
from mop_tui.decisions.retries import rest
from mop_tui.domain.feed import CancelTask
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Retry
from sessions import Ran, agent, fixed, plan, play, task

TWICE = Retry(times=2, delay_ms=10_000, max_delay_ms=60_000)


def fails_until(attempt: int, seconds: float = 1) -> Behaviour:
    """Play agents whose tasks fail before that attempt."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            failed = heard.attempt < attempt
            hand.after(seconds, hand.exit, int(failed), "no luck" if failed else "luck")

    return behave


def rests(ran: Ran) -> list[int]:
    """Return for how long (ms) tasks rested before they were tried again."""
    return [e.data.due - e.at for e in ran.of("system.timer_set") if e.data.purpose == "retry"]


def test_a_failed_task_rests_and_is_tried_again(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE)])
    ran = play(what, file, hands=fails_until(2))
    [pause] = rests(ran)
    again = (1000 + pause) // 1000
    assert ran.states("one") == [
        (0, "READY"),
        (0, "ASSIGNED"),
        (0, "ACTIVE"),
        (1, "READY"),
        (again, "ASSIGNED"),
        (again, "ACTIVE"),
        (again + 1, "COMPLETE"),
    ]
    assert ran.session.outcome == "complete"
    assert ran.session.tasks[TaskId("one")].output == "luck"
    assert [job.data.incarnation for job in ran.of("agent.exited")] == [1, 2]


def test_others_are_served_while_a_task_rests(file: Path) -> None:
    what = plan(
        [agent("a")],
        [task("one", "a", retry=TWICE, seconds=99), task("two", "a")],
        scripts={"one": fixed(1, exit_code=1), "two": fixed(3)},
    )
    assert play(what, file).states("two")[-1] == (4, "COMPLETE")


def test_warnings_about_it_are_closed_when_it_completes_after_all(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE)])
    ran = play(what, file, hands=fails_until(3))
    [issue] = ran.session.issues.values()
    assert (issue.severity, issue.open, issue.times) == ("warning", False, 2)
    assert issue.text == "one failed: a ended with exit code 1: no luck"
    assert issue.suggestion.startswith("it is tried again in ")
    assert issue.suggestion.endswith(" (2 of 2)")
    [opened], [repeated] = ran.of("system.issue_opened"), ran.of("system.issue_repeated")
    assert opened.data.suggestion.endswith(" (1 of 2)")
    assert repeated.data.suggestion == issue.suggestion


def test_what_else_was_said_of_the_task_stays_open(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.attempt == 2:
                hand.err("data_loss", "two rows are gone")
            hand.after(1, hand.exit, int(heard.attempt == 1))

    ran = play(plan([agent("a")], [task("one", "a", retry=TWICE)]), file, hands=behave)
    assert ran.session.outcome == "complete"
    still_open = [i.text for i in ran.session.issues.values() if i.open]
    assert still_open == ["a: data_loss: two rows are gone"]


@pytest.mark.parametrize("succeeds", [True, False])
def test_errors_of_attempts_that_failed_are_settled_if_another_succeeds(
    file: Path, *, succeeds: bool
) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.attempt < 3:
                hand.err("deployment_failed", f"attempt {heard.attempt}")
            hand.after(1, hand.exit, int(heard.attempt < 3 or not succeeds))

    ran = play(plan([agent("a")], [task("one", "a", retry=TWICE)]), file, hands=behave)
    still_open = [i.text for i in ran.session.issues.values() if i.open and i.severity == "warning"]
    errors = [f"a: deployment_failed: attempt {number}" for number in (1, 2)]
    assert still_open == ([] if succeeds else errors)


def test_a_task_that_fails_for_good_has_one_open_issue(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE)])
    ran = play(what, file, hands=fails_until(9))
    [last] = [i for i in ran.session.issues.values() if i.open]
    assert last.severity == "critical"


def test_giving_up_says_how_many_attempts_there_were(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE), task("two", "a", needs=["one"])])
    ran = play(what, file, hands=fails_until(99))
    last = list(ran.session.issues.values())[-1]
    assert last.text == "one failed (after 3 attempts): a ended with exit code 1: no luck"
    assert last.severity == "critical"
    assert ran.session.tasks[TaskId("one")].attempts == 3
    assert ran.session.tasks[TaskId("two")].state == "CANCELLED"
    assert ran.session.outcome == "incomplete"


def test_a_task_without_retries_fails_at_once(file: Path) -> None:
    ran = play(plan([agent("a")], [task("one", "a")]), file, hands=fails_until(99))
    assert ran.issues() == ["one failed: a ended with exit code 1: no luck"]


def test_a_start_that_fails_is_an_attempt_that_failed(file: Path) -> None:
    hands = Hands(
        fails_until(1), unable=lambda job: "no such program" if job.incarnation == 1 else ""
    )
    ran = play(plan([agent("a")], [task("one", "a", retry=TWICE)]), file, hands=hands)
    assert ran.issues() == ["one failed: no such program"]
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("number", range(1, 12))
def test_a_rest_doubles_up_to_a_bound_and_strays_by_a_fifth_at_most(number: int) -> None:
    retry = Retry(times=20, delay_ms=1_000, max_delay_ms=60_000)
    nominal = min(60_000, 1_000 * 2 ** (number - 1))
    drawn = [rest(retry, number, seed, f"task-{seed}") for seed in range(200)]
    assert min(drawn) >= 0.8 * nominal
    assert max(drawn) <= 1.2 * nominal
    assert max(drawn) - min(drawn) > 0.3 * nominal, "they stray"


def test_a_rest_is_bounded_however_often_a_task_is_tried() -> None:
    assert rest(Retry(10**6, 1_000, 60_000), 10**6, 0, "one") <= 72_000


def test_rests_are_the_same_for_the_same_seed_and_others_for_another(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE)])
    first, again, other = (
        rests(play(what, file.with_name(f"{n}.jsonl"), seed=seed, hands=fails_until(3)))
        for n, seed in enumerate([7, 7, 8])
    )
    assert first == again != other


def test_tasks_that_fail_together_do_not_come_back_together(file: Path) -> None:
    crew = [f"a{n}" for n in range(5)]
    what = plan(map(agent, crew), [task(f"by-{n}", n, retry=TWICE) for n in crew])
    drawn = rests(play(what, file, hands=fails_until(2)))
    assert len(set(drawn)) == 5


def test_a_task_that_is_cancelled_while_it_rests_is_not_tried_again(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=TWICE)])
    operator = [(3.0, CancelTask(TaskId("one"), "enough"))]
    ran = play(what, file, hands=fails_until(99), operator=operator)
    assert ran.states("one")[-1] == (3, "CANCELLED")
    assert ran.session.at == 3000
    assert not ran.session.timers
    assert not ran.of("system.timer_fired")
