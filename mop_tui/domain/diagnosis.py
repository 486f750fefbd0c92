"""How an agent is, judged by what is known of it.

What is not known counts neither way: an agent that answers no pings, reports no progress and has no
limits declared is not ill because of that.
"""

from collections.abc import Iterator

from mop_tui.domain.health import WORSE, HealthChecks, Level, Metric, Reading, Source
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.wording import lasting

FULL = 100
"""Percent."""
_AT_ONCE = 50
"""Milliseconds; what takes less is told to take no time."""
_SHARES: tuple[Metric, ...] = ("cpu", "memory")


def readings(agent: Agent, task: Task | None, checks: HealthChecks, at: int) -> tuple[Reading, ...]:
    """Return all that is known of the health of `agent` at session time `at`, good or bad.

    `task` is what it has in hand. Each metric that is known appears once, as the worse of what
    several know.
    """
    return tuple(_readings(agent, task, checks, at))


def findings(agent: Agent, task: Task | None, checks: HealthChecks, at: int) -> tuple[Reading, ...]:
    """Return what is wrong with `agent`, worst first."""
    wrong = [it for it in _readings(agent, task, checks, at) if it.level != "healthy"]
    wrong.sort(key=lambda reading: -WORSE[reading.level])
    return tuple(wrong)


def _readings(agent: Agent, task: Task | None, checks: HealthChecks, at: int) -> Iterator[Reading]:
    measured, reported = agent.measured, agent.reported
    if reported is not None and reported.status is not None:
        yield Reading("status", reported.status, "reported")
    if measured is not None and measured.stopped is not None:
        stopped = measured.stopped and not _answers(agent)
        yield Reading("stopped", "unhealthy" if stopped else "healthy", "measured")
    yield from _response(agent, checks)
    yield _errors(agent, checks, at)
    if task is not None and not agent.waits:
        yield from _progress(agent, task, checks, at)
    for metric in _SHARES:
        known = [
            _share(metric, used, health.source, checks)
            for health in (measured, reported)
            if health is not None
            if (used := health.cpu_usage if metric == "cpu" else health.memory_usage) is not None
        ]
        if known:
            yield _worse(known)


def _answers(agent: Agent) -> bool:
    """True if its process answered the last ping."""
    return agent.response_ms is not None and agent.unanswered_ms is None


def _worse(known: list[Reading]) -> Reading:
    """Return the worse of several readings, the first if they are alike."""
    return max(known, key=lambda reading: WORSE[reading.level])


def _share(metric: Metric, used: float, source: Source, checks: HealthChecks) -> Reading:
    if used > checks.most_used:
        return Reading(metric, "unhealthy", source, used, checks.most_used)
    if used >= checks.much_used:
        return Reading(metric, "degraded", source, used, checks.much_used)
    return Reading(metric, "healthy", source, used)


def _response(agent: Agent, checks: HealthChecks) -> Iterator[Reading]:
    known = []
    if agent.unanswered_ms is not None:
        known.append(
            Reading(
                "response",
                "unhealthy",
                "ping",
                float(agent.unanswered_ms),
                float(checks.timeout_ms),
                answered=False,
            )
        )
    elif agent.response_ms is not None:
        known.append(_answer(agent.response_ms, "ping", checks))
    reported = agent.reported
    if reported is not None and reported.response_ms is not None:
        known.append(_answer(reported.response_ms, "reported", checks))
    if known:
        yield _worse(known)


def _answer(took: float, source: Source, checks: HealthChecks) -> Reading:
    if took > checks.bad_response_ms:
        return Reading("response", "unhealthy", source, took, float(checks.bad_response_ms))
    if took >= checks.slow_response_ms:
        return Reading("response", "degraded", source, took, float(checks.slow_response_ms))
    return Reading("response", "healthy", source, took)


def _errors(agent: Agent, checks: HealthChecks, at: int) -> Reading:
    seen = sum(1 for when in agent.error_times if when > at - checks.errors_within_ms)
    reported = agent.reported.error_count if agent.reported is not None else None
    source: Source = "seen"
    if reported is not None and reported > seen:
        seen, source = reported, "reported"
    level: Level = "healthy"
    limit = None
    if seen >= checks.many_errors:
        level, limit = "unhealthy", float(checks.many_errors)
    elif seen >= checks.some_errors:
        level, limit = "degraded", float(checks.some_errors)
    return Reading("errors", level, source, float(seen), limit)


# -- progress -------------------------------------------------------------------------------------


def _progress(agent: Agent, task: Task, checks: HealthChecks, at: int) -> Iterator[Reading]:
    """Yield how the work gets on, if the agent has told of any progress.

    Who tells in large steps does not stand still as long as a step takes no longer than twice the
    last one. Slow is who was slow an interval ago and still is.
    """
    steps = agent.advanced
    if len(steps) < _STEP:
        return
    if steps[-1][1] >= FULL:
        yield Reading("progress", "healthy", "reported")
        return
    worked = task.worked(at)
    unwatched = task.worked(agent.watched_from) if agent.watched_from else 0
    still = worked - max(steps[-1][0], unwatched)
    if still > max(checks.stalled_ms, 2 * (steps[-1][0] - steps[-2][0])):
        limit = float(checks.stalled_ms)
        yield Reading("progress", "unhealthy", "reported", float(still), limit, stalled=True)
        return
    expected = task.spec.expected_ms
    share = None if expected is None else _share_of_rate(steps, worked, unwatched, expected)
    if expected is None or share is None or share >= checks.slow_percent:
        yield Reading("progress", "healthy", "reported", share)
        return
    before = _share_of_rate(steps, worked - checks.interval_ms, unwatched, expected)
    slow = before is not None and before < checks.slow_percent
    level: Level = "degraded" if slow else "healthy"
    yield Reading("progress", level, "reported", share, checks.slow_percent if slow else None)


_STEP = 2
"""Tellings that make a step."""


def _share_of_rate(
    steps: tuple[tuple[int, int], ...], worked: int, unwatched: int, expected_ms: int
) -> float | None:
    """Return how fast the work went on when `worked` milliseconds of it were done, in percent of
    what was expected; None if no step had been told of by then.

    Between two tellings nothing is known but that the next step has not been made. So the rate is
    that of the last step, or of the one in hand if that takes longer, were it made then.
    """
    known = [step for step in steps if step[0] <= worked]
    if len(known) < _STEP:
        return None
    (begun, low), (made, high) = known[-2:]
    took = max(made - begun, worked - max(made, unwatched), 1)
    return (high - low) * expected_ms / took


def evidence(agent: Agent, wrong: tuple[Reading, ...]) -> int | None:
    """Return which event told what a check of `agent` finds; None if that is not known.

    Of several things that are wrong, that is the worst; where nothing is, what was wrong before.
    """
    judged = wrong or agent.findings
    if not judged:
        return None
    first = judged[0]
    if first.metric == "progress":
        return agent.progressed_by or None
    return agent.heard.get(first.source)


def signs_of_life(agent: Agent, checks: HealthChecks, at: int) -> str:
    """Return by what it is known that an agent that is quiet is alive; empty if by nothing."""
    if _answers(agent) and agent.response_ms is not None:
        took = round(agent.response_ms)
        return f"it answers pings {'at once' if took < _AT_ONCE else f'in {lasting(took)}'}"
    if agent.measured is not None and agent.measured.stopped:
        return ""
    if agent.last_active is not None and at - agent.last_active <= 2 * checks.interval_ms:
        return f"it did something {lasting(at - agent.last_active)} ago"
    return ""
