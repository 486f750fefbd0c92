"""A session file that still grows, read as it does."""

import os
from pathlib import Path

from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalDamageError, JournalError
from mop_tui.journal import chain, codec
from mop_tui.journal.finding import find_line
from mop_tui.journal.scan import Scan

_BLOCK = 1 << 18
"""Bytes read at a time."""


class GrowingJournal:
    """Gives the events of a session file in their order, those too that are written later.

    A last line that is not complete yet is no event yet: it is read again once it is. Raises
    `JournalError` if there is no such file, `NotASessionError` if it is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seq = 0
        """The last event given."""
        with Scan(path) as scan:
            self.header = scan.header
            self._decode = scan.decode
            self._link = scan.header.genesis
            self._offset = scan.start
            self._descriptor = os.dup(scan.fileno())

    def close(self) -> None:
        """Let go of the file. Closing twice is once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self, until: int | None = None) -> list[AnyEvent]:
        """Return the next events, up to event `until` if one is named.

        They are some hundreds at most; none means that there are no more for now. Raises
        `JournalDamageError` at a line that is not as it was written, or about something that this
        version does not understand.
        """
        size = _BLOCK
        while True:
            try:
                block = os.pread(self._descriptor, size, self._offset)
            except OSError as error:
                raise JournalError(f"{self.path}: cannot be read: {error.strerror}.") from None
            lines = block.split(b"\n")
            if len(lines) > 1 or len(block) < size:
                break
            size *= 4  # not even one line fits
        events = []
        for line in lines[:-1]:
            if until is not None and self.seq >= until:
                break
            try:
                events.append(self._sound(line))
            except JournalDamageError:
                if not events:
                    raise
                break  # what is above it comes first
        return events

    def event(self, seq: int) -> AnyEvent | None:
        """Return event `seq`, read or not; None if it cannot be had.

        That it is as it was written is checked where it is read in its order, and not here.
        """
        try:
            line = find_line(self._descriptor, seq)
            return None if line is None else self._decode(chain.stem_of(line))
        except (OSError, codec.UnreadableError):
            return None

    def _sound(self, line: bytes) -> AnyEvent:
        seq = self.seq + 1
        stem = line[: -chain.TAIL_LENGTH]
        link, end = chain.tail(self._link, stem)
        if line[len(stem) :] != end:
            raise self._damage(seq, f"event {seq} is not as it was written")
        try:
            event = self._decode(stem)
        except codec.UnreadableError as error:
            raise self._damage(seq, str(error)) from None
        if event.seq != seq:
            raise self._damage(seq, f"event {seq} was written under another number")
        self._link = link
        self._offset += len(line) + 1
        self.seq = seq
        return event

    def _damage(self, seq: int, found: str) -> JournalDamageError:
        return JournalDamageError(str(self.path), seq + 1, found)
