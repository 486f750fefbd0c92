"""What a layout says of health checks, as what is checked, and what is wrong with that."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mop_tui.domain.health import HealthChecks
from mop_tui.domain.plan import Ailment
from mop_tui.layout import health_section as form
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.tree import Loc


def checks(said: form.HealthChecks, others: HealthChecks) -> HealthChecks:
    """Return what is `said`, and for the rest what holds for `others`."""
    limits = said.thresholds
    values: dict[str, Any] = {
        "interval_ms": said.interval,
        "timeout_ms": said.timeout,
        "failure_threshold": said.failure_threshold,
        "success_threshold": said.success_threshold,
        "degradation_timeout_ms": said.degradation_timeout,
        "slow_response_ms": limits.response_time.degraded,
        "bad_response_ms": limits.response_time.unhealthy,
        "some_errors": limits.errors.degraded,
        "many_errors": limits.errors.unhealthy,
        "errors_within_ms": limits.errors.within,
        "slow_percent": limits.progress.slow,
        "stalled_ms": limits.progress.none_for,
        "much_used": limits.resources.degraded,
        "most_used": limits.resources.unhealthy,
        "restarts": said.restart.times,
        "restarts_within_ms": said.restart.within,
        "troubleshooter": "" if said.troubleshooter is False else said.troubleshooter,
    }
    return replace(others, **{name: value for name, value in values.items() if value is not None})


def ailment(said: form.SimulatedAilment) -> Ailment:
    """Return what is wrong with a simulated agent for a while."""
    return Ailment(
        at_ms=said.at,
        lasts_ms=said.lasts,
        status=said.status,
        cpu_usage=said.cpu_usage,
        memory_usage=said.memory_usage,
        response_ms=said.response_time,
        errors=said.errors or 0,
        slow=said.slow or 1.0,
        hangs=said.hangs,
        dies=said.dies,
        attempts=said.attempts,
    )


_PAIRS = (
    ("response_time", "slow_response_ms", "bad_response_ms"),
    ("errors", "some_errors", "many_errors"),
    ("resources", "much_used", "most_used"),
)
"""Thresholds of which the first must not be beyond the second."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with health checks, once what is not said is what holds by default."""
    everywhere = checks(case.layout.health_checks, HealthChecks())
    yield from _findings(case, ("health_checks",), case.layout.health_checks, everywhere)
    for name, kind in case.layout.agent_types.items():
        if kind.health_checks is not None:
            loc: Loc = ("agent_types", name, "health_checks")
            own = checks(kind.health_checks, everywhere)
            yield from _findings(case, loc, kind.health_checks, own)
    coordinator = case.layout.session.coordinator
    if (
        coordinator is not None
        and not case.losses.agents
        and coordinator not in case.declared.agents
    ):
        yield Finding(
            ("session", "coordinator"),
            f"there is no agent '{coordinator}'",
            wrong=coordinator,
            candidates=case.declared.agents,
        )


def _findings(
    case: Case, loc: Loc, said: form.HealthChecks, held: HealthChecks
) -> Iterator[Finding]:
    if case.losses.within(*loc):
        return
    for section, degraded, unhealthy in _PAIRS:
        given = getattr(said.thresholds, section)
        if not given.model_fields_set or (given.degraded and given.unhealthy):
            continue  # what is said twice is compared where it stands
        if getattr(held, degraded) > getattr(held, unhealthy):
            yield Finding(
                (*loc, "thresholds", section),
                "has a threshold for degraded that is beyond the one for unhealthy,"
                " one of which is said elsewhere or by default",
            )
    types = case.declared.types
    wanted = said.troubleshooter
    if wanted and wanted not in types and not case.losses.mapping("agent_types"):
        yield Finding(
            (*loc, "troubleshooter"),
            f"there is no agent type '{wanted}'",
            wrong=wanted,
            candidates=types,
        )
