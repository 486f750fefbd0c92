"""Triggers in words: what each waits for, and what it has done then."""

from typing import assert_never

from mop_tui.domain.conditions import Condition
from mop_tui.domain.ids import SpawnId, TriggerName
from mop_tui.domain.reactions import task_that_failed
from mop_tui.domain.strategies import strategy_of
from mop_tui.domain.triggers import TROUBLESHOOTER, TriggerSpec
from mop_tui.domain.wording import lasting, listed, words


def waits_for(spec: TriggerSpec) -> str:
    """Return what a trigger waits for, in a few words."""
    match spec.type:
        case "file_created" | "file_modified" | "file_deleted":
            return f"{words(spec.type)} {spec.path_pattern}"
        case "task_created":
            kind = f" of {spec.complexity} complexity" if spec.complexity else ""
            skill = f" that takes {spec.requires_skill}" if spec.requires_skill else ""
            return f"task created{kind}{skill}"
        case "dependency_ready":
            return f"{spec.key} is there"
        case "memory_key":
            return f"{spec.key} is set"
        case "agent_error":
            like = f" like {spec.error_pattern}" if spec.error_pattern else ""
            return f"error {spec.error_type}{like}" if spec.error_type else f"any error{like}"
        case "environment_deploy":
            return f"deploying to {spec.environment}"
        case "agent_health":
            return f"agent is {spec.status}"
        case "schedule":
            return f"every {lasting(spec.interval_ms)}" if spec.interval_ms else f"at {spec.cron}"
        case "event":
            also = f" where {conditions(spec)}" if spec.when else ""
            return f"{spec.kind}{also}"
        case _:
            assert_never(spec.type)


def does(spec: TriggerSpec) -> str:
    """Return what a trigger has done when it fires, in a few words."""
    match spec.action:
        case "spawn_agent" | "spawn_dependent_agents":
            return f"spawns {listed(spec.agents)}"
        case "spawn_team":
            return f"spawns team {spec.team}"
        case "spawn_troubleshooter":
            return f"spawns {listed(spec.agents) or TROUBLESHOOTER}"
        case "ask_human":
            return "asks you to let it" if spec.gate else f"asks you {spec.question}"
        case "create_task":
            return f"creates a task for {spec.agent or spec.skill}"
        case "set_memory":
            return f"sets {listed([key for key, _ in spec.set])}"
        case "notify":
            return "tells you"
        case "restart_agent" | "pause_agent" | "resume_agent":
            verb = {"restart_agent": "restarts", "pause_agent": "pauses"}.get(
                spec.action, "continues"
            )
            return f"{verb} {spec.agent or 'the agent'}"
        case _:
            assert_never(spec.action)


def conditions(spec: TriggerSpec) -> str:
    """Return what must hold besides for a trigger to fire."""
    return listed(list(map(_condition, spec.when)))


def _condition(condition: Condition) -> str:
    return f"{condition.path} is {condition.wanted}"


def how_often(fires: int) -> str:
    """Return how often something happened."""
    return "once" if fires == 1 else "twice" if fires == 2 else f"{fires:,} times"


def spawned_by(spawn: SpawnId) -> str:
    """Return who or what had an agent spawned."""
    trigger, _, number = spawn.rpartition("@")
    event = number.partition(".")[0]
    strategy = strategy_of(spawn)
    who = f"trigger {trigger}" if trigger else "the operator, by hand"
    who = f"strategy {strategy}" if strategy else who
    task = task_that_failed(spawn)
    who = f"on_error of {task}" if task else who
    return f"{who}, because of event {event}"


def is_of(spawn: SpawnId | None, trigger: TriggerName) -> bool:
    """True if an agent was spawned by a trigger."""
    return spawn is not None and spawn.rpartition("@")[0] == trigger
