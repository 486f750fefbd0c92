"""Events to JSON and back.

One compiled serializer and validator per kind, made once. What comes out is JSON that `jq` can
read, free of line breaks and control characters of any alphabet; its first four keys are always
`seq`, `at`, `kind` and `cause`, in this order, so that a reader can tell them without parsing.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple, cast

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema

from mop_tui.domain.events import BY_KIND, AnyEvent, Event, Unknown


@dataclass(frozen=True, slots=True)
class _Plain:
    """An event of any kind, its data unread."""

    seq: int
    at: int
    kind: str
    cause: int | None
    data: dict[str, JsonValue]


def _members_as_text(schema: Any) -> Any:
    """Return a core schema by which members of enumerations of text are written as text.

    What is written is the same. But of a member pydantic asks its value first, which is a property
    written in Python, and there are several in most events.
    """
    match schema:
        case {"type": "enum", "sub_type": "str"}:
            return core_schema.str_schema(ref=schema.get("ref"))
        case dict():
            return {key: _members_as_text(value) for key, value in schema.items()}
        case list() | tuple():
            return type(schema)(map(_members_as_text, schema))
        case _:
            return schema


class _Codec:
    """How events of one kind are written and read."""

    __slots__ = ("floating", "from_json", "to_json", "to_python")

    def __init__(self, record: Any) -> None:
        adapter: TypeAdapter[Any] = TypeAdapter(record)
        # JSON has no words for infinity and not-a-number. Written as null, as is the default,
        # they would go unnoticed; as words they are found and dealt with.
        serializer = SchemaSerializer(
            _members_as_text(adapter.core_schema), {"ser_json_inf_nan": "constants"}
        )
        self.to_json = serializer.to_json
        self.to_python = serializer.to_python
        self.from_json = adapter.validator.validate_json
        self.floating = "'type': 'float'" in str(adapter.core_schema)
        """Numbers with a fraction may occur, and so infinities."""


class _Codecs(dict[str, _Codec | None]):
    """A codec for each kind, made when the kind is first met: each takes some milliseconds."""

    def __missing__(self, kind: str) -> _Codec | None:
        fact = BY_KIND.get(kind)
        codec = _Codec(cast("Any", Event)[fact]) if fact is not None else None
        self[kind] = codec
        return codec


Decode = Callable[[int, int, str, int | None, bytes], AnyEvent]
"""Makes an event of the parts of its line: see `decode_parts`."""

_CODECS = _Codecs()
_PLAIN = _Codec(_Plain)


FactReader = Callable[[bytes], Any]


class _FactReaders(dict[str, FactReader | None]):
    """What makes facts of the data of each kind, made when the kind is first met."""

    def __missing__(self, kind: str) -> FactReader | None:
        fact = BY_KIND.get(kind)
        reader = TypeAdapter(fact).validator.validate_json if fact is not None else None
        self[kind] = reader
        return reader


_FACT_READERS = _FactReaders()


class _Kinds(dict[bytes, str]):
    """Kinds as text by how lines tell them, each made once. Bytes that are no text become
    surrogates."""

    def __missing__(self, told: bytes) -> str:
        self[told] = kind = told.decode(errors="surrogateescape")
        return kind


KINDS = _Kinds()

HEAD = re.compile(
    rb'\{"seq":([1-9]\d{0,17}),"at":(0|[1-9]\d{0,17}),"kind":"([^"\\]+)"'
    rb',"cause":(null|0|[1-9]\d{0,17}),"data":(.*)',
    re.DOTALL,
)
"""How every event begins: its seq, at, kind and cause, as JSON writes numbers; then the rest."""
_DEL = 0x7F
_UNSAFE = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
"""In UTF-8: DEL, C1, and the line separators U+2028 and U+2029. JSON itself escapes C0."""


_NO_EVENT = "it does not begin as an event does"


class Head(NamedTuple):
    """What every event begins with."""

    seq: int
    at: int
    kind: str
    cause: int | None


class UnreadableError(ValueError):
    """A line is JSON, but no event that this version understands."""


def head(line: bytes) -> Head | None:
    """Return the beginning of an encoded event without parsing the rest; None if it has none."""
    found = HEAD.match(line)
    if found is None:
        return None
    seq, at, kind, cause = found.group(1, 2, 3, 4)
    return Head(
        int(seq), int(at), kind.decode(errors="replace"), None if cause == b"null" else int(cause)
    )


def encode(event: AnyEvent) -> tuple[bytes, AnyEvent]:
    """Return the JSON of `event`, and the event as that JSON tells it.

    The two are the same thing unless the event holds what JSON cannot: lone surrogates, as come
    from undecodable output, become U+FFFD, and infinite or undefined numbers null. Whoever acts
    on the event returned acts on what was recorded. Raises ValueError for data nested too deeply
    to be written.
    """
    codec = _CODECS[event.kind]
    if codec is None:
        return _encode_unknown(event), event
    try:
        line = codec.to_json(event)
    except PydanticSerializationError:
        return _encode_mended(event, codec)
    if codec.floating and (b"NaN" in line or b"Infinity" in line):
        return _encode_mended(event, codec)
    if line.isascii() and _DEL not in line:
        return line, event
    return _escaped(line), event


def decode_parts(seq: int, at: int, kind: str, cause: int | None, data: bytes) -> AnyEvent:
    """Return the event that these parts of a line tell; `data` is all from its data to its link.

    It comes to the same as `decode` and raises the same, but does not validate again what the walk
    through a file has read already. `kind` is as in `KINDS`.
    """
    read = _FACT_READERS[kind]
    if read is not None:
        try:
            return Event(seq, at, kind, cause, read(data))
        except ValidationError:
            pass  # either `decode` says what is wrong, or a later version added to what is there
    told = kind.encode(errors="surrogateescape")
    led_by = b"null" if cause is None else b"%d" % cause
    return decode(
        b'{"seq":%d,"at":%d,"kind":"%b","cause":%b,"data":%b}' % (seq, at, told, led_by, data)
    )


def decode_stem(understand: Decode, stem: bytes) -> AnyEvent:
    """Return the event that `understand` makes of the parts of `stem`, a line up to its link.

    Raises `UnreadableError` as `decode` does.
    """
    start = HEAD.match(stem)
    if start is None:
        raise UnreadableError(_NO_EVENT)
    seq, at, kind, cause, data = start.groups()
    return understand(
        int(seq),
        int(at),
        KINDS[kind],
        None if cause == b"null" else int(cause),
        data,
    )


def decode(line: bytes) -> AnyEvent:
    """Return the event that `line`, a JSON object, tells. Keys it does not know are passed over.

    Raises `UnreadableError` where the fields are not those of its kind.
    """
    start = head(line)
    if start is None:
        raise UnreadableError(_NO_EVENT)
    codec = _CODECS[start.kind]
    try:
        if codec is not None:
            event: AnyEvent = codec.from_json(line)
            return event
        plain: _Plain = _PLAIN.from_json(line)
    except ValidationError as error:
        # The text of a ValidationError quotes its input, which may be anything at all.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise UnreadableError(f"{where}: {first['msg']}") from None
    return Event(plain.seq, plain.at, plain.kind, plain.cause, Unknown(plain.data))


def _escaped(line: bytes) -> bytes:
    return _UNSAFE.sub(lambda found: rb"\u%04x" % ord(found[0].decode()), line)


def _encode_unknown(event: Event[Unknown]) -> bytes:
    plain = _Plain(event.seq, event.at, event.kind, event.cause, event.data.fields)
    return _escaped(_PLAIN.to_json(plain))


def _encode_mended(event: AnyEvent, codec: _Codec) -> tuple[bytes, AnyEvent]:
    plain = codec.to_python(event, mode="json")
    text = json.dumps(mended(plain), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    line = _escaped(text.encode())
    return line, decode(line)


def mended(value: JsonValue) -> JsonValue:
    """Return `value` with what JSON cannot hold replaced: see `encode`."""
    match value:
        case str():
            return _mended_text(value)
        case float():
            return value if isfinite(value) else None
        case list():
            return [mended(item) for item in value]
        case dict():
            return {_mended_text(key): mended(item) for key, item in value.items()}
        case _:
            return value


def _mended_text(text: str) -> str:
    """Join surrogates that form pairs, replace those that do not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
