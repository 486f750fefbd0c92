"""The line in which the operator says which events to show."""

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.filter_words import EVERYTHING, Misspelt, parse
from mop_tui.dashboard.search_line import SearchLine

_EXAMPLE = "text, kind:task.*, agent:NAME, task:NAME, is:warning"


class FilterLine(SearchLine):
    """Filters the events as one types. What says nothing about events is told, and changes nothing.

    Enter keeps the filter and gives the keys back to the events, escape takes it away.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "All events", tooltip="Take the filter of events away"),
    ]

    def __init__(self, log: EventLog) -> None:
        super().__init__("Events /", _EXAMPLE)
        self._log = log

    def begin(self) -> None:
        """Take what is typed from now on, beginning with the filter that there is."""
        self.open(self._log.filter_text)
        self.count()

    def count(self) -> None:
        """Say how many events there are of what is looked for."""
        if self.is_open:
            self._apply(self.text)

    def _apply(self, text: str) -> bool:
        """Show what `text` says, and return whether it says something."""
        wanted = parse(text)
        if isinstance(wanted, Misspelt):
            self.say(wanted.why, wrong=True)
            return False
        self._log.show_only(wanted, text)
        self.say(self._log.matches if wanted != EVERYTHING else "")
        return True

    @on(SearchLine.Typed)
    def typed(self, event: SearchLine.Typed) -> None:
        """Show what has been said so far."""
        event.stop()
        if self.is_open:
            self._apply(event.text)

    @on(SearchLine.Decided)
    def decided(self, event: SearchLine.Decided) -> None:
        """Keep the filter, if it is one."""
        event.stop()
        if self._apply(event.text):
            if event.text.strip():
                self.remember(event.text.strip())
            self._end()

    def action_leave(self) -> None:
        """Show all events again."""
        self._log.show_only(EVERYTHING, "")
        self._end()

    def _end(self) -> None:
        self.close()
        self._log.focus()
