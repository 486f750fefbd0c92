"""What follows when an attempt at a task fails: another attempt after a rest, or the end of it.

The rest grows from one retry to the next and strays a little, so that tasks that fail together do
not come back together. Since no decision draws at random, it strays by a hash of the session's
seed, the task and the number of the retry.

What a task says in `on_error` about the type of the error takes the place of that: it is tried
again only if that says so, skipped if that says so, and else fails at once.
"""

from hashlib import blake2b
from typing import Literal

from mop_tui.decisions.issues import attempt_of, failure_of
from mop_tui.domain.actions import Action, MoveTask, OpenIssue, SetTimer
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Retry
from mop_tui.domain.reactions import reactions_to_error
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskTrigger
from mop_tui.domain.timers import rest_of
from mop_tui.domain.wording import lasting

JITTER = 0.2
"""How far, as a share, a rest strays from its nominal length."""


def rest(retry: Retry, number: int, seed: int, task: str) -> int:
    """Return for how many milliseconds `task` rests before its retry `number`, from 1.

    Exponential backoff with bounded jitter, as in the AWS Architecture Blog, "Exponential Backoff
    And Jitter", but around the nominal length, so that what is announced is nearly what happens.
    """
    nominal = min(retry.max_delay_ms, retry.delay_ms << min(number - 1, 32))
    drawn = blake2b(f"{seed}/{task}/{number}".encode(), digest_size=4).digest()
    share = int.from_bytes(drawn) / 0xFFFF_FFFF
    return round(nominal * (1 - JITTER + 2 * JITTER * share))


def is_last(task: Task, error: str) -> bool:
    """True if an attempt at `task` that fails by an error of this type is not made again."""
    return task.retries >= task.spec.retry.times or not _asks_for(task, error, "retry")


def is_final(session: Session, task: Task, error: str) -> bool:
    """True if a failure of `task` now, by an error of this type, is the end of it."""
    return is_last(task, error) or session.status != "running"


def said_on_error(session: Session, task: Task, error: str) -> str:
    """Return what the task says in `on_error` about its being tried again, to follow the reason of
    a decision about its failed attempt; empty where it says nothing about this type of error."""
    if reactions_to_error(task.spec.on_error, error) is None or session.status != "running":
        return ""
    what = error or "such an error"
    if _asks_for(task, error, "skip"):
        return f", and on_error has the task skipped for {what}"
    if not _asks_for(task, error, "retry"):
        return f", and on_error has no retry for {what}"
    if is_last(task, error):
        return f", and on_error has {what} retried, but no retry is left"
    return f", and on_error has {what} retried"


def _asks_for(task: Task, error: str, do: Literal["retry", "skip"]) -> bool:
    """True if the task is to be tried again, or skipped, after an error of this type."""
    reactions = reactions_to_error(task.spec.on_error, error)
    if reactions is None:
        return do == "retry"
    return any(reaction.do == do for reaction in reactions)


def attempt_failed(
    session: Session, task: Task, agent: AgentId, how: str, advice: str, error: str
) -> tuple[Action, ...]:
    """Return what becomes of a task whose attempt by `agent` failed by an error of type `error`;
    `how` completes a sentence about it, and `advice` says what the operator could do."""
    spec = task.spec
    if session.status == "running" and _asks_for(task, error, "skip"):
        return (
            OpenIssue(
                "warning",
                f"{spec.id} was skipped: {how}",
                "retry it if it is to be done after all",
                agent=agent,
                task=spec.id,
                key=failure_of(spec.id),
                remedy=Remedy("retry_task", spec.id),
            ),
            MoveTask(spec.id, TaskTrigger.CANCELLED, agent),
        )
    if is_final(session, task, error):
        again = f" (after {task.retries + 1} attempts)" if task.retries else ""
        text = f"{spec.id} failed{again}: {how}"
        return (
            OpenIssue(
                "critical",
                text,
                advice,
                agent=agent,
                task=spec.id,
                key=failure_of(spec.id),
                remedy=Remedy("retry_task", spec.id),
            ),
            MoveTask(spec.id, TaskTrigger.FAILED, agent),
        )
    number = task.retries + 1
    pause = rest(spec.retry, number, session.seed, spec.id)
    return (
        OpenIssue(
            "warning",
            f"{spec.id} failed: {how}",
            f"it is tried again in {lasting(pause)} ({number} of {spec.retry.times})",
            agent=agent,
            task=spec.id,
            key=attempt_of(spec.id),
            remedy=Remedy("look_at_agent", agent),
        ),
        SetTimer(rest_of(spec.id), session.at + pause, task=spec.id, purpose="retry"),
        MoveTask(spec.id, TaskTrigger.REQUEUED, agent),
    )
