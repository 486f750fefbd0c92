"""Proof that a recording is what this program would do: its inputs are run through the engine
again, and everything that follows from them must be what was recorded."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.events import INPUTS, AnyEvent
from mop_tui.domain.plan import Plan
from mop_tui.orchestrator.engine import Engine


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first record that differs from what the engine does, and what that would be."""

    seq: int
    recorded: AnyEvent
    expected: AnyEvent | None
    """None where the engine does nothing."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """What re-running a session's inputs showed."""

    events: int
    decisions: int
    digests: int
    divergence: Divergence | None


def recheck(plan: Plan, recorded: Iterable[AnyEvent]) -> Recheck:
    """Run the inputs among `recorded` through a fresh engine and compare all that follows."""
    engine = Engine(plan, RuleBook(plan, RULES))
    expected: deque[AnyEvent] = deque()
    events = decisions = digests = 0
    for event in recorded:
        events += 1
        decisions += event.kind == "system.decided"
        digests += event.kind == "system.digest"
        if not expected and event.kind in INPUTS:
            expected.extend(engine.receive(event.data, event.at, event.cause).events)
        following = expected.popleft() if expected else None
        if following != event:
            return Recheck(events, decisions, digests, Divergence(event.seq, event, following))
    return Recheck(events, decisions, digests, None)
