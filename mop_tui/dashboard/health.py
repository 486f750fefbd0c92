"""How an agent is, by whom that is known, and what its checks find."""

from collections.abc import Mapping

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.looks import level_look
from mop_tui.dashboard.sheet import Entry
from mop_tui.dashboard.times import lasted
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.diagnosis import readings
from mop_tui.domain.events import AgentHealth
from mop_tui.domain.health import HealthChecks, Metric, Reading, crossed
from mop_tui.domain.plan import AgentLimits
from mop_tui.domain.rows import Agent
from mop_tui.domain.wording import lasting, listed, printable

UNKNOWN = "unknown"
_INKS: Mapping[str, Ink] = {"healthy": "plain", "degraded": "warn", "unhealthy": "bad"}
_UNITS = ("KiB", "MiB", "GiB", "TiB")


def health_entries(frame: Frame, agent: Agent) -> list[Entry]:
    """Return how an agent is, what is measured of it, and beside that what it reports of itself.

    What is not known is called unknown: neither a number nor left out. What is wrong is told with
    the threshold that it has crossed.
    """
    checks = frame.snapshot.checks(agent)
    entries = [_condition(frame, agent), *_checked(frame, agent, checks)]
    if agent.measured is None and not agent.heard and not agent.errors:
        return [*entries, *_restarted(frame, agent, checks)]
    task = None if agent.task is None else frame.snapshot.tasks[agent.task]
    known: dict[Metric, Reading] = {}
    if agent.running:
        known = {it.metric: it for it in readings(agent, task, checks, frame.elapsed)}
    measured, reported, limits = agent.measured, agent.reported, agent.spec.limits
    said = "" if reported is None or reported.status is None else f"that it is {reported.status}"
    response = (_pinged(agent), _response(reported))
    metrics: list[tuple[str, Metric | None, str]] = [
        ("says", "status", said),
        ("response", "response", _sourced(*response)),
        ("errors", "errors", _errors(agent, known.get("errors"), checks)),
        ("pace", "progress", _pace(agent, known.get("progress"))),
        ("cpu", "cpu", _sourced(_cpu(measured, limits), _percent(reported, "cpu_usage"))),
        (
            "memory",
            "memory",
            _sourced(_memory(measured, limits), _percent(reported, "memory_usage")),
        ),
        ("processes", None, _sourced(_processes(measured), "")),
        ("suspended", "stopped", _suspended(agent)),
    ]
    for label, metric, text in metrics:
        reading = known.get(metric) if metric is not None else None
        if reading is not None and metric == "stopped" and agent.paused_in is not None:
            reading = None  # that is as somebody wants it
        if text:
            entries.append(_judged(label, text, reading))
    return [*entries, *_restarted(frame, agent, checks)]


def _judged(label: str, text: str, reading: Reading | None) -> Entry:
    """Return an entry in the ink of how good that is, with the threshold that was crossed."""
    if reading is None:
        return Entry(label, text)
    limit = crossed(reading)
    return Entry(label, f"{text} ({limit})" if limit else text, _INKS[reading.level])


# -- how it is, and how that is found -------------------------------------------------------------


def _condition(frame: Frame, agent: Agent) -> Entry:
    """Return how an agent is as a whole."""
    look = frame.view.condition(agent)
    checks = frame.snapshot.checks(agent)
    if look is None or look.word == UNKNOWN:
        if agent.incarnation > 0 and not agent.running:
            why = "its process is gone"
        elif agent.heard:
            why = "it is not at work" if look is None else "nothing that is known says how it is"
        else:
            why = "nothing was measured or reported"
        return Entry("health", f"{UNKNOWN}, for {why}", "dim")
    text = f"{look.sign} {look.word}"
    state = agent.paused_in or agent.state
    if state is AgentState.ACTIVE and agent.failures:
        text = f"{look.sign} {agent.failures} bad in a row of {checks.failure_threshold} checks"
        text += " that make it ill"
        if frame.view.spared(agent):
            text = f"{look.sign} not ill again so soon: {_recovered(frame, agent, checks)}"
    elif state is AgentState.ACTIVE:
        text += ", as far as is known"
    else:
        text += f" for {lasted(frame.elapsed - agent.since)}"
        good = checks.success_threshold
        text += f", until {'a check is' if good == 1 else f'{good} checks in a row are'} good"
        if agent.passes:
            text += f" ({agent.passes} so far)"
    return Entry("health", text, look.ink)


def _recovered(frame: Frame, agent: Agent, checks: HealthChecks) -> str:
    ago = frame.elapsed - (agent.recovered_at or 0)
    metrics = listed(list(dict.fromkeys(metric for metric, _ in agent.ill_with)))
    return (
        f"it recovered from that ({metrics}) {lasted(ago)} ago, which is judged anew after"
        f" {lasting(checks.degradation_timeout_ms)}"
    )


