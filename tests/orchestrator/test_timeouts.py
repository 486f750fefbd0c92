"""Work that takes longer than it may is taken away."""

from pathlib import Path

from hands import Behaviour, Hand, Hands

from mop_tui.agents.host import Assignment, Cancel, Reply, Told
from mop_tui.domain.feed import Steer
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Retry
from sessions import Ran, agent, answer, fixed, plan, play, task

ONCE = Retry(times=1, delay_ms=10_000)


def fired(ran: Ran) -> list[tuple[int, str]]:
    return [(e.at // 1000, e.data.timer) for e in ran.of("system.timer_fired")]


def works_for(*seconds: float) -> Behaviour:
    """Play agents that take so long for their first attempt, their second and so on."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(seconds[heard.attempt - 1], hand.exit, 0)

    return behave


def test_work_that_takes_too_long_is_ended_and_has_failed(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)], scripts={"one": fixed(60)})
    ran = play(what, file)
    assert ran.states("one")[-1] == (30, "FAILED")
    assert ran.issues() == ["one failed: a took longer than 30 s"]
    assert ran.session.at == 30_000


def test_work_within_its_time_is_left_alone(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)], scripts={"one": fixed(29)})
    ran = play(what, file)
    assert ran.session.outcome == "complete"
    assert not fired(ran)
    assert ran.session.at == 29_000, "nothing waits for the timer"


def test_a_timeout_is_about_one_attempt_and_does_not_hit_the_next(file: Path) -> None:
    # The first attempt fails after 25 of its 30 seconds; the second is at work when these are over.
    what = plan([agent("a")], [task("one", "a", timeout=30, retry=Retry(1, 1000))])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(25, hand.exit, 1 if heard.attempt == 1 else 0)

    ran = play(what, file, hands=behave)
    assert ran.session.outcome == "complete"
    assert fired(ran) == [(fired(ran)[0][0], "retry/one")]


def test_an_attempt_that_took_too_long_is_tried_again(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30, retry=ONCE)])
    ran = play(what, file, hands=works_for(60, 5))
    assert ran.session.outcome == "complete"
    assert ran.issues() == ["one failed: a took longer than 30 s"]


def test_time_for_which_the_operator_paused_it_does_not_count(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)], scripts={"one": fixed(60)})
    operator = [
        (10.0, Steer("pause", AgentId("a"))),
        (1010.0, Steer("resume", AgentId("a"))),
    ]
    ran = play(what, file, operator=operator)
    assert ran.states("one")[-1] == (1030, "FAILED")
    assert fired(ran) == [(1030, "timeout/one/1")]


def test_time_for_which_it_waits_for_an_answer_does_not_count(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(20, hand.ask, "q")
            case Reply():
                hand.after(9, hand.exit)

    ran = play(what, file, hands=behave, answers=[answer("a/q", "approve", after=3600)])
    assert ran.states("one")[-1] == (3629, "COMPLETE")


def test_several_pauses_are_added_up(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)], scripts={"one": fixed(31)})
    operator = [
        (at, Steer("pause" if n % 2 == 0 else "resume", AgentId("a")))
        for n, at in enumerate([10.0, 110.0, 120.0, 220.0])
    ]
    ran = play(what, file, operator=operator)
    assert ran.states("one")[-1] == (230, "FAILED")


def test_nobody_looks_at_the_clock_of_a_paused_attempt(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(20, hand.ask, "q")

    ran = play(what, file, hands=behave)
    assert ran.session.outcome == "waiting"
    assert ran.session.at == 20_000


def test_an_agent_that_lives_on_is_told_to_give_up_what_takes_too_long(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a", timeout=30), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment(task=given):
                hand.after(60 if given.id == "one" else 5, hand.done, "")
            case Cancel():
                hand.after(1, hand.done, "", "cancelled")

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.states("one")[-1] == (31, "FAILED")
    assert ran.states("two")[-1] == (36, "COMPLETE")
    assert ran.issues() == ["one failed: a took longer than 30 s"]
    assert len(hands.started) == 1


def test_an_agent_that_does_not_give_up_is_ended_by_force(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a", timeout=30), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.id == "two":
            hand.after(5, hand.done, "")

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.states("one")[-1] == (35, "FAILED")
    assert ran.states("two")[-1] == (40, "COMPLETE")
    assert [job.incarnation for job in hands.started] == [1, 2]


def test_success_that_comes_too_late_is_none(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(31, hand.exit, 0)

    ran = play(what, file, hands=Hands(behave, obeys_stop=3))
    assert ran.states("one")[-1] == (31, "FAILED")


def test_a_pause_that_is_over_before_its_record_is_on_disk_does_not_shorten_the_time(
    file: Path,
) -> None:
    what = plan([agent("a")], [task("one", "a", timeout=30)])
    hands = works_for(60)
    operator = [(5.0, Steer("pause", AgentId("a"))), (5.5, Steer("resume", AgentId("a")))]
    ran = play(what, file, hands=hands, operator=operator, lag=4)
    started = ran.session.tasks[TaskId("one")].started_at
    assert started == 4000
    [over] = ran.of("system.timer_fired")
    assert over.at == 34_500
    assert ran.states("one")[-1][1] == "FAILED"
