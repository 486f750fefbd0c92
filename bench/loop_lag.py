"""How long an event loop keeps others waiting, and how much memory a process holds."""

import asyncio
import os
import time
from pathlib import Path

from bench.machine import quantile

PERIOD = 0.002


class Lag:
    """Measures how late a timer of the running loop is, all the time, in seconds."""

    def __init__(self) -> None:
        self._lags: list[float] = []
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            due = time.perf_counter() + PERIOD
            await asyncio.sleep(PERIOD)
            self._lags.append(time.perf_counter() - due)

    def take(self) -> str:
        """Say what was measured since the last time, and begin anew."""
        lags, self._lags = self._lags or [0.0], []
        return (
            f"loop lag median {quantile(lags, 0.5) * 1e3:.2f} ms,"
            f" p99 {quantile(lags, 0.99) * 1e3:.2f} ms, max {max(lags) * 1e3:.1f} ms"
        )

    def stop(self) -> None:
        """Measure no more."""
        self._task.cancel()


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
