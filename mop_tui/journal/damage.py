"""Saying what happened to a line that breaks the chain, as precisely as the file allows."""

from itertools import islice
from typing import BinaryIO

from mop_tui.journal import chain, codec


def explain(file: BinaryIO, line: bytes, seq: int, link: str) -> str:
    """Return what is wrong with `line`, just read from `file`, where event `seq` should follow.

    `link` is that of the sound line before it. The words assume one accident; after several, they
    describe what can be seen at this line. The place in `file` is lost.
    """
    changed = f"event {seq} was changed after it was written"
    head = codec.head(line)
    if head is None:
        return f"{changed}: it no longer reads as an event"
    if head.seq == seq or _renumbered(line, head.seq, seq, link):
        return changed
    if head.seq < seq:
        if line == _line_of(file, head.seq):
            return f"event {head.seq} is repeated where event {seq} should follow"
        return f"{changed}, or replaced"
    later = _search(file, seq)
    if later is not None:
        distance = "one line" if later == 1 else f"{later} lines"
        return f"event {seq} was moved {distance} down: here stands event {head.seq}"
    if head.seq == seq + 1:
        return f"event {seq} is lost: here stands event {head.seq}"
    return f"events {seq} to {head.seq - 1} are lost: here stands event {head.seq}"


def _renumbered(line: bytes, written: int, seq: int, link: str) -> bool:
    """Tell whether `line` would be sound if its number were `seq`."""
    righted = line.replace(b'{"seq":%d,' % written, b'{"seq":%d,' % seq, 1).rstrip(b"\n")
    stem = righted[: -chain.TAIL_LENGTH]
    return righted == stem + chain.tail(link, stem)[1]


def _search(file: BinaryIO, seq: int) -> int | None:
    """Return how many lines further on event `seq` stands, if it does."""
    for distance, line in enumerate(file, start=1):
        head = codec.head(line)
        if head is not None and head.seq == seq:
            return distance
    return None


def _line_of(file: BinaryIO, seq: int) -> bytes:
    """Return the line in which event `seq` should stand."""
    file.seek(0)
    return next(islice(file, seq, None), b"")
