"""A session that another program runs, as a screen or a command in this one sees it.

What happened is read from the session file and folded here, by the same code as everywhere; what
is not in it yet (the time, what is wrong, how long questions still wait) and what the operator
says go through the session's socket. See `wire`.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import Capabilities, Command, EventFilter, Section
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, CommandId, QuestionId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.session import Session, Snapshot
from mop_tui.errors import JournalError, MopError, NotRunningError, UnreachableError
from mop_tui.journal.following import GrowingJournal
from mop_tui.journal.lock import holder_of
from mop_tui.orchestrator import wire
from mop_tui.orchestrator.loop import RECENT_EVENTS
from mop_tui.orchestrator.own_pace import OwnPace
from mop_tui.orchestrator.past import Past
from mop_tui.orchestrator.peer import is_trusted, peer_of
from mop_tui.orchestrator.replay import digest_agrees
from mop_tui.orchestrator.reported import report_on
from mop_tui.orchestrator.socket_path import short_way, socket_of

_AGAIN = 1.0
"""Seconds after which a lost connection is sought again."""
_PATIENCE = 10.0
"""Seconds that a program has to answer who connects."""
_SLICE = 0.01
"""Seconds of reading after which others in the event loop get their turn."""


class AttachedSession(OwnPace):
    """Follows a session that another program runs, and commands it. Fulfils `SessionFeed`.

    Use `attached`. If the connection is lost, everything known stays, `trouble` says so, and it is
    sought again.
    """

    def __init__(self, path: Path, source: str, via: wire.Via) -> None:
        self._path = path
        self._source = source
        self._via = via
        self._journal = GrowingJournal(path)
        self._session = Session()
        self._recent: deque[AnyEvent] = deque(maxlen=RECENT_EVENTS)
        self._past = Past(path, self._recent)
        self._line: _Line | None = None
        self._standing: wire.Standing | None = None
        self._heard = 0.0
        self._lost = ""
        self._unreadable = ""
        self._changes = 0
        self._commands = 0
        self._news = asyncio.Event()

    # -- following --------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Read the file, and connect to the program that runs the session.

        Raises `NotRunningError` if there is none, `UnreachableError` if it refuses, `JournalError`
        if the file cannot be read or trusted.
        """
        await self._read()
        if self._session.status == "ended":
            raise NotRunningError(self._has_ended())
        self._line = await self._reach()
        if not await self._listen_once():
            raise UnreachableError(self._lost)
        if self._unreadable:
            raise JournalError(self._unreadable)

    async def follow(self) -> None:
        """Follow the session until it has ended. Connect again whenever the connection is lost."""
        while self._session.status != "ended":
            if self._line is not None:
                while await self._listen_once():
                    pass
                continue
            await asyncio.sleep(_AGAIN)
            try:
                self._line = await self._reach()
            except MopError as error:
                self._says_lost(str(error))

    async def changed(self) -> None:
        """Return once something is different from what it was when this was last called."""
        await self._news.wait()
        self._news.clear()

    async def heard(self, outcome: Callable[[AnyEvent], str | None], after: int) -> str:
        """Return what `outcome` says of the first event after `after` of which it says anything.

        Raises `UnreachableError` if nothing can be recorded, or the session ends before.
        """
        while True:
            for event in self.events(after, RECENT_EVENTS):
                after = event.seq
                said = outcome(event)
                if said is not None:
                    return said
            if self._session.status == "ended":
                raise UnreachableError(f"{self._source}: the session ended before it heard that.")
            if self.trouble:
                raise UnreachableError(
                    f"{self.trouble} Whether that was heard is not known: look at the session"
                    " before you say it again."
                )
            await self.changed()

    def close(self) -> None:
        """Let go of the connection and the file."""
        self._hang_up()
        self._journal.close()

    async def _reach(self) -> "_Line":
        try:
            line = await asyncio.wait_for(_connect(self._path, self._via), _PATIENCE)
        except TimeoutError:
            raise UnreachableError(f"{self._source}: the program that runs it is silent.") from None
        except wire.MisspokenError as error:
            raise UnreachableError(f"{self._source}: cannot be reached: {error}.") from None
        except (ConnectionRefusedError, FileNotFoundError):
            holder = holder_of(self._path)
            if holder is not None:
                raise UnreachableError(
                    f"{self._source}: {holder} runs it, and cannot be reached from here."
                ) from None
            raise NotRunningError(self._is_interrupted()) from None
        except (OSError, EOFError) as error:
            why = getattr(error, "strerror", None) or "the program that runs it has gone"
            raise UnreachableError(f"{self._source}: cannot be reached: {why}.") from None
        if line.hello.run != self._journal.header.run:
            line.close()
            raise UnreachableError(
                f"{self._source}: the socket beside it belongs to another session. Name the file"
                " that the session is recorded in."
            )
        return line

    async def _listen_once(self) -> bool:
        """Hear how the session stands, and read what has been recorded; False if that is lost."""
        line = self._line
        if line is None:
            return False
        try:
            self._standing = await line.next_standing()
        except (OSError, EOFError, ValueError) as error:
            self._hang_up()
            await self._read()
            if self._session.status != "ended":
                said = str(error) if isinstance(error, wire.MisspokenError) else ""
                why = f": {said}" if said else ""
                self._says_lost(
                    f"{self._source}: the connection to the program that runs it is lost{why}."
                )
            self._changed()
            return False
        self._heard = time.monotonic()
        self._lost = ""
        await self._read(self._standing.durable)
        self._changed()
        return True

    async def _read(self, until: int | None = None) -> None:
        """Read and fold what has been recorded, up to event `until` if one is named."""
        ends = time.perf_counter() + _SLICE
        session = self._session
        while not self._unreadable:
            try:
                events = self._journal.read(until)
            except JournalError as error:
                if not session.seq:
                    raise
                self._unreadable = str(error)
                break
            if not events:
                break
            for event in events:
                if not digest_agrees(session, event):
                    self._unreadable = (
                        f"{self._source}: event {event.seq} tells of another state than this"
                        " version comes to. Use the version that runs the session."
                    )
                    return
                apply(session, event)
            self._recent.extend(events)
            if time.perf_counter() > ends:
                self._changed()
                await asyncio.sleep(0)
                ends = time.perf_counter() + _SLICE

    def _changed(self) -> None:
        self._changes += 1
        self._news.set()

    def _says_lost(self, why: str) -> None:
        if why != self._lost:
            self._lost = why
            self._changed()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _has_ended(self) -> str:
        session = self._session
        how = f"{session.outcome}: {session.outcome_reason}"
        return f"{self._source}: has ended ({how}). To see it: mop-tui replay {self._source}"

    def _is_interrupted(self) -> str:
        return (
            f"{self._source}: no program runs it, and it has not ended."
            f" To let it go on: mop-tui resume {self._source}"
        )

    # -- what a viewer sees -----------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """See `SessionFeed`."""
        return self._changes

    @property
    def capabilities(self) -> Capabilities:
        """See `SessionFeed`."""
        standing = self._standing
        acts = self._line is not None and standing is not None and not standing.failed
        commands = acts and not self._unreadable
        return Capabilities(commands=commands, seek=False, detach=True, guest=True)

    @property
    def running(self) -> bool:
        """True while the connection to the program that runs it stands, and it has not ended."""
        return self._line is not None and self._session.status != "ended"

    @property
    def source(self) -> str:
        """See `SessionFeed`."""
        return self._source

    @property
    def started(self) -> str:
        """See `SessionFeed`."""
        return self._journal.header.started

    @property
    def sections(self) -> Sequence[Section]:
        """See `SessionFeed`."""
        return self._journal.header.sections

    @property
    def outlook(self) -> Outlook | None:
        """See `SessionFeed`."""
        return self._journal.header.outlook

    @property
    def trouble(self) -> str:
        """See `SessionFeed`."""
        told = "" if self._standing is None else self._standing.trouble
        return self._unreadable or self._lost or ("" if self._session.outcome else told)

    def now(self) -> int:
        """See `SessionFeed`."""
        session = self._session
        if session.status == "ended" or self._standing is None:
            return session.at
        return max(session.at, self._standing.now)

    def snapshot(self) -> Snapshot:
        """See `SessionFeed`."""
        return self._session.snapshot()

    def prepare_snapshot(self) -> bool:
        """See `SessionFeed`."""
        return self._session.prepare_snapshot()

    def give_way(self, seconds: float) -> None:
        """See `SessionFeed`: the session runs in another program."""

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        """See `SessionFeed`."""
        return self._past.events(after, limit, only)

    def event(self, seq: int) -> AnyEvent | None:
        """See `SessionFeed`."""
        if not 1 <= seq <= self._session.seq:
            return None
        place = seq - self._recent[0].seq
        return self._recent[place] if place >= 0 else self._journal.event(seq)

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        """See `SessionFeed`."""
        row = self._session.agents.get(agent)
        return () if row is None else row.output(from_line, limit)

    def report(self) -> str:
        """See `SessionFeed`."""
        return report_on(self._path)

    def remaining(self, question: QuestionId) -> int | None:
        """See `SessionFeed`."""
        left = None if self._standing is None else self._standing.remaining.get(question)
        if left is None or self._line is None:
            return left
        return max(0, left - round((time.monotonic() - self._heard) * 1000))

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        """See `SessionFeed`. Nothing comes of a command that is given while `trouble` tells that
        the connection is lost."""
        self._commands += 1
        if self._line is None:
            return CommandId(f"lost.{self._commands}")
        command_id = CommandId(f"{self._line.hello.commands}.{self._commands}")
        self._line.send(wire.Order(command_id, command, secret))
        return command_id


