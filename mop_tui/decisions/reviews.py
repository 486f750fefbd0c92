"""Reviews: somebody else looks at what was done before it counts as complete.

What is handed in is given to its reviewer as a task of its own. The end of that is the verdict, and
each is decided about once: the task is complete, or goes back to be done again, or fails if it was
sent back as often as it may be. A review that comes to no verdict approves nothing: what it is
about waits for another one, or for the operator.
"""

from collections.abc import Iterator, Sequence

from mop_tui.decisions.issues import failure_of, unreviewed
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.steering import cancelled
from mop_tui.decisions.work import provided
from mop_tui.domain.actions import Action, CloseIssue, CreateNew, MoveTask, OpenIssue
from mop_tui.domain.events import AnyEvent, SystemDecided, TaskTransitioned
from mop_tui.domain.plan import Plan
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.review import is_awaited, is_lost, latest, reviewed, to_ask_for, verdict_of
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger


def ask_for_review(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Have what was handed in looked at."""
    data: TaskTransitioned = event.data
    review = to_ask_for(session.tasks[data.task])
    if review is not None:
        reason = f"{review.agent} is to review it before it counts as complete"
        create = CreateNew(review)
        yield SystemDecided("ask_for_review", "yes", reason, (create,), review.agent, data.task)


def obey_verdict(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Complete what was approved, and send back what was rejected."""
    data: TaskTransitioned = event.data
    review = session.tasks[data.task]
    task = reviewed(session, review)
    if task is None:
        return
    verdict, by, name = verdict_of(review.output), review.agent, task.spec.id
    actions: tuple[Action, ...] = ()
    if not is_awaited(review, task) or verdict is None:
        reason = f"{name} is {task.state} and waits for no verdict of it"
        yield SystemDecided("obey_verdict", "no", reason, (), by, name)
        return
    said = f": {verdict.reason}" if verdict.reason else ""
    limit = 0 if task.spec.review is None else task.spec.review.rounds
    if verdict.approved:
        reason = f"{by} approves it{said}"
        actions = (MoveTask(name, TaskTrigger.FINISHED, task.agent), *provided(session, task))
    elif task.rejections < limit:
        reason = f"{by} rejects it ({task.rejections + 1} of {limit}){said}"
        actions = (MoveTask(name, TaskTrigger.SENT_BACK, by),)
    else:
        reason = f"{by} rejects it, and it was sent back as often as it may be{said}"
        actions = (_rejected_for_good(task, review, said), MoveTask(name, TaskTrigger.FAILED, by))
    yield SystemDecided(
        "obey_verdict", "yes" if verdict.approved else "no", reason, actions, by, name
    )


def _rejected_for_good(task: Task, review: Task, said: str) -> OpenIssue:
    name, times = task.spec.id, task.rejections + 1
    rounds = f" {times} times" if times > 1 else ""
    return OpenIssue(
        "critical",
        f"{name} failed: {review.agent} rejected it{rounds}{said}",
        "mend what was found, then retry it",
        agent=task.agent,
        task=name,
        key=failure_of(name),
        remedy=Remedy("retry_task", name),
    )


def miss_verdict(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the operator that a review was cancelled, and that what it is about still waits for it.

    Of one that failed, it is told already.
    """
    data: TaskTransitioned = event.data
    review = session.tasks[data.task]
    task = reviewed(session, review)
    if task is None or not is_awaited(review, task) or session.status != "running":
        return
    name, by = task.spec.id, review.spec.agent
    issue = OpenIssue(
        "critical",
        f"{name} waits for its review by {by}, which was cancelled",
        f"retry {data.task}, or cancel {name}",
        agent=by,
        task=name,
        key=unreviewed(name),
        remedy=Remedy("retry_task", data.task),
    )
    reason = "its review was cancelled, and that is no verdict"
    yield SystemDecided("miss_verdict", "no", reason, (issue,), by, name)


def end_review(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Cancel the review of what was cancelled itself.

    When the session ends, everything is cancelled anyway.
    """
    data: TaskTransitioned = event.data
    review = latest(session, session.tasks[data.task])
    if review is None or review.state in TERMINAL or session.status != "running":
        return
    reason = f"{data.task} is {data.to_state}, so there is nothing to review"
    actions = cancelled(session, review.spec.id)
    yield SystemDecided("end_review", "yes", reason, actions, review.agent, review.spec.id)


def settle_review(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Close what was told of a review without a verdict, once it is done after all, or what it is
    about is over."""
    data: TaskTransitioned = event.data
    task = session.tasks[data.task]
    of = reviewed(session, task) or task
    review = latest(session, of)
    if review is None or (of.state is TaskState.REVIEWING and is_lost(review)):
        return ()
    known = [unreviewed(of.spec.id)]
    if task is of:  # what was told of a task that failed is settled with that by itself
        known.append(failure_of(review.spec.id))
    found = map(session.open_issue, known)
    settled = tuple(CloseIssue(issue.id) for issue in found if issue is not None)
    if not settled:
        return ()
    reason = f"{of.spec.id} does not wait any more for a review that has ended"
    return (SystemDecided("settle_review", "yes", reason, settled, task=of.spec.id),)


_LOST = (TaskState.FAILED, TaskState.CANCELLED)

RULES = (
    Rule("ask_for_review", (TaskTransitioned.KIND,), ask_for_review, into=(TaskState.REVIEWING,)),
    Rule("obey_verdict", (TaskTransitioned.KIND,), obey_verdict, into=(TaskState.COMPLETE,)),
    Rule("miss_verdict", (TaskTransitioned.KIND,), miss_verdict, into=(TaskState.CANCELLED,)),
    Rule("end_review", (TaskTransitioned.KIND,), end_review, into=_LOST),
    Rule(
        "settle_review",
        (TaskTransitioned.KIND,),
        settle_review,
        into=(TaskState.PENDING, TaskState.READY, *TERMINAL),
    ),
)
