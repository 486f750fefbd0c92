"""Writing a session file: what is recorded, and when it can be relied upon.

Events are encoded and chained where they happen, in the order in which they happen; writing never
holds up whoever appends. `JournalWriter` hands the lines to one thread that writes and syncs what
has gathered, and begins anew as soon as it has ended (group commit). It needs no period: on a fast
disk groups are small and quick, on a slow one they are larger.

Nothing may be done because of an event before it is durable, which is what `durable_seq` and
`on_durable` tell. Telemetry, because of which nothing is done, does not hurry the disk.

While writing fails, nothing becomes durable, the lines wait in memory and the thread tries again
about once a second. Each attempt begins where the last good one ended, so that no line is lost
and none is there twice.
"""

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Protocol

from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalError, NotRecordedError
from mop_tui.journal.chain import Chain
from mop_tui.journal.growing_file import GrowingFile, sync_directory
from mop_tui.journal.header import Header, encode_header

_PIECE = 1 << 18
"""Bytes that a `BufferedWriter` gathers before it writes."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_IF_IT_STILL_LISTENS = suppress(RuntimeError)
"""An event loop that has closed refuses news, and that must not end the writing thread."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where the sound part of a session file ends, so that a writer can go on from there."""

    seq: int
    """Its last event."""
    link: str
    """That event's link; the genesis where there is none."""
    size: int
    """Bytes of the sound part."""
    torn: int
    """Bytes after it that were not written to their end. They will be cut off."""
    whole: bool
    """Its last line has its line feed."""


class Journal(Protocol):
    """Where the events of a session are recorded."""

    path: Path

    @property
    def durable_seq(self) -> int:
        """The last event that has been recorded for good; what it led to may now be done."""

    @property
    def failure(self) -> str:
        """Why nothing is being recorded, in a sentence; empty while all is well."""

    def append(self, event: AnyEvent, *, urgent: bool = False) -> AnyEvent:
        """Record the next event and return it as it was recorded.

        The event returned differs from the one given only where that held what JSON cannot; see
        `codec.encode`. Raises ValueError, and records nothing, if `event` is not the next one.
        """

    def flush(self, timeout: float | None = None) -> None:
        """Return once everything appended is recorded for good.

        Raises `NotRecordedError` if that takes longer than `timeout` seconds.
        """

    def close(self, timeout: float = 5.0) -> None:
        """Record what is left and let go of the file. Closing twice is once.

        Raises `NotRecordedError`, saying how many events are missing from the file, if they
        could not be written within `timeout` seconds.
        """


def _nobody_asked(*_: object) -> None:
    """Stand in for an observer that there is not."""


