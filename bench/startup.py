"""How soon an agent can speak, against Python that does nothing.

    python -m bench.startup [--rounds 41]

Each program is started turn and turn about; measured is the time from its start to its end.
`mop-tui tell` is started as its console script starts it, without the `re` that some installers
add to it. The byte code is compiled beforehand, as it is once a package is installed.
"""

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.machine import described, quantile

TELL = "import sys; from mop_tui.__main__ import main; sys.exit(main())"
PROGRAMS = {
    "python -c pass": ["-c", "pass"],
    "import mop_tui.agent": ["-c", "import mop_tui.agent"],
    "agent.progress(1)": ["-c", "from mop_tui import agent; agent.progress(1)"],
    "mop-tui tell progress 1": ["-c", TELL, "tell", "progress", "1"],
    "python -c 'import json'": ["-c", "import json"],
}
FLOOR = "python -c pass"


def measure(arguments: list[str], environment: dict[str, str]) -> float:
    """Return the seconds that Python takes with `arguments`."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - began


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    chosen = parser.parse_args(argv)
    print(described())
    package = Path(__file__).parents[1] / "mop_tui"
    compileall.compile_dir(package, maxlevels=0, quiet=1)
    environment = {**os.environ, "MOP_AGENT": "bench", "PYTHONPATH": str(package.parent)}
    took: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for number in range(chosen.rounds + 1):
        for name, arguments in PROGRAMS.items():
            seconds = measure(arguments, environment)
            if number:  # the first round fills the caches
                took[name].append(seconds)
    for name, times in took.items():
        ratio = statistics.median(o / f for o, f in zip(times, took[FLOOR], strict=True))
        print(
            f"startup of {name}: {1000 * statistics.median(times):.1f} ms at the median,"
            f" {1000 * quantile(times, 0.95):.1f} ms at p95, factor {ratio:.2f}"
        )
    print("(wanted: speaking well under 50 ms)")


if __name__ == "__main__":
    main()
