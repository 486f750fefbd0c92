"""The program's side of the guardian: starts it, keeps it, and tells it what there is to guard."""

import asyncio
import os
import sys
from pathlib import Path

from mop_tui.agents import guardian
from mop_tui.agents.pipes import Outlet

GRACE = 1.0
"""Seconds that agents have to end in when nobody is left to wait for them."""
TOLD_WITHIN = 0.05
"""Seconds. What is not told yet when the program is killed, the guardian finds by its tag."""
PATIENCE = 2.0
"""Seconds that a guardian has to go home in."""
STARTS = 5
"""How often a guardian is started, at most: somebody seems to be ending them."""


class Guard(asyncio.SubprocessProtocol):
    """Has a guardian watch over process groups. It is started with the first of them."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._groups: set[int] = set()
        self._outlet: Outlet | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._starts = 0
        self._gone = asyncio.Event()
        self._gone.set()
        self._closing = False
        self._restart: asyncio.Task[None] | None = None
        self._untold = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the guardian, while there is one."""
        return None if self._transport is None else self._transport.get_pid()

    async def begin(self) -> None:
        """Start the guardian if none is there. Raises `OSError`."""
        if self._outlet is not None or self._starts >= STARTS or self._closing:
            return
        self._starts += 1
        reading, writing = os.pipe()
        outlet = self._outlet = Outlet(writing)
        outlet.write(b"".join(b"+%d\n" % group for group in self._groups))
        self._gone.clear()
        try:
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *(sys.executable, "-I", "-S", str(Path(guardian.__file__))),
                *(self._run, str(GRACE)),
                stdin=reading,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,
            )
        except OSError:
            outlet.close()
            self._outlet = None
            self._gone.set()
            raise
        finally:
            os.close(reading)
        self._transport = transport

    def add(self, group: int) -> None:
        """Have a group guarded."""
        self._groups.add(group)
        self._tell(b"+%d\n" % group)

    def remove(self, group: int) -> None:
        """Note that a group is gone."""
        self._groups.discard(group)
        self._tell(b"-%d\n" % group)

    async def close(self) -> None:
        """Send the guardian home."""
        self._closing = True
        if self._restart is not None:
            await asyncio.wait([self._restart])
        if self._outlet is not None:
            self._tell(b"quit\n")
            self._tell_all()
            try:
                await asyncio.wait_for(self._gone.wait(), PATIENCE)
            except TimeoutError:
                # Somebody has stopped it. There is nothing left to guard.
                if self._transport is not None:
                    self._transport.kill()
                await self._gone.wait()

    def process_exited(self) -> None:
        """It is gone. If it was not sent home, somebody ended it: another takes its place."""
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        self._gone.set()
        if not self._closing:
            self._restart = asyncio.get_running_loop().create_task(self._begin_again())

    async def _begin_again(self) -> None:
        try:
            await self.begin()
        except OSError:
            return  # the next start of an agent tries again

    def _tell(self, line: bytes) -> None:
        """Tell the guardian something, soon: waking it for each of many starts slows them down."""
        self._untold += line
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOLD_WITHIN, self._tell_all)

    def _tell_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outlet is not None:
            self._outlet.write(bytes(self._untold))
        self._untold.clear()
