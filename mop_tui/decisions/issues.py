"""What is told to the operator, so often that it is noticed and not so often that it is ignored."""

from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import Session

MOST_OPEN = 20
"""Open issues of one agent from which on what else it says raises none of its own."""


def has_open_issue(session: Session, text: str) -> bool:
    """True if the operator was told exactly this, and it is not settled yet."""
    return any(issue.open and issue.text == text for issue in session.issues.values())


def is_worth_an_issue(session: Session, agent: AgentId, text: str) -> bool:
    """True if `agent` has not said this before, nor too much else that nobody has settled."""
    open_ones = [issue for issue in session.issues.values() if issue.open and issue.agent == agent]
    return len(open_ones) < MOST_OPEN and not has_open_issue(session, text)