def _checked(frame: Frame, agent: Agent, checks: HealthChecks) -> list[Entry]:
    """Return what checks found, and when the next one comes."""
    entries = []
    at_work = agent.running and frame.view.condition(agent) is not None
    if at_work and agent.paused_in is not None:
        entries.append(Entry("checked", "not while it is paused", "dim"))
    elif at_work:
        often = agent.state is not AgentState.ACTIVE or agent.failures > 0
        every = lasting(checks.interval_ms // 2 if often else checks.interval_ms)
        text = f"every {every}"
        if often:
            text += f" instead of {lasting(checks.interval_ms)}"
        if agent.checked_at is None:
            known = frame.view.condition(agent) == level_look("healthy")
            text += "; nothing wrong so far" if known else ""
        else:
            found = {"healthy": "nothing wrong"}.get(agent.level, agent.level)
            text += f"; {frame.moment(agent.checked_at).strip()} {found}"
            if agent.failures:
                text += f", {_counted(agent, checks)}"
        entries.append(Entry("checked", text))
    if at_work and agent.state is AgentState.DEGRADED:
        due = max(agent.since, agent.watched_from) + checks.degradation_timeout_ms
        text = f"{frame.moment(due).strip()} at the latest, unless it recovers"
        entries.append(Entry("unhealthy", text, "warn"))
    if agent.checks:
        signs = "".join(level_look(level).sign for _, level in agent.checks)
        first, last = (frame.moment(at).strip() for at, _ in (agent.checks[0], agent.checks[-1]))
        when = first if len(agent.checks) == 1 else f"{first} to {last}"
        legend = ", ".join(
            f"{look.sign} {look.word}"
            for look in (level_look("healthy"), level_look("degraded"), level_look("unhealthy"))
            if look.sign in signs
        )
        entries.append(Entry("history", f"{signs}  {when}  ({legend})", "dim"))
    return entries


def _counted(agent: Agent, checks: HealthChecks) -> str:
    """Return how many bad checks there were in a row, and how many of them it takes."""
    said = f"{agent.failures} bad in a row"
    if agent.state is AgentState.DEGRADED and agent.severe:
        said += f", {agent.severe} of {checks.failure_threshold} that make it unhealthy"
    return said


def _restarted(frame: Frame, agent: Agent, checks: HealthChecks) -> list[Entry]:
    since = frame.elapsed - checks.restarts_within_ms
    lately = [at for at in agent.restarts if at > since]
    if not lately:
        return []
    text = (
        f"{len(lately)} of {checks.restarts} within {lasting(checks.restarts_within_ms)}, the last"
        f" {frame.moment(lately[-1]).strip()}"
    )
    return [Entry("restarts", text, "warn")]


# -- what is known --------------------------------------------------------------------------------


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
    return "" if value is None else f"{value:,.0f} ms, {source}"


def _pinged(agent: Agent) -> str:
    if agent.unanswered_ms is not None:
        return f"none for {lasting(agent.unanswered_ms)}, ping"
    return _ms(agent.response_ms, "ping")


def _response(health: AgentHealth | None) -> str:
    return "" if health is None else _ms(health.response_ms, "reported")


def _errors(agent: Agent, lately: Reading | None, checks: HealthChecks) -> str:
    parts = [f"{agent.errors} seen" if agent.errors else "none seen"]
    if lately is not None and lately.source == "seen" and lately.value != agent.errors:
        # No more of them are kept than make it unhealthy.
        count = round(lately.value or 0)
        least = "at least " if count == checks.many_errors else ""
        parts[0] += f", {least}{count} within {lasting(checks.errors_within_ms)}"
    reported = agent.reported
    if reported is not None and reported.error_count is not None:
        parts.append(f"{reported.error_count} reported")
    if agent.last_error:
        parts.append(f"last {printable(agent.last_error)}")
    return "; ".join(parts)


def _pace(agent: Agent, progress: Reading | None) -> str:
    """Return how an agent gets on, or why nobody knows that; empty if it has nothing to do."""
    if agent.task is None:
        return ""
    if progress is None:
        why = "it waits for an answer" if agent.waits else "it has not told of two steps"
        return f"{UNKNOWN}: {why}"
    if progress.stalled:
        return f"none for {lasting(round(progress.value or 0))}, reported"
    if progress.value is None:
        return f"{UNKNOWN}: no duration is declared, but it gets on"
    return f"{progress.value:.0f} % of the expected rate, reported"


def _suspended(agent: Agent) -> str:
    stopped = None if agent.measured is None else agent.measured.stopped
    if stopped is None:
        return UNKNOWN
    if not stopped:
        return "no, measured"
    paused = agent.paused_in is not None
    return f"yes, measured{', for it is paused' if paused else ''}"
