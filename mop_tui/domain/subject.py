"""What something is about: an agent, a task, an issue, a question, a trigger, or one event."""

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.ids import AgentId, IssueId, QuestionId, TaskId, TriggerName
from mop_tui.domain.immutable import immutable
from mop_tui.domain.locks import LockWanted
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Snapshot
from mop_tui.domain.waiting import lock_obstacle, obstacle_of


@immutable
class Subject:
    """One of these; the others are None."""

    agent: AgentId | None = None
    task: TaskId | None = None
    issue: IssueId | None = None
    question: QuestionId | None = None
    trigger: TriggerName | None = None
    event: int | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        if self.event is not None:
            return f"event {self.event}"
        return self.agent or self.task or self.issue or self.question or self.trigger or ""


def subject_of(event: AnyEvent) -> Subject:
    """Return whom or what `event` happened to: itself, where that is nothing that lasts.

    A decision is about itself: nothing tells more of it than its rule, verdict and reason.
    """
    match event.data:
        case (
            e.AgentSpawned(agent=agent)
            | e.AgentTransitioned(agent=agent)
            | e.AgentRefused(agent=agent)
            | e.AgentProgressed(agent=agent)
            | e.AgentOutput(agent=agent)
            | e.AgentHealth(agent=agent)
            | e.AgentErred(agent=agent)
            | e.AgentAsked(agent=agent)
            | e.AgentWaiting(agent=agent)
            | e.AgentLocking(agent=agent)
            | e.AgentUnlocking(agent=agent)
            | e.AgentMessaged(agent=agent)
            | e.AgentRelayed(agent=agent)
            | e.AgentFinished(agent=agent)
            | e.AgentExited(agent=agent)
            | e.SystemIntended(agent=agent)
            | e.SystemDone(agent=agent)
            | e.SystemTakenOver(agent=agent)
        ):
            return Subject(agent=agent)
        case (
            e.TaskCreated(task=task)
            | e.TaskTransitioned(task=task)
            | e.TaskRefused(task=task)
            | e.TaskOutput(task=task)
        ):
            return Subject(task=task)
        case (
            e.UserAsked(question=question)
            | e.UserSeen(question=question)
            | e.UserNoticed(question=question)
            | e.UserAnswered(question=question)
            | e.UserExpired(question=question)
            | e.UserWithdrawn(question=question)
        ):
            return Subject(question=question)
        case e.UserFeedback(agent=agent, task=task):
            return Subject(task=task) if task is not None else Subject(agent=agent)
        case (
            e.SystemIssueOpened(issue=issue)
            | e.SystemIssueRepeated(issue=issue)
            | e.SystemIssueClosed(issue=issue)
        ):
            return Subject(issue=issue)
        case (
            e.SystemFired(trigger=trigger)
            | e.SystemRefused(trigger=trigger)
            | e.SystemNotified(trigger=trigger)
        ):
            return Subject(trigger=trigger)
        case _:
            return Subject(event=event.seq)


def _behind_agent(snapshot: Snapshot, agent: Agent) -> int:
    if agent.paused_by is PausedBy.LOCK:
        for what in agent.waits.values():
            obstacle = obstacle_of(snapshot, agent, what) if isinstance(what, LockWanted) else None
            if obstacle is not None:
                return obstacle.lock.seq
    return agent.moved


def event_behind(snapshot: Snapshot, subject: Subject) -> int | None:
    """Return the event because of which `subject` is as it is; None if it is not there (yet).

    That is what brought an agent or a task into its present state, what opened an issue, what
    asked a question, and what a trigger did last; an event stands behind itself. Behind who waits
    for a lock, task or agent, stands what took that.
    """
    if subject.agent is not None:
        agent = snapshot.agents.get(subject.agent)
        return None if agent is None else _behind_agent(snapshot, agent)
    if subject.task is not None:
        task = snapshot.tasks.get(subject.task)
        if task is None:
            return None
        obstacle = lock_obstacle(snapshot, task)
        return task.moved if obstacle is None else obstacle.lock.seq
    if subject.issue is not None:
        issue = snapshot.issues.get(subject.issue)
        return None if issue is None else issue.seq
    if subject.question is not None:
        question = snapshot.questions.get(subject.question)
        return None if question is None else question.seq
    if subject.trigger is not None:
        trigger = snapshot.triggers.get(subject.trigger)
        return None if trigger is None else trigger.moved
    happened = subject.event is not None and subject.event <= snapshot.seq
    return subject.event if happened else None
