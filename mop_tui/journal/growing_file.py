"""A file that grows by whole pieces or not at all."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from mop_tui.errors import JournalError


class GrowingFile:
    """A file to which pieces are added whole."""

    def __init__(self, fd: int, size: int, *, torn: bool) -> None:
        self._fd = fd
        self.size = size
        """Bytes in the file, all of whole pieces."""
        self._torn = torn

    @classmethod
    def new(cls, path: Path) -> Self:
        """Make a file, readable by its owner alone.

        Raises `JournalError` if it exists already or cannot be made. Two that try to make the same
        file cannot both succeed.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            return cls(_claimed(path, os.open(path, flags, 0o600)), 0, torn=False)
        except FileExistsError:
            raise JournalError(
                f"{path}: there is such a file already, and a session file is never overwritten."
                " Name another one, or move this one away."
            ) from None
        except OSError as error:
            raise JournalError(f"{path}: cannot be created: {error.strerror}.") from None

    @classmethod
    def existing(cls, path: Path, size: int) -> Self:
        """Go on with a file whose first `size` bytes are whole pieces; what follows is cut off
        before the next piece is added.

        Raises `JournalError` if it cannot be written.
        """
        try:
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}.") from None
        return cls(_claimed(path, fd), size, torn=True)

    def add(self, piece: bytes, *, sync: bool) -> None:
        """Write all of `piece`; with `sync`, return only when it will survive a loss of power.

        Raises OSError if that fails, and then the file is as it was before, or, where even that
        cannot be had now, will be before the next piece is added. A failed sync counts: what the
        system does with pages it could not write is anybody's guess, so they are written again.
        """
        if self._torn:
            self._cut()
        self._torn = True
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            if sync:
                os.fsync(self._fd)
        except OSError:
            with suppress(OSError):
                self._cut()
            raise
        self._torn = False
        self.size += len(piece)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _cut(self) -> None:
        os.ftruncate(self._fd, self.size)
        self._torn = False


def _claimed(path: Path, fd: int) -> int:
    """Return `fd`, locked: whatever names a file has, only one program writes to it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        why = "another program writes it" if error.errno == errno.EWOULDBLOCK else error.strerror
        raise JournalError(f"{path}: cannot be written: {why}.") from None
    return fd


def sync_directory(directory: Path) -> None:
    """Make the names of the files in `directory` survive a loss of power."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
