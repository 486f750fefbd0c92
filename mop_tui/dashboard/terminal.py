"""Textual's driver of the terminal, for a program that outlives its terminal."""

from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, cast

from textual.drivers.linux_driver import LinuxDriver


class LastingDriver(LinuxDriver):
    """Drives a terminal that may go away.

    Textual writes in a thread. If writing fails there, as it does once a terminal has hung up, that
    thread ends, and who wants to write next waits for it for ever: here that would be everything
    that shares the event loop with the screen, the session above all. So writing must not fail.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast("Any", _Lasting(cast("IO[str]", self._file)))


class _Lasting:
    """A file that takes what is written whether or not there is anybody to read it."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.fileno: Callable[[], int] = file.fileno

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
