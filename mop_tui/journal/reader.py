"""Reading a session file: any stretch of events, at any time, without holding them in memory."""

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalDamageError, JournalError
from mop_tui.journal import codec
from mop_tui.journal.header import Header
from mop_tui.journal.scan import Scan

_BLOCK = 1 << 18
"""Bytes read at a time."""


class JournalFile:
    """A session file as it was when it was opened; what is written to it later is not seen.

    Use `open`, which checks all of it, and close it, or use it as a context manager. It may be
    read from several threads.
    """

    def __init__(
        self,
        scan: Scan,
        offsets: "array[int]",
        damage: JournalDamageError | None,
        descriptor: int,
    ) -> None:
        self.path = scan.path
        self.header: Header = scan.header
        self.length = scan.events
        """How many sound events there are; `seq` runs from 1 to this."""
        self.ended = scan.ended
        """The last event ends the session."""
        self.torn = scan.torn
        """After the last event stands another that was not written to its end."""
        self.damage = damage
        """What ends the sound part of the file, if it was opened in spite of it."""
        self._understand = scan.decode
        self._offsets = offsets
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path, *, until_damage: bool = False) -> Self:
        """Open the session file at `path` and check every line of it.

        Raises `JournalError` if there is no such file, `NotASessionError` if it is something else,
        and `JournalDamageError` if a line is not as it was written; with `until_damage`, the
        events above that line can be read instead, unless it is the first.
        """
        damage: JournalDamageError | None = None
        with Scan(path) as scan:
            offsets = array("Q", [scan.start])
            end = scan.start
            try:
                for line in scan.lines():
                    end += len(line)
                    offsets.append(end)
            except JournalDamageError as error:
                if not until_damage:
                    raise
                damage = error
            return cls(scan, offsets, damage, os.dup(scan.fileno()))

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[AnyEvent]:
        return self.events()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice is once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def event(self, seq: int) -> AnyEvent:
        """Return event `seq`. Raises IndexError if there is none."""
        if not 1 <= seq <= self.length:
            raise IndexError(f"{self.path} has no event {seq}: it has {self.length}")
        return self._decode(seq, self._bytes(seq, seq))

    def events(self, first: int = 1, last: int | None = None) -> Iterator[AnyEvent]:
        """Yield the events from `first` to `last`, both included, as far as there are any.

        Raises `JournalDamageError` at an event whose fields this version does not understand, or
        which has been changed since the file was opened.
        """
        last = self.length if last is None else min(last, self.length)
        seq = max(first, 1)
        while seq <= last:
            block_end = bisect_right(self._offsets, self._offsets[seq - 1] + _BLOCK) - 1
            until = min(max(block_end, seq), last)
            for line in self._bytes(seq, until).removesuffix(b"\n").split(b"\n"):
                yield self._decode(seq, line)
                seq += 1

    def _bytes(self, first: int, last: int) -> bytes:
        if self._descriptor < 0:
            raise ValueError(f"{self.path} was closed")
        start, end = self._offsets[first - 1], self._offsets[last]
        parts = []
        while start < end:
            part = os.pread(self._descriptor, end - start, start)
            if not part:
                raise JournalError(f"{self.path}: has become shorter while it was read.")
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _decode(self, seq: int, line: bytes) -> AnyEvent:
        try:
            return self._understand(line, "")
        except codec.UnreadableError as error:
            raise JournalDamageError(str(self.path), seq + 1, str(error)) from None
