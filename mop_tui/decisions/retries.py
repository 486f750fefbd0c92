"""What follows when an attempt at a task fails: another attempt after a rest, or the end of it.

The rest grows from one retry to the next and strays a little, so that tasks that fail together do
not come back together. Since no decision draws at random, it strays by a hash of the session's
seed, the task and the number of the retry.
"""

from hashlib import blake2b

from mop_tui.decisions.issues import attempt_of, failure_of
from mop_tui.domain.actions import Action, MoveTask, OpenIssue, SetTimer
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Retry
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


def is_final(session: Session, task: Task) -> bool:
    """True if a failure of `task` now is the end of it, and not tried again."""
    return task.retries >= task.spec.retry.times or session.status != "running"


def attempt_failed(
    session: Session, task: Task, agent: AgentId, how: str, advice: str
) -> tuple[Action, ...]:
    """Return what becomes of a task whose attempt by `agent` failed; `how` completes a sentence
    about it, and `advice` says what the operator could do."""
    spec = task.spec
    if is_final(session, task):
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
