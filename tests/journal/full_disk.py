"""A program that records a session while its disk is full, and prints what it saw as JSON.

    python full_disk.py SCENE DISK DIRECTORY

DISK says how the disk comes to be full: `limit` by a limit on the size of files, `small` by a
file that takes what room DIRECTORY, a small file system, has.
"""

import json
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Queue
from time import monotonic
from typing import Any

from mop_tui.domain.events import AgentOutput, AnyEvent, Event
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.errors import JournalError, NotRecordedError
from mop_tui.journal import BufferedWriter, Header, JournalFile, JournalWriter, verify

HEADER = Header({}, 1, Mode.LIVE, "r", "2025-01-02T03:04:05Z")
LINE = "x" * 1000


class Limit:
    """Files may not grow beyond some bytes more than the journal has; writes end in mid-line."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def fill(self) -> None:
        size = self._journal.stat().st_size if self._journal.exists() else 0
        self._set(size + 1500)

    def relieve(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


class Small:
    """A file system of some kilobytes, filled by another file to the last one."""

    def __init__(self, journal: Path) -> None:
        self._ballast = journal.parent / "ballast"

    def fill(self) -> None:
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))

    def relieve(self) -> None:
        self._ballast.unlink()


def event(seq: int) -> AnyEvent:
    """An event of about a kilobyte."""
    return Event(seq, seq, "agent.output", None, AgentOutput(AgentId("a"), 1, TaskId("t"), (LINE,)))


def state_of(path: Path) -> dict[str, Any]:
    """What the file is worth."""
    with JournalFile.open(path) as journal:
        return {"verdict": verify(path).state, "seqs": [event.seq for event in journal]}


def recovers(disk: Limit | Small, path: Path) -> dict[str, Any]:
    """The disk is full for a while."""
    news: Queue[tuple[str, Any]] = Queue()
    journal = JournalWriter(
        path,
        HEADER,
        on_durable=lambda seq: news.put(("durable", seq)),
        on_failure=lambda why: news.put(("failure", why)),
        on_recovered=lambda why, ms: news.put(("recovered", [why, ms])),
        retry_after=0.2,
    )
    for seq in range(1, 11):
        journal.append(event(seq))
    journal.flush()
    disk.fill()
    for seq in range(11, 31):
        journal.append(event(seq), urgent=True)
    seen: dict[str, Any] = {"news": []}
    while not seen["news"] or seen["news"][-1][0] != "failure":
        seen["news"].append(news.get(timeout=10))
    seen["durable while full"] = journal.durable_seq
    seen["failure while full"] = journal.failure
    seen["file while full"] = state_of(path)
    try:
        journal.flush(timeout=0.01)
    except NotRecordedError as error:
        seen["flush while full"] = str(error)
    for seq in range(31, 36):
        journal.append(event(seq), urgent=True)
    disk.relieve()
    while seen["news"][-1] != ("durable", 35):
        seen["news"].append(news.get(timeout=10))
    seen["failure afterwards"] = journal.failure
    journal.close()
    return seen | state_of(path)


def never_recovers(disk: Limit | Small, path: Path) -> dict[str, Any]:
    """The disk is still full when the journal is closed."""
    journal = JournalWriter(path, HEADER, retry_after=0.05)
    for seq in range(1, 11):
        journal.append(event(seq))
    journal.flush()
    disk.fill()
    for seq in range(11, 31):
        journal.append(event(seq), urgent=True)
    seen: dict[str, Any] = {}
    before = monotonic()
    try:
        journal.close(timeout=0.3)
    except NotRecordedError as error:
        seen["closed"] = str(error)
        seen["lost"] = error.lost
    seen["took"] = monotonic() - before
    journal.close()
    return seen | state_of(path) | {"durable": journal.durable_seq}


def never_begins(disk: Limit | Small, path: Path) -> dict[str, Any]:
    """There is no room for a header."""
    disk.fill()
    header = Header({"a": "b" * 100_000}, 1, Mode.LIVE, "r", "2025-01-02T03:04:05Z")
    seen: dict[str, Any] = {}
    try:
        JournalWriter(path, header)
    except JournalError as error:
        seen["refused"] = str(error)
    return seen | {"exists": path.exists()}


def buffered(disk: Limit | Small, path: Path) -> dict[str, Any]:
    """The disk is full for a while, and nobody waits for it."""
    journal = BufferedWriter(path, HEADER)
    journal.flush()
    disk.fill()
    for seq in range(1, 51):
        journal.append(event(seq))
    seen: dict[str, Any] = {}
    try:
        journal.flush()
    except NotRecordedError as error:
        seen["flushed"] = str(error)
        seen["lost"] = error.lost
    seen["file while full"] = state_of(path)
    disk.relieve()
    journal.append(event(51))
    journal.close()
    return seen | state_of(path)


SCENES: dict[str, Callable[[Limit | Small, Path], dict[str, Any]]] = {
    scene.__name__: scene for scene in (recovers, never_recovers, never_begins, buffered)
}

if __name__ == "__main__":
    scene, disk, directory = sys.argv[1:]
    path = Path(directory) / "session.jsonl"
    print(json.dumps(SCENES[scene]((Limit if disk == "limit" else Small)(path), path)))
