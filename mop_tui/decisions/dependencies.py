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
    fate = "failed" if data.to_state is TaskState.FAILED else "was cancelled"
    lost = dict.fromkeys(
        session.dependants.get(data.task, ()), f"it needs {data.task}, which {fate}"
    )
    for key in session.tasks[data.task].spec.provides:
        if session.provided(key) or not _all_ended(session, session.providers[key]):
            continue
        for task in session.waiting_for_key.get(key, ()):
            lost.setdefault(task, f"it needs {key} from {data.task}, which {fate}")
    pending = [task for task in lost if session.tasks[task].state is TaskState.PENDING]
    if len(pending) > 1:
        pending.sort(key=session.rank)
    for task in pending:
        yield SystemDecided(
            rule="needs_impossible",
            verdict="yes",
            reason=lost[task],
            actions=(MoveTask(task, TaskTrigger.CANCELLED, because_of=data.task),),
            task=task,
        )


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
    if task.when:
        return f"{listed(needs)}: all is there, and as it is wanted"
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
