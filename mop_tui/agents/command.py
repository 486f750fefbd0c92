"""Agents that are programs: each in its own process group, and none ever lost track of.

A process is given an explicit, small environment and, if the layout wants it, a standard input
that it is told things through. Its standard output and error are one stream, so that their lines
stay in the order in which they were written. Everything it writes goes to its log file; the latest
lines become reports, and lines of the protocol become what they say.

When a process ends, whatever it leaves behind is ended too: in its process group, or outside of it
with the tags of this session in its environment. A guardian does the same should this program die.
"""

import asyncio
import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from mop_tui.agents.escapees import Escapees, Key
from mop_tui.agents.groups import Endings
from mop_tui.agents.guarding import Guard
from mop_tui.agents.host import Job, Reply, Sink, StartFailed, Told
from mop_tui.agents.launch import (
    TASK_FILE,
    CannotStartError,
    Surroundings,
    TaskFile,
    base_environment,
    pipes,
)
from mop_tui.agents.log import GENERATIONS, SIZE, AgentLog
from mop_tui.agents.masking import Mask
from mop_tui.agents.pipes import Intake
from mop_tui.agents.process import Process, Session
from mop_tui.agents.strays import Register
from mop_tui.domain.ids import AgentId, AskId
from mop_tui.domain.templates import Lookup

GRACE = 5.0
"""Seconds between asking a process group to end and ending it by force."""


@dataclass(slots=True)
class _Start:
    """A process that waits for its turn to be started, and what is to be done with it then."""

    job: Job
    secrets: Mapping[str, str]
    told: list[tuple[Told, str | None]] = field(default_factory=list)
    paused: bool = False
    stopped: bool = False


