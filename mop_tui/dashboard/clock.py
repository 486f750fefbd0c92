"""What time it is for keys and dialogs: monotonic seconds, apart from the session's own time."""

from time import monotonic
from typing import Protocol

from textual.events import Event


class Clock(Protocol):
    """Tells when things happen at the keyboard."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def typed_at(self, event: Event) -> float:
        """When `event` came in from the terminal, on the same scale."""


class SystemClock:
    """The machine's monotonic clock.

    Events carry the time at which the terminal delivered them, which may be long before they are
    handled; it is that time that counts for whether a key was meant for what is on the screen.
    """

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return monotonic()

    def typed_at(self, event: Event) -> float:
        """The moment at which the event was read, which Textual takes from the same clock."""
        return event.time
