"""Processes that left the group of their agent, as `setsid` and daemons do.

They are found by the tags in the environment that every process of an agent inherits: one look at
all processes of the machine, off the event loop, serves all agents that are to be ended, paused or
continued at that time. A process that empties its environment as well is not found.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mop_tui.agents.guardian import tagged
from mop_tui.agents.host import hook_process
from mop_tui.agents.launch import AGENT, HOOK, INCARNATION, RUN
from mop_tui.domain.ids import AgentId

Key = tuple[AgentId, int]
"""An incarnation of an agent."""

INTERVAL = 0.2
HURRY = 0.05
"""Seconds between two looks, and when somebody waits for the end of it all."""
LOOKS = 2
"""Looks that have to find nothing: while a program replaces itself by another (`exec`), it shows
no environment for a moment."""
UNKILLABLE = 5.0
"""Seconds after which a process is given up that survives being killed."""

_ENVIRONMENTS_ARE_FILES = Path("/proc/self/environ").exists()


def processes(run: str) -> Iterator[tuple[int, Key]]:
    """Yield the processes that carry the tags of a run, each with its agent's incarnation."""
    for pid, variables in tagged(run) if _ENVIRONMENTS_ARE_FILES else _tagged_elsewhere(run):
        number, agent = variables.get(INCARNATION, ""), variables.get(AGENT, "")
        if number.isdecimal():
            hook = variables.get(HOOK)
            yield pid, (hook_process(agent, hook) if hook else AgentId(agent), int(number))


def _tagged_elsewhere(run: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        import psutil  # noqa: PLC0415 - only where there is no /proc
    except ImportError:
        return
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            variables = process.environ()
            if variables.get(RUN) == run and process.pid != os.getpid():
                yield process.pid, variables


def sweep(run: str, orders: Mapping[Key, tuple[int, ...]]) -> set[Key]:
    """Signal all processes of the incarnations in `orders`; return those that have any."""
    found = set()
    for pid, key in processes(run):
        if key in orders:
            found.add(key)
            _signal(pid, run, orders[key])
    return found


def _signal(pid: int, run: str, numbers: tuple[int, ...]) -> None:
    """Signal a process, unless its number now belongs to another."""
    try:
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except OSError:
        return
    try:
        if handle is None:
            for number in numbers:
                os.kill(pid, number)
        elif f"{RUN}={run}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
            for number in numbers:
                signal.pidfd_send_signal(handle, number)
    except OSError:
        return
    finally:
        if handle is not None:
            os.close(handle)


@dataclass(slots=True)
class _Ending:
    ask_at: float
    asked_at: float | None = None
    looks: int = LOOKS
    """How often nothing more has to be found."""


@dataclass(slots=True)
class _Holding:
    paused: bool
    looks: int = LOOKS


class Escapees:
    """Ends, pauses and continues what left its group. `grace` is as for groups."""

    def __init__(self, run: str, grace: float) -> None:
        self._run = run
        self._grace = grace
        self._endings: dict[Key, _Ending] = {}
        self._holding: dict[Key, _Holding] = {}
        self._task: asyncio.Task[None] | None = None
        self._last = 0.0
        self._hurry = False

    def end(self, key: Key, *, after: float = 0) -> None:
        """End whatever is left of an incarnation, first asking it in so many seconds."""
        ask_at = time.monotonic() + after
        ending = self._endings.setdefault(key, _Ending(ask_at))
        ending.ask_at = min(ending.ask_at, ask_at)
        self._holding.pop(key, None)
        self._begin()

    def hold(self, key: Key, *, paused: bool) -> None:
        """Suspend whatever left the group of an incarnation, or let it go on."""
        if key not in self._endings:
            self._holding[key] = _Holding(paused)
            self._begin()

    async def finished(self) -> None:
        """Return once everything that is to end has ended."""
        self._hurry = True
        while self._task is not None:
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
            self._task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._endings.clear()
            raise error

    async def _work(self) -> None:
        while self._endings or self._holding:
            interval = HURRY if self._hurry else INTERVAL
            await asyncio.sleep(max(0.0, self._last + interval - time.monotonic()))
            orders = self._orders()
            if orders:
                found = await asyncio.to_thread(sweep, self._run, orders)
                self._note(orders.keys(), found)
            self._last = time.monotonic()

    def _orders(self) -> dict[Key, tuple[int, ...]]:
        now = time.monotonic()
        orders: dict[Key, tuple[int, ...]] = {}
        for key, holding in list(self._holding.items()):
            orders[key] = (signal.SIGSTOP,) if holding.paused else (signal.SIGCONT,)
            holding.looks -= 1
            if not holding.looks:
                del self._holding[key]
        for key, ending in list(self._endings.items()):
            if now < ending.ask_at:
                continue
            if ending.asked_at is None:
                ending.asked_at = now
                orders[key] = (signal.SIGTERM, signal.SIGCONT)
            elif now < ending.asked_at + self._grace:
                orders[key] = ()
            elif now < ending.asked_at + self._grace + UNKILLABLE:
                orders[key] = (signal.SIGKILL,)
            else:
                del self._endings[key]
        return orders

    def _note(self, looked_for: Iterable[Key], found: set[Key]) -> None:
        for key in looked_for:
            ending = self._endings.get(key)
            if ending is None or ending.asked_at is None:
                continue
            ending.looks = LOOKS if key in found else ending.looks - 1
            if not ending.looks:
                del self._endings[key]
