"""How hard a task is and what it takes, where the layout does not say."""

from collections.abc import Collection

from mop_tui.domain.plan import TaskSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.triggers import Complexity

MINUTE = 60_000
LONG = 30 * MINUTE
SHORT = 5 * MINUTE
MANY_NEEDS = 4
MANY_KEYS = 3
HIGH = 3
"""Signs of being hard that make a task `high`; one makes it `medium`."""


def of(task: TaskSpec) -> Complexity:
    """Return how hard `task` is: as declared, or by counting signs.

    It is expected to take five minutes or more: one; half an hour or more: two. It needs four or
    more things, provides three or more keys, waits for a human, is urgent: one each. Three signs
    make it high, one makes it medium.
    """
    if task.complexity is not None:
        return task.complexity
    expected = task.expected_ms or 0
    signs = sum(
        (
            expected >= SHORT,
            expected >= LONG,
            len(task.needs_tasks) + len(task.needs_keys) >= MANY_NEEDS,
            len(task.provides) >= MANY_KEYS,
            task.gate is not None,
            task.priority >= Priority.URGENT,
        )
    )
    if signs >= HIGH:
        return "high"
    return "medium" if signs else "low"


def takes(task: TaskSpec, skill: str, of_agent: Collection[str]) -> bool:
    """Return whether `task` takes `skill`: it requires it, or it says no skill and whoever it is
    meant for has it (`of_agent` are the skills of that agent), or its title names it."""
    if task.requires_skill is not None:
        return task.requires_skill == skill
    return skill in of_agent or skill.lower() in words(task)


def words(task: TaskSpec) -> list[str]:
    """Return the words of a title that may name a skill: none where the task says which it is."""
    if task.requires_skill is not None:
        return []
    return task.title.lower().replace("-", " ").split()
