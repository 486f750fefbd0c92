"""Every state of a task against everything that may happen to it, written out in words."""

import pytest

from mop_tui.domain.task_lifecycle import (
    HELD_BY_AGENT,
    TABLE,
    TERMINAL,
    TaskState,
    TaskTrigger,
    step,
)

EXPECTED = {
    "PENDING": """
        needs_met READY
        cancelled CANCELLED
    """,
    "READY": """
        needs_lost PENDING
        assigned ASSIGNED
        cancelled CANCELLED
    """,
    "ASSIGNED": """
        started ACTIVE
        requeued READY
        failed FAILED
        cancelled CANCELLED
    """,
    "ACTIVE": """
        submitted REVIEWING
        finished COMPLETE
        requeued READY
        failed FAILED
        cancelled CANCELLED
    """,
    "REVIEWING": """
        finished COMPLETE
        sent_back READY
        failed FAILED
        cancelled CANCELLED
    """,
    "COMPLETE": "",
    "FAILED": """
        retried READY
    """,
    "CANCELLED": """
        reinstated PENDING
    """,
}


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def test_the_states_are_those_of_the_design() -> None:
    assert [state.value for state in TaskState] == list(EXPECTED)


@pytest.mark.parametrize("trigger", TaskTrigger)
@pytest.mark.parametrize("state", TaskState)
def test_every_state_allows_what_it_should_and_nothing_else(
    state: TaskState, trigger: TaskTrigger
) -> None:
    assert step(state, trigger) == dict(rows(EXPECTED[state.value])).get(trigger.value)


def test_what_is_complete_stays_complete() -> None:
    assert not any(step(TaskState.COMPLETE, trigger) for trigger in TaskTrigger)


def test_a_task_that_is_not_over_can_always_be_cancelled() -> None:
    for state in TaskState:
        expected = None if state in TERMINAL else TaskState.CANCELLED
        assert step(state, TaskTrigger.CANCELLED) is expected


def test_every_state_can_be_reached_from_the_beginning() -> None:
    reached, frontier = {TaskState.PENDING}, [TaskState.PENDING]
    for state in frontier:
        targets = [step(state, trigger) for trigger in TaskTrigger]
        frontier += [target for target in targets if target and target not in reached]
        reached |= set(frontier)
    assert reached == set(TaskState)


def test_every_trigger_moves_some_task() -> None:
    assert {trigger for _, trigger in TABLE} == set(TaskTrigger)


def test_over_and_in_hand_are_what_they_say() -> None:
    assert {state.value for state in TERMINAL} == {"COMPLETE", "FAILED", "CANCELLED"}
    assert {state.value for state in HELD_BY_AGENT} == {"ASSIGNED", "ACTIVE"}
