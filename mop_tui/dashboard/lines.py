"""A widget that shows a few lines of text, and one whose lines come from the latest frame."""

from abc import abstractmethod
from collections.abc import Sequence

from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, plain_text
from mop_tui.dashboard.painting import Painter


class Lines(Widget):
    """Shows lines and repaints only if they say something new. Call `remake` after a change."""

    DEFAULT_CSS = """
    Lines { height: auto; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._lines: Sequence[Line] = ()
        self._width = 0
        """Asking Textual for it takes longer than all else that is done in vain."""

    @abstractmethod
    def make(self, width: int) -> Sequence[Line]:
        """Return the lines to show, each at most `width` cells wide."""

    def remake(self) -> None:
        """Show what there is to say now."""
        lines = self.make(self._width)
        former, self._lines = self._lines, lines
        if len(lines) != len(former):
            self.refresh(layout=True)
            return
        for y, (before, now) in enumerate(zip(former, lines, strict=True)):
            if before != now:
                self.refresh(Region(0, y, self._width, 1))

    def on_mount(self) -> None:
        """Make the lines for the first time."""
        self._width = self.size.width
        self.remake()

    def on_resize(self) -> None:
        """Make the lines anew for the new width."""
        self._width = self.size.width
        self.remake()

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the styles change."""
        super().notify_style_update()
        self._painter.restyled()

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 - given by Textual
        viewport: Size,  # noqa: ARG002
        width: int,
    ) -> int:
        """Return the number of lines at `width`."""
        return len(self.make(width))

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        width = self.size.width
        if y >= len(self._lines):
            return self._painter.blank(width)
        strip = self._painter.paint(self._lines[y], width)
        return self._painter.select(strip, y).apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text under a selection."""
        return selection.extract("\n".join(map(plain_text, self._lines))), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - Textual's
        """Show the new selection."""
        self.refresh()


class FrameLines(Lines):
    """Lines made from the latest frame."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None

    @abstractmethod
    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return what `frame` says, in lines of at most `width` cells."""

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        self._frame = frame
        self.remake()

    def make(self, width: int) -> Sequence[Line]:
        """Return the lines of the latest frame, or none before the first."""
        return () if self._frame is None else self.lines(self._frame, width)
