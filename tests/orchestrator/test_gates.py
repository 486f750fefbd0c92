"""Gates that ask more than yes or no: the answer opens the gate and reaches the work."""

from dataclasses import replace
from pathlib import Path

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.answers import Validation
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer, CancelTask, Command
from mop_tui.domain.ids import QuestionId, TaskId, TriggerName
from mop_tui.domain.plan import Plan, QuestionSpec, Retry
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.orchestrator.loop import Orchestrator
from sessions import agent, answer, plan, play, question, task

CANARY = "correct horse battery"
COLOUR = question("g", "Which?", options=["blue", "red"])
NUMBER = question("g", "How many?", input_type="number", validation=Validation(maximum=9))
PASSWORD = question("g", "Password?", input_type="password", validation=Validation(min_length=8))


def works(hand: Hand, heard: Told | None) -> None:
    if isinstance(heard, Assignment):
        failed = heard.task.retry.times >= heard.attempt
        if hand.job.assignment is None:
            hand.after(5, hand.done, "", "broken" if failed else "")
        else:
            hand.after(5, hand.exit, int(failed))


def gated(
    by: QuestionSpec,
    *,
    for_session: bool = False,
    retry: Retry = Retry(),  # noqa: B008
) -> Plan:
    return plan(
        [agent("a", for_session=for_session)],
        [task("one", "a", gate="g", retry=retry), task("two", "a", needs=["one"])],
        [by],
    )


def first_assignment(hands: Hands) -> Assignment:
    given = [job.assignment for job in hands.started if job.assignment is not None]
    given += [told for _, told, _ in hands.told if isinstance(told, Assignment)]
    return given[0]


@pytest.mark.parametrize(
    ("by", "value"),
    [(COLOUR, "red"), (NUMBER, "7"), (question("g", input_type="text"), "ein Wort")],
)
@pytest.mark.parametrize("for_session", [False, True])
def test_an_answer_opens_the_gate_and_reaches_the_work(
    file: Path, by: QuestionSpec, value: str, *, for_session: bool
) -> None:
    hands = Hands(works)
    what = gated(by, for_session=for_session)
    ran = play(what, file, hands=hands, answers=[answer("g", value, after=60)])
    assert ran.states("one")[1] == (60, "ASSIGNED")
    context = first_assignment(hands).context
    assert context is not None
    assert context["answers"] == {"g": value}
    assert ran.session.outcome == "complete"


def test_the_value_reject_of_a_choice_is_an_answer_like_others(file: Path) -> None:
    what = gated(question("g", options=["reject", "approve"]))
    ran = play(what, file, hands=works, answers=[answer("g", "reject")])
    assert ran.session.outcome == "complete"


