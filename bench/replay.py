"""What it costs to open a recording, and to move in it, against the least of reading it.

    python -m bench.replay [--events 1000000] [--agents 1000] [--rounds 3]

*Open* is what `mop-tui replay` does before it shows anything; *seek* goes to a place drawn by
chance and takes a snapshot. *Floor*: `json.loads` of each line of the same file. CPU time, in the
same process, turn and turn about.
"""

import argparse
import gc
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.machine import described
from bench.recovery import record
from mop_tui.orchestrator.replay import Replayer, open_replay

T = TypeVar("T")

WANTED = 1.6
"""Opening takes at most so many times the floor."""
SEEKS = 40


def floor(path: Path) -> None:
    """Parse each line."""
    with path.open("rb") as lines:
        for line in lines:
            json.loads(line)


def seek_time(replay: Replayer, seq: int) -> float:
    """Return the CPU time that it takes to seek, and to look."""
    began = time.process_time()
    replay.seek(seq)
    replay.snapshot()
    return time.process_time() - began


def timed(of: Callable[[], T]) -> tuple[float, T]:
    """Return the CPU time that something takes, and what it returns."""
    began = time.process_time()
    made = of()
    return time.process_time() - began, made


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(argv)
    print(described())
    opened: list[float] = []
    worst: list[float] = []
    middle: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path, count = record(chosen.events, chosen.agents, Path(folder))
        print(f"{count:,} events of {chosen.agents} agents, {path.stat().st_size / 1e6:.1f} MB")
        for number in range(chosen.rounds):
            least, _ = timed(partial(floor, path))
            took, replay = timed(partial(open_replay, path))
            chance = random.Random(number)
            seeks = [seek_time(replay, chance.randint(0, count)) for _ in range(SEEKS)]
            opened.append(took / least)
            worst.append(max(seeks) / took)
            middle.append(statistics.median(seeks) / took)
            gc.unfreeze()
    share = statistics.median(opened)
    print(
        f"opening: {share:.2f} times the floor ({min(opened):.2f}-{max(opened):.2f}); <= {WANTED}"
    )
    print(f"seek, median: 1/{1 / statistics.median(middle):.0f} of opening")
    print(f"seek, worst: 1/{1 / max(worst):.0f} of opening; wanted <= 1/20")


if __name__ == "__main__":
    main()
