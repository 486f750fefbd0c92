"""One process: its pipes, its log, and its end."""

import asyncio
import shlex
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from mop_tui.agents.escapees import Escapees, Key
from mop_tui.agents.groups import POLL, Endings, signal_group
from mop_tui.agents.guarding import Guard
from mop_tui.agents.hearing import Ear
from mop_tui.agents.host import Assignment, Exited, Job, Ping, Reply, Sink, Started, Told
from mop_tui.agents.launch import Launch, Pipes, TaskFile
from mop_tui.agents.log import AgentLog
from mop_tui.agents.masking import Mask
from mop_tui.agents.output import LineCutter
from mop_tui.agents.patterns import Patterns
from mop_tui.agents.pipes import Inlet, Intake, Outlet
from mop_tui.agents.strays import Register
from mop_tui.agents.telling import written
from mop_tui.domain.ids import AskId
from mop_tui.domain.plan import Command

EOF_WAIT = 0.2
"""Seconds that a process has to end by itself in, once its standard input is at its end."""

DEAF = "it does not read its standard input: what it was told is lost"


@dataclass(frozen=True, slots=True)
class Session:
    """What the processes of a session share."""

    sink: Sink
    mask: Mask
    intake: Intake
    endings: Endings
    escapees: Escapees
    guard: Guard
    register: Register
    grace: float


