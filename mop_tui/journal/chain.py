"""The chain that binds each line of a journal to the one before.

    {"seq":7, ... ,"chain":"<16 hex>"}

A line's link is the BLAKE2b-64 hash of the previous line's link (of the header's `genesis` for
the first event) and of the line's own bytes up to the link. One wrong bit, a lost, repeated,
moved or edited line therefore breaks the chain at that line. This finds accidents. It does not
find forgery: whoever can write the file can compute the links anew.
"""

import re
from hashlib import blake2b

from mop_tui.domain.events import AnyEvent
from mop_tui.journal import codec

_FRESH = blake2b(digest_size=8)
"""Copied for each line: to make such a hash with its parameters takes longer than to hash."""

TAIL_LENGTH = len(b',"chain":"0123456789abcdef"}')
_TAIL = re.compile(rb',"chain":"[0-9a-f]{16}"\}')


def hash64(*parts: bytes) -> str:
    """Return BLAKE2b with a digest of 64 bits over the joined parts, as 16 hex digits."""
    return blake2b(b"".join(parts), digest_size=8).hexdigest()


def link_after(previous: bytes, stem: bytes) -> bytes:
    """Return the link of a line that starts with `stem` and follows the link `previous`."""
    hashed = _FRESH.copy()
    hashed.update(previous)
    hashed.update(stem)
    return hashed.hexdigest().encode()


def stem_of(line: bytes) -> bytes:
    """Return `line`, without its line feed, up to its link, whether that is right or not; up to its
    closing brace if it has none."""
    bound = _TAIL.fullmatch(line, max(0, len(line) - TAIL_LENGTH))
    return line[:-TAIL_LENGTH] if bound else line[:-1]


def tail(previous: str, stem: bytes) -> tuple[str, bytes]:
    """Return the link of a line that starts with `stem` and follows `previous`, and its tail."""
    link = link_after(previous.encode(), stem)
    return link.decode(), b',"chain":"%b"}' % link


class Chain:
    """Turns events into journal lines, each bound to the one before.

    It begins after event `seq`, whose link is `link`; before the first, that is the genesis.
    """

    __slots__ = ("_link", "seq")

    def __init__(self, link: str, seq: int = 0) -> None:
        self._link = link.encode()
        self.seq = seq

    def line(self, event: AnyEvent) -> tuple[bytes, AnyEvent]:
        """Return the line of `event`, with its line feed, and the event as the line tells it.

        Raises ValueError, and stays as it was, if `event` is not the next one, is caused by
        itself or a later one, or cannot be written at all.
        """
        seq, cause = event.seq, event.cause
        if seq != self.seq + 1:
            raise ValueError(f"event {seq} cannot follow event {self.seq}")
        if cause is not None and not 0 < cause < seq:
            raise ValueError(f"event {seq} cannot be caused by event {cause}")
        encoded, recorded = codec.encode(event)
        stem = encoded[:-1]
        self._link = link = link_after(self._link, stem)
        self.seq = seq
        return b'%b,"chain":"%b"}\n' % (stem, link), recorded
