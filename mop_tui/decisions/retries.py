"""What follows when an attempt at a task fails: another attempt after a rest, or the end of it.

The rest grows from one retry to the next and strays a little, so that tasks that fail together do
not come back together. Since no decision draws at random, it strays by a hash of the session's
seed, the task and the number of the retry.
"""

from collections.abc import Iterator
from hashlib import blake2b

from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import Action, CloseIssue, MoveTask, OpenIssue, SetTimer
from mop_tui.domain.events import AnyEvent, SystemDecided, TaskTransitioned
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Plan, Retry
from mop_tui.domain.rows import Issue, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger
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


def attempt_failed(
    session: Session, task: Task, agent: AgentId, how: str, advice: str
) -> tuple[Action, ...]:
    """Return what becomes of a task whose attempt by `agent` failed; `how` completes a sentence
    about it, and `advice` says what the operator could do."""
    spec = task.spec
    if task.retries >= spec.retry.times or session.status != "running":
        again = f" (after {task.retries + 1} attempts)" if task.retries else ""
        text = f"{spec.id} failed{again}: {how}"
        return (
            OpenIssue("critical", text, advice, agent=agent, task=spec.id),
            MoveTask(spec.id, TaskTrigger.FAILED, agent),
        )
    number = task.retries + 1
    pause = rest(spec.retry, number, session.seed, spec.id)
    return (
        OpenIssue(
            "warning",
            f"{_failed(spec.id)}{how}",
            f"it is tried again in {lasting(pause)} ({number} of {spec.retry.times})",
            agent=agent,
            task=spec.id,
        ),
        SetTimer(rest_of(spec.id), session.at + pause, task=spec.id, purpose="retry"),
        MoveTask(spec.id, TaskTrigger.REQUEUED, agent),
    )


def settle_issues(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close the warnings about attempts that failed, once it is known what became of the task.

    If it is complete, the errors that those attempts told of are settled, too. What the attempt
    that succeeded told of stays.
    """
    data: TaskTransitioned = event.data
    task = session.tasks[data.task]
    if not task.retries:
        return
    complete = data.to_state is TaskState.COMPLETE
    warnings = tuple(
        CloseIssue(issue.id)
        for issue in session.issues.values()
        if issue.open
        and issue.task == data.task
        and issue.severity == "warning"
        and (
            issue.text.startswith(_failed(data.task))
            or (complete and _is_of_earlier_attempt(issue, task))
        )
    )
    if warnings:
        fate = "is complete after all" if complete else f"is {data.to_state} for good"
        yield SystemDecided("settle_issues", "yes", f"the task {fate}", warnings, task=data.task)


def _is_of_earlier_attempt(issue: Issue, task: Task) -> bool:
    """True if an agent told of an error before the latest attempt began."""
    told = issue.text.startswith(f"{issue.agent}: ")
    return told and task.started_at is not None and issue.opened_at < task.started_at


def _failed(task: TaskId) -> str:
    """Return how the warning about an attempt begins, which nothing else says."""
    return f"{task} failed: "


RULES = (Rule("settle_issues", (TaskTransitioned.KIND,), settle_issues, into=tuple(TERMINAL)),)
