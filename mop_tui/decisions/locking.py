"""Locks that agents take while they work.

An agent that has a task in hand may lock more than the task is said to lock, one thing after the
other, and give it back before its task is over. While it waits it is PAUSED, and keeps what it has.

Of agents, whoever asks first has it first, among all who want what may be the same: one that asks
later is not let past, even if what it wants is free and the other's is not. The exception is the
agent that itself has what the first one waits for, for waiting would help neither. What the agent
has locked itself is never in its way.

Between agents and READY tasks, at each giving back, whoever has waited longer goes first of those
that can have all they want at that moment. So nobody who wants one thing waits for ever because of
others who come later. What is free is not kept back from a task, though: who wants several things
at once, be it by a pattern or as a task, has them at the first moment at which all are free.
"""

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain
from math import inf
from operator import attrgetter

from mop_tui.decisions.conversation import go_on, pause, speaker, supersede
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import Action, Lock, Reply, Unlock
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.events import (
    AgentAsked,
    AgentExited,
    AgentLocking,
    AgentUnlocking,
    AgentWaiting,
    AnyEvent,
    SystemDecided,
    SystemIntended,
)
from mop_tui.domain.ids import AgentId, AskId, Resource
from mop_tui.domain.locks import MOST_LOCKED, LockWanted, Obstacle, wanted
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT

Asking = tuple[int, AgentId, AskId, Resource]
"""By which event somebody asked, and for what."""


class Share:
    """What can be given to agents that wait for locks, all at the same moment."""

    def __init__(self, session: Session) -> None:
        self.taken: dict[Resource, AgentId] = {}
        """What is about to be locked, by whom."""
        self._session = session
        self._given: dict[AgentId, dict[AskId, Resource]] = {}

    def give(
        self, resources: Iterable[Resource], claimed: Mapping[Resource, int] | None = None
    ) -> None:
        """Give those their locks who wait for any of `resources` and can have it.

        Of what is `claimed` since some event, nothing is given to who has asked later.
        """
        claimed = claimed or {}
        todo = merge(*(self._queue(resource, claimed) for resource in dict.fromkeys(resources)))
        served = dict.fromkeys(it[1] for it in todo if self._serve(it, claimed))
        while served:
            # Who has got something may now be let past those who wait for that.
            again = sorted(chain.from_iterable(map(self._asked_by, served)))
            served = dict.fromkeys(it[1] for it in again if self._serve(it, claimed))

    def decisions(self, rule: str) -> Iterator[SystemDecided]:
        """Yield what gives the agents their locks."""
        for name, asks in self._given.items():
            agent = self._session.agents[name]
            task = agent.task
            if task is None:
                continue
            had = self._session.locked_by.get(name, {})
            resources = tuple(dict.fromkeys(asks.values()))
            yield SystemDecided(
                rule,
                "yes",
                f"nobody else has {listed(resources)}, or is to have it first",
                (
                    *(Lock(resource, task, name) for resource in resources if resource not in had),
                    *(Reply(name, ask, "answered", value=True) for ask in asks),
                    *go_on(agent, tuple(asks)),
                ),
                name,
                task,
            )

    def gives(self, agent: AgentId, ask: AskId) -> bool:
        """True if an agent is given what it asked by that name."""
        return ask in self._given.get(agent, ())

    def in_the_way(self, asking: Asking) -> Iterator[AgentId]:
        """Yield everybody whom somebody has to wait for: those who have what may be the same, then
        those who asked for that before."""
        seq, agent, _, resource = asking
        session = self._session
        alike = session.alike[resource]
        for other in alike:
            who = self._holder(other)
            if who is not None and who != agent:
                yield who
        for other in alike:
            for (who, ask), asked in session.waiting_for_lock.get(other, {}).items():
                if asked >= seq:
                    break  # and so did all that follow
                if who != agent and not self.gives(who, ask) and not self._has(agent, other):
                    yield who

    def obstacle(self, asking: Asking) -> Obstacle | None:
        """Return the first lock of another agent because of which somebody has to wait, if any."""
        _, agent, _, resource = asking
        held = self._session.locks
        found = [held[it] for it in self._session.alike[resource] if it in held]
        others = [lock for lock in found if lock.agent != agent]
        return Obstacle(resource, min(others, key=attrgetter("seq"))) if others else None

    def _queue(self, resource: Resource, claimed: Mapping[Resource, int]) -> Iterator[Asking]:
        """Yield who waits for a resource, as far as it can be given to anybody, the first first.

        What is given to one of them meanwhile nobody else can have, so that is where it ends.
        """
        alike = self._session.alike.get(resource, ())
        since = min((claimed[it] for it in alike if it in claimed), default=inf)
        for (agent, ask), seq in self._session.waiting_for_lock.get(resource, {}).items():
            holders = {who for it in alike if (who := self._holder(it)) is not None}
            if since < seq or len(holders) > 1:
                return
            if holders:
                own = self._asked_by(holders.pop())
                yield from (it for it in own if it[3] == resource and it[0] >= seq)
                return
            yield seq, agent, ask, resource

    def _holder(self, resource: Resource) -> AgentId | None:
        """Return who has locked a resource, or is given it."""
        lock = self._session.locks.get(resource)
        return self.taken.get(resource) if lock is None else lock.agent

    def _serve(self, asking: Asking, claimed: Mapping[Resource, int]) -> bool:
        """Give somebody its lock if it can have it, and return whether it is given now."""
        seq, agent, ask, resource = asking
        session = self._session
        if self.gives(agent, ask) or not _at_work(session, session.agents[agent]):
            return False
        if claimed and any(claimed.get(other, inf) < seq for other in session.alike[resource]):
            return False
        if next(self.in_the_way(asking), None) is not None:
            return False
        self.taken[resource] = agent
        self._given.setdefault(agent, {})[ask] = resource
        return True

    def _has(self, agent: AgentId, resource: Resource) -> bool:
        """True if an agent has locked, or is given, what may be the same as `resource`."""
        had = self._session.locked_by.get(agent, {})
        alike = self._session.alike[resource]
        return any(other in had or self.taken.get(other) == agent for other in alike)

    def _asked_by(self, agent: AgentId) -> Iterator[Asking]:
        for ask, what in self._session.agents[agent].waits.items():
            if isinstance(what, LockWanted):
                yield what.seq, agent, ask, what.resource


