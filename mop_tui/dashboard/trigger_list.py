"""The list of triggers: what each waits for, what it does then, and what has come of it."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from mop_tui.dashboard.details import Details, trigger_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, cell, clip, spread
from mop_tui.dashboard.looks import trigger_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import TRIGGER_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import age
from mop_tui.dashboard.trigger_words import does, waits_for
from mop_tui.domain.ids import TriggerName
from mop_tui.domain.rows import Trigger
from mop_tui.domain.wording import printable

_SLIM, _WIDE = 60, 100
"""Below the first width a row leaves out what can be spared, from the second on it says all."""


class TriggerList(Rows):
    """All triggers, in the order of the layout."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "All", tooltip="Tell all about the trigger"),
        *TRIGGER_KEYS,
    ]
    DEFAULT_CSS = """
    TriggerList, TriggerList:focus { height: auto; max-height: 50vh; border: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._names: list[TriggerName] = []
        self._name_width = self._state_width = self._often_width = 0

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        self._frame = frame
        self._names = list(frame.snapshot.triggers)
        rows = frame.snapshot.triggers.values()
        self._name_width = max(map(len, self._names), default=0)
        self._state_width = max((len(trigger_look(row).word) for row in rows), default=0)
        self._often_width = max((len(_often(row)) for row in rows), default=0)
        self.rows_changed()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._names)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "The layout has no triggers."

    def key(self, index: int) -> TriggerName:
        """Return the trigger of a row."""
        return self._names[index]

    def find(self, key: Hashable) -> int | None:
        """Return where a trigger stands."""
        return next((place for place, name in enumerate(self._names) if name == key), None)

    def subject(self, index: int) -> Subject:
        """Return the trigger of a row."""
        return Subject(trigger=self._names[index])

    def about(self, index: int) -> Callable[[Frame], Details]:
        """Return what tells all about a trigger."""
        return partial(trigger_details, name=self._names[index])

    def line(self, index: int, width: int) -> Line:
        """Return how a trigger stands, what it waits for, what it does, and how often it did."""
        frame = self._frame
        if frame is None:
            return ()
        trigger = frame.snapshot.triggers[self._names[index]]
        spec, look = trigger.spec, trigger_look(trigger)
        slim, wide = width < _SLIM, width >= _WIDE
        ago = "" if trigger.fired_at is None else age(frame.elapsed - trigger.fired_at)
        refused = f"  {trigger.refused:,} refused" if trigger.refused else ""
        by = f" by {', '.join(trigger.limits)}" if trigger.refused and wide else ""
        right: Line = (
            (refused + by, "warn"),
            ("  ", "plain"),
            cell(_often(trigger), self._often_width, "strong" if trigger.fires else "dim", "right"),
            *(() if slim else (cell(ago, 5, "dim", "right"),)),
        )
        left: Line = (
            (f"{look.sign} ", look.ink),
            cell(look.word, self._state_width + 1, look.ink) if not slim else ("", "plain"),
            cell(
                spec.name, min(self._name_width, 12 if slim else 18 if not wide else 30), "strong"
            ),
            (f" {printable(waits_for(spec))}", "plain"),
            (f" \N{RIGHTWARDS ARROW} {printable(does(spec))}", "dim"),
        )
        return spread(clip(left, width), right, width)


def _often(trigger: Trigger) -> str:
    return f"{trigger.fires:,}\N{MULTIPLICATION SIGN}" if trigger.fires else "\N{EN DASH}"
