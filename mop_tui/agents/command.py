"""Agents that are programs: each in its own process group, output captured, ended in order.

A process is given an explicit, small environment, no standard input, and its standard output and
error as one stream, so that their lines stay in the order in which they were written. Everything
it writes goes to its log file; the latest lines become reports, at most every `REPORT_EVERY`
seconds.

When a process ends, whatever it leaves behind in its process group is ended too. (A child that
moves into a session of its own, as `setsid` does, leaves the group and escapes this.)
"""

import asyncio
import os
import shlex
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import quote

from mop_tui.agents.host import Exited, Job, Output, Sink, Started, StartFailed
from mop_tui.agents.log import AgentLog
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Command
from mop_tui.domain.templates import Lookup, render_command

REPORT_EVERY = 0.5
"""Seconds between two output reports of one agent."""
REPORT_LINES = 40
"""Lines that one output report carries at most; the rest is counted as dropped."""
LINE_CHARACTERS = 400
"""Length at which a reported line is cut. The log keeps it whole."""
GRACE = 5.0
"""Seconds between asking a process group to end and ending it by force."""
CHUNK_BUDGET = 1 << 20
"""Bytes taken from one process in a `CHUNK_PERIOD` before it has to wait."""
CHUNK_PERIOD = 0.01

_GROUP_POLL = 0.02

_VISIBLE = {code: 0x2400 + code for code in range(0x20) if code != 0x09} | {0x7F: 0x2421}
"""Control characters are shown as pictures of themselves, never obeyed."""

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ")
INHERITED_PREFIXES = ("PIP_", "SSL_CERT_", "http_proxy", "https_proxy", "no_proxy")
"""What programs get of the environment mop-tui runs in; all else only if the layout says so."""


def base_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `own` that every agent may see."""
    return {
        name: value
        for name, value in own.items()
        if name in INHERITED or name.lower().startswith(tuple(map(str.lower, INHERITED_PREFIXES)))
    }


@dataclass(frozen=True, slots=True)
class _Launch:
    argv: tuple[str, ...]
    cwd: Path
    environment: dict[str, str]


class CommandHost:
    """Runs the `Command` of each job as a real process. Fulfils `AgentHost`.

    `lookup` knows what the `${...}` look-ups of commands stand for; `logs` is the folder for log
    files, created when first needed.
    """

    def __init__(
        self,
        lookup: Lookup,
        logs: Path,
        sink: Sink,
        environment: Mapping[str, str],
        grace: float = GRACE,
    ) -> None:
        self._lookup = lookup
        self._logs = logs
        self._sink = sink
        self._environment = base_environment(environment)
        self._grace = grace
        self._processes: dict[AgentId, _Process] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._closing = False

    def start(self, job: Job) -> None:
        """See `AgentHost`."""
        if self._closing:
            self._sink(StartFailed(job.agent.id, job.incarnation, "the session is ending"))
            return
        task = asyncio.get_running_loop().create_task(self._start(job))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        process = self._processes.get(agent)
        if process is not None and process.job.incarnation == incarnation and not process.gone:
            self._end_group(process.pid)

    async def close(self) -> None:
        """See `AgentHost`."""
        self._closing = True
        while self._starting:
            await asyncio.wait(self._starting)
        for process in self._processes.values():
            if not process.gone:
                self._end_group(process.pid)
        while self._endings:
            await asyncio.wait(self._endings)
        for process in self._processes.values():
            await process.finished.wait()

    async def _start(self, job: Job) -> None:
        agent, incarnation = job.agent.id, job.incarnation
        try:
            if job.work.command is None:
                raise _CannotStartError("the layout gives it nothing to run")
            await self._spawn(job, job.work.command)
        except _CannotStartError as error:
            self._sink(StartFailed(agent, incarnation, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it was, the agent is accounted for
            why = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
            self._sink(StartFailed(agent, incarnation, why))

    async def _spawn(self, job: Job, command: Command) -> None:
        launch = self._prepare(job, command)
        log = AgentLog(self._logs / f"{quote(job.agent.id, safe='')}.log")
        process = _Process(job, log, self._sink, self._on_exit, self._grace + 2 * _GROUP_POLL)
        log.write(f"$ {shlex.join(launch.argv)}\n".encode(errors="surrogateescape"))
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: process,
                *launch.argv,
                cwd=launch.cwd,
                env=launch.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            log.close()
            missing = isinstance(error, FileNotFoundError)
            problem = "was not found" if missing else "may not be run"
            raise _CannotStartError(f"the program {launch.argv[0]} {problem}") from None
        except (OSError, ValueError):
            log.close()
            raise
        self._processes[job.agent.id] = process
        # Facts that came before the caller could know of the process follow its start.
        self._sink(Started(job.agent.id, job.incarnation, process.pid))
        process.announce()

    def _prepare(self, job: Job, command: Command) -> _Launch:
        command = render_command(command, self._lookup)
        cwd = Path(command.cwd or ".").absolute()
        if not cwd.is_dir():
            raise _CannotStartError(f"its working directory {cwd} does not exist")
        return _Launch(
            argv=("/bin/sh", "-c", *command.argv) if command.shell else command.argv,
            cwd=cwd,
            environment={
                **self._environment,
                "MOP_AGENT": job.agent.id,
                "MOP_TASK": job.task.id,
                **dict(command.env),
            },
        )

    def _on_exit(self, process: "_Process") -> None:
        """End what a process leaves behind in its group, once it is gone itself."""
        self._end_group(process.pid)

    def _end_group(self, group: int) -> None:
        task = asyncio.get_running_loop().create_task(_end_group(group, self._grace))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


class _CannotStartError(Exception):
    """Why a process was not even tried; the text is for a person."""


async def _end_group(group: int, grace: float) -> None:
    """Ask a process group to end, and end it by force after `grace` seconds."""
    deadline = time.monotonic() + grace
    if not _signal_group(group, signal.SIGTERM):
        return
    _signal_group(group, signal.SIGCONT)
    while time.monotonic() < deadline:
        await asyncio.sleep(_GROUP_POLL)
        if not _signal_group(group, 0):
            return
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: int) -> bool:
    """Return True if there was a group to signal. Signal 0 only asks."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Some systems say this of a group that holds only processes waiting to be reaped.
        return False
    return True


