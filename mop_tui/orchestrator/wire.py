"""What a running session and its visitors say to each other through the session's socket.

A visitor is a screen, or a command, in another terminal. Both sides send JSON objects, one a line:

    session   {"hello": "mop-operator/1", "run": "6f0c...", "commands": "c17"}
    visitor   {"hello": "mop-operator/1", "via": "attach"}
    session   {"seq": 812, "durable": 810, "now": 65432, "trouble": "", ...}      again and again
    visitor   {"id": "c17.1", "do": "answer", "with": {"question": "q3", ...}, "secret": "..."}
    session   {"goodbye": "why it ends the conversation"}

What happens in the session is not told here: it is in the session file, which the visitor reads up
to the event that is durable. So whoever reads slowly holds up nobody, and nothing is kept for them.
What comes of a command is an event, which carries the id that the visitor gave it; ids begin with
what the hello names, so that no two commands of a session have the same.
"""

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from mop_tui.domain.feed import (
    Answer,
    AutoSpawn,
    CancelTask,
    Command,
    CreateTask,
    Forget,
    GiveFeedback,
    Noticed,
    RetryTask,
    Say,
    Seen,
    SetMemory,
    Spawn,
    Steer,
    SteerTrigger,
    Stop,
    SwitchTopology,
)
from mop_tui.domain.ids import CommandId, QuestionId
from mop_tui.domain.immutable import immutable

PROTOCOL = "mop-operator/1"
LONGEST = 1 << 16
"""Bytes of the longest line that a visitor may send."""

Via = Literal["attach", "answer", "tell", "feedback"]
"""What a visitor came as."""

_COMMANDS: Mapping[str, type[Command]] = {
    "answer": Answer,
    "forget": Forget,
    "seen": Seen,
    "noticed": Noticed,
    "stop": Stop,
    "steer": Steer,
    "cancel_task": CancelTask,
    "retry_task": RetryTask,
    "say": Say,
    "feedback": GiveFeedback,
    "spawn": Spawn,
    "create_task": CreateTask,
    "set_memory": SetMemory,
    "steer_trigger": SteerTrigger,
    "auto_spawn": AutoSpawn,
    "switch_topology": SwitchTopology,
}
_NAMES = {kind: name for name, kind in _COMMANDS.items()}


@immutable
class Hello:
    """How a session greets a visitor."""

    hello: str
    run: str
    """The run id in the header of its file."""
    commands: CommandId
    """What the ids of this visitor's commands begin with."""


@immutable
class Introduction:
    """How a visitor answers that."""

    hello: str
    via: Via


@immutable
class Standing:
    """How a session stands, as far as that is in no event."""

    seq: int
    """The last event that has happened."""
    durable: int
    """The last event that can be read in the file and relied upon."""
    now: int
    """Session time in milliseconds."""
    trouble: str
    """As in `SessionFeed`."""
    failed: bool
    """Its orchestrator has failed, so that nothing can be done any more."""
    remaining: dict[QuestionId, int]
    """Milliseconds until open questions time out; those that never do are left out."""


@immutable
class Goodbye:
    """The last thing that a session says to a visitor: why it closes the connection."""

    goodbye: str


@immutable
class Order:
    """A command, and beside it the secret that belongs to it."""

    id: CommandId
    command: Command
    secret: str | None = dataclasses.field(default=None, repr=False)


class MisspokenError(ValueError):
    """A line makes no sense. The sentence does not quote it, for it may hold a secret."""


def encode(message: Hello | Introduction | Standing | Goodbye) -> bytes:
    """Return a message as a line."""
    return _line(dataclasses.asdict(message))


def encode_order(order: Order) -> bytes:
    """Return a command as a line. This alone of all that is written here may hold a secret."""
    fields: dict[str, Any] = {
        "id": order.id,
        "do": _NAMES[type(order.command)],
        "with": dataclasses.asdict(order.command),
    }
    return _line(fields if order.secret is None else fields | {"secret": order.secret})


Message = TypeVar("Message", Introduction, Standing, Hello)


def decode(line: bytes, expected: type[Message]) -> Message:
    """Return what a line says. Keys that this version does not know are passed over.

    Raises `MisspokenError` if it does not say what is expected.
    """
    return _checked(_object(line), expected)


def farewell(line: bytes) -> str | None:
    """Return why the other side ends the conversation, if that is what a line says."""
    why = _object(line).get("goodbye")
    return why if isinstance(why, str) else None


def decode_order(line: bytes) -> Order:
    """Return the command in a line. Raises `MisspokenError` if there is none."""
    fields = _object(line)
    name, number, secret = fields.get("do"), fields.get("id"), fields.get("secret")
    kind = _COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise MisspokenError("there is no such command")
    if not isinstance(number, str) or not isinstance(secret, str | None):
        raise MisspokenError("a command has an id, and a secret is a text")
    return Order(CommandId(number), _checked(fields.get("with"), kind), secret)


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = from_json(line)
    except ValueError:
        raise MisspokenError("a line is not JSON") from None
    if not isinstance(fields, dict):
        raise MisspokenError("a line is no JSON object")
    return fields


Checked = TypeVar("Checked")


def _checked(fields: object, kind: type[Checked]) -> Checked:
    try:
        checked: Checked = _adapter(cast("Any", kind)).validate_python(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, found["loc"])) or kind.__name__.lower()
        raise MisspokenError(f"{where}: {found['msg']}") from None
    return checked


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
