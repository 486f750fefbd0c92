"""From a file to a process, and what a burst of files does to the screen.

    python -m bench.spawning [--files 100] [--burst 10000] [--folders 500]

First, files are created one at a time, and an agent is spawned for each: measured is the time from
before a file is created until its process says what time it is. The floor does the same with
nothing in between: `watchfiles.awatch` at its defaults and `create_subprocess_exec`. Both run the
same program, turn and turn about.

Then a session in a pseudo-terminal of 100x30 gets a burst of files in one folder, and then folders
with a file each, made as `mkdir -p` makes them, while the key that moves the focus is pressed. Of
what the session recorded, every file must be seen once, and no more agents spawned than may be.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from watchfiles import Change, awatch

from bench.keys_under_flood import FOCUS
from bench.machine import described, quantile
from bench.probe import Probe, p99

CLOCK = 'date +"%s.%N $1" >> "$2"'
"""Writes what time it is, and for which file."""
AT_MOST = 200
"""How many agents there may be in a burst."""
PATIENCE = 60.0
"""Seconds to wait for what should have happened long ago."""
REST = 0.15
"""Seconds between two files, or two keys."""


def layout(command: str, *, total: int) -> str:
    """Return a layout in which `command` is run for each file."""
    return json.dumps(
        {
            "session": {"id": "spawning", "root": "in", "keep_running": True, "max_agents": 4},
            "limits": {"total": total},
            "agent_types": {"worker": {"run": {"shell": command}}},
            "triggers": [
                {
                    "name": "incoming",
                    "type": "file_created",
                    "path_pattern": "**/*.txt",
                    "action": "spawn_agent",
                    "agent_type": "worker",
                    "task": "${event.path}",
                }
            ],
        }
    )


def told(out: Path, wanted: str) -> float | None:
    """Return when the program for a file said that it ran; None if it has not yet."""
    if out.exists():
        for line in out.read_text(encoding="utf-8").splitlines():
            at, _, name = line.partition(" ")
            if name == wanted:
                return float(at)
    return None


def passed(folder: Path, out: Path, name: str) -> float:
    """Create a file and return how many seconds later the program for it ran."""
    began = time.time()
    (folder / name).write_text("x", encoding="utf-8")
    ends = time.monotonic() + PATIENCE
    while (at := told(out, name)) is None:
        if time.monotonic() > ends:
            raise TimeoutError(f"nothing was run for {name}")
        time.sleep(0.005)
    return at - began


@contextmanager
def ours(place: Path) -> Iterator[None]:
    """Run a session that spawns an agent for each file in `in`."""
    script = 'set -- "$(sed -n \'s/.*"title": *"\\([^"]*\\)".*/\\1/p\' "$MOP_TASK_FILE")" out.txt; '
    (place / "layout.yaml").write_text(layout(script + CLOCK, total=100_000), encoding="utf-8")
    (place / "in").mkdir()
    run = ("-m", "mop_tui", "run", "--headless", "--trust", "--json", "layout.yaml")
    session = place / "session.jsonl"
    with subprocess.Popen(
        [sys.executable, *run, "--session-file", session.name],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as program:
        wait_for(lambda: session.exists() and b'"system.watching"' in session.read_bytes())
        yield
        program.terminate()


@contextmanager
def floor(place: Path) -> Iterator[None]:
    """Run the least that starts a program for each file in `in`."""
    (place / "in").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "bench.spawning", "--floor", str(place)], stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        yield
        program.terminate()


async def run_the_floor(place: Path) -> None:
    """Start a program for each file that is created in `in`."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, partial(print, "ready", flush=True))
    async for changes in awatch(place / "in", stop_event=stop):
        for kind, path in changes:
            if kind is Change.added:
                name = Path(path).name
                child = await asyncio.create_subprocess_exec(
                    *("sh", "-c", CLOCK, "sh", name, str(place / "out.txt")),
                )
                await child.wait()


