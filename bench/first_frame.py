"""How soon the first frame is on the screen, against a bare Textual app.

    python -m bench.first_frame [--rounds 7]

Each program is started in a pseudo-terminal of 80x24, turn and turn about; measured is the time
from its start to the moment its text arrives at the terminal. The bare app shows one line of text.
Ours runs a layout of one simulated agent, session file and all.
"""

import argparse
import fcntl
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
from pathlib import Path

from bench.machine import described

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("FIRSTFRAME")

Bare().run()
"""

LAYOUT = """
session: {id: frame}
agent_types: {actor: {}}
teams: {crew: {agents: [actor]}}
tasks: {play: {agent: actor, sim: {duration: 10m}}}
"""


def measure(command: list[str], marker: bytes, folder: Path) -> float:
    """Return the seconds from the start of `command` to the arrival of `marker`."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment
    )
    seen = b""
    while marker not in seen:
        if not select.select([master], [], [], 30)[0]:
            raise RuntimeError(f"{command} shows nothing: {seen!r}")
        seen += os.read(master, 65536)
    took = time.perf_counter() - began
    process.kill()
    process.wait()
    os.close(master)
    os.close(slave)
    return took


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args(argv)
    print(described())
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare.py").write_text(BARE, encoding="utf-8")
        (folder / "frame.yaml").write_text(LAYOUT, encoding="utf-8")
        for number in range(chosen.rounds + 1):
            one = measure([sys.executable, "bare.py"], b"FIRSTFRAME", folder)
            run = [sys.executable, "-m", "mop_tui", "run", "frame.yaml", "--speed", "1"]
            run += ["--session-file", f"{number}.jsonl"]
            other = measure(run, b"REHEARSAL", folder)
            if number:  # the first round fills the caches
                bare.append(one)
                ours.append(other)
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    print(
        f"first frame: {statistics.median(ours):.2f} s, bare Textual app"
        f" {statistics.median(bare):.2f} s, factor {ratio:.2f} (wanted <= 1.5)"
    )


if __name__ == "__main__":
    main()
