"""How often a task was tried, and when it is tried again."""

from mop_tui.domain.rows import Task


def attempt(task: Task) -> str:
    """Return which attempt it is, or is about to be; empty for the only one there is."""
    of = task.spec.retry.times + 1
    if of > 1:
        return f"attempt {task.retries + 1} of {of}"
    return f"attempt {task.attempts}" if task.attempts > 1 else ""


def trying_again(task: Task, now: int) -> str:
    """Return when a task that rests is tried again; empty if it does not rest."""
    if task.rests_until is None:
        return ""
    left = task.rests_until - now
    when = f"in {-(-left // 1000)} s" if left > 0 else "any moment"
    return f"tries again {when}, {attempt(task)}"
