"""How often a task was tried, and when it is tried again."""

from mop_tui.domain.session import Task


def attempt(task: Task) -> str:
    """Return which attempt it is, or is about to be; empty for the only one there is."""
    of = task.spec.retry.times + 1
    if of > 1:
        return f"attempt {task.retries + 1} of {of}"
    return f"attempt {task.attempts}" if task.attempts > 1 else ""


def trying_again(task: Task, now: int) -> str:
    """Return when a task that rests is tried again; empty if it does not rest."""
    if not task.resting:
        return ""
    left = _rest_left(task, now)
    when = f"in about {-(-left // 1000)} s" if left > 0 else "any moment"
    return f"tries again {when}, {attempt(task)}"


def _rest_left(task: Task, now: int) -> int:
    """Return about how many milliseconds of the rest are left.

    A rest strays by up to a fifth from what the layout declares, and a task does not say how far.
    """
    retry = task.spec.retry
    rest = min(retry.max_delay_ms, retry.delay_ms << min(max(task.retries - 1, 0), 32))
    return task.since + rest - now
