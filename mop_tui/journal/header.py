"""The first line of a session file: what the session was made from, where and when it ran.

Layout, seed and format determine everything that a rehearsal does, so the chain of events begins
with a hash over these three alone (`genesis`). Whatever differs from run to run (start, run id,
user, host, paths) stands in the header and nowhere else; a seal at the end of the line guards it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from pydantic import JsonValue, TypeAdapter, ValidationError

from mop_tui.domain.feed import SECTIONS, Section
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode
from mop_tui.journal.chain import hash64
from mop_tui.journal.codec import UnreadableError, mended
from mop_tui.journal.upcast import DECODERS, FORMAT, is_later

_BEGINNING = b'{"format":"mop-session/'


@dataclass(frozen=True, slots=True)
class Header:
    """What a session was made from, where and when it ran."""

    layout: dict[str, JsonValue]
    """The layout as it was run. The order of its keys counts."""
    seed: int
    mode: Mode
    run: str
    """Names this run; the same layout has another each time."""
    started: str
    """Wall-clock time of session time 0, ISO 8601 with offset."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the program and what it stands on, by name."""
    user: str = ""
    host: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Where things were on that machine, by name."""
    outlook: Outlook | None = None
    """What earlier sessions let expect of it, if there were enough of them."""
    format: str = FORMAT

    @property
    def sections(self) -> tuple[Section, ...]:
        """What the layout wants to be shown, in this order; everything unless it says otherwise."""
        dashboard = self.layout.get("dashboard")
        wanted = dashboard.get("sections") if isinstance(dashboard, dict) else None
        names = wanted if isinstance(wanted, list) else ()
        known = {str(name): name for name in SECTIONS}
        return tuple(known[name] for name in map(str, names) if name in known) or SECTIONS

    @property
    def genesis(self) -> str:
        """What the chain of events begins with: a hash over format, layout and seed."""
        return hash64(
            f"{self.format}\n".encode(), _compact(self.layout).encode(), f"\n{self.seed}".encode()
        )


class ForeignError(ValueError):
    """A line is no header of this format."""


_HEADER = TypeAdapter(Header)


def encode_header(header: Header) -> bytes:
    """Return the header's line, with its line feed."""
    fields = {"format": header.format, "genesis": header.genesis, **asdict(header)}
    stem = _compact(fields)[:-1].encode()
    return b"%b%b\n" % (stem, _seal(stem))


def decode_header(line: bytes) -> Header:
    """Return the header that `line`, without its line feed, holds.

    Raises `UnreadableError` if the line is not as it was written, `ForeignError` if it never was
    a header of this format.
    """
    stem = line[: -len(_seal(b""))]
    if not line.endswith(_seal(stem)):
        if line.startswith(_BEGINNING) or (line and _BEGINNING.startswith(line)):
            raise UnreadableError("the header was changed after it was written, or is cut short")
        if not line:
            raise ForeignError("its first line is empty")
        raise ForeignError("it does not begin with the header of a session")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableError("the header is sealed, but is not JSON that can be read") from None
    written_as = str(fields.get("format"))
    if is_later(written_as):
        raise ForeignError(
            f"a later version wrote it, as {written_as}; this one reads {FORMAT}. Update mop-tui"
        )
    if written_as not in DECODERS:
        raise ForeignError(f"its format is {written_as[:40]!r}; this version reads {FORMAT}")
    try:
        header = _HEADER.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableError(f"the header's {where} cannot be read: {first['msg']}") from None
    if fields.get("genesis") != header.genesis:
        raise UnreadableError("the header's genesis is not that of its layout and seed")
    if not _is_moment(header.started):
        raise UnreadableError("the header's started cannot be read: it is no time with an offset")
    # Nothing is decided by what was expected, so what cannot be expected is as good as nothing.
    sound = header.outlook is None or header.outlook.is_sound
    return header if sound else replace(header, outlook=None)


def _is_moment(text: str) -> bool:
    with suppress(ValueError):
        return datetime.fromisoformat(text).tzinfo is not None
    return False


def _compact(value: JsonValue) -> str:
    return json.dumps(mended(value), separators=(",", ":"), allow_nan=False)


def _seal(stem: bytes) -> bytes:
    return b',"seal":"%b"}' % hash64(stem).encode()
