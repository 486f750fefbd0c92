"""What checking a large layout costs next to merely parsing its YAML.

    python -m bench.check [--tasks 2000] [--rounds 7]

Both are done in turn, in one process: `yaml.safe_load` of the text, which is the floor, and
`mop_tui.layout.load` of the same file, which composes it with places and bounds, brings it into
form, checks all references, needs, keys, look-ups, questions and programs, and makes a plan.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from bench.machine import described
from mop_tui import layout


def written(tasks: int) -> str:
    """Return a layout with so many tasks, as somebody might write it: needs, keys, gates, runs."""
    lines = [
        "session: {id: large, project: Benchmark, vars: {target: build}}",
        "agent_types:",
        "  worker: {skills: [work], run: [echo, working]}",
        "teams:",
        "  crew:",
        "    lead: w0",
        f"    agents: [{', '.join(f'{{id: w{n}, type: worker}}' for n in range(20))}]",
        "tasks:",
    ]
    for n in range(tasks):
        lines.append(f"  task-{n}:")
        lines.append(f"    title: Task number {n}")
        lines.append(f"    agent: w{n % 20}" if n % 3 else "    requires_skill: work")
        if n >= 20:
            lines.append(f"    needs: [task-{n - 20}, task-{n - 7}, memory:key/{n - 10}]")
        lines.append(f"    provides: [key/{n}]")
        lines.append(f"    duration: {n % 50 + 1}s")
        lines.append(f'    run: [echo, "${{target}}", step, "{n}"]')
        if n % 100 == 99:
            lines.append("    gate: sure")
    lines.append("questions:")
    lines.append("  sure: {question: Go on, context: {what: the next hundred}}")
    return "\n".join(lines) + "\n"


def _seconds(call: Callable[[], object]) -> float:
    gc.collect()
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    text = written(options.tasks)
    print(described())
    floors, checks = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.yaml")
        path.write_text(text, encoding="utf-8")
        layout.load(path)  # the validators are made once
        for _ in range(options.rounds):
            floors.append(_seconds(lambda: yaml.safe_load(text)))
            checks.append(_seconds(lambda: layout.load(path)))
    ratios = [check / floor for check, floor in zip(checks, floors, strict=True)]
    print(
        f"check of {options.tasks:,} tasks: {statistics.median(checks):.2f} s,"
        f" yaml.safe_load: {statistics.median(floors):.2f} s,"
        f" ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
