"""Whether agents that write without end hold up anybody else.

    python -m bench.flood [--seconds 4]

Measured while agents write as fast as they can: how late the event loop is, how much memory is
gained, and what became of what was written: taken, reported, counted as left out.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.loop_lag import Lag, resident
from bench.machine import described
from mop_tui.agents.command import CommandHost, use_pidfd_child_watcher
from mop_tui.agents.host import Exited, Job, Messaged, Output, Progressed, Report, Started
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.plan import AgentSpec, Command, ErrorPattern, Work

FLOOD = (
    "import os\n"
    "data = b'%s some line of output that says nothing at all\\n' % (b'x' * 40) * 700\n"
    "while True: os.write(1, data)\n"
)
LONG_LINE = (
    "import os, time\n"
    "time.sleep(2)\n"
    "for _ in range(100): os.write(1, b'x' * 1_000_000)\n"
    "os.write(1, b'\\n')\n"
)  # fmt: skip
NOISE = "import os\nwhile True: os.write(1, os.urandom(1 << 16))\n"
SPEAKER = (
    "import os\n"
    'line = b\'{"mop":"message","to":"operator","text":"hello there"}\\n\'\n'
    "while True: os.write(1, line * 1000)\n"
)
TALKER = (
    "import sys, time\n"
    "n = 0\n"
    "while True:\n"
    "    n += 1\n"
    '    print(\'{"mop":"progress","percent":%d}\' % (n % 100))\n'
    '    print(\'{"mop":"message","to":"operator","text":"%d"}\' % n)\n'
    "    print('line', n, 'of many', flush=True)\n"
    "    time.sleep(0.1)\n"
)


@dataclass(slots=True)
class Counts:
    """What was reported."""

    reports: int = 0
    lines: int = 0
    dropped: int = 0
    progress: int = 0
    messages: int = 0
    exited: int = 0
    started: int = 0

    def take(self, report: Report) -> None:
        """Count a report, and keep nothing of it."""
        self.reports += 1
        match report:
            case Output(lines=lines, dropped=dropped):
                self.lines += len(lines)
                self.dropped += dropped
            case Progressed():
                self.progress += 1
            case Messaged():
                self.messages += 1
            case Exited():
                self.exited += 1
            case Started():
                self.started += 1
            case _:
                pass


async def flood(
    name: str, code: str, agents: int, seconds: float, folder: Path, command: Command
) -> None:
    """Have agents write for so long, or until they end, and say what that did."""
    counts = Counts()
    host = CommandHost(
        lambda _name: None,
        folder / f"{name}.logs",
        counts.take,
        os.environ,
        run=uuid4().hex,
        grace=1,
    )
    host.conceal("hunter2")
    argv = (sys.executable, "-I", "-S", "-c", code)
    work = Work(
        Command(argv, stdin="none", error_patterns=command.error_patterns,
                progress_patterns=command.progress_patterns)
    )  # fmt: skip
    for number in range(agents):
        host.start(Job(AgentSpec(AgentId(f"a{number}"), "a", TeamId("crew")), work, 1), {})
    # Interpreters that come up all at once would be measured otherwise.
    await asyncio.sleep(1 + agents / 20)
    assert counts.started == agents
    gc.collect()
    gc.freeze()
    lag = Lag()
    before, peak = resident(), 0
    lines = counts.lines + counts.dropped
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(0.05)
        peak = max(peak, resident())
    taken = counts.lines + counts.dropped - lines
    print(
        f"  {name}: {lag.take()}; memory {(peak - before) / 1e6:+.1f} MB;"
        f" {taken / seconds:,.0f} lines/s taken; in all {counts.lines:,} lines reported,"
        f" {counts.dropped:,} counted as left out, {counts.progress} progress,"
        f" {counts.messages:,} messages"
    )
    lag.stop()
    await host.close()
    assert counts.exited == agents


async def measure(seconds: float, folder: Path) -> None:
    """Measure everything."""
    use_pidfd_child_watcher()
    plain = Command(())
    knows = Command(
        (),
        error_patterns=(ErrorPattern("oom", "out of (memory|luck)"), ErrorPattern("e", "^ERROR")),
        progress_patterns=(r"(\d+)%",),
    )
    await flood("nobody writes", "import time; time.sleep(600)", 1, seconds, folder, plain)
    await flood("one writes as fast as it can", FLOOD, 1, seconds, folder, plain)
    await flood("the same, with patterns", FLOOD, 1, seconds, folder, knows)
    await flood("a line of 100 MB", LONG_LINE, 1, seconds, folder, plain)
    await flood("binary noise", NOISE, 1, seconds, folder, plain)
    await flood("ten write as fast as they can", FLOOD, 10, seconds, folder, plain)
    await flood("one speaks as fast as it can", SPEAKER, 1, seconds, folder, plain)
    await flood("200 talkers", TALKER, 200, seconds, folder, plain)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args(argv)
    print(described())
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        asyncio.run(measure(chosen.seconds, Path(folder)))


if __name__ == "__main__":
    main()
