"""The critical path is what a session's length came from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from figures import assert_consistent
from hands import Hand

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.plan import Plan, Retry, Review
from mop_tui.report.gathering import gather
from mop_tui.report.summary import Summary
from sessions import Ran, agent, answer, exact, kind, plan, play, question, task, trigger

Told_ = tuple[str, str, int, int, int]
"""Of a step: its task, what it had to wait for, and from when to when it took, in seconds; and how
long it waited."""


def steps(ran: Ran) -> list[Told_]:
    """Return the critical path of a session."""
    summary: Summary = gather(ran.path)
    assert_consistent(summary)
    return [
        (
            it.task,
            it.kind,
            round(it.begin / 1000),
            round(it.end / 1000),
            round(it.waited_ms / 1000),
        )
        for it in summary.critical_path
    ]


ANN, BEN = agent("ann", "x"), agent("ben", "x")


def test_nothing_was_done_so_there_is_no_path(file: Path) -> None:
    what = exact([ANN], [task("one", "ann", seconds=9, gate="g")], [question("g")])
    assert steps(play(what, file, answers=[answer("g", "reject")])) == []


def test_the_later_of_two_needs_counts(file: Path) -> None:
    tasks = [
        task("a", "ann", seconds=10),
        task("b", "ben", seconds=25),
        task("c", "ann", seconds=5, needs="ab"),
    ]
    ran = play(exact([ANN, BEN], tasks), file)
    assert steps(ran) == [("b", "start", 0, 25, 0), ("c", "task", 25, 30, 0)]
    assert [it.because for it in gather(ran.path).critical_path][1] == "b was complete"


def test_a_busy_agent(file: Path) -> None:
    tasks = [task("a", "ann", seconds=10), task("b", "ann", seconds=20)]
    found = steps(play(exact([ANN], tasks), file))
    assert [it[1] for it in found] == ["start", "agent"]
    assert found[-1][3] == 30


def test_an_answer_and_what_came_before_it(file: Path) -> None:
    tasks = [task("a", "ann", seconds=10), task("b", "ben", seconds=5, needs="a", gate="g")]
    what = exact([ANN, BEN], tasks, [question("g")])
    ran = play(what, file, answers=[answer("g", "approve", after=30)])
    assert steps(ran) == [("a", "start", 0, 10, 0), ("b", "answer", 40, 45, 30)]
    assert gather(ran.path).critical_path[-1].because == "the answer to g, which took 30 s"


def test_an_answer_in_the_midst_of_work(file: Path) -> None:
    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(4, hand.ask, "q")
        elif isinstance(heard, Reply):
            hand.after(6, hand.exit)

    what = plan([ANN], [task("a", "ann")])
    ran = play(what, file, hands=works, answers=[answer("ann/q", "approve", after=50)])
    assert steps(ran) == [("a", "start", 0, 4, 0), ("a", "answer", 54, 60, 50)]


def test_a_lock_that_another_had(file: Path) -> None:
    tasks = [
        task("a", "ann", seconds=20, locks=["disk/*"]),
        task("b", "ben", seconds=5, locks=["disk/x"]),
    ]
    found = steps(play(exact([ANN, BEN], tasks), file))
    assert found == [("a", "start", 0, 20, 0), ("b", "lock", 20, 25, 0)]


def test_a_retry_and_its_rest(file: Path) -> None:
    tries = iter([1, 0])

    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(10, hand.exit, next(tries))

    what = plan([ANN], [task("a", "ann", retry=Retry(1, 30_000))])
    found = steps(play(what, file, hands=works))
    assert [it[:2] for it in found] == [("a", "start"), ("a", "rest")]
    assert found[0][2:4] == (0, 10)
    assert 24 <= found[1][4] <= 36


def test_a_place_that_came_free(file: Path) -> None:
    tasks = [task("a", "ann", seconds=10), task("b", "ben", seconds=20)]
    found = steps(play(exact([ANN, BEN], tasks, max_agents=1), file))
    assert [it[1] for it in found] == ["start", "place"]
    assert found[-1][3] == 30


def test_a_review_that_rejected_once(file: Path) -> None:
    verdicts = iter(['{"verdict": "reject", "reason": "no"}', "fine"])

    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            review = heard.task.reviews is not None
            hand.after(4 if review else 10, hand.exit, 0, next(verdicts) if review else "done")

    what = plan([ANN, BEN], [task("a", "ann", review=Review(AgentId("ben")))])
    found = steps(play(what, file, hands=works))
    assert [(name, begin, end) for name, _, begin, end, _ in found] == [
        ("a", 0, 10),
        ("review-of-a-1", 10, 14),
        ("a", 14, 24),
        ("review-of-a-2", 24, 28),
    ]


@pytest.mark.parametrize("who", ["kind", "team"])
def test_who_was_spawned_because_of_what_another_did(file: Path, who: str) -> None:
    more: dict[str, Any] = {"agents": ("fixer",)} if who == "kind" else {"team": "others"}
    bring = trigger(
        "bring",
        "memory_key",
        "spawn_agent" if who == "kind" else "spawn_team",
        key=MemoryKey("k"),
        **more,
    )
    last = task("b", skill="fix", seconds=7) if who == "kind" else task("b", "bob", seconds=7)
    what: Plan = exact(
        [ANN],
        [task("a", "ann", seconds=10, provides=["k"]), last],
        triggers=[bring],
        kinds={"fixer": kind("fix")},
        awaited=[agent("bob")],
    )
    found = steps(play(what, file))
    assert found[:2] == [("a", "start", 0, 10, 0), ("b", "spawned", 10, 17, 0)]


def test_a_key_that_was_set_in_the_midst_of_work(file: Path) -> None:
    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.id == "a":
            hand.after(10, hand.remember, "k", 1)
            hand.after(12, hand.exit)
        elif isinstance(heard, Assignment):
            hand.after(20, hand.exit)

    what = plan([ANN, BEN], [task("a", "ann"), task("b", "ben", keys=["k"])])
    found = steps(play(what, file, hands=works))
    assert found == [("a", "start", 0, 10, 0), ("b", "key", 10, 30, 0)]


def test_of_a_session_that_goes_on_it_leads_to_the_last_end(file: Path) -> None:
    tasks = [task("a", "ann", seconds=10), task("b", "ann", seconds=20, needs="a")]
    ran = play(exact([ANN], tasks), file)
    done = next(it for it in ran.of("task.transitioned") if it.data.to_state == "COMPLETE")
    lines = ran.path.read_bytes().splitlines(keepends=True)
    cut = file.with_name("cut.jsonl")
    cut.write_bytes(b"".join(lines[: done.seq + 1]))
    assert steps(replace(ran, path=cut)) == [("a", "start", 0, 10, 0)]
