"""A recording can be recomputed from its inputs, and a changed one cannot."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from chance import (
    CANARY,
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    Whims,
    ended_in_order,
    plans,
    stop_at,
    whole_sessions,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mop_tui.domain import events as e
from mop_tui.domain.feed import Command
from mop_tui.domain.plan import Plan
from mop_tui.journal import JournalFile, verify
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.recheck import recheck
from sessions import agent, plan, play, question, task


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    what=plans(),
    answers=GIVEN_AT_GATES,
    seed=st.integers(0, 3),
    moment=st.one_of(st.none(), st.integers(1, 120)),
)
def test_whatever_the_plan_the_session_ends_in_order_and_can_be_recomputed(
    what: Plan, answers: list[PreparedAnswer], seed: int, moment: int | None
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s.jsonl"
        ran = play(what, file, seed=seed, answers=answers, during=stop_at(moment))
        ended_in_order(ran)
        assert recheck(what, ran.events).divergence is None
        assert verify(file).exit_code == 0
        with JournalFile.open(file) as journal:
            assert list(journal) == ran.events


@whole_sessions(120)
@given(
    what=plans(),
    answers=GIVEN_AT_GATES,
    more=GIVEN_TO_AGENTS,
    operator=OPERATORS,
    seed=st.integers(0, 1000),
    moment=st.sampled_from([None, None, None, 50, 200]),
    lag=st.sampled_from([0, 0, 0.1, 2]),
)
def test_whatever_agents_and_operator_do_the_session_ends_in_order_and_can_be_recomputed(
    what: Plan,
    answers: list[PreparedAnswer],
    more: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    seed: int,
    moment: int | None,
    lag: float,
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s.jsonl"
        ran = play(
            what,
            file,
            seed=seed,
            answers=answers + more,
            operator=operator,
            during=stop_at(moment),
            hands=Whims(seed).hands(),
            lag=lag,
        )
        ended_in_order(ran)
        assert ran.session.at < 3_600_000, "it took for ever"
        assert recheck(what, ran.events).divergence is None
        assert verify(file).exit_code == 0
        assert CANARY not in file.read_text(encoding="utf-8")


def test_a_changed_decision_is_named(tmp_path: Path) -> None:
    what = plan([agent("a")], [task("one", "a"), task("two", "a", needs=["one"])])
    events = play(what, tmp_path / "s.jsonl").events
    index = next(i for i, event in enumerate(events) if event.kind == e.SystemDecided.KIND)
    forged = list(events)
    forged[index] = replace(
        events[index], data=replace(events[index].data, reason="because I said so")
    )
    found = recheck(what, forged).divergence
    assert found is not None
    assert found.seq == events[index].seq
    assert found.expected == events[index]


def test_a_decision_that_was_never_made_is_named(tmp_path: Path) -> None:
    what = plan([agent("a")], [task("one", "a")])
    events = play(what, tmp_path / "s.jsonl").events
    other = plan([agent("a")], [task("one", "a", gate="g")], [question("g")])
    found = recheck(other, events).divergence
    assert found is not None


def test_digests_are_recorded_every_thousand_events_and_recomputed(tmp_path: Path) -> None:
    what = plan(
        [agent(f"a{n}") for n in range(40)], [task(f"t{n}", f"a{n}", seconds=60) for n in range(40)]
    )
    ran = play(what, tmp_path / "s.jsonl")
    digests = ran.of("system.digest")
    assert len(digests) >= 1
    assert [d.seq for d in digests] == [1001 + 1000 * n for n in range(len(digests))]
    assert recheck(what, ran.events).digests == len(digests)
