"""How soon keys are answered while 1,500 agents make 5,000 events a second, and what idling costs.

    python -m bench.dashboard [--agents 1500] [--rate 5000] [--seconds 60] [--idle-agents 100]
                              [--settling 65]

The whole program runs in a pseudo-terminal of 200x50, as a rehearsal at its natural speed: played
agents that write a line every so often, each line an event. A key is sent about every 150 ms;
measured is the time until the screen has changed as that key makes it. The floor is an app of bare
Textual that changes one line of text at each key, idle, at Textual's own defaults, before and
after. What idling costs is the processor time of a session in which nothing happens, against an app
of bare Textual with a clock that ticks once a second.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

import psutil

from bench.machine import described
from bench.probe import Probe, p99

KEYS = {
    "down and up": (b"jk", "\u203a".encode()),
    "tab": (b"\t", 20 * "\u2501".encode()),
}
"""Keys, and what is drawn because of them: the cursor of a list in another row, the line above
another pane on a low terminal."""
SHOWN = b"answered"
STARTED = b"\x1b[?1049h"
"""What a program draws first that has the whole screen."""
BARE = f"""
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("")

    def on_key(self):
        line = self.query_one(Static)
        line.update("" if str(line.content) else "{SHOWN.decode()}")

Bare().run()
"""
LISTS = """
from textual.app import App
from textual.widgets import OptionList

class Lists(App):
    CSS = '''
    OptionList { height: 1fr; border: none; border-top: solid white; }
    OptionList:focus { border: none; border-top: heavy white; }
    '''

    def compose(self):
        for name in ("these", "those"):
            yield OptionList(*(f"{name} {number}" for number in range(100)))

Lists().run()
"""
"""Two lists, one above the other, between which the focus moves."""
CLOCK = """
from datetime import datetime

from textual.app import App
from textual.widgets import Static

class Clock(App):
    def compose(self):
        yield Static("")

    def on_mount(self):
        self.set_interval(1, lambda: self.query_one(Static).update(f"{datetime.now():%H:%M:%S}"))

