"""What agents are told: one JSON object on a line of their standard input."""

import json
from typing import assert_never

from pydantic import JsonValue

from mop_tui.agents.host import Assignment, Cancel, Note, Ping, Relay, Reply, Told
from mop_tui.domain.ids import AgentId


def task_form(agent: AgentId, told: Assignment) -> dict[str, JsonValue]:
    """Return what an agent learns about its task, on its input and in its task file."""
    return {
        "mop": "task",
        "id": told.task.id,
        "title": told.task.title,
        "attempt": told.attempt,
        "agent": agent,
        "context": dict(told.context or {}),
    }


def written(agent: AgentId, told: Told, secret: str | None = None) -> bytes:
    """Return the line that tells `agent` something. `secret` is the value of a `Reply`.

    The line may hold a secret: it belongs into the pipe of this agent and nowhere else.
    """
    form: dict[str, JsonValue]
    match told:
        case Assignment():
            form = task_form(agent, told)
        case Reply():
            form = {"mop": "answer", "id": told.ask, "outcome": told.outcome}
            if secret is not None or told.outcome in ("answered", "default"):
                form["value"] = told.value if secret is None else secret
            if told.reason:
                form["reason"] = told.reason
        case Note():
            form = {"mop": "message", "from": told.sender, "text": told.text}
            if told.about is not None:
                form["about"] = told.about
            if told.verdict is not None:
                form["verdict"] = told.verdict
        case Relay():
            form = {
                "mop": "relay",
                "id": f"m{told.message}",
                "from": told.sender,
                "to": told.receiver,
                "text": told.text,
            }
        case Ping():
            form = {"mop": "ping", "id": told.number}
        case Cancel():
            form = {"mop": "cancel", "task": told.task, "reason": told.reason}
        case _:
            assert_never(told)
    return as_line(form)


def as_line(form: dict[str, JsonValue]) -> bytes:
    """Return an object as one line. It is plain ASCII, which every language reads alike."""
    return json.dumps(form, separators=(",", ":")).encode() + b"\n"
