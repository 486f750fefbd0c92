"""What is told to the operator, so often that it is noticed and not so often that it is ignored;
and when that is settled.

An issue says how things stand, so it is closed as soon as that is no longer so. What only a person
can judge stays open: what an agent told of work that counts, an edit of somebody else's file, and
what ended the session. `docs/contracts.md` has them all in one table.
"""

from collections.abc import Iterator, Sequence

from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import CloseIssue, OpenIssue
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import (
    SEVERITIES,
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemFired,
    SystemIssueClosed,
    TaskTransitioned,
)
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.issues import MOST_OPEN, Told, limit_of, more_of
from mop_tui.domain.plan import Plan
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Issue, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger

CALM = 60_000
"""Milliseconds that a trigger must have fired without a limit in the way for that to be over."""
_PASSING = ("per_minute", "cpu", "memory")
"""Limits that are in the way for a while; `total` and `depth` are not given back."""


def attempt_of(task: TaskId) -> str:
    """Return the key of the warning that a task failed and is tried again."""
    return f"attempt/{task}"


def failure_of(task: TaskId) -> str:
    """Return the key of the issue that a task failed for good."""
    return f"failed/{task}"


def gate_of(task: TaskId) -> str:
    """Return the key of the issue that a gate was not opened, be it for want of an answer."""
    return f"gate/{task}"


def start_of(agent: AgentId) -> str:
    """Return the key of the issue that an agent could not start."""
    return f"start/{agent}"


def given_up(agent: AgentId) -> str:
    """Return the key of the issue that an agent is given up."""
    return f"given-up/{agent}"


def missed(agent: AgentId) -> str:
    """Return the key of the issue that nobody is left to do what was meant for a stopped agent."""
    return f"missed/{agent}"


def unreviewed(task: TaskId) -> str:
    """Return the key of the issue that the review of a task ended without a verdict."""
    return f"unreviewed/{task}"


def edit_hook_of(agent: AgentId) -> str:
    """Return the key of the issue that a `post_edit` hook failed."""
    return f"post-edit/{agent}"


def raised(session: Session, told: Told, advice: str) -> OpenIssue | None:
    """Return what opens an issue about what an agent says, or about that it says too much; None if
    an issue counts it already."""
    if session.told_before(told) is not None:
        return None
    look = Remedy("look_at_agent", told.agent)
    if session.is_full(told.agent):
        return OpenIssue(
            told.severity,
            f"{told.agent} tells of more than {MOST_OPEN} things; the rest is counted here",
            f"read the log of {told.agent}",
            agent=told.agent,
            key=more_of(told.agent, told.severity),
            remedy=look,
        )
    return OpenIssue(
        told.severity, told.text, advice, agent=told.agent, task=told.task, remedy=look
    )


