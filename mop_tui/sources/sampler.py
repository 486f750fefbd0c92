"""What process groups use, measured by looking at all processes of the machine at once.

One look serves any number of groups: with /proc it takes about 15 µs a process, where walking each
tree by itself takes ten times as long. What is not known is None; nothing is ever made up.
"""

import os
import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


SLICE = 16
"""Processes that are looked at in one go."""
BREATH = 0.0005
"""Seconds of rest after that, in which whoever else runs here comes to its turn."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process group uses."""

    cpu: float | None
    """Processor cores kept busy since the last sample, on average; None in the first."""
    memory: int
    """Bytes of memory its processes hold; what several share is counted for each."""
    processes: int
    active: float | None
    """When it was last seen to have used a processor, in seconds of `time.monotonic`; None if it
    has not been since it was first looked at."""
    stopped: bool = False
    """Somebody has suspended them all, by a signal or in a debugger, for two samples and all that
    was between them: who is only slowed down in this way (as by cpulimit) is not meant."""


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    born: float
    group: int
    own: float
    """Seconds of processor time it used itself."""
    heirs: float
    """Seconds that its children used which ended, and which it has waited for."""
    memory: int
    stopped: bool


@dataclass(slots=True)
class _Group:
    own: dict[tuple[int, float], float]
    total: float
    at: float
    stopped: bool
    active: float | None = None


class Sampler:
    """Measures process groups. For one thread at a time, which it keeps for some milliseconds."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Hashable, int], _Group] = {}
        self._cores = os.cpu_count() or 1

    def sample(self, groups: Mapping[K, int]) -> dict[K, Usage]:
        """Return what each group uses; those of which nothing runs are left out.

        `groups` names process groups by whatever keys the caller likes, the same in each sample.
        """
        wanted = set(groups.values())
        members: dict[int, list[_Process]] = {}
        for process in _processes(wanted):
            members.setdefault(process.group, []).append(process)
        now = time.monotonic()
        before, self._groups = self._groups, {}
        used = {}
        for key, group in groups.items():
            if group in members:
                last = before.get((key, group))
                current, usage = self._measure(members[group], last, now)
                self._groups[key, group] = current
                used[key] = usage
        return used

    def _measure(
        self, members: list[_Process], last: _Group | None, now: float
    ) -> tuple[_Group, Usage]:
        own = {(process.pid, process.born): process.own for process in members}
        total = sum(process.own + process.heirs for process in members)
        stopped = all(process.stopped for process in members)
        current = _Group(own, total, now, stopped, last.active if last is not None else None)
        cpu = None
        spent = 0.0
        if last is not None and now > last.at:
            spent = _spent(last, current)
            # A child that was elsewhere and is waited for here brings all its time at once.
            cpu = min(spent / (now - last.at), float(self._cores))
            if spent > 0:
                current.active = now
        memory = sum(process.memory for process in members)
        stopped = stopped and last is not None and last.stopped and spent == 0
        return current, Usage(cpu, memory, len(members), current.active, stopped)


def _spent(last: _Group, current: _Group) -> float:
    """Return the processor time used between two looks, in seconds.

    The sum over all members misses what went with a child that nobody in the group waited for;
    the sum over those that are still there misses what others did meanwhile. Neither is too much.
    """
    still_there = sum(
        own - last.own[member] for member, own in current.own.items() if member in last.own
    )
    return max(current.total - last.total, still_there, 0.0)


def _processes(groups: set[int]) -> Iterator[_Process]:
    if _STATS_ARE_FILES:
        return _processes_of_proc(groups)
    return _processes_elsewhere(groups)


_STATS_ARE_FILES = Path("/proc/self/stat").exists()


def _processes_of_proc(groups: set[int]) -> Iterator[_Process]:
    tick = 1 / os.sysconf("SC_CLK_TCK")
    page = os.sysconf("SC_PAGE_SIZE")
    looked_at = 0
    for name in os.listdir("/proc"):  # noqa: PTH208 - a path object for each would double the time
        if not name.isdecimal():
            continue
        try:
            if os.getpgid(int(name)) not in groups:
                continue
            looked_at += 1
            if looked_at % SLICE == 0:
                time.sleep(BREATH)
            fd = os.open(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # it ended meanwhile
        try:
            stat = os.read(fd, 4096)
        except OSError:
            continue
        finally:
            os.close(fd)
        if not stat:
            continue
        # The name in parentheses may hold anything, so what counts begins after the last of them.
        fields = stat[stat.rindex(b")") + 2 :].split()
        group = int(fields[2])
        if group not in groups or fields[0] in (b"Z", b"X"):
            continue
        yield _Process(
            pid=int(name),
            born=float(fields[19]),
            group=group,
            own=(int(fields[11]) + int(fields[12])) * tick,
            heirs=(int(fields[13]) + int(fields[14])) * tick,
            memory=int(fields[21]) * page,
            stopped=fields[0] in (b"T", b"t"),
        )


def _processes_elsewhere(groups: set[int]) -> Iterator[_Process]:
    try:
        import psutil  # noqa: PLC0415 - only where there is no /proc
    except ImportError:
        return
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError), process.oneshot():
            group = os.getpgid(process.pid)
            if group in groups and process.status() != psutil.STATUS_ZOMBIE:
                times = process.cpu_times()
                yield _Process(
                    pid=process.pid,
                    born=process.create_time(),
                    group=group,
                    own=times.user + times.system,
                    heirs=0.0,
                    memory=process.memory_info().rss,
                    stopped=process.status() == psutil.STATUS_STOPPED,
                )
