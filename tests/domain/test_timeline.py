"""What is said of the past is what was so at every moment, and nothing is said twice."""

from collections.abc import Sequence
from itertools import pairwise

from domain.moves import legal_histories
from domain.test_eta import MINUTE, NOW, active, agent, done, snapshot, task
from hypothesis import HealthCheck, given, settings

from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.eta import estimate
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.rows import KEPT_STAYS, Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TaskState
from mop_tui.domain.timeline import (
    Phase,
    Piece,
    Prospect,
    agent_pieces,
    asked_about,
    prospect,
    spent,
    task_pieces,
)

patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

PAUSES = {
    PausedBy.OPERATOR: Phase.PAUSED,
    PausedBy.STRATEGY: Phase.PAUSED,
    PausedBy.DEPENDENCY: Phase.KEY,
    PausedBy.QUESTION: Phase.ASKING,
    PausedBy.LOCK: Phase.LOCK,
}


def at(pieces: Sequence[Piece], moment: int) -> Piece:
    (found,) = (piece for piece in pieces if piece.begin <= moment < piece.end)
    return found


def tiles(pieces: Sequence[Piece], created: int, until: int) -> None:
    """Assert that pieces cover a row's life once, and that neighbours differ."""
    assert pieces[0].begin == created
    assert pieces[-1].end == until
    assert all(piece.begin < piece.end for piece in pieces)
    assert all(former.end == later.begin for former, later in pairwise(pieces))
    assert sum(spent(pieces).values()) == until - created
    for one, other in pairwise(pieces):
        assert (one.phase, one.state, one.task, one.agent) != (
            other.phase,
            other.state,
            other.task,
            other.agent,
        )


@patient
@given(legal_histories())
def test_the_pieces_of_an_agent_say_what_it_did_at_every_moment(history: list[AnyEvent]) -> None:
    session = Session()
    was: dict[AgentId, list[tuple[int, AgentState, TaskId | None, PausedBy | None]]] = {}
    for event in history:
        apply(session, event)
        for name, row in session.agents.items():
            seen = (event.at, row.state, row.task, row.paused_by)
            was.setdefault(name, []).append(seen)
    until = session.at + 1
    for name, row in session.agents.items():
        pieces = agent_pieces(row, until)
        tiles(pieces, row.created_at, until)
        for moment, state, in_hand, by in was[name]:
            piece = at(pieces, moment)
            assert (piece.state, piece.task) == (state, in_hand)
            if by is not None:
                assert piece.phase is PAUSES[by]
            elif state is AgentState.ACTIVE:
                assert piece.phase is Phase.WORKING


@patient
@given(legal_histories())
def test_the_pieces_of_a_task_say_what_became_of_it_at_every_moment(
    history: list[AnyEvent],
) -> None:
    session = Session()
    was: dict[TaskId, list[tuple[int, TaskState, AgentId | None, Phase | None]]] = {}
    for event in history:
        apply(session, event)
        for name, row in session.tasks.items():
            phase = None
            holder = session.agents.get(row.agent) if row.agent is not None else None
            if row.state is TaskState.READY:
                asked = row.question is not None
                phase = Phase.RESTING if row.resting else Phase.ASKING if asked else Phase.QUEUED
            elif row.state in HELD_BY_AGENT and holder is not None and holder.task == name:
                by = holder.paused_by
                goes_on = Phase.WORKING if row.state is TaskState.ACTIVE else Phase.STARTING
                phase = goes_on if by is None else PAUSES[by]
            was.setdefault(name, []).append((event.at, row.state, row.agent, phase))
    until = session.at + 1
    asked_of = asked_about(session.questions.values())
    for name, row in session.tasks.items():
        pieces = task_pieces(row, asked_of.get(name, ()), until)
        tiles(pieces, row.created_at, until)
        for moment, state, in_hands, phase in was[name]:
            piece = at(pieces, moment)
            assert (piece.state, piece.agent) == (state, in_hands)
            if phase is not None:
                assert piece.phase is phase


def test_what_is_not_kept_any_more_is_called_so() -> None:
    row = agent("ann", history=((500, AgentState.AVAILABLE, None, None),), created_at=100)
    assert agent_pieces(row, 700) == (
        Piece(100, 500, Phase.FORGOTTEN, None),
        Piece(500, 700, Phase.IDLE, AgentState.AVAILABLE),
    )
    long_ago = task("t", history=((KEPT_STAYS, TaskState.READY, None, None),))
    assert task_pieces(long_ago, (), 200)[0].phase is Phase.FORGOTTEN


