"""Tasks that failed or were cancelled, and are to be done after all."""

from collections import deque
from collections.abc import Container, Mapping

from mop_tui.domain import review
from mop_tui.domain.agent_lifecycle import LIVE
from mop_tui.domain.ids import MemoryKey, TaskId
from mop_tui.domain.needed_keys import is_provided
from mop_tui.domain.plan import Lifetime
from mop_tui.domain.rows import MOST_DEATHS, Agent, Task
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.wording import listed

_LOST = (TaskState.FAILED, TaskState.CANCELLED)
_NAMED = 3


def refusal(session: Session | Snapshot, task_id: TaskId) -> str:
    """Return why a task cannot be done after all; empty if it can."""
    task = session.tasks.get(task_id)
    if task is None:
        return "there is no such task"
    if task.state not in _LOST:
        return f"it is {task.state}{_retry_review(session, task)}"
    reviewed = review.reviewed(session, task)
    if reviewed is not None and not review.is_awaited(task, reviewed):
        return f"{reviewed.spec.id} does not wait for this review any more"
    holder = session.agents.get(task.agent) if task.agent is not None else None
    if holder is not None and holder.task == task_id:
        return f"{task.agent} has not let go of it yet"
    providers = _providers(session.tasks) if task.spec.needs_keys else {}
    missing = _impossible(session, task, providers, ())
    return missing or _nobody(session, task)


def _retry_review(session: Session | Snapshot, task: Task) -> str:
    """Return that the review of a task is what to do again, if there is one and it is lost."""
    last = review.latest(session, task)
    if task.state is not TaskState.REVIEWING or last is None or not review.is_lost(last):
        return ""
    return f"; its review {last.spec.id} is {last.state}: do that again"


def brought_back(session: Session | Snapshot, task_id: TaskId) -> list[TaskId]:
    """Return what was cancelled for want of something, needs `task_id` and could be done if that
    were, directly or not; what is needed before what needs it."""
    tasks = session.tasks
    providers = _providers(tasks)
    needing: dict[TaskId, list[TaskId]] = {}
    for name, row in tasks.items():
        if row.state is TaskState.CANCELLED and row.because_of is not None:
            ways = [way for key in row.spec.needs_keys for way in providers.get(key, ())]
            for need in dict.fromkeys((*row.spec.needs_tasks, *ways)):
                needing.setdefault(need, []).append(name)
    back: dict[TaskId, None] = {task_id: None}
    queue = deque(back)
    while queue:
        for name in needing.get(queue.popleft(), ()):
            if name not in back and not _impossible(session, tasks[name], providers, back):
                back[name] = None
                queue.append(name)
    del back[task_id]
    return list(back)


def _providers(tasks: Mapping[TaskId, Task]) -> dict[MemoryKey, list[TaskId]]:
    providers: dict[MemoryKey, list[TaskId]] = {}
    for name, row in tasks.items():
        for key in row.spec.provides:
            providers.setdefault(key, []).append(name)
    return providers


def _impossible(
    session: Session | Snapshot,
    task: Task,
    providers: Mapping[MemoryKey, list[TaskId]],
    back: Container[TaskId],
) -> str:
    """Return what keeps a task from ever being done, though those in `back` will; empty if nothing
    does."""
    tasks = session.tasks
    lost = [
        need
        for need in task.spec.needs_tasks
        if need in tasks and tasks[need].state in _LOST and need not in back
    ]
    if lost:
        return f"it needs {lost[0]}, which is {tasks[lost[0]].state}; do that again first"
    for key in task.spec.needs_keys:
        ways = providers.get(key, ())
        over = ways and all(tasks[way].state in TERMINAL and way not in back for way in ways)
        if over and not is_provided(session.memory, key):
            return f"it needs {key}, which nobody provides any more"
    return ""


def _nobody(session: Session | Snapshot, task: Task) -> str:
    """Return that nobody is left to do a task; empty if somebody is, or may still be spawned."""
    spec = task.spec
    able = [
        agent
        for agent in session.agents.values()
        if agent.spec.id == spec.agent
        or (spec.agent is None and spec.requires_skill in agent.spec.skills)
    ]
    if not able or any(map(_is_usable, able)):
        return ""
    names = listed([agent.spec.id for agent in able[:_NAMED]], " or ")
    return f"nobody is left to do it; restart {names} first"


def _is_usable(agent: Agent) -> bool:
    """True if an agent is at work or would come back for work."""
    if agent.state in LIVE:
        return not agent.retired
    worn = agent.spec.lifetime is Lifetime.SESSION and agent.deaths >= MOST_DEATHS
    return not (agent.retired or agent.unprepared or worn)
