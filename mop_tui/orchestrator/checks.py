"""Checks agents at work: pings them, and has it judged what is known of them.

A check begins with a ping, for those that answer any, and is concluded by the answer, or when that
is overdue. It is recorded unless the agent is well and was found well before. How often agents are
checked is the layout's affair; those that are ill, or may be, are checked twice as often.

What the program does not see because it does not run itself is nobody's illness: if it was
suspended, if the wall clock jumps (as it does when the machine has slept), or if all who are pinged
are late at once, that is recorded, and counting begins anew.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mop_tui.agents import host as h
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.diagnosis import evidence, findings
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.health import Reading, worst
from mop_tui.domain.ids import AgentId
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.orchestrator.clock import STALL, Clock, Due, Timeline
from mop_tui.orchestrator.processes import Processes

CHECKED = frozenset({AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY})
"""States in which an agent is at work by itself. Who is paused waits for others, and who is
ASSIGNED has not begun."""
JUMP = 2_000
"""Milliseconds that the wall clock may stray from the session's between two looks."""
SAME_MS = 50.0
SAME_SHARE = 0.2
"""How far an answer may differ in time from the last, in milliseconds and as a share, and is
recorded as rarely as if it did not."""
AT_LEAST_EVERY = 300_000
"""Milliseconds after which it is recorded nevertheless."""


@dataclass(eq=False, slots=True)
class _Watch:
    """An agent at work."""

    due: Due
    incarnation: int
    pinged_at: int | None = None
    """When the ping was sent that it has not answered."""
    heard_from: int = 0
    """Since when it could have answered that."""
    waiting: bool = False
    """A check has begun and waits for the answer."""
    late: bool = False
    """It did not answer in time."""
    told_at: int = 0
    """When its answering, or that it does not answer, was last recorded."""


@dataclass(slots=True)
class _Machine:
    """What is known of the clocks."""

    missed: int | None = None
    """Milliseconds for which the program did not run."""
    offset: float | None = None
    """Seconds from the monotonic clock to the wall clock."""


