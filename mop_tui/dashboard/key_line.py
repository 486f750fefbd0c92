"""The line of keys at the bottom."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.binding import Binding

from mop_tui.dashboard.line import Line, spread
from mop_tui.dashboard.lines import Lines

if TYPE_CHECKING:
    from textual.screen import Screen

_ALWAYS = ("help", "app.help", "quit", "close")
"""Actions whose keys stand at the right edge, where a narrow screen does not cut them off."""


class KeyLine(Lines):
    """The keys that work now, from where they are declared; a click on one presses it.

    Textual's own footer is a widget per key, mounted anew with each move of the focus.
    """

    DEFAULT_CSS = """
    KeyLine { background: $panel; }
    """

    def on_mount(self) -> None:
        """Follow the focus: other panes have other keys."""
        super().on_mount()
        self.screen.bindings_updated_signal.subscribe(self, self._keys_changed)

    def _keys_changed(self, screen: "Screen[object]") -> None:
        if screen is self.screen:
            self.remake()

    def make(self, width: int) -> Sequence[Line]:
        """Return the one line of keys."""
        left = [key for key in self._keys() if key.action not in _ALWAYS]
        right = [key for key in self._keys() if key.action in _ALWAYS]
        return [spread(self._told(left), self._told(right), width)]

    def _keys(self) -> Iterator[Binding]:
        seen = set()
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and enabled and binding.action not in seen:
                seen.add(binding.action)
                yield binding

    def _told(self, keys: Sequence[Binding]) -> Line:
        line: Line = ()
        for key in keys:
            gap = "  " if line else ""
            line += (
                (f"{gap}{self.app.get_key_display(key)}", "you"),
                (f" {key.description}", "dim"),
            )
        return line

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        keys = list(self._keys())
        end = 0
        for text, _ in self.make(self.size.width)[0]:
            end += cell_len(text)
            if offset.x < end:
                told = text.strip()
                pressed = next(
                    (k for k in keys if told in (self.app.get_key_display(k), k.description)), None
                )
                if pressed is not None:
                    self.app.simulate_key(pressed.key)
                return
