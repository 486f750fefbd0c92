"""Judges from time to time how the swarm works, as long as somebody is at work.

What the machine and the agents use is looked up, what else is known is in the session, and what is
wrong is worked out (`domain/pressure.py`). A judgement is recorded when it finds something, or when
something was found before; those of a swarm that works well would say nothing. What follows is for
rules (`decisions/adaptation.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.expectation import Expectation, expectation, pace
from mop_tui.domain.plan import Plan
from mop_tui.domain.pressure import Use, findings, use
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import HOLDS_AFTER, Found, strategy_of
from mop_tui.orchestrator.clock import Clock, Due, Timeline

AT_LEAST_EVERY = 300_000
"""Milliseconds after which something that holds is recorded again, though nothing can be done."""
_NEW_PLANS = frozenset(
    {
        *(e.TaskCreated.KIND, e.AgentSpawned.KIND, e.SystemStrategyApplied.KIND),
        *(e.SystemResumed.KIND, e.SystemClockJumped.KIND),
        *(e.UserAnswered.KIND, e.UserExpired.KIND, e.UserWithdrawn.KIND, e.UserCommanded.KIND),
    }
)
"""Kinds of events after which what is to be expected may have to be worked out anew: there is other
work, or somebody who held it up lets it go on."""


def _nothing() -> Use:
    return Use()


@dataclass(slots=True)
class Monitoring:
    """Judges a session, as long as somebody lets it `follow` what happens and `heed` what is so.

    `receive` takes facts with their cause; `machine` tells what of the machine is in use.
    """

    plan: Plan
    session: Session
    clock: Clock
    timeline: Timeline
    receive: Callable[[Fact, int | None], object]
    machine: Callable[[], Use] = _nothing
    _due: Due | None = None
    _expected: Expectation | None = None
    _plan_is_old: bool = True
    _told_at: int = 0
    _applies: frozenset[str] = field(init=False)
    """What strategies are for."""

    def __post_init__(self) -> None:
        self._applies = frozenset(strategy.trigger for strategy in self.plan.strategies)

    def follow(self, event: AnyEvent) -> None:
        """Note what changes the plan."""
        if event.kind not in _NEW_PLANS:
            return
        match event.data:
            case e.SystemStrategyApplied(action=action):
                changes = action == "pause_non_critical_agents"
            case e.AgentSpawned(spec=spec):
                # Whom a strategy adds does what was to be done anyway, and should be seen to help.
                changes = not strategy_of(spec.spawn)
            case _:
                changes = True
        self._plan_is_old = self._plan_is_old or changes

    def heed(self) -> None:
        """Judge from now on if somebody is at work, and else no more: then nothing is to be judged,
        and the session may be over."""
        session = self.session
        runs = session.status == "running" and (not session.idle or bool(session.held_back()))
        if runs and self._due is None:
            every = self.plan.monitoring_ms
            at = (self.clock.moment() // every + 1) * every
            self._due = self.timeline.call_at(at, self._judge, looks=True)
        elif not runs and self._due is not None:
            self._due.cancelled = True
            self._due = None

    def _judge(self) -> None:
        self._due = None
        session, at = self.session, self.clock.moment()
        if self._plan_is_old:
            self._plan_is_old = False
            self._expected = expectation(session, at)
        gets_on = None
        if self._expected is not None:
            gets_on = pace(session, self._expected, at)
        used = use(self.plan, session, self.machine())
        found = findings(self.plan, session, used, gets_on, at)
        if self._is_worth_telling(found):
            self._told_at = at
            self.receive(
                e.SystemSampled(
                    used.cpu,
                    used.memory,
                    used.cores,
                    used.of_limit_cpu,
                    used.of_limit_memory,
                    found,
                ),
                None,
            )
        self.heed()

    def _is_worth_telling(self, found: tuple[Found, ...]) -> bool:
        """True if a judgement matters: something is new, over, or may have something done."""
        session = self.session
        known = session.pressures
        now = {it.trigger for it in found}
        if now != set(known) or any(it.times < HOLDS_AFTER for it in known.values()):
            return True
        if not self._applies.isdisjoint(now) or session.held_back():
            return True
        if any(agent.state is AgentState.AVAILABLE for agent in session.added()):
            return True
        return bool(now) and self.clock.moment() - self._told_at >= AT_LEAST_EVERY
