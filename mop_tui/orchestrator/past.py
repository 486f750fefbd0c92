"""All events of a session that runs: the latest from memory, older ones from its file."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import EventFilter, selected
from mop_tui.errors import JournalError
from mop_tui.journal.earlier import EarlierEvents


class Past:
    """What has happened in a session, `recent` being the end of it.

    Older events that cannot be read are left out.
    """

    def __init__(self, path: Path, recent: deque[AnyEvent]) -> None:
        self._path = path
        self._recent = recent
        self._earlier: EarlierEvents | None = None

    def events(self, after: int, limit: int, only: EventFilter | None) -> Sequence[AnyEvent]:
        """See `SessionFeed`."""
        recent = self._recent
        if not recent:
            return ()
        held_from = recent[0].seq
        events: Iterable[AnyEvent] = islice(recent, max(0, after + 1 - held_from), None)
        if after + 1 < held_from:
            events = chain(self._from_file(max(after, 0) + 1, held_from - 1), events)
        return selected(events, limit, only)

    def _from_file(self, first: int, last: int) -> Iterator[AnyEvent]:
        with suppress(JournalError):
            if self._earlier is None:
                self._earlier = EarlierEvents(self._path)
            yield from self._earlier.events(first, last)
