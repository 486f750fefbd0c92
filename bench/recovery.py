"""What it costs to bring a session back from its file, against the least of reading it.

    python -m bench.recovery [--events 100000] [--agents 1000] [--rounds 5]

*Recovery* is what `mop-tui resume` does before it goes on: every line is read, checked against the
chain, decoded into the event that it tells, and folded into the state of the session.

*Floor*: `json.loads` of each of the same lines, which are in memory already, and nothing kept.

Both are measured in CPU time in the same process, turn and turn about; reported is the median of
the ratios. The parts are measured by leaving away the ones after them.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.engine import Feeder
from bench.machine import described
from mop_tui.domain.fold import apply
from mop_tui.domain.session import Session
from mop_tui.journal.scan import Scan
from mop_tui.orchestrator.loop import RECENT_EVENTS
from mop_tui.orchestrator.recovery import read_recorded

T = TypeVar("T")

WANTED = 2.0
"""Recovery takes at most so many times the floor."""


def record(events: int, agents: int, folder: Path) -> tuple[Path, int]:
    """Record a session of at least so many events; return its file and how many it has."""
    feeder = Feeder(agents, events // 20 + agents, folder)
    feeder.open()
    feeder.run(events)
    feeder.journal.close()
    return feeder.journal.path, feeder.count


def floor(lines: list[bytes]) -> None:
    """Parse each line of an event."""
    for line in lines:
        json.loads(line)


def scan(path: Path) -> None:
    """Read each line and check it against the chain."""
    with Scan(path) as walk:
        for _ in walk.walk(kinds=()):
            pass


def scan_and_decode(path: Path) -> None:
    """Make each sound line the event that it tells, too."""
    with Scan(path) as walk:
        for _ in walk.walk():
            pass


def scan_decode_and_fold(path: Path) -> None:
    """Fold each event into a session, too."""
    session = Session()
    with Scan(path) as walk:
        for event in walk.walk():
            apply(session, event)


def recovery(path: Path) -> None:
    """Do what `mop-tui resume` does."""
    read_recorded(path, keep=RECENT_EVENTS)


def seconds(of: Callable[[T], None], what: T) -> float:
    """Return the CPU time that something takes."""
    gc.collect()
    began = time.process_time()
    of(what)
    return time.process_time() - began


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args(argv)
    print(described())
    with tempfile.TemporaryDirectory() as folder:
        path, count = record(chosen.events, chosen.agents, Path(folder))
        print(f"{count:,} events of {chosen.agents} agents, {path.stat().st_size / 1e6:.1f} MB")
        parts = (scan, scan_and_decode, scan_decode_and_fold, recovery)
        ratios: dict[str, list[float]] = {part.__name__: [] for part in parts}
        floors = []
        for _ in range(chosen.rounds):
            floors.append(seconds(floor, path.read_bytes().splitlines()[1:]))
            for part in parts:
                ratios[part.__name__].append(seconds(part, path) / floors[-1])
    print(
        f"floor (json.loads of every line): {statistics.median(floors) / count * 1e6:.2f} us/event"
    )
    for name, found in ratios.items():
        print(f"{name.replace('_', ' ')}: {_spread(found)}")
    share = statistics.median(ratios[recovery.__name__])
    print(f"recovery takes {share:.2f} times the floor; wanted <= {WANTED:.2f}")


def _spread(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} (min {min(found):.2f}, max {max(found):.2f})"


if __name__ == "__main__":
    main()
