"""How an agent is, by whom that is known."""

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.sheet import Entry
from mop_tui.domain.events import AgentHealth
from mop_tui.domain.plan import AgentLimits
from mop_tui.domain.rows import Agent
from mop_tui.domain.wording import printable

UNKNOWN = "unknown"
_MUCH = 90.0
"""From which percentage of a limit on a figure stands out."""
_UNITS = ("KiB", "MiB", "GiB", "TiB")


def health_entries(agent: Agent) -> list[Entry]:
    """Return what is measured of an agent, and beside it what it reports of itself.

    What is not known is called unknown: neither a number nor left out.
    """
    measured, reported = agent.measured, agent.reported
    if measured is None and reported is None and agent.response_ms is None and not agent.errors:
        gone = agent.incarnation > 0 and not agent.running
        why = "its process is gone" if gone else "nothing was measured or reported"
        return [Entry("health", f"{UNKNOWN}, for {why}", "dim")]
    limits = agent.spec.limits
    return [
        *_says(reported),
        _entry("cpu", _cpu(measured, limits), _percent(reported, "cpu_usage"), measured),
        _entry("memory", _memory(measured, limits), _percent(reported, "memory_usage"), measured),
        Entry("processes", _sourced(_processes(measured), "")),
        Entry("response", _sourced(_ms(agent.response_ms, "ping"), _response(reported))),
        _errors(agent, reported),
    ]


def _entry(label: str, measured: str, reported: str, health: AgentHealth | None) -> Entry:
    used = None
    if health is not None:
        used = health.cpu_usage if label == "cpu" else health.memory_usage
    ink: Ink = "warn" if used is not None and used >= _MUCH else "plain"
    return Entry(label, _sourced(measured, reported), ink)


def _sourced(measured: str, reported: str) -> str:
    return "; ".join(filter(None, (measured or UNKNOWN, reported)))


def _cpu(health: AgentHealth | None, limits: AgentLimits) -> str:
    if health is None or health.cpu_cores is None:
        return ""
    cores = f"{health.cpu_cores:.2f}"
    if limits.cpu is None or health.cpu_usage is None:
        return f"{cores} cores measured, share {UNKNOWN}: no limit is declared"
    return f"{cores} of {limits.cpu:g} cores, {health.cpu_usage:.0f} %, measured"


def _memory(health: AgentHealth | None, limits: AgentLimits) -> str:
    if health is None or health.memory_bytes is None:
        return ""
    size = size_of(health.memory_bytes)
    if limits.memory is None or health.memory_usage is None:
        return f"{size} measured, share {UNKNOWN}: no limit is declared"
    return f"{size} of {size_of(limits.memory)}, {health.memory_usage:.0f} %, measured"


def size_of(count: int) -> str:
    """Return a number of bytes as a person reads it: `512 MiB`, `1.5 GiB`."""
    size = count / 1024
    for unit in _UNITS[:-1]:
        if size < 1023.5:
            return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def _processes(health: AgentHealth | None) -> str:
    if health is None or health.processes is None:
        return ""
    return f"{health.processes}, measured"


def _percent(health: AgentHealth | None, name: str) -> str:
    value: float | None = None if health is None else getattr(health, name)
    return "" if value is None else f"{value:.0f} %, reported"


def _ms(value: float | None, source: str) -> str:
    return "" if value is None else f"{value:.0f} ms, {source}"


def _response(health: AgentHealth | None) -> str:
    return "" if health is None else _ms(health.response_ms, "reported")


def _says(health: AgentHealth | None) -> list[Entry]:
    if health is None or health.status is None:
        return []
    inks: dict[str, Ink] = {"healthy": "good", "degraded": "warn", "unhealthy": "bad"}
    return [Entry("says", f"that it is {health.status}", inks[health.status])]


def _errors(agent: Agent, reported: AgentHealth | None) -> Entry:
    parts = [f"{agent.errors} seen" if agent.errors else "none seen"]
    if reported is not None and reported.error_count is not None:
        parts.append(f"{reported.error_count} reported")
    if agent.last_error:
        parts.append(f"last {printable(agent.last_error)}")
    return Entry("errors", "; ".join(parts), "warn" if agent.errors else "plain")
