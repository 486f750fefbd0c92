"""What the operator says of work: whom it is for, and when it is handed over.

Feedback is about an agent, about a task, or about both. It is for the agent it names, or else for
whoever does the task, or did it. An agent that runs is told at once; another one is told with its
next task. Whoever does a task again is told all that was said of it.
"""

from mop_tui.domain.answers import MOST_CHARACTERS
from mop_tui.domain.feed import GiveFeedback
from mop_tui.domain.ids import AgentId, FeedbackId, TaskId
from mop_tui.domain.rows import Feedback
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.steering import not_running

MOST_ABOUT = 20_000
"""Characters that may be said of one agent, or of one task, in all."""


def refusal(session: Session | Snapshot, command: GiveFeedback) -> str:
    """Return why feedback cannot be given now; empty if it can."""
    ending = not_running(session)
    if ending:
        return ending
    if command.agent is None and command.task is None:
        return "it is not said what it is about"
    if command.agent is not None and command.agent not in session.agents:
        return "there is no such agent"
    if command.task is not None and command.task not in session.tasks:
        return "there is no such task"
    if not command.text.strip():
        return "nothing is said"
    long = len(command.text)
    if long > MOST_CHARACTERS:
        return f"it has {long:,} characters, and at most {MOST_CHARACTERS:,} are taken"
    said = sum(
        len(row.said.text)
        for row in session.feedback.values()
        if (row.said.agent, row.said.task) == (command.agent, command.task)
    )
    if said + long > MOST_ABOUT:
        return f"{said:,} characters are said of it already, and at most {MOST_ABOUT:,} are taken"
    return ""


def recipient(session: Session | Snapshot, feedback: Feedback) -> AgentId | None:
    """Return whom feedback is for; None if it is about a task that nobody has in hand, or had last:
    it comes with that."""
    said = feedback.said
    if said.agent is not None or said.task is None:
        return said.agent
    task = session.tasks.get(said.task)
    return None if task is None else task.agent


def handed_with(session: Session, agent: AgentId, task: TaskId) -> tuple[FeedbackId, ...]:
    """Return what `agent` is told with `task`: all that was said of that, and what else is for the
    agent and did not reach it.

    What would be too much at a time waits for the next task.
    """
    rows = session.feedback.values()
    chosen = [row for row in rows if row.said.task == task]
    room = MOST_ABOUT
    for row in rows:
        if row.said.task == task or row.told or recipient(session, row) != agent:
            continue
        room -= len(row.said.text)
        if room < 0:
            break
        chosen.append(row)
    return tuple(row.id for row in sorted(chosen, key=lambda row: row.seq))


def undelivered(session: Session | Snapshot) -> list[Feedback]:
    """Return what has reached nobody, the oldest first."""
    return [row for row in session.feedback.values() if not row.told]