Clock().run()
"""


def layout(agents: int, lines: int, seconds: int, teams: int = 30) -> str:
    """Return a layout of played agents that write so many lines in so many seconds."""
    names = [f"agent-{number:04}" for number in range(agents)]
    return json.dumps(
        {
            "session": {"id": "crowd"},
            "agent_types": {
                "player": {
                    "sim": {
                        "duration": f"{seconds}s",
                        "output": [f"line {number} of {lines}" for number in range(lines)],
                    }
                }
            },
            "teams": {
                f"team-{team:02}": {
                    "agents": [{"id": name, "type": "player"} for name in names[team::teams]]
                }
                for team in range(min(teams, agents))
            },
            "tasks": {f"task-of-{name}": {"agent": name} for name in names},
        }
    )


def keys_of_bare(seconds: float, folder: Path) -> list[float]:
    """Return how long the bare app takes to answer each second key: the one that shows a text."""
    found = []
    with Probe([sys.executable, "-c", BARE], folder) as probe:
        probe.until(STARTED)
        probe.read(2.0)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found.append(probe.answer(b"x", SHOWN))
            probe.read(0.15)
            probe.answer(b"x", b"\x1b[")
            probe.read(0.15)
    return found


def keys_of_lists(seconds: float, folder: Path) -> list[float]:
    """Return how long an idle app of bare Textual takes to show that the focus has moved."""
    found = []
    key, shown = KEYS["tab"]
    with Probe([sys.executable, "-c", LISTS], folder, columns=100, rows=30) as probe:
        probe.until(STARTED)
        probe.read(2.0)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found.append(probe.answer(key, shown))
            probe.read(0.15)
    return found


def crowd(agents: int, rate: int, seconds: int, settling: float, folder: Path) -> None:
    """Measure keys, memory and the record while many agents write, and print it."""
    whole = seconds + 60
    lines = max(1, round(rate * whole / agents))
    (folder / "crowd.yaml").write_text(layout(agents, lines, whole), encoding="utf-8")
    command = [sys.executable, "-m", "mop_tui", "run", "crowd.yaml", "--speed", "1"]
    bare = keys_of_bare(seconds / 2, folder)
    found: dict[str, list[float]] = {name: [] for name in KEYS}
    memory: list[int] = []
    with Probe([*command, "--session-file", "crowd.jsonl"], folder, columns=100, rows=30) as probe:
        probe.until(STARTED)
        probe.until(KEYS["tab"][1])
        probe.read(min(settling, 15.0))
        program = psutil.Process(probe.process.pid)
        busy = program.cpu_times()
        start = time.monotonic()
        for name, (keys, shown) in KEYS.items():
            ends = time.monotonic() + seconds / len(KEYS)
            for key in cycle(keys):
                probe.read(0.15)
                found[name].append(probe.answer(bytes([key]), shown))
                memory.append(program.memory_info().rss)
                if time.monotonic() > ends:
                    break
        took = time.monotonic() - start
        used = program.cpu_times()
    bare += keys_of_bare(seconds / 2, folder)
    lists = keys_of_lists(seconds / 2, folder)
    events = _recorded(folder, took)
    cpu = (used.user + used.system - busy.user - busy.system) / took
    verify = [sys.executable, "-m", "mop_tui", "verify", "crowd.jsonl"]
    checked = subprocess.run(verify, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    third = max(1, len(memory) // 3)
    growth = (statistics.median(memory[-third:]) - statistics.median(memory[:third])) / 2**20
    print(
        f"{agents:,} agents, {events / took:,.0f} events/s recorded, {cpu:.0%} of a core\n"
        f"  bare: median {1000 * statistics.median(bare):.1f} ms, p99 {p99(bare):.1f} ms"
        f" ({len(bare)} keys)\n"
        + "".join(
            f"  {name}: median {1000 * statistics.median(times):.1f} ms, p99 {p99(times):.1f} ms"
            f" ({len(times)} keys); p99 {p99(times) / p99(bare):.2f} times the bare app's"
            " (wanted <= 1.5)\n"
            for name, times in found.items()
        )
        + "  tab in an idle app of two bare lists:"
        f" median {1000 * statistics.median(lists):.1f} ms,"
        f" p99 {p99(lists):.1f} ms ({len(lists)} keys)\n"
        f"  memory: {growth:+.0f} MiB from the first third to the last,"
        f" {memory[-1] / 2**20:.0f} MiB in the end\n"
        f"  {checked.stdout.strip() or checked.stderr.strip()}"
    )


def _recorded(folder: Path, last: float) -> int:
    """Return how many events were recorded in the last so many seconds."""
    lines = (folder / "crowd.jsonl").read_bytes().splitlines()[1:]
    times = [json.loads(line)["at"] for line in lines]
    return sum(at > times[-1] - 1000 * last for at in times)


def idle(agents: int, seconds: float, settling: float, folder: Path) -> None:
    """Measure what a session costs in which nothing happens, and print it."""
    (folder / "idle.yaml").write_text(layout(agents, 1, 3600), encoding="utf-8")
    command = [sys.executable, "-m", "mop_tui", "run", "idle.yaml", "--speed", "1"]
    ours = _processor([*command, "--session-file", "idle.jsonl"], seconds, settling, folder)
    bare = _processor([sys.executable, "-c", CLOCK], seconds, settling, folder)
    print(
        f"idle with {agents} agents: {ours:.2%} of a core, bare clock {bare:.2%}:"
        f" {ours / max(bare, 1e-9):.2f} times (wanted <= 2)"
    )


def _processor(command: list[str], seconds: float, settling: float, folder: Path) -> float:
    """Return the share of a core that a program takes after it has run for `settling` seconds."""
    with Probe(command, folder) as probe:
        probe.until(STARTED)
        probe.read(settling)
        before = _used(probe.process.pid)
        probe.read(seconds)
        return (_used(probe.process.pid) - before) / seconds


def _used(pid: int) -> float:
    """Return the seconds that all threads of a process have run, exactly: the usual account counts
    ticks of a hundredth of a second, of which an idle program makes few."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1500)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--idle-agents", type=int, default=100)
    parser.add_argument(
        "--settling",
        type=float,
        default=65,
        help="seconds after which nothing on the screen changes every second but the clock",
    )
    chosen = parser.parse_args(argv)
    print(described())
    with tempfile.TemporaryDirectory() as name:
        idle(chosen.idle_agents, chosen.seconds, chosen.settling, Path(name))
    with tempfile.TemporaryDirectory() as name:
        crowd(chosen.agents, chosen.rate, chosen.seconds, chosen.settling, Path(name))


if __name__ == "__main__":
    main()
