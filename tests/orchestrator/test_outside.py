"""What is told of files while a session runs, whatever becomes of the watch."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mop_tui.domain.events import Fact, FileCreated, SystemWatching
from mop_tui.domain.session import Session
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from mop_tui.orchestrator.outside import Outside
from mop_tui.sources.files import Change, FileWatcher
from sessions import plan, trigger

PATIENCE = 10
"""Seconds after which a wait has failed."""


class Told:
    """What a session whose triggers look at `*.py` is told of the files in a folder.

    A file called `bad.py` makes the watch fail.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.facts: list[Fact] = []
        self._calls: list[Callable[[], object]] = []
        what = plan([], [], triggers=[trigger("x", "file_created", "notify", path_pattern="*.py")])
        timeline = Timeline()
        self.outside = Outside(
            what,
            Session(),
            VirtualClock(timeline),
            timeline,
            self._calls.append,
            self._receive,
            self._watcher,
        )

    def _receive(self, fact: Fact, _cause: int | None) -> int:
        self.facts.append(fact)
        return 1

    def _watcher(
        self,
        patterns: tuple[str, ...],
        sink: Callable[[Change], None],
        known: Mapping[str, str] | None,
    ) -> FileWatcher:
        def heard(change: Change) -> None:
            if change.path == "bad.py":
                raise OSError("the disk is gone")
            sink(change)

        return FileWatcher(self.root, patterns, heard, known=known)

    async def settle(self) -> list[Fact]:
        """Return what is told once all is settled."""
        await asyncio.wait_for(self.outside.settle(), PATIENCE)
        calls, self._calls[:] = [*self._calls], []
        for call in calls:
            call()
        return self.facts


async def test_all_files_that_were_written_before_are_told_of_when_it_is_settled(
    tmp_path: Path,
) -> None:
    told = Told(tmp_path)
    await told.outside.begin(resumed=False)
    (tmp_path / "a.py").write_text("text")
    [fact] = await told.settle()
    assert isinstance(fact, FileCreated)
    assert fact.path == "a.py"
    await told.outside.close()


async def test_a_watch_that_fails_is_told_of_and_nobody_waits_for_it(tmp_path: Path) -> None:
    told = Told(tmp_path)
    await told.outside.begin(resumed=False)
    (tmp_path / "bad.py").write_text("text")
    [fact] = await told.settle()
    assert isinstance(fact, SystemWatching)
    assert fact.trouble == "the watch failed (the disk is gone)"
    assert not told.outside.watches
    assert await told.settle() == [fact]
    await told.outside.close()


async def test_nobody_waits_for_a_watch_that_is_closed(tmp_path: Path) -> None:
    told = Told(tmp_path)
    await told.outside.begin(resumed=False)
    waiting = [asyncio.create_task(told.outside.settle()) for _ in range(3)]
    await asyncio.wait(waiting, timeout=0)
    await told.outside.close()
    done, _ = await asyncio.wait(waiting, timeout=PATIENCE)
    assert len(done) == len(waiting)
