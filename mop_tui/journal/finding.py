"""Finding one event in a session file of any length, without reading the rest."""

import os

from mop_tui.journal import codec

_LOOK = 1 << 12
"""Bytes read at a time: with most lines, the end of one and all of the next."""


def find_line(descriptor: int, seq: int) -> bytes | None:
    """Return the line of event `seq`, without its line feed; None if the file has no such line.

    Lines stand in the order of their numbers, so half of what is left can be put aside with each
    look. The file may grow meanwhile. Raises OSError if it cannot be read.
    """
    low, high = 0, os.fstat(descriptor).st_size
    # The line feed before the wanted line, if there is one, is at `low` or later and before `high`.
    while low < high:
        middle = (low + high) // 2
        before = _line_feed(descriptor, middle)
        head = None if before is None else codec.head(os.pread(descriptor, _LOOK, before + 1))
        if before is None or head is None or head.seq > seq:
            high = middle
        elif head.seq < seq:
            low = before + 1
        else:
            end = _line_feed(descriptor, before + 1)
            return None if end is None else _stretch(descriptor, before + 1, end)
    return None


def _line_feed(descriptor: int, start: int) -> int | None:
    """Return where the first line feed from `start` on is."""
    while block := os.pread(descriptor, _LOOK, start):
        place = block.find(b"\n")
        if place >= 0:
            return start + place
        start += len(block)
    return None


def _stretch(descriptor: int, start: int, end: int) -> bytes:
    parts = []
    while start < end and (part := os.pread(descriptor, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)
