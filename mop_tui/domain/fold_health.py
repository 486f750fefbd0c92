"""The fold of how agents are: what was measured and said of them, and what checks found."""

from collections.abc import Callable
from typing import Any

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import Event
from mop_tui.domain.rows import LATEST_CHECKS, Agent
from mop_tui.domain.session import Session

_ILL = (AgentState.DEGRADED, AgentState.UNHEALTHY)


def forget_checks(agent: Agent) -> None:
    """Forget what checks found of an agent that has nothing to do any more."""
    agent.level, agent.findings = "healthy", ()
    agent.failures = agent.severe = agent.passes = 0
    agent.ongoing = ()
    agent.checked_at = None


def note_illness(agent: Agent, trigger: AgentTrigger, at: int, lasting: int) -> None:
    """Note what an agent that falls ill is ill with, or that it recovers."""
    if trigger is AgentTrigger.PERFORMANCE_RECOVERED:
        agent.recovered_at = at
        return
    if agent.recovered_at is not None and at - agent.recovered_at >= lasting:
        agent.ill_with = ()
    agent.recovered_at = None
    _note_findings(agent)


def _note_findings(agent: Agent) -> None:
    """Note what an agent is ill with."""
    found = ((reading.metric, reading.level) for reading in agent.findings)
    agent.ill_with = tuple(dict.fromkeys((*agent.ill_with, *found)))


def _agent_health(session: Session, event: Event[e.AgentHealth]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is None:
        return
    match data.source:
        case "measured":
            agent.measured = data
            if data.idle_ms is not None:
                agent.last_active = max(agent.last_active or 0, event.at - data.idle_ms)
        case "reported":
            agent.reported = data
            agent.last_active = event.at
        case "ping":
            agent.unanswered_ms = data.unanswered_ms
            if data.unanswered_ms is None:
                agent.response_ms = data.response_ms
    agent.heard = {**agent.heard, data.source: event.seq}
    session.touch(agent)


def _agent_checked(session: Session, event: Event[e.AgentChecked]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is None:
        return
    agent.checked_at = event.at
    agent.level = data.level
    agent.findings = data.findings
    agent.checks = (*agent.checks, (event.at, data.level))[-LATEST_CHECKS:]
    agent.severe = agent.severe + 1 if data.level == "unhealthy" else 0
    before = dict(agent.ongoing)
    found = ((reading.metric, reading.level) for reading in data.findings)
    agent.ongoing = tuple((it, before.get(it, 0) + 1) for it in found)
    if agent.state in _ILL:
        _note_findings(agent)
    if data.level == "healthy":
        agent.failures = 0
        agent.passes += 1
    else:
        agent.failures += 1
        agent.passes = 0
    session.touch(agent)


def stand_still(session: Session, at: int, ms: int) -> None:
    """Note that the wall clock went on by so much, or went back, which session time did not."""
    total = session.away[-1][1] if session.away else 0
    session.away = (*session.away, (at, total + ms))


def _clock_jumped(session: Session, event: Event[e.SystemClockJumped]) -> None:
    """Begin anew to count checks: what was not seen meanwhile is nobody's illness."""
    if apart := event.data.wall_ms + event.data.stalled_ms:
        stand_still(session, event.at, apart)
    for agent in session.agents.values():
        if agent.running:
            agent.watched_from = event.at
            agent.unanswered_ms = None
            agent.failures = agent.severe = 0
            agent.ongoing = ()
            session.touch(agent)


HANDLERS: dict[str, Callable[[Session, Event[Any]], None]] = {
    e.AgentHealth.KIND: _agent_health,
    e.AgentChecked.KIND: _agent_checked,
    e.SystemClockJumped.KIND: _clock_jumped,
}
