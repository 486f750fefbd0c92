"""When two issues are one, and what an agent says that is worth one."""

from typing import Protocol

from mop_tui.domain import events as e
from mop_tui.domain.ids import AgentId, TaskId, TriggerName
from mop_tui.domain.immutable import immutable

OPERATOR = "operator"
COORDINATOR = "coordinator"
_WHO_MINDS = (OPERATOR, COORDINATOR)
"""Whom an agent warns where an issue is raised."""

MOST_OPEN = 20
"""Open issues of one agent from which on what else it says raises none of its own."""

Identity = tuple[str, ...]
"""What an issue is known by while it is open, so that the same does not become two of them."""


class Describes(Protocol):
    """What tells of an issue: the order to open one, the record of it, its row."""

    @property
    def severity(self) -> e.Severity: ...
    @property
    def text(self) -> str: ...
    @property
    def agent(self) -> AgentId | None: ...
    @property
    def task(self) -> TaskId | None: ...
    @property
    def trigger(self) -> TriggerName | None: ...
    @property
    def key(self) -> str: ...


def identity(issue: Describes) -> Identity:
    """Return what an issue is known by: its key, or else its words and whom they are about."""
    if issue.key:
        return (issue.key,)
    return (
        issue.severity,
        issue.text,
        issue.agent or "",
        issue.task or "",
        issue.trigger or "",
    )


@immutable
class Told:
    """What an agent says that the operator should know."""

    severity: e.Severity
    text: str
    agent: AgentId
    task: TaskId | None
    trigger: None = None
    key: str = ""


def told_by(fact: e.AgentErred | e.AgentMessaged) -> Told | None:
    """Return what an agent's error or message is to the operator; None if it warns of nothing."""
    if isinstance(fact, e.AgentErred):
        return Told("warning", f"{fact.agent}: {error_text(fact)}", fact.agent, fact.task)
    if fact.severity == "info" or fact.to not in _WHO_MINDS:
        return None
    return Told(fact.severity, f"{fact.agent}: {fact.text}", fact.agent, None)


def receiver_of(fact: e.AgentMessaged, coordinator: AgentId | None) -> AgentId | None:
    """Return the agent that a message is for, which need not be there; None if it is for the
    operator alone, as is what the coordinator says to itself."""
    if fact.to == COORDINATOR:
        return None if coordinator == fact.agent else coordinator
    return None if fact.to == OPERATOR else AgentId(fact.to)


def error_text(fact: e.AgentErred) -> str:
    """Return in one line what went wrong in an agent."""
    return f"{fact.type}: {fact.message}" if fact.message else fact.type


def more_of(agent: AgentId, severity: e.Severity) -> str:
    """Return the key of the issue that counts what an agent says beyond measure."""
    return f"more-{severity}/{agent}"


def is_overflow(issue: Describes) -> bool:
    """True if an issue counts what its agent says beyond measure."""
    return issue.agent is not None and issue.key == more_of(issue.agent, issue.severity)


def limit_of(trigger: TriggerName, limit: str) -> str:
    """Return the key of the issue that a limit keeps a trigger from firing."""
    return f"limit/{trigger}/{limit}"


def edit_of(path: str) -> str:
    """Return the key of the issue about a file that was changed in its owner's absence."""
    return f"edit/{path}"
