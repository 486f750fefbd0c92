"""How soon, how completely and how cheaply changes of files are seen.

    python -m bench.watching

Everything is measured beside bare `watchfiles.awatch` in the same run, at its defaults and with
the steps that make it quick.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path

import click
from watchfiles import Change as Kind
from watchfiles import awatch

from bench.loop_lag import Lag
from bench.machine import described, quantile
from mop_tui.sources.files import FileWatcher

PATIENCE = 60.0
BURST = "import pathlib\nfor n in range({count}): pathlib.Path(f'{{n}}.txt').write_text('text')"
FOLDERS = (
    "import pathlib\n"
    "for n in range({count}):\n"
    "    path = pathlib.Path(f'a{{n}}/b/c/file.txt')\n"
    "    path.parent.mkdir(parents=True)\n"
    "    path.write_text('text')"
)
Sink = Callable[[str], None]


@asynccontextmanager
async def ours(root: Path, created: Sink) -> AsyncIterator[FileWatcher]:
    watcher = FileWatcher(
        root,
        ["**/*.txt"],
        lambda change: created(change.path) if change.kind == "created" else None,
    )
    await watcher.start()
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        await watcher.close()
        await task


@asynccontextmanager
async def bare(
    root: Path, created: Sink, *, step: int = 50, debounce: int = 1_600
) -> AsyncIterator[None]:
    began, stop = asyncio.Event(), asyncio.Event()

    async def watch() -> None:
        async for changes in awatch(root, stop_event=stop, step=step, debounce=debounce):
            for kind, path in changes:
                if path.endswith("probe"):
                    began.set()
                elif kind == Kind.added and path.endswith(".txt"):
                    created(path.removeprefix(f"{root}/"))

    task = asyncio.create_task(watch())
    try:
        while not began.is_set():  # it does not say when it has begun
            (root / "probe").touch()
            await asyncio.sleep(0.05)
        yield
    finally:
        stop.set()
        await task


@contextmanager
def empty() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


WAYS: dict[str, Callable[[Path, Sink], AbstractAsyncContextManager[FileWatcher | None]]] = {
    "ours": ours,
    "bare, step=20": lambda root, created: bare(root, created, step=20, debounce=200),
    "bare, defaults": bare,
}


async def latency(way: str, count: int) -> list[float]:
    """Return the seconds from closing a new file to hearing of it."""
    seen: dict[str, asyncio.Future[float]] = {}
    loop = asyncio.get_running_loop()
    took = []
    chance = random.Random(1)
    with empty() as root:
        async with WAYS[way](root, lambda path: seen[path].set_result(time.perf_counter())):
            for number in range(count):
                name = f"{number}.txt"
                seen[name] = loop.create_future()
                await asyncio.sleep(chance.uniform(0.01, 0.04))
                (root / name).write_text("text")
                done = time.perf_counter()
                took.append(await asyncio.wait_for(seen[name], PATIENCE) - done)
    return took


async def burst(way: str, script: str, count: int) -> str:
    """Say how many of `count` files of another process are seen, how soon, at which lag."""
    seen: Counter[str] = Counter()
    all_seen = asyncio.Event()

    def add(path: str) -> None:
        seen[path] += 1
        if len(seen) == count:
            all_seen.set()

    with empty() as root:
        async with WAYS[way](root, add) as watcher:
            lag = Lag()
            began, used = time.perf_counter(), time.process_time()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", script.format(count=count), cwd=root
            )
            await process.wait()
            made = time.perf_counter()
            used = time.process_time() - used
            if watcher is not None:
                await watcher.settle(PATIENCE)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(all_seen.wait(), 3)
            took = time.perf_counter() - made
            lag.stop()
    twice = sum(times > 1 for times in seen.values())
    return (
        f"{len(seen)} of {count} seen, {twice} of them twice; made in {made - began:.2f} s,"
        f" {took * 1e3:.0f} ms to all that was seen; {used:.2f} s of CPU; {lag.take()}"
    )


async def idle(way: str, folders: int, seconds: float) -> float:
    """Return the share of a core that watching a tree takes while nothing happens."""
    with empty() as root:
        for number in range(folders):
            (root / f"a{number % 30}" / f"b{number}").mkdir(parents=True)
        async with WAYS[way](root, lambda _: None):
            await asyncio.sleep(0.5)
            began = time.process_time()
            await asyncio.sleep(seconds)
            return (time.process_time() - began) / seconds


async def settling(count: int) -> list[float]:
    """Return the seconds it takes to know that a change has been reported."""
    took = []
    with empty() as root:
        async with ours(root, lambda _: None) as watcher:
            for number in range(count):
                (root / f"{number}.txt").write_text("text")
                began = time.perf_counter()
                await watcher.settle()
                took.append(time.perf_counter() - began)
    return took


async def starting(folders: int) -> None:
    """Say how long it takes to begin with a large tree, and what that does to the loop."""
    with empty() as root:
        for number in range(folders):
            (root / f"a{number % 100}" / f"b{number}").mkdir(parents=True)
            (root / f"a{number % 100}" / f"b{number}" / "file.txt").touch()
        for way, begin in WAYS.items():
            lag = Lag()
            began = time.perf_counter()
            async with begin(root, lambda _: None):
                took = time.perf_counter() - began
                lag.stop()
            print(f"  {way}: {took * 1e3:.0f} ms; {lag.take()}")


async def measure(files: int, folders: int, seconds: float) -> None:
    print(described())
    print("from a new file to hearing of it:")
    medians = {}
    for way in WAYS:
        took = await latency(way, 100)
        medians[way] = quantile(took, 0.5)
        print(
            f"  {way}: median {medians[way] * 1e3:.1f} ms, p99 {quantile(took, 0.99) * 1e3:.1f} ms,"
            f" ours is {medians['ours'] / medians[way]:.2f} of it"
        )
    took = await settling(100)
    print(
        f"settle: median {quantile(took, 0.5) * 1e3:.1f}, p99 {quantile(took, 0.99) * 1e3:.1f} ms"
    )
    print(f"{files} files at once:")
    for way in WAYS:
        print(f"  {way}: {await burst(way, BURST, files)}")
    print(f"{folders} times mkdir -p and a file:")
    for way in WAYS:
        print(f"  {way}: {await burst(way, FOLDERS, folders)}")
    print("beginning with 10,000 folders:")
    await starting(10_000)
    print("idle, 1,000 folders:")
    for way in WAYS:
        print(f"  {way}: {await idle(way, 1_000, seconds):.3%} of a core")


@click.command(help=__doc__)
@click.option("--files", default=10_000, show_default=True)
@click.option("--folders", default=500, show_default=True)
@click.option("--idle-seconds", default=10.0, show_default=True)
def main(files: int, folders: int, idle_seconds: float) -> None:
    asyncio.run(measure(files, folders, idle_seconds))


if __name__ == "__main__":
    main()
