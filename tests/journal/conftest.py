"""Sessions to write and read: a header, some events, a finished journal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from any_event import numbered

from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentOutput,
    AgentProgressed,
    AgentSpawned,
    AgentTransitioned,
    AnyEvent,
    Fact,
    SystemEnded,
    SystemMemorySet,
    SystemStarted,
)
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, Mode
from mop_tui.journal import BufferedWriter, Header
from mop_tui.journal.chain import tail
from mop_tui.journal.header import encode_header

AGENT = AgentId("builder")
TASK = TaskId("build")


@pytest.fixture
def header() -> Header:
    """A header of a small layout."""
    return Header(
        layout={"session": {"id": "demo"}},
        seed=7,
        mode=Mode.LIVE,
        run="demo-1",
        started="2025-01-02T03:04:05+00:00",
    )


@pytest.fixture
def story() -> list[AnyEvent]:
    """Eight events of a session that ends well."""
    facts: list[Fact] = [
        SystemStarted("demo", "p", "g", Mode.LIVE, attended=True, max_agents=None, teams=()),
        AgentSpawned(AGENT, AgentSpec(AGENT, "builder", TeamId("t"))),
        AgentTransitioned(
            AGENT,
            AgentTrigger.AGENT_CREATED,
            AgentState.SPAWNING,
            AgentState.INITIALIZING,
            "it was created",
        ),
        AgentOutput(AGENT, 1, TASK, ("compiling\u2026", "déjà vu\x1b[0m")),
        AgentProgressed(AGENT, 1, TASK, 50, "half-way"),
        SystemMemorySet(MemoryKey("build/wheel"), {"status": "complete", "size": 1.5}),
        AgentProgressed(AGENT, 1, TASK, 100),
        SystemEnded("complete", "all tasks are complete", 8, {"COMPLETE": 1}),
    ]
    return numbered(facts)


@pytest.fixture
def write(tmp_path: Path, header: Header) -> Callable[[list[AnyEvent]], Path]:
    """Write events as a journal and return its path."""

    def write(events: list[AnyEvent], name: str = "session.jsonl") -> Path:
        journal = BufferedWriter(tmp_path / name, header)
        for event in events:
            journal.append(event)
        journal.close()
        return journal.path

    return write


@pytest.fixture
def forge(tmp_path: Path, header: Header) -> Callable[[list[bytes]], Path]:
    """Write JSON objects, whatever they say, as lines that are rightly chained."""

    def forge(objects: list[bytes]) -> Path:
        link, lines = header.genesis, [encode_header(header)]
        for each in objects:
            link, end = tail(link, each[:-1])
            lines.append(each[:-1] + end + b"\n")
        path = tmp_path / "forged.jsonl"
        path.write_bytes(b"".join(lines))
        return path

    return forge
