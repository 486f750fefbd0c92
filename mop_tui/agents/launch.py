"""What a process is started with: its words, its folder, its environment, its pipes."""

import errno
import json
import os
import re
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mop_tui.agents.host import Assignment, Job
from mop_tui.agents.telling import task_form
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Command
from mop_tui.domain.templates import Lookup, render_command

INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ")
INHERITED_PREFIXES = ("PIP_", "SSL_CERT_", "http_proxy", "https_proxy", "no_proxy")
"""What programs get of the environment mop-tui runs in; all else only if the layout says so."""

SPARE = 6
"""Descriptors that have to be free for a start: what the start itself needs for a moment."""

TELL_FD = "MOP_TELL_FD"
TASK_FILE = "MOP_TASK_FILE"
RUN, AGENT, INCARNATION, TASK = "MOP_RUN", "MOP_AGENT", "MOP_INCARNATION", "MOP_TASK"
MODEL, HOOK, FILES = "MOP_MODEL", "MOP_HOOK", "MOP_FILES"


class CannotStartError(Exception):
    """Why a process was not started; the text is for a person."""


def base_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `own` that every agent may see.

    The folder of the `mop-tui` that runs is the last on the path, so that scripts find
    `mop-tui tell` however it was started, and nothing else in another place than before.
    """
    base = {
        name: value
        for name, value in own.items()
        if name in INHERITED or name.lower().startswith(tuple(map(str.lower, INHERITED_PREFIXES)))
    }
    scripts = Path(sys.executable).parent
    if "PATH" in base and (scripts / "mop-tui").exists():
        base["PATH"] += f"{os.pathsep}{scripts}"
    return base


def secret_variable(name: str) -> str:
    """Return the variable that says through which descriptor a secret comes."""
    return "MOP_SECRET_FD_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all agents of a session are started in."""

    lookup: Lookup
    own: Mapping[str, str]
    """The environment mop-tui runs in."""
    base: Mapping[str, str]
    """The part of it that every agent may see."""
    run: str

    def launch(self, job: Job) -> "Launch":
        """Return what to start for a job. Raises `CannotStartError`."""
        if job.work.command is None:
            raise CannotStartError("the layout gives it nothing to run")
        command = render_command(job.work.command, self.lookup)
        cwd = os.path.abspath(command.cwd or ".")  # noqa: PTH100 - in every start: paths are slow
        if not os.path.isdir(cwd):  # noqa: PTH112
            what = "is not a folder" if Path(cwd).exists() else "does not exist"
            raise CannotStartError(f"its working directory {cwd} {what}")
        if not command.argv or not command.argv[0]:
            raise CannotStartError("the layout gives it nothing to run")
        told = (*(value for _, value in command.env), job.agent.model or "")
        if any("\0" in text for text in (*command.argv, *told)):
            raise CannotStartError("its command or environment holds a zero byte")
        return Launch(
            command=command,
            argv=("/bin/sh", "-c", *command.argv) if command.shell else command.argv,
            cwd=cwd,
            environment=self._environment(job, command),
        )

    def _environment(self, job: Job, command: Command) -> dict[str, str]:
        for name, _ in command.env:
            if not name or "=" in name or "\0" in name:
                raise CannotStartError(f"{name!r} cannot be the name of an environment variable")
        environment = {
            **self.base,
            **{name: self.own[name] for name in command.inherit_env if name in self.own},
            **dict(command.env),
            RUN: self.run,
            AGENT: job.agent.id,
            INCARNATION: str(job.incarnation),
        }
        for name in (TASK, MODEL, HOOK, FILES):
            environment.pop(name, None)
        if job.agent.model is not None:
            environment[MODEL] = job.agent.model
        if job.assignment is not None:
            environment[TASK] = job.assignment.task.id
        if job.hook is not None:
            environment[HOOK] = job.hook.name
            if job.hook.agent is not None:
                environment[AGENT] = job.hook.agent
            else:
                del environment[AGENT]
            environment.update(job.hook.told)
            if job.hook.files:
                environment[FILES] = "\n".join(job.hook.files)
        return environment


