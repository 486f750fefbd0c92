"""How soon a key is answered on the screen while agents flood it, and what memory they cost.

    python -m bench.keys_under_flood [--seconds 20] [--talkers 200]

The whole program runs in a pseudo-terminal of 100x30. A quiet session is measured first, then the
same with one agent that writes as fast as it can, one that writes a line of 100 MB, one that
writes random bytes, one invalid UTF-8, and many that talk ten times a second. A key is sent about
every 150 ms; measured is the time until the screen has changed as that key makes it: `tab` moves
the frame of the pane that has the keys.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.machine import described

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
PATIENCE = 10.0


@dataclass
class Measured:
    """What one session showed."""

    latencies: list[float] = field(default_factory=list)
    before: int = 0
    after: int = 0
    dropped: int = 0
    lines: int = 0

    @property
    def p99(self) -> float:
        """Latency that 99 of 100 keys stay below, in milliseconds."""
        return 1000 * sorted(self.latencies)[int(0.99 * (len(self.latencies) - 1))]


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
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    others = {"COLUMNS", "LINES", "NO_COLOR"}
    environment = {name: value for name, value in os.environ.items() if name not in others}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mop_tui",
            "run",
            "--trust",
            "flood.yaml",
            "--session-file",
            "flood.jsonl",
        ],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    measured = Measured()
    _read(master, 5.0)
    program = psutil.Process(process.pid)
    measured.before = program.memory_info().rss
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        _read(master, 0.15)
        os.write(master, b"\t")
        measured.latencies.append(_until_answered(master))
    measured.after = program.memory_info().rss
    process.terminate()
    while process.poll() is None:
        _read(master, 0.1)
    os.close(master)
    os.close(slave)
    for line in (folder / "flood.jsonl").read_bytes().splitlines()[1:]:
        if b'"agent.output"' in line:
            data = json.loads(line)["data"]
            measured.dropped += data["dropped"]
            measured.lines += len(data["lines"])
    return measured


def _read(master: int, seconds: float) -> bytes:
    """Read what is drawn for so long."""
    seen, ends = b"", time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                seen += os.read(master, 1 << 16)
            except OSError:
                break
    return seen


def _until_answered(master: int) -> float:
    """Return the seconds until a frame of a pane that got the keys is drawn."""
    began, seen = time.perf_counter(), b""
    while FOCUS not in seen:
        left = began + PATIENCE - time.perf_counter()
        if left < 0 or not select.select([master], [], [], left)[0]:
            raise RuntimeError("the screen does not answer")
        seen = seen[-len(FOCUS) :] + os.read(master, 1 << 16)
    return time.perf_counter() - began


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
        print(
            f"{name:12} {len(found.latencies):3} keys: median"
            f" {1000 * statistics.median(found.latencies):4.0f} ms, p99 {found.p99:4.0f} ms, worst"
            f" {1000 * max(found.latencies):4.0f} ms (wanted <= 100); memory {growth:+.0f} MiB"
            f" (wanted <= 50); {found.lines:,} lines reported, {found.dropped:,} counted as dropped"
        )


if __name__ == "__main__":
    main()
