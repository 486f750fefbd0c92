"""From lines to what Textual puts on the screen."""

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line
from mop_tui.domain.sentences import printable

_KEPT = 2048


class Painter:
    """Paints lines in the inks of a widget, and keeps the strips it made.

    Every segment gets a style, for a filter that takes colours away cannot do with none, and
    nothing gets through that could steer the terminal.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: LRUCache[tuple[Line, int, str], Strip] = LRUCache(_KEPT)
        self._styles: dict[tuple[Ink, str], Style] = {}

    def forget(self) -> None:
        """Forget everything made so far, since the inks have changed."""
        self._strips.clear()
        self._styles.clear()

    def blank(self, width: int) -> Strip:
        """Return an empty strip of `width` cells."""
        return Strip.blank(width, self._widget.rich_style)

    def paint(self, line: Line, width: int, under: str = "") -> Strip:
        """Return `line` as a strip of `width` cells.

        `under` names a component class whose background lies under the whole strip.
        """
        key = (line, width, under)
        strip = self._strips.get(key)
        if strip is None:
            segments = [
                Segment(printable(text), self._style(ink, under)) for text, ink in line if text
            ]
            strip = Strip(segments).crop_extend(0, width, self._style("plain", under))
            self._strips[key] = strip
        return strip

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

    def _style(self, ink: Ink, under: str) -> Style:
        style = self._styles.get((ink, under))
        if style is None:
            widget = self._widget
            style = widget.rich_style
            if under:
                style += widget.get_component_rich_style(under, partial=True)
            # Only the complete style has its colour blended with what lies below it.
            blended = widget.get_component_rich_style(f"ink--{ink}")
            style += widget.get_component_rich_style(f"ink--{ink}", partial=True)
            style += Style(color=blended.color)
            self._styles[ink, under] = style
        return style
