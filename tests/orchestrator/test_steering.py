"""What the operator does by hand with one agent or one task."""

from pathlib import Path

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Cancel, Note, Told
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import CancelTask, Command, Say, Steer, Stop
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Plan, Retry
from mop_tui.orchestrator.loop import Orchestrator
from sessions import Ran, agent, answer, fixed, plan, play, question, task

A = AgentId("a")
PAUSE, RESUME = Steer("pause", A), Steer("resume", A)
STOP, RESTART = Steer("stop", A, "wrong branch"), Steer("restart", A, "stuck")

LONG = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])


def works(seconds: float = 60) -> Hands:
    """Play agents that take so long for each task, and give up what is cancelled."""

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment(task=given) if hand.job.assignment is None:
                hand.after(seconds, lambda: hand.done() if hand.task == given.id else None)
            case Assignment():
                hand.after(seconds, hand.exit)
            case Cancel():
                hand.after(1, hand.done, "", "cancelled")

    return Hands(behave)


def steered(
    what: Plan, file: Path, *operator: tuple[float, Command], hands: Hands | None = None
) -> Ran:
    return play(what, file, hands=hands or works(), operator=operator, attended=True)


def holders(ran: Ran) -> None:
    """Fail if a task is ever in the hands of two agents."""
    held: dict[str, str] = {}
    for event in ran.of("agent.transitioned"):
        move = event.data
        if move.to_state == "ASSIGNED" and move.trigger == "task_assigned":
            assert move.task not in held.values()
            held[move.agent] = move.task
        elif move.to_state in ("AVAILABLE", "COMPLETE", "FAILED", "SPAWNING"):
            held.pop(move.agent, None)


# -- pause and resume ---------------------------------------------------------------------------


def test_a_paused_agent_stands_still_until_it_is_resumed(file: Path) -> None:
    hands = works()
    ran = steered(LONG, file, (10.0, PAUSE), (100.0, RESUME), hands=hands)
    assert hands.deeds == [("pause", "a"), ("resume", "a")]
    assert ran.states("one")[-1] == (150, "COMPLETE")
    assert ran.states("two")[-1] == (60, "COMPLETE"), "others go on"


def test_a_paused_simulated_agent_stands_still_too(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a")], scripts={"one": fixed(60)})
    ran = play(what, file, operator=[(10.0, PAUSE), (100.0, RESUME)])
    assert ran.states("one")[-1] == (150, "COMPLETE")


def test_an_idle_agent_that_is_paused_is_given_nothing(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "b"), task("two", "a", needs=["one"])])
    ran = steered(what, file, (10.0, PAUSE), (100.0, RESUME))
    assert ran.states("two") == [
        (60, "READY"),
        (100, "ASSIGNED"),
        (100, "ACTIVE"),
        (160, "COMPLETE"),
    ]


def test_a_session_waits_for_the_operator_to_resume_what_he_paused(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a")])
    ran = steered(what, file, (10.0, PAUSE), (10_000.0, RESUME))
    assert ran.session.outcome == "complete"


def test_with_nobody_left_to_resume_it_the_session_ends_waiting(file: Path) -> None:
    ran = play(LONG, file, hands=works(), operator=[(10.0, PAUSE)])
    assert ran.session.outcome == "waiting"
    assert ran.session.outcome_reason == "nobody is here to resume what the operator paused: a"
    assert ran.states("two")[-1] == (60, "COMPLETE")


def test_a_process_that_ends_while_it_is_paused_has_ended(file: Path) -> None:
    hands = works()
    hands.obeys_pause = 100
    ran = steered(LONG, file, (10.0, PAUSE), hands=hands)
    assert ran.states("one")[-1] == (60, "COMPLETE")
    assert ran.session.outcome == "complete"


def test_a_process_that_dies_while_it_is_paused_has_failed(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(20, hand.exit, 3)

    ran = steered(LONG, file, (10.0, PAUSE), hands=Hands(behave, obeys_pause=100))
    assert ran.states("one")[-1] == (20, "FAILED")
    assert ran.session.status == "ended"


def test_a_paused_task_can_be_cancelled(file: Path) -> None:
    ran = steered(LONG, file, (10.0, PAUSE), (20.0, CancelTask(TaskId("one"))))
    assert ran.states("one")[-1] == (20, "CANCELLED")
    assert ran.session.at == 60_000


def test_a_paused_agent_that_lives_on_is_ended_if_it_cannot_give_up(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])
    hands = works()
    ran = steered(what, file, (10.0, PAUSE), (20.0, CancelTask(TaskId("one"))), hands=hands)
    assert ran.of("agent.exited")[0].at == 25_000
    assert ran.states("two")[-1] == (85, "COMPLETE")


# -- stop ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("for_session", [False, True])
def test_a_stopped_agent_is_ended_and_its_task_cancelled(file: Path, *, for_session: bool) -> None:
    what = plan(
        [agent("a", for_session=for_session), agent("b")], [task("one", "a"), task("two", "b")]
    )
    ran = steered(what, file, (10.0, STOP))
    assert ran.states("one")[-1] == (10, "CANCELLED")
    assert ran.agent_states("a")[-1] == (10, "FAILED")
    assert ran.session.tasks[TaskId("one")].reason == "operator wants it: wrong branch"
    assert ran.states("two")[-1] == (60, "COMPLETE")
    assert not ran.issues()


def test_a_stopped_agent_does_not_come_back_for_other_tasks(file: Path) -> None:
    what = plan([agent("a", "s"), agent("b", "s")], [task(f"t{n}", skill="s") for n in range(4)])
    ran = steered(what, file, (10.0, STOP))
    assert ran.session.tasks[TaskId("t3")].agent == "b"
    assert ran.session.at == 180_000
    [why] = [d.data.reason for d in ran.decisions("return_to_pool") if d.data.agent == "a"]
    assert why == "the operator stopped it"


def test_the_place_of_a_stopped_agent_is_taken_by_another(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("more", "a"), task("two", "b")],
        max_agents=1,
    )
    ran = steered(what, file, (10.0, STOP))
    assert ran.states("two")[-1] == (70, "COMPLETE")


