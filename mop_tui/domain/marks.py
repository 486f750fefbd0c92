"""What one looks for in a recording: the moments that stand out on its timeline."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.immutable import immutable
from mop_tui.domain.task_lifecycle import TaskState

MarkKind = Literal["question", "failure", "issue", "illness", "recovery", "clock", "decision"]

MOST = 500
"""From how many moments of a kind on, twice as many at most, some are left out."""


@immutable
class Mark:
    """A moment that stands out."""

    seq: int
    at: int
    """Session time, in milliseconds."""
    kind: MarkKind


_TASK_FAILED = TaskState.FAILED
_AGENT_FAILED = AgentState.FAILED

_ILLNESS = frozenset(
    {
        AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED,
        AgentTrigger.DEGRADATION_TIMEOUT,
        AgentTrigger.HEALTH_CHECK_FAILED,
    }
)


def _of_agent(fact: e.AgentTransitioned) -> MarkKind | None:
    # That an agent failed with its task is the same failure as that of the task.
    if fact.to_state is _AGENT_FAILED and fact.task is None:
        return "failure"
    if fact.trigger in _ILLNESS:
        return "illness"
    return "recovery" if fact.trigger is AgentTrigger.PERFORMANCE_RECOVERED else None


def _failure(*, failed: bool) -> MarkKind | None:
    return "failure" if failed else None


_STANDS_OUT: Mapping[str, Callable[[Any], MarkKind | None]] = {
    e.UserAsked.KIND: lambda _: "question",
    e.SystemIssueOpened.KIND: lambda _: "issue",
    e.TaskTransitioned.KIND: lambda fact: _failure(failed=fact.to_state is _TASK_FAILED),
    e.AgentTransitioned.KIND: _of_agent,
    e.SystemDone.KIND: lambda fact: _failure(
        failed=bool(fact.error) and fact.effect == "start_process"
    ),
    e.SystemNotRecording.KIND: lambda _: "failure",
    e.SystemClockJumped.KIND: lambda _: "clock",
}

MARKED: frozenset[str] = frozenset(_STANDS_OUT)
"""Kinds of events that `mark_of` has to look at. All that may be marked are among them, save
decisions, of which each is."""


def mark_of(event: AnyEvent) -> MarkKind | None:
    """Return how `event`, of one of the kinds in `MARKED`, stands out, if it does."""
    return _STANDS_OUT[event.kind](event.data)


class Marks:
    """Gathers marks in the order of their events, and keeps a bounded number of each kind.

    Where there are too many, the first of each stretch of the session is kept.
    """

    def __init__(self) -> None:
        self._seqs: dict[MarkKind, list[int]] = {}

    def note(self, kind: MarkKind, seq: int) -> None:
        """Mark event `seq`."""
        seqs = self._seqs.setdefault(kind, [])
        seqs.append(seq)
        if len(seqs) > 2 * MOST:
            stretch = seq // MOST + 1
            self._seqs[kind] = list({it // stretch: it for it in reversed(seqs)}.values())[::-1]

    def told(self, at: Callable[[int], int]) -> tuple[Mark, ...]:
        """Return all marks in the order of their events; `at` tells when an event happened."""
        found = [(seq, kind) for kind, seqs in self._seqs.items() for seq in seqs]
        return tuple(Mark(seq, at(seq), kind) for seq, kind in sorted(found))
