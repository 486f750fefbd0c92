"""What of this machine is in use."""

import os
from contextlib import suppress
from pathlib import Path

from mop_tui.domain.pressure import Use

_STAT = Path("/proc/stat")
_MEMORY = Path("/proc/meminfo")
_IDLE = (3, 4)
"""Where in the first line of `_STAT` the time stands that no processor was used, and that one
waited for a disk."""


class Machine:
    """Measures the whole machine. What nobody can tell is None.

    In a container these are the figures of the machine around it.
    """

    def __init__(self) -> None:
        """Begin to measure: processor use is an average since the last look."""
        self._before: tuple[float, float] | None = None
        self()

    def __call__(self) -> Use:
        """Return what was in use since the last look, and is now. Takes about 0.1 ms."""
        if not _STAT.exists():
            return _elsewhere()
        cpu = memory = None
        with suppress(OSError, ValueError, IndexError):
            cpu = self._cpu()
        with suppress(OSError, ValueError, KeyError, ZeroDivisionError):
            memory = _memory()
        return Use(cpu, memory, os.cpu_count())

    def _cpu(self) -> float | None:
        times = [int(word) for word in _STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]]
        now = (float(sum(times)), float(sum(times[place] for place in _IDLE)))
        before, self._before = self._before, now
        if before is None or now[0] <= before[0]:
            return None
        idle = (now[1] - before[1]) / (now[0] - before[0])
        return round(100 * min(1.0, max(0.0, 1 - idle)), 1)


def _memory() -> float:
    lines = (line.partition(":") for line in _MEMORY.read_text("ascii").splitlines())
    sizes = {name: int(rest.split()[0]) for name, _, rest in lines if rest.strip()}
    return round(100 * (1 - sizes["MemAvailable"] / sizes["MemTotal"]), 1)


def _elsewhere() -> Use:
    try:
        import psutil  # noqa: PLC0415 - only where there is no /proc
    except ImportError:
        return Use()
    try:
        return Use(psutil.cpu_percent(), psutil.virtual_memory().percent, psutil.cpu_count())
    except (psutil.Error, OSError):
        return Use()
