"""An agent that lives for the session does one task after another in one process."""

from pathlib import Path

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Cancel, Job, Told
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import CancelTask, Steer, Stop
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Retry
from mop_tui.domain.priority import Priority
from mop_tui.orchestrator.loop import Orchestrator
from sessions import Ran, agent, fixed, plan, play, task

ONCE = Retry(times=1, delay_ms=10_000)


def obedient(hand: Hand, heard: Told | None) -> None:
    """Take five seconds for each task, and give up in one what is cancelled."""
    match heard:
        case Assignment(task=given):
            hand.after(5, _done, hand, given.id)
        case Cancel():
            hand.after(1, hand.done, "", "cancelled")


def _done(hand: Hand, task_id: TaskId) -> None:
    if hand.task == task_id:
        hand.done(f"{task_id} it is")


def exits(ran: Ran, name: str = "a") -> list[tuple[int, str | None]]:
    return [(e.at // 1000, e.data.signal) for e in ran.of("agent.exited") if e.data.agent == name]


def test_it_is_given_one_task_after_another_in_one_process(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])
    hands = Hands(obedient)
    ran = play(what, file, hands=hands)
    assert ran.states("one")[-1] == (5, "COMPLETE")
    assert ran.states("two")[1:] == [(5, "ASSIGNED"), (5, "ACTIVE"), (10, "COMPLETE")]
    assert [(job.incarnation, job.assignment) for job in hands.started] == [(1, None)]
    assert ran.session.tasks[TaskId("two")].output == "two it is"


def test_its_process_starts_with_the_session_and_not_with_a_task(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("first", "b"), task("then", "a", needs=["first"])],
    )
    ran = play(what, file)
    [first, _] = [e for e in ran.of("system.intended") if e.data.effect == "start_process"]
    assert (first.data.agent, first.data.task, first.at) == ("a", None, 0)


def test_it_is_dismissed_when_everything_is_done(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])
    ran = play(what, file, hands=obedient)
    assert exits(ran) == [(5, "SIGTERM")]
    assert ran.session.outcome == "complete"
    assert not ran.issues()
    assert not ran.session.running


@pytest.mark.parametrize("tasks", [["other"], ["other", "mine"]])
def test_it_never_holds_the_session_be_it_available_or_complete(
    file: Path, tasks: list[str]
) -> None:
    mine = [task("mine", "a")] if "mine" in tasks else []
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("other", "b"), *mine],
        scripts={"other": fixed(20), "mine": fixed(5)},
    )
    ran = play(what, file)
    assert ran.session.at == 20_000
    assert ran.session.outcome == "complete"
    assert exits(ran) == [(20, "SIGTERM")]


def test_it_never_holds_the_session_when_the_operator_paused_it(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("other", "b")],
        scripts={"other": fixed(20)},
    )
    ran = play(what, file, operator=[(5.0, Steer("pause", AgentId("a")))])
    assert ran.agent_states("a")[-1] == (5, "PAUSED")
    assert ran.session.at == 20_000
    assert ran.session.outcome == "complete"


def test_a_session_of_idle_agents_alone_ends_at_once(file: Path) -> None:
    ran = play(plan([agent("a", for_session=True)], []), file)
    assert ran.session.outcome == "complete"
    assert ran.session.at == 0