@dataclass(frozen=True, slots=True)
class Launch:
    """A process to be started."""

    command: Command
    """What the layout says of it, with its look-ups filled in."""
    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]

    def problem(self, error: OSError) -> str:
        """Put into words why the system did not start it."""
        program = self.argv[0]
        match error.errno:
            case errno.ENOENT:
                if "/" in program and Path(self.cwd, program).exists():
                    return f"the program {program} names an interpreter that was not found"
                return f"the program {program} was not found"
            case errno.EACCES | errno.EPERM:
                if Path(self.cwd, program).is_dir():
                    return f"the program {program} is a folder"
                return f"the program {program} may not be run"
            case errno.ENOEXEC:
                return f"the file {program} is no program: it has no `#!` line that names one"
            case errno.E2BIG:
                return "its command and environment are too long for the system"
            case errno.EMFILE | errno.ENFILE:
                return TOO_MANY_FILES
            case errno.EAGAIN | errno.ENOMEM:
                return f"the system has no room for another process: {error.strerror}"
            case _:
                return f"the program {program} cannot be started: {error.strerror}"


TOO_MANY_FILES = "too many files are open: raise the limit (`ulimit -n`) or run fewer agents"


@dataclass(slots=True)
class Pipes:
    """The pipes to a process: our ends, and those that it inherits."""

    output: int = -1
    """Our end of its output."""
    input: int | None = None
    """Our end of its standard input."""
    stdin: int = -1
    stdout: int = -1
    inherited: list[int] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    _all: list[int] = field(default_factory=list)

    def pair(self) -> tuple[int, int]:
        """Return a new pipe: where to read, where to write."""
        ends = os.pipe()
        self._all.extend(ends)
        return ends

    def add_secret(self, name: str, secret: str) -> None:
        """Add a pipe that holds a secret, and its end behind it."""
        reading, writing = self.pair()
        data = secret.encode()
        os.set_blocking(writing, False)
        try:
            whole = os.write(writing, data) == len(data)
        except BlockingIOError:
            whole = False
        if not whole:
            raise CannotStartError(f"the secret {name!r} is too long for a pipe")
        self._all.remove(writing)
        os.close(writing)
        self.inherited.append(reading)
        self.environment[secret_variable(name)] = str(reading)

    def check_room(self) -> None:
        """Raise `CannotStartError` if a start might run out of descriptors half-way.

        The lowest number that is free is given out first, so that above the newest all are free.
        """
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and max(self._all) + SPARE >= most:
            raise CannotStartError(TOO_MANY_FILES)

    def close_theirs(self) -> None:
        """Close what only the process needs."""
        ours = (self.output, self.input)
        for fd in self._all:
            if fd not in ours:
                os.close(fd)
        self._all = [fd for fd in self._all if fd in ours]

    def close(self) -> None:
        """Close everything."""
        for fd in self._all:
            with suppress(OSError):
                os.close(fd)
        self._all.clear()


@contextmanager
def pipes(secrets: Mapping[str, str], *, listens: bool) -> Iterator[Pipes]:
    """Make the pipes to a process that listens to its standard input, or does not.

    Within, it can be started; after that, what only it needs is closed. If it cannot be started,
    everything is. Raises `CannotStartError`.
    """
    made = Pipes()
    try:
        made.output, made.stdout = made.pair()
        # Output may also be written through this descriptor, wherever standard output leads.
        made.inherited.append(made.stdout)
        made.environment[TELL_FD] = str(made.stdout)
        if listens:
            made.stdin, made.input = made.pair()
        else:
            made.stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            made._all.append(made.stdin)  # noqa: SLF001
        for name, secret in secrets.items():
            made.add_secret(name, secret)
        made.check_room()
        yield made
    except BaseException as error:
        made.close()
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            raise CannotStartError(TOO_MANY_FILES) from None
        raise
    made.close_theirs()


class TaskFile:
    """A file that tells a program its task, for programs that do not speak the protocol."""

    def __init__(self, path: Path, agent: AgentId) -> None:
        self.path = path
        self._agent = agent

    def write(self, assignment: Assignment) -> None:
        """Put a task into the file, at once and whole.

        Raises `OSError` if that cannot be; then there is no file, not even one of an earlier task.
        """
        text = json.dumps(task_form(self._agent, assignment), indent=1)
        draft = f"{self.path}.new"
        try:
            self._write(draft, text.encode() + b"\n")
            os.replace(draft, self.path)  # noqa: PTH105 - in every start: paths are slow
        except OSError:
            for path in (draft, self.path):
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
            raise

    def _write(self, draft: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            fd = os.open(draft, flags, 0o600)
        except FileNotFoundError:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(draft, flags, 0o600)
        try:
            while data:
                data = data[os.write(fd, data) :]
        finally:
            os.close(fd)

    def remove(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
