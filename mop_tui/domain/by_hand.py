"""What the operator may have done beside what triggers do, and why not.

The screen offers what is not refused here, and the orchestrator refuses the rest.
"""

import json
import re
from typing import assert_never

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.answers import MOST_CHARACTERS
from mop_tui.domain.feed import (
    AutoSpawn,
    ByHand,
    CreateTask,
    SetMemory,
    Spawn,
    SteerTrigger,
    SwitchTopology,
)
from mop_tui.domain.ids import MEMORY_KEY
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.steering import not_running
from mop_tui.domain.wording import listed

MOST_BYTES = 1 << 15
"""Bytes of the largest value that is set by hand, written as JSON."""
LONGEST_NAME = 200
"""Characters of the longest name."""
_FEW = 6
"""How many names are told at most."""


def refusal(session: Session | Snapshot, command: ByHand) -> str:
    """Return why a command cannot be obeyed now; empty if it can.

    Limits of the session are not looked at: whoever spawns asks about them.
    """
    ending = not_running(session)
    if ending:
        return ending
    match command:
        case Spawn():
            return _not_spawned(session, command)
        case CreateTask():
            return _not_created(session, command)
        case SetMemory():
            return _not_set(command)
        case SteerTrigger():
            return _not_steered(session, command)
        case AutoSpawn():
            state = "on" if command.on else "off"
            return f"it is {state} already" if session.auto_spawn is command.on else ""
        case SwitchTopology():
            if session.shape == command.shape:
                return f"it is {command.shape} already"
            return _bad_text(command.reason, "the reason")
        case _:
            assert_never(command)


def _not_spawned(session: Session | Snapshot, command: Spawn) -> str:
    if not command.type:
        return "it is not said of which type"
    if command.type not in session.kinds:
        known = f"; there {_are(session.kinds)}" if session.kinds else ""
        return f"there is no such type{known}"
    return _bad_text(command.task, "what it is to do") or _bad_name(command.model, "the model")


def _not_created(session: Session | Snapshot, command: CreateTask) -> str:
    if not command.title.strip():
        return "it is not said what is to be done"
    wrong = _bad_text(command.title, "what is to be done")
    if wrong:
        return wrong
    if (command.agent is None) is (not command.skill):
        return "it takes an agent or a skill, one of them"
    if command.agent is None:
        able = any(command.skill in agent.spec.skills for agent in session.agents.values())
        return "" if able else "there is no agent with such a skill"
    agent = session.agents.get(command.agent)
    if agent is None:
        return "there is no such agent"
    stopped = agent.retired and agent.state is AgentState.FAILED
    return f"{command.agent} was stopped; restart it first" if stopped else ""


def _not_set(command: SetMemory) -> str:
    if not re.fullmatch(MEMORY_KEY, command.key):
        return "a key has up to 200 characters, without blanks, {, } and $"
    try:
        written = json.dumps(command.value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):  # ValueError: also half a surrogate pair
        return "the value is not JSON"
    if len(written) > MOST_BYTES:
        return f"the value has {len(written):,} bytes as JSON, and at most {MOST_BYTES:,} are taken"
    return ""


def _not_steered(session: Session | Snapshot, command: SteerTrigger) -> str:
    trigger = session.triggers.get(command.trigger)
    if trigger is None:
        return "there is no such trigger"
    wrong = _bad_text(command.reason, "the reason")
    if wrong:
        return wrong
    match command.do:
        case "fire" if trigger.spec.gate:
            return "it is a gate: it asks when a task comes to it"
        case "mute" | "disable" if trigger.spec.gate:
            return "it is a gate, which only an answer opens"
        case "fire":
            return "" if trigger.state == "armed" else f"it is {trigger.state}; arm it first"
        case "arm":
            return "it is armed already" if trigger.state == "armed" else ""
        case "mute":
            return "it is muted already" if trigger.state == "muted" else ""
        case "disable":
            return "it is disabled already" if trigger.state == "disabled" else ""
        case _:
            assert_never(command.do)


def _bad_text(text: str, what: str) -> str:
    if len(text) > MOST_CHARACTERS:
        return f"{what} has {len(text):,} characters, and at most {MOST_CHARACTERS:,} are taken"
    return "" if text.isprintable() else f"{what} has characters that cannot be printed"


def _bad_name(name: str, what: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"{what} has more than {LONGEST_NAME} characters"
    return _bad_text(name, what)


def _are(names: tuple[str, ...]) -> str:
    more = [f"{len(names) - _FEW + 1} more"] if len(names) > _FEW else []
    told = listed([*names[: _FEW - len(more)], *more])
    return f"{'is' if len(names) == 1 else 'are'} {told}"
