"""What tasks need: when they become ready, and when they never can."""

from collections.abc import Iterable, Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import MoveTask
from mop_tui.domain.events import (
    AnyEvent,
    SystemDecided,
    SystemMemorySet,
    TaskCreated,
    TaskTransitioned,
)
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Plan, TaskSpec
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger


def needs_met(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Make the tasks READY that miss nothing any more, the most pressing first."""
    ready = [
        task
        for task in _concerned(session, event)
        if session.tasks[task].state is TaskState.PENDING
        and session.missing(session.tasks[task].spec) == ([], [])
    ]
    if len(ready) > 1:
        ready.sort(key=lambda task: urgency(session, task))
    for task in ready:
        yield SystemDecided(
            "needs_met",
            "yes",
            _why_ready(session.tasks[task].spec),
            (MoveTask(task, TaskTrigger.NEEDS_MET),),
            None,
            task,
        )


def needs_impossible(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Cancel the tasks that need what can no longer come.

    Of several, those behind others go first: each is cancelled once, for the nearest reason.
    """
    data: TaskTransitioned = event.data
    lost = _in_want_of(session, data.task, data.to_state)
    pending = [task for task in lost if session.tasks[task].state is TaskState.PENDING]
    if len(pending) > 1:
        pending.sort(key=session.rank)
    for task in pending:
        yield SystemDecided(
            rule="needs_impossible",
            verdict="yes",
            reason=lost[task],
            actions=(MoveTask(task, TaskTrigger.CANCELLED),),
            task=task,
        )


def lost_with(session: Session, task: TaskId) -> list[TaskId]:
    """Return the tasks that were cancelled because `task` failed or was cancelled, and those that
    were because of them: each after what it needs."""
    found: dict[TaskId, None] = {}
    left = [task]
    for one in left:
        for other, why in _in_want_of(session, one, session.tasks[one].state).items():
            row = session.tasks[other]
            if row.state is TaskState.CANCELLED and row.reason == why and other not in found:
                found[other] = None
                left.append(other)
    hopeless = [task]
    while hopeless:
        hopeless = [
            one
            for one in found
            for need in session.missing(session.tasks[one].spec)[0]
            if need != task and need not in found and not _may_come(session, need)
        ]
        for one in hopeless:
            found.pop(one, None)
    return list(found)


def _may_come(session: Session, task: TaskId) -> bool:
    return task in session.tasks and session.tasks[task].state not in TERMINAL


def _in_want_of(session: Session, task: TaskId, state: TaskState) -> dict[TaskId, str]:
    """Return what can no longer be done if `task` is in a `state` that is no good end, and why."""
    fate = "failed" if state is TaskState.FAILED else "was cancelled"
    lost = dict.fromkeys(session.dependants.get(task, ()), f"it needs {task}, which {fate}")
    for key in session.tasks[task].spec.provides:
        if session.provided(key) or not _all_ended(session, session.providers[key]):
            continue
        for other in session.waiting_for_key.get(key, ()):
            lost.setdefault(other, f"it needs {key} from {task}, which {fate}")
    return lost


def urgency(session: Session, task: TaskId) -> tuple[int, int]:
    """Return a sort key: higher priority first, then the longer remaining path."""
    return (-session.tasks[task].spec.priority, -session.rank(task))


def _concerned(session: Session, event: AnyEvent) -> Iterable[TaskId]:
    """Return the tasks that might have become ready by `event`."""
    data = event.data
    match data:
        case TaskCreated():
            return (data.task,)
        case SystemMemorySet():
            return session.waiting_for_key.get(data.key, ())
        case TaskTransitioned(to_state=TaskState.COMPLETE):
            return session.dependants.get(data.task, ())
        case TaskTransitioned(to_state=TaskState.PENDING):
            return (data.task,)
        case _:
            return ()


def _all_ended(session: Session, tasks: Iterable[TaskId]) -> bool:
    return all(session.tasks[task].state in TERMINAL for task in tasks)


def _why_ready(task: TaskSpec) -> str:
    needs = [*task.needs_tasks, *task.needs_keys]
    if not needs:
        return "it needs nothing"
    return f"{listed(needs)} {'is' if len(needs) == 1 else 'are'} there"


RULES = (
    Rule(
        "needs_met",
        (TaskCreated.KIND, TaskTransitioned.KIND, SystemMemorySet.KIND),
        needs_met,
        into=(TaskState.COMPLETE, TaskState.PENDING),
    ),
    Rule(
        "needs_impossible",
        (TaskTransitioned.KIND,),
        needs_impossible,
        into=(TaskState.FAILED, TaskState.CANCELLED),
    ),
)
