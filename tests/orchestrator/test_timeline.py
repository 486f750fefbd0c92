"""The timeline of sessions that were played: what it says of their end is what made it so late."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import GIVEN_AT_GATES, Whims, plans, stop_at, whole_sessions
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import (
    Phase,
    agent_pieces,
    asked_about,
    first_begun,
    outlook,
    spent,
    task_pieces,
)
from sessions import agent, answer, plan, play, question, task


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "session.jsonl"


def path_of(session: Session) -> tuple[str, ...]:
    return outlook(session.snapshot(), None).path


@pytest.mark.parametrize("max_agents", [None, 1, 2])
def test_the_critical_path_takes_as_long_as_the_whole(file: Path, max_agents: int | None) -> None:
    crew = [agent("ann", "x"), agent("ben", "x"), agent("cid", "x")]
    tasks = [
        task("a", skill="x", seconds=10),
        task("b", skill="x", seconds=25, needs="a"),
        task("c", skill="x", seconds=40, locks=["l"]),
        task("d", skill="x", seconds=15, locks=["l"]),
        task("e", skill="x", seconds=5, needs="bd"),
        task("f", "ann", seconds=30),
    ]
    ran = play(plan(crew, tasks, max_agents=max_agents), file)
    rows = ran.session.tasks
    path = path_of(ran.session)
    ends = {name: row.ended_at or 0 for name, row in rows.items()}
    begins = {name: first_begun(row) for name, row in rows.items()}
    assert ends[path[-1]] == max(ends.values())
    assert begins[path[0]] == min(filter(None.__ne__, begins.values()))
    assert all(ends[one] == begins[other] for one, other in pairwise(path))


def test_pauses_queues_and_answers_are_told_apart(file: Path) -> None:
    tasks = [
        task("a", "ann", seconds=10),
        task("b", "ann", seconds=20),
        task("c", "ben", seconds=5, needs="a", gate="go"),
    ]
    crew = [agent("ann"), agent("ben")]
    answers = [answer("go", "approve", after=7)]
    ran = play(plan(crew, tasks, [question("go")]), file, answers=answers)
    session = ran.session
    asked = asked_about(session.questions.values())
    times = {
        name: spent(
            it
            for it in task_pieces(row, asked.get(name, ()), session.at)
            if it.phase is not Phase.OVER
        )
        for name, row in session.tasks.items()
    }
    assert times["a"] == {Phase.WORKING: 10_000}
    assert times["b"] == {Phase.QUEUED: 10_000, Phase.WORKING: 20_000}
    assert times["c"] == {Phase.PENDING: 10_000, Phase.ASKING: 7_000, Phase.WORKING: 5_000}


@whole_sessions(30)
@given(plans(), st.integers(0, 2**32), st.none() | st.integers(1, 200))
def test_any_session_is_told_without_gaps(what: Plan, seed: int, moment: int | None) -> None:
    with TemporaryDirectory() as folder:
        ran = play(
            what,
            Path(folder) / "session.jsonl",
            answers=GIVEN_AT_GATES,
            hands=Whims(seed).hands(),
            during=stop_at(moment),
        )
    session = ran.session
    until = session.at + 1
    asked = asked_about(session.questions.values())
    in_hands: dict[tuple[str, str], int] = {}
    for name, row in session.agents.items():
        pieces = agent_pieces(row, until)
        assert sum(spent(pieces).values()) == until - row.created_at
        for piece in pieces:
            if piece.task is not None and piece.phase is Phase.WORKING:
                key = (name, piece.task)
                in_hands[key] = in_hands.get(key, 0) + piece.end - piece.begin
    for name, row in session.tasks.items():
        pieces = task_pieces(row, asked.get(name, ()), until)
        assert sum(spent(pieces).values()) == until - row.created_at
        worked: dict[str, int] = {}
        for piece in pieces:
            if piece.agent is not None and piece.phase is Phase.WORKING:
                worked[piece.agent] = worked.get(piece.agent, 0) + piece.end - piece.begin
        told = {who: in_hands.get((who, name), 0) for who in worked}
        assert told == worked
    path = path_of(session)
    rows = session.tasks
    for one, other in pairwise(path):
        ended, begun = rows[one].ended_at, first_begun(rows[other])
        assert ended is not None
        assert begun is not None
        assert ended <= begun
        assert rows[one].state is not TaskState.CANCELLED
