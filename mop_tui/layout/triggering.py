"""The triggers of a plan, made of those that a layout declares."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from mop_tui.domain.conditions import Condition, Operator
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TeamId, TriggerName
from mop_tui.domain.plan import QuestionSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.triggers import TROUBLESHOOTER, ActionType, TriggerSpec
from mop_tui.layout import trigger_section
from mop_tui.layout.schema import Layout
from mop_tui.layout.trigger_section import Comparison, Trigger

PRIORITIES = {
    "low": Priority.LOW,
    "normal": Priority.NORMAL,
    "medium": Priority.NORMAL,
    "high": Priority.HIGH,
    "urgent": Priority.URGENT,
    "critical": Priority.CRITICAL,
}


def triggers(layout: Layout) -> tuple[TriggerSpec, ...]:
    """Return the triggers of `layout`, each under a name of its own."""
    return tuple(
        _spec(name, trigger)
        for name, trigger in zip(names(layout.triggers), layout.triggers, strict=True)
    )


def names(declared: Sequence[Trigger]) -> list[TriggerName]:
    """Return what triggers are called: as they say, or by their type, numbered where needed."""
    taken = {trigger.name for trigger in declared}
    numbers: Counter[str] = Counter()
    found = []
    for trigger in declared:
        of_type = trigger.type.replace("_", "-")
        name = trigger.name or ""
        while not name or (trigger.name is None and name in taken):
            numbers[of_type] += 1
            name = of_type if numbers[of_type] == 1 else f"{of_type}-{numbers[of_type]}"
        taken.add(name)
        found.append(TriggerName(name))
    return found


def team_of(trigger: Trigger) -> str | None:
    """Return the team that a trigger spawns: as it says, or as its action names it."""
    if trigger.action != "spawn_team" and action_of(trigger) == "spawn_team":
        return trigger.action.removeprefix("spawn_").removesuffix("_team")
    return trigger.team


def action_of(trigger: Trigger) -> ActionType:
    """Return what a trigger has done."""
    if trigger.action.startswith("spawn_") and trigger.action.endswith("_team"):
        return "spawn_team"
    if trigger.action == "ask_human_approval":
        return "ask_human"
    return next(action for action in get_args(ActionType) if action == trigger.action)


def takes_over(trigger: Trigger | TriggerSpec) -> bool:
    """Return whether whoever a trigger spawns does the task because of which it is spawned."""
    return (
        trigger.type == "task_created" and trigger.action.startswith("spawn_") and not trigger.task
    )


def agents_of(trigger: Trigger) -> tuple[str, ...]:
    """Return whom a trigger spawns, by type or id."""
    named = (*([trigger.agent_type] if trigger.agent_type else []), *trigger.agents)
    if action_of(trigger) == "spawn_troubleshooter" and not named:
        return (TROUBLESHOOTER,)
    return tuple(dict.fromkeys(named))


def questions(layout: Layout, specs: Sequence[TriggerSpec]) -> Mapping[QuestionName, QuestionSpec]:
    """Return the questions that triggers ask of their own: those that the layout does not have."""
    made: dict[QuestionName, QuestionSpec] = {}
    for spec in specs:
        if spec.question is not None and spec.question not in layout.questions:
            made[spec.question] = QuestionSpec(
                name=spec.question,
                question=_approval(spec),
                required=True,
            )
        if spec.start_question is not None:
            made[spec.start_question] = QuestionSpec(
                name=spec.start_question,
                question=f"Start what the trigger {spec.name} has spawned somebody for?",
                context=(("task", "${task.title}"), ("by", "${task.agent}")),
            )
    return made


def _approval(spec: TriggerSpec) -> str:
    if spec.task:
        return spec.task
    if spec.type == "environment_deploy":
        return f"Deploy to {spec.environment}?"
    return f"Approve what the trigger {spec.name} asks about?"


def _spec(name: TriggerName, trigger: Trigger) -> TriggerSpec:
    action = action_of(trigger)
    team = team_of(trigger)
    key = trigger.wait_for if trigger.type == "dependency_ready" else trigger.key
    once = 1 if trigger.type == "dependency_ready" else None
    asks = action == "ask_human"
    return TriggerSpec(
        name=name,
        type=trigger.type,
        action=action,
        path_pattern=trigger.path_pattern or "",
        requires_skill=trigger.requires_skill or "",
        complexity=trigger.complexity,
        key=None if key is None else MemoryKey(key),
        error_type=trigger.error_type or "",
        error_pattern=trigger.error_pattern or "",
        environment=trigger.environment or "",
        status=trigger.status,
        interval_ms=trigger.interval,
        cron=trigger.cron or "",
        kind=trigger.kind or "",
        when=tuple(conditions(trigger.when)),
        agents=agents_of(trigger),
        team=None if team is None else TeamId(team),
        agent=None if trigger.agent is None else AgentId(trigger.agent),
        task=trigger.task or "",
        skill=trigger.skill or "",
        priority=_priority(trigger, action),
        question=QuestionName(trigger.question or name) if asks else None,
        start_question=None if trigger.auto_start else QuestionName(f"start/{name}"),
        model=trigger.model,
        set=tuple((MemoryKey(key), value) for key, value in trigger.set.items()),
        cooldown_ms=trigger.cooldown,
        max_fires=trigger.max_fires or once,
        dedupe_key=trigger.dedupe_key or "",
    )


def _priority(trigger: Trigger, action: ActionType) -> Priority:
    if action == "spawn_troubleshooter" and "priority" not in trigger.model_fields_set:
        return Priority.URGENT
    return PRIORITIES[trigger.priority]


def conditions(when: trigger_section.Condition) -> Iterator[Condition]:
    """Yield what a layout's `when` says."""
    for path, comparison in when.items():
        operator, value = _compared(comparison)
        values = tuple(value) if isinstance(value, list) else (value,)
        yield Condition(path, operator, values)


def _compared(comparison: Comparison) -> tuple[Operator, Any]:
    (name,) = comparison.model_fields_set
    operator = next(known for known in get_args(Operator) if known == name.removesuffix("_"))
    return operator, getattr(comparison, name)
