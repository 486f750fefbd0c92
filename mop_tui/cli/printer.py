"""Printing what happens without ever holding it up."""

import os
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TextIO

_END = None


class Printer:
    """Prints lines from a thread of its own, until nobody listens any more.

    A reader may be slow (`| less`), or gone (`| head`, a terminal that hung up): neither is a
    reason for a session to wait or to fail.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def print(self, line: str) -> None:
        """Have `line` printed. Returns at once."""
        self._lines.put(line)

    def finish(self, patience: float) -> bool:
        """Return True once everything is printed or nobody listens; False after `patience` s."""
        self._lines.put(_END)
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (line := self._lines.get()) is not _END:
                self._stream.write(f"{line}\n")
                if self._lines.empty():
                    self._stream.flush()
            self._stream.flush()
        except (OSError, ValueError):
            # The interpreter would complain about what it could not flush at exit.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
