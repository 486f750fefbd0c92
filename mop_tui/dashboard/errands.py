"""Commands on their way, and what is heard of them."""

from typing import NamedTuple

from mop_tui.dashboard.frame import Frame
from mop_tui.domain.events import SystemDecided, UserCommanded, UserFeedback
from mop_tui.domain.feed import (
    Command,
    CreateTask,
    EventFilter,
    SessionFeed,
    SetMemory,
    Spawn,
    SteerTrigger,
)
from mop_tui.domain.ids import CommandId
from mop_tui.domain.sentences import sentence

_READ = 1_000


class Outcome(NamedTuple):
    """What came of a command."""

    title: str
    """What the operator knows it as."""
    said: str
    """What happened, or why nothing did."""
    refused: bool


class _Errand(NamedTuple):
    title: str
    decided: bool
    """A rule decides about it, and what comes of that is told."""


class Errands:
    """Hands commands over, and listens for those that are refused and for what came of others."""

    def __init__(self, feed: SessionFeed) -> None:
        self._feed = feed
        self._out: dict[CommandId, _Errand] = {}
        """Commands not heard of yet."""
        self._after = 0
        self._heard: dict[int, str] = {}
        """Events that record commands about which is not known yet what was decided, and what each
        command is called."""

    @property
    def out(self) -> bool:
        """True while a command has been heard nothing of."""
        return bool(self._out or self._heard)

    def send(self, command: Command, title: str, frame: Frame) -> None:
        """Hand a command over, which the operator knows as `title`."""
        if not self._out:
            self._after = frame.snapshot.seq
        self._out[self._feed.submit(command)] = _Errand(title, _is_decided(command))

    def heard(self, frame: Frame) -> list[Outcome]:
        """Return what came since of commands, as far as that is to be told."""
        told: list[Outcome] = []
        if self._out:
            told += self._refused(frame)
        for seq in list(self._heard):
            told += self._decided(seq)
        return told

    def _refused(self, frame: Frame) -> list[Outcome]:
        told = []
        events = self._feed.events(after=self._after, limit=_READ, only=EventFilter("user"))
        for event in events:
            fact = event.data
            if isinstance(fact, UserFeedback) and fact.command in self._out:
                self._heard[event.seq] = self._out.pop(fact.command).title
            elif isinstance(fact, UserCommanded) and fact.id in self._out:
                errand = self._out.pop(fact.id)
                if fact.refused:
                    told.append(Outcome(errand.title, fact.refused, refused=True))
                elif errand.decided:
                    self._heard[event.seq] = errand.title
        self._after = events[-1].seq if len(events) == _READ else frame.snapshot.seq
        return told

    def _decided(self, seq: int) -> list[Outcome]:
        """Return what was decided about the command recorded as event `seq`, once that is known.

        A decision about an event stands right behind it, and what it leads to behind that.
        """
        decision, came = self._feed.event(seq + 1), self._feed.event(seq + 2)
        if decision is None:
            return []
        is_decided = isinstance(decision.data, SystemDecided) and decision.cause == seq
        no = is_decided and decision.data.verdict == "no"
        if is_decided and not no and came is None:
            return []
        title = self._heard.pop(seq)
        if isinstance(decision.data, SystemDecided) and decision.data.rule == "pass_feedback_on":
            return [Outcome(title, decision.data.reason, refused=False)]
        if no:
            return [Outcome(title, decision.data.reason, refused=True)]
        return [Outcome(title, sentence(came), refused=False)] if is_decided and came else []


def _is_decided(command: Command) -> bool:
    match command:
        case Spawn() | CreateTask() | SetMemory() | SteerTrigger(do="fire"):
            return True
        case _:
            return False
