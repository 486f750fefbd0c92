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

HELD = 1 << 13
"""Bytes of an unfinished line that are held back, at most, for the beginning of a secret."""

_MASK = MASK.encode()
_WORD = b"0-9A-Za-z_\x80-\xff"


class Mask:
    """The secrets of a session. Starts with none."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._long: tuple[bytes, ...] = ()
        self._short: re.Pattern[bytes] | None = None
        self.longest = 0
        """Bytes of the longest spelling of a secret, `HELD` at most."""

    def add(self, secret: str) -> None:
        """Replace `secret` from now on."""
        parts = {secret, *secret.splitlines()} - self._secrets
        parts = {part for part in parts if part.strip() and part != MASK}
        if not parts:
            return
        self._secrets |= parts
        spellings = {spelling for known in self._secrets for spelling in _spellings(known)}
        # The longest first: a secret may be the beginning of another.
        ordered = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        self.longest = min(len(ordered[0]), HELD)
        self._long = tuple(known for known in ordered if not _is_short(known))
        short = b"|".join(re.escape(known) for known in ordered if _is_short(known))
        if short:
            self._short = re.compile(b"(?<![%b])(?:%b)(?![%b])" % (_WORD, short, _WORD))

    def __bool__(self) -> bool:
        """Tell whether there is any secret."""
        return bool(self._secrets)

    def over(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        for known in self._long:
            data = data.replace(known, _MASK)
        return data if self._short is None else self._short.sub(_MASK, data)

    def cut(self, data: bytes, at: int) -> int:
        """Return the place nearest to `at`, or behind it, that lies inside no secret."""
        for known in self._long:
            start = data.find(known, max(0, at - len(known) + 1), at + len(known) - 1)
            if start >= 0:
                return self.cut(data, start + len(known))
        return at

    def over_value(self, value: JsonValue) -> JsonValue:
        """Return a JSON value without secrets: none in a text, a name or a number."""
        if not self._secrets:
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


def _is_short(spelling: bytes) -> bool:
    return len(spelling.decode(errors="replace")) < SHORT
