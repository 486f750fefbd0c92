"""Somebody is called by a program when a question is open and nobody comes, once and in time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import GIVEN_AT_GATES, plans, whole_sessions
from hands import Hand, Hands
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Answer, Command, Noticed, SetMemory, Stop
from mop_tui.domain.ids import MemoryKey, QuestionId
from mop_tui.domain.plan import Calling, Hook, Mode, Plan, QuestionSpec
from mop_tui.domain.plan import Command as Program
from mop_tui.domain.sentences import sentence
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, fixed, plan, play, question, task

Q1, Q2 = QuestionId("q1"), QuestionId("q2")
CALLING = Calling(command_ms=120_000)


def asking(*gates: QuestionSpec, work: float = 1_000, real: bool = True) -> Plan:
    """Return a plan whose gates ask at once, beside work that takes so many seconds."""
    names = [spec.name for spec in gates]
    crew = [agent("busy", real=real), *(agent(f"a-{name}", real=real) for name in names)]
    tasks = [task("long", "busy", seconds=work)]
    tasks += [task(f"ship-{name}", f"a-{name}", gate=name) for name in names]
    what = plan(crew, tasks, gates, hooks={"session": ["call"]})
    return replace(what, calling=CALLING)


class Phone:
    """Plays agents whose work takes a while, and the program that calls; keeps what that is told.

    A call takes so many seconds and ends with a code; one that takes none never ends by itself.
    """

    def __init__(self, work: float = 1_000, code: int = 0, seconds: float = 2) -> None:
        self.calls: list[dict[str, str]] = []
        self._work, self._code, self._seconds = work, code, seconds

    def hands(self) -> Hands:
        return Hands(self._behave)

    def _behave(self, hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is not None:
            self.calls.append(dict(hand.job.hook.told))
            if self._seconds:
                hand.after(self._seconds, hand.exit, self._code, "no line" if self._code else "")
        elif isinstance(heard, Assignment):
            hand.after(self._work if heard.task.id == "long" else 1, hand.exit, 0)


def run(
    what: Plan,
    file: Path,
    phone: Phone,
    operator: Iterable[tuple[float, Command]] = (),
    **more: object,
) -> Ran:
    """Run a plan for real, as far as the virtual clock goes."""
    of = {"mode": Mode.LIVE, "hands": phone.hands(), "operator": operator} | more
    ran = play(what, file, **of)  # type: ignore[arg-type]
    assert recheck(what, ran.events).divergence is None
    return ran


def called(ran: Ran) -> list[tuple[int, str]]:
    """Return when (in seconds), and because of what, somebody was called."""
    hooks = [event for event in ran.of("system.intended") if event.data.effect == "run_hook"]
    assert all(event.data.about == "call" for event in hooks)
    return [(event.at // 1000, event.data.question) for event in hooks]


def reasons(ran: Ran) -> list[tuple[str, str]]:
    return [(it.data.verdict, it.data.reason) for it in ran.decisions("call")]


def answering(at: int, name: QuestionId) -> Callable[[Orchestrator, AnyEvent], None]:
    """Have a question answered at the first event at or after a second of session time."""
    given: list[bool] = []

    def during(orchestrator: Orchestrator, event: AnyEvent) -> None:
        row = orchestrator.session.questions.get(name)
        if row is not None and event.at >= at * 1000 and not given:
            given.append(True)
            orchestrator.submit(Answer(name, "approve", row.asked.digest))

    return during


def test_nobody_comes_and_somebody_is_called_once(file: Path) -> None:
    phone = Phone()
    ran = run(asking(question("go", "Ship it?")), file, phone)
    assert called(ran) == [(120, "q1")]
    [told] = phone.calls
    assert told == {
        "MOP_QUESTION": "q1",
        "MOP_QUESTION_NAME": "go",
        "MOP_QUESTION_TEXT": "Ship it?",
        "MOP_QUESTION_TYPE": "approval",
        "MOP_ASKED_BY": "task ship-go",
        "MOP_OTHERS": "0",
        "MOP_OVERDUE": "",
        "MOP_CALL": "task ship-go: Ship it?",
        "MOP_SESSION": str(file),
    }
    assert "about to call somebody because of q1: call" in map(sentence, ran.events)


def test_it_is_recorded_before_it_is_done(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(), lag=0.5)
    [fired] = [e for e in ran.of("system.timer_fired") if e.data.timer == "call/q1"]
    [decided] = ran.decisions("call")
    [intended] = [e for e in ran.of("system.intended") if e.data.effect == "run_hook"]
    [done] = [e for e in ran.of("system.done") if e.data.effect == "run_hook"]
    assert (decided.cause, intended.cause, done.cause) == (fired.seq, decided.seq, intended.seq)


def test_a_session_does_not_wait_to_call_somebody(file: Path) -> None:
    ran = run(asking(question("go"), work=60), file, Phone(work=60))
    assert (ran.session.outcome, ran.session.at) == ("waiting", 60_000)
    assert not called(ran)


def test_a_call_that_is_being_made_is_waited_for_and_the_session_ends_then(file: Path) -> None:
    ran = run(asking(question("go"), work=121), file, Phone(work=121, seconds=5))
    assert called(ran) == [(120, "q1")]
    assert (ran.session.outcome, ran.session.at) == ("waiting", 125_000)


def test_a_rehearsal_would_call_and_calls_nobody_nor_takes_longer(file: Path) -> None:
    what = asking(question("go"), real=False)
    what = replace(what, task_work=plan([], [], scripts={"long": fixed(200)}).task_work)
    phone = Phone()
    ran = play(what, file)
    assert called(ran) == [(120, "q1")]
    assert [e.data.would for e in ran.of("system.intended") if e.data.about == "call"] == [True]
    assert "would call somebody because of q1: call" in map(sentence, ran.events)
    assert not phone.calls
    without = play(replace(what, calling=Calling()), file.with_name("without.jsonl"))
    assert (ran.session.at, ran.session.outcome) == (without.session.at, without.session.outcome)


def test_who_watches_a_rehearsal_is_called_in_their_own_time(
    file: Path,
) -> None:
    what = replace(asking(question("go"), real=False), calling=Calling(command_ms=50))
    what = replace(what, task_work=plan([], [], scripts={"long": fixed(1)}).task_work)

    def during(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.done" and event.data.effect == "run_hook":
            row = orchestrator.session.questions[Q1]
            orchestrator.submit(Answer(Q1, "approve", row.asked.digest))

    ran = play(what, file, attended=True, during=during)
    assert called(ran) == [(1, "q1")], "when all work was done, and its time stood still"
    assert ran.session.outcome == "complete"


def test_an_answer_in_time_calls_nobody(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(), during=answering(0, Q1))
    assert not called(ran)
    assert not reasons(ran), "its timer is gone"
    assert ran.session.outcome == "complete"
    assert not ran.session.timers


def test_who_has_come_is_not_called(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(), [(20.0, Noticed(Q1))])
    assert not called(ran)
    assert reasons(ran) == [("no", "somebody was at a screen that told of q1, 100 s ago")]
    assert [event.at for event in ran.of("user.noticed")] == [20_000]


def test_it_is_recorded_once_that_somebody_is_there_and_only_where_it_matters(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(), [(20.0, Noticed(Q1)), (21.0, Noticed(Q1))])
    assert len(ran.of("user.noticed")) == 1
    what = replace(asking(question("go")), calling=Calling())
    ran = run(what, file.with_name("2.jsonl"), Phone(), [(20.0, Noticed(Q1))])
    assert not ran.of("user.noticed")


def test_a_burst_of_questions_is_one_call_that_counts_the_rest(file: Path) -> None:
    phone = Phone()
    ran = run(asking(*map(question, ("one", "two", "three"))), file, phone)
    assert called(ran) == [(120, "q1")]
    assert [(told["MOP_QUESTION"], told["MOP_OTHERS"]) for told in phone.calls] == [("q1", "2")]
    assert phone.calls[0]["MOP_CALL"].endswith("(and 2 more)")
    assert [verdict for verdict, _ in reasons(ran)] == ["yes", "no", "no"]
    assert reasons(ran)[1][1] == "whoever was called 0 s ago was told of q2 too"


def test_what_is_asked_after_a_call_is_called_for_again(file: Path) -> None:
    what = asking(question("one"), question("two"))
    later = replace(what.tasks[task("ship-two").id], needs_tasks=(task("first").id,))
    first = task("first", "a-two")
    what = replace(what, tasks={**what.tasks, later.id: later, first.id: first})

    class Slow(Phone):
        def _behave(self, hand: Hand, heard: Told | None) -> None:
            if isinstance(heard, Assignment) and heard.task.id == "first":
                hand.after(130, hand.exit, 0)
            else:
                super()._behave(hand, heard)

    assert called(run(what, file, Slow())) == [(120, "q1"), (250, "q2")]


def test_what_is_required_and_overdue_begins_anew_once(file: Path) -> None:
    phone = Phone()
    what = asking(question("go", timeout=200, required=True))
    ran = run(what, file, phone, [(20.0, Noticed(Q1))])
    assert called(ran) == [(320, "q1")], "it was noticed before, not since it is overdue"
    assert phone.calls[0]["MOP_OVERDUE"] == "1"
    assert phone.calls[0]["MOP_CALL"] == "overdue: task ship-go: Go on?"
    ran = run(what, file.with_name("2.jsonl"), Phone())
    assert called(ran) == [(120, "q1"), (320, "q1")]
    soon = asking(question("go", timeout=60, required=True))
    ran = run(soon, file.with_name("3.jsonl"), Phone())
    assert called(ran) == [(180, "q1")], "the first timer does not ring for the second"


@pytest.mark.parametrize("code", [0, 1])
def test_a_call_that_fails_is_told_once(file: Path, code: int) -> None:
    what = asking(question("go", timeout=200, required=True))
    ran = run(what, file, Phone(code=code))
    assert len(called(ran)) == 2
    fails = "nobody could be called: the command of notify ended with exit code 1: no line"
    about = [text for text in ran.issues() if "called" in text]
    assert about == ([fails] if code else [])
    assert ran.session.outcome == "waiting"


def test_that_calls_fail_is_settled_by_one_that_does_not(file: Path) -> None:
    class Mended(Phone):
        def _behave(self, hand: Hand, heard: Told | None) -> None:
            self._code = 0 if self.calls else 1
            super()._behave(hand, heard)

    ran = run(asking(question("go", timeout=200, required=True)), file, Mended())
    [closed] = ran.of("system.issue_closed")
    assert closed.data.reason == "a later call was made"


def test_a_call_that_hangs_is_ended_after_its_time(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(seconds=0))
    assert "nobody could be called: the command of notify took longer than 20 s" in ran.issues()


def test_a_call_ends_when_nothing_waits_any_more(file: Path) -> None:
    tick = [(125.0, SetMemory(MemoryKey("tick"), 1))]
    ran = run(asking(question("go")), file, Phone(seconds=0), tick, during=answering(125, Q1))
    stopped = [e for e in ran.of("system.intended") if e.data.effect == "stop_hook"]
    assert [e.data.about for e in stopped] == ["call"]
    assert not ran.issues()
    assert ran.session.outcome == "complete"


def test_a_session_that_is_ended_ends_its_call(file: Path) -> None:
    ran = run(asking(question("go")), file, Phone(seconds=0), [(125.0, Stop("enough"))])
    stopped = [e for e in ran.of("system.intended") if e.data.effect == "stop_hook"]
    assert [e.data.about for e in stopped] == ["call"]
    assert (ran.session.outcome, ran.session.at) == ("stopped", 125_000)


def test_a_call_that_a_crash_leaves_in_doubt_is_not_made_twice(file: Path) -> None:
    what = asking(question("go"))
    ran = run(what, file, Phone(seconds=10))
    [intended] = [e for e in ran.of("system.intended") if e.data.effect == "run_hook"]
    died = crash(ran, file.with_name("died.jsonl"), after=intended.seq)
    again = run(what, died, Phone(), resume=True)
    assert called(again) == [(120, "q1")]
    [decided] = again.decisions("called")
    assert decided.data.reason.endswith("and nobody is called twice")


def test_a_session_that_goes_on_calls_in_its_time(file: Path) -> None:
    what = asking(question("go"))
    ran = run(what, file, Phone())
    [timer] = [e for e in ran.of("system.timer_set") if e.data.purpose == "call"]
    died = crash(ran, file.with_name("died.jsonl"), after=timer.seq)
    assert called(run(what, died, Phone(), resume=True)) == [(120, "q1")]


@whole_sessions(60)
@given(
    what=plans(),
    answers=GIVEN_AT_GATES,
    seed=st.integers(0, 1000),
    after=st.sampled_from([0, 1, 3_000, 90_000]),
)
def test_calls_never_change_what_becomes_of_a_rehearsal(
    what: Plan, answers: list[PreparedAnswer], seed: int, after: int
) -> None:
    calling = replace(
        what,
        session_hooks={"call": Hook(Program(("ring",)))},
        calling=Calling(command_ms=after),
    )
    with TemporaryDirectory() as folder:
        one, other = (
            play(plan_, Path(folder) / f"{n}.jsonl", seed=seed, answers=answers)
            for n, plan_ in enumerate((what, calling))
        )
        assert recheck(calling, other.events).divergence is None
    assert one.session.outcome == other.session.outcome
    assert one.session.at == other.session.at
    for name in one.session.tasks:
        assert one.states(name) == other.states(name)
