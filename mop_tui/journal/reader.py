"""Reading a session file: any stretch of events, at any time, without holding them in memory."""

import os
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from mop_tui.domain.events import BY_KIND, AnyEvent
from mop_tui.errors import JournalDamageError, JournalError
from mop_tui.journal import codec
from mop_tui.journal.header import Header
from mop_tui.journal.scan import Scan

_BLOCK = 1 << 18
"""Bytes read at a time."""
_KINDS = ("", *BY_KIND)
"""Kinds by their numbers; number 0 is for all that this version does not know."""
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


class JournalFile:
    """A session file as it was when it was opened; what is written to it later is not seen.

    Use `open`, which checks all of it, and close it, or use it as a context manager. It may be
    read from several threads.
    """

    def __init__(
        self,
        scan: Scan,
        offsets: "array[int]",
        kinds: bytearray,
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
        self._kinds = kinds
        """The number of each event's kind."""
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
            kinds = bytearray()
            ends_at, is_of = offsets.append, kinds.append
            end = scan.start
            try:
                for line in scan.lines():
                    end += len(line)
                    ends_at(end)
                    is_of(_NUMBERS.get(scan.kind, 0))
            except JournalDamageError as error:
                if not until_damage:
                    raise
                damage = error
            return cls(scan, offsets, kinds, damage, os.dup(scan.fileno()))

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
        line = self._line(seq)
        try:
            return self._understand(line, _KINDS[self._kinds[seq - 1]])
        except codec.UnreadableError as error:
            raise self._damage(seq, str(error)) from None

    def at(self, seq: int) -> int:
        """Return when event `seq` happened. Raises IndexError if there is none."""
        start = codec.head(self._line(seq))
        if start is None:
            raise self._damage(seq, "it does not begin as an event does")
        return start.at

    def next_of(self, kind: str, after: int) -> int | None:
        """Return the `seq` of the first event of a known `kind` after event `after`, if any."""
        return self._seq(self._kinds.find(_NUMBERS[kind], max(after, 0)))

    def last_of(self, kind: str, before: int) -> int | None:
        """Return the `seq` of the last event of a known `kind` before event `before`, if any."""
        return self._seq(self._kinds.rfind(_NUMBERS[kind], 0, max(before - 1, 0)))

    @staticmethod
    def _seq(place: int) -> int | None:
        return None if place < 0 else place + 1

    def events(
        self, first: int = 1, last: int | None = None, kinds: Collection[str] | None = None
    ) -> Iterator[AnyEvent]:
        """Yield the events from `first` to `last`, both included, as far as there are any.

        With `kinds`, only those of these kinds, which must be known ones; the others are not even
        decoded. Raises `JournalDamageError` at an event whose fields this version does not
        understand, or which has been changed since the file was opened.
        """
        understand = self._understand
        wanted = [kinds is None or kind in kinds for kind in _KINDS]
        last = self.length if last is None else min(last, self.length)
        seq = max(first, 1)
        while seq <= last:
            block_end = bisect_right(self._offsets, self._offsets[seq - 1] + _BLOCK) - 1
            until = min(max(block_end, seq), last)
            lines = self._bytes(seq, until).removesuffix(b"\n").split(b"\n")
            numbers = self._kinds[seq - 1 : until]
            for number, line in zip(numbers, lines, strict=False):
                if wanted[number]:
                    try:
                        event = understand(line, _KINDS[number])
                    except codec.UnreadableError as error:
                        raise self._damage(seq, str(error)) from None
                    yield event
                seq += 1
            seq = until + 1

    def end_before(self, damage: JournalDamageError) -> None:
        """Go on as if the file ended above the line that `damage` names, an event of it."""
        self.length = damage.line - 2
        self.ended = self.torn = False
        self.damage = damage
        del self._offsets[self.length + 1 :]
        del self._kinds[self.length :]

    def _line(self, seq: int) -> bytes:
        if not 1 <= seq <= self.length:
            raise IndexError(f"{self.path} has no event {seq}: it has {self.length}")
        return self._bytes(seq, seq)

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

    def _damage(self, seq: int, found: str) -> JournalDamageError:
        return JournalDamageError(str(self.path), seq + 1, found)
