"""What counts as healthy, degraded and unhealthy, at every edge of what the guide says."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.diagnosis import findings, readings, signs_of_life
from mop_tui.domain.events import AgentHealth
from mop_tui.domain.health import HealthChecks, Level, Metric, Reading, sentence, told, worst
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, TaskSpec
from mop_tui.domain.rows import Agent, Task

GUIDE = HealthChecks()
MINUTE = 60_000
ANN = AgentId("ann")


def agent(**known: object) -> Agent:
    """Return an agent of which something is known."""
    row = Agent(AgentSpec(ANN, "worker", TeamId("crew")), since=0, reason="")
    for name, value in known.items():
        setattr(row, name, value)
    return row


def task(expected_ms: int | None = 100 * MINUTE, started_at: int = 0) -> Task:
    """Return a task that somebody is at work on."""
    spec = TaskSpec(TaskId("one"), "one", expected_ms=expected_ms)
    return Task(spec, since=0, reason="", started_at=started_at)


def reported(**said: Any) -> AgentHealth:
    return replace(AgentHealth(ANN, 1, "reported"), **said)


def measured(**seen: Any) -> AgentHealth:
    return replace(AgentHealth(ANN, 1, "measured"), **seen)


def reading(
    metric: Metric, row: Agent, of: Task | None = None, at: int = 0, checks: HealthChecks = GUIDE
) -> Reading | None:
    """Return what is known of one metric."""
    known = [it for it in readings(row, of, checks, at) if it.metric == metric]
    assert len(known) <= 1
    return known[0] if known else None


def level(
    metric: Metric, row: Agent, of: Task | None = None, at: int = 0, checks: HealthChecks = GUIDE
) -> Level | None:
    found = reading(metric, row, of, at, checks)
    return None if found is None else found.level


def test_the_thresholds_are_those_of_the_guide() -> None:
    assert HealthChecks() == HealthChecks(
        interval_ms=30_000,
        timeout_ms=10_000,
        failure_threshold=3,
        success_threshold=1,
        degradation_timeout_ms=5 * MINUTE,
        slow_response_ms=2_000,
        bad_response_ms=5_000,
        some_errors=1,
        many_errors=3,
        slow_percent=50,
        stalled_ms=10 * MINUTE,
        much_used=80,
        most_used=95,
    )


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("took", "how"),
    [
        (0.0, "healthy"),
        (1_999.9, "healthy"),
        (2_000.0, "degraded"),
        (5_000.0, "degraded"),
        (5_000.1, "unhealthy"),
    ],
)
def test_how_fast_it_answers(took: float, how: Level) -> None:
    assert level("response", agent(response_ms=took)) == how
    assert level("response", agent(reported=reported(response_ms=took))) == how
    lax = replace(GUIDE, slow_response_ms=6_000, bad_response_ms=6_000)
    assert level("response", agent(response_ms=took), checks=lax) == "healthy"


def test_no_answer_is_unhealthy_however_fast_the_last_one_was() -> None:
    found = reading("response", agent(response_ms=3.0, unanswered_ms=10_000))
    assert found == Reading("response", "unhealthy", "ping", 10_000.0, 10_000.0, answered=False)
    assert sentence(found) == "it has not answered a ping for 10 s"


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "how"),
    [(0, "healthy"), (1, "degraded"), (2, "degraded"), (3, "unhealthy"), (9, "unhealthy")],
)
def test_how_often_it_errs(count: int, how: Level) -> None:
    assert level("errors", agent(error_times=(7,) * count), at=7) == how
    assert level("errors", agent(reported=reported(error_count=count))) == how


def test_an_error_counts_no_more_once_it_is_long_enough_ago() -> None:
    row = agent(error_times=(1_000, 2_000, 3_000))
    ago = GUIDE.errors_within_ms
    assert level("errors", row, at=1_000 + ago - 1) == "unhealthy"
    assert level("errors", row, at=1_000 + ago) == "degraded"
    assert level("errors", row, at=2_000 + ago) == "degraded"
    assert level("errors", row, at=3_000 + ago) == "healthy"


def test_of_errors_seen_and_reported_the_more_count() -> None:
    row = agent(error_times=(5,), reported=reported(error_count=3))
    assert reading("errors", row, at=5) == Reading("errors", "unhealthy", "reported", 3.0, 3.0)
    row = agent(error_times=(5,), reported=reported(error_count=0))
    assert reading("errors", row, at=5) == Reading("errors", "degraded", "seen", 1.0, 1.0)


# -- what it uses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["cpu", "memory"])
@pytest.mark.parametrize(
    ("used", "how"),
    [
        (0.0, "healthy"),
        (79.9, "healthy"),
        (80.0, "degraded"),
        (95.0, "degraded"),
        (95.1, "unhealthy"),
        (400.0, "unhealthy"),
    ],
)
def test_what_it_uses_of_what_it_may(metric: Metric, used: float, how: Level) -> None:
    key = f"{metric}_usage"
    assert level(metric, agent(measured=measured(**{key: used}))) == how
    assert level(metric, agent(reported=reported(**{key: used}))) == how
    assert level(metric, agent(measured=measured(**{key: used}), reported=reported())) == how


def test_of_what_is_measured_and_reported_the_worse_counts() -> None:
    row = agent(measured=measured(cpu_usage=10.0), reported=reported(cpu_usage=99.0))
    found = reading("cpu", row)
    assert found == Reading("cpu", "unhealthy", "reported", 99.0, 95.0)
    assert sentence(found) == "it uses 99 % of its processor limit, as it says"
    row = agent(measured=measured(memory_usage=99.0), reported=reported(memory_usage=10.0))
    assert reading("memory", row) == Reading("memory", "unhealthy", "measured", 99.0, 95.0)
    row = agent(measured=measured(cpu_usage=10.0), reported=reported(cpu_usage=20.0))
    assert reading("cpu", row) == Reading("cpu", "healthy", "measured", 10.0)


# -- what it says, and what is done to it ---------------------------------------------------------


@pytest.mark.parametrize("said", ["healthy", "degraded", "unhealthy"])
def test_what_it_says_of_itself(said: Level) -> None:
    assert level("status", agent(reported=reported(status=said))) == said


def test_whoever_is_suspended_is_unhealthy() -> None:
    assert level("stopped", agent(measured=measured(stopped=True))) == "unhealthy"
    assert level("stopped", agent(measured=measured(stopped=False))) == "healthy"
    assert level("stopped", agent(measured=measured())) is None


# -- how it gets on -------------------------------------------------------------------------------

SOON = ((0, 0), (10 * MINUTE, 10))
"""After ten minutes of work a tenth was done, of a task of 100 minutes: as expected."""


@pytest.mark.parametrize(
    ("minutes", "how"), [(10.0, "healthy"), (20.0, "healthy"), (20.01, "unhealthy")]
)
def test_without_any_progress_it_is_unhealthy_after_ten_minutes(minutes: float, how: Level) -> None:
    row = agent(advanced=((9 * MINUTE, 9), (10 * MINUTE, 10)))
    found = reading("progress", row, task(None), round(minutes * MINUTE))
    assert found is not None
    assert (found.level, found.stalled) == (how, how == "unhealthy")


@pytest.mark.parametrize(("minutes", "how"), [(30.0, "healthy"), (30.01, "unhealthy")])
def test_who_tells_in_large_steps_may_take_twice_as_long_for_one(
    minutes: float, how: Level
) -> None:
    assert level("progress", agent(advanced=SOON), task(None), round(minutes * MINUTE)) == how


def test_slow_is_below_half_the_expected_rate_for_two_intervals() -> None:
    row, of = agent(advanced=SOON), task()
    patient = replace(GUIDE, stalled_ms=100 * MINUTE)
    # A tenth in 20 minutes is half the rate, so from 30 minutes on it is below that.
    edge = 30 * MINUTE
    assert level("progress", row, of, edge, patient) == "healthy"
    assert level("progress", row, of, edge + GUIDE.interval_ms, patient) == "healthy"
    later = edge + GUIDE.interval_ms + 1_000
    found = reading("progress", row, of, later, patient)
    assert found is not None
    assert (found.level, found.limit, found.stalled) == ("degraded", 50.0, False)
    assert sentence(found) == "it gets on at 49 % of the expected rate"


@pytest.mark.parametrize(("step", "how"), [(20, "healthy"), (21, "degraded")])
def test_the_last_step_tells_how_fast_it_gets_on(step: int, how: Level) -> None:
    row = agent(advanced=(*SOON, ((10 + step) * MINUTE, 20)))
    at = (10 + step) * MINUTE + GUIDE.interval_ms
    assert level("progress", row, task(), at) == how


def test_without_an_expected_duration_nobody_is_slow() -> None:
    row = agent(advanced=((0, 0), (50 * MINUTE, 1)))
    assert reading("progress", row, task(None), 51 * MINUTE) == Reading(
        "progress", "healthy", "reported"
    )


@pytest.mark.parametrize(
    "row",
    [
        agent(),
        agent(advanced=((10 * MINUTE, 10),)),
        agent(advanced=SOON, waits={AskId("k"): MemoryKey("key")}),
    ],
    ids=["never told", "told once since it began anew", "waits"],
)
def test_who_tells_of_no_progress_or_waits_is_not_judged_by_it(row: Agent) -> None:
    assert level("progress", row, task(), 1_000 * MINUTE) is None


def test_who_has_no_task_is_not_judged_by_its_progress() -> None:
    assert level("progress", agent(advanced=SOON), None, 1_000 * MINUTE) is None


def test_who_is_at_the_end_is_not_stalled() -> None:
    row = agent(advanced=(*SOON, (20 * MINUTE, 100)))
    assert level("progress", row, task(), 1_000 * MINUTE) == "healthy"


def test_time_in_which_the_task_was_paused_does_not_count() -> None:
    row = agent(advanced=((9 * MINUTE, 9), (10 * MINUTE, 10)))
    of = task(None)
    of.paused_ms = 30 * MINUTE
    assert level("progress", row, of, 50 * MINUTE) == "healthy"
    assert level("progress", row, of, 50 * MINUTE + 1) == "unhealthy"


def test_time_in_which_nobody_could_see_it_does_not_count() -> None:
    row = agent(advanced=((9 * MINUTE, 9), (10 * MINUTE, 10)), watched_from=60 * MINUTE)
    assert level("progress", row, task(None), 70 * MINUTE) == "healthy"
    assert level("progress", row, task(None), 70 * MINUTE + 1) == "unhealthy"


# -- all of it ------------------------------------------------------------------------------------


def test_of_somebody_of_whom_nothing_is_known_nothing_is_wrong() -> None:
    row = agent(measured=measured(), reported=reported())
    assert findings(row, task(), GUIDE, 1_000 * MINUTE) == ()
    assert worst(()) == "healthy"
    assert told(()) == "nothing is wrong with it"


def test_what_is_wrong_is_told_worst_first() -> None:
    row = agent(
        response_ms=3_000.0,
        reported=reported(memory_usage=99.0, cpu_usage=85.0, status="healthy"),
    )
    wrong = findings(row, None, GUIDE, 0)
    assert [(it.metric, it.level) for it in wrong] == [
        ("memory", "unhealthy"),
        ("response", "degraded"),
        ("cpu", "degraded"),
    ]
    assert worst(wrong) == "unhealthy"
    assert told(wrong) == (
        "it uses 99 % of its memory limit, as it says, it takes 3 s to answer"
        " and it uses 85 % of its processor limit, as it says"
    )


SHARES = st.none() | st.floats(0, 200)
LEVELS = ["healthy", "degraded", "unhealthy"]


@given(
    st.none() | st.floats(0, 20_000),
    st.none() | st.floats(0, 20_000),
    st.lists(st.integers(0, 600_000), max_size=4),
    *[SHARES] * 4,
)
def test_worse_figures_never_make_it_better(
    ping: float | None,
    says: float | None,
    errors: list[int],
    cpu: float | None,
    memory: float | None,
    says_cpu: float | None,
    says_memory: float | None,
) -> None:
    def row(worse: float) -> Agent:
        def more(value: float | None) -> float | None:
            return None if value is None else value * worse

        return agent(
            response_ms=more(ping),
            error_times=tuple(sorted(errors)) * round(worse),
            measured=measured(cpu_usage=more(cpu), memory_usage=more(memory)),
            reported=reported(
                response_ms=more(says), cpu_usage=more(says_cpu), memory_usage=more(says_memory)
            ),
        )

    was = {it.metric: it.level for it in readings(row(1), None, GUIDE, 600_000)}
    now = {it.metric: it.level for it in readings(row(2), None, GUIDE, 600_000)}
    assert was.keys() == now.keys()
    assert all(LEVELS.index(now[metric]) >= LEVELS.index(how) for metric, how in was.items())


# -- whether it lives -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "alive"),
    [
        (agent(), ""),
        (agent(response_ms=20.0), "it answers pings at once"),
        (agent(response_ms=800.0), "it answers pings in 0.8 s"),
        (agent(response_ms=20.0, unanswered_ms=10_000), ""),
        (agent(last_active=40_000), "it did something 60 s ago"),
        (agent(last_active=39_999), ""),
        (agent(last_active=99_000, measured=measured(stopped=True)), ""),
    ],
)
def test_by_what_it_is_known_to_be_alive(row: Agent, alive: str) -> None:
    assert signs_of_life(row, GUIDE, 100_000) == alive
