"""Starting mop-tui as a program of its own, without importing it anew each time.

Importing takes most of the time of a short program. So the programs are forked from one that has
imported everything (`fork_server`), each in a session of its own. How Python itself starts, and
what is imported when, is for tests that start `python -m mop_tui` themselves.
"""

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

READ_AS_IT_STARTS = ("PYTHON", "TEXTUAL", "LC_", "LANG")
"""How the names of environment variables begin that are read before a program can be forked."""
SERVER = Path(__file__).with_name("fork_server.py")


class _Server:
    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                # Without this folder in its path: it imports what `python -m mop_tui` would.
                [sys.executable, "-P", SERVER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self._close)

    def start(self, streams: Sequence[int], **request: Any) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._channel, [b"!"], [theirs.fileno(), *streams])
        ours.sendall(json.dumps(request).encode() + b"\n")
        return ours

    def _close(self) -> None:
        self._channel.close()
        self._process.wait()


_server: _Server | None = None


class Program:
    """mop-tui, running; to be used like a `subprocess.Popen` with `start_new_session`.

    Each of `streams` becomes one of its standard streams; with `controlled` the first of them is
    the terminal that controls it.
    """

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        streams: Sequence[int],
        env: Mapping[str, str] | None = None,
        controlled: bool = False,
    ) -> None:
        global _server  # noqa: PLW0603 - one for all tests of this process, and only if needed
        if _server is None:
            _server = _Server()
        self.returncode: int | None = None
        self._reply = _server.start(
            streams,
            arguments=[str(argument) for argument in arguments],
            cwd=str(cwd),
            env=dict(os.environ if env is None else env),
            controlled=controlled,
        )
        self._said = b""
        while b"\n" not in self._said:
            self._hear()
        pid, _, self._said = self._said.partition(b"\n")
        self.pid = int(pid)

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"mop-tui as process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not been found to have ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it by force."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        while self.returncode is None:
            self._reply.settimeout(timeout)
            try:
                self._hear()
            except (TimeoutError, BlockingIOError):
                return None
            if b"\n" in self._said:
                self.returncode = int(self._said)
                self._reply.close()
        return self.returncode

    def _hear(self) -> None:
        said = self._reply.recv(64)
        assert said, "what forks programs has ended"
        self._said += said


def can_be_forked(env: Mapping[str, str]) -> bool:
    """Return whether a program with that in its environment, besides ours, can be forked."""
    return not any(name.startswith(READ_AS_IT_STARTS) for name in env)


def run(
    *arguments: str | Path,
    cwd: Path,
    typed: str = "",
    env: Mapping[str, str] | None = None,
    timeout: float = 110,
) -> "subprocess.CompletedProcess[str]":
    """Run mop-tui without a terminal until it has ended and nobody holds its output any more.

    It reads `typed` and then the end of its input; `env` is added to the environment.
    """
    words = [str(argument) for argument in arguments]
    if not can_be_forked(env or {}):
        return subprocess.run(
            [sys.executable, "-m", "mop_tui", *words],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
    (reads, types), (hears, writes), (learns, errs) = os.pipe(), os.pipe(), os.pipe()
    try:
        program = Program(
            *words, cwd=cwd, streams=(reads, writes, errs), env={**os.environ, **(env or {})}
        )
    finally:
        for fd in (reads, writes, errs):
            os.close(fd)
    with suppress(BrokenPipeError), os.fdopen(types, "wb", 0) as stdin:
        stdin.write(typed.encode())
    with os.fdopen(hears, "rb", 0) as out, os.fdopen(learns, "rb", 0) as err:
        try:
            said = _read((out, err), time.monotonic() + timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            raise
    return subprocess.CompletedProcess(words, program.wait(timeout), *said)


def _read(streams: Sequence[IO[bytes]], deadline: float) -> list[str]:
    """Return what is written to pipes until they are closed."""
    said = {stream: bytearray() for stream in streams}
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise subprocess.TimeoutExpired("mop-tui", deadline)
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                if data:
                    said[key.fileobj] += data  # type: ignore[index]
                else:
                    selector.unregister(key.fileobj)
    return [data.decode().replace("\r\n", "\n") for data in said.values()]
