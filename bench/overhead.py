"""What it costs a talkative swarm to be coordinated, by its shape, and what a switch brings.

    python -m bench.overhead [--rehearse-only] [--seconds 9]

`layouts/talkative.yaml` is run three times: in a hierarchy, in a mesh, and beginning as a hierarchy
that the operator turns into a mesh after `--seconds` of session time. First it is rehearsed, with
simulated agents, and then with real processes, which wait for answers, so that it takes longer to
be done, too. Told is the share of the time of agents at work in which messages hold them up, how
long a message is under way, and how long all of it takes.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bench.machine import described
from mop_tui.domain.coordination import Coordination, Figures
from mop_tui.domain.feed import SwitchTopology
from mop_tui.domain.fold import apply
from mop_tui.domain.session import Session
from mop_tui.journal import JournalFile
from mop_tui.layout.bundled import folder
from mop_tui.orchestrator.attached import attached

NAME = "talkative"
SPEED = "6"
"""So many times as fast as the wall clock a rehearsal is walked through."""
PATIENCE = 120.0
"""Seconds that a session may take."""


async def play(
    place: Path, topology: str, *options: str, switch_at: int | None = None
) -> tuple[Coordination, int]:
    """Run the layout in a shape, and return its figures and when it ended (session time, ms)."""
    layouts = folder()
    text = (layouts / f"{NAME}.yaml").read_text(encoding="utf-8")
    text = text.replace("topology: hierarchical", f"topology: {topology}")
    (place / f"{NAME}.yaml").write_text(
        text.replace("${layout.dir}", str(layouts)), encoding="utf-8"
    )
    file = place / "it.jsonl"
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mop_tui", "run", f"{NAME}.yaml", "--trust", "--headless"),
        *("--session-file", file.name, *options),
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            if switch_at is not None:
                await _switch(file, switch_at)
            await program.wait()
    finally:
        with suppress(ProcessLookupError):
            program.kill()
    session = Session()
    with JournalFile.open(file) as recorded:
        for event in recorded:
            apply(session, event)
    if session.outcome != "complete":
        raise SystemExit(f"the session ended {session.outcome}: {session.outcome_reason}")
    return session.snapshot().coordination, session.at


async def _switch(file: Path, at: int) -> None:
    """Turn the swarm into a mesh at a session time."""
    await _until(file.with_suffix(".sock").exists)
    async with attached(file, file.name, "attach") as visitor:
        await _until(lambda: visitor.snapshot().at >= at)
        visitor.submit(SwitchTopology("mesh", "it talks too much"))
        await _until(lambda: visitor.snapshot().shape == "mesh")


async def _until(true: Callable[[], bool]) -> None:
    """Return once something is true that nobody tells of."""
    while not true():  # noqa: ASYNC110 - it happens in another program
        await asyncio.sleep(0.05)


def told(figures: Figures) -> str:
    """Return figures in a few words."""
    if figures.overhead is None:
        return "nothing is known"
    under_way = (
        "nothing delivered" if figures.mean_ms is None else f"{figures.mean_ms:,.0f} ms each"
    )
    return f"overhead {figures.overhead:.1%}, {figures.delivered} messages, {under_way}"


def _overhead(figures: Figures) -> float:
    if figures.overhead is None:
        raise SystemExit("nothing is known of what messages cost")
    return figures.overhead


async def compare(how: str, seconds: float, options: Sequence[str]) -> None:
    """Run all three and print what they cost."""
    runs = (("hierarchical", None), ("mesh", None), ("hierarchical", round(seconds * 1000)))
    whole: list[float] = []
    for topology, switch_at in runs:
        with tempfile.TemporaryDirectory() as place:
            figures, at = await play(Path(place), topology, *options, switch_at=switch_at)
        if switch_at is None:
            whole.append(_overhead(figures.whole))
            print(f"{how}, {topology}: {told(figures.whole)}; done after {at / 1000:.1f} s")
            continue
        before, after = figures.by_shape["hierarchical"], figures.by_shape["mesh"]
        print(
            f"{how}, switched after {seconds:g} s: {told(before)}; then {told(after)};"
            f" done after {at / 1000:.1f} s"
        )
        if not _overhead(after) < _overhead(before):
            raise SystemExit("the switch did not lower the overhead")
    if not whole[1] < whole[0]:
        raise SystemExit("a mesh costs no less than a hierarchy")


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=9)
    parser.add_argument("--rehearse-only", action="store_true")
    chosen = parser.parse_args(argv)
    print(described())
    asyncio.run(compare("rehearsed", chosen.seconds, ("--rehearse", "--speed", SPEED)))
    if not chosen.rehearse_only:
        asyncio.run(compare("real processes", chosen.seconds, ()))
    print("a mesh costs less than a hierarchy, and a switch lowers what it costs")


if __name__ == "__main__":
    main()
