"""What holds for real processes."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from mop_tui.agents.command import (
    LINE_CHARACTERS,
    REPORT_LINES,
    CommandHost,
    base_environment,
    use_pidfd_child_watcher,
)
from mop_tui.agents.host import Exited, Job, Output, Report, Started, StartFailed
from mop_tui.domain.plan import Command, Work
from sessions import agent, task


class Bench:
    """A command host and what it reports."""

    def __init__(self, folder: Path, grace: float = 0.3) -> None:
        self.logs = folder / "logs"
        self.reports: list[Report] = []
        self._news = asyncio.Event()
        self.host = CommandHost(
            {"here": str(folder)}.get, self.logs, self._take, os.environ, grace=grace
        )

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    def start(self, *argv: str, cwd: str | None = None) -> None:
        self._run(Command(argv, cwd=cwd, env=(("GREETING", "${here}"),)))

    def script(self, text: str) -> None:
        self._run(Command((text,), shell=True))

    def _run(self, command: Command) -> None:
        self.host.start(Job(agent("a"), task("t", "a"), Work(command), 1))

    async def until(self, kind: type[Report]) -> Report:
        while not any(isinstance(report, kind) for report in self.reports):
            await asyncio.wait_for(self._news.wait(), 20)
            self._news.clear()
        return next(report for report in self.reports if isinstance(report, kind))

    @property
    def lines(self) -> list[str]:
        return [line for r in self.reports if isinstance(r, Output) for line in r.lines]


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    use_pidfd_child_watcher()
    return Bench(tmp_path)


def _group_is_gone(group: int) -> bool:
    return not any(
        p.info["status"] != psutil.STATUS_ZOMBIE and _group_of(p.pid) == group
        for p in psutil.process_iter(["status"])
    )


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


async def test_a_process_leads_its_own_group(bench: Bench) -> None:
    bench.start("sleep", "60")
    started = await bench.until(Started)
    assert isinstance(started, Started)
    assert started.pid is not None
    assert os.getpgid(started.pid) == started.pid != os.getpgid(0)
    await bench.host.close()


async def test_a_process_that_ignores_sigterm_is_ended_by_force(bench: Bench) -> None:
    bench.script("trap '' TERM; echo ready; while :; do sleep 1; done")
    await bench.until(Output)
    bench.host.stop(agent("a").id, 1)
    gone = await bench.until(Exited)
    assert isinstance(gone, Exited)
    assert gone.signal == "SIGKILL"


async def test_a_stopped_process_can_still_be_ended(bench: Bench) -> None:
    bench.start("sleep", "60")
    started = await bench.until(Started)
    assert isinstance(started, Started)
    assert started.pid is not None
    os.kill(started.pid, signal.SIGSTOP)
    bench.host.stop(agent("a").id, 1)
    gone = await bench.until(Exited)
    assert isinstance(gone, Exited)
    assert gone.signal == "SIGTERM"


async def test_what_a_process_leaves_behind_is_ended(bench: Bench) -> None:
    bench.script("sleep 600 & echo left; exit 0")
    gone = await bench.until(Exited)
    assert isinstance(gone, Exited)
    assert gone.code == 0
    started = await bench.until(Started)
    assert isinstance(started, Started)
    await bench.host.close()
    assert started.pid is not None
    assert _group_is_gone(started.pid)


async def test_a_child_that_fled_the_group_does_not_hold_up_the_exit(bench: Bench) -> None:
    script = (
        "import os, subprocess, sys;"
        "child = subprocess.Popen(['sleep', '30'], start_new_session=True);"
        "print(child.pid)"
    )
    bench.start(sys.executable, "-c", script)
    gone = await asyncio.wait_for(bench.until(Exited), 10)
    assert isinstance(gone, Exited)
    assert gone.code == 0
    os.kill(int(gone.result), signal.SIGKILL)
    await bench.host.close()


async def test_all_output_is_in_the_log_and_a_bounded_tail_in_the_reports(bench: Bench) -> None:
    bench.start(sys.executable, "-c", "for i in range(100_000): print('line', i)")
    await bench.until(Exited)
    log = (bench.logs / "a.log").read_text().splitlines()
    assert log[1] == "line 0"
    assert log[-2] == "line 99999"
    assert log[-1] == "[exit code 0]"
    reports = [report for report in bench.reports if isinstance(report, Output)]
    assert all(len(report.lines) <= REPORT_LINES for report in reports)
    assert sum(len(report.lines) + report.dropped for report in reports) == 100_000
    assert bench.lines[-1] == "line 99999"


async def test_a_line_without_end_is_cut_in_reports_and_whole_in_the_log(bench: Bench) -> None:
    bench.start(sys.executable, "-c", "print('x' * 1_000_000, end='')")
    await bench.until(Exited)
    assert all(len(line) <= LINE_CHARACTERS + 1 for line in bench.lines)
    assert (bench.logs / "a.log").read_text().count("x") >= 1_000_000


async def test_control_characters_are_shown_not_obeyed(bench: Bench) -> None:
    bench.script("printf '\\033[2Jgone\\007\\n'")
    await bench.until(Exited)
    assert bench.lines == ["␛[2Jgone␇"]


async def test_standard_input_is_at_its_end(bench: Bench) -> None:
    bench.script("cat; echo read it all")
    await bench.until(Exited)
    assert bench.lines == ["read it all"]


async def test_the_environment_is_small_and_looks_up_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    bench = Bench(tmp_path)
    bench.start("sh", "-c", "echo CWD=$(pwd); env", cwd="${here}")
    await bench.until(Exited)
    variables = dict(line.split("=", 1) for line in bench.lines)
    assert variables["GREETING"] == str(tmp_path)
    assert variables["CWD"] == str(tmp_path)
    assert (variables["MOP_AGENT"], variables["MOP_TASK"]) == ("a", "t")
    assert "MY_TOKEN" not in variables


def test_only_what_is_listed_is_inherited() -> None:
    own = {"PATH": "/bin", "PIP_INDEX_URL": "x", "HTTPS_PROXY": "y", "AWS_SECRET": "z"}
    assert base_environment(own) == {"PATH": "/bin", "PIP_INDEX_URL": "x", "HTTPS_PROXY": "y"}


async def test_a_missing_working_directory_is_a_failed_start(bench: Bench) -> None:
    bench.start("true", cwd="${here}/nowhere")
    failed = await bench.until(StartFailed)
    assert isinstance(failed, StartFailed)
    assert failed.error.endswith("nowhere does not exist")


async def test_logs_are_for_their_owner_only(bench: Bench) -> None:
    bench.start("true")
    await bench.until(Exited)
    assert (bench.logs / "a.log").stat().st_mode & 0o077 == 0


async def test_a_full_disk_costs_the_log_and_nothing_else(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.logs.mkdir()
    (bench.logs / "a.log").symlink_to("/dev/full")
    bench.start("echo", "hello")
    gone = await bench.until(Exited)
    assert isinstance(gone, Exited)
    assert gone.code == 0
    assert bench.lines[0] == "hello"
    assert "the log is incomplete: No space left on device" in bench.lines[-1]
    await asyncio.wait_for(bench.host.close(), 10)


async def test_nothing_is_started_while_the_host_closes(bench: Bench) -> None:
    await bench.host.close()
    bench.start("sleep", "60")
    failed = await bench.until(StartFailed)
    assert isinstance(failed, StartFailed)
