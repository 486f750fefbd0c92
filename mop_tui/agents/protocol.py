"""What agents say: lines of output that are JSON objects with a `mop` key.

`spoken` tells such a line from plain output; `read` makes a report of it, or says in a sentence
what is wrong with it. No sentence quotes what the agent wrote: it may hold a secret. Only a kind
that is unknown is named, if it looks like one.

Unknown keys are passed over, so that an agent may speak a newer dialect.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails, from_json

from mop_tui.agents.host import (
    Asked,
    Erred,
    Locking,
    Messaged,
    Progressed,
    Relayed,
    Remembered,
    Report,
    Reported,
    Unlocking,
    Waiting,
)
from mop_tui.agents.masking import Mask
from mop_tui.agents.questions import AskForm, Refused, question
from mop_tui.agents.visible import visible_text
from mop_tui.domain.events import Severity
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, MessageId, Resource
from mop_tui.domain.path_patterns import resource_problem

LONGEST = 1 << 18
"""Bytes of the longest line that is read as protocol. What is larger belongs into a file."""

LONGEST_KIND = 40
"""Characters that are quoted of a kind that nobody knows."""

OPERATOR = "operator"
"""Who gets the messages for no agent in particular."""


class _Said(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
        defer_build=True,  # most agents say nothing of most kinds, if anything at all
    )


_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Progress(_Said):
    mop: Literal["progress"]
    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    note: str = ""


class _Health(_Said):
    mop: Literal["health"]
    status: Literal["healthy", "degraded", "unhealthy"] | None = None
    cpu_usage: _Amount | None = None
    memory_usage: _Amount | None = None
    error_count: Annotated[int, Field(ge=0)] | None = None
    response_time: _Amount | None = None


class _Memory(_Said):
    mop: Literal["memory"]
    key: _Name
    value: JsonValue


class _Error(_Said):
    mop: Literal["error"]
    type: _Name
    message: str = ""


class _Ask(AskForm, _Said):
    mop: Literal["ask"]
    id: _Name


class _Waiting(_Said):
    mop: Literal["waiting"]
    id: _Name
    for_: Annotated[str, Field(alias="for", pattern="^(memory|lock):.", max_length=207)]


class _Unlock(_Said):
    mop: Literal["unlock"]
    resource: _Name


class _Notify(_Said):
    mop: Literal["notify"]
    text: str
    severity: Severity = "info"


class _Message(_Said):
    mop: Literal["message"]
    to: _Name
    text: str


class _Relayed(_Said):
    mop: Literal["relayed"]
    id: Annotated[str, Field(pattern=r"^m[1-9]\d{0,17}$")]


class _Output(_Said):
    mop: Literal["output"]
    value: JsonValue


class _Pong(_Said):
    mop: Literal["pong"]
    id: int


class _Done(_Said):
    mop: Literal["done"]
    task: str | None = None
    output: JsonValue = None
    failed: Annotated[str, Field(max_length=200)] = ""
    message: str = ""


_Form = (
    _Progress
    | _Health
    | _Memory
    | _Error
    | _Ask
    | _Waiting
    | _Unlock
    | _Notify
    | _Message
    | _Relayed
    | _Output
    | _Pong
    | _Done
)
_FORMS: Mapping[str, TypeAdapter[Any]] = MappingProxyType(
    {
        get_args(form.model_fields["mop"].annotation)[0]: TypeAdapter(form)
        for form in get_args(_Form)
    }
)
KINDS = tuple(_FORMS)
"""All that an agent may say."""


@dataclass(frozen=True, slots=True)
class Result:
    """The agent delivers the result of the task in hand."""

    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The agent answers the ping of that number."""

    number: int


@dataclass(frozen=True, slots=True)
class Done:
    """The agent is done with `task`, or with the task it has had longest.

    `output` is None where it delivers none with this. `failed` is the type of what failed.
    """

    task: str | None
    output: str | None
    failed: str
    message: str


@dataclass(frozen=True, slots=True)
class Nonsense:
    """A line that is meant as protocol and is none. `ask` is the question it tried to ask."""

    problem: str
    ask: AskId | None = None


Heard = Report | Result | Pong | Done | Nonsense


def spoken(line: bytes) -> bool:
    """Tell whether a line may be protocol. Cheap, and wrong about few lines."""
    return b'"mop"' in line and line.lstrip()[:1] == b"{"


