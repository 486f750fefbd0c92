"""The log files of an agent: the latest of what it wrote, as far as there is room."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread

SIZE = 16 << 20
"""Bytes at which a log file is put aside and a new one begun."""
GENERATIONS = 3
"""Log files of one agent, the one being written among them."""


class AgentLog:
    """A file that takes bytes, and does not let a full disk disturb whoever gives them.

    Once it holds `size` bytes it becomes `<name>.1`, what was `.1` becomes `.2`, and so on; of
    more than `generations` files the oldest is removed. All are for their owner only.

    What cannot be written is lost; `failure` says why, and the log itself says how much as soon
    as it takes anything again.
    """

    def __init__(self, path: Path, size: int = SIZE, generations: int = GENERATIONS) -> None:
        self.failure = ""
        self._begun = False
        self._path = path
        self._limit = size
        self._generations = generations
        self._file: int | None = None
        self._size = 0
        self._lost = 0
        self._head = bytearray()

    def note(self, line: str) -> None:
        """Add a line of our own, with or before the next that is written."""
        if self._begun and self._file is None:
            return
        self._head += line.encode(errors="replace") + b"\n"

    def write(self, data: bytes) -> None:
        """Add `data`, or as much of it as there is room for."""
        if not self._begun:
            # Only now: making a file takes as long as starting a process may.
            self._begun = True
            self._open(os.O_APPEND)
        if self._file is None:
            return
        if self._head:
            data = bytes(self._head) + data
            self._head.clear()
        if self._size and self._size + len(data) > self._limit:
            self._rotate()
        if self._lost and self._put(f"[{self._lost} bytes could not be written]\n".encode()):
            self._lost = 0
        self._put(data)

    def close(self) -> None:
        """Let go of the file."""
        if self._head:
            self.write(b"")
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self, how: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how
        try:
            try:
                self._file = os.open(self._path, flags, 0o600)
            except FileNotFoundError:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._file).st_size
        except OSError as error:
            self._failed(error)

    def _put(self, data: bytes) -> bool:
        """Write `data` and tell whether all of it was; count what was not."""
        if self._file is None:
            return False
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            self._failed(error)
            self._lost += len(rest)
        self._size += len(data) - len(rest)
        return not rest

    def _rotate(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        _remove(self._aged(self._generations - 1))
        with suppress(OSError):
            for age in range(self._generations - 1, 0, -1):
                younger = self._aged(age - 1)
                if younger.exists():
                    younger.replace(self._aged(age))
        self._open(os.O_TRUNC)

    def _aged(self, age: int) -> Path:
        return self._path if age == 0 else self._path.with_name(f"{self._path.name}.{age}")

    def _failed(self, error: OSError) -> None:
        self.failure = self.failure or f"the log is incomplete: {error.strerror}"


def _remove(path: Path) -> None:
    """Remove a file, and give its room free elsewhere: for a large one that takes a while."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    with suppress(OSError):
        path.unlink()
    # The room is held until the last descriptor is closed.
    Thread(target=os.close, args=(fd,), daemon=True).start()
