"""How each state looks: one narrow sign, one word, one ink.

Every sign is a single cell in any terminal, so no emoji and nothing of ambiguous width.
"""

from dataclasses import dataclass
from typing import assert_never

from mop_tui.dashboard.ink import Ink
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import Outcome, Severity
from mop_tui.domain.health import Level
from mop_tui.domain.marks import MarkKind
from mop_tui.domain.plan import Mode
from mop_tui.domain.rows import Trigger
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.tones import Tone


@dataclass(frozen=True, slots=True)
class Look:
    """A sign, a word and an ink that together say one thing."""

    sign: str
    word: str
    ink: Ink


WAITING_FOR_YOU = Look("?", "WAITING", "you")
"""Something that only the operator can move, whatever its state."""

CURSOR = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
UNKNOWN = "\N{EN DASH}"
"""What stands where a number is not known."""
OPEN = "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"
CLOSED = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"


def agent_look(state: AgentState) -> Look:
    """Return how an agent in `state` looks."""
    match state:
        case AgentState.SPAWNING | AgentState.INITIALIZING:
            return Look("\N{DOTTED CIRCLE}", state.value, "dim")
        case AgentState.AVAILABLE:
            return Look("\N{WHITE BULLET}", state.value, "dim")
        case AgentState.ASSIGNED:
            return Look("\N{WHITE RIGHT-POINTING SMALL TRIANGLE}", state.value, "busy")
        case AgentState.ACTIVE:
            return Look("\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", state.value, "busy")
        case AgentState.PAUSED:
            return Look("=", state.value, "warn")
        case AgentState.DEGRADED:
            return Look("~", state.value, "warn")
        case AgentState.UNHEALTHY:
            return Look("!", state.value, "bad")
        case AgentState.COMPLETE:
            return Look("\N{CHECK MARK}", state.value, "good")
        case AgentState.FAILED:
            return Look("\N{BALLOT X}", state.value, "bad")
        case _:
            assert_never(state)


def level_look(level: Level) -> Look:
    """Return how the health of an agent looks."""
    match level:
        case "healthy":
            return Look("+", level, "good")
        case "degraded":
            return Look("~", level, "warn")
        case "unhealthy":
            return Look("!", level, "bad")
        case _:
            assert_never(level)


def task_look(state: TaskState) -> Look:
    """Return how a task in `state` looks."""
    match state:
        case TaskState.PENDING:
            return Look("\N{DOTTED CIRCLE}", state.value, "dim")
        case TaskState.READY:
            return Look("\N{WHITE BULLET}", state.value, "plain")
        case TaskState.ASSIGNED:
            return Look("\N{WHITE RIGHT-POINTING SMALL TRIANGLE}", state.value, "busy")
        case TaskState.ACTIVE:
            return Look("\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", state.value, "busy")
        case TaskState.REVIEWING:
            return Look("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", state.value, "busy")
        case TaskState.COMPLETE:
            return Look("\N{CHECK MARK}", state.value, "good")
        case TaskState.FAILED:
            return Look("\N{BALLOT X}", state.value, "bad")
        case TaskState.CANCELLED:
            return Look("\N{CIRCLED DIVISION SLASH}", state.value, "warn")
        case _:
            assert_never(state)


def trigger_look(trigger: Trigger) -> Look:
    """Return how a trigger looks."""
    match trigger.state:
        case "armed":
            return Look("\N{WHITE BULLET}", "ARMED", "good")
        case "muted":
            return Look("=", "MUTED", "warn")
        case "disabled":
            return Look("\N{CIRCLED DIVISION SLASH}", "DISABLED", "dim")
        case _:
            assert_never(trigger.state)


def severity_look(severity: Severity) -> Look:
    """Return how an issue looks."""
    match severity:
        case "critical":
            return Look("\N{BALLOT X}", "CRITICAL", "bad")
        case "warning":
            return Look("!", "WARNING", "warn")
        case "info":
            return Look("i", "INFO", "busy")
        case _:
            assert_never(severity)


def tone_look(tone: Tone) -> Look:
    """Return how an event looks."""
    match tone:
        case "critical" | "warning":
            return severity_look(tone)
        case "good":
            return Look("\N{CHECK MARK}", "GOOD", "good")
        case "info":
            return Look(" ", "INFO", "plain")
        case "detail":
            return Look(" ", "DETAIL", "dim")
        case _:
            assert_never(tone)


def mode_look(mode: Mode, *, replayed: bool) -> Look:
    """Return how the banner looks."""
    if replayed:
        return Look("\N{CLOCKWISE OPEN CIRCLE ARROW}", "REPLAY", "busy")
    match mode:
        case Mode.LIVE:
            return Look("\N{FISHEYE}", "LIVE", "good")
        case Mode.REHEARSAL:
            return Look("~", "REHEARSAL", "warn")
        case _:
            assert_never(mode)


def status_look(snapshot: Snapshot) -> Look:
    """Return how the session as a whole looks."""
    match snapshot.status:
        case "starting":
            return Look("\N{DOTTED CIRCLE}", "STARTING", "dim")
        case "running":
            return Look("\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "RUNNING", "busy")
        case "stopping":
            return Look("=", "STOPPING", "warn")
        case "ended":
            return _outcome_look(snapshot.outcome)
        case _:
            assert_never(snapshot.status)


def _outcome_look(outcome: Outcome | None) -> Look:
    match outcome:
        case None:
            return Look("=", "ENDED", "warn")
        case "complete":
            return Look("\N{CHECK MARK}", "COMPLETE", "good")
        case "incomplete":
            return Look("\N{BALLOT X}", "INCOMPLETE", "bad")
        case "waiting":
            return Look("?", "ENDED WAITING", "you")
        case "stopped" | "terminated":
            return Look("=", outcome.upper(), "warn")
        case _:
            assert_never(outcome)


def mark_look(kind: MarkKind) -> Look:
    """Return how a mark looks."""
    match kind:
        case "question":
            return Look("?", "question", "you")
        case "failure":
            return Look("\N{BALLOT X}", "failure", "bad")
        case "issue":
            return Look("!", "issue", "warn")
        case "illness":
            return Look("~", "illness", "warn")
        case "recovery":
            return Look("+", "recovery", "good")
        case "clock":
            return Look("\N{WHITE CIRCLE WITH UPPER RIGHT QUADRANT}", "clock jump", "warn")
        case "decision":
            return Look("\N{BOX DRAWINGS LIGHT UP AND HORIZONTAL}", "decision", "dim")
        case _:
            assert_never(kind)
