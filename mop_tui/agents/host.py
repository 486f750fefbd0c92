"""What every way of running an agent promises.

A host is told to start and to stop; everything that happens to an agent comes back as a report,
in the order in which it happened, each with the number of the incarnation it is about. `Started`
or `StartFailed` is the first report of an incarnation, `Exited` the last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.plan import AgentSpec, TaskSpec, Work


@dataclass(frozen=True, slots=True)
class Job:
    """One task, to be done by one agent, in its `incarnation`th process."""

    agent: AgentSpec
    task: TaskSpec
    work: Work
    incarnation: int


@dataclass(frozen=True, slots=True)
class Started:
    """The agent works. `pid` is None where nothing real was started."""

    agent: AgentId
    incarnation: int
    pid: int | None


@dataclass(frozen=True, slots=True)
class StartFailed:
    """The agent could not start; `error` says why, to a person."""

    agent: AgentId
    incarnation: int
    error: str


@dataclass(frozen=True, slots=True)
class Output:
    """The latest lines of the agent; `dropped` earlier ones of the same stretch are left out."""

    agent: AgentId
    incarnation: int
    lines: tuple[str, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """The agent says how far it is, in percent."""

    agent: AgentId
    incarnation: int
    percent: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """The agent sets a key of the shared memory."""

    agent: AgentId
    incarnation: int
    key: MemoryKey
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Exited:
    """The agent is gone: by itself with `code`, or by the signal of that name.

    `result` is the last line it wrote that is not blank.
    """

    agent: AgentId
    incarnation: int
    code: int | None
    signal: str | None
    result: str


Report = Started | StartFailed | Output | Progressed | Remembered | Exited
Sink = Callable[[Report], None]
"""Takes reports, at any time but never from another thread."""


class AgentHost(Protocol):
    """A way to run agents."""

    def start(self, job: Job) -> None:
        """Start an agent. The outcome is a report; this never raises and never blocks."""

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """End an agent in an orderly way: first a request, after a while by force.

        Ends with an `Exited` report, unless that incarnation is gone already.
        """

    async def close(self) -> None:
        """End whatever still runs, and return when nothing does."""
