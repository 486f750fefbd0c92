"""How long a decision waits for the disk before it is acted upon.

    python -m bench.latency [--tasks 400] [--load 1000] [--folder DIR]

A live session with durability on: tasks in a chain, each done by a host that reports success at
once. Measured is the time from the moment a decision to start a process is recorded (`start_work`)
to the call that starts it, which the journal-first rule puts behind a write and a sync. With
`--load`, so many progress reports a second arrive meanwhile.

The folder should be on the disk that sessions are written to; the temporary folder is the default.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.engine import a_plan
from bench.machine import described, quantile
from mop_tui.agents.host import AgentHost, Exited, Job, Progressed, Sink, Started, Told
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import HostKind, Mode
from mop_tui.journal import Header, JournalWriter
from mop_tui.orchestrator.clock import Timeline, WallClock
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.loop import Orchestrator


class InstantHost:
    """Does every task at once, and notes when it was told to."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.started: dict[str, float] = {}
        self.current: tuple[AgentId, int] | None = None

    def start(self, job: Job, secrets: Mapping[str, str]) -> None:
        """Note the time, and report the end on the next turn of the event loop."""
        del secrets
        if job.assignment is not None:
            self.started[job.assignment.task.id] = time.perf_counter()
        self.current = (job.agent.id, job.incarnation)
        self._sink(Started(job.agent.id, job.incarnation, None))
        asyncio.get_running_loop().call_later(0.005, self._end, job)

    def _end(self, job: Job) -> None:
        self.current = None
        self._sink(Exited(job.agent.id, job.incarnation, 0, None, "done"))

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """Nothing runs for longer than a moment."""

    def pause(self, agent: AgentId, incarnation: int) -> None:
        """Nothing is paused here."""

    def resume(self, agent: AgentId, incarnation: int) -> None:
        """Nothing is paused here."""

    def tell(self, agent: AgentId, incarnation: int, what: Told, secret: str | None = None) -> bool:
        """Nobody listens."""
        del agent, incarnation, what, secret
        return False

    def conceal(self, secret: str) -> None:
        """Nobody writes."""

    def groups(self) -> Mapping[tuple[AgentId, int], int]:
        """Nothing real runs."""
        return {}

    async def close(self) -> None:
        """Nothing runs."""

    async def report(self, per_second: int) -> None:
        """Send progress, `per_second` times a second, while there is somebody to be about."""
        while True:
            await asyncio.sleep(0.01)
            if self.current is not None:
                agent, incarnation = self.current
                for percent in range(per_second // 100):
                    self._sink(Progressed(agent, incarnation, percent % 100))


async def measure(tasks: int, load: int, folder: Path) -> list[float]:
    """Return the seconds between decision and action, one for each task."""
    plan = a_plan(1, tasks)
    loop = asyncio.get_running_loop()
    late: list[Orchestrator] = []
    journal = JournalWriter(
        folder / f"latency-{load}.jsonl",
        Header({}, 0, Mode.LIVE, "bench", "2026-01-01T00:00:00+00:00"),
        on_durable=lambda _seq: loop.call_soon_threadsafe(late[0].journal_advanced),
    )
    hosts: list[InstantHost] = []

    def make(sink: Sink) -> dict[HostKind, AgentHost]:
        hosts.append(InstantHost(sink))
        return {HostKind.SIMULATED: hosts[0]}

    orchestrator = Orchestrator(
        plan,
        Engine(plan, RuleBook(plan, RULES)),
        journal,
        WallClock(),
        Timeline(),
        make,
        mode=Mode.LIVE,
        attended=False,
    )
    late.append(orchestrator)
    decided: dict[str, float] = {}

    def watch(event: AnyEvent) -> None:
        if event.kind == "system.decided" and event.data.rule == "start_work":
            decided[event.data.task] = time.perf_counter()

    orchestrator.observers.append(watch)
    reporting = asyncio.create_task(hosts[0].report(load))
    await orchestrator.run()
    reporting.cancel()
    journal.close()
    return [hosts[0].started[task] - decided[task] for task in decided]


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--load", type=int, action="append")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args(argv)
    print(described())
    for load in chosen.load or [0, 1000, 5000]:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            waits = asyncio.run(measure(chosen.tasks, load, Path(folder)))
        print(
            f"decision to action, {load} reports/s: median {statistics.median(waits) * 1e3:.2f} ms,"
            f" p99 {quantile(waits, 0.99) * 1e3:.2f} ms (wanted <= 2 ms at the median)"
        )


if __name__ == "__main__":
    main()
