"""The socket beside a session file, through which other terminals reach the running session.

It belongs to the user who runs the session: its file is for the owner alone, and whoever connects
must be the same user, or root, as the kernel says, and no agent. See `wire` for what is said there.

Nobody who connects can hold up the session or make it grow. What happens is read from the session
file, not from here; what a visitor has not read yet is not added to; who reads nothing for long, or
says what makes no sense, is let go, and may come again.
"""

import asyncio
import os
import pwd
import re
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from mop_tui.orchestrator import wire
from mop_tui.orchestrator.live import LiveSession
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.peer import is_agent_of, peer_of
from mop_tui.orchestrator.socket_path import short_way, socket_of

TICK = 0.1
"""Seconds between two words on how the session stands."""
PATIENCE = 10.0
"""Seconds that a visitor has to say who they are, or to read what was sent."""
MOST_CONNECTIONS = 100
MOST_COMMANDS = 200
"""Commands of one visitor within a second. No person gives as many."""


class OperatorSocket:
    """Serves a running session to visitors from other terminals.

    Once a screen was attached, there is somebody who can answer, also in a headless session: who
    leaves, or loses the connection, can come back.
    """

    def __init__(self, live: LiveSession, orchestrator: Orchestrator, run: str) -> None:
        self.live = live
        self.orchestrator = orchestrator
        self.run = run
        self.connections = 0
        """Whoever is connected, and the visitors among them, who have said who they are:"""
        self.visitors: set[_Visitor] = set()
        self._ticking: asyncio.TimerHandle | None = None

    def standing(self) -> wire.Standing:
        """Return how the session stands; all that is durable by now can be read in its file."""
        orchestrator, live = self.orchestrator, self.live
        orchestrator.publish()
        left = {
            question: ms
            for question in orchestrator.session.open_questions
            if (ms := live.remaining(question)) is not None
        }
        return wire.Standing(
            seq=orchestrator.session.seq,
            durable=orchestrator.durable_seq,
            now=live.now(),
            trouble=live.trouble,
            failed=bool(live.defect),
            remaining=left,
        )

    def came(self, visitor: "_Visitor") -> None:
        """Take note of a visitor who has said who they are."""
        self.visitors.add(visitor)
        if visitor.via == "attach":
            self.orchestrator.attend()
        if self._ticking is None:
            self._tick()

    def went(self, visitor: "_Visitor") -> None:
        """Take note that such a visitor has gone."""
        self.visitors.discard(visitor)

    def close(self) -> None:
        """Tell everybody how things stand now, and let them go."""
        if self._ticking is not None:
            self._ticking.cancel()
        last = wire.encode(self.standing())
        for visitor in list(self.visitors):
            visitor.tell(last)
            visitor.leave()

    def _tick(self) -> None:
        self._ticking = None
        if not self.visitors:
            return
        line = wire.encode(self.standing())
        now = monotonic()
        for visitor in list(self.visitors):
            visitor.remind(line, now)
        self._ticking = asyncio.get_running_loop().call_later(TICK, self._tick)


