"""Process groups: signals to all of a group, and its end."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

POLL = 0.02
"""Seconds between two looks at the groups that are to end."""
UNKILLABLE = 5.0
"""Seconds after which a group is given up that survives being killed: a broken disk or network
mount can hold a process for ever, and what nobody reaps counts as alive."""


def signal_group(group: int, number: int) -> bool:
    """Return True if there was a group to signal. Signal 0 only asks."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Some systems say this of a group that holds only processes waiting to be reaped.
        return False
    return True


@dataclass(slots=True)
class _Ending:
    ask_at: float
    force_at: float | None = None
    give_up_at: float | None = None


class Endings:
    """Ends process groups: asks them to, and after `grace` seconds makes them.

    A single timer serves all of them. `on_gone` is told of each group that is no more.
    """

    def __init__(self, grace: float, on_gone: Callable[[int], None]) -> None:
        self._grace = grace
        self._on_gone = on_gone
        self._endings: dict[int, _Ending] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def end(self, group: int, *, after: float = 0) -> None:
        """End a group, asking it `after` so many seconds if it is not gone by then."""
        ask_at = time.monotonic() + after
        ending = self._endings.get(group)
        if ending is None:
            ending = self._endings[group] = _Ending(ask_at)
            self._idle.clear()
        ending.ask_at = min(ending.ask_at, ask_at)
        if after <= 0:
            self._look(group, ending)
        if self._endings and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(POLL, self._look_around)

    async def finished(self) -> None:
        """Return once no group is to end any more."""
        await self._idle.wait()

    def _look_around(self) -> None:
        self._timer = None
        for group, ending in list(self._endings.items()):
            self._look(group, ending)
        if self._endings:
            self._timer = asyncio.get_running_loop().call_later(POLL, self._look_around)

    def _look(self, group: int, ending: _Ending) -> None:
        now = time.monotonic()
        if ending.force_at is None:
            if now >= ending.ask_at:
                alive = signal_group(group, signal.SIGTERM)
                # A process that is stopped acts on nothing else.
                alive = alive and signal_group(group, signal.SIGCONT)
                ending.force_at = now + self._grace
            else:
                alive = signal_group(group, 0)
        elif now >= ending.force_at:
            alive = signal_group(group, signal.SIGKILL)
            ending.give_up_at = ending.give_up_at or now + UNKILLABLE
            alive = alive and now < ending.give_up_at
        else:
            alive = signal_group(group, 0)
        if not alive:
            del self._endings[group]
            self._on_gone(group)
            if not self._endings:
                self._idle.set()
