"""Whether hundreds of processes can be run and none is lost, and what that costs.

    python -m bench.processes [--agents 500] [--kills 20]

Measured, with scripts that leave all kinds of things behind: starting, pausing, continuing and
stopping all agents at once; the zombies a second after that and the survivors five seconds after;
the same after `kill -9` of the program, many times; the rate of starts next to that of a bare
`asyncio.create_subprocess_exec`; and what sampling all process groups does to the event loop.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from bench.loop_lag import Lag
from bench.machine import described, quantile
from mop_tui.agents.command import CommandHost, use_pidfd_child_watcher
from mop_tui.agents.guardian import tagged
from mop_tui.agents.host import Exited, Job, Report, Started, StartFailed
from mop_tui.cli.session import SWITCH_INTERVAL
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.plan import AgentSpec, Command, Work
from mop_tui.sources.sampler import Sampler

NASTY = (
    "sleep 600",
    "sleep 600 & sleep 600 & wait",
    "sh -c 'sleep 600 & sleep 600' & exit 0",
    "trap '' TERM; sleep 600 & while :; do wait; sleep 600; done",
    "setsid sleep 600 & sleep 600",
    "setsid sh -c \"trap '' TERM; sleep 600 & wait; sleep 600\" & sleep 600",
    "(setsid sh -c 'setsid sleep 600 & sleep 600' > /dev/null 2>&1 < /dev/null &); exit 0",
    "(sh -c 'sleep 600 &') & (sh -c 'sleep 600 &') & wait; sleep 600",
)
GRACE = 1.0


def nasty(number: int) -> Command:
    """Return one of the scripts, in turn."""
    return Command(("/bin/sh", "-c", NASTY[number % len(NASTY)]))


class Runner:
    """A host, and what became of its agents."""

    def __init__(self, folder: Path, run: str) -> None:
        self.run = run
        self.reports: list[Report] = []
        self.host = CommandHost(
            lambda _name: None, folder / "x.logs", self._take, os.environ, run=run, grace=GRACE,
            register=folder / "x.pids",
        )  # fmt: skip
        self._news = asyncio.Event()

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    def start(self, number: int, command: Command) -> None:
        """Start an agent that lives as long as the session."""
        spec = AgentSpec(AgentId(f"a{number}"), "a", TeamId("crew"))
        self.host.start(Job(spec, Work(command), 1), {})

    def count(self, *kinds: type[Report]) -> int:
        """Return how many reports there are of some kinds."""
        return sum(isinstance(report, kinds) for report in self.reports)

    async def until(self, done: Callable[[], bool]) -> float:
        """Return once `done` is true, and how many seconds that took."""
        begun = time.perf_counter()
        while not done():
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 60)
        return time.perf_counter() - begun


def zombies() -> int:
    """Return how many ended children of this process are not reaped."""
    return sum(_is_zombie_of_ours(path) for path in Path("/proc").glob("[0-9]*"))


def _is_zombie_of_ours(process: Path) -> bool:
    try:
        fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return fields[0] == b"Z" and int(fields[1]) == os.getpid()


def states(pids: list[int]) -> dict[str, int]:
    """Return how many of some processes are in each state."""
    found: dict[str, int] = {}
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            state = "gone"
        found[state] = found.get(state, 0) + 1
    return found


async def all_at_once(folder: Path, agents: int) -> None:
    """Start, pause, continue and stop many agents, and look for what is left of them."""
    runner = Runner(folder, uuid4().hex)
    lag = Lag()
    for number in range(agents):
        runner.start(number, nasty(number))
    took = await runner.until(lambda: runner.count(Started, StartFailed) == agents)
    print(f"  started in {took:.2f} s ({runner.count(StartFailed)} failed), {lag.take()}")
    await asyncio.sleep(1)
    pids = list(runner.host.groups().values())
    lag.take()
    for agent, incarnation in runner.host.groups():
        runner.host.pause(agent, incarnation)
    await asyncio.sleep(1)
    paused = lag.take()
    left = await asyncio.to_thread(runner_processes, runner)
    print(f"  {len(left)} processes; paused leaders: {states(pids)}, {paused}")
    await asyncio.sleep(0.1)
    lag.take()
    for agent, incarnation in runner.host.groups():
        runner.host.resume(agent, incarnation)
    await asyncio.sleep(1)
    continued = lag.take()
    print(f"  continued leaders: {states(pids)}, {continued}")
    await asyncio.sleep(0.1)
    lag.take()
    begun = time.perf_counter()
    for agent, incarnation in runner.host.groups():
        runner.host.stop(agent, incarnation)
    took = await runner.until(lambda: runner.count(Exited, StartFailed) == agents)
    await asyncio.sleep(1)
    stopped = lag.take()
    print(f"  all exited after {took:.2f} s, {stopped}; zombies a second later: {zombies()}")
    await asyncio.sleep(max(0.0, begun + 5 - time.perf_counter()))
    left = await asyncio.to_thread(runner_processes, runner)
    print(f"  survivors 5 s after the stop: {len(left)}")
    await runner.host.close()
    lag.stop()


def runner_processes(runner: Runner) -> list[int]:
    """Return all processes of a runner's agents."""
    return [pid for pid, _ in tagged(runner.run)]


