"""What triggers wait for: whether an event is it."""

import re
from typing import assert_never

from mop_tui.decisions.retries import is_last
from mop_tui.domain import complexity
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.circumstances import Circumstances, error_of_attempt
from mop_tui.domain.conditions import unmet
from mop_tui.domain.path_patterns import compiled
from mop_tui.domain.review import is_rejection
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.domain.wording import lasting

_STATUS = {
    AgentState.DEGRADED: "degraded",
    AgentState.UNHEALTHY: "unhealthy",
    AgentState.FAILED: "unhealthy",
}


def why(spec: TriggerSpec, about: Circumstances) -> str:  # noqa: C901 - a type each
    """Return in a sentence what happened that `spec` waits for; empty if this is not it."""
    fact = about.event.data
    match spec.type:
        case "file_created" | "file_modified" | "file_deleted":
            if not compiled(spec.path_pattern).matches(fact.path):
                return ""
            return f"{fact.path} was {spec.type.removeprefix('file_')}"
        case "task_created":
            return _why_task(spec, about)
        case "dependency_ready":
            ready = fact.key == spec.key and about.session.provided(fact.key)
            return f"{fact.key} is there" if ready else ""
        case "memory_key":
            return f"{fact.key} was set" if fact.key == spec.key else ""
        case "agent_error":
            return _why_error(spec, about)
        case "environment_deploy":
            task = about.task
            ready = fact.to_state is TaskState.READY and task is not None
            if not ready or task is None or task.spec.environment != spec.environment:
                return ""
            if task.spec.gated_by == spec.name:
                return ""  # it is asked at the gate of the task
            return f"{task.spec.id} deploys to {spec.environment}"
        case "agent_health":
            return _why_health(spec, about)
        case "schedule":
            if fact.trigger != spec.name:
                return ""
            often = f" every {lasting(spec.interval_ms)}" if spec.interval_ms else ""
            return f"it is due{often}"
        case "event":
            if unmet(spec.when, about.find) is not None:
                return ""
            return f"{about.event.kind} happened"
        case _:
            assert_never(spec.type)


def _why_task(spec: TriggerSpec, about: Circumstances) -> str:
    task = about.event.data.spec
    if task.context:
        return ""  # it was created by a trigger or by hand, for somebody
    pinned = about.session.agents.get(task.agent) if task.agent is not None else None
    skills = () if pinned is None else pinned.spec.skills
    said = f"{task.id} was created"
    if spec.requires_skill:
        if not complexity.takes(task, spec.requires_skill, skills):
            return ""
        said += f", which takes {spec.requires_skill}"
    if spec.complexity is not None:
        if complexity.of(task) != spec.complexity:
            return ""
        said += f"{' and' if spec.requires_skill else ', which'} is of {spec.complexity} complexity"
    return said


def _why_error(spec: TriggerSpec, about: Circumstances) -> str:
    error, agent, fact = about.error, about.agent, about.event.data
    if error is None or agent is None:
        return ""
    if isinstance(fact, e.AgentExited) and agent.stopping:
        return ""  # it was told to end
    if isinstance(fact, e.SystemDone) and fact.effect == "run_hook" and about.session.hook_stopped:
        return ""  # so was the hook
    if not isinstance(fact, e.SystemDone) and agent.incarnation != fact.incarnation:
        return ""
    if not isinstance(fact, e.AgentErred) and (_tried_again(about) or _rejects(about)):
        return ""
    if spec.error_type and error.type != spec.error_type:
        return ""
    if spec.error_pattern and not re.search(spec.error_pattern, f"{error.type}: {error.message}"):
        return ""
    return f"{agent.spec.id} met {error.type}" + (f": {error.message}" if error.message else "")


def _rejects(about: Circumstances) -> bool:
    """True if what looks like a failed attempt is the verdict of a review."""
    fact = about.event.data
    return isinstance(fact, e.AgentExited | e.AgentFinished) and is_rejection(about.task, fact)


def _tried_again(about: Circumstances) -> bool:
    """True if the attempt that failed is not the last one."""
    task = about.task
    if task is None:
        return False
    return not is_last(task, error_of_attempt(task, about.agent, about.event.data).type)


def _why_health(spec: TriggerSpec, about: Circumstances) -> str:
    fact, agent = about.event.data, about.agent
    if agent is None:
        return ""
    if isinstance(fact, e.AgentHealth):
        is_it = fact.status == spec.status and agent.incarnation == fact.incarnation
        return f"{agent.spec.id} says that it is {spec.status}" if is_it else ""
    status = _STATUS.get(fact.to_state)
    if fact.from_state in _STATUS and fact.to_state is AgentState.ACTIVE:
        status = "healthy"
    return f"{agent.spec.id} is {fact.to_state}" if status == spec.status else ""
