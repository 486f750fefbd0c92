"""Known secrets, taken out of what agents write.

A secret is replaced wherever it stands, as it is and as JSON spells it. One of fewer than
`SHORT` characters is replaced where it stands as a word of its own: `42` inside `1428` says nothing
about a secret, and replacing every such digit would leave nothing to read. A secret of several
lines is replaced line by line, since that is how output is read.

What an agent does to a secret before it writes it (reversing it, encoding it, spreading it over
several lines) no mask can undo.
"""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

MASK = "••••••"
"""What stands in the place of a secret; as long as this whatever the secret's length."""
SHORT = 4

_MASK = MASK.encode()
_NO_WORD = rb"[^0-9A-Za-z_\x80-\xff]"


class Mask:
    """The secrets of a session. Starts with none."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._spellings: tuple[bytes, ...] = ()
        self._pattern: re.Pattern[bytes] | None = None
        self.longest = 0
        """Bytes of the longest spelling of a secret."""

    def add(self, secret: str) -> None:
        """Replace `secret` from now on."""
        parts = {secret, *secret.splitlines()} - {"", *self._secrets}
        parts = {part for part in parts if part.strip()}
        if not parts:
            return
        self._secrets |= parts
        spellings = {spelling for known in self._secrets for spelling in _spellings(known)}
        # The longest first: a secret may be the beginning of another.
        ordered = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self._spellings = tuple(ordered)
        self._pattern = re.compile(b"|".join(map(_pattern, ordered)))
        self.longest = len(ordered[0])

    def __bool__(self) -> bool:
        """Tell whether there is any secret."""
        return self._pattern is not None

    def over(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        if self._pattern is None or not any(known in data for known in self._spellings):
            return data  # looking for plain bytes is a hundred times as fast as a pattern
        return self._pattern.sub(_MASK, data)

    def cut(self, data: bytes, at: int) -> int:
        """Return the place nearest to `at`, or behind it, that lies inside no secret."""
        if self._pattern is not None and any(known in data for known in self._spellings):
            for match in self._pattern.finditer(data):
                if match.start() < at < match.end():
                    return match.end()
        return at

    def over_value(self, value: JsonValue) -> JsonValue:
        """Return a JSON value without secrets: none in a text, a name or a number."""
        if self._pattern is None:
            return value
        match value:
            case str():
                return self.over(value.encode(errors="replace")).decode()
            case list():
                return [self.over_value(item) for item in value]
            case dict():
                return {
                    str(self.over_value(name)): self.over_value(item)
                    for name, item in value.items()
                }
            case bool() | None:
                return value
            case int() | float():
                return MASK if str(value) in self._secrets else value


def _spellings(secret: str) -> Iterator[bytes]:
    """Yield the secret as it is, and as JSON has it inside its quotes."""
    yield secret.encode(errors="replace")
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret, ensure_ascii=False)[1:-1].encode(errors="replace")
    yield json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/").encode(errors="replace")


def _pattern(spelling: bytes) -> bytes:
    plain = re.escape(spelling)
    if len(spelling.decode(errors="replace")) >= SHORT:
        return plain
    return rb"(?:(?<=" + _NO_WORD + rb")|(?<![\s\S]))" + plain + rb"(?=" + _NO_WORD + rb"|\Z)"