def read(line: bytes, agent: AgentId, incarnation: int, mask: Mask | None = None) -> Heard | None:
    """Return what a line says, or None if it is plain output. Never raises.

    Secrets that `mask` knows are not in it, and no text in it can do anything to a terminal; what
    is data, and not meant to be read (`memory`, `output`), keeps its control characters.
    """
    if len(line) > LONGEST:
        return Nonsense(f"a line of the protocol is longer than {LONGEST // 1024} KiB")
    try:
        said = from_json(line, allow_inf_nan=True, cache_strings="keys")
    except ValueError as error:
        return _unreadable(line, str(error))
    if not isinstance(said, dict) or "mop" not in said:
        return None
    kind = said["mop"]
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        return Nonsense(f"there is no {_named(kind, mask)} in the protocol; known are {_known()}")
    ask = said.get("id") if kind in ("ask", "waiting") else None
    ask = AskId(ask[:200]) if isinstance(ask, str) and ask else None
    try:
        clean = {name: _clean(value) for name, value in said.items() if name != "mop"}
        if mask:
            clean = {name: mask.over_value(value) for name, value in clean.items()}
        return _report(form.validate_python({**clean, "mop": kind}), agent, incarnation)
    except ValidationError as error:
        return Nonsense(f"`{kind}`: {_sentence(error.errors(include_input=False)[0])}", ask)
    except (Refused, ValueError, RecursionError) as error:
        return Nonsense(f"`{kind}`: {error}", ask)


def _unreadable(line: bytes, error: str) -> Nonsense | None:
    """Judge a line that is not JSON: was it meant to be?"""
    start = b"".join(line[:40].split())
    if not start.startswith(b'{"mop":') or not line.rstrip().endswith(b"}"):
        return None
    deep = "recursion" in error
    return Nonsense(
        "a line of the protocol is nested too deeply"
        if deep
        else "a line looks like protocol and is not valid JSON"
    )


def _report(  # noqa: C901 - one case a kind
    said: _Form, agent: AgentId, incarnation: int
) -> Heard:
    match said:
        case _Progress():
            return Progressed(agent, incarnation, int(said.percent), visible_text(said.note))
        case _Health():
            return Reported(
                agent,
                incarnation,
                said.status,
                said.cpu_usage,
                said.memory_usage,
                said.error_count,
                said.response_time,
            )
        case _Memory():
            return Remembered(agent, incarnation, MemoryKey(said.key), said.value)
        case _Error():
            kind, message = visible_text(said.type), visible_text(said.message)
            return Erred(agent, incarnation, kind, message, "protocol")
        case _Ask():
            ask = AskId(said.id)
            return Asked(agent, incarnation, ask, question(said, agent, ask))
        case _Waiting():
            kind, _, name = said.for_.partition(":")
            if kind == "lock":
                return Locking(agent, incarnation, AskId(said.id), _resource(name))
            return Waiting(agent, incarnation, AskId(said.id), MemoryKey(name))
        case _Unlock():
            return Unlocking(agent, incarnation, _resource(said.resource))
        case _Notify():
            text = visible_text(said.text)
            return Messaged(agent, incarnation, OPERATOR, text, said.severity)
        case _Message():
            return Messaged(agent, incarnation, visible_text(said.to), visible_text(said.text))
        case _Relayed():
            return Relayed(agent, incarnation, MessageId(int(said.id.removeprefix("m"))))
        case _Output():
            return Result(_as_text(said.value))
        case _Pong():
            return Pong(said.id)
        case _Done():
            output = None if said.output is None else _as_text(said.output)
            failed, message = visible_text(said.failed), visible_text(said.message)
            return Done(said.task, output, failed, message)


def _resource(name: str) -> Resource:
    if resource_problem(name) or visible_text(name) != name:
        raise Refused("a lock is on a name, or on a pattern for paths in the session's folder")
    return Resource(name)


def _as_text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return TypeAdapter[JsonValue](JsonValue).dump_json(value).decode()


def _clean(value: JsonValue) -> JsonValue:
    """Return a value that can be recorded. Raises `Refused` where none can be made of it."""
    match value:
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {name: _clean(item) for name, item in value.items()}
        case float() if not isfinite(value):
            raise Refused("NaN and Infinity are no numbers in JSON")
        case int() if abs(value) >= 1 << 63 and not isinstance(value, bool):
            raise Refused("a whole number is too large")
        case _:
            return value


_PATTERNS = {"for": "`memory:` and a key, or `lock:` and what is locked", "id": "that of a `relay`"}
"""What names have to be like that not every text is."""


def _named(kind: object, mask: Mask | None) -> str:
    """Return what a kind that nobody knows is called."""
    name = mask.over_value(kind) if mask and isinstance(kind, str) else kind
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z_-]+", name):
        return "such thing to say"
    return f"`{name}`" if len(name) <= LONGEST_KIND else f"`{name[:LONGEST_KIND]}…`"


def _known() -> str:
    return ", ".join(KINDS)


def _sentence(error: ErrorDetails) -> str:
    """Put an error of pydantic into words, without the input."""
    place = ".".join(str(step) for step in error["loc"] if not str(step).startswith("function-"))
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"`{place}` is missing"
        case "string_type":
            return f"`{place}` has to be a text"
        case "int_type" | "int_from_float":
            return f"`{place}` has to be a whole number"
        case "float_type" | "finite_number":
            return f"`{place}` has to be a number"
        case "literal_error":
            return f"`{place}` has to be {context.get('expected', 'something else')}"
        case "string_pattern_mismatch":
            return f"`{place}` has to be {_PATTERNS.get(place, 'something else')}"
        case _:
            return f"`{place}`: {error['msg'][:1].lower()}{error['msg'][1:]}"
