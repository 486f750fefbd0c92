"""What was done counts as complete once another agent approves it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import whole_sessions
from hands import Behaviour, Hand, Hands
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain.eta import estimate
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import CancelTask, RetryTask, Steer
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.plan import Plan, Retry, Review, TaskSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.waiting import waiting_for
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, kind, plan, play, task, trigger

BY_BOB = Review(AgentId("bob"))
ONE, REVIEW = TaskId("one"), TaskId("review-of-one-1")
KEY = MemoryKey("k")
LONG = task("long", "cid")
"""Something else to be done meanwhile."""


def rejects(reason: str) -> str:
    return json.dumps({"verdict": "reject", "reason": reason})


def judges(verdicts: Iterable[str], *, codes: Iterable[int] = ()) -> Behaviour:
    """Play agents who take a second for a task, nine for `long`, and two for a review, whose
    verdicts are these; then they approve."""
    words, ends = iter(verdicts), iter(codes)

    def behave(hand: Hand, heard: Told | None) -> None:
        if not isinstance(heard, Assignment):
            return
        if heard.task.reviews is None:
            _end(hand, 9 if heard.task.id == LONG.id else 1, f"attempt {heard.attempt}", 0)
        else:
            _end(hand, 2, next(words, "fine"), next(ends, 0))

    return behave


def _end(hand: Hand, seconds: float, result: str, code: int) -> None:
    if hand.job.assignment is None:
        hand.after(seconds, hand.done, result)
    else:
        hand.after(seconds, hand.exit, code, result)


def reviewed(
    review: Review = BY_BOB,
    *more: TaskSpec,
    for_session: bool = False,
    max_agents: int | None = None,
) -> Plan:
    """Return a plan in which `one`, which provides `k`, is done by ann and reviewed by bob."""
    return plan(
        [agent(name, for_session=for_session) for name in ("ann", "bob", "cid")],
        [task("one", "ann", provides=["k"], review=review), *more],
        max_agents=max_agents,
    )


def assignments(hands: Hands) -> Iterator[Assignment]:
    """Yield what was handed out."""
    for job in hands.started:
        if job.assignment is not None:
            yield job.assignment
    yield from (what for _, what, _ in hands.told if isinstance(what, Assignment))


def after(ran: Ran, kind_: str, **fields: object) -> list[Snapshot]:
    """Return the session as it was after each such event."""
    session, found = Session(), []
    for event in ran.events:
        apply(session, event)
        if event.kind == kind_ and _has(event, fields):
            found.append(session.snapshot())
    return found


def _has(event: AnyEvent, fields: Mapping[str, object]) -> bool:
    return all(getattr(event.data, name) == value for name, value in fields.items())


def waits(snapshot: Snapshot) -> str:
    return waiting_for(snapshot, snapshot.tasks[ONE])


def at(ran: Ran, kind_: str, **fields: object) -> list[int]:
    """Return when (in seconds) something happened."""
    return [e.at // 1000 for e in ran.of(kind_) if _has(e, fields)]


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("max_agents", [None, 1])
def test_work_is_complete_when_it_is_approved(
    file: Path, for_session: bool, max_agents: int | None
) -> None:
    what = reviewed(
        BY_BOB, task("two", "ann", keys=["k"]), for_session=for_session, max_agents=max_agents
    )
    ran = play(what, file, hands=judges([]))
    assert ran.states("one") == [
        (0, "READY"),
        (0, "ASSIGNED"),
        (0, "ACTIVE"),
        (1, "REVIEWING"),
        (3, "COMPLETE"),
    ]
    assert ran.states("review-of-one-1")[-1] == (3, "COMPLETE")
    assert at(ran, "system.memory_set", key="k", agent="ann", task="one") == [3]
    assert ran.states("two")[0] == (3, "READY")
    assert ran.session.tasks[ONE].output == "attempt 1"
    assert ran.session.outcome == "complete"
    assert ran.issues() == []


def test_whoever_did_it_is_free_while_it_is_reviewed(file: Path) -> None:
    what = reviewed(BY_BOB, task("two", "ann"), task("three", "ann"))
    ran = play(what, file, hands=judges([]))
    assert at(ran, "agent.transitioned", agent="ann", to_state="COMPLETE") == [1, 2, 3]
    assert (2, "ASSIGNED") in ran.states("three")


def test_what_was_locked_is_given_back_before_the_review(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("bob"), agent("cid")],
        [
            task("one", "ann", locks=["door"], review=BY_BOB, priority=Priority.HIGH),
            task("two", "cid", locks=["door"]),
        ],
    )
    ran = play(what, file, hands=judges([]))
    assert at(ran, "system.unlocked", task="one") == [1]
    assert (1, "ACTIVE") in ran.states("two")
    assert ran.states("one")[-1] == (3, "COMPLETE")


def test_the_end_is_unknown_while_nobody_knows_how_long_a_review_takes(file: Path) -> None:
    ran = play(reviewed(), file, hands=judges([]))
    [begun] = after(ran, "task.transitioned", task="one", to_state="ACTIVE")
    told = estimate(begun, 0)
    assert told is not None
    assert told.why == (
        "the review of one declares no duration, and no task is complete that could tell how long "
        "one takes"
    )


def test_a_review_says_what_it_is_about(file: Path) -> None:
    hands = Hands(judges([rejects("no tests"), rejects("no docs")]))
    play(reviewed(), file, hands=hands)
    told = [(it.task.id, it.context) for it in assignments(hands)]
    one = {"task": "one", "title": "one", "by": "ann"}
    no_tests, no_docs = ({"from": "bob", "reason": f"no {it}"} for it in ("tests", "docs"))
    assert told == [
        ("one", {}),
        ("review-of-one-1", {"review": {**one, "round": 1}, "outputs": {"one": "attempt 1"}}),
        ("one", {"rejections": [no_tests]}),
        ("review-of-one-2", {"review": {**one, "round": 2}, "outputs": {"one": "attempt 2"}}),
        ("one", {"rejections": [no_tests, no_docs]}),
        ("review-of-one-3", {"review": {**one, "round": 3}, "outputs": {"one": "attempt 3"}}),
    ]


@pytest.mark.parametrize("for_session", [False, True])
def test_what_is_rejected_is_done_again(file: Path, for_session: bool) -> None:
    ran = play(reviewed(for_session=for_session), file, hands=judges([rejects("no tests")]))
    assert [state for state in ran.states("one") if state[1] in ("REVIEWING", "COMPLETE")] == [
        (1, "REVIEWING"),
        (4, "REVIEWING"),
        (6, "COMPLETE"),
    ]
    [back] = [e for e in ran.of("task.transitioned") if e.data.trigger == "sent_back"]
    assert back.data.reason == "bob rejects it (1 of 3): no tests"
    assert at(ran, "system.memory_set", key="k") == [6]
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize(("rounds", "times"), [(0, ""), (2, " 3 times")])
def test_what_is_rejected_too_often_fails(file: Path, rounds: int, times: str) -> None:
    what = reviewed(Review(AgentId("bob"), rounds), task("two", "ann", keys=["k"]))
    ran = play(what, file, hands=judges([rejects("no tests")] * 9))
    states = [state for _, state in ran.states("one")]
    assert states.count("REVIEWING") == rounds + 1
    assert states[-1] == "FAILED"
    assert ran.issues() == [f"one failed: bob rejected it{times}: no tests"]
    assert ran.states("two")[-1][1] == "CANCELLED"
    assert KEY not in ran.session.memory
    assert ran.session.outcome == "incomplete"


def test_whoever_does_it_after_all_knows_why_it_failed(file: Path) -> None:
    hands = Hands(judges([rejects("no tests")]))
    what = reviewed(Review(AgentId("bob"), 0), LONG)
    ran = play(what, file, hands=hands, operator=[(3.5, RetryTask(ONE))])
    last = [it for it in assignments(hands) if it.task.id == "one"][-1]
    assert last.context == {"rejections": [{"from": "bob", "reason": "no tests"}]}
    assert ran.session.tasks[ONE].state == "COMPLETE"
    [issue] = ran.session.issues.values()
    assert (issue.key, issue.open) == ("failed/one", False)


@pytest.mark.parametrize("for_session", [False, True])
def test_a_review_that_fails_approves_nothing(file: Path, for_session: bool) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.reviews is not None:
            hand.after(2, hand.exit, 1, "no luck")
        elif isinstance(heard, Assignment):
            _end(hand, 1, "done", 0)

    what = reviewed(for_session=for_session)
    ran = play(what, file, hands=behave)
    assert [state for _, state in ran.states("one")][-2:] == ["REVIEWING", "CANCELLED"]
    [issue, end] = ran.session.issues.values()
    assert issue.text.startswith("review-of-one-1 failed: bob ended with exit code 1")
    assert issue.remedy is not None
    assert (issue.remedy.do, issue.remedy.about) == ("retry_task", REVIEW)
    assert end.text == "nothing can move one any more"
    [lost] = after(ran, "system.quiesced")
    assert waits(lost) == "waits for its review by bob, which failed"
    told = estimate(lost, lost.at)
    assert told is not None
    assert told.why == "one waits for its review by bob, which failed"


def test_a_failed_review_can_be_done_again(file: Path) -> None:
    what = reviewed(BY_BOB, LONG)
    hands = judges(["", "fine"], codes=[1, 0])
    ran = play(what, file, hands=hands, operator=[(3.5, RetryTask(REVIEW))])
    assert ran.states("one")[-1] == (5, "COMPLETE")
    assert [issue.open for issue in ran.session.issues.values()] == [False]
    assert ran.session.outcome == "complete"


def test_a_review_is_tried_again_by_itself(file: Path) -> None:
    what = reviewed(Review(AgentId("bob"), retry=Retry(1, 1_000)))
    ran = play(what, file, hands=judges(["", "fine"], codes=[1, 0]))
    assert ran.session.tasks[REVIEW].attempts == 2
    assert ran.session.outcome == "complete"


def test_a_review_may_take_only_so_long(file: Path) -> None:
    what = reviewed(Review(AgentId("bob"), timeout_ms=1_000))
    ran = play(what, file, hands=judges([]))
    assert ran.session.tasks[REVIEW].state == "FAILED"
    assert ran.issues()[0] == "review-of-one-1 failed: bob took longer than 1 s"


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("said", ['{"verdict": "maybe"}', '{"verdict": true}', '{"verdict": null}'])
def test_a_verdict_that_is_none_is_a_failure(file: Path, said: str, for_session: bool) -> None:
    ran = play(reviewed(for_session=for_session), file, hands=judges([said]))
    unclear = "bob gave a verdict that is neither approve nor reject"
    assert ran.issues()[0] == f"review-of-one-1 failed: {unclear}"
    assert ran.states("one")[-2] == (1, "REVIEWING")


@pytest.mark.parametrize(
    "said", ["", "fine", '{"verdict": "approve"}', '["reject"]', '{"a": 1}', "{"]
)
def test_all_else_approves(file: Path, said: str) -> None:
    assert play(reviewed(), file, hands=judges([said])).session.outcome == "complete"


def test_a_program_can_reject_by_the_name_of_its_failure(file: Path) -> None:
    verdicts = iter(["rejected", ""])

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.reviews is not None:
            hand.after(2, hand.done, "no tests", next(verdicts))
        elif isinstance(heard, Assignment):
            hand.after(1, hand.done, "done")

    hook = trigger("alarm", "agent_error", "notify")
    what = plan(
        [agent("ann", for_session=True), agent("bob", for_session=True)],
        [task("one", "ann", review=BY_BOB)],
        triggers=[hook],
    )
    ran = play(what, file, hands=behave)
    assert json.loads(ran.session.tasks[REVIEW].output)["reason"] == "no tests"
    assert at(ran, "task.transitioned", trigger="sent_back") == [3]
    assert ran.session.outcome == "complete"
    assert ran.of("system.fired") == [], "a rejection is no error"


def test_the_failure_of_that_name_is_one_where_nothing_is_reviewed(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.done, "", "rejected")

    ran = play(plan([agent("ann", for_session=True)], [task("one", "ann")]), file, hands=behave)
    assert ran.issues() == ["one failed: ann: met rejected"]


def test_the_hook_of_the_reviewer_comes_before_the_verdict(file: Path) -> None:
    what = plan(
        [agent("ann", real=True), agent("bob", real=True)],
        [task("one", "ann", review=BY_BOB)],
        hooks={"bob": ["post_task"]},
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if heard is None or not isinstance(heard, Assignment):
            return
        _end(hand, 1, rejects("no") if heard.task.id == REVIEW else "fine", 0)

    ran = play(what, file, hands=behave)
    assert [e.data.about for e in ran.of("system.intended") if e.data.effect == "run_hook"] == [
        "post_task",
        "post_task",
    ]
    assert len(at(ran, "task.transitioned", trigger="sent_back")) == 1


def test_nobody_reviews_what_they_did(file: Path) -> None:
    what = plan(
        [agent("bob", "dig"), agent("ann", "dig"), agent("cid", "dig")],
        [
            task("one", skill="dig", review=BY_BOB),
            task("two", skill="dig", review=BY_BOB),
            task("three", skill="dig", review=Review(AgentId("ann"))),
            task("four", skill="dig"),
        ],
    )
    ran = play(what, file, hands=judges([rejects("no")] * 2))
    assert ran.session.outcome == "complete"
    given_ = [e.data for e in ran.of("task.transitioned") if e.data.trigger == "assigned"]
    for move in given_:
        spec = ran.session.tasks[move.task].spec
        assert not spec.is_reviewed_by(move.agent)
    assert ran.of("task.refused") == []


def test_a_task_waits_where_its_reviewer_alone_could_do_it(file: Path) -> None:
    what = plan([agent("bob", "dig")], [task("one", skill="dig", review=BY_BOB)])
    ran = play(what, file, hands=judges([]))
    assert ran.states("one") == [(0, "READY"), (0, "CANCELLED")]


def test_the_review_of_what_is_cancelled_is_cancelled(file: Path) -> None:
    ran = play(reviewed(), file, hands=judges([]), operator=[(2, CancelTask(ONE))])
    assert ran.states("one")[-1] == (2, "CANCELLED")
    assert ran.states("review-of-one-1")[-1] == (2, "CANCELLED")
    assert ran.issues() == []
    assert ran.of("task.refused") == []


def test_what_waits_for_a_cancelled_review_goes_on_when_that_is_done_after_all(
    file: Path,
) -> None:
    ran = play(
        reviewed(BY_BOB, LONG),
        file,
        hands=judges([]),
        operator=[(2, CancelTask(REVIEW)), (2.5, RetryTask(ONE)), (2.5, RetryTask(REVIEW))],
    )
    text = "waits for its review by bob, which was cancelled"
    assert [waits(it) for it in after(ran, "system.issue_opened")] == [text]
    [issue] = ran.session.issues.values()
    assert (issue.text, issue.open) == (f"one {text}", False)
    assert ran.refusals() == [
        "it is REVIEWING; its review review-of-one-1 is CANCELLED: do that again"
    ]
    assert ran.states("one")[-1] == (4, "COMPLETE")
    assert ran.session.outcome == "complete"


def test_the_review_of_what_is_over_is_not_done_again(file: Path) -> None:
    ran = play(
        reviewed(BY_BOB, LONG),
        file,
        hands=judges([]),
        operator=[(2, CancelTask(ONE)), (2.5, RetryTask(REVIEW))],
    )
    assert ran.refusals() == ["one does not wait for this review any more"]


def test_the_operator_learns_that_nobody_is_left_to_review(file: Path) -> None:
    ran = play(reviewed(), file, hands=judges([]), operator=[(0.5, Steer("stop", AgentId("bob")))])
    assert ran.issues()[0] == "nobody is left to do the review of one, now that bob was stopped"


def test_what_is_reviewed_is_not_complete(file: Path) -> None:
    what = reviewed(Review(AgentId("bob"), expected_ms=5_000), task("two", "ann", keys=["k"]))
    ran = play(what, file, hands=judges([]))
    first, second, third = after(ran, "agent.transitioned", to_state="ACTIVE")
    assert second.progress is not None
    assert second.progress < 0.5
    assert second.tasks[ONE].state == "REVIEWING"
    assert waits(second) == "waits for its review by bob, who is at it"
    ends = [estimate(it, it.at) for it in (first, second, third)]
    # The work (10 s), its review (5 s) and the other task (10 s), one after the other.
    assert [it and it.end for it in ends] == [25_000, 16_000, 13_000]
    assert first.at == 0
    assert third.at == 3_000


def test_a_review_that_waits_for_its_reviewer_is_told(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("bob")],
        [task("one", "ann", review=BY_BOB), task("two", "bob", seconds=9)],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(9 if heard.task.id == "two" else 1, hand.exit)

    ran = play(what, file, hands=behave)
    [asked] = after(ran, "task.created", task=REVIEW)
    assert waits(asked) == "waits for its review by bob, who works on two"
    assert ran.states("one")[-1] == (10, "COMPLETE")


def test_the_most_urgent_review_comes_first(file: Path) -> None:
    """A review is as pressing as what waits for its task."""
    what = plan(
        [agent("ann"), agent("bob")],
        [
            task("one", "ann", review=BY_BOB),
            task("two", "ann", review=BY_BOB),
            task("busy", "bob"),
            task("after", "ann", needs=["two"], seconds=99),
        ],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(9 if heard.task.id == "busy" else 1, hand.exit)

    ran = play(what, file, hands=behave)
    assert ran.states("two")[-1] == (10, "COMPLETE")
    assert ran.states("one")[-1] == (11, "COMPLETE")


def test_triggers_spawn_nobody_for_a_review(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("bob", "dig")],
        [task("one", "ann", review=BY_BOB)],
        triggers=[
            trigger("more", "task_created", "spawn_agent", requires_skill="dig", agents=("digger",))
        ],
        kinds={"digger": kind("dig")},
    )
    ran = play(what, file, hands=judges([]))
    assert ran.session.outcome == "complete"
    assert ran.of("system.fired") == []


@pytest.mark.parametrize("torn", [0, 7])
def test_wherever_the_program_dies_reviews_go_on(file: Path, tmp_path: Path, torn: int) -> None:
    what = reviewed(BY_BOB, task("two", "ann", keys=["k"]), for_session=True)
    whole = play(what, file, hands=judges([rejects("no tests")]))
    for after in range(1, len(whole.events)):
        again = crash(whole, tmp_path / f"{after}.jsonl", after=after, torn=torn)
        ran = play(what, again, hands=judges([]), resume=True)
        assert ran.session.outcome == "complete"
        _agree(ran)
        assert recheck(what, ran.events).divergence is None


VERDICTS = st.lists(
    st.sampled_from(
        [
            ("fine", 0),
            ('{"verdict": "approve", "reason": "fine"}', 0),
            (rejects("no tests"), 0),
            ("no luck", 1),
            ('{"verdict": "maybe"}', 0),
        ]
    ),
    max_size=12,
)
TASKS = [TaskId(f"t{n}") for n in range(3)]
REVIEWS = [TaskId(f"review-of-t{n}-{m}") for n in range(3) for m in (1, 2)]
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 2.0, 2.5, 4.0, 7.0, 11.0]),
        st.one_of(
            st.builds(CancelTask, st.sampled_from([*TASKS, *REVIEWS])),
            st.builds(RetryTask, st.sampled_from([*TASKS, *REVIEWS])),
            st.builds(
                Steer,
                st.sampled_from(["pause", "resume", "stop", "restart"]),
                st.sampled_from([AgentId(name) for name in ("ann", "bob", "cid")]),
            ),
        ),
    ),
    max_size=5,
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of three tasks, each needing what some before it provide, all reviewed."""
    crew = ["ann", "bob", "cid"]
    tasks = []
    for number, name in enumerate(TASKS):
        by = draw(st.sampled_from(crew))
        pin = draw(st.sampled_from([None, *(one for one in crew if one != by)]))
        tasks.append(
            task(
                name,
                pin,
                skill="work" if pin is None else None,
                keys=[f"k{n}" for n in range(number) if draw(st.booleans())],
                provides=[f"k{number}"],
                review=Review(
                    AgentId(by),
                    draw(st.integers(0, 2)),
                    retry=draw(st.sampled_from([Retry(), Retry(1, 1_000)])),
                ),
            )
        )
    return plan(
        [agent(name, "work", for_session=draw(st.booleans())) for name in crew],
        tasks,
        max_agents=draw(st.sampled_from([None, 1, 2])),
    )


