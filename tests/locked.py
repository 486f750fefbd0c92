"""What holds of the locks of any session."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from chance import ended_in_order

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.locks import LockWanted, may_be_same, wanted
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from sessions import Ran


def in_order(ran: Ran) -> None:
    """Assert what holds of the locks of any session, besides what holds of all sessions."""
    ended_in_order(ran)
    session = Session()
    for event, after in pairwise([*ran.events, None]):
        assert event is not None
        if event.kind == "system.locked":
            _in_turn(session, event)
        apply(session, event)
        for one, other in combinations(session.locks.values(), 2):
            if one.task != other.task:
                assert not may_be_same(one.resource, other.resource)
        if session.max_agents is not None:
            assert session.working <= session.max_agents
        if event.kind == "system.intended" and event.data.effect in ("start_process", "hand_task"):
            _all_is_locked(session, event)
        if after is not None and after.at > event.at:
            assert not list(_left_standing(session))
            assert not list(_left_waiting(session))
            assert all(lock.agent in session.locked_by for lock in session.locks.values())
            assert {lock.task for lock in session.locks.values()} <= set(session.holder)
    if session.outcome != "waiting":
        assert not session.locks
        assert not session.waiting_for_lock


def _all_is_locked(session: Session, event: AnyEvent) -> None:
    if event.data.task is not None:
        owner = session.agents[event.data.agent].spec
        for resource in wanted(session.tasks[event.data.task].spec, owner):
            assert session.locks[resource].task == event.data.task


def _left_standing(session: Session) -> Iterator[str]:
    """Yield the tasks that somebody could begin now."""
    if session.status != "running" or session.at_limit:
        return
    for name, row in session.tasks.items():
        if row.state is not TaskState.READY or row.held:
            continue
        for able in session.capable(row.spec):
            it = session.agents[able]
            if it.state == "AVAILABLE" and not it.leaving:
                resources = wanted(row.spec, it.spec)
                if not any(may_be_same(r, held) for r in resources for held in session.locks):
                    yield name


def _asked(session: Session) -> list[tuple[int, AgentId, LockWanted]]:
    """Return who waits for a lock, in the order in which they asked."""
    return sorted(
        (what.seq, name, what)
        for name, agent in session.agents.items()
        for what in agent.waits.values()
        if isinstance(what, LockWanted)
    )


def _holds(session: Session, agent: AgentId, what: LockWanted) -> bool:
    """True if an agent has locked what may be the same as somebody wants."""
    locks = session.locks.values()
    return any(lock.agent == agent and may_be_same(lock.resource, what.resource) for lock in locks)


def _before(session: Session, seq: int, agent: AgentId, what: LockWanted) -> list[AgentId]:
    """Return who is to have before `agent` what may be the same."""
    return [
        name
        for asked, name, other in _asked(session)
        if asked < seq
        and name != agent
        and may_be_same(other.resource, what.resource)
        and not _holds(session, agent, other)
    ]


def _in_turn(session: Session, event: AnyEvent) -> None:
    """Assert that an agent is not let past those who asked before it for the same."""
    name = event.data.agent
    own = [it for it in _asked(session) if it[1:] == (name, LockWanted(event.data.resource, it[0]))]
    if own and session.holder.get(event.data.task) == name:
        seq, _, what = own[0]
        assert not _before(session, seq, name, what)


def _left_waiting(session: Session) -> Iterator[AgentId]:
    """Yield the agents that wait for a lock that they could have now."""
    for seq, name, what in _asked(session):
        agent = session.agents[name]
        kept = any(
            lock.agent != name and may_be_same(lock.resource, what.resource)
            for lock in session.locks.values()
        )
        if not kept and not agent.stopping and not _before(session, seq, name, what):
            yield name
