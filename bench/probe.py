"""A program in a pseudo-terminal, and how long it takes to answer keys there."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 10.0
"""Seconds after which a screen that has not answered is said not to answer."""
_NOT_INHERITED = frozenset({"COLUMNS", "LINES", "NO_COLOR"})


class Probe:
    """Runs a program in a terminal of its own; leaving the context ends it.

    What is drawn is read and looked at for one text only, so that looking costs next to nothing.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        *,
        columns: int = 100,
        rows: int = 30,
        env: dict[str, str] | None = None,
    ) -> None:
        self._master, self._slave = pty.openpty()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)
        inherited = {
            name: value for name, value in os.environ.items() if name not in _NOT_INHERITED
        }
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            cwd=cwd,
            env=inherited | terminal | (env or {}),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        while self.process.poll() is None:
            self.read(0.1)
        os.close(self._master)
        os.close(self._slave)

    def read(self, seconds: float) -> bytes:
        """Read what is drawn for so long."""
        seen, ends = b"", time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                try:
                    seen += os.read(self._master, 1 << 16)
                except OSError:
                    break
        return seen

    def answer(self, key: bytes, shown: bytes) -> float:
        """Press a key, and return the seconds until `shown` is drawn."""
        os.write(self._master, key)
        began = time.perf_counter()
        self.until(shown)
        return time.perf_counter() - began

    def until(self, shown: bytes) -> None:
        """Read until `shown` is drawn."""
        ends, seen = time.perf_counter() + PATIENCE, b""
        while shown not in seen:
            left = ends - time.perf_counter()
            if left < 0 or not select.select([self._master], [], [], left)[0]:
                raise RuntimeError("the screen does not answer")
            seen = seen[-len(shown) :] + os.read(self._master, 1 << 16)


def p99(latencies: Sequence[float]) -> float:
    """Return the latency that 99 of 100 keys stay below, in milliseconds."""
    return 1000 * sorted(latencies)[int(0.99 * (len(latencies) - 1))]