def test_what_an_agent_has_forgotten_its_tasks_still_know() -> None:
    rows, ann = [], AgentId("ann")
    for number in range(60):
        begin = number * 100
        rows.append(
            task(
                f"t{number}",
                agent=ann,
                state=TaskState.COMPLETE,
                history=(
                    (0, TaskState.READY, None, None),
                    (begin, TaskState.ASSIGNED, ann, None),
                    (begin + 10, TaskState.ACTIVE, ann, None),
                    (begin + 40, TaskState.ACTIVE, ann, PausedBy.QUESTION),
                    (begin + 50, TaskState.ACTIVE, ann, None),
                    (begin + 70, TaskState.COMPLETE, ann, None),
                ),
            )
        )
    row = agent("ann", history=((5_950, AgentState.AVAILABLE, None, None),))
    pieces = agent_pieces(row, 6_000, rows)
    tiles(pieces, 0, 6_000)
    assert [(it.phase, it.task) for it in pieces if it.begin < 100] == [
        (Phase.STARTING, "t0"),
        (Phase.WORKING, "t0"),
        (Phase.ASKING, "t0"),
        (Phase.WORKING, "t0"),
        (Phase.FORGOTTEN, None),
    ]
    assert spent(pieces)[Phase.WORKING] == 59 * 50 + 30
    assert at(pieces, 5_949).phase is Phase.ASKING
    assert spent(agent_pieces(row, 6_000))[Phase.FORGOTTEN] == 5_950


def test_a_question_cuts_the_time_in_a_queue_only() -> None:
    stays = ((0, TaskState.PENDING, None, None), (10, TaskState.READY, None, None))
    row = task("t", history=stays)
    spans = [(5, 20), (40, 50), (90, None)]
    said = [(it.begin, it.end, it.phase) for it in task_pieces(row, spans, 100)]
    assert said == [
        (0, 10, Phase.PENDING),
        (10, 20, Phase.ASKING),
        (20, 40, Phase.QUEUED),
        (40, 50, Phase.ASKING),
        (50, 90, Phase.QUEUED),
        (90, 100, Phase.ASKING),
    ]


# -- what is ahead, and the critical path ---------------------------------------------------------


def seen(agents: Sequence[Agent], tasks: Sequence[Task], limit: int | None = None) -> Prospect:
    now = snapshot(agents, tasks, limit)
    return prospect(now, estimate(now, NOW))


def minutes(found: Prospect) -> dict[str, tuple[str | None, float, float]]:
    return {
        name: (it.agent, (it.begin - NOW) / MINUTE, (it.end - NOW) / MINUTE)
        for name, it in found.ahead.items()
    }


def test_what_is_ahead_is_played_through() -> None:
    found = seen([agent("ann")], [task("a", 10), task("b", 5, "a")])
    assert minutes(found) == {"a": ("ann", 0, 10), "b": ("ann", 10, 15)}
    assert [it.task for it in found.of[AgentId("ann")]] == ["a", "b"]
    assert found.end == NOW + 15 * MINUTE
    assert found.path == ("a", "b")


def test_the_longer_of_two_ways_is_critical() -> None:
    tasks = [task("long", 10), task("short", 2), task("end", 5, "short", "long")]
    assert seen([agent("ann"), agent("bob")], tasks).path == ("long", "end")


def test_whoever_is_busy_is_on_the_path_though_nothing_needs_what_he_does() -> None:
    busy = active("chore", 10, "ann", worked=4)
    waits = task("end", 5, agent="ann")
    found = seen([agent("ann", state=AgentState.ACTIVE)], [busy, waits])
    assert found.path == ("chore", "end")


def test_a_limit_puts_on_the_path_what_left_a_place() -> None:
    tasks = [task("a", 10), task("b", 20), task("c", 5)]
    found = seen([agent("ann"), agent("bob"), agent("cid")], tasks, limit=1)
    assert found.path == ("b", "a", "c")


def test_who_provides_a_key_first_is_on_the_path() -> None:
    key = MemoryKey("k")
    tasks = [
        task("first", 3, provides=(key,)),
        task("later", 6, provides=(key,)),
        task("end", 10, needs_keys=(key,)),
    ]
    assert seen([agent(name) for name in ("ann", "bob")], tasks).path == ("first", "end")


def test_the_path_begins_with_what_is_done_already() -> None:
    a = done("a", 90)
    b = task("b", 20, "a", state=TaskState.READY)
    found = seen([agent("ann")], [a, b])
    assert found.path == ("a", "b")


def test_unknown_durations_make_the_path_unknown_and_nothing_is_invented() -> None:
    found = seen([agent("ann")], [task("a", None), task("b", None, "a")])
    assert (found.path, found.ahead, found.end) == ((), {}, None)
    assert "declare no duration" in found.unknown


def test_what_can_be_played_through_is_ahead_though_something_else_is_stuck() -> None:
    tasks = [task("a", 10), task("never", 5, agent="nobody")]
    found = seen([agent("ann")], tasks)
    assert minutes(found) == {"a": ("ann", 0, 10)}
    assert found.path == ()
    assert "waits for agent nobody" in found.unknown
