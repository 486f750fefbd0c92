"""What every agent host promises, shown by each of them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from mop_tui.agents.command import CommandHost
from mop_tui.agents.host import AgentHost, Exited, Job, Output, Report, Started, StartFailed
from mop_tui.agents.simulated import SimulatedHost
from mop_tui.domain.plan import Command, Script, Work
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from sessions import agent, task


class Rig(Protocol):
    """A host to try, and how to let its world go on."""

    host: AgentHost
    reports: list[Report]

    async def until(self, done: Callable[[], bool]) -> None: ...


class CommandRig:
    def __init__(self, folder: Path) -> None:
        self.reports: list[Report] = []
        self._news = asyncio.Event()
        self.host: AgentHost = CommandHost(
            lambda _name: None, folder / "logs", self._take, {"PATH": "/usr/bin:/bin"}, grace=0.3
        )

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            await asyncio.wait_for(self._news.wait(), 20)
            self._news.clear()


class SimulatedRig:
    def __init__(self, folder: Path) -> None:
        del folder
        self.reports: list[Report] = []
        self._timeline = Timeline()
        self._clock = VirtualClock(self._timeline)
        self.host: AgentHost = SimulatedHost(
            1, self._clock.moment, self._timeline.call_at, self.reports.append
        )

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            due = self._timeline.next_due()
            assert due is not None, "nothing will happen any more"
            self._clock.reach(due)
            self._timeline.pop()()


@pytest.fixture(params=[CommandRig, SimulatedRig], ids=["command", "simulated"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    made: Rig = request.param(tmp_path)
    return made


SAYS_HELLO = Work(
    Command(("sh", "-c", "echo one; echo hello; exit 3")),
    Script((2000, 2000), output=("one", "hello"), exit_code=3),
)
TAKES_LONG = Work(Command(("sleep", "600")), Script((600_000, 600_000)))


def job(work: Work, incarnation: int = 1) -> Job:
    return Job(agent("a"), task("t", "a"), work, incarnation)


def exited(rig: Rig) -> bool:
    return any(isinstance(report, Exited) for report in rig.reports)


async def test_the_first_report_is_the_start_and_the_last_the_exit(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO))
    await rig.until(lambda: exited(rig))
    assert isinstance(rig.reports[0], Started)
    assert isinstance(rig.reports[-1], Exited)


async def test_output_and_exit_code_are_reported(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO))
    await rig.until(lambda: exited(rig))
    lines = [line for r in rig.reports if isinstance(r, Output) for line in r.lines]
    assert lines == ["one", "hello"]
    last = rig.reports[-1]
    assert isinstance(last, Exited)
    assert (last.code, last.signal, last.result) == (3, None, "hello")


async def test_every_report_names_its_incarnation(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO, incarnation=7))
    await rig.until(lambda: exited(rig))
    assert {report.incarnation for report in rig.reports} == {7}


async def test_a_stopped_agent_exits_by_the_signal(rig: Rig) -> None:
    rig.host.start(job(TAKES_LONG))
    await rig.until(lambda: bool(rig.reports))
    rig.host.stop(job(TAKES_LONG).agent.id, 1)
    await rig.until(lambda: exited(rig))
    last = rig.reports[-1]
    assert isinstance(last, Exited)
    assert (last.code, last.signal) == (None, "SIGTERM")


async def test_stopping_another_incarnation_stops_nothing(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO))
    rig.host.stop(job(SAYS_HELLO).agent.id, 99)
    await rig.until(lambda: exited(rig))
    last = rig.reports[-1]
    assert isinstance(last, Exited)
    assert last.code == 3


async def test_nothing_runs_after_close(rig: Rig) -> None:
    rig.host.start(job(TAKES_LONG))
    await rig.until(lambda: bool(rig.reports))
    await asyncio.wait_for(rig.host.close(), 20)
    started = rig.reports[0]
    assert isinstance(started, Started)
    if started.pid is not None:
        assert not psutil.pid_exists(started.pid)


async def test_a_command_that_does_not_exist_is_a_failed_start(tmp_path: Path) -> None:
    rig = CommandRig(tmp_path)
    rig.host.start(job(Work(Command(("no-such-program",)))))
    await rig.until(lambda: bool(rig.reports))
    [report] = rig.reports
    assert isinstance(report, StartFailed)
    assert report.error == "the program no-such-program was not found"
