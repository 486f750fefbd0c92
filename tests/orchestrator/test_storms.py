"""Storms of triggers, looked at from all sides; `bench.storms` plays many more."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from chance import Whims, whole_sessions
from hypothesis import given
from hypothesis import strategies as st

from bench import storms
from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Checkpoint, Session
from mop_tui.orchestrator.recheck import recheck
from sessions import answer, crash, play

STATE = (
    *("spawned", "spawned_at", "fired_for", "depths", "numbers", "types", "awaited", "files"),
    *("claimed_cpu", "claimed_memory", "wanted_back", "triggers_of", "memory", "ignored"),
)
"""What a session knows for its triggers besides rows."""


def outcome(seed: int) -> tuple[Plan, list[AnyEvent]]:
    chance = Random(seed)
    plan = storms.a_plan(chance)
    world = storms.World(plan, chance)
    world.run()
    return plan, world.events


@pytest.mark.parametrize("seed", range(100, 130))
def test_no_limit_is_broken_and_nothing_is_there_twice(seed: int) -> None:
    assert storms.storm(seed).wrong == []


@pytest.mark.parametrize("seed", range(20))
def test_a_state_that_is_come_back_to_is_the_state_that_was(seed: int) -> None:
    _, events = outcome(seed)
    live, checkpoints = Session(), list[Checkpoint]()
    steps = max(1, len(events) // 7)
    for event in events:
        apply(live, event)
        if event.seq % steps == 0:
            checkpoints.append(live.checkpoint())
            back = Session.restored(checkpoints)
            _same(back, _folded(events[: event.seq]))
            for later in events[event.seq : event.seq + steps]:
                apply(back, later)
            _same(back, _folded(events[: event.seq + steps]))


def _folded(events: list[AnyEvent]) -> Session:
    session = Session()
    for event in events:
        apply(session, event)
    return session


def _same(one: Session, other: Session) -> None:
    for name in STATE:
        assert getattr(one, name) == getattr(other, name), name
    assert one.next_digest() == other.next_digest()
    for table in ("agents", "tasks", "questions", "issues", "triggers"):
        rows, others = getattr(one, table), getattr(other, table)
        assert list(rows) == list(others)
        assert [row.digest_row() for row in rows.values()] == [
            row.digest_row() for row in others.values()
        ]
    assert one.triggers == other.triggers


def test_a_wrong_record_is_noticed() -> None:
    """Whoever judges the storms would see it if something were wrong."""
    seen = set()
    for seed in range(40):
        plan, events = outcome(seed)
        spawned = [
            event
            for event in events
            if event.kind == e.AgentSpawned.KIND and event.data.spec.spawn is not None
        ]
        if not spawned:
            continue
        again = [*events[:-1], spawned[0], events[-1]]
        seen |= {wrong.partition(": ")[2] for wrong in storms.wrongs(plan, again)}
        fired = next(event for event in events if event.kind == e.SystemFired.KIND)
        twice = [*events[:-1], fired, events[-1]]
        seen |= {wrong.partition(": ")[2] for wrong in storms.wrongs(plan, twice)}
    assert any("is there already" in wrong for wrong in seen)
    assert any("is spawned twice" in wrong for wrong in seen)
    assert any("fires twice" in wrong for wrong in seen)


FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(e.FileCreated, st.sampled_from(storms.PATHS), st.just("1")),
    st.builds(e.FileModified, st.sampled_from(storms.PATHS), st.just("2")),
    st.builds(e.FileDeleted, st.sampled_from(storms.PATHS)),
    st.builds(e.SystemMemorySet, st.sampled_from(storms.KEYS), st.integers(0, 2), st.none()),
)


@whole_sessions(60)
@given(
    seed=st.integers(0, 100_000),
    facts=st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.5, 30.0]), FACTS), max_size=12),
    share=st.floats(0, 1, allow_nan=False),
    torn=st.sampled_from([0, 1, 40]),
)
def test_wherever_the_program_dies_nothing_is_spawned_twice(
    seed: int, facts: list[tuple[float, Fact]], share: float, torn: int
) -> None:
    plan = _often_enough(storms.a_plan(Random(seed)))
    given_answers = [answer(name, "approve", after=3) for name in ("g", "h", "start") * 3]
    with TemporaryDirectory() as folder:
        whole = play(
            plan,
            Path(folder) / "whole.jsonl",
            outside=[(at, _whose(fact)) for at, fact in facts],
            hands=Whims(seed).hands(),
            answers=given_answers,
        )
        after = round(share * (len(whole.events) - 2))
        path = crash(whole, Path(folder) / "crashed.jsonl", after=after, torn=torn)
        ran = play(plan, path, resume=True, hands=Whims(seed + 1).hands(), answers=given_answers)
        assert ran.events[:after] == whole.events[:after]
        spawns = [it.data.spec.spawn for it in ran.of("agent.spawned") if it.data.spec.spawn]
        assert len(set(spawns)) == len(spawns)
        names = [it.data.agent for it in ran.of("agent.spawned")]
        assert len(set(names)) == len(names)
        tasks = [it.data.task for it in ran.of("task.created")]
        assert len(set(tasks)) == len(tasks)
        assert ran.session.status == "ended"
        assert recheck(plan, ran.events).divergence is None


def _often_enough(plan: Plan) -> Plan:
    """What comes every second may bring more to do than is done until the next, without end."""
    triggers = (
        replace(spec, max_fires=spec.max_fires or 20) if spec.type == "schedule" else spec
        for spec in plan.triggers
    )
    return replace(plan, triggers=tuple(triggers))


def _whose(fact: Fact) -> Fact:
    """Keys are set by agents, if not by triggers."""
    if isinstance(fact, e.SystemMemorySet):
        return e.SystemMemorySet(MemoryKey(fact.key), fact.value, AgentId("nobody"))
    return fact


def test_a_storm_is_the_same_whatever_python_hashes() -> None:
    """Nothing is decided in the order of a set."""
    script = (
        "from random import Random; from bench import storms\n"
        "for seed in range(30):\n"
        "    chance = Random(seed); world = storms.World(storms.a_plan(chance), chance)\n"
        "    world.run(); print(*world.events, sep='\\n')\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": hashes, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    ]
    assert said[0] == said[1]
    assert said[0].count(b"\n") > 1000
