"""A command host to try, what it reports, and how to tell what runs on this machine."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psutil

from mop_tui.agents.command import CommandHost
from mop_tui.agents.guardian import tagged
from mop_tui.agents.host import Assignment, Exited, Job, Output, Report, Started, Told
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Command, Work
from sessions import agent, task

R = TypeVar("R")
A = AgentId("a")
PATIENCE = 20.0


class Trial:
    """A command host, and what it reports."""

    def __init__(self, folder: Path, grace: float = 0.3, **options: Any) -> None:
        self.logs = folder / "x.logs"
        self.run = uuid4().hex
        self.reports: list[Report] = []
        self._news = asyncio.Event()
        self.host = CommandHost(
            {"here": str(folder)}.get,
            self.logs,
            self._take,
            os.environ,
            run=self.run,
            grace=grace,
            **options,
        )

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    # -- starting ---------------------------------------------------------------------------------

    def start(
        self,
        command: Command,
        *,
        name: str = "a",
        incarnation: int = 1,
        session: bool = False,
        assignment: Assignment | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """Start an agent, for a task `t` unless told otherwise."""
        given = None if session else assignment or Assignment(task("t", name))
        self.host.start(Job(agent(name), Work(command), incarnation, given), secrets or {})

    def program(self, *argv: str, **options: Any) -> None:
        """Start a program."""
        self.start(Command(argv, cwd=options.pop("cwd", None)), **options)

    def script(self, text: str, command: Command | None = None, **options: Any) -> None:
        """Start a shell script."""
        self.start(replace(command or Command(()), argv=(text,), shell=True), **options)

    def python(self, text: str, command: Command | None = None, **options: Any) -> None:
        """Start a Python program."""
        argv = (sys.executable, "-I", "-S", "-c", text)
        self.start(replace(command or Command(()), argv=argv), **options)

    def tell(self, what: Told, secret: str | None = None) -> None:
        """Tell agent `a` something."""
        self.host.tell(A, 1, what, secret)

    # -- what happened ----------------------------------------------------------------------------

    def of(self, kind: type[R]) -> list[R]:
        """Return the reports of a kind."""
        return [report for report in self.reports if isinstance(report, kind)]

    async def wait(self, done: Callable[[], bool]) -> None:
        """Return once a report has made `done` true."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            self._news.clear()

    async def until(self, kind: type[R], count: int = 1) -> R:
        """Return the report of a kind that is the `count`th."""
        await self.wait(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def until_line(self, line: str) -> None:
        """Return once an agent wrote a line."""
        await self.wait(lambda: line in self.lines)

    async def ended(self) -> Exited:
        """Return how the first agent ended."""
        return await self.until(Exited)

    @property
    def lines(self) -> list[str]:
        """Return all reported lines of output."""
        return [line for report in self.of(Output) for line in report.lines]

    @property
    def told(self) -> list[dict[str, Any]]:
        """Return what the agent was told, if it is one that repeats it (`REPEATS`)."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    @property
    def pid(self) -> int:
        """Return the process id of the first agent."""
        pid = self.of(Started)[0].pid
        assert pid is not None
        return pid

    def log(self, name: str = "a") -> str:
        """Return what is in a log."""
        return (self.logs / f"{name}.log").read_text()

    def alive(self) -> list[int]:
        """Return the processes of this session that run, however far they went."""
        return [pid for pid, _ in tagged(self.run)]


REPEATS = 'while read -r line; do printf \' %s\\n\' "$line" | sed \'s/^ //;s/"mop"/"told"/\'; done'
"""A script that repeats what it is told, as plain output."""


async def eventually(true: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Return once something is true that no report tells of."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    """Tell whether a process runs, and does not only wait to be reaped."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def status(pid: int) -> str:
    """Return the state of a process, as psutil calls it."""
    return str(psutil.Process(pid).status())
