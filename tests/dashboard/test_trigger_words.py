"""Every trigger is told in words: what it waits for, and what it has done then."""

from typing import Any, get_args

import pytest

from mop_tui.dashboard.trigger_words import does, how_often, is_of, spawned_by, waits_for
from mop_tui.domain.conditions import Condition
from mop_tui.domain.ids import (
    AgentId,
    MemoryKey,
    QuestionName,
    SpawnId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.triggers import ActionType, TriggerSpec, TriggerType

NAME = TriggerName("t")

WAITS: list[tuple[TriggerType, dict[str, Any], str]] = [
    ("file_created", {"path_pattern": "a/*.yaml"}, "file created a/*.yaml"),
    ("file_modified", {"path_pattern": "**"}, "file modified **"),
    ("file_deleted", {"path_pattern": "x"}, "file deleted x"),
    ("task_created", {}, "task created"),
    (
        "task_created",
        {"complexity": "high", "requires_skill": "sql"},
        "task created of high complexity that takes sql",
    ),
    ("dependency_ready", {"key": MemoryKey("ns")}, "ns is there"),
    ("memory_key", {"key": MemoryKey("ns")}, "ns is set"),
    ("agent_error", {}, "any error"),
    ("agent_error", {"error_type": "oom", "error_pattern": "kill.*"}, "error oom like kill.*"),
    ("environment_deploy", {"environment": "production"}, "deploying to production"),
    ("agent_health", {"status": "degraded"}, "agent is degraded"),
    ("schedule", {"interval_ms": 20_000}, "every 20 s"),
    ("schedule", {"cron": "0 7 * * *"}, "at 0 7 * * *"),
    (
        "event",
        {"kind": "task.output", "when": (Condition("event.value", "ge", (3,)),)},
        "task.output where event.value is at least 3",
    ),
]
DOES: list[tuple[ActionType, dict[str, Any], str]] = [
    ("spawn_agent", {"agents": ("a",)}, "spawns a"),
    ("spawn_dependent_agents", {"agents": ("a", "b", "c")}, "spawns a, b and c"),
    ("spawn_team", {"team": TeamId("ops")}, "spawns team ops"),
    ("spawn_troubleshooter", {}, "spawns devops-troubleshooter"),
    ("ask_human", {"question": QuestionName("sure")}, "asks you sure"),
    ("create_task", {"agent": AgentId("ben")}, "creates a task for ben"),
    ("create_task", {"skill": "sql"}, "creates a task for sql"),
    ("set_memory", {"set": ((MemoryKey("a"), 1), (MemoryKey("b"), 2))}, "sets a and b"),
    ("notify", {}, "tells you"),
    ("restart_agent", {}, "restarts the agent"),
    ("pause_agent", {"agent": AgentId("ben")}, "pauses ben"),
    ("resume_agent", {"agent": AgentId("ben")}, "continues ben"),
]


@pytest.mark.parametrize(("type_", "more", "said"), WAITS)
def test_what_it_waits_for(type_: TriggerType, more: dict[str, Any], said: str) -> None:
    assert waits_for(TriggerSpec(NAME, type_, "notify", **more)) == said


@pytest.mark.parametrize(("action", "more", "said"), DOES)
def test_what_it_has_done(action: ActionType, more: dict[str, Any], said: str) -> None:
    assert does(TriggerSpec(NAME, "memory_key", action, **more)) == said


def test_every_type_and_every_action_is_told() -> None:
    assert {type_ for type_, _, _ in WAITS} == {*get_args(TriggerType)}
    assert {action for action, _, _ in DOES} == {*get_args(ActionType)}


@pytest.mark.parametrize(
    ("fires", "said"), [(1, "once"), (2, "twice"), (3, "3 times"), (9_900, "9,900 times")]
)
def test_how_often(fires: int, said: str) -> None:
    assert how_often(fires) == said


def test_who_had_somebody_spawned() -> None:
    spawn = SpawnId("t@12.1")
    assert spawned_by(spawn) == "trigger t, because of event 12"
    assert spawned_by(SpawnId("@7.1")) == "the operator, by hand, because of event 7"
    by_strategy = SpawnId("strategy:scale_up@9.2")
    assert spawned_by(by_strategy) == "strategy scale_up, because of event 9"
    assert is_of(spawn, NAME)
    assert not is_of(SpawnId("tt@12.1"), NAME)
    assert not is_of(None, NAME)
