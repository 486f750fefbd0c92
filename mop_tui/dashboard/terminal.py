"""Textual's driver of the terminal, for a program that outlives its terminal."""

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Protocol, cast, runtime_checkable

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste
from textual.message import Message

from mop_tui.domain.wording import printable

_KEEP_TITLE = "\x1b[22;2t"
_GIVE_TITLE_BACK = "\x1b[23;2t"


def _titled(title: str) -> str:
    return f"\x1b]2;{printable(title)}\x07"


@runtime_checkable
class Hurries(Protocol):
    """An app that makes room when a key is to be answered."""

    def hurry(self) -> None:
        """Note that a key has been read. Called in the thread that reads it."""


class LastingDriver(LinuxDriver):
    """Drives a terminal that may go away.

    Textual writes in a thread. If writing fails there, as it does once a terminal has hung up, that
    thread ends, and who wants to write next waits for it for ever: here that would be everything
    that shares the event loop with the screen, the session above all. So writing must not fail.

    Textual also takes every SIGCONT for the end of a pause, and begins to read and write anew. But
    a terminal that hangs up sends one too, and so does a shell to a program that has left it.

    While the app has the terminal, that is titled with the app's subtitle and title.

    An app that has `hurry` is told of each key as it is read, in the thread that reads it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast("Any", _Lasting(cast("IO[str]", self._file)))
        self._suspended = False

    def process_message(self, message: Message) -> None:
        """Hand on what came from the terminal."""
        if isinstance(message, Key | Paste) and isinstance(self._app, Hurries):
            self._app.hurry()
        super().process_message(message)

    def start_application_mode(self) -> None:
        """Take the terminal, and its title."""
        cast("Any", super()).start_application_mode()  # Textual gives it no types
        self.write(_KEEP_TITLE)
        self._entitle()
        self._app.watch(self._app, "sub_title", self._entitle, init=False)

    def stop_application_mode(self) -> None:
        """Give the terminal back, with the title that it had, or none if it keeps none."""
        self.write(_titled(""))
        self.write(_GIVE_TITLE_BACK)
        super().stop_application_mode()

    def _entitle(self) -> None:
        self.write(_titled(" - ".join(filter(None, (self._app.sub_title, self._app.title)))))

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while."""
        self._suspended = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Take the terminal again, if it was given back."""
        if self._suspended:
            self._suspended = False
            super().resume_application_mode()

    def close(self) -> None:
        """Let go of the terminal: from now on the program stops and goes on like any other."""
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)
        super().close()


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
