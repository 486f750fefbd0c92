"""The list of what led to something: each row because of the one below it."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from mop_tui.dashboard.details import (
    Details,
    agent_details,
    event_details,
    issue_details,
    question_details,
    task_details,
    trigger_details,
)
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, clip
from mop_tui.dashboard.looks import tone_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.causes import Chain, link
from mop_tui.domain.events import (
    AnyEvent,
    SystemDecided,
    SystemDone,
    SystemIntended,
    UserAnswered,
    UserCommanded,
    UserFeedback,
)
from mop_tui.domain.subject import subject_of
from mop_tui.domain.tones import tone

_INDENT = "  "
"""Decisions stand a step behind what they led to, so that reasons are told from what happened."""


class CauseList(Rows):
    """A chain of causes, newest first. Choosing a row tells about what that happened to."""

    DEFAULT_CSS = """
    CauseList, CauseList:focus {
        height: auto;
        max-height: 50vh;
        border: none;
        border-top: solid $foreground 22%;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.border_title = "What led to it, newest first"
        self._frame: Frame | None = None
        self._chain: Chain | None = None

    def show(self, frame: Frame, chain: Chain | None) -> None:
        """Show as much of `chain` as has been found."""
        if chain is not self._chain:
            self._chain = chain
            self.cursor = 0
        self._frame = frame
        self.rows_changed()

    @property
    def here(self) -> AnyEvent | None:
        """The event under the cursor."""
        return self._events[self.cursor] if self.count else None

    # -- rows -------------------------------------------------------------------------------

    @property
    def _events(self) -> Sequence[AnyEvent]:
        return () if self._chain is None else self._chain.events

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._events)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "Nothing is known here of what led to it."

    def key(self, index: int) -> int:
        """Return the `seq` of a row's event."""
        return self._events[index].seq

    def find(self, key: Hashable) -> int | None:
        """Return where an event stands; a chain only ever grows at its end."""
        here = self.cursor
        return here if here < self.count and self._events[here].seq == key else None

    def subject(self, index: int) -> Subject:
        """Return what the event of a row happened to."""
        return subject_of(self._events[index])

    def about(self, index: int) -> Callable[[Frame], Details]:
        """Return what tells all about that."""
        event = self._events[index]
        subject = subject_of(event)
        if subject.agent is not None:
            return partial(agent_details, agent_id=subject.agent)
        if subject.task is not None:
            return partial(task_details, task_id=subject.task)
        if subject.issue is not None:
            return partial(issue_details, issue_id=subject.issue)
        if subject.question is not None:
            return partial(question_details, question_id=subject.question)
        if subject.trigger is not None:
            return partial(trigger_details, name=subject.trigger)
        return partial(event_details, event=event)

    def line(self, index: int, width: int) -> Line:
        """Return when it happened, and what it was."""
        if self._frame is None:
            return ()
        events = self._events
        event = events[index]
        cause = events[index + 1] if index + 1 < len(events) else None
        sign, ink = _look(event)
        said = f"{_INDENT if isinstance(event.data, SystemDecided) else ''}{link(event, cause)}"
        moment = self._moment(event).rjust(len(self._moment(events[0])))
        told: Line = ((moment, "dim"), (f" {sign} ", ink), (said, ink))
        return clip((*told, (self._end(index), "dim")), width)

    def _moment(self, event: AnyEvent) -> str:
        return "" if self._frame is None else self._frame.moment(event.at).strip()

    def _end(self, index: int) -> str:
        """Return that the chain ends at a row, if it does."""
        chain = self._chain
        if chain is None or not chain.complete or index + 1 < len(chain.events):
            return ""
        if chain.lost is not None:
            return f" \N{EN DASH} its cause, event {chain.lost}, is not known here"
        return " \N{EN DASH} here it begins"


def _look(event: AnyEvent) -> tuple[str, Ink]:
    """Return the sign and the ink of an event: reasons and people stand out, mechanics do not."""
    look = tone_look(tone(event))
    match event.data:
        case SystemDecided():
            return look.sign, "label"
        case UserAnswered() | UserCommanded() | UserFeedback():
            return look.sign, "you"
        case SystemIntended() | SystemDone():
            return look.sign, look.ink
        case _:
            return look.sign, "plain" if look.ink == "dim" else look.ink