def test_an_idle_agent_can_be_stopped(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "b"), task("two", "a", needs=["one"])],
    )
    ran = steered(what, file, (10.0, STOP))
    assert ran.agent_states("a")[-1] == (10, "FAILED")
    assert ran.states("two")[-1] == (60, "CANCELLED")
    assert ran.session.status == "ended"


def test_it_is_said_at_once_that_nobody_is_left_for_its_tasks(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "b"), task("two", "a", needs=["one"])],
    )
    ran = steered(what, file, (10.0, STOP))
    [issue] = [e for e in ran.of("system.issue_opened") if "nobody is left" in e.data.text]
    assert issue.at // 1000 == 10
    assert issue.data.text == "nobody is left to do two, now that a was stopped"


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("command", [CancelTask(TaskId("one")), STOP, RESTART])
def test_what_an_agent_asked_cannot_be_answered_once_its_task_is_taken_away(
    file: Path, command: Command, *, for_session: bool
) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.attempt == 1:
            hand.after(1, hand.ask, "deploy")
        elif isinstance(heard, Assignment):
            hand.after(1, hand.done if for_session else hand.exit)
        elif isinstance(heard, Cancel):
            hand.after(3, hand.done, "", "cancelled")

    hands = Hands(behave)
    what = plan([agent("a", for_session=for_session)], [task("one", "a")])
    late = answer("a/deploy", "approve", after=12)
    ran = play(what, file, hands=hands, operator=[(10.0, command)], answers=[late], attended=True)
    [withdrawn] = ran.of("user.withdrawn")
    assert withdrawn.at // 1000 == 10
    assert ran.of("user.answered") == []
    assert [outcome for _, outcome, *_ in hands.replies("a")] == ["withdrawn"]


def test_a_paused_agent_can_be_stopped(file: Path) -> None:
    ran = steered(LONG, file, (10.0, PAUSE), (20.0, STOP))
    assert ran.states("one")[-1] == (20, "CANCELLED")
    assert ran.agent_states("a")[-1] == (20, "FAILED")


