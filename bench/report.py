"""What it costs to tell of a session in a report, against reading and folding its file.

    python -m bench.report [--events 100000] [--agents 1000] [--rounds 5]

*Reading and folding* checks every line against the chain, decodes it, and folds it into the state:
what nobody can do without who reads a session. *Gathering* is that, with all that a report says
noted on the way, and summed up. Both are measured in CPU time in the same process, turn and turn
about; reported is the median of the ratios.

*The command* is `mop-tui report --format F -o FILE` as a program of its own, from its start to its
end, in each form.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.machine import described
from bench.recovery import record, scan_decode_and_fold
from mop_tui.report.as_json import as_json
from mop_tui.report.gathering import gather
from mop_tui.report.markdown import markdown
from mop_tui.report.summary import Summary

WANTED_RATIO = 3.0
"""Gathering takes at most so many times what reading and folding does."""
WANTED_SECONDS = 5.0
"""The command takes at most so many seconds of CPU time for 100,000 events."""
FORMS = ("md", "json", "html")


def seconds(of: Callable[[], object]) -> float:
    """Return the CPU time that something takes."""
    gc.collect()
    began = time.process_time()
    of()
    return time.process_time() - began


def command_time(path: Path, form: str) -> tuple[float, float, int]:
    """Return the CPU time and the time by the clock that the command takes, in seconds, and how
    many bytes it wrote."""
    target = path.with_suffix(f".report.{form}")
    began = time.monotonic()
    what = ("report", str(path), "--format", form, "-o", str(target))
    command = [sys.executable, "-m", "mop_tui", *what]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"mop-tui report --format {form} failed: {process.returncode}")
    size = target.stat().st_size
    target.unlink()
    return used.ru_utime + used.ru_stime, took, size


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
        folding, gathering, ratios = [], [], []
        summary = gather(path)
        for _ in range(chosen.rounds):
            folding.append(seconds(partial(scan_decode_and_fold, path)))
            gathering.append(seconds(partial(gather, path)))
            ratios.append(gathering[-1] / folding[-1])
        ratio = statistics.median(ratios)
        print(f"reading and folding: {statistics.median(folding):.2f} s")
        print(
            f"gathering: {statistics.median(gathering):.2f} s, {ratio:.2f} times that"
            f" ({min(ratios):.2f}-{max(ratios):.2f}); wanted <= {WANTED_RATIO}"
        )
        _forms(summary)
        for form in FORMS:
            taken = [command_time(path, form) for _ in range(chosen.rounds)]
            cpu = statistics.median(it[0] for it in taken)
            clock = statistics.median(it[1] for it in taken)
            print(
                f"mop-tui report --format {form}: {cpu:.2f} s of CPU, {clock:.2f} s by the clock,"
                f" {taken[0][2] / 1e6:.2f} MB; wanted <= {WANTED_SECONDS} s"
            )


def _forms(summary: Summary) -> None:
    print(f"writing it as Markdown: {seconds(partial(markdown, summary)):.2f} s")
    print(f"writing it as JSON: {seconds(partial(as_json, summary)):.2f} s")


if __name__ == "__main__":
    main()
