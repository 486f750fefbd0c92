"""A terminal to run mop-tui in: keys go in, and what a person would see is read from the screen."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte
from programs import Program, can_be_forked

_IN_CONTROL = (
    sys.executable,
    "-ISc",
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])",
)
"""Has a program controlled by its terminal, so that it notices when that goes away.

Ctrl-C interrupts it, as in every terminal, even if these tests run where that is ignored.
"""
PATIENCE = 60.0
"""Seconds after which what should have appeared is declared missing."""


class Terminal:
    """mop-tui, or another program, in a pseudo-terminal of its own.

    A layout that is run is trusted, unless it is not `trusting`. Use it as a context manager:
    leaving it ends the program, if it has not ended, and closes the terminal.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
        program: Sequence[str] | None = None,
        trusting: bool = True,
    ) -> None:
        trust = ["--trust"] if trusting and arguments[:1] == ("run",) else []
        self.transcript = b""
        """Everything the program wrote, escape sequences included."""
        self._screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self._screen)
        self._lines = [""] * rows
        """What each line of the screen says, as far as it is not dirty."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._slave = slave
        self.modes_before = termios.tcgetattr(slave)
        self._process: Program | subprocess.Popen[bytes]
        if program is None and can_be_forked(env or {}):
            self._process = Program(
                *arguments,
                *trust,
                cwd=cwd,
                env=_environment() | (env or {}),
                streams=(slave, slave, slave),
                controlled=True,
            )
            return
        started = (sys.executable, "-m", "mop_tui") if program is None else program
        self._process = subprocess.Popen(
            [*_IN_CONTROL, *started, *arguments, *trust],
            cwd=cwd,
            env=_environment() | (env or {}),
            stdin=slave,
            stdout=slave,
            stderr=slave,
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
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(AssertionError):  # what it writes as it ends has to be read
                self._read_until(self._ended, "the end of the program", patience=10)
            self._process.kill()
            self._process.wait()
        if self._master >= 0:
            self.close()

    def close(self) -> None:
        """Let the terminal go away, as when its window is closed."""
        os.close(self._slave)
        os.close(self._master)
        self._master = -1

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def display(self) -> str:
        """What is on the screen, line by line."""
        screen = self._screen  # whose own `display` makes all lines anew, cell by cell
        for row in {*screen.dirty} & {*range(screen.lines)}:
            cells = screen.buffer[row]
            self._lines[row] = "".join(cells[column].data for column in range(screen.columns))
        screen.dirty.clear()
        return "\n".join(self._lines)

    @property
    def title(self) -> str:
        """What the terminal's window is called."""
        # The screen takes other sequences for titles, such as that for the pointer's shape.
        told: list[bytes] = re.findall(rb"\x1b\]2;([^\x07]*)\x07", self.transcript)
        return told[-1].decode() if told else ""

    def modes(self) -> list[Any]:
        """Return the terminal's modes as they are now."""
        return termios.tcgetattr(self._slave)

    def press(self, *keys: str) -> None:
        """Type."""
        for key in keys:
            os.write(self._master, key.encode())

    def until(self, *texts: str) -> None:
        """Read until all of `texts` are on the screen at once."""
        self._read_until(lambda: _all_in(self.display, texts), repr(texts))

    def until_written(self, sequence: bytes) -> None:
        """Read until the program has written something that need not be seen on the screen."""
        self._read_until(lambda: sequence in self.transcript, repr(sequence))

    def until_true(self, true: Callable[[], object], what: str) -> None:
        """Read until something is true; a program that nobody reads cannot go on for ever."""
        self._read_until(lambda: bool(true()), what)

    def bells(self) -> int:
        """Return how often the bell has rung: the sign for it also ends other sequences."""
        return re.sub(rb"\x1b\][^\x07\x1b]*\x07", b"", self.transcript).count(b"\x07")

    def until_gone(self, text: str) -> None:
        """Read until `text` is not on the screen."""
        self._read_until(lambda: text not in self.display, f"the end of {text!r}")

    def wait(self) -> int:
        """Read until the program ends; return its exit code."""
        self._read_until(self._ended, "the end of the program")
        while self._read(0.05):
            pass  # what it drew last may be more than one piece
        return self._process.wait()

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _read_until(
        self, done: Callable[[], bool], what: str, *, patience: float = PATIENCE
    ) -> None:
        deadline = time.monotonic() + patience
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the screen is:\n{self.display}")
            if self._ended() and not self._read(0.05) and not done():
                raise AssertionError(
                    f"the program ended with {self._process.returncode} before {what};"
                    f" the screen is:\n{self.display}"
                )
            self._read(0.05)

    def _read(self, patience: float) -> bool:
        there = [self._master] if self._master >= 0 else []
        ready, _, _ = select.select(there, [], [], patience)
        if not ready:
            return False
        data = os.read(self._master, 65536)
        self.transcript += data
        self._stream.feed(data)
        return True


def _all_in(said: str, texts: Sequence[str]) -> bool:
    return all(text in said for text in texts)


_KIND_OF_TERMINAL = ("TERM_PROGRAM", "LC_TERMINAL", "KITTY_WINDOW_ID", "VTE_VERSION", "TMUX")
"""What the terminal that these tests are run in says of itself."""


def _environment() -> dict[str, str]:
    """Return this process's environment, without the size and the colours of its own terminal."""
    others = ("COLUMNS", "LINES", "NO_COLOR", *_KIND_OF_TERMINAL)
    inherited = {name: value for name, value in os.environ.items() if name not in others}
    return inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


ENTER = "\r"
ESCAPE = "\x1b"
TAB = "\t"
FOCUS, BLUR = "\x1b[I", "\x1b[O"
"""What a terminal says when it gets the focus, and when it loses it."""
RIGHT = "\x1b[C"
