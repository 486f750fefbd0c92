"""Walking through a session file, line by line, checking each against the chain.

A line's first four keys are told without parsing, and the link is sliced off its fixed place at the
end; the rest is parsed only where the event is asked for.
"""

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, overload

from mop_tui.domain.events import AnyEvent, SystemEnded
from mop_tui.errors import JournalDamageError, JournalError, NotASessionError
from mop_tui.journal import chain, codec, damage
from mop_tui.journal.header import ForeignError, Header, decode_header
from mop_tui.journal.upcast import DECODERS

_BLOCK = 1 << 16
"""Bytes read at a time."""
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
        """The kind of the last event passed."""
        self.torn = False
        """A last line was found that had not been written to its end."""
        self.whole = True
        """The last event passed ends in a line feed."""
        try:
            with ExitStack() as unless_sound:
                self._file = unless_sound.enter_context(_open(path))
                first = self._file.readline(_LONGEST_HEADER)
                self.header = _header(path, first)
                self._understand = DECODERS[self.header.format]
                self.decode = partial(codec.decode_stem, self._understand)
                """Makes an event of a line up to its link, as the file's format has it."""
                self.start = self.offset = len(first)
                """Where the first event begins, and where the last event passed ends, in bytes."""
                self.link = self.header.genesis.encode()
                """The link of the last event passed."""
                unless_sound.pop_all()
        except OSError as error:
            raise _unreadable(path, error) from None

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
        self.close()

    def close(self) -> None:
        """Let go of the file. Closing twice is once."""
        self._file.close()

    @overload
    def walk(self) -> Iterator[AnyEvent]: ...

    @overload
    def walk(self, kinds: Collection[str] | None) -> Iterator[AnyEvent | None]: ...

    def walk(self, kinds: Collection[str] | None = None) -> Iterator[AnyEvent | None]:
        """Yield each event as long as lines are sound: those of `kinds`, or all; None in place of
        the others, which are checked like all and not decoded.

        A last line without line feed counts if its link is right; otherwise it is torn, which is
        noted and is no error. Raises `JournalDamageError` at the first line that is not as it was
        written, or is to be decoded and about what this version does not understand.
        """
        begins, link_after, cut = codec.HEAD.match, chain.link_after, -chain.TAIL_LENGTH - 1
        understand, kind_of = self._understand, codec.KINDS
        try:
            for seq, line in enumerate(self._file, self.events + 1):
                stem = line[:cut]
                link = link_after(self.link, stem)
                if line[cut:] != b',"chain":"%b"}\n' % link:
                    if line.endswith(b"\n"):
                        before = self.link.decode()
                        raise self._damage(damage.explain(self._file, line, seq, before))
                    stem = line[: -chain.TAIL_LENGTH]
                    link = link_after(self.link, stem)
                    if line[len(stem) :] != b',"chain":"%b"}' % link:
                        self.torn = True
                        return
                    self.whole = False
                start = begins(stem)
                if start is None:
                    raise self._damage(f"event {seq} was written under another number")
                number, at, told, cause, data = start.groups()
                if int(number) != seq:
                    raise self._damage(f"event {seq} was written under another number")
                led_by = None
                if cause != b"null":
                    led_by = int(cause)
                    if not 0 < led_by < seq:
                        raise self._damage(f"event {seq} names event {led_by} as its cause")
                kind = kind_of[told]
                event = None
                if kinds is None or kind in kinds:
                    event = understand(seq, int(at), kind, led_by, data)
                self.events = seq
                self.kind = kind
                self.link = link
                self.offset += len(line)
                yield event
        except codec.UnreadableError as error:
            raise self._damage(str(error)) from None
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def _damage(self, found: str) -> JournalDamageError:
        return JournalDamageError(str(self.path), self.events + 2, found)


_NO_FILE = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def _open(path: Path) -> BinaryIO:
    # Without O_NONBLOCK, a pipe would be waited for until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb", _BLOCK)
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
