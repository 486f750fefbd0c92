"""What every agent host promises, shown by each of them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, TypeVar

import psutil
import pytest

from mop_tui.agents.command import CommandHost, use_pidfd_child_watcher
from mop_tui.agents.host import (
    AgentHost,
    Assignment,
    Cancel,
    Exited,
    Finished,
    Job,
    Note,
    Output,
    Ping,
    Ponged,
    Remembered,
    Report,
    Started,
    StartFailed,
)
from mop_tui.agents.simulated import SimulatedHost
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.plan import Command, Script, Work
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from sessions import agent, task

R = TypeVar("R")
A = AgentId("a")


class Rig(Protocol):
    """A host to try, and how to let its world go on."""

    host: AgentHost
    reports: list[Report]

    async def until(self, done: Callable[[], bool]) -> None: ...

    async def a_while(self) -> None:
        """Let some time go by."""


class CommandRig:
    def __init__(self, folder: Path) -> None:
        self.reports: list[Report] = []
        self._news = asyncio.Event()
        self.host: AgentHost = CommandHost(
            lambda _name: None,
            folder / "logs",
            self._take,
            {"PATH": "/usr/bin:/bin"},
            run=f"contract-{os.getpid()}-{folder}",
            grace=0.3,
        )

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            await asyncio.wait_for(self._news.wait(), 20)
            self._news.clear()

    async def a_while(self) -> None:
        await asyncio.sleep(0.5)


class SimulatedRig:
    def __init__(self, folder: Path) -> None:
        del folder
        self.reports: list[Report] = []
        self._timeline = Timeline()
        self._clock = VirtualClock(self._timeline)
        self.host: AgentHost = SimulatedHost(
            1, self._clock.moment, self._timeline.call_at, self.reports.append
        )

    def _next(self) -> None:
        due = self._timeline.next_due()
        assert due is not None, "nothing will happen any more"
        self._clock.reach(due)
        self._timeline.pop()()

    async def until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._next()

    async def a_while(self) -> None:
        end = self._clock.moment() + 100_000
        self._timeline.call_at(end, lambda: None)
        while self._clock.moment() < end:
            self._next()


@pytest.fixture(params=[CommandRig, SimulatedRig], ids=["command", "simulated"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    use_pidfd_child_watcher()
    made: Rig = request.param(tmp_path)
    yield made
    await asyncio.wait_for(made.host.close(), 20)


SAYS_HELLO = Work(
    Command(("sh", "-c", "echo one; echo hello; exit 3")),
    Script((2000, 2000), output=("one", "hello"), exit_code=3),
)
TAKES_LONG = Work(Command(("sleep", "600")), Script((600_000, 600_000)))

AGENT = r"""
reply() { printf '%s\n' "$1"; }
while read -r line; do
  case $line in
    *'"mop":"task"'*) echo working; reply '{"mop":"memory","key":"k","value":[1]}'
      case $line in *'"long"'*) ;; *) reply '{"mop":"done"}' ;; esac ;;
    *'"mop":"ping"'*) reply '{"mop":"pong","id":7}' ;;
    *'"mop":"cancel"'*) reply '{"mop":"done","failed":"cancelled","message":"as you wish"}' ;;
  esac