@pytest.mark.parametrize("for_session", [False, True])
def test_an_agent_that_is_just_starting_can_be_stopped(file: Path, *, for_session: bool) -> None:
    what = plan(
        [agent("a", for_session=for_session), agent("b")], [task("one", "a"), task("two", "b")]
    )
    hands = works()

    def stop_at_start(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.agent == "a" and event.seq < 60:
            orchestrator.submit(STOP)

    ran = play(what, file, hands=hands, during=stop_at_start)
    assert ran.agent_states("a")[-1] == (0, "FAILED")
    assert ran.states("one")[-1][1] == "CANCELLED"
    assert ran.session.at == 60_000
    assert not ran.session.running


def test_an_agent_whose_start_fails_after_it_was_stopped_raises_no_alarm(file: Path) -> None:
    what = plan([agent("a", for_session=True), agent("b")], [task("one", "a"), task("two", "b")])
    hands = works()
    hands.unable = lambda job: "no such program" if job.agent.id == "a" else ""

    def stop_at_start(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.agent == "a":
            orchestrator.submit(STOP)

    ran = play(what, file, hands=hands, during=stop_at_start)
    assert not [issue for issue in ran.issues() if "could not start" in issue]
    assert len(hands.started) == 2


# -- restart ------------------------------------------------------------------------------------


@pytest.mark.parametrize("for_session", [False, True])
def test_a_restart_gives_the_task_back_and_the_agent_a_new_process(
    file: Path, *, for_session: bool
) -> None:
    what = plan([agent("a", for_session=for_session)], [task("one", "a", retry=Retry(1, 60_000))])
    ran = steered(what, file, (10.0, RESTART))
    assert ran.states("one")[3:] == [
        (10, "READY"),
        (10, "ASSIGNED"),
        (10, "ACTIVE"),
        (70, "COMPLETE"),
    ]
    row = ran.session.tasks[TaskId("one")]
    assert (row.attempts, row.retries) == (2, 0), "that was no failure"
    assert ran.session.agents[A].incarnation == 2
    assert not ran.issues()
    holders(ran)


def test_after_a_restart_another_agent_may_have_the_task_and_only_one(file: Path) -> None:
    what = plan([agent("a", "s"), agent("b", "s")], [task(f"t{n}", skill="s") for n in range(3)])
    hands = works()
    hands.obeys_stop = 55
    ran = steered(what, file, (10.0, RESTART), hands=hands)
    holders(ran)
    assert ran.session.outcome == "complete"
    assert not ran.of("task.refused")


def test_a_restarted_agent_is_given_nothing_until_its_new_process_runs(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("one", "b"), task("two", "a", needs=["one"])],
    )
    hands = works()
    hands.obeys_stop = 70
    ran = steered(what, file, (10.0, RESTART), hands=hands)
    assert ran.states("two")[1:3] == [(80, "ASSIGNED"), (80, "ACTIVE")]
    assert ran.session.tasks[TaskId("two")].attempts == 1


def test_a_stopped_agent_can_be_restarted(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "a"), task("other", "b")])
    ran = steered(what, file, (10.0, STOP), (20.0, RESTART))
    assert ran.states("two")[-1] == (80, "COMPLETE")
    assert not ran.refusals()


def test_restarting_is_not_dying_however_often_it_is_done(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])
    ran = steered(what, file, *[(10.0 * n, RESTART) for n in range(1, 6)])
    assert ran.states("one")[-1] == (110, "COMPLETE")
    assert not ran.issues()


def test_the_operator_can_give_an_agent_that_was_given_up_another_chance(file: Path) -> None:
    what = plan([agent("a", for_session=True), agent("b")], [task("one", "a"), task("two", "b")])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case None if hand.incarnation <= 4:
                hand.exit(1)
            case Assignment() if hand.agent == "b":
                hand.after(60, hand.exit)
            case Assignment():
                hand.after(5, hand.done)

    ran = steered(what, file, (20.0, RESTART), hands=Hands(behave))
    assert ran.states("one")[-1] == (25, "COMPLETE"), "it may die once more, now"


def test_a_paused_agent_can_be_restarted(file: Path) -> None:
    ran = steered(LONG, file, (10.0, PAUSE), (20.0, RESTART))
    assert ran.states("one")[-1] == (80, "COMPLETE")


# -- cancel and say -----------------------------------------------------------------------------


def test_a_cancelled_task_ends_its_process_and_takes_what_needs_it_along(file: Path) -> None:
    what = plan(
        [agent("a")], [task("one", "a"), task("two", "a", needs=["one"]), task("three", "a")]
    )
    ran = steered(what, file, (10.0, CancelTask(TaskId("one"), "useless")))
    assert ran.states("one")[-1] == ran.states("two")[-1] == (10, "CANCELLED")
    assert ran.states("three")[-1] == (70, "COMPLETE")
    assert ran.session.tasks[TaskId("one")].reason == "operator wants it: useless"


