"""How soon a key is answered on the screen while agents flood it, and what memory they cost.

    python -m bench.keys_under_flood [--seconds 20] [--talkers 200]

The whole program runs in a pseudo-terminal of 100x30. A quiet session is measured first, then the
same with one agent that writes as fast as it can, one that writes a line of 100 MB, one that
writes random bytes, one invalid UTF-8, and many that talk ten times a second. A key is sent about
every 150 ms; measured is the time until the screen has changed as that key makes it: `tab` moves
the frame of the pane that has the keys.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.machine import described
from bench.probe import Probe, p99

FLOODS = {
    "flood": "import os\nd = b'a line of output that says nothing at all\\n' * 12_000\n"
    "while True: os.write(1, d)",
    "long-line": "import os, time\nfor _ in range(100): os.write(1, b'x' * 1_000_000)\n"
    "os.write(1, b'\\n')\ntime.sleep(600)",
    "noise": "import os\nwhile True: os.write(1, os.urandom(1 << 16))",
    "not-utf-8": "import os\nwhile True: os.write(1, b'\\xff\\xfe\\xc3( caf\\xe9\\n' * 500)",
}
TALKER = (
    "import time\nn = 0\nwhile True:\n    n += 1\n"
    '    print(\'{"mop":"progress","percent":%d}\' % (n % 100))\n'
    "    print('line', n, 'of many', flush=True)\n    time.sleep(0.1)"
)
QUIET = "import time\ntime.sleep(600)"
FOCUS = 20 * "\u2501".encode()
"""The line above the pane that has the keys, on a low terminal, holds this."""


@dataclass
class Measured:
    """What one session showed."""

    latencies: list[float] = field(default_factory=list)
    before: int = 0
    after: int = 0
    dropped: int = 0
    lines: int = 0


def layout(programs: dict[str, str]) -> str:
    """Return a layout in which each program is an agent with one task."""
    agents = [{"id": name, "type": "writer"} for name in programs]
    tasks = {
        name: {"agent": name, "run": [sys.executable, "-c", text]}
        for name, text in programs.items()
    }
    return json.dumps(
        {
            "session": {"id": "flood"},
            "agent_types": {"writer": {}},
            "teams": {"crew": {"agents": agents}},
            "tasks": tasks,
        }
    )


def measure(programs: dict[str, str], seconds: float, folder: Path) -> Measured:
    """Run a session and press keys for a while."""
    (folder / "flood.yaml").write_text(layout(programs), encoding="utf-8")
    run = ("-m", "mop_tui", "run", "--trust", "flood.yaml", "--session-file", "flood.jsonl")
    measured = Measured()
    with Probe([sys.executable, *run], folder) as probe:
        probe.read(5.0)
        program = psutil.Process(probe.process.pid)
        measured.before = program.memory_info().rss
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            probe.read(0.15)
            measured.latencies.append(probe.answer(b"\t", FOCUS))
        measured.after = program.memory_info().rss
    for line in (folder / "flood.jsonl").read_bytes().splitlines()[1:]:
        if b'"agent.output"' in line:
            data = json.loads(line)["data"]
            measured.dropped += data["dropped"]
            measured.lines += len(data["lines"])
    return measured


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--talkers", type=int, default=200)
    chosen = parser.parse_args(argv)
    print(described())
    talkers = {f"talker-{n}": TALKER for n in range(chosen.talkers)}
    sessions = {
        "quiet": {"sleeper": QUIET},
        **{name: {name: text} for name, text in FLOODS.items()},
        f"{chosen.talkers} talkers": talkers,
        "all at once": {**FLOODS, **talkers},
    }
    for name, programs in sessions.items():
        with tempfile.TemporaryDirectory() as folder:
            found = measure(programs, chosen.seconds, Path(folder))
        growth = (found.after - found.before) / 2**20
        times = found.latencies
        print(
            f"{name:12} {len(times):3} keys: median {1000 * statistics.median(times):4.0f} ms,"
            f" p99 {p99(times):4.0f} ms, worst {1000 * max(times):4.0f} ms (wanted <= 100);"
            f" memory {growth:+.0f} MiB (wanted <= 50);"
            f" {found.lines:,} lines reported, {found.dropped:,} counted as dropped"
        )


if __name__ == "__main__":
    main()