done
"""
LISTENS = Work(
    Command((AGENT,), shell=True),
    Script((600_000, 600_000), output=("working",), memory=((MemoryKey("k"), [1]),)),
)


def job(work: Work, incarnation: int = 1) -> Job:
    return Job(agent("a"), work, incarnation, Assignment(task("t", "a")))


def session_job(work: Work) -> Job:
    return Job(agent("a"), work, 1)


def of(rig: Rig, kind: type[R]) -> list[R]:
    return [report for report in rig.reports if isinstance(report, kind)]


def exited(rig: Rig) -> bool:
    return bool(of(rig, Exited))


async def test_the_first_report_is_the_start_and_the_last_the_exit(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO), {})
    await rig.until(lambda: exited(rig))
    assert isinstance(rig.reports[0], Started)
    assert isinstance(rig.reports[-1], Exited)


async def test_output_and_exit_code_are_reported(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO), {})
    await rig.until(lambda: exited(rig))
    lines = [line for report in of(rig, Output) for line in report.lines]
    assert lines == ["one", "hello"]
    [last] = of(rig, Exited)
    assert (last.code, last.signal, last.result, last.done) == (3, None, "hello", False)


async def test_every_report_names_its_incarnation(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO, incarnation=7), {})
    await rig.until(lambda: exited(rig))
    assert {report.incarnation for report in rig.reports} == {7}


async def test_a_stopped_agent_exits_by_the_signal(rig: Rig) -> None:
    rig.host.start(job(TAKES_LONG), {})
    await rig.until(lambda: bool(rig.reports))
    rig.host.stop(A, 1)
    await rig.until(lambda: exited(rig))
    [last] = of(rig, Exited)
    assert (last.code, last.signal) == (None, "SIGTERM")


async def test_what_is_said_about_another_incarnation_is_passed_over(rig: Rig) -> None:
    rig.host.start(job(SAYS_HELLO), {})
    for incarnation in (0, 99):
        rig.host.stop(A, incarnation)
        rig.host.pause(A, incarnation)
        rig.host.resume(A, incarnation)
        rig.host.tell(A, incarnation, Note("operator", "hello"))
        rig.host.tell(AgentId("nobody"), incarnation, Ping(1))
    await rig.until(lambda: exited(rig))
    [last] = of(rig, Exited)
    assert last.code == 3
    rig.host.stop(A, 1)
    rig.host.tell(A, 1, Ping(1))
    await rig.a_while()
    assert rig.reports[-1] is last


async def test_nothing_happens_while_an_agent_is_paused(rig: Rig) -> None:
    works = Work(
        Command(("sh", "-c", "echo one; sleep 0.2; echo hello; exit 3")),
        Script((2000, 2000), output=("one", "hello"), exit_code=3),
    )
    rig.host.start(job(works), {})
    await rig.until(lambda: bool(rig.reports))
    rig.host.pause(A, 1)
    await rig.a_while()
    assert not exited(rig)
    rig.host.resume(A, 1)
    await rig.until(lambda: exited(rig))
    [last] = of(rig, Exited)
    assert (last.code, last.result) == (3, "hello")


async def test_a_paused_agent_can_be_stopped(rig: Rig) -> None:
    rig.host.start(job(TAKES_LONG), {})
    await rig.until(lambda: bool(rig.reports))
    rig.host.pause(A, 1)
    rig.host.stop(A, 1)
    await rig.until(lambda: exited(rig))
    [last] = of(rig, Exited)
    assert last.signal == "SIGTERM"


async def test_a_session_long_agent_is_handed_one_task_after_another(rig: Rig) -> None:
    rig.host.start(session_job(LISTENS), {})
    for name in ("first", "second"):
        rig.host.tell(A, 1, Assignment(task(name)))
    await rig.until(lambda: len(of(rig, Finished)) == 2)
    assert [done.task for done in of(rig, Finished)] == ["first", "second"]
    assert {done.result for done in of(rig, Finished)} == {"working"}
    assert {done.failed for done in of(rig, Finished)} == {""}
    assert of(rig, Remembered)[0] == Remembered(A, 1, MemoryKey("k"), [1])
    assert not exited(rig)


async def test_a_cancelled_task_is_given_up_and_the_next_one_taken(rig: Rig) -> None:
    rig.host.start(session_job(LISTENS), {})
    rig.host.tell(A, 1, Assignment(task("long")))
    await rig.until(lambda: bool(of(rig, Output)))
    rig.host.tell(A, 1, Cancel(TaskId("long"), "as you wish"))
    rig.host.tell(A, 1, Assignment(task("next")))
    await rig.until(lambda: len(of(rig, Finished)) == 2)
    cancelled, following = of(rig, Finished)
    assert (cancelled.task, cancelled.failed) == ("long", "cancelled")
    assert cancelled.message == "as you wish"
    assert (following.task, following.failed) == ("next", "")


async def test_an_agent_that_was_started_for_a_task_may_be_told_to_give_it_up(rig: Rig) -> None:
    rig.host.start(Job(agent("a"), LISTENS, 1, Assignment(task("long"))), {})
    await rig.until(lambda: bool(of(rig, Output)))
    rig.host.tell(A, 1, Cancel(TaskId("long"), "as you wish"))
    await rig.until(lambda: exited(rig))
    [last] = of(rig, Exited)
    assert (last.done, last.failed, last.message) == (True, "cancelled", "as you wish")


async def test_a_ping_is_answered(rig: Rig) -> None:
    rig.host.start(session_job(LISTENS), {})
    rig.host.tell(A, 1, Ping(7))
    await rig.until(lambda: bool(of(rig, Ponged)))
    [pong] = of(rig, Ponged)
    assert 0 <= pong.response_ms < 10_000


async def test_a_secret_is_replaced_wherever_an_agent_writes_it(rig: Rig) -> None:
    says = Work(
        Command(("sh", "-c", "echo my hunter2 is safe")),
        Script((1000, 1000), output=("my hunter2 is safe",)),
    )
    rig.host.conceal("hunter2")
    rig.host.start(job(says), {})
    await rig.until(lambda: exited(rig))
    assert [line for report in of(rig, Output) for line in report.lines] == ["my •••••• is safe"]
    assert of(rig, Exited)[0].result == "my •••••• is safe"


async def test_nothing_runs_after_close(rig: Rig) -> None:
    rig.host.start(job(TAKES_LONG), {})
    await rig.until(lambda: bool(rig.reports))
    await asyncio.wait_for(rig.host.close(), 20)
    [started] = of(rig, Started)
    if started.pid is not None:
        assert not psutil.pid_exists(started.pid)


async def test_a_command_that_does_not_exist_is_a_failed_start(tmp_path: Path) -> None:
    rig = CommandRig(tmp_path)
    rig.host.start(job(Work(Command(("no-such-program",)))), {})
    await rig.until(lambda: bool(rig.reports))
    [report] = rig.reports
    assert isinstance(report, StartFailed)
    assert report.error == "the program no-such-program was not found"
    await rig.host.close()


async def test_a_host_says_whether_an_agent_can_hear(rig: Rig) -> None:
    note = Note("operator", "hello")
    assert not rig.host.tell(A, 1, note), "nobody is there"
    rig.host.start(session_job(LISTENS), {})
    assert rig.host.tell(A, 1, note), "it will be told as soon as it runs"
    await rig.until(lambda: bool(of(rig, Started)))
    assert rig.host.tell(A, 1, note)
    rig.host.stop(A, 1)
    await rig.until(lambda: exited(rig))
    assert not rig.host.tell(A, 1, note), "it is gone"