class _Visitor(asyncio.Protocol):
    """One who has connected."""

    def __init__(self, server: OperatorSocket) -> None:
        self.via: wire.Via | None = None
        """What they came as; None until they have said so."""
        self._server = server
        self._received = b""
        self._behind_since: float | None = None
        self._second, self._commands = 0, 0

    # -- what asyncio tells -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet whoever is welcome."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream socket has
        self._server.connections += 1
        self._transport = transport
        self._timeout = asyncio.get_running_loop().call_later(PATIENCE, transport.abort)
        peer = peer_of(transport.get_extra_info("socket"))
        if peer is None or peer.uid not in (os.getuid(), 0):
            self._refuse("only the user who runs the session can reach it")
        elif is_agent_of(peer, self._server.run):
            self._refuse("an agent of the session does not speak for its operator")
        elif self._server.connections > MOST_CONNECTIONS:
            self._refuse(f"{MOST_CONNECTIONS} others are connected to it, and there is no room")
        else:
            self._by = f"{_user(peer.uid)} (uid {peer.uid})"
            self._prefix = self._server.orchestrator.reserve_id()
            self.tell(wire.encode(wire.Hello(wire.PROTOCOL, self._server.run, self._prefix)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget them."""
        del exc
        self._server.connections -= 1
        self._timeout.cancel()
        if self.via is not None:
            self._server.went(self)

    def data_received(self, data: bytes) -> None:
        """Do as told, line by line."""
        if self._transport.is_closing():
            return
        *lines, self._received = (self._received + data).split(b"\n")
        try:
            for line in lines:
                if len(line) > wire.LONGEST or self._transport.is_closing():
                    break
                self._hear(line)
        except wire.MisspokenError as error:
            self._refuse(f"it cannot make sense of what it is told: {error}")
        if max(map(len, (*lines, self._received))) > wire.LONGEST:
            self._refuse(f"it takes no more than {wire.LONGEST:,} bytes at once")

    # -- talking ------------------------------------------------------------------------------

    def tell(self, line: bytes) -> None:
        """Send a line."""
        if not self._transport.is_closing():
            self._transport.write(line)

    def remind(self, line: bytes, now: float) -> None:
        """Send how things stand, unless what was sent before is not read yet."""
        if not self._transport.get_write_buffer_size():
            self._behind_since = None
            self.tell(line)
        elif self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since > PATIENCE:
            self._transport.abort()

    def leave(self) -> None:
        """Close the connection once everything sent was read."""
        self._transport.close()

    def _refuse(self, why: str) -> None:
        self.tell(wire.encode(wire.Goodbye(why)))
        self.leave()

    def _hear(self, line: bytes) -> None:
        if self.via is None:
            introduction = wire.decode(line, wire.Introduction)
            if introduction.hello != wire.PROTOCOL:
                self._refuse(
                    f"it speaks {wire.PROTOCOL}, and the command {introduction.hello[:40]!r}:"
                    " use the same version of mop-tui for both"
                )
                return
            self.via = introduction.via
            self._timeout.cancel()
            self._server.came(self)
            return
        order = wire.decode_order(line)
        if re.fullmatch(rf"{self._prefix}\.[0-9]{{1,9}}", order.id) is None:
            raise wire.MisspokenError(f"the ids of commands here are {self._prefix}.1 and so on")
        if self._is_flood():
            raise wire.MisspokenError(f"more than {MOST_COMMANDS} commands within a second")
        by = f"{self._by} by {self.via}"
        self._server.orchestrator.submit(order.command, order.secret, by, order.id)

    def _is_flood(self) -> bool:
        second = int(monotonic())
        if second != self._second:
            self._second, self._commands = second, 0
        self._commands += 1
        return self._commands > MOST_COMMANDS


@asynccontextmanager
async def serving(
    session: Path, live: LiveSession, orchestrator: Orchestrator, run: str
) -> AsyncIterator[str]:
    """Serve the session recorded in `session` on the socket beside it, while the context lasts.

    Yields why that cannot be done, which is no reason for a session not to run; empty if it can.
    A socket that a killed program left behind is replaced.
    """
    path = socket_of(session)
    try:
        listening = _listen(path)
    except OSError as error:
        why = error.strerror or str(error)
        yield f"{path}: cannot be made, so no other terminal reaches this session: {why}."
        return
    place = path.stat()
    server = OperatorSocket(live, orchestrator, run)
    loop = asyncio.get_running_loop()
    listener = await loop.create_unix_server(
        lambda: _Visitor(server), sock=listening, backlog=socket.SOMAXCONN
    )
    live.reachable = True
    try:
        yield ""
    finally:
        live.reachable = False
        with suppress(OSError):
            found = path.stat()
            if (found.st_dev, found.st_ino) == (place.st_dev, place.st_ino):
                path.unlink()
        listener.close()
        server.close()


def _listen(path: Path) -> socket.socket:
    """Return a socket that listens at `path`, and was never open to others than its owner."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(0, "something else has this name", str(path))
    name = f".mop-{os.getpid()}"
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_way(path.parent) as way, suppress(FileNotFoundError):
            Path(way, name).unlink()
        with short_way(path.parent) as way:
            mask = os.umask(0o177)
            try:
                listening.bind(f"{way}/{name}")
            finally:
                os.umask(mask)
        listening.listen(socket.SOMAXCONN)
        listening.setblocking(False)  # noqa: FBT003 - the socket's own interface
        # Whoever finds the socket by its name can connect; one that is stale is gone at once.
        (path.parent / name).rename(path)
    except OSError:
        listening.close()
        with suppress(OSError):
            (path.parent / name).unlink()
        raise
    return listening


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "somebody"