class _Process(asyncio.SubprocessProtocol):
    """One process: its output on the way to the log and the reports, and its end.

    The end is reported when the process is gone *and* its output was read, but a grandchild that
    keeps the pipe open does not hold it up for longer than the ending of its group takes.
    """

    def __init__(
        self,
        job: Job,
        log: AgentLog,
        sink: Sink,
        on_exit: Callable[["_Process"], None],
        patience: float,
    ) -> None:
        self.job = job
        self.pid = 0
        self.gone = False
        self.finished = asyncio.Event()
        self._log = log
        self._sink = sink
        self._on_exit = on_exit
        self._patience = patience
        self._transport: asyncio.SubprocessTransport | None = None
        self._announced = False
        self._piped = True
        self._partial = b""
        self._lines: deque[str] = deque(maxlen=REPORT_LINES)
        self._unreported = 0
        self._result = ""
        self._report_due: asyncio.TimerHandle | None = None
        self._last_report = 0.0
        self._taken = 0
        self._period_ends = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process exists."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def announce(self) -> None:
        """The start was reported: what came meanwhile may follow."""
        self._announced = True
        self._schedule_report()
        self._settle()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take a chunk of output; slow a flooding process down rather than the whole program."""
        self._log.write(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > 4 * LINE_CHARACTERS:
            lines.append(self._partial)
            self._partial = b""
        self._take(lines)
        now = time.monotonic()
        if now > self._period_ends:
            self._taken, self._period_ends = 0, now + CHUNK_PERIOD
        self._taken += len(data)
        if self._taken > CHUNK_BUDGET:
            self._hold_pipe(fd)
        if self._announced:
            self._schedule_report()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """All output was read."""
        del fd, exc
        self._piped = False
        self._settle()

    def process_exited(self) -> None:
        """The process is gone, though others of its group may hold its output open."""
        self.gone = True
        self._on_exit(self)
        asyncio.get_running_loop().call_later(self._patience, self._give_up_output)
        self._settle()

    def _give_up_output(self) -> None:
        """Stop waiting for output that something outside the group may write for ever."""
        self._piped = False
        self._settle()

    def _hold_pipe(self, fd: int) -> None:
        transport = self._transport and self._transport.get_pipe_transport(fd)
        if isinstance(transport, asyncio.ReadTransport) and not transport.is_closing():
            transport.pause_reading()
            asyncio.get_running_loop().call_later(
                CHUNK_PERIOD, lambda: None if transport.is_closing() else transport.resume_reading()
            )

    def _take(self, lines: list[bytes]) -> None:
        self._unreported += len(lines)
        for raw in lines[-REPORT_LINES:]:
            line = raw[: 4 * LINE_CHARACTERS].decode(errors="replace").rstrip("\r")
            line = line.translate(_VISIBLE)
            if len(line) > LINE_CHARACTERS:
                line = line[:LINE_CHARACTERS] + "…"
            self._lines.append(line)
            if line.strip():
                self._result = line.strip()

    def _schedule_report(self) -> None:
        if self._report_due is None and self._unreported:
            wait = max(0.0, self._last_report + REPORT_EVERY - time.monotonic())
            self._report_due = asyncio.get_running_loop().call_later(wait, self._report)

    def _report(self) -> None:
        if self._report_due is not None:
            self._report_due.cancel()
            self._report_due = None
        if not self._unreported:
            return
        lines = tuple(self._lines)
        dropped = self._unreported - len(lines)
        self._lines.clear()
        self._unreported = 0
        self._last_report = time.monotonic()
        self._sink(Output(self.job.agent.id, self.job.incarnation, lines, dropped))

    def _settle(self) -> None:
        """Report the end, once everything that comes before it was reported."""
        if not (self._announced and self.gone and not self._piped) or self.finished.is_set():
            return
        if self._partial:
            self._take([self._partial])
            self._partial = b""
        if self._log.failure:
            self._lines.append(f"[{self._log.failure}]")
            self._unreported += 1
        self._report()
        code = self._transport.get_returncode() if self._transport is not None else None
        ended_by = signal.Signals(-code).name if code is not None and code < 0 else None
        self._log.write(f"[{ended_by or f'exit code {code}'}]\n".encode())
        self._log.close()
        if self._transport is not None:
            self._transport.close()
        self.finished.set()
        self._sink(
            Exited(
                self.job.agent.id,
                self.job.incarnation,
                None if ended_by is not None else code,
                ended_by,
                self._result,
            )
        )


def use_pidfd_child_watcher() -> None:
    """Have the running loop watch children without a thread for each, as newer Pythons do."""
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
