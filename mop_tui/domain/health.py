"""What makes an agent ill, and what a check of one finds.

The thresholds are those of the orchestration guide; a layout may set each of them, for all agents
or for those of a type.
"""

from typing import Literal

from mop_tui.domain.immutable import immutable
from mop_tui.domain.wording import lasting, listed

Level = Literal["healthy", "degraded", "unhealthy"]
"""How good what is known of an agent is."""
Metric = Literal["status", "stopped", "response", "errors", "progress", "cpu", "memory"]
"""What is looked at: what the agent says of itself, whether somebody suspended its processes, how
fast it answers, how often it errs, whether it gets on, and what it uses of what it may."""
Source = Literal["measured", "reported", "ping", "seen"]
"""Who knows it: the system, the agent itself, an answer to a ping, or the events of the session."""

SUPERVISION = frozenset(
    {
        "judge_check",
        "recover",
        "attend_degraded",
        "attend_unhealthy",
        "attend_recovery",
        "consider_reassignment",
        "troubleshoot",
        "restart_unhealthy",
        "ask_about_health",
        "give_up",
        "obey_about_health",
        "settle_health",
    }
)
"""What rules are called, in their decisions, that deal with illness."""

WORSE: dict[Level, int] = {"healthy": 0, "degraded": 1, "unhealthy": 2}
"""Levels in order."""


@immutable
class HealthChecks:
    """How agents are checked, and when one counts as ill or well. Times are milliseconds."""

    interval_ms: int = 30_000
    """How often an agent is checked; one that is ill, or may be, twice as often."""
    timeout_ms: int = 10_000
    """After how long a ping counts as not answered."""
    failure_threshold: int = 3
    """After how many bad checks in a row an agent is ill."""
    success_threshold: int = 1
    """After how many good checks in a row it is well again."""
    degradation_timeout_ms: int = 300_000
    """How long an agent may be degraded before it is unhealthy, and for how long what it was ill
    with and recovered from does not make it ill again."""
    slow_response_ms: int = 2_000
    """An answer that takes longer degrades."""
    bad_response_ms: int = 5_000
    """An answer that takes longer is unhealthy."""
    some_errors: int = 1
    """So many errors degrade."""
    many_errors: int = 3
    """So many errors are unhealthy."""
    errors_within_ms: int = 300_000
    """Errors that are longer ago count no more."""
    slow_percent: float = 50.0
    """Progress below this share of the expected rate, for two checks, degrades."""
    stalled_ms: int = 600_000
    """No progress for longer than this is unhealthy."""
    much_used: float = 80.0
    """From this percentage of what it may use on, an agent is degraded."""
    most_used: float = 95.0
    """Above this percentage it is unhealthy."""
    restarts: int = 3
    """How often an unhealthy agent is started again within `restarts_within_ms`."""
    restarts_within_ms: int = 600_000
    troubleshooter: str = "devops-troubleshooter"
    """The type of agent that looks into unhealthy ones; empty for none."""


@immutable
class Reading:
    """One thing that is known of an agent's health, by the worse of those who know it."""

    metric: Metric
    level: Level
    source: Source
    value: float | None = None
    """Milliseconds of an answer, or without one; errors; milliseconds without progress, or percent
    of the expected rate; percent of what it may use."""
    limit: float | None = None
    """What that has crossed."""
    stalled: bool = False
    """Of progress: there is none, and `value` says for how long."""
    answered: bool = True
    """Of a response: there was one."""


def worst(readings: tuple[Reading, ...]) -> Level:
    """Return the worst level of some readings; healthy if there are none."""
    return max((reading.level for reading in readings), key=WORSE.__getitem__, default="healthy")


def sentence(reading: Reading) -> str:
    """Return a reading as part of a sentence about the agent: `it uses 97 % of its memory`."""
    by = ", as it says" if reading.source == "reported" else ""
    value = reading.value or 0.0
    match reading.metric:
        case "status":
            return f"it says that it is {reading.level}"
        case "stopped":
            return f"its processes {'run' if reading.level == 'healthy' else 'are suspended'}"
        case "response" if not reading.answered:
            return f"it has not answered a ping for {lasting(round(value))}"
        case "response":
            return f"it takes {lasting(round(value))} to answer{by}"
        case "errors":
            count = round(value)
            return f"it met {count} error{'' if count == 1 else 's'}{by}"
        case "progress" if reading.stalled:
            return f"it has made no progress for {lasting(round(value))}"
        case "progress" if reading.value is not None:
            return f"it gets on at {value:.0f} % of the expected rate"
        case "progress":
            return "it gets on"
        case "cpu":
            return f"it uses {value or 0:.0f} % of its processor limit{by}"
        case "memory":
            return f"it uses {value or 0:.0f} % of its memory limit{by}"


def brief(reading: Reading) -> str:
    """Return a reading in a few words, for rows: `memory 97 %`."""
    value = reading.value or 0
    match reading.metric:
        case "status":
            return f"says {reading.level}"
        case "stopped":
            return "runs" if reading.level == "healthy" else "suspended"
        case "response" if not reading.answered:
            return f"no answer for {lasting(round(value))}"
        case "response":
            return f"answers in {lasting(round(value))}"
        case "errors":
            count = round(value)
            return f"{count} error{'' if count == 1 else 's'}"
        case "progress" if reading.stalled:
            return f"no progress for {lasting(round(value))}"
        case "progress" if reading.value is not None:
            return f"gets on at {value:.0f} %"
        case "progress":
            return "gets on"
        case "cpu" | "memory":
            return f"{reading.metric} {value:.0f} %"


def crossed(reading: Reading) -> str:
    """Return which threshold a reading has crossed: `unhealthy above 95 %`; empty if none."""
    limit, level = reading.limit, reading.level
    if limit is None:
        return ""
    match reading.metric:
        case "response" if not reading.answered:
            return f"{level} after {lasting(round(limit))}"
        case "progress" if reading.stalled:
            return f"{level} after {lasting(round(limit))}"
        case "response":
            amount = lasting(round(limit))
        case "progress":
            return f"{level} below {limit:g} %"
        case "errors":
            return f"{level} from {limit:g} on"
        case _:
            amount = f"{limit:g} %"
    return f"{level} above {amount}" if level == "unhealthy" else f"{level} from {amount} on"


def told(wrong: tuple[Reading, ...]) -> str:
    """Return what is wrong in one sentence; that nothing is, if so."""
    return listed([sentence(reading) for reading in wrong]) or "nothing is wrong with it"
