"""A recording can be recomputed from its inputs, and a changed one cannot."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mop_tui.domain import events as e
from mop_tui.domain.events import MAY_LACK_CAUSE, AnyEvent
from mop_tui.domain.feed import Stop
from mop_tui.domain.plan import Plan, Priority, Script
from mop_tui.journal import JournalFile, verify
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, plan, play, question, task


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of up to eight tasks that need each other without cycles, some of them gated."""
    crew = ["ann", "ben", "cid"][: draw(st.integers(1, 3))]
    names = [f"t{n}" for n in range(draw(st.integers(1, 8)))]
    tasks = []
    for index, name in enumerate(names):
        pinned = draw(st.booleans())
        tasks.append(
            task(
                name,
                draw(st.sampled_from(crew)) if pinned else None,
                skill=None if pinned else "work",
                needs=draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else (),
                keys=[f"k{draw(st.integers(0, index - 1))}"]
                if index and draw(st.booleans())
                else (),
                provides=[f"k{index}"],
                priority=draw(st.sampled_from(Priority)),
                seconds=draw(st.sampled_from([None, 1, 30])),
                gate=draw(st.sampled_from([None, None, "g"])),
            )
        )
    scripts = {
        name: Script(exit_code=draw(st.sampled_from([0, 0, 0, 1])), output=("said", name))
        for name in names
    }
    gate = question(
        "g",
        timeout=draw(st.sampled_from([None, 20])),
        required=draw(st.booleans()),
        on_reject=draw(st.sampled_from(["cancel", "stop_session"])),
    )
    return plan(
        [agent(name, "work") for name in crew],
        tasks,
        [gate],
        max_agents=draw(st.sampled_from([None, 1, 2])),
        scripts=scripts,
    )


def stop_at(moment: int | None) -> Callable[[Orchestrator, AnyEvent], None]:
    """End the session when it has so many events."""

    def watch(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.seq == moment:
            orchestrator.submit(Stop("enough"))

    return watch


given_answers = st.lists(
    st.builds(
        answer,
        st.just("g"),
        st.sampled_from(["approve", "reject"]),
        after=st.sampled_from([0.0, 10.0, 40.0]),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    what=plans(),
    answers=given_answers,
    seed=st.integers(0, 3),
    moment=st.one_of(st.none(), st.integers(1, 120)),
)
def test_whatever_the_plan_the_session_ends_in_order_and_can_be_recomputed(
    what: Plan, answers: list[object], seed: int, moment: int | None
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s.jsonl"
        ran = play(what, file, seed=seed, answers=answers, during=stop_at(moment))  # type: ignore[arg-type]
        _ended_in_order(ran)
        assert recheck(what, ran.events).divergence is None
        assert verify(file).exit_code == 0
        with JournalFile.open(file) as journal:
            assert list(journal) == ran.events


def _ended_in_order(ran: Ran) -> None:
    session = ran.session
    assert ran.events[-1].kind == "system.ended"
    assert session.ignored == 0
    assert not [e.data for e in ran.of("agent.refused") + ran.of("task.refused")]
    assert not session.running
    assert not session.in_doubt
    if session.outcome != "waiting":
        assert session.finished
    for event in ran.events:
        assert event.cause is not None or event.kind in MAY_LACK_CAUSE
    for row in session.tasks.values():
        if row.held and row.spec.gate is not None:
            assert row.started_at is None, "a gate was passed without an approval"


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
