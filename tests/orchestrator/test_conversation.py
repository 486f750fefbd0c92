"""What agents say: questions, waits for keys, messages and errors, and what comes of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Cancel, Note, Reply, Told
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer, CancelTask, Steer, Stop
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionId, TaskId
from mop_tui.domain.plan import Retry, Script
from mop_tui.orchestrator.loop import Orchestrator
from sessions import Ran, agent, answer, fixed, plan, play, task

CANARY = "correct horse battery"


def asks(*questions: dict[str, object], answers: int = 1) -> Hands:
    """Play agents that ask all of that at the 5th second, and end when so many are answered."""

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                for number, form in enumerate(questions, start=1):
                    hand.after(5, lambda n=number, f=form: hand.ask(f"q{n}", **f))
            case Reply():
                hand.notes[heard.ask] = heard
                if len(hand.notes) == answers:
                    hand.after(5, hand.exit)

    return Hands(behave)


ONE = plan([agent("a")], [task("one", "a")])


def pauses(ran: Ran, name: str = "a") -> list[tuple[int, int, str]]:
    """Return from when to when an agent was paused, and by what."""
    found = []
    began: tuple[int, str] | None = None
    for event in ran.of("agent.transitioned"):
        if event.data.agent != name:
            continue
        if event.data.to_state == "PAUSED":
            began = event.at // 1000, event.data.by
        elif event.data.from_state == "PAUSED" and began is not None:
            found.append((began[0], event.at // 1000, str(began[1])))
    return found


# -- questions --------------------------------------------------------------------------------


def test_a_question_pauses_its_agent_until_the_answer_reaches_it(file: Path) -> None:
    hands = asks({"text": "Blue?"})
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", "approve", "why not", after=60)])
    assert hands.replies("a") == [("q1", "answered", "approve", None)]
    assert pauses(ran) == [(5, 65, "question")]
    assert ran.states("one")[-1] == (70, "COMPLETE")
    [asked] = ran.of("user.asked")
    assert (asked.data.agent, asked.data.ask, asked.data.task) == ("a", "q1", "one")
    [reply] = [told for _, told, _ in hands.told if isinstance(told, Reply)]
    assert reply.reason == "why not"


def test_other_agents_go_on_meanwhile(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.agent == "a":
                hand.ask("q")
            case Assignment() | Reply():
                hand.after(5, hand.exit)

    ran = play(what, file, hands=behave, answers=[answer("a/q", "approve", after=60)])
    assert ran.states("two")[-1] == (5, "COMPLETE")


def test_an_answer_that_is_no_approval_does_not_cancel_the_task(file: Path) -> None:
    hands = asks({"text": "Delete it?"})
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", "reject", "never")])
    assert hands.replies("a") == [("q1", "answered", "reject", None)]
    assert ran.session.outcome == "complete"
    assert not ran.issues()


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ({"question_type": "choice", "options": ["blue", "red"]}, "red"),
        ({"question_type": "input"}, "grün & gelb"),
        ({"question_type": "input", "input_type": "number"}, "42"),
    ],
)
def test_every_type_of_question_can_be_asked(
    file: Path, form: dict[str, object], given: str
) -> None:
    hands = asks(form)
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", given)])
    assert hands.replies("a") == [("q1", "answered", given, None)]
    assert ran.session.outcome == "complete"


def test_an_answer_that_does_not_fit_is_refused_and_the_question_stays_open(file: Path) -> None:
    hands = asks({"question_type": "choice", "options": ["blue", "red"]})
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", "green")])
    assert ran.refusals() == ["one of blue, red is expected"]
    assert ran.session.outcome == "waiting"


def test_a_password_reaches_its_agent_and_nothing_else(file: Path) -> None:
    hands = asks({"question_type": "input", "input_type": "password"})
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", "", secret=CANARY)])
    assert hands.replies("a") == [("q1", "answered", None, CANARY)]
    assert hands.concealed == [CANARY]
    assert ran.of("user.answered")[0].data.value == ""
    assert CANARY not in file.read_text(encoding="utf-8")
    assert ran.session.outcome == "complete"


def test_a_default_is_labelled_as_one_and_given_by_nobody(file: Path) -> None:
    hands = asks(
        {"question_type": "choice", "options": ["blue", "red"], "default": "red", "timeout": 30.0}
    )
    ran = play(ONE, file, hands=hands)
    assert hands.replies("a") == [("q1", "default", "red", None)]
    [expired] = ran.of("user.expired")
    assert (expired.data.outcome, expired.data.value) == ("default", "red")
    [question] = ran.session.questions.values()
    assert question.by == ""
    assert ran.states("one")[-1] == (40, "COMPLETE")


def test_an_empty_default_is_a_default_too(file: Path) -> None:
    hands = asks(
        {
            "question_type": "input",
            "validation": {"min_length": 0},
            "default": "",
            "timeout": 30.0,
        }
    )
    play(ONE, file, hands=hands)
    assert hands.replies("a") == [("q1", "default", "", None)]


def test_an_expired_question_is_told_to_its_agent_and_cancels_nothing(file: Path) -> None:
    hands = asks({"timeout": 30.0})
    ran = play(ONE, file, hands=hands)
    assert hands.replies("a") == [("q1", "expired", None, None)]
    assert ran.session.outcome == "complete"
    assert not ran.issues()
    assert not ran.of("user.answered")


def test_a_required_answer_that_is_overdue_stays_open_and_raises_the_alarm(file: Path) -> None:
    hands = asks({"timeout": 30.0, "required": True})
    ran = play(ONE, file, hands=hands, answers=[answer("a/q1", "approve", after=90)])
    assert pauses(ran) == [(5, 95, "question")]
    assert ran.of("user.expired")[0].data.outcome == "escalated"
    assert hands.replies("a") == [("q1", "answered", "approve", None)]
    [issue] = ran.session.issues.values()
    assert issue.text == "an answer is overdue: Well?"
    assert not issue.open


def test_a_question_is_withdrawn_when_its_agent_is_gone(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=Retry(1, 60_000))])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.attempt == 1:
                hand.after(1, hand.ask, "q")
            hand.after(5, hand.exit, int(heard.attempt == 1))

    ran = play(what, file, hands=behave)
    [withdrawn] = ran.of("user.withdrawn")
    assert withdrawn.at == 5000
    assert withdrawn.data.reason == "a, who asked, is gone"
    assert ran.session.outcome == "complete"


def test_the_question_of_a_process_that_is_gone_is_not_answered_to_the_next(file: Path) -> None:
    what = plan([agent("a")], [task("one", "a", retry=Retry(1, 10_000))])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q")
                if heard.attempt == 1:
                    hand.after(1, hand.exit, 1)
            case Reply():
                hand.exit()

    hands = Hands(behave)
    ran = play(what, file, hands=hands, answers=[answer("a/q", "reject", after=60)] * 2)
    assert [q.state for q in ran.session.questions.values()] == ["withdrawn", "answered"]
    assert len(hands.replies("a")) == 1


def test_an_agent_that_asked_twice_is_paused_until_both_are_answered(file: Path) -> None:
    hands = asks({"text": "This?"}, {"text": "That?"}, answers=2)
    ran = play(
        ONE,
        file,
        hands=hands,
        answers=[answer("a/q1", "approve", after=60), answer("a/q2", "reject", after=20)],
    )
    assert pauses(ran) == [(5, 65, "question")]
    assert [(ask, value) for ask, _, value, _ in hands.replies("a")] == [
        ("q2", "reject"),
        ("q1", "approve"),
    ]


def test_asking_anew_by_the_same_name_takes_the_question_before_back(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(1, hand.ask, "q", "First?")
                hand.after(2, hand.ask, "q", "Second?")
            case Reply():
                hand.exit()

    hands = Hands(behave)
    given = [answer("a/q", "reject", after=60), answer("a/q", "approve", after=30)]
    ran = play(ONE, file, hands=hands, answers=given)
    assert [q.state for q in ran.session.questions.values()] == ["withdrawn", "answered"]
    assert hands.replies("a") == [("q", "answered", "approve", None)]


def test_waiting_by_the_name_of_a_question_takes_that_back(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(1, hand.ask, "q")
                hand.after(2, hand.wait, "q", "k")
                hand.after(3, hand.remember, "k", 1)
            case Reply():
                hand.exit()

    hands = Hands(behave)
    ran = play(ONE, file, hands=hands)
    assert hands.replies("a") == [("q", "answered", 1, None)]
    assert ran.session.outcome == "complete"
    assert len(ran.of("user.withdrawn")) == 1


def test_ending_with_exit_code_0_while_a_question_is_open_completes_the_task(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.ask, "q")
            hand.after(9, hand.exit, 0, "did it anyway")

    ran = play(ONE, file, hands=behave)
    assert ran.states("one")[-1] == (9, "COMPLETE")
    assert ran.session.outcome == "complete"
    assert pauses(ran) == [(1, 9, "question")]
    assert len(ran.of("user.withdrawn")) == 1


def test_being_done_while_a_question_is_open_takes_it_back(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a"), task("two", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.task.id == "one":
                hand.after(1, hand.ask, "q")
                hand.after(2, hand.wait, "w", "nothing")
            hand.after(9, hand.done)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert ran.session.outcome == "complete"
    assert ran.session.at == 18_000
    assert {(ask, outcome) for ask, outcome, _, _ in hands.replies("a")} == {
        ("q", "withdrawn"),
        ("w", "withdrawn"),
    }
    assert pauses(ran) == [(1, 9, "question")], "the next task is not held by it"


def test_an_agent_without_a_task_may_ask_too(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True), agent("b")],
        [task("first", "b"), task("then", "a", needs=["first"])],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case None:
                hand.ask("q")
            case Assignment() if hand.agent == "b":
                hand.after(20, hand.exit)
            case Reply():
                hand.after(5, hand.done)

    hands = Hands(behave)
    ran = play(what, file, hands=hands, answers=[answer("a/q", "approve", after=60)])
    assert ran.of("user.asked")[0].data.task is None
    assert pauses(ran) == [(20, 60, "question")], "it waits with its task in hand"
    assert ran.session.outcome == "complete"


def test_nobody_is_asked_while_the_session_ends(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(11, hand.ask, "q")

    hands = Hands(behave, obeys_stop=3)
    ran = play(ONE, file, hands=hands, operator=[(10.0, Stop("enough"))])
    assert not ran.of("user.asked")
    assert hands.replies("a") == [("q", "refused", None, None)]
    assert ran.session.outcome == "stopped"


def test_open_questions_are_withdrawn_when_the_session_ends(file: Path) -> None:
    ran = play(ONE, file, hands=asks({}), operator=[(10.0, Stop("enough"))])
    assert ran.session.outcome == "stopped"
    assert [q.state for q in ran.session.questions.values()] == ["withdrawn"]


def test_with_nobody_to_answer_an_agent_the_session_ends_waiting(file: Path) -> None:
    ran = play(ONE, file, hands=asks({"text": "Blue?"}))
    assert ran.session.outcome == "waiting"
    assert "Blue?" in ran.session.outcome_reason
    assert ran.session.at == 5000


def test_a_question_waits_for_somebody_who_is_here(file: Path) -> None:
    def answer_when_asked(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            given = Answer(QuestionId("q1"), "approve", event.data.digest)
            orchestrator.submit(given)

    hands = asks({})
    ran = play(ONE, file, hands=hands, attended=True, during=answer_when_asked)
    assert ran.of("user.answered")[0].data.by == "operator"
    assert ran.session.outcome == "complete"


# -- keys -------------------------------------------------------------------------------------


def waits_for(*keys: str) -> Hands:
    """Play agents that set `k` or `l` after 20 s where they are so called, and one that waits."""

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.agent == "a":
                for key in keys:
                    hand.after(5, hand.wait, f"for-{key}", key)
            case Assignment():
                hand.after(20, hand.exit)
            case Reply() if len(hand.notes) + 1 == len(keys):
                hand.after(5, hand.exit)
            case Reply():
                hand.notes[heard.ask] = True

    return Hands(behave)


def test_an_agent_waits_for_a_key_until_it_is_there(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b", provides=["k"])])
    hands = waits_for("k")
    ran = play(what, file, hands=hands)
    assert pauses(ran) == [(5, 20, "dependency")]
    assert hands.replies("a") == [("for-k", "answered", {"status": "complete"}, None)]
    assert ran.states("one")[-1] == (25, "COMPLETE")


def test_a_key_that_is_there_is_told_at_once(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(1, hand.remember, "k", [1, 2])
                hand.after(5, hand.wait, "w", "k")
            case Reply():
                hand.exit()

    hands = Hands(behave)
    ran = play(ONE, file, hands=hands)
    assert hands.replies("a") == [("w", "answered", [1, 2], None)]
    assert not pauses(ran)


def test_a_partial_value_ends_no_waiting(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.wait("w", "k")
                hand.after(5, hand.remember, "k", {"status": "partial"})
                hand.after(6, hand.wait, "again", "k")
                hand.after(9, hand.remember, "k", {"status": "complete", "value": 7})
            case Reply(ask="w"):
                hand.after(1, hand.exit)

    hands = Hands(behave)
    ran = play(ONE, file, hands=hands)
    value = {"status": "complete", "value": 7}
    assert hands.replies("a") == [
        ("w", "answered", value, None),
        ("again", "answered", value, None),
    ]
    assert pauses(ran) == [(0, 9, "dependency")], "both waits end, and with them the pause"


def test_waiting_for_two_keys_ends_with_the_second(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(1, hand.wait, "v", "k")
                hand.after(1, hand.wait, "w", "l")
                hand.after(5, hand.remember, "l", 1)
                hand.after(9, hand.remember, "k", 1)
            case Reply(ask="v"):
                hand.exit()

    assert pauses(play(ONE, file, hands=behave)) == [(1, 9, "dependency")]


def test_a_key_that_nobody_sets_ends_the_session_with_a_sentence(file: Path) -> None:
    what = plan([agent("a"), agent("b", for_session=True)], [task("one", "a"), task("two", "b")])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(5, hand.wait, "w", f"key-of-{hand.agent}")

    ran = play(what, file, hands=behave)
    assert ran.session.outcome == "incomplete"
    assert ran.session.at == 5000
    assert ran.issues() == [
        "deadlock: b (two) waits for memory key key-of-b, which nobody is left to set; "
        "a (one) waits for memory key key-of-a, which nobody is left to set"
    ]
    assert not ran.session.running


def test_whoever_is_here_is_asked_first(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(5, hand.wait, "w", "k")

    leave = answer("deadlock/d1", "leave")
    ran = play(ONE, file, hands=behave, attended=True, answers=[leave])
    assert ran.session.outcome == "incomplete"
    (asked,) = ran.of("user.asked")
    assert asked.data.text == "one waits in vain. What is to be done?"


def test_an_agent_that_dies_waits_for_nothing_any_more(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b", provides=["k"])])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.agent == "a":
                hand.wait("w", "k")
                hand.after(5, hand.exit, 1)
            case Assignment():
                hand.after(20, hand.exit)

    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert not hands.replies("a")
    assert not ran.session.waiting_agents[MemoryKey("k")]


# -- messages ---------------------------------------------------------------------------------


def says(to: str, text: str = "hello", severity: str = "info") -> Hands:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if hand.agent == "a":
                hand.after(1, hand.message, to, text, severity)
            hand.after(5, hand.exit)

    return Hands(behave)


TWO = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])


def test_a_message_is_passed_on_to_the_agent_it_is_for(file: Path) -> None:
    hands = says("b")
    play(TWO, file, hands=hands)
    assert [(name, told) for name, told, _ in hands.told] == [("b", Note("a", "hello"))]


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("zoe", "there is no agent zoe"),
        ("idle", "idle has no process that could read it, and it is kept until there is one"),
    ],
)
def test_a_message_to_nobody_is_recorded_and_why_it_is_not_passed_on(
    file: Path, to: str, reason: str
) -> None:
    what = plan([agent("a"), agent("idle")], [task("one", "a")])
    hands = says(to)
    ran = play(what, file, hands=hands)
    assert not hands.told
    assert [d.data.reason for d in ran.decisions("pass_message_on")] == [reason]
    assert ran.of("agent.messaged")[0].data.text == "hello"


@pytest.mark.parametrize("severity", ["warning", "critical"])
@pytest.mark.parametrize("to", ["operator", "coordinator"])
def test_a_warning_to_the_operator_is_an_issue(file: Path, to: str, severity: str) -> None:
    ran = play(TWO, file, hands=says(to, "look here", severity))
    [issue] = ran.session.issues.values()
    assert (issue.text, issue.severity, issue.agent) == ("a: look here", severity, "a")


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_a_message_to_the_coordinator_reaches_the_agent_that_coordinates(
    file: Path, severity: str
) -> None:
    hands = says("coordinator", "look here", severity)
    ran = play(replace(TWO, coordinator=AgentId("b")), file, hands=hands)
    assert [(name, told) for name, told, _ in hands.told] == [("b", Note("a", "look here"))]
    assert len(ran.issues()) == (severity == "warning")


def test_what_the_coordinator_says_to_itself_is_for_the_operator(file: Path) -> None:
    hands = says("coordinator", "look here", "warning")
    ran = play(replace(TWO, coordinator=AgentId("a")), file, hands=hands)
    assert not hands.told
    assert len(ran.issues()) == 1


def test_information_for_the_operator_is_no_issue(file: Path) -> None:
    ran = play(TWO, file, hands=says("operator"))
    assert not ran.issues()
    assert ran.of("agent.messaged")


def test_an_agent_that_warns_of_ever_more_raises_twenty_issues_and_one_counts_the_rest(
    file: Path,
) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for number in range(50):
                hand.message("operator", f"warning {number // 2}", "warning")
            hand.after(5, hand.exit)

    ran = play(ONE, file, hands=behave)
    *first, more = ran.session.issues.values()
    assert [issue.text for issue in first] == [f"a: warning {number}" for number in range(20)]
    assert {issue.times for issue in first} == {2}
    assert more.text == "a tells of more than 20 things; the rest is counted here"
    assert (more.times, more.severity) == (10, "warning")


def test_what_is_critical_is_not_lost_among_what_is_not(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for number in range(23):
                hand.message("operator", f"warning {number}", "warning")
            hand.message("operator", "fire", "critical")
            hand.after(5, hand.exit)

    *_, more, worse = play(ONE, file, hands=behave).session.issues.values()
    assert (more.severity, more.times) == ("warning", 3)
    assert (worse.severity, worse.times) == ("critical", 1)


# -- errors -----------------------------------------------------------------------------------


def test_an_error_raises_an_issue_that_counts_how_often_and_ends_nothing(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for moment in (1, 2, 3):
                hand.after(moment, hand.err, "disk_full", "no space on /data")
            hand.after(2, hand.err, "odd")
            hand.after(9, hand.exit)

    ran = play(ONE, file, hands=behave)
    assert ran.issues() == ["a: disk_full: no space on /data", "a: odd"]
    full, odd = ran.session.issues.values()
    assert (full.times, full.opened_at, full.last_at) == (3, 1000, 3000)
    assert (odd.times, odd.last_at) == (1, 2000)
    assert ran.session.outcome == "complete"
    assert ran.session.agents[AgentId("a")].errors == 4


def test_a_flood_of_errors_makes_a_count_and_neither_decisions_nor_issues(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for number in range(1000):
                hand.err("odd", "again" if number % 2 else f"number {number}")
            hand.after(5, hand.exit)

    ran = play(ONE, file, hands=behave)
    *told, more = ran.session.issues.values()
    assert len(told) == 20
    assert sum(issue.times for issue in (*told, more)) == 1000
    assert (told[1].text, told[1].times) == ("a: odd: again", 500)
    assert len([it for it in ran.of("system.decided") if it.data.rule == "note_error"]) == 21
    assert len(ran.of("system.issue_opened")) == 21
    assert not ran.of("system.issue_repeated")


def test_a_new_kind_of_error_raises_an_issue_however_often_another_came_before(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for _ in range(50):
                hand.err("flaky")
            hand.err("data_loss", "really bad")
            hand.after(5, hand.exit)

    assert play(ONE, file, hands=behave).issues() == ["a: flaky", "a: data_loss: really bad"]


def test_a_script_may_set_keys_that_agents_wait_for(file: Path) -> None:
    key = MemoryKey("k")
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("two", "b", keys=["k"])],
        scripts={"one": Script((5000, 5000), memory=((key, 1),)), "two": fixed(1)},
    )
    assert play(what, file).states("two")[-1] == (6, "COMPLETE")


# -- what meets --------------------------------------------------------------------------------


def test_what_it_asked_before_the_operator_suspended_it_holds_it_after_that(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(10.5, hand.ask, "q")
            case Reply():
                hand.after(1, hand.exit)

    ran = play(
        ONE,
        file,
        hands=Hands(behave, obeys_pause=1),
        answers=[answer("a/q", "approve", after=90)],
        operator=[
            (10.0, Steer("pause", AgentId("a"))),
            (40.0, Steer("resume", AgentId("a"))),
        ],
    )
    assert pauses(ran) == [(10, 40, "operator"), (40, 100, "question")]
    assert ran.session.outcome == "complete"


def test_an_answer_does_not_lead_on_what_the_operator_suspended(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(10.5, hand.ask, "q")
            case Reply():
                hand.after(1, hand.exit)

    ran = play(
        ONE,
        file,
        hands=Hands(behave, obeys_pause=1),
        answers=[answer("a/q", "approve", after=5)],
        operator=[
            (10.0, Steer("pause", AgentId("a"))),
            (40.0, Steer("resume", AgentId("a"))),
        ],
    )
    assert pauses(ran) == [(10, 40, "operator")]
    assert ran.states("one")[-1] == (41, "COMPLETE")


def test_a_cancelled_task_of_an_agent_that_asked_takes_the_question_along(file: Path) -> None:
    what = plan([agent("a", for_session=True)], [task("one", "a")])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(1, hand.ask, "q")
            case Cancel():
                hand.after(1, hand.done, "", "cancelled")

    ran = play(what, file, hands=behave, operator=[(10.0, CancelTask(TaskId("one")))])
    assert [q.state for q in ran.session.questions.values()] == ["withdrawn"]
    assert ran.session.at == 11_000
    assert ran.session.outcome == "incomplete"


def test_an_agent_may_wait_for_what_its_own_task_provides(file: Path) -> None:
    what = plan(
        [agent("a", for_session=True)],
        [task("one", "a", provides=["k"]), task("two", "a", keys=["k"])],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if heard.task.id == "one":
                hand.wait("w", "k")
            hand.after(5, hand.done)

    ran = play(what, file, hands=behave)
    assert not ran.of("agent.refused")
    assert ran.states("two")[-1] == (10, "COMPLETE")