async def killed(folder: Path, agents: int, kills: int) -> None:
    """Kill a program that runs many agents, again and again, and look for survivors."""
    times, survivors = [], 0
    for _ in range(kills):
        run = uuid4().hex
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.processes", "--driver", run, "--agents", str(agents),
            "--folder", str(folder), stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert program.stdout is not None
        await program.stdout.readline()
        await asyncio.sleep(0.3)
        os.kill(program.pid, signal.SIGKILL)
        begun = time.perf_counter()
        await program.wait()
        while left := sum(1 for _ in tagged(run)):
            if time.perf_counter() - begun > 5:
                survivors += left
                break
            await asyncio.sleep(0.05)
        times.append(time.perf_counter() - begun)
    print(
        f"  {kills} times `kill -9` with {agents} agents: {survivors} survivors after 5 s,"
        f" gone after {quantile(times, 0.5):.2f} s at the median, {max(times):.2f} s at most"
    )


async def driver(folder: Path, agents: int, run: str) -> None:
    """Run agents, say so, and wait to be killed."""
    runner = Runner(folder, run)
    for number in range(agents):
        runner.start(number, nasty(number))
    await runner.until(lambda: runner.count(Started, StartFailed) == agents)
    print("all", flush=True)
    await asyncio.sleep(600)


async def bare_starts(starts: int, *, session: bool) -> float:
    """Return how many bare processes are started per second."""
    begun = time.perf_counter()
    processes = [
        await asyncio.create_subprocess_exec(
            *("sleep", "600"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=session,
        )
        for _ in range(starts)
    ]
    rate = starts / (time.perf_counter() - begun)
    for process in processes:
        process.kill()
    for process in processes:
        await process.communicate()
    return rate


async def our_starts(starts: int, folder: Path) -> float:
    """Return how many agents are started per second."""
    runner = Runner(folder, uuid4().hex)
    runner.start(-1, Command(("sleep", "600")))
    await runner.until(lambda: runner.count(Started) == 1)
    await asyncio.sleep(0.2)
    begun = time.perf_counter()
    for number in range(starts):
        runner.start(number, Command(("sleep", "600")))
    await runner.until(lambda: runner.count(Started) == starts + 1)
    rate = starts / (time.perf_counter() - begun)
    await runner.host.close()
    return rate


async def start_rate(folder: Path, rounds: int = 9, starts: int = 60) -> None:
    """Compare starting agents with starting bare processes, in turns."""
    bare, bare_session, ours = [], [], []
    for _ in range(rounds):
        bare.append(await bare_starts(starts, session=False))
        ours.append(await our_starts(starts, folder))
        bare_session.append(await bare_starts(starts, session=True))
    ours_rate, bare_rate = quantile(ours, 0.5), quantile(bare, 0.5)
    print(
        f"  starts per second: {ours_rate:.0f}, bare asyncio {bare_rate:.0f}, ratio"
        f" {ours_rate / bare_rate:.2f} (wanted >= 0.67); bare, each in a session of its own:"
        f" {quantile(bare_session, 0.5):.0f}"
    )


async def sampling(folder: Path, agents: int) -> None:
    """Sample many groups in a thread, and see what that does to the event loop."""
    runner = Runner(folder, uuid4().hex)
    for number in range(agents):
        runner.start(number, nasty(1))
    await runner.until(lambda: runner.count(Started) == agents)
    await asyncio.sleep(1)
    gc.collect()
    gc.freeze()
    lag = Lag()
    await asyncio.sleep(3)
    print(f"  without sampling: {lag.take()}")
    sampler = Sampler()
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        usage = await asyncio.to_thread(sampler.sample, runner.host.groups())
        times.append(time.perf_counter() - begun)
        assert len(usage) == agents
        await asyncio.sleep(0.1)
    processes = sum(one.processes for one in usage.values())
    print(
        f"  sampling {agents} groups with {processes} processes: {quantile(times, 0.5) * 1e3:.1f}"
        f" ms each, {lag.take()} (wanted < 5 ms)"
    )
    lag.stop()
    await runner.host.close()


async def measure(folder: Path, agents: int, kills: int) -> None:
    """Measure everything, in surroundings like those of a live session."""
    use_pidfd_child_watcher()
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()  # as the program does: what lives to the end is not collected among
    await start_rate(folder)
    await sampling(folder, agents)
    await all_at_once(folder, agents)
    await killed(folder, agents, kills)


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--driver", help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.driver:
        asyncio.run(_drive(chosen.folder, chosen.agents, chosen.driver))
        return
    print(described())
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        asyncio.run(measure(Path(folder), chosen.agents, chosen.kills))


async def _drive(folder: Path, agents: int, run: str) -> None:
    use_pidfd_child_watcher()
    await driver(folder, agents, run)


if __name__ == "__main__":
    main()
