"""Every state of an agent against everything that may happen to it.

What is expected is written out here in words of its own, state by state, from the guide's table,
the design's additions and the contracts; it does not look at the table it is held against.
"""

import pytest

from mop_tui.domain.agent_lifecycle import (
    LIVE,
    TABLE,
    WORKING,
    AgentState,
    AgentTrigger,
    PausedBy,
    step,
)

GUIDE = """
    SPAWNING      agent_created                    INITIALIZING
    INITIALIZING  pre_task_hook_complete           AVAILABLE
    AVAILABLE     task_assigned                    ASSIGNED
    ASSIGNED      task_started                     ACTIVE
    ACTIVE        post_task_hook_complete          COMPLETE
    ACTIVE        dependency_not_ready             PAUSED
    PAUSED        dependency_ready                 ACTIVE
    ACTIVE        performance_threshold_exceeded   DEGRADED
    DEGRADED      performance_recovered            ACTIVE
    DEGRADED      degradation_timeout              UNHEALTHY
    ACTIVE        unrecoverable_error              FAILED
"""

EXPECTED = {
    "SPAWNING": """
        agent_created INITIALIZING
        start_failed FAILED
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "INITIALIZING": """
        pre_task_hook_complete AVAILABLE
        start_failed FAILED
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "AVAILABLE": """
        task_assigned ASSIGNED
        dismissed COMPLETE
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "ASSIGNED": """
        task_started ACTIVE
        task_withdrawn AVAILABLE
        performance_threshold_exceeded DEGRADED
        start_failed FAILED
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "ACTIVE": """
        post_task_hook_complete COMPLETE
        task_withdrawn AVAILABLE
        dependency_not_ready PAUSED
        performance_threshold_exceeded DEGRADED
        health_check_failed UNHEALTHY
        unrecoverable_error FAILED
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "DEGRADED": """
        post_task_hook_complete COMPLETE
        task_withdrawn AVAILABLE
        performance_recovered ACTIVE
        dependency_not_ready PAUSED
        degradation_timeout UNHEALTHY
        health_check_failed UNHEALTHY
        unrecoverable_error FAILED
        process_exited FAILED
        stop FAILED
        pause PAUSED
    """,
    "UNHEALTHY": """
        post_task_hook_complete COMPLETE
        task_withdrawn AVAILABLE
        performance_recovered ACTIVE
        dependency_not_ready PAUSED
        unrecoverable_error FAILED
        process_exited FAILED
        stop FAILED
        restart SPAWNING
        pause PAUSED
    """,
    "COMPLETE": """
        returned_to_pool AVAILABLE
    """,
    "FAILED": """
        restart SPAWNING
    """,
}
"""PAUSED is not here: what it allows depends on who paused."""

WHILE_PAUSED = {
    "task_withdrawn": "AVAILABLE",
    "process_exited": "FAILED",
    "stop": "FAILED",
}
"""What a paused agent allows, whoever paused it."""

PAUSABLE = sorted(set(EXPECTED) - {"COMPLETE", "FAILED"})
STOPPING = ["operator", "strategy"]
WAITING = ["dependency", "question", "lock"]


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


@pytest.mark.parametrize("trigger", AgentTrigger)
@pytest.mark.parametrize("state", [AgentState(state) for state in EXPECTED])
def test_every_state_allows_what_it_should_and_nothing_else(
    state: AgentState, trigger: AgentTrigger
) -> None:
    expected = dict(rows(EXPECTED[state.value])).get(trigger.value)
    assert step(state, trigger) == expected


@pytest.mark.parametrize("paused_in", PAUSABLE)
@pytest.mark.parametrize("by", PausedBy)
def test_a_paused_agent_allows_what_whoever_paused_it_may_undo(
    by: PausedBy, paused_in: str
) -> None:
    expected = {**WHILE_PAUSED, ("resume" if by in STOPPING else "dependency_ready"): paused_in}
    for trigger in AgentTrigger:
        found = step(AgentState.PAUSED, trigger, paused_in=AgentState(paused_in), paused_by=by)
        assert found == expected.get(trigger.value), trigger


@pytest.mark.parametrize(("state", "trigger", "target"), rows(GUIDE))
def test_the_eleven_transitions_of_the_guide_hold(state: str, trigger: str, target: str) -> None:
    found = step(
        AgentState(state),
        AgentTrigger(trigger),
        paused_in=AgentState.ACTIVE,
        paused_by=PausedBy.DEPENDENCY,
    )
    assert found == target


def test_only_a_pause_that_needs_no_answer_stops_the_processes() -> None:
    assert [by.value for by in PausedBy if by.stops_processes] == STOPPING
    assert [by.value for by in PausedBy if not by.stops_processes] == WAITING


def test_every_state_can_be_reached_and_left() -> None:
    reached, frontier = {AgentState.SPAWNING}, [AgentState.SPAWNING]
    for state in frontier:
        targets = [
            step(state, trigger, paused_in=AgentState.ACTIVE, paused_by=PausedBy.OPERATOR)
            for trigger in AgentTrigger
        ]
        assert any(targets), state
        frontier += [target for target in targets if target and target not in reached]
        reached |= set(frontier)
    assert reached == set(AgentState)


def test_every_trigger_moves_some_agent() -> None:
    assert {trigger for _, trigger in TABLE} == set(AgentTrigger)


def test_live_agents_can_be_stopped_and_working_agents_can_lose_their_task() -> None:
    assert {state.value for state in LIVE} == {*EXPECTED, "PAUSED"} - {"COMPLETE", "FAILED"}
    assert {state.value for state in WORKING} == {
        "ASSIGNED",
        "ACTIVE",
        "PAUSED",
        "DEGRADED",
        "UNHEALTHY",
    }
