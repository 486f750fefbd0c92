"""Reviews: who looks at what was done before it counts as complete, and what comes of it.

A review is a task of its own, which the session creates when work is handed in. It is COMPLETE when
it has a verdict: what its agent delivered says which. A JSON object with a `verdict` is one; all
else approves, so that a program which knows nothing of this approves by ending well.
"""

import json

from pydantic import JsonValue

from mop_tui.domain.events import AgentExited, AgentFinished
from mop_tui.domain.ids import TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import TaskSpec
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TaskState

REJECTED = "rejected"
"""The type of failure by which a program rejects what it reviews."""
_VERDICTS = {"approve": True, "reject": False}
_LOST = (TaskState.FAILED, TaskState.CANCELLED)


@immutable
class Verdict:
    """What a reviewer says of work."""

    approved: bool
    reason: str = ""


def verdict_of(output: str) -> Verdict | None:
    """Return what a review that delivered `output` says; None if that is neither yes nor no."""
    try:
        said = json.loads(output)
    except (ValueError, RecursionError):
        return Verdict(approved=True)
    if not isinstance(said, dict) or "verdict" not in said:
        return Verdict(approved=True)
    word = said["verdict"]
    approved = _VERDICTS.get(word) if isinstance(word, str) else None
    if approved is None:
        return None
    reason = said.get("reason")
    return Verdict(approved, reason if isinstance(reason, str) else "")


def result_of(task: Task | None, end: AgentExited | AgentFinished) -> str:
    """Return what an attempt at `task` delivered, as which the rejection of a review counts."""
    if not is_rejection(task, end):
        return end.result
    return json.dumps({"verdict": "reject", "reason": end.message or end.result})


def is_rejection(task: Task | None, end: AgentExited | AgentFinished) -> bool:
    """Return whether an attempt at a review ended as programs end that reject."""
    return task is not None and task.spec.reviews is not None and end.failed == REJECTED


def review_of(task: TaskId) -> TaskId:
    """Return what the reviews of a task are called, before their numbers."""
    return TaskId(f"review-of-{task}")


def to_ask_for(task: Task) -> TaskSpec | None:
    """Return the review of `task` as a task, under an id that still lacks its number; None if
    nobody is to review it."""
    spec, review = task.spec, task.spec.review
    if review is None:
        return None
    about: dict[str, JsonValue] = {
        "task": spec.id,
        "title": spec.title,
        "by": task.agent,
        "round": task.rejections + 1,
    }
    return TaskSpec(
        id=review_of(spec.id),
        title=f"Review: {spec.title}",
        agent=review.by,
        priority=spec.priority,
        expected_ms=review.expected_ms,
        retry=review.retry,
        timeout_ms=review.timeout_ms,
        reviews=spec.id,
        context={"review": about},
        depth=spec.depth,
    )


def is_lost(review: Task) -> bool:
    """Return whether a review ended without a verdict."""
    return review.state in _LOST


def latest(session: Session | Snapshot, task: Task) -> Task | None:
    """Return the latest review of `task`."""
    return None if task.review is None else session.tasks.get(task.review)


def reviewed(session: Session | Snapshot, review: Task) -> Task | None:
    """Return the task whose review this is; None if it is none."""
    return None if review.spec.reviews is None else session.tasks.get(review.spec.reviews)


def is_awaited(review: Task, task: Task) -> bool:
    """Return whether `task` waits for the verdict of this review."""
    return task.state is TaskState.REVIEWING and task.review == review.spec.id


def reasons(session: Session | Snapshot, task: Task) -> list[JsonValue]:
    """Return why reviews rejected what was done of `task`, the first one first, as whoever does it
    again is told."""
    return [_told(session.tasks[name]) for name in task.rejected_by]


def _told(review: Task) -> JsonValue:
    verdict = verdict_of(review.output)
    return {"from": review.agent, "reason": "" if verdict is None else verdict.reason}