def test_an_answer_that_does_not_fit_is_refused_and_another_may_be_given(file: Path) -> None:
    def answer_twice(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            for value in ("10", "ten", "9"):
                orchestrator.submit(Answer(QuestionId("q1"), value, event.data.digest))

    ran = play(gated(NUMBER), file, hands=works, during=answer_twice, attended=True)
    assert ran.refusals() == ["must be at most 9", "a number is expected"]
    assert [e.data.value for e in ran.of("user.answered")] == ["9"]
    assert ran.session.outcome == "complete"


def test_a_default_opens_the_gate_and_is_by_nobody(file: Path) -> None:
    hands = Hands(works)
    by = question("g", options=["blue", "red"], timeout=30, default="red")
    ran = play(gated(by), file, hands=hands)
    assert ran.states("one")[1] == (30, "ASSIGNED")
    assert ran.of("user.expired")[0].data.outcome == "default"
    assert not ran.of("user.answered")
    context = first_assignment(hands).context
    assert context is not None
    assert context["answers"] == {"g": "red"}
    assert not ran.issues()


def test_without_a_default_time_runs_out_for_the_task(file: Path) -> None:
    ran = play(gated(question("g", options=["blue", "red"], timeout=30)), file, hands=works)
    assert ran.states("one")[-1] == (30, "CANCELLED")
    assert ran.session.outcome == "incomplete"


def test_a_retry_does_not_ask_again_and_knows_the_answer(file: Path) -> None:
    hands = Hands(works)
    what = gated(COLOUR, retry=Retry(1, 10_000))
    ran = play(what, file, hands=hands, answers=[answer("g", "red")])
    assert len(ran.of("user.asked")) == 1
    contexts = [job.assignment.context for job in hands.started[:2] if job.assignment is not None]
    assert [context and context["answers"] for context in contexts] == [{"g": "red"}] * 2


# -- secrets ------------------------------------------------------------------------------------


def test_a_secret_reaches_the_process_of_its_task_and_no_other(file: Path) -> None:
    hands = Hands(works)
    given = answer("g", "", secret=CANARY, after=60)
    ran = play(gated(PASSWORD), file, hands=hands, answers=[given])
    assert hands.secrets == [("a", {"g": CANARY}), ("a", {})]
    assert ran.states("one")[1] == (60, "ASSIGNED")
    assert ran.session.outcome == "complete"


def test_a_secret_is_in_no_record_and_masked_in_what_agents_write(file: Path) -> None:
    hands = Hands(works)
    ran = play(gated(PASSWORD), file, hands=hands, answers=[answer("g", "", secret=CANARY)])
    assert CANARY not in file.read_text(encoding="utf-8")
    assert CANARY not in repr(ran.session)
    assert hands.concealed == [CANARY]
    assert not first_assignment(hands).context


def test_a_secret_reaches_a_process_that_lives_on_beside_its_task(file: Path) -> None:
    hands = Hands(works)
    what = gated(PASSWORD, for_session=True)
    play(what, file, hands=hands, answers=[answer("g", "", secret=CANARY)])
    assert hands.secrets == [("a", {})]
    assert [(ask, value, secret) for ask, _, value, secret in hands.replies("a")] == [
        ("g", None, CANARY)
    ]


@pytest.mark.parametrize("for_session", [False, True])
def test_a_secret_is_kept_for_a_retry(file: Path, *, for_session: bool) -> None:
    hands = Hands(works)
    what = gated(PASSWORD, retry=Retry(2, 10_000), for_session=for_session)
    ran = play(what, file, hands=hands, answers=[answer("g", "", secret=CANARY)])
    assert len(ran.of("user.asked")) == 1
    with_it = [name for name, secrets in hands.secrets if secrets] + hands.replies("a")
    assert len(with_it) == 3
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize(
    ("retry", "operator", "state"),
    [
        (Retry(), [], "COMPLETE"),
        (Retry(times=1, delay_ms=1), [], "COMPLETE"),
        (Retry(times=1, delay_ms=60_000), [(20.0, CancelTask(TaskId("one")))], "CANCELLED"),
    ],
)
def test_a_secret_is_forgotten_when_its_task_is_over(
    file: Path, retry: Retry, operator: list[tuple[float, Command]], state: str
) -> None:
    kept: list[tuple[str, bool]] = []

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.timer_set" or event.kind == "system.ended":
            secrets = orchestrator.processes.secrets.of_task(TaskId("one"))
            kept.append((event.kind, bool(secrets)))

    what = gated(PASSWORD, retry=retry)
    given = [answer("g", "", secret=CANARY)]
    ran = play(what, file, hands=works, answers=given, operator=operator, during=look)
    assert ran.states("one")[-1][1] == state
    assert all(there for kind, there in kept if kind == "system.timer_set")
    assert kept[-1] == ("system.ended", False)


def test_the_secret_for_an_agent_is_forgotten_when_it_was_told(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q", question_type="input", input_type="password")
            case Reply():
                hand.exit()

    seen: list[str] = []

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.ended":
            seen.append(repr(orchestrator.processes.secrets))

    what = plan([agent("a")], [task("one", "a")])
    play(what, file, hands=behave, answers=[answer("a/q", "", secret=CANARY)], during=look)
    assert seen == ["<Secrets of 0 tasks, 0 questions>"]


def test_a_secret_that_does_not_fit_is_refused_without_being_quoted(file: Path) -> None:
    hands = Hands(works)
    ran = play(gated(PASSWORD), file, hands=hands, answers=[answer("g", "", secret=CANARY[:5])])
    assert ran.refusals() == ["at least 8 characters are needed"]
    assert CANARY[:5] not in file.read_text(encoding="utf-8")
    assert ran.session.outcome == "waiting"


@pytest.mark.parametrize(
    ("by", "secret", "sentence"),
    [(PASSWORD, None, "a secret is expected"), (COLOUR, CANARY, "no secret is expected")],
)
def test_a_secret_is_given_where_one_is_asked_for_and_nowhere_else(
    file: Path, by: QuestionSpec, secret: str | None, sentence: str
) -> None:
    def reply(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            value = "" if secret else "red"
            orchestrator.submit(Answer(QuestionId("q1"), value, event.data.digest), secret)

    ran = play(gated(by), file, hands=works, during=reply)
    assert ran.refusals() == [sentence]
    assert CANARY not in file.read_text(encoding="utf-8")


def test_a_secret_whose_task_is_cancelled_before_it_starts_is_forgotten(file: Path) -> None:
    seen: list[str] = []

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.ended":
            seen.append(repr(orchestrator.processes.secrets))

    hands = Hands(works)
    given = [answer("g", "", secret=CANARY, after=10)]
    operator = [(10.5, CancelTask(TaskId("one")))]
    play(gated(PASSWORD), file, hands=hands, answers=given, operator=operator, during=look, lag=1)
    assert seen == ["<Secrets of 0 tasks, 0 questions>"]
    assert not hands.started


def test_a_secret_for_an_agent_that_dies_before_it_is_told_is_forgotten(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.ask("q", question_type="input", input_type="password")
            hand.after(10.5, hand.exit, 1)

    seen: list[str] = []

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "task.transitioned" and event.data.to_state == "COMPLETE":
            seen.append(repr(orchestrator.processes.secrets))

    def others_go_on(hand: Hand, heard: Told | None) -> None:
        if hand.agent == "b":
            hand.after(60, hand.exit)
        else:
            behave(hand, heard)

    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])
    given = [answer("a/q", "", secret=CANARY, after=9)]
    play(what, file, hands=others_go_on, answers=given, during=look, lag=1)
    assert seen == ["<Secrets of 0 tasks, 0 questions>"]


def test_a_trigger_that_holds_a_task_for_its_question_fires_and_asks_once(file: Path) -> None:
    trigger = TriggerSpec(
        TriggerName("deploys"),
        "environment_deploy",
        "ask_human",
        environment="production",
        question=COLOUR.name,
    )
    gated_task = replace(
        task("one", "a", gate="g"), environment="production", gated_by=TriggerName("deploys")
    )
    what = replace(plan([agent("a")], [gated_task], [COLOUR]), triggers=(trigger,))
    ran = play(what, file, hands=works, answers=[answer("g", "red")])
    assert [asked.data.task for asked in ran.of("user.asked")] == ["one"]
    assert [fired.data.trigger for fired in ran.of("system.fired")] == ["deploys"]
    assert ran.session.outcome == "complete"