def test_dying_in_mid_task_fails_the_task(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.task.id == "one":
                hand.after(3, hand.exit, 0, "bye")
            else:
                hand.after(3, hand.done)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.states("one")[-1] == (3, "FAILED")
    assert ran.issues() == [
        "one failed: a ended with exit code 0 before it said that it was done: bye"
    ]
    assert ran.states("two")[-1] == (6, "COMPLETE")
    assert [job.incarnation for job in hands.started] == [1, 2]


def test_dying_in_mid_task_leads_to_another_attempt_in_a_new_process(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a", retry=ONCE)])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(3, hand.exit if hand.incarnation == 1 else hand.done)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.session.outcome == "complete"
    assert [job.incarnation for job in hands.started] == [1, 2]
    assert ran.session.tasks[TaskId("one")].attempts == 2


def test_a_task_that_it_says_failed_is_tried_again_in_the_same_process(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a", retry=ONCE)])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(3, hand.done, "", "broken" if heard.attempt == 1 else "")

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.session.outcome == "complete"
    assert ran.issues() == ["one failed: a: met broken"]
    assert len(hands.started) == 1


def test_it_comes_back_when_it_dies_while_idle(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("first", "b"), task("then", "a", needs=["first"])],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case None if hand.incarnation == 1:
                hand.after(2, hand.exit, 1)
            case Assignment() if hand.agent == "b":
                hand.after(10, hand.exit)
            case Assignment():
                hand.after(5, hand.done)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.states("then")[-1] == (15, "COMPLETE")
    assert ran.session.tasks[TaskId("then")].attempts == 1
    [decision] = ran.decisions("idle_process_ended")[:1]
    assert decision.data.reason == "its process ended with exit code 1 while it had no task"


def test_it_is_given_up_after_three_deaths_in_a_row(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, lambda: None)
        else:
            hand.exit(1)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert [job.incarnation for job in hands.started] == [1, 2, 3]
    assert ran.issues()[0] == (
        "a is given up: its process ended 3 times in a row without completing a task"
    )
    assert ran.session.outcome == "incomplete"
    assert ran.states("one")[-1][1] == "CANCELLED"


def test_a_task_completed_in_between_makes_deaths_count_anew(file: Path) -> None:
    names = [f"t{n}" for n in range(4)]

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            again = heard.attempt > 1
            hand.after(1, hand.done) if again else hand.after(1, hand.exit, 1)

    one_by_one = [
        task(name, "a", needs=names[max(0, n - 1) : n], retry=ONCE) for n, name in enumerate(names)
    ]
    what = plan([agent("a", for_session=True)], one_by_one)
    ran = play(what, file, hands=behave)
    assert ran.session.outcome == "complete"
    assert len(ran.of("agent.exited")) == 5


def test_a_task_that_reaches_nobody_any_more_goes_back_without_having_failed(file: Path) -> None:
    # The process dies in the same moment in which it is handed its next task.
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(5, _done_and_gone if hand.incarnation == 1 else _said, hand)

    def _done_and_gone(hand: Hand) -> None:
        hand.done()
        hand.exit(1)

    def _said(hand: Hand) -> None:
        hand.done()

    ran = play(what, file, hands=behave)
    assert ran.session.outcome == "complete"
    assert [s for _, s in ran.states("two")] == [
        "READY",
        "ASSIGNED",
        "READY",
        "ASSIGNED",
        "ACTIVE",
        "COMPLETE",
    ]
    assert not ran.issues()


def test_it_is_told_once_that_it_cannot_start_and_given_up(file: Path) -> None:
    what = plan([agent("a", for_session=True), agent("b")], [task("one", "a"), task("two", "b")])

    def unable(job: Job) -> str:
        return "there is no program nope" if job.agent.id == "a" else ""

    def behave(hand: Hand, _heard: Told | None) -> None:
        hand.after(5, hand.exit)

    ran = play(what, file, hands=Hands(behave, unable))
    assert ran.issues() == [
        "a could not start: there is no program nope",
        "a is given up: its process ended 3 times in a row without completing a task",
        "nothing can move one any more",
    ]
    assert ran.states("two")[-1] == (5, "COMPLETE")
    assert ran.session.outcome == "incomplete"


def test_it_may_start_at_the_second_try(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])
    hands = Hands(obedient, lambda job: "busy" if job.incarnation == 1 else "")
    assert play(what, file, hands=hands).session.outcome == "complete"


def test_it_gives_a_cancelled_task_up_and_goes_on_with_the_next(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])
    hands = Hands(obedient)
    ran = play(what, file, hands=hands, operator=[(2.0, CancelTask(TaskId("one"), "enough"))])
    assert ran.states("one")[-1] == (2, "CANCELLED")
    assert ran.states("two")[-1] == (8, "COMPLETE")
    assert [what for _, what, _ in hands.told if isinstance(what, Cancel)] == [
        Cancel(TaskId("one"), "operator wants it: enough")
    ]
    assert len(hands.started) == 1
    assert not ran.of("system.timer_fired")


def test_it_is_ended_five_seconds_after_it_should_have_given_up(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def stubborn(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(60 if hand.incarnation == 1 else 5, hand.done)

    ran = play(what, file, hands=stubborn, operator=[(2.0, CancelTask(TaskId("one")))])
    assert exits(ran)[0] == (7, "SIGTERM")
    assert ran.states("two")[-1] == (12, "COMPLETE")
    assert ran.decisions("force_off")[0].data.reason == (
        "it was told 5 s ago to give one up, and has not"
    )


def test_it_is_given_nothing_more_while_it_is_being_ended(file: Path) -> None:
    # It gives up after it was told to end, and before it has ended.
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def late(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(5, _done, hand, heard.task.id) if hand.incarnation > 1 else None
            case Cancel():
                hand.after(6, hand.done, "", "cancelled")

    hands = Hands(late, obeys_stop=3)
    ran = play(what, file, hands=hands, operator=[(2.0, CancelTask(TaskId("one")))])
    assert exits(ran)[0] == (10, "SIGTERM")
    assert ran.states("two")[1:] == [(10, "ASSIGNED"), (10, "ACTIVE"), (15, "COMPLETE")]
    assert [job.incarnation for job in hands.started] == [1, 2]
    assert all(job.assignment is None for job in hands.started)


def test_facts_of_a_task_handed_at_the_end_of_another_are_about_that_task(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.progress, 50)
            hand.after(2, hand.done)

    ran = play(what, file, hands=behave)
    assert [e.data.task for e in ran.of("agent.progressed")] == ["one", "two"]


def test_a_place_under_the_limit_is_free_while_its_process_starts_again(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [
            task("zero", "b"),
            task("one", "a", needs=["zero"], priority=Priority.HIGH),
            task("more", "a", needs=["zero"]),
            task("two", "b", needs=["zero"]),
        ],
        max_agents=1,
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case None if hand.incarnation > 1:
                hand.exit(1)
            case Assignment() if hand.agent == "b":
                hand.after(5, hand.exit)
            case Assignment():
                hand.after(1, hand.exit, 1)

    ran = play(what, file, hands=behave)
    assert ran.states("one")[-1] == (6, "FAILED")
    assert ran.states("two")[-1] == (11, "COMPLETE")
    assert any(issue.startswith("a is given up") for issue in ran.issues())


def test_ending_the_session_ends_it_whatever_it_does(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b", for_session=True)],
        [task("one", "a"), task("two", "a")],
        scripts={"one": fixed(60)},
    )
    ran = play(what, file, operator=[(10.0, Stop("enough"))])
    assert ran.session.outcome == "stopped"
    assert exits(ran, "a") == exits(ran, "b") == [(10, "SIGTERM")]
    assert not ran.issues()


def test_ending_the_session_while_it_starts_leaves_nothing_running(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])

    def stop_at_once(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.effect == "start_process":
            orchestrator.submit(Stop("enough"))

    ran = play(what, file, hands=obedient, during=stop_at_once)
    assert ran.session.outcome == "stopped"
    assert not ran.session.running
    assert not ran.issues()


def test_a_task_that_can_no_longer_be_handed_over_goes_back_without_having_failed(
    file: Path,
) -> None:
    # The process dies while the record that the task is handed to it is not on disk yet.
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(5, hand.done)
            if hand.incarnation == 1:
                hand.after(5.5, hand.exit, 1)

    ran = play(what, file, hands=behave, lag=1)
    assert [e.data.error for e in ran.of("system.done") if e.data.error] == ["its process is gone"]
    assert ran.session.outcome == "complete"
    assert not ran.issues()
    assert ran.session.tasks[TaskId("two")].attempts == 2
