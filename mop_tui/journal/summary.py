"""What a session file is about and how it ended, told from its first and last lines alone.

Nothing in between is read, so this is quick and proves nothing: `verify` does that.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mop_tui.domain.events import SystemEnded
from mop_tui.errors import JournalDamageError, NotASessionError
from mop_tui.journal import chain, codec
from mop_tui.journal.header import Header
from mop_tui.journal.lock import Holder, holder_of
from mop_tui.journal.scan import Scan

_TAIL = 1 << 16
"""Bytes that are read from the end at first; more if they hold no whole line."""

State = Literal["running", "ended", "interrupted", "damaged"]


@dataclass(frozen=True, slots=True)
class Summary:
    """One session file. `at` is the session time of its last event, in milliseconds.

    A rehearsal that runs, or whose program was killed, may have no event in its file yet.
    """

    path: Path
    header: Header | None
    """None where it cannot be read."""
    state: State
    events: int = 0
    at: int = 0
    outcome: str = ""
    reason: str = ""
    holder: Holder | None = None
    """Who runs it."""


def summarise(path: Path) -> Summary | None:
    """Return what a session file tells at first sight; None if it is something else.

    Raises `JournalError` if it cannot be read.
    """
    try:
        with Scan(path) as scan:
            header, start, decode = scan.header, scan.start, scan.decode
            last = _last_line(scan.fileno(), start)
    except NotASessionError:
        return None
    except JournalDamageError:
        return Summary(path, None, "damaged")
    holder = holder_of(path)
    if not last:
        return Summary(path, header, "running" if holder else "interrupted", holder=holder)
    head = codec.head(last)
    if head is None:
        return Summary(path, header, "damaged", holder=holder)
    outcome = reason = ""
    if head.kind == SystemEnded.KIND:
        try:
            ended = decode(chain.stem_of(last)).data
        except codec.UnreadableError:
            return Summary(path, header, "damaged", holder=holder)
        outcome, reason = ended.outcome, ended.reason
    state: State = "ended" if outcome else "running" if holder else "interrupted"
    return Summary(path, header, state, head.seq, head.at, outcome, reason, holder)


def _last_line(descriptor: int, start: int) -> bytes:
    """Return the last line that is whole; empty if there is none after the header."""
    size = os.fstat(descriptor).st_size
    length = _TAIL
    while True:
        begin = max(start, size - length)
        block = os.pread(descriptor, size - begin, begin)
        lines = block[: block.rfind(b"\n") + 1].splitlines()
        if len(lines) > 1 or (lines and begin == start):
            return lines[-1]
        if begin == start:
            return b""
        length *= 8
