"""How much an event asks to be looked at."""

from typing import Literal, assert_never

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import PROTOCOL_VIOLATION, AnyEvent
from mop_tui.domain.sentences import Known
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger

Tone = Literal["critical", "warning", "good", "info", "detail"]
"""How much an event asks to be looked at; `detail` is for those who want to know everything."""


def tone(event: AnyEvent) -> Tone:
    """Return how much `event` asks to be looked at."""
    fact: Known = event.data
    match fact:
        case e.AgentTransitioned():
            return _agent_tone(fact)
        case e.TaskTransitioned():
            return _task_tone(fact)
        case e.SystemIssueOpened() | e.SystemIssueRepeated():
            return fact.severity
        case e.SystemEnded():
            return "good" if fact.outcome == "complete" else "warning"
        case e.SystemNotRecording() | e.SystemDeadlockFound():
            return "critical"
        case (
            e.AgentRefused()
            | e.TaskRefused()
            | e.UserExpired()
            | e.SystemStraysEnded()
            | e.SystemClockJumped()
            | e.SystemResumed()
            | e.SystemStopping()
            | e.SystemCycleBroken()
        ):
            return "warning"
        case e.AgentErred() | e.AgentMessaged() | e.UserAnswered() | e.UserCommanded():
            return _spoken_tone(fact)
        case e.SystemDone():
            return _done_tone(fact)
        case e.SystemIntended(effect="run_hook", agent=None):
            return "info"
        case (
            e.UserAsked()
            | e.UserFeedback()
            | e.UserWithdrawn()
            | e.SystemStarted()
            | e.SystemAttended()
            | e.SystemTopologyChanged()
            | e.SystemStrategyApplied()
            | e.TaskReassigned()
            | e.SystemDeadlockCleared()
            | e.SystemTakenOver()
            | e.SystemIssueClosed()
            | e.TaskOutput()
            | e.SystemMemorySet()
            | e.SystemFired()
            | e.SystemNotified()
            | e.AgentWaiting()
            | e.AgentLocking()
            | e.Unknown()
        ):
            return "info"
        case (
            e.FileCreated()
            | e.FileModified()
            | e.FileDeleted()
            | e.SystemRefused()
            | e.SystemWatching()
            | e.SystemScheduled()
            | e.AgentSpawned()
            | e.AgentProgressed()
            | e.AgentOutput()
            | e.AgentHealth()
            | e.AgentChecked()
            | e.AgentAsked()
            | e.AgentRelayed()
            | e.AgentFinished()
            | e.AgentExited()
            | e.TaskCreated()
            | e.SystemSampled()
            | e.UserSeen()
            | e.UserNoticed()
            | e.SystemQuiesced()
            | e.AgentUnlocking()
            | e.SystemLocked()
            | e.SystemUnlocked()
            | e.SystemDecided()
            | e.SystemIntended()
            | e.SystemTimerSet()
            | e.SystemTimerFired()
            | e.SystemDigest()
        ):
            return "detail"
        case _:
            assert_never(fact)


def _spoken_tone(
    fact: e.AgentErred | e.AgentMessaged | e.UserAnswered | e.UserCommanded,
) -> Tone:
    match fact:
        case e.AgentErred():
            return "detail" if fact.type == PROTOCOL_VIOLATION else "warning"
        case e.AgentMessaged():
            return fact.severity
        case e.UserAnswered():
            return "warning" if fact.value == "reject" else "good"
        case e.UserCommanded():
            return "warning" if fact.refused else "info"
        case _:
            assert_never(fact)


def _done_tone(fact: e.SystemDone) -> Tone:
    if fact.lost or not fact.error:
        return "info" if fact.lost else "detail"
    if fact.effect == "run_hook":
        return "detail"  # the issue says the same; where there is none, it was ended on purpose
    return "warning" if fact.effect == "tell" else "critical"


def _agent_tone(fact: e.AgentTransitioned) -> Tone:
    match fact.to_state:
        case AgentState.FAILED:
            # The failure of its task says the same, and with more weight.
            return "detail" if fact.task is not None else "warning"
        case AgentState.UNHEALTHY | AgentState.DEGRADED:
            return "warning"
        case AgentState.PAUSED:
            return "info"
        case AgentState.ACTIVE:
            return "detail" if fact.trigger is AgentTrigger.TASK_STARTED else "info"
        case (
            AgentState.SPAWNING
            | AgentState.INITIALIZING
            | AgentState.AVAILABLE
            | AgentState.ASSIGNED
            | AgentState.COMPLETE
        ):
            return "detail"
        case _:
            assert_never(fact.to_state)


def _task_tone(fact: e.TaskTransitioned) -> Tone:
    match fact.to_state:
        case TaskState.FAILED:
            return "critical"
        case TaskState.CANCELLED:
            return "warning"
        case TaskState.COMPLETE:
            return "good"
        case TaskState.ACTIVE | TaskState.REVIEWING:
            return "info"
        case TaskState.READY if fact.trigger is TaskTrigger.SENT_BACK:
            return "warning"
        case TaskState.PENDING | TaskState.READY:
            return "detail" if fact.trigger is TaskTrigger.NEEDS_MET else "info"
        case TaskState.ASSIGNED:
            return "detail"
        case _:
            assert_never(fact.to_state)
