"""Agents that play a script instead of working.

They live on the session's timeline, not on the wall clock, and draw from one random generator per
agent, made from the session's seed and the agent's id. So the same layout and seed give the same
play, whatever else happens on the machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from mop_tui.agents.host import Exited, Job, Output, Progressed, Remembered, Sink, Started
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Script

UNKNOWN_DURATION = (5_000, 15_000)
"""Range in ms from which a task's time is drawn if neither script nor task declares any."""

SPREAD = 0.1
"""How far, as a share, a played duration strays from a task's declared one."""

STEPS = 10
"""Progress is reported this often, but at most once a second."""

CallAt = Callable[[int, Callable[[], None]], object]
"""Has a call made at a session time (ms)."""


@dataclass(slots=True)
class _Play:
    job: Job
    last_line: str = ""
    ended: bool = False


class SimulatedHost:
    """Plays the `Script` of each job. Fulfils `AgentHost`."""

    def __init__(self, seed: int, now: Callable[[], int], call_at: CallAt, sink: Sink) -> None:
        self._seed = seed
        self._now = now
        self._call_at = call_at
        self._sink = sink
        self._random: dict[AgentId, Random] = {}
        self._plays: dict[AgentId, _Play] = {}

    def start(self, job: Job) -> None:
        """See `AgentHost`."""
        play = self._plays[job.agent.id] = _Play(job)
        self._at(play, self._now(), lambda: self._begin(play))

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`. A simulated agent obeys at once."""
        play = self._plays.get(agent)
        if play is not None and play.job.incarnation == incarnation:
            self._at(play, self._now(), lambda: self._end(play, None, "SIGTERM"))

    async def close(self) -> None:
        """See `AgentHost`: what plays, stops playing."""
        for play in self._plays.values():
            play.ended = True

    def _at(self, play: _Play, at: int, call: Callable[[], None]) -> None:
        self._call_at(at, lambda: None if play.ended else call())

    def _begin(self, play: _Play) -> None:
        job = play.job
        agent, incarnation = job.agent.id, job.incarnation
        script = job.work.script or Script()
        start = self._now()
        length = self._draw(job, script)
        self._sink(Started(agent, incarnation, None))
        for index, line in enumerate(script.output, start=1):
            self._at(
                play,
                start + length * index // (len(script.output) + 1),
                partial(self._say, play, line),
            )
        steps = min(STEPS, length // 1000)
        for step in range(1, steps):
            self._at(
                play,
                start + length * step // steps,
                partial(self._sink, Progressed(agent, incarnation, 100 * step // steps)),
            )
        self._at(play, start + length, lambda: self._finish(play, script))

    def _draw(self, job: Job, script: Script) -> int:
        agent = job.agent.id
        random = self._random.setdefault(agent, Random(f"{self._seed}/{agent}"))
        if script.duration is not None:
            low, high = script.duration
        elif job.task.expected_ms is not None:
            low = round(job.task.expected_ms * (1 - SPREAD))
            high = round(job.task.expected_ms * (1 + SPREAD))
        else:
            low, high = UNKNOWN_DURATION
        return random.randint(low, high)

    def _say(self, play: _Play, line: str) -> None:
        play.last_line = line
        self._sink(Output(play.job.agent.id, play.job.incarnation, (line,), 0))

    def _finish(self, play: _Play, script: Script) -> None:
        for key, value in script.memory:
            self._sink(Remembered(play.job.agent.id, play.job.incarnation, key, value))
        self._end(play, script.exit_code, None)

    def _end(self, play: _Play, code: int | None, signal: str | None) -> None:
        play.ended = True
        self._sink(Exited(play.job.agent.id, play.job.incarnation, code, signal, play.last_line))
