"""What a layout has done for each answer follows from the answer on record, and obeys limits."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hands import Hand
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.answers import Validation
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import Plan, QuestionSpec
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.triggers import Limits
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, kind, plan, play, question, task, trigger

CANARY = "hunter-22 and more"
ASK = question("g", "Which?", options=["more", "less", "none"])
MORE = Reaction("create_task", "Raise it for ${answer}", AgentId("b"))
LESS = Reaction("spawn", "Deploy with less", type="helper")
NOTE = Reaction("set_memory", set=((MemoryKey("note"), {"said": "${answer}"}),))
SKIP, RETRY, STOP = Reaction("skip", "not now"), Reaction("retry"), Reaction("stop", "enough")


def doing(spec: QuestionSpec, on_answer: Mapping[str, list[Reaction]]) -> QuestionSpec:
    """Return a question with what is done about its answers."""
    given = tuple((value, tuple(reactions)) for value, reactions in on_answer.items())
    return replace(spec, on_answer=given)


def gated(spec: QuestionSpec, *, limits: Limits = Limits()) -> Plan:  # noqa: B008
    """Return a plan with a gate, a task behind it, and one that is not concerned."""
    return plan(
        [agent("a"), agent("b")],
        [
            task("one", "a", gate="g"),
            task("two", "a", needs=["one"]),
            task("other", "b"),
        ],
        [spec],
        kinds={"helper": kind()},
        limits=limits,
    )


def test_a_task_is_created_for_the_answer_and_says_so(file: Path) -> None:
    ran = play(gated(doing(ASK, {"more": [MORE]})), file, answers=[answer("g", "more", after=5)])
    created = ran.session.tasks[TaskId("g-1")]
    assert (created.spec.title, created.spec.agent) == ("Raise it for more", "b")
    assert created.spec.context["answer"] == "more"
    assert created.state == "COMPLETE"
    assert ran.states("one")[-1][1] == "COMPLETE"
    decided = ran.decisions("on_answer")
    assert [(it.data.verdict, it.data.reason) for it in decided] == [
        ("yes", "file#test answered q1 with more")
    ]
    answered = ran.of("user.answered")[0]
    assert decided[0].cause == answered.seq
    assert ran.of("task.created")[-1].cause == decided[0].seq


def test_only_what_is_for_the_answer_is_done_and_in_order(file: Path) -> None:
    spec = doing(ASK, {"more": [MORE], "less": [NOTE, LESS], "*": [STOP]})
    ran = play(gated(spec), file, answers=[answer("g", "less")])
    assert ran.session.memory == {"note": {"said": "less"}}
    assert [a for a in ran.session.agents if a not in ("a", "b")] == ["helper-1"]
    assert ran.session.tasks[TaskId("g-1")].spec.title == "Deploy with less"
    assert [d.data.actions[0].do for d in ran.decisions("on_answer")] == ["set_memory", "spawn_new"]
    assert ran.session.outcome == "complete"


def test_any_other_answer_has_its_own_and_is_not_looked_into_again(file: Path) -> None:
    asks = doing(question("g", input_type="text"), {"nothing": [], "*": [NOTE]})
    said = "${memory:note} ${answer}"
    ran = play(gated(asks), file, answers=[answer("g", said)])
    assert ran.session.memory == {"note": {"said": said}}
    quiet = play(gated(asks), file.with_name("2"), answers=[answer("g", "nothing")])
    assert not quiet.session.memory


def test_skip_cancels_the_task_and_what_needs_it_and_nothing_else(file: Path) -> None:
    ran = play(gated(doing(ASK, {"none": [SKIP]})), file, answers=[answer("g", "none", "later")])
    assert [state for _, state in ran.states("one")] == ["READY", "CANCELLED"]
    assert ran.session.tasks[TaskId("one")].reason == (
        "file#test answered q1 with none: later (not now)"
    )
    assert ran.states("two")[-1][1] == "CANCELLED"
    assert ran.states("other")[-1][1] == "COMPLETE"
    assert ran.session.outcome == "incomplete"


def test_stop_ends_everything_and_begins_nothing(file: Path) -> None:
    ran = play(gated(doing(ASK, {"none": [STOP]})), file, answers=[answer("g", "none", after=2)])
    assert {task.state for task in ran.session.tasks.values()} == {"CANCELLED"}
    assert "ASSIGNED" not in [state for _, state in ran.states("one")]
    assert ran.session.at == 2000


def test_stop_ends_a_session_that_would_wait_for_the_operator_too(file: Path) -> None:
    lasting = replace(gated(doing(ASK, {"none": [STOP]})), keep_running=True)
    ran = play(lasting, file, answers=[answer("g", "none", after=2)])
    assert (ran.session.status, ran.session.outcome) == ("ended", "incomplete")
    [stopping] = ran.of("system.stopping")
    assert "enough" in stopping.data.reason


@pytest.mark.parametrize("value", ["approve", "reject"])
def test_an_approval_has_its_own_for_both_answers(file: Path, value: str) -> None:
    spec = doing(question("g"), {"approve": [NOTE], "reject": [MORE]})
    ran = play(gated(spec), file, answers=[answer("g", value, "so be it")])
    assert ran.session.memory == ({"note": {"said": "approve"}} if value == "approve" else {})
    assert ("g-1" in ran.session.tasks) is (value == "reject")
    assert ran.states("one")[-1][1] == ("COMPLETE" if value == "approve" else "CANCELLED")


def test_a_password_is_in_nothing_that_is_done(file: Path) -> None:
    asks = doing(
        question("g", input_type="password", validation=Validation(min_length=4)), {"*": [MORE]}
    )
    secret = CANARY[:9]
    ran = play(gated(asks), file, answers=[answer("g", "", secret=secret)])
    created = ran.session.tasks[TaskId("g-1")]
    assert created.spec.title == "Raise it for ${answer}"
    assert "answer" not in created.spec.context
    assert secret not in file.read_text(encoding="utf-8")


# -- nobody answered ----------------------------------------------------------------------------


def test_a_default_is_followed_by_what_is_done_for_it_by_nobody(file: Path) -> None:
    spec = doing(
        question("g", options=["more", "less"], timeout=60, default="more"), {"more": [MORE]}
    )
    ran = play(gated(spec), file)
    assert [d.data.reason for d in ran.decisions("on_answer")] == [
        "nobody answered q1, so its default holds: more"
    ]
    assert "g-1" in ran.session.tasks
    assert not ran.of("user.answered")


def test_what_nobody_decided_neither_approves_nor_denies(file: Path) -> None:
    spec = doing(question("g", timeout=60, default="reject"), {"reject": [MORE], "*": [NOTE]})
    ran = play(gated(spec), file)
    assert ran.of("user.expired")[0].data.outcome == "default"
    assert not ran.decisions("on_answer")
    assert list(ran.session.tasks) == ["one", "two", "other"]


def test_nothing_is_done_where_time_runs_out_without_a_default(file: Path) -> None:
    spec = doing(question("g", input_type="text", timeout=60), {"*": [MORE]})
    assert not play(gated(spec), file).decisions("on_answer")


# -- limits, and what cannot be ------------------------------------------------------------------


def test_limits_hold_for_what_is_spawned_and_the_no_is_on_record(file: Path) -> None:
    spec = doing(ASK, {"less": [LESS, LESS]})
    ran = play(gated(spec, limits=Limits(total=3)), file, answers=[answer("g", "less")])
    assert [(d.data.verdict, d.data.reason) for d in ran.decisions("on_answer")] == [
        ("yes", "file#test answered q1 with less"),
        (
            "no",
            "file#test answered q1 with less, but it does not spawn: limits.total is 3,"
            " and 3 agents are there",
        ),
    ]
    assert [a for a in ran.session.agents if a not in ("a", "b")] == ["helper-1"]


def test_retry_at_a_gate_is_a_recorded_no(file: Path) -> None:
    ran = play(gated(doing(ASK, {"more": [RETRY]})), file, answers=[answer("g", "more")])
    assert [d.data.reason for d in ran.decisions("on_answer")] == [
        "file#test answered q1 with more, but it does not retry: one waited for the answer,"
        " and had not begun"
    ]
    assert ran.session.outcome == "complete"


# -- asked about what failed ---------------------------------------------------------------------


def play_failing(spec: QuestionSpec, file: Path, value: str, times: int = 1) -> Ran:
    """Play a plan whose first task fails so often, which a trigger asks about."""
    what = plan(
        [agent("a"), agent("b")],
        [
            task("one", "a"),
            task("two", "b", needs=["one"]),
            task("three", "b", needs=["two"]),
            task("other", "b"),
        ],
        [spec],
        triggers=[trigger("worry", "agent_error", "ask_human", question=QuestionName("g"))],
    )
    left = [times]

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            fails = heard.task.id == "one" and left[0] > 0
            left[0] -= fails
            hand.after(5, hand.exit, int(fails))

    return play(what, file, hands=behave, answers=[answer("g", value, after=20)] if value else [])


def test_retry_does_the_failed_task_again_and_brings_back_what_needed_it(file: Path) -> None:
    spec = doing(ASK, {"more": [RETRY]})
    ran = play_failing(spec, file, "more")
    asked = ran.of("user.asked")[0].data
    assert (asked.task, asked.regards) == (None, "one")
    assert [state for _, state in ran.states("one")][3:] == [
        "FAILED",
        "READY",
        "ASSIGNED",
        "ACTIVE",
        "COMPLETE",
    ]
    assert {task.state for task in ran.session.tasks.values()} == {"COMPLETE"}
    assert not [issue for issue in ran.session.issues.values() if issue.open and issue.task]
    assert ran.session.outcome == "complete"


def test_the_next_attempt_knows_what_was_said_and_why(file: Path) -> None:
    told: list[object] = []

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            told.append(heard.context)
            hand.after(5, hand.exit, int(heard.attempt == 1))

    what = plan(
        [agent("a")],
        [task("one", "a")],
        [doing(ASK, {"more": [RETRY]})],
        triggers=[trigger("worry", "agent_error", "ask_human", question=QuestionName("g"))],
    )
    play(what, file, hands=behave, answers=[answer("g", "more", "the quota is raised")])
    assert told == [{}, {"answers": {"g": "more"}, "reasons": {"g": "the quota is raised"}}]


def test_a_trigger_that_asks_holds_nothing(file: Path) -> None:
    ran = play_failing(doing(ASK, {"more": [RETRY]}), file, "more")
    answered = ran.of("user.answered")[0]
    other = next(e for e in ran.of("task.transitioned") if e.data.task == "other")
    assert ran.states("other")[-1] == (5, "COMPLETE")
    assert other.at < answered.at


def test_a_default_that_tries_again_for_ever_comes_to_an_end(file: Path) -> None:
    spec = doing(
        question("g", options=["more", "x"], timeout=60, default="more"), {"more": [RETRY]}
    )
    ran = play_failing(spec, file, "", times=1000)
    assert len(ran.of("user.asked")) == Limits().depth
    assert ran.session.outcome == "incomplete"


def test_skip_about_what_failed_is_a_recorded_no(file: Path) -> None:
    ran = play_failing(doing(ASK, {"none": [SKIP]}), file, "none")
    assert [d.data.verdict for d in ran.decisions("on_answer")] == ["no"]
    assert "one is FAILED already" in ran.decisions("on_answer")[0].data.reason


# -- asked by an agent at work ---------------------------------------------------------------------


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize(("value", "state"), [("more", "COMPLETE"), ("none", "CANCELLED")])
def test_an_agent_at_work_is_started_again_or_left(
    file: Path, value: str, state: str, *, for_session: bool
) -> None:
    asks = doing(ASK, {"more": [RETRY], "none": [SKIP]})
    asked: list[str] = []

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if not asked:
                asked.append("once")
                hand.put("g", replace(asks, name=QuestionName("a/g")))
            case Assignment():
                hand.after(5, hand.done if for_session else hand.exit)
            case Reply():
                hand.after(50, hand.exit, 1)

    what = plan([agent("a", for_session=for_session)], [task("one", "a")])
    ran = play(what, file, hands=behave, answers=[answer("a/g", value, after=9)])
    assert ran.states("one")[-1][1] == state
    assert [d.data.verdict for d in ran.decisions("on_answer")] == ["yes"]


@pytest.mark.parametrize("decided", [True, False])
def test_what_a_human_let_begin_is_begun_anew_by_a_human_only(file: Path, *, decided: bool) -> None:
    default = question("a/g", options=["more", "x"], timeout=60, default="more")
    asks = doing(default, {"more": [RETRY]})
    asked: list[str] = []

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if not asked:
                asked.append("once")
                hand.put("g", asks)
            case Assignment() | Reply():
                hand.after(5, hand.exit)

    what = plan([agent("a")], [task("one", "a", gate="sure")], [question("sure")])
    given = [answer("sure", "approve"), *([answer("a/g", "more")] if decided else [])]
    ran = play(what, file, hands=behave, answers=given)
    (done,) = ran.decisions("on_answer")
    assert done.data.verdict == ("yes" if decided else "no")
    assert ("may not be begun anew without a human's word" in done.data.reason) is not decided
    assert ran.session.tasks[TaskId("one")].attempts == 1 + decided
    assert ran.session.outcome == "complete"


def test_it_is_recomputed(file: Path) -> None:
    spec = doing(ASK, {"less": [NOTE, LESS, MORE]})
    what = gated(spec)
    ran = play(what, file, answers=[answer("g", "less")])
    assert recheck(what, ran.events).divergence is None


def test_what_is_done_waits_until_the_answer_is_on_disk(file: Path) -> None:
    """Of an approval of a gate and of what is done for it, nothing is real before."""
    began: list[tuple[int, str]] = []

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            began.append((it[0].clock.moment(), heard.task.id))
            hand.after(1, hand.exit)

    def look(orchestrator: Orchestrator, _event: AnyEvent) -> None:
        it[:] = [orchestrator]

    it: list[Orchestrator] = []
    spec = doing(question("g"), {"approve": [MORE]})
    what = plan([agent("a"), agent("b")], [task("one", "a", gate="g")], [spec])
    ran = play(
        what, file, hands=behave, during=look, answers=[answer("g", "approve", after=5)], lag=3
    )
    answered = ran.of("user.answered")[0]
    assert sorted(name for _, name in began) == ["g-1", "one"]
    assert all(at >= answered.at + 3000 for at, _ in began)


def test_what_cannot_be_done_all_the_same_stays_cancelled(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [
            task("one", "a"),
            task("bad", "b"),
            task("left", "c", needs=["one"]),
            task("right", "c", needs=["one"]),
            task("both", "c", needs=["left", "right"]),
            task("never", "c", needs=["one", "bad"]),
            task("after", "c", needs=["never", "left"]),
        ],
        [doing(ASK, {"more": [RETRY]})],
        triggers=[trigger("worry", "agent_error", "ask_human", question=QuestionName("g"))],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            first = heard.task.id == "one" and heard.attempt == 1
            fails = first or heard.task.id == "bad"
            hand.after(6 if heard.task.id == "bad" else 5, hand.exit, int(fails))

    ran = play(
        what, file, hands=behave, answers=[answer("g", "more", after=20), answer("g", "none")]
    )
    assert {name: str(row.state) for name, row in ran.session.tasks.items()} == {
        "one": "COMPLETE",
        "bad": "FAILED",
        "left": "COMPLETE",
        "right": "COMPLETE",
        "both": "COMPLETE",
        "never": "CANCELLED",
        "after": "CANCELLED",
    }
    assert recheck(what, ran.events).divergence is None


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("locks", [[], ["release"]])
def test_what_is_created_for_who_gets_the_task_behind_the_gate_waits_its_turn(
    file: Path, locks: list[str], *, for_session: bool
) -> None:
    more = replace(MORE, agent=AgentId("a"))
    spec = doing(question("g"), {"approve": [more, more]})
    what = plan(
        [agent("a", for_session=for_session)], [task("one", "a", gate="g", locks=locks)], [spec]
    )
    ran = play(what, file, answers=[answer("g", "approve", after=2)])
    assert ran.session.ignored == 0
    assert not ran.of("task.refused")
    assert not ran.of("agent.refused")
    began = [e.data.task for e in ran.of("task.transitioned") if e.data.to_state == "ACTIVE"]
    assert began == ["one", "g-1", "g-2"]
    assert recheck(what, ran.events).divergence is None


# -- anything ------------------------------------------------------------------------------------

some = st.lists(st.sampled_from([MORE, LESS, NOTE, SKIP, RETRY, STOP]), max_size=3)
whatever = st.dictionaries(st.sampled_from(["more", "less", "*"]), some)


@settings(max_examples=80, deadline=None)
@given(
    at_gate=whatever,
    on_failure=whatever,
    said=st.lists(st.sampled_from(["more", "less", "none"]), max_size=6),
    fails=st.lists(st.booleans(), max_size=8),
    total=st.integers(2, 6),
)
def test_whatever_is_done_is_allowed_within_limits_and_comes_to_an_end(
    at_gate: dict[str, list[Reaction]],
    on_failure: dict[str, list[Reaction]],
    said: list[str],
    fails: list[bool],
    total: int,
) -> None:
    waits = replace(ASK, timeout_ms=60_000)
    worry = replace(waits, name=QuestionName("worry"), default="more")
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", gate="g"), task("two", "a", needs=["one"]), task("other", "b")],
        [doing(waits, at_gate), doing(worry, on_failure)],
        kinds={"helper": kind()},
        limits=Limits(total=total),
        triggers=[trigger("worry", "agent_error", "ask_human", question=worry.name)],
    )
    left = list(fails)

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(5, hand.exit, int(left.pop() if left else False))

    prepared = [answer(name, value, after=7) for value in said for name in ("g", "worry")]
    with TemporaryDirectory() as folder:
        ran = play(what, Path(folder, "it.jsonl"), hands=behave, answers=prepared)
    assert ran.session.ignored == 0
    assert len(ran.session.agents) <= max(total, 2)
    assert not ran.of("task.refused")
    assert ran.session.status == "ended"
    assert recheck(what, ran.events).divergence is None
    done = [d for d in ran.decisions("on_answer") if d.data.verdict == "yes"]
    answered = {e.seq for e in (*ran.of("user.answered"), *ran.of("user.expired"))}
    assert answered.issuperset(d.cause for d in done)
