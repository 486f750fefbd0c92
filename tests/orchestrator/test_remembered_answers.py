"""Remembered answers: of one agent, one class, for a while; to deny beats what is remembered."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hands import Hand
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.events import AnyEvent, UserAsked
from mop_tui.domain.feed import Answer, Command, Forget
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.remembering import LONGEST, remembered
from mop_tui.domain.sentences import sentence
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, plan, play, question, task

MINUTE = 60_000


@dataclass(frozen=True)
class Step:
    """What an agent asks, and what the operator says if it comes to them."""

    value: str = "approve"
    remember: int = 0
    form: Any = None
    wait: float = 1

    @property
    def asks(self) -> dict[str, Any]:
        """The fields of the question."""
        return {"class": "deploy"} if self.form is None else self.form


def run(
    file: Path,
    steps: dict[str, list[Step]],
    more: Iterable[tuple[float, Command]] = (),
    secret: str = "hunter-22-secret",  # noqa: S107 - it is none
) -> Ran:
    """Play agents that each ask one thing after another, `wait` seconds apart."""
    place = dict.fromkeys(steps, 0)

    def behave(hand: Hand, heard: Told | None) -> None:
        if not isinstance(heard, Assignment | Reply):
            return
        at = place[hand.agent]
        if at == len(steps[hand.agent]):
            hand.exit()
            return
        place[hand.agent] = at + 1
        step = steps[hand.agent][at]
        hand.after(step.wait, lambda: hand.ask(f"q{at}", **step.asks))

    def operator(orchestrator: Orchestrator, event: AnyEvent) -> None:
        match event.data:
            case UserAsked() as asked if asked.agent is not None and asked.ask is not None:
                step = steps[asked.agent][int(asked.ask[1:])]
                value, beside = ("", secret) if asked.secret else (step.value, None)
                answer = Answer(asked.question, value, asked.digest, remember=step.remember)
                orchestrator.submit(answer, beside)

    what = plan([agent(a) for a in steps], [task(f"of-{a}", a) for a in steps])
    ran = play(what, file, hands=behave, during=operator, operator=more, attended=True)
    assert recheck(what, ran.events).divergence is None
    return ran


def by_memory(ran: Ran) -> list[tuple[str, str | None, str]]:
    """Return what was answered by what is remembered: which question, by which, how."""
    return [
        (e.data.question, e.data.as_before, e.data.value)
        for e in ran.of("user.answered")
        if e.data.as_before is not None
    ]


YES = Step(remember=30 * MINUTE)


def test_what_is_remembered_answers_the_next_in_the_persons_name(file: Path) -> None:
    ran = run(file, {"ann": [YES, Step("reject"), Step("reject")]})
    assert by_memory(ran) == [("q2", "q1", "approve"), ("q3", "q1", "approve")]
    answered = ran.of("user.answered")[1]
    assert answered.data.by == "operator"
    assert answered.data.command is None
    asked = ran.of("user.asked")[1]
    assert answered.data.digest == asked.data.digest
    decided = ran.decisions("answer_as_before")[0]
    assert (decided.cause, answered.cause) == (asked.seq, decided.seq)
    assert decided.data.reason == (
        "operator answered q1 so, which is remembered for ann and deploy for another 30 min"
    )
    assert "remembered" in sentence(answered)
    assert ran.session.outcome == "complete"


def test_it_ends_when_its_time_is_over(file: Path) -> None:
    kept = Step(remember=10_000)
    ran = run(file, {"ann": [kept, Step(wait=9), Step(wait=9)]})
    assert [q for q, _, _ in by_memory(ran)] == ["q2"]
    assert not remembered(ran.session, ran.session.at)


@pytest.mark.parametrize(
    "other",
    [
        {"class": "test"},
        {},
        {"class": "normal"},
        {"class": "dangerous"},
        {"class": "deploy", "question_type": "choice", "options": ["approve", "reject"]},
        {"class": "deploy", "question_type": "input"},
        {"class": "deploy", "question_type": "input", "input_type": "password"},
    ],
)
def test_another_class_or_type_is_asked(file: Path, other: dict[str, Any]) -> None:
    ran = run(file, {"ann": [YES, Step("approve", form=other)]})
    assert not by_memory(ran)
    assert len(ran.of("user.answered")) == 2


def test_another_agent_is_asked(file: Path) -> None:
    assert not by_memory(run(file, {"ann": [YES], "ben": [Step(wait=5), Step()]}))


def test_what_its_options_or_validation_refuse_is_asked(file: Path) -> None:
    red = {"class": "paint", "question_type": "choice", "options": ["red", "blue"]}
    other = {**red, "options": ["blue", "green"]}
    steps = [
        Step("red", YES.remember, red),
        Step("blue", 0, other),
        Step("x", 0, red),
        Step("4", YES.remember, {"class": "n", "question_type": "input"}),
        Step("1234", 0, {"class": "n", "question_type": "input", "validation": {"min_length": 2}}),
        Step("x", 0, {"class": "n", "question_type": "input"}),
    ]
    ran = run(file, {"ann": steps})
    assert by_memory(ran) == [("q3", "q1", "red"), ("q6", "q4", "4")]


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({}, "the agent does not say of which class it is"),
        ({"class": "dangerous"}, "it is dangerous, which a person answers each time"),
        (
            {"class": "x", "question_type": "input", "input_type": "password"},
            "it is a password, which is kept nowhere",
        ),
    ],
)
def test_what_cannot_be_remembered_is_refused(file: Path, form: dict[str, Any], why: str) -> None:
    def again(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.commanded" and event.data.command == "answer":
            asked = ran_asked[-1]
            secret = "hunter-22" if asked.secret else None
            value = "" if asked.secret else "approve"
            orchestrator.submit(Answer(asked.question, value, asked.digest), secret)
        if event.kind == "user.asked":
            ran_asked.append(event.data)
            asked = event.data
            secret = "hunter-22" if asked.secret else None
            value = "" if asked.secret else "approve"
            answer = Answer(asked.question, value, asked.digest, remember=MINUTE)
            orchestrator.submit(answer, secret)

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q", **form)
            case Reply():
                hand.exit()

    ran_asked: list[UserAsked] = []
    what = plan([agent("ann")], [task("one", "ann")])
    ran = play(what, file, hands=behave, during=again, attended=True)
    assert ran.refusals() == [f"it cannot be remembered: {why}"]


def test_a_gate_is_asked_each_time(file: Path) -> None:
    def answer(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            for ms in (MINUTE, 0):
                said = Answer(event.data.question, "approve", event.data.digest, remember=ms)
                orchestrator.submit(said)

    spec = replace(question("g"), class_name="deploy")
    what = plan([agent("a")], [task("one", "a", gate="g"), task("two", "a", gate="g")], [spec])
    ran = play(what, file, during=answer, attended=True)
    assert not by_memory(ran)
    assert ran.refusals()[0] == (
        "it cannot be remembered: only what an agent asks by itself can be; this is asked each time"
    )


@pytest.mark.parametrize("ms", [-1, LONGEST + 1])
def test_it_is_remembered_for_a_day_at_most(file: Path, ms: int) -> None:
    def both(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked":
            for left in (ms, 0):
                said = Answer(event.data.question, "approve", event.data.digest, remember=left)
                orchestrator.submit(said)

    def behave(hand: Hand, heard: Told | None) -> None:
        hand.ask("q", **{"class": "x"}) if isinstance(heard, Assignment) else hand.exit()

    what = plan([agent("ann")], [task("one", "ann")])
    ran = play(what, file, hands=behave, during=both, attended=True)
    assert ran.refusals() == ["it cannot be remembered: it can be for a day at most"]


# -- to deny -------------------------------------------------------------------------------------

CHOOSE = {"class": "deploy", "question_type": "choice", "options": ["red", "blue"]}


def test_a_rejection_ends_what_is_remembered(file: Path) -> None:
    """A choice of the same class is forgotten with it."""
    red = Step("red", YES.remember, CHOOSE)
    ran = run(file, {"ann": [red, Step("reject"), Step("blue", 0, CHOOSE)]})
    assert not by_memory(ran)
    assert ran.session.questions[QuestionId("q1")].remembered_until is None


def test_a_remembered_rejection_answers_too_and_beats_an_approval(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                for number in range(2):
                    hand.ask(f"q{number}", **{"class": "deploy"})
            case Reply(ask="q1"):
                hand.after(1, lambda: hand.ask("q2", **{"class": "deploy"}))
            case Reply(ask="q2"):
                hand.exit()

    def operator(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked" and event.data.question == "q2":
            digests = [e.data.digest for e in seen] + [event.data.digest]
            submit = orchestrator.submit
            submit(Answer(QuestionId("q1"), "reject", digests[0], "no", YES.remember))
            submit(Answer(QuestionId("q2"), "approve", digests[1], "", YES.remember))
            submit(Answer(QuestionId("q2"), "approve", digests[1]))
        if event.kind == "user.asked":
            seen.append(event)

    seen: list[AnyEvent] = []
    what = plan([agent("ann")], [task("one", "ann")])
    ran = play(what, file, hands=behave, during=operator, attended=True)
    assert ran.refusals() == [
        "it cannot be remembered: a rejection (q1) is remembered, which beats it;"
        " have that forgotten first"
    ]
    assert by_memory(ran) == [("q3", "q1", "reject")]
    assert ran.of("user.answered")[-1].data.reason == "no"


def test_it_can_be_forgotten(file: Path) -> None:
    ran = run(
        file,
        {"ann": [YES, Step(), Step("reject", wait=10)]},
        more=[(5, Forget(QuestionId("q1"))), (6, Forget(QuestionId("q1")))],
    )
    assert [q for q, _, _ in by_memory(ran)] == ["q2"]
    forgetting = [e.data for e in ran.of("user.commanded") if e.data.command == "forget_answer"]
    assert [said.refused for said in forgetting] == ["", "no answer to it is remembered"]


def test_it_survives_the_program_wherever_that_ends(tmp_path: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("q0", **{"class": "deploy"})
            case Reply(ask="q0"):
                hand.after(1, lambda: hand.ask("q1", **{"class": "deploy"}))
            case Reply():
                hand.exit()

    def operator(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "user.asked" and event.data.question == "q1":
            said = Answer(event.data.question, "approve", event.data.digest, "", LONGEST)
            orchestrator.submit(said)

    what = plan([agent("ann")], [task("one", "ann")])
    whole = play(what, tmp_path / "it", hands=behave, during=operator, attended=True)
    lines = (tmp_path / "it").read_text(encoding="utf-8").splitlines(keepends=True)
    first = whole.of("user.answered")[0].seq
    for after in range(first, len(whole.events) - 1):
        path = tmp_path / f"{after}"
        path.write_text("".join(lines[: after + 1]), encoding="utf-8")
        ran = play(what, path, hands=behave, during=operator, attended=True, resume=True)
        assert {before for _, before, _ in by_memory(ran)} <= {"q1"}
        assert len([e for e in ran.of("user.answered") if e.data.as_before is None]) == 1
        assert by_memory(ran)
        assert recheck(what, ran.events).divergence is None


# -- anything ------------------------------------------------------------------------------------

forms: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"class": "deploy"},
        {"class": "test"},
        {"class": "dangerous"},
        {},
        CHOOSE,
        {"class": "deploy", "question_type": "input", "input_type": "password"},
    ]
)


@st.composite
def any_step(draw: st.DrawFn) -> Step:
    form = draw(forms)
    values = ["red", "blue"] if "options" in form else ["approve", "reject"]
    may = form.get("class") in ("deploy", "test") and form.get("input_type") != "password"
    remember = draw(st.sampled_from([0, 5_000, MINUTE])) if may else 0
    return Step(draw(st.sampled_from(values)), remember, form, draw(st.sampled_from([1, 4])))


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({a: st.lists(any_step(), max_size=8) for a in ("ann", "ben")}))
def test_nothing_is_ever_answered_that_may_not_be(steps: dict[str, list[Step]]) -> None:
    with TemporaryDirectory() as folder:
        ran = run(Path(folder, "it.jsonl"), steps)
    asked = {e.data.question: e.data for e in ran.of("user.asked")}
    said: dict[str, AnyEvent] = {e.data.question: e for e in ran.of("user.answered")}
    for event in said.values():
        before = event.data.as_before
        if before is None:
            continue
        now, then, first = asked[event.data.question], asked[before], said[before]
        assert not now.dangerous
        assert not now.secret
        assert now.agent is not None
        assert (now.agent, now.class_name, now.question_type) == (
            then.agent,
            then.class_name,
            then.question_type,
        )
        assert now.class_name
        assert first.data.as_before is None
        assert event.at < first.at + first.data.remember
        assert event.data.value == first.data.value
        denied = [
            e
            for e in said.values()
            if first.seq < e.seq < event.seq
            and e.data.as_before is None
            and e.data.value == "reject"
            and (asked[e.data.question].agent, asked[e.data.question].class_name)
            == (now.agent, now.class_name)
            and asked[e.data.question].question_type == "approval"
        ]
        assert not denied or event.data.value == "reject"