class JournalWriter:
    """Records a session durably. See `Journal` for what it promises.

    The observers are called from the writing thread and should only pass the news on:

    - `on_durable(seq)`: all events up to `seq` are on disk.
    - `on_failure(sentence)`: writing has begun to fail.
    - `on_recovered(sentence, lasted_ms)`: what failed for that long has been written after all.

    A telemetry line waits at most `telemetry_delay` seconds for company. With `after`, the file is
    one that is there, and recording goes on after the sound part of it.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        on_durable: Callable[[int], object] = _nobody_asked,
        on_failure: Callable[[str], object] = _nobody_asked,
        on_recovered: Callable[[str, int], object] = _nobody_asked,
        telemetry_delay: float = 0.25,
        retry_after: float = 1.0,
        after: Continuation | None = None,
    ) -> None:
        self.path = path
        self._file, self._chain = _begin(path, header, after, sync=True)
        self._on_durable = on_durable
        self._on_failure = on_failure
        self._on_recovered = on_recovered
        self._telemetry_delay = telemetry_delay
        self._retry_after = retry_after

        self._lock = Lock()
        self._more = Condition(self._lock)
        """The thread waits here for something to do."""
        self._settled = Condition(self._lock)
        """Whoever flushes waits here for the thread."""
        self._lines: list[bytes] = []
        self._oldest = 0.0
        self._urgent = False
        self._closing = False
        self._abandoned = False
        self._durable = self._chain.seq
        self._failure = ""
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def durable_seq(self) -> int:
        """The last event that is on disk."""
        return self._durable

    @property
    def failure(self) -> str:
        """Why nothing is being recorded, in a sentence; empty while all is well."""
        return self._failure

    def append(self, event: AnyEvent, *, urgent: bool = False) -> AnyEvent:
        """Record the next event and return it as it will be recorded. Never waits for the disk."""
        if self._closing:
            raise ValueError(f"event {event.seq} comes after the journal was closed")
        line, recorded = self._chain.line(event)
        with self._lock:
            if not self._lines:
                self._oldest = monotonic()
                self._more.notify()
            self._lines.append(line)
            if urgent and not self._urgent:
                self._urgent = True
                self._more.notify()
        return recorded

    def flush(self, timeout: float | None = None) -> None:
        """Return once everything appended is on disk. Blocks."""
        with self._lock:
            wanted = self._chain.seq
            self._urgent = bool(self._lines)
            self._more.notify()
            self._settled.wait_for(lambda: self._durable >= wanted, timeout)
            missing = wanted - self._durable
        if missing > 0:
            raise self._not_recorded(missing)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is left and let go of the file. Blocks, but not for ever."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._more.notify()
        self._thread.join(timeout)
        with self._lock:
            self._abandoned = True
            self._more.notify()
        self._thread.join(1.0)
        if not self._thread.is_alive():
            # A thread that hangs in the kernel still uses the file, and its number must not
            # come to mean another one.
            self._file.close()
        missing = self._chain.seq - self._durable
        if missing > 0:
            raise self._not_recorded(missing)

    def _not_recorded(self, missing: int) -> NotRecordedError:
        why = self._failure or f"{self.path}: the disk does not answer."
        return NotRecordedError(missing, why)

    # -- in the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        written = self._durable
        while lines := self._next_group():
            if not self._write(b"".join(lines), written + len(lines)):
                return
            written += len(lines)

    def _next_group(self) -> list[bytes]:
        """Wait for lines that must or may be written now; none means there will be no more."""
        with self._lock:
            while not (self._urgent or self._closing):
                if not self._lines:
                    self._more.wait()
                    continue
                patience = self._oldest + self._telemetry_delay - monotonic()
                if patience <= 0:
                    break
                self._more.wait(patience)
            lines, self._lines = self._lines, []
            self._urgent = False
            return lines

    def _write(self, group: bytes, last: int) -> bool:
        """Write the lines up to event `last`, however often it takes; False if told to give up."""
        failing_since: float | None = None
        while True:
            try:
                self._file.add(group, sync=True)
                break
            except OSError as error:
                self._failure = _sentence(self.path, error)
            if failing_since is None:
                failing_since = monotonic()
                with _IF_IT_STILL_LISTENS:
                    self._on_failure(self._failure)
            with self._lock:
                if self._more.wait_for(lambda: self._abandoned, self._retry_after):
                    return False
        failure, self._failure = self._failure, ""
        with self._lock:
            self._durable = last
            self._settled.notify_all()
        if failing_since is not None:
            lasted_ms = round((monotonic() - failing_since) * 1000)
            with _IF_IT_STILL_LISTENS:
                self._on_recovered(failure, lasted_ms)
        with _IF_IT_STILL_LISTENS:
            self._on_durable(last)
        return True


class BufferedWriter:
    """Records a session in large pieces and without waiting for the disk.

    For runs on a virtual clock: nothing real is done there because of an event, so every event
    counts as recorded once it is appended. Should writing fail, `append`, `flush` or `close`
    raises `NotRecordedError`, for such a run has no reason to go on.
    """

    def __init__(self, path: Path, header: Header, *, after: Continuation | None = None) -> None:
        self.path = path
        self._file, self._chain = _begin(path, header, after, sync=False)
        self._lines: list[bytes] = []
        self._gathered = 0
        self._closed = False

    @property
    def durable_seq(self) -> int:
        """The last event appended."""
        return self._chain.seq

    @property
    def failure(self) -> str:
        """Empty: failures are raised."""
        return ""

    def append(self, event: AnyEvent, *, urgent: bool = False) -> AnyEvent:  # noqa: ARG002
        """Record the next event and return it as it will be recorded."""
        if self._closed:
            raise ValueError(f"event {event.seq} comes after the journal was closed")
        line, recorded = self._chain.line(event)
        self._lines.append(line)
        self._gathered += len(line)
        if self._gathered >= _PIECE:
            self.flush()
        return recorded

    def flush(self, timeout: float | None = None) -> None:  # noqa: ARG002
        """Hand everything appended to the operating system."""
        if not self._lines:
            return
        try:
            self._file.add(b"".join(self._lines), sync=False)
        except OSError as error:
            why = _sentence(self.path, error)
            raise NotRecordedError(len(self._lines), why) from None
        self._lines.clear()
        self._gathered = 0

    def close(self, timeout: float = 5.0) -> None:  # noqa: ARG002
        """Hand everything over and let go of the file."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
        finally:
            self._file.close()


def _begin(
    path: Path, header: Header, after: Continuation | None, *, sync: bool
) -> tuple[GrowingFile, Chain]:
    """Create the file with its first line, or go on with one, and return what continues it.

    Raises `JournalError`, and then leaves no file behind that was not there.
    """
    file = GrowingFile.new(path) if after is None else GrowingFile.existing(path, after.size)
    try:
        if after is None:
            file.add(encode_header(header), sync=sync)
            if sync:
                sync_directory(path.parent)
        else:
            file.add(b"" if after.whole else b"\n", sync=sync)
    except OSError as error:
        file.close()
        if after is None:
            with suppress(OSError):
                path.unlink()
        raise JournalError(_sentence(path, error)) from None
    if after is None:
        return file, Chain(header.genesis)
    return file, Chain(after.link, after.seq)


def _sentence(path: Path, error: OSError) -> str:
    remedy = "Make room" if error.errno in _FULL else "Look after the disk"
    return f"{path}: cannot be written: {error.strerror}. {remedy}."
