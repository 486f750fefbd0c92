"""What the system says about changes in a folder, through `watchfiles`."""

import asyncio
import errno
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from watchfiles import awatch

STEP = 20
"""Milliseconds of quiet that end a group of changes,"""
LONGEST = 100
"""unless they go on for so many."""
PATIENCE = 10.0
"""Seconds within which a mark has to be heard of at all."""
OFTEN = 0.05
"""Seconds between two tries to hear a mark, until the first is heard."""
_MARK = "mark-"


class Hearing:
    """Hears at which paths in a folder something happened, until it is closed.

    Nothing says what it was. `heard` is told in the thread of the event loop, and `failed` once, if
    no more can be heard. With `below`, all folders below are listened to.

    Changes are told in the order in which they were made. So whoever marks a file of its own, and
    waits until that is told, has been told of everything before it.

    Raises OSError.
    """

    def __init__(
        self,
        folder: str,
        heard: Callable[[Sequence[str]], None],
        failed: Callable[[OSError], None],
        *,
        below: bool,
    ) -> None:
        self._heard = heard
        self._failed = failed
        self._marks = tempfile.TemporaryDirectory(prefix="mop-tui-")
        self._place = Path(self._marks.name).resolve()
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._began = False
        self._task = asyncio.create_task(self._listen(folder, below=below))

    async def begun(self) -> None:
        """Return when it hears what happens from then on, or nothing at all any more.

        If not even marks are heard of for some seconds, it has failed.
        """
        patience = time.monotonic() + PATIENCE
        while not self._has_begun():
            await self._marked(OFTEN)
            if time.monotonic() > patience and not self._has_begun():
                self._task.cancel()
                self._failed(OSError(errno.EIO, "the system does not tell of changes"))
                return

    def _has_begun(self) -> bool:
        return self._began or self._task.done()

    async def heard_all(self) -> None:
        """Return when everything has been told that happened before, or nothing can be any more."""
        await self.begun()
        if not self._task.done():
            await self._marked(None)

    def close(self) -> None:
        """Hear nothing any more."""
        self._task.cancel()
        self._let_go()
        self._marks.cleanup()

    async def _marked(self, patience: float | None) -> None:
        """Make a mark and wait until that is told, or for so many seconds."""
        mark = self._place / f"{_MARK}{next(self._numbers)}"
        told = self._waiting[str(mark)] = asyncio.get_running_loop().create_future()
        try:
            mark.touch()
            await asyncio.wait({told}, timeout=patience)
        except OSError:
            await asyncio.sleep(OFTEN)  # there is no place for a mark, so there is none to wait for
            self._began = True
        finally:
            self._waiting.pop(str(mark), None)
            mark.unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Have nobody wait any more."""
        for told in self._waiting.values():
            if not told.done():
                told.set_result(None)

    async def _listen(self, folder: str, *, below: bool) -> None:
        try:
            async for changes in awatch(
                *(folder, self._place),
                watch_filter=None,
                step=STEP,
                debounce=LONGEST,
                recursive=below,
                ignore_permission_denied=True,
            ):
                self._tell([path for _, path in changes])
        except (OSError, ExceptionGroup, RuntimeError) as error:
            cause: BaseException = error  # what happens in its thread comes wrapped
            while isinstance(cause, BaseExceptionGroup):
                cause = cause.exceptions[0]
            self._let_go()
            self._failed(cause if isinstance(cause, OSError) else OSError(errno.EIO, str(cause)))

    def _tell(self, paths: Sequence[str]) -> None:
        marks = str(self._place)
        others = [path for path in paths if not path.startswith(marks)]
        if others:
            self._heard(others)
        for path in paths:
            told = self._waiting.get(path)
            if told is not None and not told.done():
                self._began = True
                told.set_result(None)