def lock_for_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Lock what an agent asks for, or have it wait."""
    data: AgentLocking = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    before = supersede(session, data.agent, data.ask)
    share = Share(session)
    actions: tuple[Action, ...]
    why_not = _refused(session, agent, data)
    if why_not:
        share.give(session.loosened)
        actions = (Reply(data.agent, data.ask, "refused"), *before)
        yield SystemDecided("lock_for_agent", "no", why_not, actions, data.agent, data.task)
    else:
        share.give((data.resource, *session.loosened))
        if before or not share.gives(data.agent, data.ask):
            reason = f"it asks for the lock on {data.resource} instead"
            actions = before
            if not share.gives(data.agent, data.ask):
                reason = _why_waiting(share, data, event.seq)
                actions = (*before, *pause(agent, PausedBy.LOCK))
            yield SystemDecided("lock_for_agent", "yes", reason, actions, data.agent, data.task)
    yield from share.decisions("lock_for_agent")


def unlock_for_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give back what an agent locked while it worked, when it says so."""
    data: AgentUnlocking = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    lock = session.locks.get(data.resource)
    if lock is None or lock.agent != data.agent:
        reason = f"it has not locked {data.resource}"
        yield SystemDecided("unlock_for_agent", "no", reason, (), data.agent, agent.task)
        return
    if data.resource in wanted(session.tasks[lock.task].spec, agent.spec):
        reason = f"{data.resource} is locked for {lock.task} until that is over"
        yield SystemDecided("unlock_for_agent", "no", reason, (), data.agent, lock.task)
        return
    reason = f"{data.agent} does not need it any more"
    unlock = Unlock(data.resource, lock.task, data.agent)
    yield SystemDecided("unlock_for_agent", "yes", reason, (unlock,), data.agent, lock.task)


def next_in_line(_plan: Plan, session: Session, event: AnyEvent) -> Iterable[SystemDecided]:
    """Give locks to those who had only to wait for somebody who does not wait any more."""
    if not session.loosened:
        return ()
    told = event.data
    if isinstance(told, SystemIntended) and (told.ask is None or told.about == "answered"):
        return ()  # nobody gives up waiting; what became loose before is being given already
    share = Share(session)
    share.give(session.loosened)
    return share.decisions("next_in_line")


def _at_work(session: Session, agent: Agent) -> bool:
    """True if an agent has a task in hand that is still to be done, and may go on with it."""
    if agent.task is None or agent.stopping:
        return False
    return session.tasks[agent.task].state in HELD_BY_AGENT


def _refused(session: Session, agent: Agent, data: AgentLocking) -> str:
    """Return why an agent can neither have nor wait for what it asks for; empty if it can."""
    if not _at_work(session, agent):
        return "it has no task in hand that it could lock anything for"
    if not isinstance(agent.waits.get(data.ask), LockWanted):
        return (
            f"{data.resource} cannot be compared with what others lock, for that is too much; "
            "name less in it"
        )
    held = session.locked_by.get(data.agent, {})
    waits = sum(isinstance(what, LockWanted) for what in agent.waits.values())
    if len(held) + waits > MOST_LOCKED and data.resource not in held:
        return f"it has locked, or waits for, {MOST_LOCKED} resources already"
    return ""


def _why_waiting(share: Share, data: AgentLocking, seq: int) -> str:
    asking = (seq, data.agent, data.ask, data.resource)
    obstacle = share.obstacle(asking)
    if obstacle is not None:
        return obstacle.reason
    return f"{next(share.in_the_way(asking))} has asked before for what may be the same"


RULES = (
    Rule("lock_for_agent", (AgentLocking.KIND,), lock_for_agent),
    Rule("unlock_for_agent", (AgentUnlocking.KIND,), unlock_for_agent),
    Rule(
        "next_in_line",
        (AgentExited.KIND, AgentAsked.KIND, AgentWaiting.KIND, SystemIntended.KIND),
        next_in_line,
    ),
)
