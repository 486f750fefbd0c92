"""Measures the agents' processes from time to time, off the event loop.

What is not known stays unknown: a first look knows no processor use, and without a declared limit
there is no percentage.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mop_tui.domain.events import AgentHealth
from mop_tui.domain.ids import AgentId
from mop_tui.domain.rows import Agent
from mop_tui.orchestrator.processes import Processes
from mop_tui.sources.sampler import Sampler, Usage

INTERVAL = 2.0
"""Seconds between two looks, unless somebody is checked so often that they would be old news."""
SHORTEST = 0.1
"""Seconds between two looks at least."""
AT_LEAST_EVERY = 30.0
"""Seconds after which figures are recorded even though they are as they were."""
NOTICEABLE_CORES = 0.05
NOTICEABLE_SHARE = 0.05
"""Change of processor use, in cores, and of memory, as a share, from which on it is recorded."""

Key = tuple[AgentId, int]


@dataclass(frozen=True, slots=True)
class _Recorded:
    usage: Usage
    at: float


class Measuring:
    """Looks at the processes of a session until it is cancelled.

    `record` takes the facts, each of which is about a process that ran a moment ago. `look` is
    called at every look, whether there is anything to look at or not.
    """

    def __init__(
        self,
        agents: Mapping[AgentId, Agent],
        processes: Processes,
        record: Callable[[AgentHealth, Key], None],
        look: Callable[[], None],
    ) -> None:
        self._agents = agents
        self._processes = processes
        self._record = record
        self._look = look
        self._sampler = Sampler()
        self._recorded: dict[Key, _Recorded] = {}

    async def run(self, shortest_check: int) -> None:
        """Look from time to time; agents are checked every `shortest_check` milliseconds at most.

        Two checks should not find an agent ill by one look at it, and who is ill is checked twice
        as often.
        """
        interval = min(INTERVAL, max(SHORTEST, shortest_check / 3 / 1000))
        while True:
            await asyncio.sleep(interval)
            self._look()
            groups = self._processes.groups()
            if groups:
                with suppress(
                    OSError
                ):  # then nothing is known this time, which is no reason to stop
                    self._note(await asyncio.to_thread(self._sampler.sample, groups))

    def _note(self, used: Mapping[Key, Usage]) -> None:
        """Record what has changed noticeably, or was not recorded for a while."""
        now = time.monotonic()
        recorded: dict[Key, _Recorded] = {}
        for key, usage in used.items():
            last = self._recorded.get(key)
            if last is not None and not _noticeable(last, usage, now):
                recorded[key] = last
                continue
            recorded[key] = _Recorded(usage, now)
            self._record(self._figures(key, usage), key)
        self._recorded = recorded

    def _figures(self, key: Key, usage: Usage) -> AgentHealth:
        agent, incarnation = key
        idle = None if usage.active is None else time.monotonic() - usage.active
        limits = self._agents[agent].spec.limits
        return AgentHealth(
            agent,
            incarnation,
            "measured",
            cpu_usage=_percent(usage.cpu, limits.cpu),
            memory_usage=_percent(usage.memory, limits.memory),
            cpu_cores=None if usage.cpu is None else round(usage.cpu, 2),
            memory_bytes=usage.memory,
            processes=usage.processes,
            idle_ms=None if idle is None else round(1000 * idle),
            stopped=usage.stopped,
        )


def _percent(used: float | None, limit: float | None) -> float | None:
    return None if used is None or not limit else round(100 * used / limit, 1)


def _noticeable(last: _Recorded, usage: Usage, now: float) -> bool:
    if now - last.at >= AT_LEAST_EVERY or usage.processes != last.usage.processes:
        return True
    if (usage.cpu is None) is not (last.usage.cpu is None):
        return True
    if usage.stopped is not last.usage.stopped:
        return True
    cores = abs((usage.cpu or 0) - (last.usage.cpu or 0))
    memory = abs(usage.memory - last.usage.memory)
    return cores >= NOTICEABLE_CORES or memory >= NOTICEABLE_SHARE * last.usage.memory
