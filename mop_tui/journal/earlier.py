"""Earlier events of a session file that still grows, found without an index of it."""

import os
from collections.abc import Iterator
from pathlib import Path

from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalDamageError, JournalError
from mop_tui.journal import chain, codec
from mop_tui.journal.scan import Scan

_BLOCK = 1 << 16
"""Bytes read at a time; within so many an event is looked for line by line."""


class EarlierEvents:
    """Any stretch of what has been written to a session file so far.

    The chain is not checked: this is for a file that the reader writes itself or has followed from
    its beginning. No file stays open in between.
    """

    def __init__(self, path: Path) -> None:
        """Raises `JournalError` if there is no such file, `NotASessionError` if it is none."""
        self.path = path
        with Scan(path) as scan:
            self._decode = scan.decode
            self._start = scan.start

    def events(self, first: int, last: int) -> Iterator[AnyEvent]:
        """Yield the events from `first` to `last`, both included, as far as they are written.

        Raises `JournalError` if the file cannot be read, `JournalDamageError` at an event that
        this version does not understand.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unreadable(error) from None
        try:
            for line in _lines(descriptor, self._near(descriptor, first)):
                head = codec.head(line)
                if head is None or head.seq > last:
                    break
                if head.seq >= first:
                    yield self._event(head, line)
        except OSError as error:
            raise self._unreadable(error) from None
        finally:
            os.close(descriptor)

    def _near(self, descriptor: int, seq: int) -> int:
        """Return where a line begins that is not far above event `seq`, by bisection."""
        low, high = self._start, os.fstat(descriptor).st_size
        while high - low > _BLOCK:
            middle = (low + high) // 2
            begins, there = _next_line(descriptor, middle)
            if there is not None and there <= seq:
                low = begins
            else:
                high = middle
        return low

    def _event(self, head: codec.Head, line: bytes) -> AnyEvent:
        try:
            return self._decode(chain.stem_of(line))
        except codec.UnreadableError as error:
            raise JournalDamageError(str(self.path), head.seq + 1, str(error)) from None

    def _unreadable(self, error: OSError) -> JournalError:
        return JournalError(f"{self.path}: cannot be read: {error.strerror}.")


def _lines(descriptor: int, offset: int) -> Iterator[bytes]:
    """Yield the complete lines from `offset` on, where one begins."""
    rest = b""
    while block := os.pread(descriptor, _BLOCK, offset):
        offset += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


def _next_line(descriptor: int, offset: int) -> tuple[int, int | None]:
    """Return where the first line after `offset` begins and which event it tells, if any."""
    begins = offset
    while block := os.pread(descriptor, _BLOCK, begins):
        feed = block.find(b"\n")
        begins += len(block) if feed < 0 else feed + 1
        if feed >= 0:
            break
    head = codec.head(os.pread(descriptor, _HEAD, begins))
    return begins, None if head is None else head.seq


_HEAD = 512
"""Bytes that hold the beginning of any event: its kind is a few words at most."""