class CommandHost:
    """Runs the `Command` of each job as a real process. Fulfils `AgentHost`.

    `lookup` knows what the `${...}` look-ups of commands stand for; `logs` is the folder for log
    files, created when first needed, with task files in a folder beside it; `environment` is that
    of the program. `run` names this run and no other: processes are found by it. `register` is
    where processes are written down for `find_strays`, if anywhere.

    Log files hold `log_size` bytes each, and there are `log_generations` of them for an agent.
    """

    def __init__(
        self,
        lookup: Lookup,
        logs: Path,
        sink: Sink,
        environment: Mapping[str, str],
        *,
        run: str,
        grace: float = GRACE,
        register: Path | None = None,
        log_size: int = SIZE,
        log_generations: int = GENERATIONS,
    ) -> None:
        self._surroundings = Surroundings(lookup, environment, base_environment(environment), run)
        self._logs = logs
        self._tasks = logs.with_suffix(".tasks")
        self._log_limits = (log_size, log_generations)
        self._sink = sink
        self._mask = Mask()
        self._guard = Guard(run)
        self._register = Register(register, run)
        self._session = Session(
            sink,
            self._mask,
            Intake(),
            Endings(grace, self._on_group_gone),
            Escapees(run, grace),
            self._guard,
            self._register,
            grace,
        )
        self._waiting: dict[Key, _Start] = {}
        self._starts: deque[_Start] = deque()
        self._starter: asyncio.Task[None] | None = None
        self._processes: dict[Key, Process] = {}
        self._closing = False

    # -- what it is told (`AgentHost`) ------------------------------------------------------------

    def start(self, job: Job, secrets: Mapping[str, str]) -> None:
        """See `AgentHost`."""
        key = (job.agent.id, job.incarnation)
        for secret in secrets.values():
            self._mask.add(secret)
        if self._closing:
            self._sink(StartFailed(*key, "the session is ending"))
            return
        start = self._waiting[key] = _Start(job, dict(secrets))
        self._starts.append(start)
        if self._starter is None:
            self._starter = asyncio.get_running_loop().create_task(self._start_all())

    def tell(self, agent: AgentId, incarnation: int, what: Told, secret: str | None = None) -> bool:
        """See `AgentHost`."""
        if secret is not None:
            self._mask.add(secret)
        key = (agent, incarnation)
        if (process := self._processes.get(key)) is not None:
            return process.tell(what, secret)
        if (start := self._waiting.get(key)) is not None:
            start.told.append((what, secret))
            command = start.job.work.command
            return command is not None and command.stdin == "protocol" and not start.stopped
        return False

    def conceal(self, secret: str) -> None:
        """See `AgentHost`."""
        self._mask.add(secret)

    def pause(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        key = (agent, incarnation)
        if (process := self._processes.get(key)) is not None:
            process.pause()
        elif (start := self._waiting.get(key)) is not None:
            start.paused = True

    def resume(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        key = (agent, incarnation)
        if (process := self._processes.get(key)) is not None:
            process.resume()
        elif (start := self._waiting.get(key)) is not None:
            start.paused = False

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`. What has not been started yet is not, and reports `StartFailed`."""
        key = (agent, incarnation)
        if (process := self._processes.get(key)) is not None:
            process.stop()
        elif (start := self._waiting.get(key)) is not None:
            start.stopped = True

    async def close(self) -> None:
        """See `AgentHost`."""
        self._closing = True
        for start in self._starts:
            start.stopped = True
        if self._starter is not None:
            await asyncio.wait([self._starter])
        running = list(self._processes.values())
        for process in running:
            process.stop()
        for process in running:
            await process.finished.wait()
        await self._session.endings.finished()
        await self._session.escapees.finished()
        await self._guard.close()
        self._register.close()
        # What processes left there that were lost with an earlier program is of no use either.
        await asyncio.to_thread(shutil.rmtree, self._tasks, ignore_errors=True)

    # -- what can be asked ------------------------------------------------------------------------

    def groups(self) -> dict[Key, int]:
        """Return the process group of each incarnation that runs."""
        return {key: process.pid for key, process in self._processes.items() if not process.gone}

    def last_output(self) -> dict[Key, float]:
        """Return when each that runs wrote anything last, in seconds of `time.monotonic`.

        An incarnation that has not written anything yet is not in it.
        """
        return {
            key: process.last_output
            for key, process in self._processes.items()
            if process.last_output is not None
        }

    # -- starting ---------------------------------------------------------------------------------

    async def _start_all(self) -> None:
        """Start what waits, one at a time: a start keeps the event loop for about a millisecond."""
        while self._starts:
            start = self._starts.popleft()
            key = (start.job.agent.id, start.job.incarnation)
            try:
                if start.stopped:
                    raise CannotStartError("it was stopped before it was started")
                await self._start(start)
            except CannotStartError as error:
                self._sink(StartFailed(*key, str(error)))
            except Exception as error:  # noqa: BLE001 - whatever it was, the agent is accounted for
                why = error.strerror if isinstance(error, OSError) and error.strerror else None
                self._sink(StartFailed(*key, why or f"a defect of mop-tui: {error!r}"))
            finally:
                self._waiting.pop(key, None)
            await asyncio.sleep(0)
        self._starter = None

    async def _start(self, start: _Start) -> None:
        job = start.job
        launch = self._surroundings.launch(job)
        await self._guard.begin()
        agent = job.agent.id if job.hook is None else job.hook.agent or job.agent.id
        task_file = TaskFile(
            self._beside(self._tasks, job.agent.id, f".{job.incarnation}.json"), agent
        )
        no_task_file = self._write_task(task_file, job)
        if no_task_file is None and (job.hook is None or job.assignment is not None):
            launch.environment[TASK_FILE] = str(task_file.path)
        log = AgentLog(self._beside(self._logs, job.agent.id, ".log"), *self._log_limits)
        try:
            process = Process(job, launch.command, self._session, log, task_file, self._on_finished)
            listens = launch.command.stdin == "protocol"
            with pipes(start.secrets, listens=listens) as made:
                await process.spawn(launch, made)
        except OSError as error:
            log.close()
            task_file.remove()
            raise CannotStartError(launch.problem(error)) from None
        except re.error as error:
            log.close()
            task_file.remove()
            raise CannotStartError(f"a pattern is no regular expression: {error}") from None
        except BaseException:
            log.close()
            task_file.remove()
            raise
        self._processes[process.key] = process
        process.begin(made)
        if no_task_file is not None:
            process.lacks_task_file(no_task_file)
        self._tell_first(process, start)

    def _tell_first(self, process: Process, start: _Start) -> None:
        """Do with a process that has just been started what could not be done before."""
        if start.job.assignment is not None:
            process.tell(start.job.assignment)
        for name, secret in start.secrets.items():
            process.tell(Reply(AskId(name), "answered"), secret)
        for what, told_secret in start.told:
            process.tell(what, told_secret)
        if start.paused:
            process.pause()
        if start.stopped:
            process.stop()

    def _write_task(self, task_file: TaskFile, job: Job) -> OSError | None:
        """Write the task file, or leave it to the first assignment. Return why that cannot be."""
        try:
            if job.assignment is not None:
                task_file.write(job.assignment)
        except OSError as error:
            return error
        return None

    def _beside(self, folder: Path, agent: AgentId, suffix: str) -> Path:
        return folder / f"{quote(agent, safe='+')}{suffix}"

    # -- ending -----------------------------------------------------------------------------------

    def _on_finished(self, process: Process) -> None:
        self._processes.pop(process.key, None)

    def _on_group_gone(self, group: int) -> None:
        self._guard.remove(group)
        self._register.remove(group)


def use_pidfd_child_watcher() -> None:
    """Have the running loop watch children without a thread for each, as newer Pythons do."""
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
