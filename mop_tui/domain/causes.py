"""Why something happened: the chain of causes that leads back to where it began."""

from collections.abc import Callable, Sequence

from mop_tui.domain import events as e
from mop_tui.domain.events import MAY_LACK_CAUSE, AnyEvent
from mop_tui.domain.sentences import sentence
from mop_tui.domain.wording import printable

Find = Callable[[int], AnyEvent | None]
"""Returns the event with a `seq`, or None where that is not known."""


class Chain:
    """An event, the one that led to it, the one that led to that, and so on: newest first.

    Events are looked up one by one, and only as far as `go_on` is told to. What was found stays
    true, for what happened does not change.
    """

    def __init__(self, find: Find, seq: int) -> None:
        self._find = find
        self._next: int | None = seq
        self._events: list[AnyEvent] = []
        self.lost: int | None = None
        """The cause at which the chain breaks off, since it is not known."""

    @property
    def events(self) -> Sequence[AnyEvent]:
        """What has been found so far."""
        return self._events

    @property
    def complete(self) -> bool:
        """True if there is nothing more to find."""
        return self._next is None

    def go_on(self, links: int) -> None:
        """Find up to so many events more."""
        for _ in range(links):
            seq = self._next
            if seq is None:
                return
            event = self._find(seq)
            if event is None:
                self.lost, self._next = seq, None
                return
            self._events.append(event)
            # A cause comes before what it leads to; a file that says otherwise leads nowhere.
            self._next = event.cause if event.cause is None or event.cause < seq else None


def beginning(chain: Chain) -> str:
    """Return where a complete chain begins, as what follows `back to`."""
    if chain.lost is not None:
        return f"event {chain.lost}, which is not known here"
    first = chain.events[-1]
    match first.data:
        case e.SystemStarted():
            return "the start of the session"
        case e.SystemResumed():
            return "the moment at which the session went on in another program"
        case e.UserCommanded():
            return f"what {printable(first.data.by)} told the session"
        case e.UserFeedback():
            return f"what {printable(first.data.by)} said of work"
        case _ if first.kind in MAY_LACK_CAUSE:
            return "something that happened outside"
        case _:
            return f"event {first.seq}, whose cause is not recorded"


def what_led_to(find: Find, seq: int) -> str:
    """Return in a sentence what led to an event, or nothing if that is not known.

    A decision is passed over where it is known what led to that: the decision's reason is told
    with what it decided.
    """
    chain = Chain(find, seq)
    chain.go_on(3)
    causes = chain.events[1:]
    told = [event for event in causes if not isinstance(event.data, e.SystemDecided)] or causes
    return sentence(told[0]) if told else ""


def link(event: AnyEvent, cause: AnyEvent | None) -> str:
    """Return what happened, in a sentence that its cause completes.

    What a decision led to is told without the reason, which the decision tells.
    """
    said = sentence(event)
    if cause is None or not isinstance(cause.data, e.SystemDecided):
        return said
    return said.removesuffix(printable(f": {cause.data.reason}"))
