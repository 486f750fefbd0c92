"""The socket of a running session: who gets in, what is understood, and that nobody can do harm."""

import asyncio
import json
import os
import select
import socket
import stat
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from running import ASKING, Running, eventually

from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.feed import Answer, Say
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Mode
from mop_tui.domain.session import Session
from mop_tui.errors import UnreachableError
from mop_tui.journal.reader import JournalFile
from mop_tui.journal.writer import BufferedWriter
from mop_tui.orchestrator import operator_socket
from mop_tui.orchestrator.attached import attached
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.live import LiveSession
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.operator_socket import serving
from mop_tui.orchestrator.peer import Peer, is_trusted, peer_of
from mop_tui.orchestrator.socket_path import short_way, socket_of
from sessions import agent, header, plan, task

HELLO = {"hello": "mop-operator/1", "via": "attach"}


class Visitor:
    """Somebody who connects and says whatever they like."""

    def __init__(self, path: Path) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(path))
        self.connection.settimeout(20)
        self._lines = self.connection.makefile("rb")

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._lines.close()
        self.connection.close()

    def say(self, *lines: Any) -> None:
        """Send lines: as they are if they are bytes, else as JSON."""
        for line in lines:
            sent = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
            self.connection.sendall(sent)

    def hear(self) -> dict[str, Any]:
        """Return the next thing that is said."""
        heard: dict[str, Any] = json.loads(self._lines.readline())
        return heard

    def farewell(self) -> str:
        """Return why the connection is closed, once it is."""
        last: deque[bytes] = deque(maxlen=1)
        with suppress(ConnectionResetError):  # it may be closed before all that was sent was read
            last.extend(self._lines)
        return str(json.loads(last[0])["goodbye"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A session that no test may end."""
    with Running(tmp_path_factory.mktemp("running")) as session:
        yield session


@pytest.fixture
def visitor(running: Running) -> Iterator[Visitor]:
    with Visitor(running.socket) as visitor:
        yield visitor


def still_serves(running: Running) -> bool:
    with Visitor(running.socket) as other:
        other.hear()
        other.say(HELLO)
        return "durable" in other.hear()


def test_the_socket_is_its_owners_alone(running: Running) -> None:
    found = running.socket.stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert [path.name for path in running.folder.glob(".mop-*")] == []


def test_it_says_what_it_speaks_and_which_session_it_is(running: Running, visitor: Visitor) -> None:
    hello = visitor.hear()
    header = json.loads(running.session.read_text(encoding="utf-8").splitlines()[0])
    assert (hello["hello"], hello["run"]) == ("mop-operator/1", header["run"])
    with Visitor(running.socket) as other:
        assert other.hear()["commands"] != hello["commands"]


def test_it_keeps_saying_how_the_session_stands(visitor: Visitor) -> None:
    visitor.hear()
    visitor.say(HELLO)
    first, second = visitor.hear(), visitor.hear()
    assert first["durable"] > 0
    assert second["now"] > first["now"]
    assert (first["trouble"], first["failed"]) == ("", False)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([b"\n"], "a line is not JSON"),
        ([b"\xff\xfe\n"], "a line is not JSON"),
        ([b"[1]\n"], "a line is no JSON object"),
        ([b"[" * 60_000 + b"\n"], "a line is not JSON"),
        ([{}], "hello: Field required"),
        ([{"hello": "mop-operator/1", "via": "root"}], "via: Input should be 'attach'"),
        ([{"hello": "mop-operator/9", "via": "tell"}], "use the same version of mop-tui for both"),
        ([HELLO, HELLO], "there is no such command"),
        ([HELLO, {"do": "dance"}], "there is no such command"),
        ([HELLO, {"do": "stop"}], "a command has an id, and a secret is a text"),
        ([HELLO, {"do": "stop", "id": "c1", "secret": 7}], "a secret is a text"),
        ([HELLO, {"do": "stop", "id": "c1.1"}], "stop: Input should be a dictionary"),
        (
            [HELLO, {"do": "stop", "id": "x", "with": {"reason": "r"}}],
            "the ids of commands here are c",
        ),
        ([HELLO, {"do": "say", "id": "c1.1", "with": {"agent": 1}}], "agent: Input should be"),
        ([b"x" * 70_000], "it takes no more than 65,536 bytes at once"),
    ],
)
def test_what_makes_no_sense_ends_the_conversation_and_nothing_else(
    running: Running, visitor: Visitor, said: list[Any], why: str
) -> None:
    visitor.say(*said)
    assert why in visitor.farewell()
    assert still_serves(running)


def test_a_refusal_does_not_repeat_a_secret(visitor: Visitor) -> None:
    visitor.say(HELLO, {"do": "answer", "id": "c1.1", "with": "hunter2", "secret": "hunter2"})
    assert "hunter2" not in visitor.farewell()


def test_hundreds_of_connections_do_no_harm(running: Running) -> None:
    crowd = [Visitor(running.socket) for _ in range(250)]
    try:
        assert [one.hear().keys() for one in crowd[:100]] == [{"hello", "run", "commands"}] * 100
        assert "there is no room" in crowd[-1].farewell()
        with pytest.raises(UnreachableError, match="there is no room"):
            asyncio.run(_look(running.session))
    finally:
        for one in crowd:
            one.close()
    eventually(lambda: _can_look(running.session))


def test_who_gives_commands_faster_than_a_person_can_is_let_go(
    running: Running, visitor: Visitor
) -> None:
    prefix = visitor.hear()["commands"]
    seen = {"do": "seen", "with": {"question": "nothing"}}
    with suppress(BrokenPipeError):
        visitor.say(HELLO, *({"id": f"{prefix}.{n}", **seen} for n in range(1000)))
    assert "more than 200 commands within a second" in visitor.farewell()
    assert still_serves(running)


async def _look(session: Path) -> int:
    async with attached(session, str(session), "answer") as feed:
        return feed.snapshot().seq


def _can_look(session: Path) -> bool:
    try:
        return asyncio.run(_look(session)) > 0
    except UnreachableError:
        return False


async def test_an_attached_session_is_the_fold_of_what_is_recorded(running: Running) -> None:
    async with attached(running.session, "it", "attach") as feed:
        snapshot = feed.snapshot()
        with JournalFile.open(running.session) as journal:
            folded = Session()
            for event in journal.events(1, snapshot.seq):
                apply(folded, event)
        assert folded.snapshot() == snapshot
        assert feed.source == "it"
        assert feed.now() >= snapshot.at
        capabilities = feed.capabilities
        assert (capabilities.commands, capabilities.detach, capabilities.guest) == (True,) * 3
        assert not capabilities.seek
        written = partial(feed.output, AgentId("ann"))
        await asyncio.to_thread(eventually, lambda: "started" in written())


async def test_an_attached_session_finds_events_that_only_the_file_still_has(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mop_tui.orchestrator.attached.RECENT_EVENTS", 3)
    async with attached(running.session, "it", "attach") as feed:
        last = feed.snapshot().seq
        with JournalFile.open(running.session) as journal:
            for event in journal.events(1, last):
                assert feed.event(event.seq) == event
        assert feed.event(0) is None


async def test_the_outcome_of_a_command_is_an_event_that_carries_its_id(running: Running) -> None:
    async with attached(running.session, "it", "attach") as feed:
        [question] = feed.snapshot().open_questions
        about = Answer(question.id, "approve", "something else")
        command = feed.submit(about)
        refused = await feed.heard(
            lambda event: (
                getattr(event.data, "refused", "")
                if getattr(event.data, "id", None) == command
                else None
            ),
            feed.snapshot().seq,
        )
        assert refused == "the answer is about something other than what was asked"
        first, second = feed.submit(Say(AgentId("ann"), "a")), feed.submit(Say(AgentId("ann"), "b"))
        assert first != second


async def test_the_socket_of_another_session_is_noticed(running: Running, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    BufferedWriter(other, header()).close()
    socket_of(other).symlink_to(running.socket)
    with pytest.raises(UnreachableError, match="belongs to another session"):
        await _look(other)


# -- a session in this process ----------------------------------------------------------------


@asynccontextmanager
async def served(session: Path) -> AsyncIterator[str]:
    """Serve a session that has not begun; yield why that cannot be done."""
    what = plan([agent("ann")], [task("one", "ann")])
    timeline = Timeline()
    with closing(BufferedWriter(session, header())) as journal:
        orchestrator = Orchestrator(
            what,
            Engine(what, RuleBook(what, RULES)),
            journal,
            VirtualClock(timeline),
            timeline,
            lambda _sink: {},
            mode=Mode.REHEARSAL,
            attended=True,
        )
        live = LiveSession(orchestrator, session, header().started)
        async with serving(session, live, orchestrator, header().run) as unreachable:
            yield unreachable


async def test_who_does_not_read_is_dropped_and_nothing_is_kept_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_socket, "TICK", 0.0005)
    monkeypatch.setattr(operator_socket, "PATIENCE", 0.1)
    session = tmp_path / "it.jsonl"
    async with served(session):
        with Visitor(socket_of(session)) as visitor:
            visitor.say(HELLO)
            hang_up = select.poll()
            hang_up.register(visitor.connection, select.POLLHUP)
            assert await asyncio.to_thread(hang_up.poll, 20_000)
            kept = sum(map(len, iter(partial(visitor.connection.recv, 65_536), b"")))
            assert kept < 500_000
        assert await _look(session) == 0


async def test_a_stale_socket_is_replaced_and_anything_else_is_left_alone(tmp_path: Path) -> None:
    session = tmp_path / "it.jsonl"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_of(session)))
    left.close()
    async with served(session) as unreachable:
        assert unreachable == ""
        assert await _look(session) == 0
    assert not socket_of(session).exists()
    other = tmp_path / "other.jsonl"
    socket_of(other).write_text("mine", encoding="utf-8")
    async with served(other) as unreachable:
        assert "something else has this name" in unreachable
    assert socket_of(other).read_text(encoding="utf-8") == "mine"


async def test_no_path_is_too_long(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a folder with a rather long name"] * 9)
    folder.mkdir(parents=True)
    session = folder / f"{'long' * 55}.jsonl"
    async with served(session) as unreachable:
        assert unreachable == ""
        assert stat.S_IMODE(socket_of(session).stat().st_mode) == 0o600
        assert await _look(session) == 0
    assert list(folder.iterdir()) == [session]


def test_the_kernel_tells_who_is_at_the_other_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getuid(), os.getpid())


def test_an_agent_does_not_answer_for_its_operator(tmp_path: Path) -> None:
    call = f"{sys.executable} -m mop_tui answer it q1 approve 2> said; touch tried;"
    with Running(tmp_path, ASKING.replace("echo started;", call)) as running:
        eventually((tmp_path / "tried").exists)
        said = (tmp_path / "said").read_text(encoding="utf-8")
        assert "an agent of the session does not speak for its operator" in said
        assert running.events("user.answered") == []


def test_a_strangers_socket_is_told_nothing(tmp_path: Path) -> None:
    session = tmp_path / "it.jsonl"
    session.touch()
    assert is_trusted(Peer(os.getuid(), None), session)
    assert is_trusted(Peer(0, None), session)
    assert not is_trusted(Peer(os.getuid() + 1, None), session)
    assert not is_trusted(None, session)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b'{"hello":"mop-operator/2","run":"run","commands":"c1"}\n', "use the same version"),
        (b'{"goodbye":"the shop is closed"}\n', "the shop is closed"),
        (b"220 mail.example ESMTP\n", "a line is not JSON"),
        (b"", "the program that runs it has gone"),
    ],
)
async def test_who_speaks_otherwise_is_not_listened_to(
    tmp_path: Path, said: bytes, why: str
) -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    session = tmp_path / "it.jsonl"
    BufferedWriter(session, header()).close()
    async with await asyncio.start_unix_server(speak, str(socket_of(session))):
        with pytest.raises(UnreachableError, match=why):
            await _look(session)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_another_user_is_turned_away(open_folder: Path) -> None:
    connect = (
        "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX);"
        "s.connect(sys.argv[1]); print(s.recv(1000))"
    )
    session = open_folder / "it.jsonl"
    async with served(session):
        call = [sys.executable, "-ISc", connect, str(socket_of(session))]
        closed = await asyncio.to_thread(subprocess.run, call, capture_output=True, check=False)
        assert b"PermissionError" in closed.stderr
        await asyncio.to_thread(socket_of(session).chmod, 0o666)
        opened = await asyncio.to_thread(subprocess.run, call, capture_output=True, check=False)
        assert b"only the user who runs the session can reach it" in opened.stdout


def test_a_short_way_leads_to_the_same_place(tmp_path: Path) -> None:
    near = tmp_path / "near"
    far = tmp_path / ("far" * 40)
    for place in (near, far):
        place.mkdir()
        with short_way(place) as way:
            assert len(way.encode()) < 100
            assert Path(way).samefile(place)
    assert not Path(way).exists()
