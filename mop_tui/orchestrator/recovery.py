"""A session whose program has ended, brought back to where it was.

The state is what the reducer makes of the recorded events. The program may have ended in the midst
of recording what one input led to; since that follows from the input alone, the engine does it
again, and what is missing from the file is written now. What had been announced in the file and
not reported as done is in doubt: nobody knows whether it happened.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.events import (
    ALSO_FOLLOWING,
    INPUTS,
    AnyEvent,
    SystemDecided,
    SystemIntended,
    SystemTimerSet,
    UserAnswered,
    UserCommanded,
    UserFeedback,
)
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import CommandId, TimerId
from mop_tui.domain.plan import Mode, Plan
from mop_tui.domain.session import Session
from mop_tui.errors import JournalError
from mop_tui.journal.header import Header
from mop_tui.journal.scan import Scan
from mop_tui.journal.writer import Continuation
from mop_tui.orchestrator.collecting import no_collecting
from mop_tui.orchestrator.effects import Effect, Hook, Start
from mop_tui.orchestrator.engine import Engine

_LONGEST_NUMBER = 18
"""Digits of the number of a command; no session has seen more."""
_NOTED = frozenset({SystemTimerSet.KIND, UserCommanded.KIND, UserAnswered.KIND, UserFeedback.KIND})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a session file says, folded up to its last input."""

    path: Path
    header: Header
    session: Session
    """The state just before the last input."""
    last_turn: list[AnyEvent]
    """The last input and what is recorded of that which follows from it."""
    recent: deque[AnyEvent]
    """The latest events, the last turn among them."""
    timers: dict[TimerId, int]
    """Where each timer was set that may still run: the `seq` of the record."""
    commands: int
    """The highest number that a command was given."""
    continuation: Continuation


def read_recorded(path: Path, *, keep: int) -> Recorded:
    """Return what the session file at `path` says, with its latest `keep` events. A torn last line
    is left out.

    Raises `JournalError` if there is no such file, `NotASessionError` if it is something else,
    `JournalDamageError` if a line is not as it was written, or is about what this version does not
    understand.
    """
    session = Session()
    turn: list[AnyEvent] = []
    recent: deque[AnyEvent] = deque(maxlen=keep)
    timers: dict[TimerId, int] = {}
    commands = 0
    with no_collecting(), Scan(path) as scan:
        for event in scan.walk():
            kind = event.kind
            if kind in INPUTS and (kind not in ALSO_FOLLOWING or not _follows(event, turn)):
                for past in turn:
                    apply(session, past)
                turn = [event]
            else:
                turn.append(event)
            recent.append(event)
            if kind in _NOTED:
                match event.data:
                    case SystemTimerSet(timer=timer):
                        timers[timer] = event.seq
                    case (
                        UserCommanded(id=command)
                        | UserAnswered(command=command)
                        | UserFeedback(command=command)
                    ):
                        commands = max(commands, _number(command))
        torn = path.stat().st_size - scan.offset if scan.torn else 0
    end = Continuation(scan.events, scan.link.decode(), scan.offset, torn, whole=scan.whole)
    return Recorded(path, scan.header, session, turn, recent, timers, commands, end)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A session that can go on: its engine, and what its program did not get to."""

    recorded: Recorded
    engine: Engine
    missing: list[AnyEvent]
    """What follows from the last input and is not in the file yet."""
    effects: list[Effect]
    """What those events announce, and was therefore never done."""
    in_doubt: tuple[SystemIntended, ...]
    """What the file announces, and may or may not have been done."""
    away_ms: int
    """For how long the session stood still by the wall clock; 0 in a rehearsal."""


def recover(recorded: Recorded, plan: Plan, now: datetime) -> Recovered:
    """Return the session that `recorded` tells of, its last turn completed; `now` it goes on.

    Raises `JournalError` if it has ended, or if this version would have decided otherwise.
    """
    path = recorded.path
    engine = Engine(plan, RuleBook(plan, RULES), recorded.session)
    turn = recorded.last_turn
    if not turn:
        return Recovered(recorded, engine, [], [], (), 0)
    if turn[-1].kind == "system.ended":
        outcome = turn[-1].data.outcome
        raise JournalError(
            f"{path}: has ended ({outcome}), so there is nothing to resume."
            f" Look at it with: mop-tui replay {path}"
        )
    first, last = turn[0], turn[-1].seq
    again = engine.receive(first.data, first.at, first.cause)
    for was, would in zip(turn, again.events, strict=False):
        if was != would:
            raise _differs(recorded, was)
    if len(again.events) < len(turn):
        raise _differs(recorded, turn[len(again.events)])
    missing = again.events[len(turn) :]
    new = {event.data.action for event in missing if event.kind == "system.intended"}
    effects: list[Effect] = []
    for effect in again.effects:
        if isinstance(effect, Start | Hook) and _needs_secret(plan, engine.session, effect):
            # The secret that its gate was opened by is gone, so it is given back and asked for.
            new.discard(effect.action)
        elif effect.seq > last:
            effects.append(effect)
    doubtful = tuple(it for action, it in engine.session.in_doubt.items() if action not in new)
    recorded.recent.extend(missing)
    for event in missing:
        if event.kind == "system.timer_set":
            recorded.timers[event.data.timer] = event.seq
    return Recovered(recorded, engine, missing, effects, doubtful, _away(recorded, now))


def _needs_secret(plan: Plan, session: Session, effect: Start | Hook) -> bool:
    """Return whether a task is about to begin whose gate is opened by a secret."""
    task = effect.task
    if task is None or (isinstance(effect, Hook) and effect.hook != "pre_task"):
        return False
    gate = session.tasks[task].spec.gate
    return gate is not None and plan.questions[gate].input_type == "password"


def _away(recorded: Recorded, now: datetime) -> int:
    """Return the milliseconds between where the session's own time stands and the wall clock."""
    if recorded.header.mode is Mode.REHEARSAL:
        return 0
    try:
        started = datetime.fromisoformat(recorded.header.started)
        passed = (now - started) // timedelta(milliseconds=1)
    except (ValueError, TypeError):
        return 0  # the header was written by hand, or by another program
    session = recorded.session
    before = session.away[-1][1] if session.away else 0
    return max(0, passed - session.at - before)


def _follows(event: AnyEvent, turn: list[AnyEvent]) -> bool:
    """Tell whether what may also come from outside was ordered by a decision of `turn`.

    What follows is ordered by a decision of the same turn; what comes from outside never is.
    """
    if not turn or event.cause is None or event.cause < turn[0].seq:
        return False
    return turn[event.cause - turn[0].seq].kind == SystemDecided.KIND


def _number(command: CommandId | None) -> int:
    """Return the number in an id: `c17`, or `c17.2` if it was given by a visitor to the socket."""
    digits = (command or "").removeprefix("c").partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < _LONGEST_NUMBER else 0


def _differs(recorded: Recorded, event: AnyEvent) -> JournalError:
    version = recorded.header.versions.get("mop-tui", "of unknown version")
    return JournalError(
        f"{recorded.path}: event {event.seq} was decided by mop-tui {version}, and this version"
        " decides otherwise, so it cannot go on from there. It can be replayed."
    )
