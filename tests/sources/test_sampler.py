"""What is measured of process groups is so; what is not known is not made up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mop_tui.sources import sampler
from mop_tui.sources.sampler import Sampler, Usage


@contextmanager
def group(script: str) -> Iterator[int]:
    """Run a script in a process group of its own, and return once it says that it runs."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process.pid
    finally:
        os.killpg(process.pid, 9)
        process.communicate()


def until(sample: Sampler, pid: int, true: Callable[[Usage | None], bool]) -> Usage | None:
    """Sample until something is true of the group; None is a group of which nothing runs."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        usage = sample.sample({"a": pid}).get("a")
        if true(usage):
            return usage
        time.sleep(0.05)
    raise AssertionError("it never came true")


def works(usage: Usage | None) -> bool:
    """Tell whether a group uses a processor for more than now and then."""
    return usage is not None and (usage.cpu or 0) > 0.1


@pytest.fixture(params=["files", "psutil"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure by reading files, and the way it is done where there are none."""
    monkeypatch.setattr(sampler, "_STATS_ARE_FILES", request.param == "files")


@pytest.mark.usefixtures("way")
def test_what_rests_uses_memory_and_nothing_else() -> None:
    with group("sleep 600 & sleep 600 & echo; wait") as pid:
        sample = Sampler()
        first = until(sample, pid, lambda usage: usage is not None and usage.processes == 3)
        assert first is not None
        assert first.memory > 500_000
        time.sleep(0.2)
        second = sample.sample({"a": pid})["a"]
        assert second.cpu is not None
        assert second.cpu < 0.2


@pytest.mark.usefixtures("way")
def test_the_first_look_knows_nothing_of_the_processor() -> None:
    with group("sleep 600 & echo; wait") as pid:
        usage = Sampler().sample({"a": pid})["a"]
        assert (usage.cpu, usage.active) == (None, None)


@pytest.mark.usefixtures("way")
def test_what_works_is_seen_to_work() -> None:
    with group("echo; while :; do :; done") as pid:
        sample = Sampler()
        usage = until(sample, pid, works)
        assert usage is not None
        assert usage.cpu is not None
        assert usage.cpu <= (os.cpu_count() or 1)
        assert usage.active is not None
        assert time.monotonic() - usage.active < 5


def test_the_work_of_children_that_ended_counts() -> None:
    work = f"{sys.executable} -I -S -c 'sum(range(1_000_000))'"
    with group(f"echo; while :; do {work}; done") as pid:
        until(Sampler(), pid, works)


@pytest.mark.usefixtures("way")
def test_what_is_suspended_for_two_looks_is_seen_to_be() -> None:
    # A shell that has just begun a program may not run, nor be stopped, until that program does:
    # one that is stopped in between keeps it from that. So it is the program that says it runs.
    with group("sh -c 'echo; exec sleep 600'; :") as pid:
        sample = Sampler()
        until(sample, pid, lambda usage: usage is not None and usage.processes == 2)
        os.killpg(pid, signal.SIGSTOP)
        first = until(sample, pid, lambda usage: usage is not None)
        assert first is not None
        assert not first.stopped
        until(sample, pid, lambda usage: usage is not None and usage.stopped)
        os.killpg(pid, signal.SIGCONT)
        until(sample, pid, lambda usage: usage is not None and not usage.stopped)


@pytest.mark.usefixtures("way")
def test_what_does_not_run_is_left_out() -> None:
    with group("sleep 600 & echo; wait") as pid:
        sample = Sampler()
        assert set(sample.sample({"here": pid, "gone": 4_194_305})) == {"here"}
    # The leader was waited for; of the others the system may still be letting go.
    until(sample, pid, lambda usage: usage is None)
    assert sample.sample({}) == {}
