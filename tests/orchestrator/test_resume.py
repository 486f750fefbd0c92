"""A session whose program died goes on from its file, wherever the file ends."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import (
    CANARY,
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    Whims,
    ended_in_order,
    plans,
    whole_sessions,
)
from hands import Hand
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Told
from mop_tui.domain.events import INPUTS, AnyEvent
from mop_tui.domain.feed import Command, Steer, Stop
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode, OnDoubt, Plan, Retry
from mop_tui.errors import JournalDamageError, JournalError, UsageError
from mop_tui.journal import verify
from mop_tui.orchestrator.answers import PreparedAnswer, read_answers
from mop_tui.orchestrator.recheck import recheck
from mop_tui.orchestrator.recovery import read_recorded, recover
from sessions import NOW, Ran, agent, answer, crash, fixed, plan, play, question, task


def seq_of(ran: Ran, kind: str, **data: object) -> int:
    """Return where the first such event is."""
    return next(
        event.seq
        for event in ran.of(kind)
        if all(getattr(event.data, name) == value for name, value in data.items())
    )


def died(ran: Ran, *, after: int, torn: int = 0) -> Path:
    """Return the file of a session whose program died after so many events."""
    return crash(ran, ran.path.with_name("crashed.jsonl"), after=after, torn=torn)


def kinds_and_data(events: list[AnyEvent]) -> list[tuple[str, object]]:
    return [(event.kind, event.data) for event in events]


CHAIN = plan([agent("ann")], [task("one", "ann"), task("two", "ann", needs=["one"])])


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_wherever_the_file_ends_the_session_goes_on_to_its_end(tmp_path: Path, torn: int) -> None:
    whole = play(CHAIN, tmp_path / "whole.jsonl")
    for after in range(len(whole.events) - 1):
        path = died(whole, after=after, torn=torn)
        ran = play(CHAIN, path, resume=True)
        assert ran.session.outcome == "complete"
        assert ran.events[:after] == whole.events[:after]
        ended_in_order(ran)
        assert verify(path).exit_code == 0
        assert recheck(CHAIN, ran.events).divergence is None
        if after:
            # Where all inputs are there, what is missing is completed, and that is the end.
            ends_itself = whole.events[after:] and not any(
                event.kind in INPUTS for event in whole.events[after:]
            )
            told = [event.data.torn for event in ran.of("system.resumed")]
            assert told == ([] if ends_itself else [torn])
            assert all(a.at <= b.at for a, b in zip(ran.events, ran.events[1:], strict=False))


def test_what_followed_from_the_last_input_is_completed_just_as_it_would_have_been(
    tmp_path: Path,
) -> None:
    whole = play(CHAIN, tmp_path / "whole.jsonl")
    exit_at = seq_of(whole, "agent.exited")
    next_input = next(e.seq for e in whole.events[exit_at:] if e.kind in INPUTS)
    assert next_input > exit_at + 5
    ran = play(CHAIN, died(whole, after=exit_at + 1), resume=True)
    assert ran.events[: next_input - 1] == whole.events[: next_input - 1]
    assert ran.events[next_input - 1].kind == "system.resumed"


def test_a_task_that_was_being_done_is_done_again(tmp_path: Path) -> None:
    whole = play(CHAIN, tmp_path / "whole.jsonl")
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="ACTIVE"))
    ran = play(CHAIN, path, resume=True)
    assert [state for _, state in ran.states("one")] == [
        *("READY", "ASSIGNED", "ACTIVE", "READY", "ASSIGNED", "ACTIVE", "COMPLETE"),
    ]
    assert ran.session.agents[AgentId("ann")].incarnation == 3, "one process was lost"
    assert ran.session.tasks[TaskId("one")].retries == 0, "the loss is no failure of the task"


def test_a_start_that_may_or_may_not_have_happened_is_in_doubt_and_made_anew(
    tmp_path: Path,
) -> None:
    whole = play(CHAIN, tmp_path / "whole.jsonl")
    intended = seq_of(whole, "system.intended")
    ran = play(CHAIN, died(whole, after=intended), resume=True)
    lost = [event.data for event in ran.of("system.done") if event.data.lost]
    assert [done.action for done in lost] == [whole.events[intended - 1].data.action]
    actions = [event.data.action for event in ran.of("system.intended")]
    assert len(set(actions)) == len(actions), "no intended action is done twice"


def test_a_task_that_must_not_be_done_twice_fails(tmp_path: Path) -> None:
    what = plan([agent("ann")], [task("one", "ann", on_doubt="fail", retry=Retry(3))])
    whole = play(what, tmp_path / "whole.jsonl")
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="ACTIVE"))
    ran = play(what, path, resume=True)
    assert [state for _, state in ran.states("one")][-1] == "FAILED"
    assert ran.issues() == ["one failed: the program ended while it was being done"]
    assert len(ran.of("system.intended")) == 1


@pytest.mark.parametrize(
    ("said", "end"), [("retry", "COMPLETE"), ("cancel", "CANCELLED")], ids=["again", "left"]
)
def test_of_a_task_in_doubt_the_operator_decides(tmp_path: Path, said: str, end: str) -> None:
    what = plan([agent("ann")], [task("one", "ann", on_doubt="ask")])
    whole = play(what, tmp_path / "whole.jsonl")
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="ACTIVE"))
    ran = play(what, path, resume=True, answers=[answer("doubt/one", said, after=5)])
    assert [state for _, state in ran.states("one")][-1] == end
    asked = ran.of("user.asked")[0].data
    assert asked.text == "one was being done when the program ended. Do it again?"
    ended_in_order(ran)
    assert recheck(what, ran.events).divergence is None


def test_what_a_human_approved_once_is_not_done_again_unasked(tmp_path: Path) -> None:
    what = plan([agent("ann")], [task("one", "ann", gate="g")], [question("g")])
    given_answer = answer("g", "approve")
    whole = play(what, tmp_path / "whole.jsonl", answers=[given_answer])
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="ACTIVE"))
    ran = play(what, path, resume=True, answers=[given_answer])
    assert [event.data.name for event in ran.of("user.asked")] == ["g", "doubt/one"]
    assert ran.session.outcome == "waiting", "nobody is there to say what becomes of it"


def test_what_the_operator_had_paused_is_not_done_again_unasked(tmp_path: Path) -> None:
    whole = play(
        CHAIN,
        tmp_path / "whole.jsonl",
        attended=False,
        operator=[(3, Steer("pause", AgentId("ann")))],
    )
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="PAUSED"))
    ran = play(CHAIN, path, resume=True)
    assert [event.data.name for event in ran.of("user.asked")] == ["doubt/one"]


def test_an_open_question_stays_open_and_its_time_goes_on(tmp_path: Path) -> None:
    what = plan([agent("ann")], [task("one", "ann", gate="g")], [question("g", timeout=60)])
    whole = play(what, tmp_path / "whole.jsonl")
    path = died(whole, after=seq_of(whole, "system.timer_set"))
    ran = play(what, path, resume=True)
    assert len(ran.of("user.asked")) == 1
    assert [(event.at, event.data.outcome) for event in ran.of("user.expired")] == [
        (60_000, "cancelled")
    ]
    answered = play(
        what,
        died(whole, after=seq_of(whole, "system.timer_set")),
        resume=True,
        answers=[answer("g", "approve", after=10)],
    )
    assert answered.session.outcome == "complete"


def test_an_answer_on_record_is_not_asked_for_again(tmp_path: Path) -> None:
    what = plan([agent("ann")], [task("one", "ann", gate="g")], [question("g")])
    whole = play(what, tmp_path / "whole.jsonl", answers=[answer("g", "approve")])
    path = died(whole, after=seq_of(whole, "user.answered"))
    ran = play(what, path, resume=True)
    assert len(ran.of("user.asked")) == 1
    assert ran.session.outcome == "complete"


def test_a_gate_that_a_secret_opened_asks_again(tmp_path: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann", gate="g")],
        [question("g", input_type="password")],
    )
    answers = [answer("g", "", secret=CANARY), answer("g", "", secret=CANARY)]
    whole = play(what, tmp_path / "whole.jsonl", answers=answers)
    path = died(whole, after=seq_of(whole, "agent.transitioned", to_state="ACTIVE"))
    ran = play(what, path, resume=True, answers=answers)
    assert len(ran.of("user.answered")) == 2
    assert ran.session.outcome == "complete"


def test_wherever_it_dies_a_prepared_answer_answers_what_it_was_meant_for(tmp_path: Path) -> None:
    what = plan(
        [agent("ann"), agent("ben")],
        [
            task("one", "ann", gate="g", on_doubt="retry"),
            task("two", "ben", needs=["one"], gate="g"),
        ],
        [question("g")],
    )
    given_answers = [answer("g", "approve"), answer("g", "reject")]
    whole = play(what, tmp_path / "whole.jsonl", answers=given_answers)
    for after in range(1, len(whole.events) - 1):
        ran = play(what, died(whole, after=after), resume=True, answers=list(given_answers))
        said = [(event.data.question, event.data.value) for event in ran.of("user.answered")]
        assert said == [("q1", "approve"), ("q2", "reject")], after


def test_wherever_it_dies_no_task_begins_without_the_secret_of_its_gate(tmp_path: Path) -> None:
    what = plan(
        [agent("ann")], [task("one", "ann", gate="g")], [question("g", input_type="password")]
    )
    answers = [answer("g", "", secret=CANARY)]
    whole = play(what, tmp_path / "whole.jsonl", answers=answers)
    answered = seq_of(whole, "user.answered")
    for after in range(answered, seq_of(whole, "agent.exited") - 1):
        ran = play(what, died(whole, after=after), resume=True, answers=answers * 2)
        resumed = seq_of(ran, "system.resumed")
        begun = [e.seq for e in ran.of("task.transitioned") if e.data.to_state == "ACTIVE"]
        again = [e.seq for e in ran.of("user.answered") if e.seq > resumed]
        assert len(again) == 1, after
        assert [seq for seq in begun if seq > resumed] > again, after
        ended_in_order(ran)


def test_a_task_of_a_dangerous_gate_is_not_done_again_by_a_file(tmp_path: Path) -> None:
    what = plan([agent("ann")], [task("one", "ann", gate="g")], [question("g", dangerous=True)])
    file = tmp_path / "answers.yaml"
    file.write_text("- {question: doubt/one, value: retry}", encoding="utf-8")
    with pytest.raises(UsageError, match="marked dangerous"):
        read_answers(file, what, Mode.LIVE)


def test_an_attempt_that_took_too_long_has_failed_whatever_became_of_the_program(
    tmp_path: Path,
) -> None:
    what = plan([agent("ann")], [task("one", "ann", timeout=5, seconds=30)])
    whole = play(what, tmp_path / "whole.jsonl")
    path = died(whole, after=seq_of(whole, "system.intended", effect="stop_process"))
    ran = play(what, path, resume=True)
    assert [state for _, state in ran.states("one")][-1] == "FAILED"


def test_a_rest_before_a_retry_ends_when_it_would_have(tmp_path: Path) -> None:
    what = plan(
        [agent("ann")],
        [task("one", "ann", retry=Retry(1, 30_000))],
        scripts={"one": fixed(1, exit_code=1)},
    )
    whole = play(what, tmp_path / "whole.jsonl")
    ran = play(what, died(whole, after=seq_of(whole, "system.timer_set")), resume=True)
    fired = [event.at for event in whole.of("system.timer_fired")]
    assert [event.at for event in ran.of("system.timer_fired")] == fired


def test_a_process_that_lived_for_the_session_is_started_anew(tmp_path: Path) -> None:
    what = plan(
        [agent("ann", "work", for_session=True), agent("ben", "work", for_session=True)],
        [task(f"t{n}", skill="work") for n in range(4)],
    )
    hands = _worker
    whole = play(what, tmp_path / "whole.jsonl", hands=hands)
    for after in range(1, len(whole.events) - 1):
        ran = play(what, died(whole, after=after), resume=True, hands=hands)
        assert ran.session.outcome == "complete", after
        ended_in_order(ran)


def _worker(hand: Hand, heard: Told | None) -> None:
    if isinstance(heard, Assignment):
        hand.after(3, hand.done, "done")


def test_a_session_may_be_resumed_again_and_again(tmp_path: Path) -> None:
    ran = play(CHAIN, tmp_path / "whole.jsonl")
    for _ in range(5):
        active = [e.seq for e in ran.of("agent.transitioned") if e.data.to_state == "ACTIVE"]
        after = active[-2] if len(active) > 1 else active[0]
        ran = play(
            CHAIN, crash(ran, tmp_path / f"{len(ran.events)}.jsonl", after=after), resume=True
        )
    assert ran.session.resumptions == 5
    assert ran.session.outcome == "complete"
    assert recheck(CHAIN, ran.events).divergence is None


def test_a_session_that_was_told_to_end_goes_on_ending(tmp_path: Path) -> None:
    whole = play(CHAIN, tmp_path / "whole.jsonl", operator=[(3, Stop("enough"))])
    ran = play(CHAIN, died(whole, after=seq_of(whole, "user.commanded") + 2), resume=True)
    assert ran.session.outcome == "stopped"
    ended_in_order(ran)


def test_a_session_that_has_ended_is_not_resumed(tmp_path: Path) -> None:
    ran = play(CHAIN, tmp_path / "s.jsonl")
    with pytest.raises(JournalError, match=r"has ended \(complete\)"):
        recover(read_recorded(ran.path, keep=10), CHAIN, NOW)


def test_a_damaged_file_is_not_resumed(tmp_path: Path) -> None:
    ran = play(CHAIN, tmp_path / "s.jsonl")
    lines = ran.path.read_bytes().splitlines(keepends=True)
    ran.path.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    with pytest.raises(JournalDamageError, match="event 5 is lost"):
        read_recorded(ran.path, keep=10)


def test_a_session_that_would_have_been_decided_otherwise_is_not_resumed(tmp_path: Path) -> None:
    ran = play(CHAIN, tmp_path / "s.jsonl")
    other = plan([agent("ann")], [task("one", "ann", gate="g")], [question("g")])
    path = died(ran, after=4)
    with pytest.raises(JournalError, match="decides otherwise"):
        recover(read_recorded(path, keep=10), other, NOW)


@whole_sessions(80)
@given(
    what=plans(),
    answers=GIVEN_AT_GATES,
    more=GIVEN_TO_AGENTS,
    operator=OPERATORS,
    seed=st.integers(0, 1000),
    deaths=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60)), min_size=1, max_size=3),
    on_doubt=st.sampled_from([None, "retry", "fail", "ask"]),
)
def test_whenever_the_program_dies_nothing_on_record_is_lost_and_nothing_is_done_twice(
    what: Plan,
    answers: list[PreparedAnswer],
    more: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    seed: int,
    deaths: list[tuple[float, int]],
    on_doubt: OnDoubt | None,
) -> None:
    what = replace(
        what, tasks={name: replace(t, on_doubt=on_doubt) for name, t in what.tasks.items()}
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.jsonl"
        ran = play(
            what, path, seed=seed, answers=answers + more, operator=operator,
            hands=Whims(seed).hands(),
        )  # fmt: skip
        for share, torn in deaths:
            after = int(share * (len(ran.events) - 1))
            kept = ran.events[:after]
            died(ran, after=after, torn=torn).replace(path)
            ran = play(
                what, path, seed=seed, answers=answers + more, hands=Whims(seed).hands(),
                resume=True,
            )  # fmt: skip
            assert kinds_and_data(ran.events[:after]) == kinds_and_data(kept)
            ended_in_order(ran)
            assert recheck(what, ran.events).divergence is None
            assert verify(path).exit_code == 0
            actions = [event.data.action for event in ran.of("system.intended")]
            assert len(set(actions)) == len(actions)