@whole_sessions(150)
@given(what=plans(), verdicts=VERDICTS, operator=COMMANDS, lag=st.sampled_from([0, 0.3]))
def test_whatever_the_verdicts_what_is_complete_was_approved(
    what: Plan, verdicts: list[tuple[str, int]], operator: list[tuple[float, object]], lag: float
) -> None:
    with TemporaryDirectory() as folder:
        words, codes = [it[0] for it in verdicts], [it[1] for it in verdicts]
        ran = play(
            what,
            Path(folder) / "s.jsonl",
            hands=judges(words, codes=codes),
            operator=operator,  # type: ignore[arg-type]
            lag=lag,
        )
        _agree(ran)
        assert ran.session.ignored == 0
        assert recheck(what, ran.events).divergence is None


def _agree(ran: Ran) -> None:
    """Assert that tasks, their keys and the verdicts about them agree.

    Verdicts are read from what the reviews delivered, anew.
    """
    said: dict[TaskId, list[bool]] = {}
    decided: list[TaskId] = []
    keys = {key: name for name, row in ran.session.tasks.items() for key in row.spec.provides}
    outputs: dict[TaskId, str] = {}
    complete: dict[TaskId, int] = {}
    for event in ran.events:
        data = event.data
        if event.kind == "task.output":
            outputs[data.task] = data.value
        elif event.kind == "system.memory_set":
            name = keys[data.key]
            assert said[name][-1], "a key is there, and nobody approved"
            assert complete[name] == event.at
        elif event.kind == "task.transitioned":
            spec = ran.session.tasks[data.task].spec
            if data.to_state == "COMPLETE" and spec.reviews is not None:
                assert data.task not in decided, "decided about twice"
                decided.append(data.task)
                said.setdefault(spec.reviews, []).append(
                    '"reject"' not in outputs.get(data.task, "")
                )
            elif data.to_state == "COMPLETE":
                assert spec.review is None or said[data.task][-1]
                complete[data.task] = event.at
            elif data.trigger == "sent_back" or data.from_state == "REVIEWING":
                assert data.to_state == "CANCELLED" or not said[data.task][-1]
    for name, row in ran.session.tasks.items():
        if row.spec.review is None:
            continue
        if row.state == "COMPLETE":
            assert said[name][-1]
            assert all(key in ran.session.memory for key in row.spec.provides)
        assert row.rejections <= row.spec.review.rounds + 1
