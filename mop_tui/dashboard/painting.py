"""From lines to what Textual puts on the screen."""

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from mop_tui.dashboard.ink import Ink, inks, inks_without_colour
from mop_tui.dashboard.line import Line
from mop_tui.domain.wording import printable

_KEPT = 2048


class Painter:
    """Paints the lines of a widget, and keeps the strips it made.

    Every segment gets a style, for a filter that takes colours away cannot do with none, and
    nothing gets through that could steer the terminal.

    Inks are not component classes, though that is the usual way: Textual works those out anew for
    every widget whenever the focus moves, which took longer than all else a key has to wait for.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: LRUCache[tuple[Line, int, bool], Strip] = LRUCache(_KEPT)
        self._theme = ""
        self._inks: Mapping[Ink, Style] = {}
        self._paper = Style()
        self._restyled = True

    def restyled(self) -> None:
        """Note that the widget may look different now; moving the focus says so, too."""
        self._restyled = True

    def blank(self, width: int) -> Strip:
        """Return an empty strip of `width` cells."""
        return Strip.blank(width, self._widget.rich_style)

    def paint(self, line: Line, width: int, *, cursor: bool = False) -> Strip:
        """Return `line` as a strip of `width` cells, with the cursor on it or not."""
        app = self._widget.app
        if self._restyled or app.theme != self._theme:
            self._take_theme(app)
        key = (line, width, cursor)
        strip = self._strips.get(key)
        if strip is None:
            paper = self._paper + self._inks["cursor"] if cursor else self._paper
            segments = [Segment(printable(text), paper + self._inks[ink]) for text, ink in line]
            strip = Strip(segments).crop_extend(0, width, paper)
            self._strips[key] = strip
        return strip

    def _take_theme(self, app: App[object]) -> None:
        self._restyled = False
        paper = self._widget.rich_style
        if (app.theme, paper) != (self._theme, self._paper):
            self._strips.clear()
            self._theme, self._paper = app.theme, paper
            self._inks = inks_without_colour() if app.no_color else inks(app.current_theme)

    def select(self, strip: Strip, y: int) -> Strip:
        """Return `strip`, line `y` of the widget, with what the mouse selected made visible."""
        selection = self._widget.text_selection
        span = None if selection is None else selection.get_span(y)
        if span is None:
            return strip
        start, end = span
        style = self._widget.screen.get_component_rich_style("screen--selection")
        parts = strip.divide(
            [start, strip.cell_length if end == -1 else end, strip.cell_length],
        )
        return Strip.join(
            part.apply_style(style) if number == 1 else part for number, part in enumerate(parts)
        )
