"""Reports that come too often, made to come at a steady pace."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Paced(Generic[T]):
    """Passes on at most one item per `period` seconds.

    The first is passed on at once. Those that come too early are made one by `merge` (older,
    newer), and that one is passed on when its time has come, or on `flush`.
    """

    def __init__(
        self, period: float, emit: Callable[[T], None], merge: Callable[[T, T], T]
    ) -> None:
        self._period = period
        self._emit = emit
        self._merge = merge
        self._held: T | None = None
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, item: T) -> None:
        """Take an item."""
        if self._held is not None:
            self._held = self._merge(self._held, item)
            return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._period
            self._emit(item)
            return
        self._held = item
        self._timer = asyncio.get_running_loop().call_later(self._next - now, self.flush)

    def flush(self) -> None:
        """Pass on what is held back, if anything is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        held, self._held = self._held, None
        if held is not None:
            self._next = time.monotonic() + self._period
            self._emit(held)


class Rationed:
    """Passes on at most `most` sentences per `period` seconds, and says how many it left out."""

    def __init__(self, most: int, period: float, emit: Callable[[str], None]) -> None:
        self._most = most
        self._period = period
        self._emit = emit
        self._left = most
        self._until = 0.0
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, sentence: str) -> None:
        """Take a sentence."""
        now = time.monotonic()
        if now >= self._until:
            self.flush()
            self._until = now + self._period
            self._left = self._most
        if self._left:
            self._left -= 1
            self._emit(sentence)
            return
        self._dropped += 1
        if self._timer is None:
            wait = self._until - now
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Say what was left out, if anything was."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self._emit(f"{dropped} more of this kind")