def settle_task(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close what was told of attempts at a task, once it is known what became of it.

    If it is complete, the errors that earlier attempts told of are settled, too. What the attempt
    that succeeded told of stays.
    """
    if not session.known_issues:
        return
    data: TaskTransitioned = event.data
    task = session.tasks[data.task]
    complete = data.to_state is TaskState.COMPLETE
    over = [session.open_issue(attempt_of(data.task))]
    if complete and task.attempts > 1:
        over += [it for it in _open(session) if _is_of_earlier_attempt(it, task)]
    settled = tuple(CloseIssue(issue.id) for issue in over if issue is not None)
    if settled:
        fate = "is complete after all" if complete else f"is {data.to_state} for good"
        yield SystemDecided("settle_task", "yes", f"the task {fate}", settled, task=data.task)
    known = (
        session.open_issue(key)
        for agent in _out_of_work(session, task)
        for key in (given_up(agent), missed(agent))
    )
    moot = tuple(CloseIssue(issue.id) for issue in known if issue is not None)
    if moot:
        reason = "no task is left that it could do"
        yield SystemDecided("settle_task", "yes", reason, moot, task=data.task)


_AFTER_ALL = frozenset({TaskTrigger.RETRIED, TaskTrigger.REINSTATED})


def settle_end(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Close what was told of the end of a task, once that is to be done after all."""
    data: TaskTransitioned = event.data
    if data.trigger not in _AFTER_ALL:
        return ()
    ends = (session.open_issue(failure_of(data.task)), session.open_issue(gate_of(data.task)))
    settled = tuple(CloseIssue(issue.id) for issue in ends if issue is not None)
    if not settled:
        return ()
    reason = "the task is to be done after all"
    return (SystemDecided("settle_end", "yes", reason, settled, task=data.task),)


def settle_agent(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Close what was told of an agent that did not start or was out of work, once it is back."""
    if not session.known_issues:
        return ()
    data: AgentTransitioned = event.data
    keys = [given_up(data.agent), missed(data.agent)]
    reason = "it is given another process"
    if data.to_state is AgentState.AVAILABLE:
        keys.append(start_of(data.agent))
        reason = "it is there"
    found = map(session.open_issue, keys)
    settled = tuple(CloseIssue(issue.id) for issue in found if issue is not None)
    return (SystemDecided("settle_agent", "yes", reason, settled, data.agent),) if settled else ()


def settle_limit(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close what was told of a limit once the trigger fires that it has not stopped of late."""
    data: SystemFired = event.data
    trigger = session.triggers.get(data.trigger)
    if trigger is None or not trigger.limits:
        return
    found = (session.open_issue(limit_of(data.trigger, it)) for it in _PASSING)
    settled = tuple(
        CloseIssue(issue.id)
        for issue in found
        if issue is not None and session.at - issue.last_at >= CALM
    )
    if settled:
        reason = "the limit was not in its way any more"
        yield SystemDecided("settle_limit", "yes", reason, settled)


def settle_more(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Close what counts the rest of what an agent said once all else that it said is settled."""
    data: SystemIssueClosed = event.data
    agent = session.issues[data.issue].agent
    if agent is None or session.issues_of.get(agent):
        return
    found = (session.open_issue(more_of(agent, severity)) for severity in SEVERITIES)
    rest = tuple(CloseIssue(issue.id) for issue in found if issue is not None)
    if rest:
        reason = f"all else that {agent} told of is settled"
        yield SystemDecided("settle_more", "yes", reason, rest, agent)


def _out_of_work(session: Session, task: Task) -> Iterator[AgentId]:
    """Yield those who could have done `task`, which is over, and now have nothing left to do."""
    spec = task.spec
    if spec.agent is None and session.unfinished_skilled.get(spec.requires_skill or ""):
        return  # somebody else's work is theirs, too, and there may be many of both
    reviewers = () if spec.review is None else (spec.review.by,)
    for name in (*session.capable(spec), *reviewers):
        if name in session.agents and not session.has_work_for(session.agents[name]):
            yield name


def _open(session: Session) -> Iterator[Issue]:
    return (session.issues[issue] for issue in session.known_issues.values())


def _is_of_earlier_attempt(issue: Issue, task: Task) -> bool:
    """True if an agent told of an error of `task`, and not since its latest attempt began."""
    told = issue.task == task.spec.id and not issue.key and issue.severity == "warning"
    return told and task.started_at is not None and issue.last_at < task.started_at


RULES = (
    Rule("settle_task", (TaskTransitioned.KIND,), settle_task, into=tuple(TERMINAL)),
    Rule(
        "settle_end",
        (TaskTransitioned.KIND,),
        settle_end,
        into=(TaskState.READY, TaskState.PENDING),
    ),
    Rule(
        "settle_agent",
        (AgentTransitioned.KIND,),
        settle_agent,
        into=(AgentState.SPAWNING, AgentState.AVAILABLE),
    ),
    Rule("settle_limit", (SystemFired.KIND,), settle_limit),
    Rule("settle_more", (SystemIssueClosed.KIND,), settle_more),
)
