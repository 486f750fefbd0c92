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
from mop_tui.journal import chain, codec
from mop_tui.journal.header import Header
from mop_tui.journal.scan import Scan

_BLOCK = 1 << 18
"""Bytes read at a time."""
_KINDS = ("", *BY_KIND)
"""Kinds by their numbers; number 0 is for all that this version does not know."""
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


class JournalFile:
    """A session file as it was when it was opened; what is written to it later is not seen.

    Use `open`, which checks all of it, or go through `first_reading` to its end before anything
    else. Close it, or use it as a context manager. It may be read from several threads.

    Raises what `Scan` raises.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._scan = Scan(path)
        self.header: Header = self._scan.header
        self.length = 0
        """How many sound events there are; `seq` runs from 1 to this."""
        self.ended = False
        """The last event ends the session."""
        self.torn = False
        """After the last event stands another that was not written to its end."""
        self.damage: JournalDamageError | None = None
        """What ends the sound part of the file, if it was opened in spite of it."""
        self._decode = self._scan.decode
        self._descriptor = os.dup(self._scan.fileno())
        self._size = os.fstat(self._descriptor).st_size
        self._offsets = array("Q", [self._scan.start])
        self._kinds = bytearray()
        """The number of each event's kind."""

    @classmethod
    def open(cls, path: Path, *, until_damage: bool = False) -> Self:
        """Open the session file at `path` and check every line of it.

        Raises `JournalError` if there is no such file, `NotASessionError` if it is something else,
        and `JournalDamageError` if a line is not as it was written; with `until_damage`, the
        events above that line can be read instead, unless it is the first.
        """
        journal = cls(path)
        try:
            for _ in journal.first_reading((), until_damage=until_damage):
                pass
        except BaseException:
            journal.close()
            raise
        return journal

    def first_reading(
        self, kinds: Collection[str] | None, *, until_damage: bool = False
    ) -> Iterator[AnyEvent]:
        """Check every line, and yield the events of `kinds`, or all, on the way.

        Raises `JournalDamageError` as `open` does, and at an event to be yielded that this version
        does not understand; `until_damage` makes the file end before either.
        """
        ends_at, is_of = self._offsets.append, self._kinds.append
        with self._scan as scan:
            try:
                for event in scan.walk(kinds):
                    ends_at(scan.offset)
                    is_of(_NUMBERS.get(scan.kind, 0))
                    if event is not None:
                        yield event
            except JournalDamageError as error:
                if not until_damage:
                    # What was changed further down is told first.
                    with Scan(self.path) as again:
                        for _ in again.walk(()):
                            pass
                    raise
                self.damage = error
        self.length = scan.events
        self.ended = scan.ended
        self.torn = scan.torn

    @property
    def read(self) -> float:
        """How much of the file the first reading has passed, from 0 to 1."""
        return self._offsets[-1] / self._size

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
        self._scan.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def event(self, seq: int) -> AnyEvent:
        """Return event `seq`. Raises IndexError if there is none."""
        try:
            return self._decode(self._line(seq)[: -chain.TAIL_LENGTH])
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

    def all_of(self, kind: str) -> Iterator[int]:
        """Yield the `seq` of each event of a known `kind`."""
        wanted = _NUMBERS[kind]
        return (seq for seq, number in enumerate(self._kinds, start=1) if number == wanted)

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
        decode = self._decode
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
                        event = decode(line[: -chain.TAIL_LENGTH])
                    except codec.UnreadableError as error:
                        raise self._damage(seq, str(error)) from None
                    yield event
                seq += 1
            seq = until + 1

    def _line(self, seq: int) -> bytes:
        if not 1 <= seq <= self.length:
            raise IndexError(f"{self.path} has no event {seq}: it has {self.length}")
        return self._bytes(seq, seq).removesuffix(b"\n")

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