@asynccontextmanager
async def attached(path: Path, source: str, via: wire.Via) -> AsyncIterator[AttachedSession]:
    """Take part in the session recorded in `path`, which the operator calls `source`.

    Raises what `AttachedSession.connect` raises.
    """
    session = AttachedSession(path, source, via)
    following: asyncio.Task[None] | None = None
    try:
        await session.connect()
        following = asyncio.create_task(session.follow())
        yield session
    finally:
        if following is not None:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
        session.close()


class _Line:
    """A connection to the program that runs a session."""

    def __init__(
        self, hello: wire.Hello, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.hello = hello
        self._reader = reader
        self._writer = writer

    async def next_standing(self) -> wire.Standing:
        """Return how the session stands now.

        Raises OSError or EOFError if the connection is lost, `MisspokenError` if it was ended or
        what comes makes no sense.
        """
        return wire.decode(await _heard(self._reader), wire.Standing)

    def send(self, order: wire.Order) -> None:
        """Hand a command over."""
        self._writer.write(wire.encode_order(order))

    def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()


async def _connect(session: Path, via: wire.Via) -> _Line:
    with short_way(socket_of(session)) as way:
        reader, writer = await asyncio.open_unix_connection(way, limit=1 << 20)
    try:
        if not is_trusted(peer_of(writer.get_extra_info("socket")), session):
            raise wire.MisspokenError("another user listens there")
        hello = wire.decode(await _heard(reader), wire.Hello)
        if hello.hello != wire.PROTOCOL:
            raise wire.MisspokenError(
                f"the session speaks {hello.hello[:40]!r}, and this command {wire.PROTOCOL}:"
                " use the same version of mop-tui for both"
            )
        writer.write(wire.encode(wire.Introduction(wire.PROTOCOL, via)))
    except BaseException:
        writer.close()
        raise
    return _Line(hello, reader, writer)


async def _heard(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    why = wire.farewell(line)
    if why is not None:
        raise wire.MisspokenError(why)
    return line