@dataclass(slots=True)
class Checks:
    """Checks the agents of a session, as long as somebody lets it `follow` what happens.

    `receive` takes facts with their cause.
    """

    session: Session
    processes: Processes
    clock: Clock
    timeline: Timeline
    receive: Callable[[Fact, int | None], object]
    wall: Callable[[], float] = time.time
    _watches: dict[AgentId, _Watch] = field(default_factory=dict)
    _machine: _Machine = field(default_factory=_Machine)
    _pings: int = 0
    _blamed: bool = False
    """That all were late at once has been recorded, and nobody has answered in time since: if it
    goes on, it is their own affair."""

    def __post_init__(self) -> None:
        self.processes.ponged = self._ponged

    def follow(self, event: AnyEvent) -> None:
        """Begin to check who is at work now, and stop where somebody is not any more."""
        match event.data:
            case e.AgentTransitioned(agent=name, to_state=state):
                watch = self._watches.get(name)
                if state not in CHECKED:
                    if watch is not None:
                        self._forget(name)
                elif watch is None:
                    self._watch(name)
                elif state is not AgentState.ACTIVE and not watch.waiting:
                    watch.due.cancelled = True  # from now on twice as often
                    watch.due = self._next(name)
            case _:
                pass

    def look(self) -> None:
        """Notice if the program was suspended, or the clock set."""
        machine = self._machine
        missed, offset = self.clock.missed(), self.wall() - time.monotonic()
        stalled = 0 if machine.missed is None else missed - machine.missed
        strayed = 0 if machine.offset is None else round(1000 * (offset - machine.offset))
        jumped = strayed if abs(strayed) > JUMP else 0
        machine.missed, machine.offset = missed, offset
        if stalled or jumped:
            self._blame(e.SystemClockJumped(wall_ms=jumped, stalled_ms=stalled))

    # -- who is checked ---------------------------------------------------------------------------

    def _watch(self, name: AgentId) -> None:
        agent = self.session.agents[name]
        self._watches[name] = _Watch(self._next(name), agent.incarnation)

    def _forget(self, name: AgentId) -> None:
        self._watches.pop(name).due.cancelled = True

    def _next(self, name: AgentId) -> Due:
        """Have `name` checked when it is time again."""
        agent = self.session.agents[name]
        interval = self.session.checks(agent).interval_ms
        if agent.state is not AgentState.ACTIVE or agent.failures:
            interval = max(1, interval // 2)
        at = self.clock.moment() + interval
        return self.timeline.call_at(at, lambda: self._begin(name), looks=True)

    # -- one check --------------------------------------------------------------------------------

    def _begin(self, name: AgentId) -> None:
        """Begin a check: at once, or after an answer, it is judged what is known."""
        if not self.clock.virtual:
            self.look()
        watch, agent = self._watches.get(name), self.session.agents[name]
        if watch is None:
            return
        if agent.incarnation != watch.incarnation:
            watch.incarnation, watch.pinged_at, watch.late = agent.incarnation, None, False
        if not agent.running or agent.stopping or agent.waits:
            watch.due = self._next(name)
            return
        now = self.clock.moment()
        if watch.pinged_at is None:
            self._pings += 1
            if not self.processes.ping(name, agent.incarnation, self._pings):
                if agent.response_ms is not None:  # it cannot hear any more
                    self._tell(e.AgentHealth(name, agent.incarnation, "ping"))
                self._conclude(name, watch, agent)
                return
            watch.pinged_at = watch.heard_from = now
        watch.waiting = True
        timeout = self.session.checks(agent).timeout_ms
        patience = max(0, watch.heard_from + timeout - now)
        watch.due = self._overdue_at(now + patience, name)

    def _overdue_at(self, at: int, name: AgentId) -> Due:
        return self.timeline.call_at(at, lambda: self._overdue(name), looks=True)

    def _overdue(self, name: AgentId) -> None:
        """Conclude a check without an answer, which counts if the agent is known to give any."""
        if not self.clock.virtual:
            self.look()  # this may begin to wait for the answer anew
        watch, agent = self._watches.get(name), self.session.agents[name]
        if watch is None or not watch.waiting:
            return
        if self._answers(name) and self._has_waited(name, watch):
            watch.late = True
            self._blame_the_machine()
        if watch.pinged_at is not None and not self._has_waited(name, watch):
            due = watch.heard_from + self.session.checks(agent).timeout_ms
            watch.due = self._overdue_at(due, name)
            return  # it was not its fault, and it has its time again
        watch.waiting = False
        if watch.late and watch.pinged_at is not None:
            now = self.clock.moment()
            if not self._is_known(agent, watch.told_at, now):
                watch.told_at = now
                waited = now - watch.heard_from
                unanswered = e.AgentHealth(name, agent.incarnation, "ping", unanswered_ms=waited)
                self._tell(unanswered)
        self._conclude(name, watch, agent)

    def _has_waited(self, name: AgentId, watch: _Watch) -> bool:
        """True if the answer to a ping is overdue."""
        if watch.pinged_at is None:
            return False
        timeout = self.session.checks(self.session.agents[name]).timeout_ms
        return self.clock.moment() - watch.heard_from >= timeout

    def _is_known(self, agent: Agent, told_at: int, now: int) -> bool:
        """True if it was recorded lately that an agent is unhealthy: that counts no further."""
        unhealthy = agent.state is AgentState.UNHEALTHY and agent.unanswered_ms is not None
        return unhealthy and now - told_at < AT_LEAST_EVERY

    def _ponged(self, pong: h.Ponged, cause: int) -> None:
        """Take an answer; record it if it is news, and conclude the check that waited for it."""
        watch = self._watches.get(pong.agent)
        agent = self.session.agents[pong.agent]
        if agent.incarnation != pong.incarnation:
            return
        if pong.response_ms < self.session.checks(agent).timeout_ms:
            self._blamed = False
        now = self.clock.moment()
        took = pong.response_ms
        if not self.clock.virtual:
            if watch is None or watch.pinged_at is None:
                return  # it was paused meanwhile: how long that took says nothing about it
            took = min(took, now - watch.pinged_at)  # less what the program missed
        if watch is None or self._is_news(agent, watch, took, now):
            self.receive(
                e.AgentHealth(pong.agent, pong.incarnation, "ping", response_ms=took), cause
            )
            if watch is not None:
                watch.told_at = now
        if watch is None or watch.incarnation != pong.incarnation:
            return
        watch.pinged_at, watch.late = None, False
        if watch.waiting:
            watch.waiting = False
            watch.due.cancelled = True
            self._conclude(pong.agent, watch, agent)

    def _is_news(self, agent: Agent, watch: _Watch, took: float, now: int) -> bool:
        before = agent.response_ms
        if before is None or agent.unanswered_ms is not None:
            return True
        if now - watch.told_at >= AT_LEAST_EVERY and not self.clock.virtual:
            return True
        checks = self.session.checks(agent)
        for limit in (checks.slow_response_ms, checks.bad_response_ms):
            if (took >= limit) is not (before >= limit):
                return True
        return abs(took - before) > max(SAME_MS, SAME_SHARE * before)

    def _conclude(self, name: AgentId, watch: _Watch, agent: Agent) -> None:
        """Judge what is known, and record it if it is news. The next check comes in its time."""
        task = None if agent.task is None else self.session.tasks[agent.task]
        now = self.clock.moment()
        found = findings(agent, task, self.session.checks(agent), now)
        if self._is_worth_telling(agent, found, now):
            checked = e.AgentChecked(name, agent.incarnation, worst(found), found)
            self._tell(checked, evidence(agent, found))
        if self._watches.get(name) is watch:
            watch.due.cancelled = True
            watch.due = self._next(name)

    def _is_worth_telling(self, agent: Agent, found: tuple[Reading, ...], now: int) -> bool:
        """True if what a check found matters: not if all is well and was, nor if it is as bad as it
        has been for a while, which would fill the journal."""
        if agent.state is AgentState.UNHEALTHY and found and agent.checked_at is not None:
            threshold = self.session.checks(agent).failure_threshold
            lasting = {it for it, times in agent.ongoing if times >= threshold}
            changed = lasting != {(it.metric, it.level) for it in found}
            return changed or now - agent.checked_at >= AT_LEAST_EVERY
        return bool(found or agent.failures) or agent.state is not AgentState.ACTIVE

    def _tell(self, fact: e.AgentChecked | e.AgentHealth, cause: int | None = None) -> None:
        """Record a fact about a process that runs, with what led to it: its start, if nothing
        more is known."""
        running = self.processes.running.get((fact.agent, fact.incarnation))
        if running is not None:
            self.receive(fact, running.cause if cause is None else cause)

    # -- whose fault it is ------------------------------------------------------------------------

    def _blame_the_machine(self) -> None:
        """Note once if nobody answers who is pinged: that is hardly the fault of all of them."""
        pinged = [name for name in self._watches if self._answers(name)]
        silent = [name for name in pinged if self._is_silent(name)]
        if len(pinged) > 1 and len(silent) == len(pinged) and not self._blamed:
            self._blamed = True
            self._blame(e.SystemClockJumped(late=len(silent)))

    def _answers(self, name: AgentId) -> bool:
        """True if an agent is at work that has answered a ping, or is known to do so."""
        agent = self.session.agents[name]
        alive = agent.running and not agent.stopping and not agent.waits
        return alive and (agent.response_ms is not None or self.processes.plays(name))

    def _is_silent(self, name: AgentId) -> bool:
        """True if an agent has not answered for so long that it is no chance."""
        watch = self._watches[name]
        patience = min(STALL, self.session.checks(self.session.agents[name]).timeout_ms)
        waited = self.clock.moment() - watch.heard_from
        return watch.pinged_at is not None and waited >= patience

    def _blame(self, jump: e.SystemClockJumped) -> None:
        self.receive(jump, None)
        for watch in self._watches.values():
            watch.heard_from = self.clock.moment()  # the answer may be on its way
            watch.late = False
