"""Whatever happens, in whatever order, a session stays consistent with itself."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace

import pytest
from any_event import histories
from domain.moves import (
    AGENTS,
    PLANNED,
    SPECS,
    TASKS,
    agent_moves,
    legal_facts,
    legal_histories,
    task_moves,
    wild_facts,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mop_tui.domain import agent_lifecycle, task_lifecycle
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import WORKING, AgentState, AgentTrigger
from mop_tui.domain.events import AnyEvent, Event, Fact, Unknown
from mop_tui.domain.fold import apply
from mop_tui.domain.health import Reading, worst
from mop_tui.domain.ids import ActionId, AgentId, TeamId
from mop_tui.domain.locks import LockWanted, may_be_same
from mop_tui.domain.plan import AgentSpec
from mop_tui.domain.rows import KEPT_STAYS, Task, TaskStay, with_stay
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger

patient = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
wild_histories = histories(wild_facts)


def folded(history: list[AnyEvent]) -> Session:
    session = Session()
    for event in history:
        apply(session, event)
    return session


def next_event(session: Session, fact: Fact) -> AnyEvent:
    return Event(session.seq + 1, session.at + 7, fact.KIND, session.seq or None, fact)


def only_time_passed(before: Session, after: Session, *, ignored: int) -> bool:
    """Nothing differs, indices included, but time and the number of records ignored."""
    return after == replace(before, seq=after.seq, at=after.at, ignored=before.ignored + ignored)


def check(session: Session) -> None:
    """Assert that everything a session knows twice, it knows equally."""
    agents, tasks = session.agents, session.tasks
    assert +Counter(session.agent_counts) == Counter(a.state for a in agents.values())
    assert +Counter(session.task_counts) == Counter(t.state for t in tasks.values())

    busy = {name: a.task for name, a in agents.items() if a.task is not None}
    assert len(set(busy.values())) == len(busy), "a task is in the hands of two agents"
    assert session.holder == {task: name for name, task in busy.items()}
    assert session.working == len(busy)
    assert session.running == sum(a.running for a in agents.values())
    assert session.busy == sum(a.busy for a in agents.values()) <= session.running
    waiting = {
        (key, name, ask)
        for name, a in agents.items()
        for ask, key in a.waits.items()
        if isinstance(key, str)
    }
    assert waiting == {
        (key, name, ask) for key, who in session.waiting_agents.items() for name, ask in who
    }
    wanted = {
        (what.resource, name, ask, what.seq)
        for name, a in agents.items()
        for ask, what in a.waits.items()
        if isinstance(what, LockWanted)
    }
    assert wanted == {
        (resource, name, ask, seq)
        for resource, who in session.waiting_for_lock.items()
        for (name, ask), seq in who.items()
    }
    assert all(sorted(it.values()) == list(it.values()) for it in session.waiting_for_lock.values())
    assert {(lock.agent, resource) for resource, lock in session.locks.items()} == {
        (name, resource) for name, held in session.locked_by.items() for resource in held
    }
    known = {*session.locks, *session.waiting_for_lock}
    assert {name: set(others) for name, others in session.alike.items()} == {
        name: {other for other in known if may_be_same(name, other)} for name in known
    }
    assert set(busy.values()) <= set(tasks)

    for agent in agents.values():
        assert (agent.state is AgentState.PAUSED) == (agent.paused_in is not None)
        if agent.state is not AgentState.PAUSED:
            assert (agent.task is not None) == (agent.state in WORKING)

        assert agent.severe <= agent.failures
        assert not (agent.passes and agent.failures)
        assert {it for it, _ in agent.ongoing} <= {(it.metric, it.level) for it in agent.findings}
        assert all(times >= 1 for _, times in agent.ongoing)

    ready = {name for name, t in tasks.items() if t.state is TaskState.READY}
    pinned = {(agent, task) for agent, index in session.ready_pinned.items() for task in index}
    skilled = {(skill, task) for skill, index in session.ready_skilled.items() for task in index}
    specs = {name: tasks[name].spec for name in ready}
    assert pinned == {(s.agent, name) for name, s in specs.items() if s.agent is not None}
    assert skilled == {(s.requires_skill, name) for name, s in specs.items() if s.agent is None}

    unfinished = [t.spec for t in tasks.values() if t.state not in TERMINAL]
    assert +Counter(session.unfinished_pinned) == Counter(s.agent for s in unfinished if s.agent)
    assert +Counter(session.unfinished_skilled) == Counter(
        s.requires_skill for s in unfinished if s.agent is None
    )

    assert set(session.open_questions) == {
        name for name, q in session.questions.items() if q.state == "open"
    }
    progress = session.progress()
    assert progress is None or 0 <= progress <= 1


@patient
@given(legal_histories())
def test_a_session_in_which_all_is_legal_ignores_nothing_and_agrees_with_itself(
    history: list[AnyEvent],
) -> None:
    session = Session()
    for event in history:
        apply(session, event)
        check(session)
        assert session.ignored == 0
        assert (session.seq, session.at) == (event.seq, event.at)


@patient
@given(wild_histories)
def test_a_session_in_which_nothing_is_respected_agrees_with_itself(
    history: list[AnyEvent],
) -> None:
    session = Session()
    for event in history:
        apply(session, event)
        check(session)


@patient
@given(legal_histories(), st.lists(wild_facts, max_size=8))
def test_what_is_ignored_changes_nothing_and_is_counted(
    history: list[AnyEvent], facts: list[Fact]
) -> None:
    session = folded(history)
    for fact in facts:
        before = deepcopy(session)
        apply(session, next_event(session, fact))
        check(session)
        if session.ignored != before.ignored:
            assert only_time_passed(before, session, ignored=1)


@patient
@given(legal_histories().filter(lambda history: bool(folded(history).agents)), st.data())
def test_an_agent_moves_only_where_the_table_leads_from_where_it_is(
    history: list[AnyEvent], data: st.DataObject
) -> None:
    session = folded(history)
    before = deepcopy(session)
    agent = before.agents[data.draw(st.sampled_from(sorted(before.agents)))]
    move = data.draw(agent_moves(agent))
    target = agent_lifecycle.step(
        agent.state, move.trigger, paused_in=agent.paused_in, paused_by=agent.paused_by
    )
    apply(session, next_event(session, move))
    if (move.from_state, move.to_state) != (agent.state, target):
        assert only_time_passed(before, session, ignored=1)
    elif move.trigger not in (AgentTrigger.TASK_ASSIGNED, AgentTrigger.TASK_WITHDRAWN):
        assert session.agents[agent.spec.id].state is target
    check_others_stayed(before, session, agent.spec.id)


@patient
@given(legal_histories().filter(lambda history: bool(folded(history).tasks)), st.data())
def test_a_task_moves_only_where_the_table_leads_from_where_it_is(
    history: list[AnyEvent], data: st.DataObject
) -> None:
    session = folded(history)
    before = deepcopy(session)
    task = before.tasks[data.draw(st.sampled_from(sorted(before.tasks)))]
    move = data.draw(task_moves(task))
    target = task_lifecycle.step(task.state, move.trigger)
    apply(session, next_event(session, move))
    if (move.from_state, move.to_state) != (task.state, target):
        assert only_time_passed(before, session, ignored=1)
    elif move.trigger is not TaskTrigger.ASSIGNED:
        assert session.tasks[task.spec.id].state is target
    check_others_stayed(before, session, task.spec.id)


def check_others_stayed(before: Session, after: Session, moved: str) -> None:
    """Assert that no agent and no task but `moved` differs; when and for how long the task in its
    hands was paused may."""
    assert {n: a for n, a in before.agents.items() if n != moved} == {
        n: a for n, a in after.agents.items() if n != moved
    }
    held = {agent.task for name, agent in before.agents.items() if name == moved}

    def without_pauses(task: Task) -> Task:
        return replace(task, touched=0, paused_ms=0, paused_since=None, history=())

    def rest(session: Session) -> dict[str, Task]:
        return {
            name: without_pauses(task) if name in held else task
            for name, task in session.tasks.items()
            if name != moved
        }

    assert rest(before) == rest(after)


@patient
@given(legal_histories(), st.sampled_from([-2, -1, 1, 2]))
def test_facts_of_a_former_process_change_nothing(history: list[AnyEvent], away: int) -> None:
    session = folded(history)
    before = deepcopy(session)
    for name, agent in before.agents.items():
        other = agent.incarnation + away
        task = agent.task or TASKS[0]
        for fact in (
            e.AgentProgressed(name, other, task, 99, "of old"),
            e.AgentOutput(name, other, task, ("of old",)),
            e.AgentExited(name, other, task, 9),
        ):
            apply(session, next_event(session, fact))
            assert only_time_passed(before, session, ignored=0)


def test_a_kind_that_is_not_known_changes_nothing() -> None:
    session = Session()
    apply(session, Event(1, 5, "agent.dreamt", None, Unknown({"agent": "a0"})))
    assert session == Session(seq=1, at=5)


@patient
@given(legal_histories())
def test_a_task_goes_to_no_second_agent_while_the_first_has_it(
    history: list[AnyEvent],
) -> None:
    session = folded(history)
    for task, holder in list(session.holder.items()):
        for name in AGENTS:
            fact = e.TaskTransitioned(
                task,
                TaskTrigger.ASSIGNED,
                TaskState.READY,
                TaskState.ASSIGNED,
                "me too",
                name,
            )
            apply(session, next_event(session, fact))
        assert session.holder[task] == holder
        check(session)


def test_a_process_that_is_started_twice_runs_once() -> None:
    session = Session()
    facts: list[Fact] = [e.AgentSpawned(AGENTS[0], SPECS[AGENTS[0]])]
    for action in (ActionId("1.0"), ActionId("1.1")):
        facts.append(e.SystemIntended(action, "start_process", AGENTS[0], None, 1))
        facts.append(e.SystemDone(action, "start_process", AGENTS[0]))
    for fact in facts:
        apply(session, next_event(session, fact))
    assert session.running == 1
    apply(session, next_event(session, e.AgentExited(AGENTS[0], 1, TASKS[0], 0)))
    check(session)
    assert session.idle


# -- snapshots ------------------------------------------------------------------------------------


@patient
@given(st.one_of(legal_histories(), wild_histories), st.sets(st.integers(0, 40)))
def test_what_was_handed_out_never_changes(history: list[AnyEvent], at: set[int]) -> None:
    session = Session()
    taken = []
    for event in history:
        if event.seq in at:
            snapshot = session.snapshot()
            taken.append((snapshot, deepcopy(snapshot)))
        apply(session, event)
    for snapshot, as_it_was in taken:
        assert snapshot == as_it_was


@patient
@given(st.one_of(legal_histories(), wild_histories), st.sets(st.integers(0, 40)))
def test_a_snapshot_does_not_depend_on_which_were_taken_before(
    history: list[AnyEvent], at: set[int]
) -> None:
    session = Session()
    for event in history:
        apply(session, event)
        if event.seq in at:
            session.snapshot()
    assert session.snapshot() == folded(history).snapshot()
    assert session.snapshot() == session.snapshot()


@patient
@given(
    st.one_of(legal_histories(), wild_histories), st.dictionaries(st.integers(0, 40), st.booleans())
)
def test_a_snapshot_does_not_depend_on_what_was_prepared(
    history: list[AnyEvent], at: dict[int, bool]
) -> None:
    session = Session()
    for event in history:
        apply(session, event)
        if event.seq in at:
            while session.prepare_snapshot():
                assert session.seq == event.seq
            if at[event.seq]:
                session.snapshot()
    assert session.snapshot() == folded(history).snapshot()


def test_a_large_snapshot_is_prepared_bit_by_bit() -> None:
    session = Session()
    for number in range(250):
        spec = AgentSpec(AgentId(f"agent-{number}"), "worker", TeamId("team"))
        apply(session, next_event(session, e.AgentSpawned(spec.id, spec)))
    steps = 1
    while session.prepare_snapshot():
        steps += 1
    assert steps == 3


@patient
@given(legal_histories())
def test_a_snapshot_shows_every_row_as_it_is_and_shares_none(history: list[AnyEvent]) -> None:
    session = folded(history)
    shown = session.snapshot()
    assert (shown.seq, shown.at, shown.status) == (session.seq, session.at, session.status)
    assert shown.agents == session.agents
    assert shown.tasks == session.tasks
    assert shown.questions == session.questions
    assert shown.issues == session.issues
    assert shown.feedback == session.feedback
    assert shown.memory == session.memory
    assert shown.agent_counts == Counter(a.state for a in session.agents.values())
    assert shown.task_counts == Counter(t.state for t in session.tasks.values())
    assert all(shown.agents[name] is not row for name, row in session.agents.items())
    assert all(shown.tasks[name] is not row for name, row in session.tasks.items())


# -- digests --------------------------------------------------------------------------------------


def digests(history: list[AnyEvent]) -> list[str]:
    """The digest after each event, each covering the ones before."""
    session, found = Session(), []
    for event in history:
        apply(session, event)
        found.append(session.next_digest())
        session.digested(found[-1])
    return found


def otherwise(fact: Fact) -> Fact | None:
    """The same kind of fact with something else in it that the state shows, if there is."""
    match fact:
        case e.AgentProgressed():
            return replace(fact, percent=fact.percent + 1)
        case e.AgentOutput():
            return replace(fact, dropped=fact.dropped + 1)
        case e.AgentExited():
            return replace(fact, code=7)
        case e.TaskOutput():
            return replace(fact, value="undone")
        case e.UserFeedback():
            return replace(fact, text="badly done")
        case e.UserAnswered():
            return replace(fact, value="reject" if fact.value == "approve" else "approve")
        case e.SystemMemorySet():
            return replace(fact, value="another")
        case e.SystemIssueOpened():
            return replace(fact, text="look away")
        case e.SystemIntended(effect="start_process"):
            return replace(fact, incarnation=fact.incarnation + 1)
        case e.SystemDone(effect="start_process"):
            return replace(fact, error="" if fact.error else "no such program")
        case e.AgentTransitioned() | e.TaskTransitioned() | e.AgentSpawned() | e.TaskCreated():
            return fact
        case _:
            return None


@patient
@given(st.one_of(legal_histories(), wild_histories))
def test_equal_histories_have_equal_digests(history: list[AnyEvent]) -> None:
    assert digests(history) == digests(deepcopy(history))


@patient
@given(legal_histories().filter(bool), st.data())
def test_a_history_that_differs_in_one_event_has_other_digests_from_there_on(
    history: list[AnyEvent], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(history) - 1))
    event = history[index]
    other = otherwise(event.data)
    if other is None:
        return
    late = event.at + 1 if other is event.data else event.at
    changed = [*history[:index], replace(event, data=other, at=late), *history[index + 1 :]]
    ours, theirs = digests(history), digests(changed)
    assert ours[:index] == theirs[:index]
    assert all(one != another for one, another in zip(ours[index:], theirs[index:], strict=True))


@patient
@given(legal_histories())
def test_a_recorded_digest_begins_a_new_stretch(history: list[AnyEvent]) -> None:
    session = folded(history)
    expected = session.next_digest()
    apply(session, next_event(session, e.SystemDigest(expected)))
    assert session.digest == expected
    assert session.next_digest() != expected
    assert session.next_digest() == folded_from(expected).next_digest()


def folded_from(digest: str) -> Session:
    """A session that knows nothing but the digest of what came before."""
    return Session(digest=digest)


# -- what tests rest upon -------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 1, 50])
def test_there_is_always_something_legal_that_may_happen(steps: int) -> None:
    session = Session()
    for _ in range(steps):
        apply(session, next_event(session, legal_facts(session)[0]))
    assert legal_facts(session)


@patient
@given(legal_histories())
def test_an_agent_remembers_where_it_was_with_which_task(history: list[AnyEvent]) -> None:
    session = Session()
    for event in history:
        before = {name: agent.history for name, agent in session.agents.items()}
        apply(session, event)
        for name, agent in session.agents.items():
            now = (event.at, agent.state, agent.task, agent.paused_by)
            if agent.moved == event.seq:
                assert agent.history == (*before.get(name, ()), now)
            else:
                assert agent.history == before[name]
            assert agent.history[-1][:2] == (agent.since, agent.state)


@patient
@given(legal_histories())
def test_a_task_remembers_where_it_was_in_whose_hands(history: list[AnyEvent]) -> None:
    session = Session()
    for event in history:
        apply(session, event)
        for task in session.tasks.values():
            at, state, agent, hold = task.history[-1]
            assert (state, agent) == (task.state, task.agent)
            assert at >= task.since
            if state is TaskState.READY:
                assert (hold == "rest") is task.resting
            assert task.history[0][0] == task.created_at


def test_no_more_than_so_many_stays_are_kept_and_the_latest_are() -> None:
    kept: tuple[TaskStay, ...] = ()
    for at in range(10 * KEPT_STAYS):
        kept = with_stay(kept, (at, TaskState.READY, None, None))
        assert KEPT_STAYS * 3 // 4 < len(kept) <= KEPT_STAYS or len(kept) == at + 1
        assert [stay[0] for stay in kept] == list(range(at + 1 - len(kept), at + 1))


# -- health ---------------------------------------------------------------------------------------

CPU = Reading("cpu", "degraded", "measured", 85.0, 80.0)
MEMORY = Reading("memory", "unhealthy", "measured", 99.0, 95.0)


def at_work() -> Session:
    """Return a session in which an agent is at work."""
    session = Session()
    name, task = AGENTS[0], TASKS[0]
    facts: list[Fact] = [
        e.AgentSpawned(name, SPECS[name]),
        e.TaskCreated(task, PLANNED[task]),
        e.SystemIntended(ActionId("1.0"), "start_process", name, task, 1),
        e.SystemDone(ActionId("1.0"), "start_process", name),
    ]
    for fact in facts:
        apply(session, next_event(session, fact))
    session.agents[name].state = AgentState.ACTIVE
    return session


def checked(session: Session, *found: Reading, incarnation: int = 1) -> None:
    fact = e.AgentChecked(AGENTS[0], incarnation, worst(found), found)
    apply(session, next_event(session, fact))


def counts(session: Session) -> tuple[int, int, int]:
    row = session.agents[AGENTS[0]]
    return row.failures, row.severe, row.passes


def test_bad_checks_and_good_ones_are_counted_in_a_row() -> None:
    session = at_work()
    checked(session, CPU)
    checked(session, CPU, MEMORY)
    checked(session, MEMORY)
    assert counts(session) == (3, 2, 0)
    assert dict(session.agents[AGENTS[0]].ongoing) == {("memory", "unhealthy"): 2}
    checked(session)
    assert counts(session) == (0, 0, 1)
    checked(session, CPU)
    assert counts(session) == (1, 0, 0)


def test_a_check_of_another_process_counts_nothing() -> None:
    session = at_work()
    checked(session, CPU, incarnation=7)
    assert counts(session) == (0, 0, 0)


def test_when_the_clock_jumps_counting_begins_anew() -> None:
    session = at_work()
    checked(session, MEMORY)
    unanswered = e.AgentHealth(AGENTS[0], 1, "ping", unanswered_ms=9_000)
    apply(session, next_event(session, unanswered))
    apply(session, next_event(session, e.SystemClockJumped(late=2)))
    row = session.agents[AGENTS[0]]
    assert counts(session) == (0, 0, 0)
    assert (row.unanswered_ms, row.ongoing, row.watched_from) == (None, (), session.at)


def test_a_new_process_gives_no_sign_of_life_before_its_own() -> None:
    session = at_work()
    name, task = AGENTS[0], TASKS[0]
    apply(session, next_event(session, e.AgentOutput(name, 1, task, ("hello",))))
    assert session.agents[name].last_active == session.at
    again = e.SystemIntended(ActionId("2.0"), "start_process", name, task, 2)
    apply(session, next_event(session, again))
    assert session.agents[name].last_active is None


def test_an_answer_ends_the_waiting_for_it_and_silence_keeps_the_last() -> None:
    session = at_work()
    for fact in (
        e.AgentHealth(AGENTS[0], 1, "ping", response_ms=3.0),
        e.AgentHealth(AGENTS[0], 1, "ping", unanswered_ms=9_000),
    ):
        apply(session, next_event(session, fact))
    row = session.agents[AGENTS[0]]
    assert (row.response_ms, row.unanswered_ms) == (3.0, 9_000)
    apply(session, next_event(session, e.AgentHealth(AGENTS[0], 1, "ping", response_ms=4.0)))
    assert (row.response_ms, row.unanswered_ms) == (4.0, None)
