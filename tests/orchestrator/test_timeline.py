"""The timeline of sessions that were played: what it says of their end is what made it so late."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import GIVEN_AT_GATES, Whims, plans, stop_at, whole_sessions
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import (
    Phase,
    agent_pieces,
    asked_about,
    first_begun,
    prospect,
    spent,
    task_pieces,
)
from mop_tui.orchestrator.answers import PreparedAnswer
from sessions import agent, answer, fixed, plan, play, question, task


def begun(row: Task) -> int:
    at = first_begun(row)
    assert at is not None
    return at


def path_of(session: Session) -> tuple[TaskId, ...]:
    return prospect(session.snapshot(), None).path


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
    begins = {name: begun(row) for name, row in rows.items()}
    assert ends[path[-1]] == max(ends.values())
    assert begins[path[0]] == min(begins.values())
    assert all(ends[one] == begins[other] for one, other in pairwise(path))


def test_pauses_queues_and_answers_are_told_apart(file: Path) -> None:
    tasks = [
        task("a", "ann", seconds=10),
        task("b", "ann", seconds=12),
        task("c", "ben", seconds=5, needs="a", gate="go"),
    ]
    crew = [agent("ann"), agent("ben")]
    answers = [answer("go", "approve", after=7)]
    scripts = {"a": fixed(10), "b": fixed(12), "c": fixed(5)}
    what = plan(crew, tasks, [question("go")], scripts=scripts)
    ran = play(what, file, answers=answers)
    session = ran.session
    asked = asked_about(session.questions.values())
    times = {
        str(name): spent(
            it
            for it in task_pieces(row, asked.get(name, ()), session.at)
            if it.phase is not Phase.OVER
        )
        for name, row in session.tasks.items()
    }
    assert times["a"] == {Phase.WORKING: 10_000}
    assert times["b"] == {Phase.QUEUED: 10_000, Phase.WORKING: 12_000}
    assert times["c"] == {Phase.PENDING: 10_000, Phase.ASKING: 7_000, Phase.WORKING: 5_000}


@whole_sessions(30)
@given(plans(), GIVEN_AT_GATES, st.integers(0, 2**32), st.none() | st.integers(1, 200))
def test_any_session_is_told_without_gaps(
    what: Plan, answers: list[PreparedAnswer], seed: int, moment: int | None
) -> None:
    with TemporaryDirectory() as folder:
        ran = play(
            what,
            Path(folder) / "session.jsonl",
            answers=answers,
            hands=Whims(seed).hands(),
            during=stop_at(moment),
        )
    session = ran.session
    until = session.at + 1
    asked = asked_about(session.questions.values())
    by_agents: dict[tuple[AgentId, TaskId], int] = {}
    for agent_id, row in session.agents.items():
        pieces = agent_pieces(row, until)
        assert sum(spent(pieces).values()) == until - row.created_at
        for piece in pieces:
            if piece.task is not None and piece.phase is Phase.WORKING:
                # A task that was cancelled is over; its process may take a while to end.
                over = session.tasks[piece.task].ended_at
                end = piece.end if over is None else min(piece.end, over)
                key = (agent_id, piece.task)
                by_agents[key] = by_agents.get(key, 0) + max(0, end - piece.begin)
    of_tasks: dict[tuple[AgentId, TaskId], int] = {}
    for task_id, done in session.tasks.items():
        pieces = task_pieces(done, asked.get(task_id, ()), until)
        assert sum(spent(pieces).values()) == until - done.created_at
        for piece in pieces:
            if piece.agent is not None and piece.phase is Phase.WORKING:
                key = (piece.agent, task_id)
                of_tasks[key] = of_tasks.get(key, 0) + piece.end - piece.begin
    assert of_tasks == by_agents
    path = path_of(session)
    rows = session.tasks
    for one, other in pairwise(path):
        ended = rows[one].ended_at
        assert ended is not None
        assert ended <= begun(rows[other])
        assert rows[one].state is not TaskState.CANCELLED