def test_a_task_that_has_not_begun_can_be_cancelled_with_its_question(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", gate="g"), task("two", "a")], [question("g")])
    ran = steered(what, file, (10.0, CancelTask(TaskId("one"))))
    assert ran.states("one")[-1] == (10, "CANCELLED")
    assert [q.state for q in ran.session.questions.values()] == ["withdrawn"]
    assert ran.session.outcome == "incomplete"


@pytest.mark.parametrize("for_session", [False, True])
def test_a_task_that_is_just_starting_can_be_cancelled(file: Path, *, for_session: bool) -> None:
    what = plan([agent("a", for_session=for_session)], [task("one", "a"), task("two", "a")])

    def cancel_at_start(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.task == "one":
            orchestrator.submit(CancelTask(TaskId("one")))

    ran = play(what, file, hands=works(), during=cancel_at_start)
    assert ran.states("one")[-1] == (0, "CANCELLED")
    assert ran.states("two")[-1][1] == "COMPLETE"


def test_what_the_operator_says_reaches_the_agent(file: Path) -> None:
    hands = works()
    ran = steered(LONG, file, (10.0, Say(A, "hurry up")), hands=hands)
    notes = [(name, told) for name, told, _ in hands.told if isinstance(told, Note)]
    assert notes == [("a", Note("operator", "hurry up"))]
    [said] = ran.of("user.commanded")
    assert (said.data.command, said.data.about, said.data.reason) == ("say", "a", "hurry up")


def test_what_an_agent_cannot_hear_is_not_recorded_as_told(file: Path) -> None:
    hands = works()
    hands.deaf = (A,)
    ran = steered(LONG, file, (10.0, Say(A, "hurry up")), hands=hands)
    [done] = [e.data for e in ran.of("system.done") if e.data.effect == "tell"]
    assert done.error == "its process is gone, or has no standard input that it could hear by"


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "command", "sentence"),
    [
        ([], Steer("pause", AgentId("zoe")), "there is no such agent"),
        ([], Say(AgentId("zoe"), "hello"), "there is no such agent"),
        ([], CancelTask(TaskId("zero")), "there is no such task"),
        ([CancelTask(TaskId("one"))], CancelTask(TaskId("one")), "it is CANCELLED already"),
        ([PAUSE], PAUSE, "it is PAUSED"),
        ([], RESUME, "it is ACTIVE"),
        ([STOP], PAUSE, "it is FAILED"),
        ([STOP], STOP, "it is FAILED"),
        ([STOP], Say(A, "hello"), "it has no process that could read it"),
        ([], Steer("restart", AgentId("idle")), "it has no process"),
        ([], Say(AgentId("idle"), "hello"), "it has no process that could read it"),
        ([Stop("enough")], PAUSE, "the session is ending"),
        ([Stop("enough")], CancelTask(TaskId("one")), "the session is ending"),
    ],
)
def test_a_command_that_cannot_be_obeyed_is_refused_with_a_sentence(
    file: Path, before: list[Command], command: Command, sentence: str
) -> None:
    what = plan([agent("a"), agent("b"), agent("idle")], [task("one", "a"), task("two", "b")])
    hands = works()
    ending = any(isinstance(given, Stop) for given in before)
    hands.obeys_stop = 5 if ending else 0
    commands = [(10.0, given) for given in before] + [(12.0, command)]
    ran = play(what, file, operator=commands, hands=hands)
    assert ran.refusals() == [sentence]
    last = ran.of("user.commanded")[-1]
    assert last.data.id == f"c{len(commands)}"
    assert not [d for d in ran.decisions("obey_steering") if d.cause == last.seq]


@pytest.mark.parametrize("do", ["pause", "resume", "restart"])
def test_an_agent_that_is_being_ended_is_left_to_end(file: Path, do: str) -> None:
    hands = works()
    hands.obeys_stop = 5
    command = Steer(do, A)  # type: ignore[arg-type]
    ran = steered(LONG, file, (10.0, STOP), (12.0, command), hands=hands)
    assert ran.refusals() == ["its process is being ended already"]


@pytest.mark.parametrize(("for_session", "state"), [(False, "ASSIGNED"), (True, "SPAWNING")])
def test_an_agent_cannot_be_paused_while_it_starts(
    file: Path, *, for_session: bool, state: str
) -> None:
    what = plan([agent("a", for_session=for_session)], [task("one", "a")])

    def pause_at_start(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.effect == "start_process":
            orchestrator.submit(PAUSE)

    ran = play(what, file, hands=works(), during=pause_at_start)
    assert ran.refusals() == [f"it is {state}; it can be paused once it works"]


def test_a_pause_for_a_question_is_not_ended_by_the_operator(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q")
            case _:
                hand.exit()

    ran = play(
        plan([agent("a")], [task("one", "a")]),
        file,
        hands=behave,
        answers=[answer("a/q", "approve", after=60)],
        operator=[(10.0, RESUME), (20.0, PAUSE)],
    )
    assert ran.refusals() == ["it waits for a question, which only that can end", "it is PAUSED"]


def test_stopping_twice_is_refused_while_it_is_being_stopped(file: Path) -> None:
    hands = works()
    hands.obeys_stop = 5
    ran = steered(LONG, file, (10.0, STOP), (12.0, STOP), hands=hands)
    assert ran.refusals() == ["it is being stopped already"]
    assert not ran.of("task.refused")


def test_an_agent_that_gives_up_a_cancelled_task_can_be_stopped(file: Path) -> None:
    what = plan([agent("a", for_session=True), agent("b")], [task("one", "a"), task("two", "b")])
    ran = steered(what, file, (10.0, CancelTask(TaskId("one"))), (10.5, STOP))
    assert ran.agent_states("a")[-1] == (10, "FAILED")
    assert not ran.of("task.refused")


def test_a_restart_that_ends_the_last_task_starts_nothing_any_more(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])
    hands = works()
    ran = steered(what, file, (10.0, CancelTask(TaskId("one"))), (10.5, RESTART), hands=hands)
    assert ran.session.outcome == "incomplete"
    assert not ran.session.in_doubt
    assert len(hands.started) == 1