class Process(asyncio.SubprocessProtocol):
    """A process of an agent, from its start to its end.

    The end is reported when the process is gone *and* its output was read, but a grandchild that
    keeps the pipe open does not hold it up for longer than ending it takes.
    """

    def __init__(
        self,
        job: Job,
        command: Command,
        session: Session,
        log: AgentLog,
        task_file: TaskFile,
        on_finished: Callable[["Process"], None],
    ) -> None:
        self.key: Key = (job.agent.id, job.incarnation)
        self.pid = 0
        self.gone = False
        self.finished = asyncio.Event()
        self._job = job
        self._exit_codes = dict(command.exit_codes)
        self._session = session
        self._log = log
        self._task_file = task_file
        self._on_finished = on_finished
        self._ear = Ear(
            job, session.sink, session.mask, Patterns(command), self._refuse, self._end_of_task
        )
        self._cutter = LineCutter(session.mask, self._ear.wanted)
        self._transport: asyncio.SubprocessTransport | None = None
        self._inlet: Inlet | None = None
        self._outlet: Outlet | None = None
        self._piped = True
        self._paused = False
        self._incomplete = False
        """Whether it is said that the log is."""

    @property
    def last_output(self) -> float | None:
        """When it wrote anything last, in seconds of `time.monotonic`; None before that."""
        return self._ear.last_output

    async def spawn(self, launch: Launch, pipes: Pipes) -> None:
        """Start the process. Raises `OSError`."""
        mask = self._session.mask
        title = shlex.join(launch.argv).encode(errors="surrogateescape")
        self._log.note("$ " + mask.over(title).decode(errors="replace"))
        await asyncio.get_running_loop().subprocess_exec(
            lambda: self,
            *launch.argv,
            cwd=launch.cwd,
            env=launch.environment | pipes.environment,
            stdin=pipes.stdin,
            stdout=pipes.stdout,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=pipes.inherited,
            start_new_session=True,
        )

    def begin(self, pipes: Pipes) -> None:
        """Report the start, tell what is to be told first, and begin to listen."""
        self._inlet = Inlet(pipes.output, self._session.intake, self)
        if pipes.input is not None:
            self._outlet = Outlet(pipes.input)
        self._session.sink(Started(*self.key, self.pid))
        self._inlet.begin()

    def tell(self, what: Told, secret: str | None = None) -> bool:
        """Write something to its standard input, if it listens; False if it cannot hear it."""
        if isinstance(what, Assignment):
            self._note_assignment(what)
        if self._outlet is None or not self._outlet.open or self.gone:
            return False
        if isinstance(what, Ping):
            self._ear.pinged(what.number)
        if not self._outlet.write(written(self._job.agent.id, what, secret)):
            self._ear.complain(DEAF)
            return False
        return self._outlet.open  # it closes where nobody can read any more

    def pause(self) -> None:
        """Suspend it, and all that came of it."""
        if not self.gone:
            self._paused = True
            signal_group(self.pid, signal.SIGSTOP)
            self._session.escapees.hold(self.key, paused=True)

    def resume(self) -> None:
        """Let it, and all that came of it, go on."""
        if not self.gone:
            self._paused = False
            signal_group(self.pid, signal.SIGCONT)
            self._session.escapees.hold(self.key, paused=False)

    def stop(self) -> None:
        """End it in order: first the end of its input, then a request, then force."""
        if self.gone:
            return
        wait = 0.0
        if self._outlet is not None and self._outlet.open:
            self._outlet.close()
            wait = 0.0 if self._paused else min(EOF_WAIT, self._session.grace)
        self._end(wait)

    # -- its output (`Consumer`) ------------------------------------------------------------------

    def take(self, data: bytes) -> bool:
        """See `Consumer`."""
        lines = self._cutter.feed(data)
        self._keep(lines.log)
        return self._ear.take(lines)

    def go_on(self) -> bool:
        """See `Consumer`."""
        return self._ear.go_on()

    def no_more(self) -> None:
        """See `Consumer`."""
        lines = self._cutter.end()
        self._keep(lines.log)
        busy = self._ear.take(lines) if lines.log else False
        while busy:
            busy = self._ear.go_on()
        self._piped = False
        self._settle()

    # -- its life (`SubprocessProtocol`) ----------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process exists."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()
        # Before its exit can be noticed, so that no group stays guarded that is gone already.
        self._session.guard.add(self.pid)
        self._session.register.add(self.pid, self._job.agent.id)

    def process_exited(self) -> None:
        """The process is gone, though others of its group may hold its output open."""
        self.gone = True
        if self._outlet is not None:
            self._outlet.close()
        self._end(0.0)
        patience = self._session.grace + 3 * POLL + EOF_WAIT
        asyncio.get_running_loop().call_later(patience, self._give_up_output)
        self._settle()

    def _keep(self, data: bytes) -> None:
        self._log.write(data)
        self._say_if_incomplete()

    def _say_if_incomplete(self) -> None:
        """Say at once, and once, that the log lacks something: the disk may be made free."""
        if self._log.failure and not self._incomplete:
            self._incomplete = True
            self._ear.lacks("log_incomplete", self._log.failure)

    def _give_up_output(self) -> None:
        """Stop waiting for output that something we could not find may write for ever."""
        if self._inlet is not None and self._piped:
            self._inlet.drain()

    def _note_assignment(self, what: Assignment) -> None:
        task = what.task.id
        self._log.note(f"[task {task}, attempt {what.attempt}]")
        if self._job.assignment is not None:
            return  # the file was written before the process was started
        self._ear.assigned(task)
        try:
            self._task_file.write(what)
        except OSError as error:
            self.lacks_task_file(error)

    def lacks_task_file(self, error: OSError) -> None:
        """Say that it works without a task file, and why."""
        problem = f"there is no file with its task: {error.strerror}"
        self._log.note(f"[{problem}]")
        self._ear.lacks("no_task_file", problem)

    def _refuse(self, ask: AskId, problem: str) -> None:
        """Tell the agent that its question is not put to anybody: it may be waiting for us."""
        self.tell(Reply(ask, "refused", reason=problem))

    def _end_of_task(self) -> None:
        """The task is done; the process may clean up, but not for ever."""
        if self._outlet is not None:
            self._outlet.close()
        if not self.gone:
            self._end(max(self._session.grace, EOF_WAIT))

    def _end(self, after: float) -> None:
        self._session.endings.end(self.pid, after=after)
        self._session.escapees.end(self.key, after=after)

    def _settle(self) -> None:
        """Report the end, once everything that comes before it was reported."""
        if self._inlet is None or not self.gone or self._piped or self.finished.is_set():
            return
        code = self._transport.get_returncode() if self._transport is not None else None
        ended_by = _signal_name(-code) if code is not None and code < 0 else None
        self._log.note(f"[{ended_by or f'exit code {code}'}]")
        self._log.close()
        self._say_if_incomplete()
        self._ear.flush()
        self._task_file.remove()
        if self._transport is not None:
            self._transport.close()
        self.finished.set()
        self._on_finished(self)
        done = self._ear.done
        failed = done.failed if done is not None else ""
        self._session.sink(
            Exited(
                *self.key,
                None if ended_by is not None else code,
                ended_by,
                self._ear.result,
                done=done is not None,
                failed=failed or ("" if code is None else self._exit_codes.get(code, "")),
                message=done.message if done is not None else "",
            )
        )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # a real-time signal
