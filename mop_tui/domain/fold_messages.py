"""The fold of messages among agents, as far as it is about who has them and who was told."""

from collections.abc import Callable
from typing import Any

from mop_tui.domain import events as e
from mop_tui.domain.events import Event
from mop_tui.domain.ids import AgentId, MessageId
from mop_tui.domain.session import Session
from mop_tui.domain.timers import relay_of


def _agent_relayed(session: Session, event: Event[e.AgentRelayed]) -> None:
    data = event.data
    agent, relay = session.agents.get(data.agent), session.post.relays.get(data.agent)
    if agent is None or relay is None or agent.incarnation != data.incarnation:
        return
    relay.silent = 0
    letter = session.post.letters.get(data.message)
    if letter is not None and letter.holder == data.agent:
        session.post.relayed(letter, data.agent, event.seq, event.at)
        _look_after(session, data.agent)


def _taken_over(session: Session, event: Event[e.SystemTakenOver]) -> None:
    data = event.data
    relay = session.post.relays.get(data.agent)
    if relay is None:
        session.ignored += 1
        return
    session.post.take_over(data.agent, data.messages, data.why)
    if data.why == "silent":
        relay.silent = session.agents[data.agent].incarnation
    _look_after(session, data.agent)


def _look_after(session: Session, relay: AgentId) -> None:
    """Note what follows from it that an agent has less to relay."""
    if not session.post.relays[relay].waiting:
        session.timers.pop(relay_of(relay), None)
    session.reckon(relay)


def message_intended(session: Session, data: e.SystemIntended) -> None:
    """Note that a process is about to be told a message."""
    letter = session.post.letters.get(data.message or MessageId(0))
    if letter is None or data.agent is None:
        return
    former = letter.holder
    session.post.hand(letter, data.agent, data.incarnation, data.action, data.hops, session.at)
    if former is not None:
        _look_after(session, former)
    session.reckon(data.agent)


def message_done(session: Session, intended: e.SystemIntended, data: e.SystemDone) -> None:
    """Note how telling a message came out."""
    letter = session.post.letters.get(intended.message or MessageId(0))
    if letter is None or letter.action != data.action or intended.agent is None:
        return
    if data.lost and intended.agent == letter.receiver:
        session.post.lose(letter)
    else:
        session.post.done(letter, intended.agent, data.action, ok=not data.error)
        if not data.error and intended.agent == letter.receiver:
            session.meter.deliver(letter.hops, session.at - letter.said_at, session.at)
    session.reckon(letter.receiver)


HANDLERS: dict[str, Callable[[Session, Event[Any]], None]] = {
    e.AgentRelayed.KIND: _agent_relayed,
    e.SystemTakenOver.KIND: _taken_over,
}
