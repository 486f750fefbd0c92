"""Process groups: signals to all of a group, and its end."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

CLOSER_LOOK = 0.1
"""Seconds between two closer looks."""
TURN = 0.004
"""Seconds that looking, and signalling, may keep the event loop before it is others' turn."""
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


def living(groups: frozenset[int]) -> frozenset[int]:
    """Return those groups in which a process runs, and does not only wait to be reaped.

    Where that cannot be told, all of them. Takes some milliseconds: not for the event loop.
    Orphans that became our own children, as they do where this program is a container's first
    process, are reaped: nobody else will.
    """
    found = set()
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - a path object for each would double the time
    except OSError:
        return groups
    for name in names:
        if not name.isdecimal():
            continue
        pid = int(name)
        try:
            group = os.getpgid(pid)
            if group not in groups or group in found:
                continue
            state, parent = _state(name)
        except OSError:
            continue  # gone meanwhile
        if state not in (b"Z", b"X"):
            found.add(group)
        elif parent == os.getpid() and pid != group:
            with suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
    return frozenset(found)


def _state(name: str) -> tuple[bytes, int]:
    fd = os.open(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        stat = os.read(fd, 4096)
    finally:
        os.close(fd)
    # The name in parentheses may hold anything, so what counts begins after the last of them.
    fields = stat[stat.rindex(b")") + 2 :].split(maxsplit=2)
    return fields[0], int(fields[1])


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
        self._closer_look: asyncio.Future[frozenset[int]] | None = None
        self._next_closer_look = 0.0
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
        begun = time.monotonic()
        again_in = POLL
        for group, ending in list(self._endings.items()):
            if time.monotonic() > begun + TURN:
                again_in = TURN
                break
            # To the end of the line, so that those come first next time that do not come now.
            self._endings[group] = self._endings.pop(group)
            self._look(group, ending)
        self._look_closer()
        if self._endings:
            self._timer = asyncio.get_running_loop().call_later(again_in, self._look_around)

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
            self._forget(group)

    def _look_closer(self) -> None:
        """Tell groups that run from those that only wait to be reaped, now and then.

        Whoever inherits an orphan may take seconds to reap it, or never do.
        """
        now = time.monotonic()
        asked = frozenset(g for g, ending in self._endings.items() if ending.force_at is not None)
        if asked and self._closer_look is None and now >= self._next_closer_look:
            self._next_closer_look = now + CLOSER_LOOK
            loop = asyncio.get_running_loop()
            self._closer_look = loop.run_in_executor(None, living, asked)
            self._closer_look.add_done_callback(lambda look: self._looked_closer(asked, look))

    def _looked_closer(self, asked: frozenset[int], look: asyncio.Future[frozenset[int]]) -> None:
        self._closer_look = None
        if not look.cancelled() and look.exception() is None:
            for group in (asked - look.result()) & self._endings.keys():
                self._forget(group)

    def _forget(self, group: int) -> None:
        del self._endings[group]
        self._on_gone(group)
        if not self._endings:
            self._idle.set()
