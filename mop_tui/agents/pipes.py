"""Pipes to and from processes, which never hold up the program.

What comes in is taken in turns: all pipes of a host share one `Intake`, which limits how much is
taken in a period and how long that may keep the event loop. A process that writes faster than it
is read waits in its `write`, as a process should.
"""

import asyncio
import os
import time
from collections import deque
from contextlib import suppress
from typing import Protocol

PERIOD = 0.01
"""Seconds."""
BYTES = 1 << 20
"""Taken by all pipes in one period, at most."""
SECONDS = 0.0025
"""Spent on it in one period, about: a quarter of the event loop's time."""
CHUNK = 1 << 16
"""Bytes taken at once, at most."""
UNREAD = 1 << 20
"""Bytes that wait for a process to read them, at most."""


class Intake:
    """Turns at reading."""

    def __init__(self) -> None:
        self._bytes = BYTES
        self._seconds = SECONDS
        self._ends = 0.0
        self._waiting: deque[Inlet] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def admits(self, inlet: "Inlet") -> bool:
        """Tell whether `inlet` may read now. If not, it is told to later."""
        if self._timer is None and time.monotonic() >= self._ends:
            self._begin()
        if self._timer is None and self._bytes > 0 and self._seconds > 0:
            return True
        self.queue(inlet)
        return False

    def queue(self, inlet: "Inlet") -> None:
        """Have `inlet` go on in one of the next periods."""
        self._waiting.append(inlet)
        if self._timer is None:
            wait = max(0.0, self._ends - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._turn)

    def took(self, size: int, seconds: float) -> None:
        """Note what a read has cost."""
        self._bytes -= size
        self._seconds -= seconds

    def _begin(self) -> None:
        # What the last period took too much is missing in this one.
        self._bytes = BYTES + min(0, self._bytes)
        self._seconds = SECONDS + max(-2 * SECONDS, min(0, self._seconds))
        self._ends = time.monotonic() + PERIOD

    def _turn(self) -> None:
        """Let those go on who wait, the first first and each once, as far as it goes."""
        self._timer = None
        self._begin()
        turns = len(self._waiting)
        while turns and self._bytes > 0 and self._seconds > 0:
            turns -= 1
            self._waiting.popleft().resume()
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD, self._turn)


class Consumer(Protocol):
    """Who gets what comes out of a pipe."""

    def take(self, data: bytes) -> bool:
        """Take a chunk. True if there is more to be done about it before the next is wanted."""

    def go_on(self) -> bool:
        """Do more about the chunks taken so far. True if that is still not all."""

    def no_more(self) -> None:
        """The pipe is at its end, and everything before it is done."""


class Inlet:
    """The reading end of a pipe, which it owns."""

    def __init__(self, fd: int, intake: Intake, consumer: Consumer) -> None:
        self._fd = fd
        self._intake = intake
        self._consumer = consumer
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._reading = False
        self._busy = False
        """Whether the consumer has to go on before more is read."""
        os.set_blocking(fd, False)

    def begin(self) -> None:
        """Begin to read, or go on."""
        if self._open and not self._reading and not self._busy:
            self._reading = True
            self._loop.add_reader(self._fd, self._ready)

    def resume(self) -> None:
        """Go on, now that there is a turn."""
        if self._open:
            self._step()
            self.begin()

    def drain(self) -> None:
        """Read what a pipe can hold, whoever else waits, and then no more."""
        left = CHUNK
        while self._open and (self._busy or left > 0):
            busy, size = self._busy, self._step()
            if not busy and not size:
                break
            left -= size
        if self._open:
            self.close()
            self._consumer.no_more()

    def close(self) -> None:
        """Read no more. Calls nothing."""
        if self._open:
            self._open = False
            self._rest()
            os.close(self._fd)

    def _ready(self) -> None:
        if self._intake.admits(self):
            self._step()
        else:
            self._rest()

    def _rest(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def _step(self) -> int:
        """Read, or have the consumer go on; return how many bytes were read."""
        begun = time.perf_counter()
        data = b""
        if self._busy:
            self._busy = self._consumer.go_on()
        else:
            try:
                data = os.read(self._fd, CHUNK)
            except (BlockingIOError, InterruptedError):
                return 0
            except OSError:
                pass
            if not data:
                self.close()
                self._consumer.no_more()
                return 0
            self._busy = self._consumer.take(data)
        self._intake.took(len(data), time.perf_counter() - begun)
        if self._busy:
            self._rest()
            self._intake.queue(self)
        return len(data)


class Outlet:
    """The writing end of a pipe, which it owns. What is not read at once waits, up to `UNREAD`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._unread = bytearray()
        self._writing = False
        self.open = True
        os.set_blocking(fd, False)

    def write(self, data: bytes) -> bool:
        """Write `data`, now or when it can be taken. False if too much waits: it is dropped.

        Where nobody can read any more, it is dropped too, without a word.
        """
        if not self.open:
            return True
        if self._unread:
            if len(self._unread) + len(data) > UNREAD:
                return False
            self._unread += data
            return True
        self._unread += data[self._write(data) :]
        if self._unread and not self._writing:
            self._writing = True
            self._loop.add_writer(self._fd, self._ready)
        return True

    def close(self) -> None:
        """Let the reader see the end. What it did not read so far is gone."""
        if self.open:
            self.open = False
            self._rest()
            self._unread.clear()
            with suppress(OSError):
                os.close(self._fd)

    def _rest(self) -> None:
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._fd)

    def _ready(self) -> None:
        del self._unread[: self._write(self._unread)]
        if not self._unread:
            self._rest()

    def _write(self, data: bytes | bytearray) -> int:
        """Write, and return how much of `data` is done with."""
        try:
            return os.write(self._fd, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self.close()
            return len(data)
