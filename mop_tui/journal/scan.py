"""Walking through a session file, line by line, checking each against the chain.

Nothing is parsed but a line's first four keys; the link is sliced off its fixed place at the end.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from mop_tui.domain.events import SystemEnded
from mop_tui.errors import JournalDamageError, JournalError, NotASessionError
from mop_tui.journal import chain, codec, damage
from mop_tui.journal.header import ForeignError, Header, decode_header
from mop_tui.journal.upcast import DECODERS

_LONGEST_HEADER = 1 << 26
"""Bytes. Something that goes on for longer without a line feed is not a session."""


class Scan:
    """One walk through a session file.

    Raises `JournalError` if there is no such file, `NotASessionError` if it is something else,
    `JournalDamageError` if its header is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = 0
        """Sound events passed so far."""
        self.kind = ""
        """The kind of the event yielded last."""
        self.torn = False
        """A last line was found that had not been written to its end."""
        try:
            with ExitStack() as unless_sound:
                self._file = unless_sound.enter_context(_open(path))
                self._first = self._file.readline(_LONGEST_HEADER)
                self.header = _header(path, self._first)
                self.decode = DECODERS[self.header.format]
                """Makes an event of a line and its kind, as the file's format has it."""
                unless_sound.pop_all()
        except OSError as error:
            raise _unreadable(path, error) from None

    @property
    def start(self) -> int:
        """Offset of the first event, in bytes."""
        return len(self._first)

    @property
    def ended(self) -> bool:
        """True if the last event passed ended the session."""
        return self.kind == SystemEnded.KIND

    def fileno(self) -> int:
        """Return the descriptor of the open file."""
        return self._file.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the line of each event, with its line feed, as long as they are sound.

        A last line without line feed is yielded if its link is right; otherwise it is torn, which
        is noted and is no error. Raises `JournalDamageError` at the first line that is not as it
        was written.
        """
        try:
            yield from self._sound_lines()
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def _sound_lines(self) -> Iterator[bytes]:
        link = self.header.genesis.encode()
        begins, link_of = codec.HEAD.match, chain.link_of
        kinds: dict[bytes, str] = {}
        for seq, line in enumerate(self._file, self.events + 1):
            before, link = link, link_of(line, link)
            if not link:
                if line.endswith(b"\n"):
                    raise self._damage(damage.explain(self._file, line, seq, before.decode()))
                link = link_of(line + b"\n", before)
                if not link:
                    self.torn = True
                    return
            start = begins(line)
            if start is None:
                raise self._damage(f"event {seq} was written under another number")
            number, kind, cause = start.group(1, 3, 4)
            if int(number) != seq:
                raise self._damage(f"event {seq} was written under another number")
            if cause != b"null" and not 0 < int(cause) < seq:
                raise self._damage(f"event {seq} names event {int(cause)} as its cause")
            self.events = seq
            self.kind = kinds.get(kind) or kinds.setdefault(kind, kind.decode(errors="replace"))
            yield line

    def _damage(self, found: str) -> JournalDamageError:
        return JournalDamageError(str(self.path), self.events + 2, found)


_NO_FILE = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def _open(path: Path) -> BinaryIO:
    # Without O_NONBLOCK, a pipe would be waited for until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    what = _NO_FILE.get(stat.S_IFMT(mode), "a device")
    raise NotASessionError(f"{path}: is {what}, not a session file.")


def _header(path: Path, line: bytes) -> Header:
    try:
        return decode_header(line.removesuffix(b"\n"))
    except codec.UnreadableError as error:
        raise JournalDamageError(str(path), 1, str(error)) from None
    except ForeignError as error:
        raise NotASessionError(f"{path}: is not a session that can be read: {error}.") from None


def _unreadable(path: Path, error: OSError) -> JournalError:
    return JournalError(f"{path}: cannot be read: {error.strerror}.")