def wait_for(condition: Any) -> None:
    """Wait until a condition holds."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError("it did not happen")
        time.sleep(0.02)


def measure_latency(files: int) -> None:
    """Measure and print how long it takes from a file to a process."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        mine, bare = Path(one), Path(other)
        with ours(mine), floor(bare):
            times: dict[Path, list[float]] = {mine: [], bare: []}
            for number in range(files):
                for place, found in times.items():
                    found.append(passed(place / "in", place / "out.txt", f"{number}.txt"))
                    time.sleep(REST)
    medians = [statistics.median(times[place]) for place in (mine, bare)]
    for name, found in zip(("mop-tui", "the floor"), times.values(), strict=True):
        low, middle, high = (1000 * quantile(found, share) for share in (0.05, 0.5, 0.95))
        print(f"create to exec, {name}: median {middle:.1f} ms ({low:.1f}-{high:.1f})")
    print(f"create to exec: {medians[0] / medians[1]:.2f} times the floor; wanted <= 1.5")


def measure_burst(files: int, folders: int) -> None:
    """Measure and print what a burst does."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "in").mkdir()
        (place / "layout.yaml").write_text(layout("true", total=AT_MOST), encoding="utf-8")
        run = ("-m", "mop_tui", "run", "--trust", "layout.yaml", "--session-file", "session.jsonl")
        keys: list[float] = []
        with Probe([sys.executable, *run], place) as probe:
            probe.read(5.0)
            session = place / "session.jsonl"
            for write, wanted in ((burst, files), (nested, folders)):
                began = time.monotonic()
                writer = threading.Thread(target=write, args=(place / "in", wanted))
                writer.start()
                expected = wanted + (0 if write is burst else files)
                while writer.is_alive() or seen(session) < expected:
                    if time.monotonic() > began + PATIENCE:
                        break
                    probe.read(REST)
                    keys.append(probe.answer(b"\t", FOCUS))
                writer.join()
                lasted = time.monotonic() - began
                print(f"{wanted:,} files, {write.__name__}: all recorded after {lasted:.1f} s")
            probe.read(1.0)
        report(session, files + folders, keys)


def burst(folder: Path, files: int) -> None:
    """Create files in one folder, as fast as it goes."""
    for number in range(files):
        os.close(os.open(folder / f"{number}.txt", os.O_CREAT | os.O_WRONLY))


def nested(folder: Path, folders: int) -> None:
    """Create folders within folders, each with a file at once."""
    for number in range(folders):
        path = folder / f"a{number}" / "b" / "c"
        path.mkdir(parents=True)
        (path / "f.txt").write_text("x", encoding="utf-8")


def seen(session: Path) -> int:
    """Return how many files the session has recorded."""
    return session.read_bytes().count(b'"kind":"file.created"') if session.exists() else 0


def report(session: Path, files: int, keys: list[float]) -> None:
    """Print what a session recorded of its files, and how soon it answered keys."""
    paths: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for line in session.read_bytes().splitlines()[1:]:
        event = json.loads(line)
        kinds[event["kind"]] += 1
        if event["kind"] == "file.created":
            paths[event["data"]["path"]] += 1
    twice = sum(count > 1 for count in paths.values())
    print(
        f"{files:,} files: {len(paths):,} seen, {twice} of them twice;"
        f" {kinds['agent.spawned']} agents spawned (at most {AT_MOST}),"
        f" {kinds['system.refused']:,} spawns refused, {kinds['system.issue_opened']} issues"
    )
    print(
        f"{len(keys)} keys: median {1000 * statistics.median(keys):.0f} ms,"
        f" p99 {p99(keys):.0f} ms, worst {1000 * max(keys):.0f} ms; wanted <= 100"
    )


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--burst", type=int, default=10_000)
    parser.add_argument("--folders", type=int, default=500)
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.floor is not None:
        asyncio.run(run_the_floor(chosen.floor))
        return
    print(described())
    measure_latency(chosen.files)
    measure_burst(chosen.burst, chosen.folders)


if __name__ == "__main__":
    main()
