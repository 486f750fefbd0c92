"""A file that grows by whole pieces or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from mop_tui.errors import JournalError


class GrowingFile:
    """A new file, readable by its owner alone, to which pieces are added whole.

    Raises `JournalError` if the file exists already or cannot be made. Two that try to make the
    same file cannot both succeed.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o600)
        except FileExistsError:
            raise JournalError(
                f"{path}: there is such a file already, and a session file is never overwritten."
                " Name another one, or move this one away."
            ) from None
        except OSError as error:
            raise JournalError(f"{path}: cannot be created: {error.strerror}.") from None
        self.size = 0
        """Bytes in the file, all of whole pieces."""
        self._torn = False

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


def sync_directory(directory: Path) -> None:
    """Make the names of the files in `directory` survive a loss of power."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
