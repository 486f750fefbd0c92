"""A list of any length of which only the visible rows are ever made or painted."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from mop_tui.dashboard.details import Details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, plain_text
from mop_tui.dashboard.looks import CURSOR
from mop_tui.dashboard.painting import Painter
from mop_tui.dashboard.subject import Subject

_AT_ONCE = 4
"""How many rows are made in about a millisecond."""


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """A list with a cursor. Subclasses say how many rows there are and what each of them says.

    After a change call `rows_changed`: it compares what the visible rows say with what was painted
    and repaints those that differ. The cursor stays on its row (told by `key`) when rows move; in a
    list that the keys never came to, it stays on top.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False),
        Binding("down,j", "cursor(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First row", show=False),
        Binding("end,G", "last", "Last row", show=False),
        Binding("enter", "choose", "More", tooltip="Tell all about this row"),
        Binding("y", "copy", "Copy", tooltip="Copy the row, over ssh too", show=False),
        Binding("w", "app.why", "Why", tooltip="Tell what led to this, back to the beginning"),
    ]
    DEFAULT_CSS = """
    Rows {
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        border: round $foreground 22%;
        border-title-color: $text-muted;
        border-title-style: bold;
        &:focus {
            border: round $primary;
            border-title-color: $text-primary;
        }
    }
    """

    LEAST: ClassVar[int] = 1
    """How many rows an empty list is high; one leaves room for saying that it is empty."""

    WEIGHT: ClassVar[int] = 2
    """How much of the room it gets, compared with other lists, where there is not enough."""

    cursor: reactive[int] = reactive(0, repaint=False)
    """The row under the cursor, counted from 0."""

    @dataclass
    class Chosen(Message):
        """The operator wants to know more about a row; `about` tells it, frame by frame."""

        about: Callable[[Frame], Details]
        subject: Subject | None
        """What that is about."""

    class Grown(Message):
        """There are more rows than before, or fewer."""

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._painted: dict[int, Line] = {}
        self._cursor_key: Hashable = None
        self._titled: str | Content = ""
        self._visited = False
        """The keys came here before, so the cursor stands where the operator put it."""

    # -- what subclasses say ----------------------------------------------------------------

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def key(self, index: int) -> Hashable:
        """Return what tells this row from all others, wherever it stands."""

    @abstractmethod
    def find(self, key: Hashable) -> int | None:
        """Return where the row `key` stands now, or None if it is gone."""

    @abstractmethod
    def line(self, index: int, width: int) -> Line:
        """Return what a row says, at most `width` cells wide."""

    def about(self, index: int) -> Callable[[Frame], Details] | None:  # noqa: ARG002 - for subclasses
        """Return what tells all about a row, or None if its line says it all."""
        return None

    def subject(self, index: int) -> Subject | None:  # noqa: ARG002 - for subclasses
        """Return what a row is about, if that can be told."""
        return None

    def needed(self, size: Size) -> int:  # noqa: ARG002 - for subclasses
        """Return how many rows it would fill in a content area of `size`, if it had them."""
        return max(self.count, self.LEAST)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return ""

    @property
    def about_here(self) -> Callable[[Frame], Details] | None:
        """What tells all about the row under the cursor."""
        return self.about(self.cursor) if self.count else None

    @property
    def subject_here(self) -> Subject | None:
        """What the row under the cursor is about."""
        return self.subject(self.cursor) if self.count else None

    def entitle(self, title: str | Content) -> None:
        """Say what the rows are, above them. Textual repaints them all for that."""
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title) if isinstance(title, str) else title

    # -- change -----------------------------------------------------------------------------

    def rows_changed(self) -> None:
        """Repaint the visible rows that say something new."""
        for _ in self.rows_changing():
            pass

    def rows_changing(self) -> Iterator[None]:
        """Do as `rows_changed` does, a few rows each time the iterator is read."""
        count = self.count
        height = max(count, self.LEAST)
        if self.virtual_size.height != height:
            self.post_message(self.Grown())
            self.virtual_size = Size(self.size.width, height)
        if self._cursor_key is not None and self._visited:
            found = self.find(self._cursor_key)
            if found is not None:
                self.set_reactive(Rows.cursor, found)
        clamped = min(self.cursor, max(count - 1, 0))
        self.set_reactive(Rows.cursor, clamped)
        self._cursor_key = self.key(clamped) if count else None
        top, width = self.scroll_offset.y, self.row_width
        for index in range(top, top + self.size.height):
            if self._painted.get(index) != self._row(index, width):
                self.refresh_line(index)
            if (index - top) % _AT_ONCE == _AT_ONCE - 1:
                yield

    def watch_cursor(self, before: int, now: int) -> None:
        """Keep the cursor's row in view."""
        self._cursor_key = self.key(now) if now < self.count else None
        self.refresh_line(before)
        self.refresh_line(now)
        self.scroll_to_row(now)
        self.post_message(self.Moved())

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor within the rows."""
        return max(0, min(cursor, self.count - 1))

    def scroll_to_row(self, index: int) -> None:
        """Scroll as little as needed to make a row visible."""
        top, height = self.scroll_offset.y, self.size.height
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif height and index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    # -- paint ------------------------------------------------------------------------------

    @property
    def row_width(self) -> int:
        """Cells of a row, the scroll bar aside."""
        return self.scrollable_content_region.width

    def _row(self, index: int, width: int) -> Line:
        if index >= self.count:
            said = self.emptiness if index == 0 else ""
            return ((f" {said}", "dim"),) if said else ()
        mark = CURSOR if index == self.cursor and self.has_focus else " "
        return ((mark, "strong"), *self.line(index, width - 1))

    def render_line(self, y: int) -> Strip:
        """Paint one visible row."""
        index = self.scroll_offset.y + y
        width = self.row_width
        line = self._row(index, width)
        self._painted[index] = line
        if len(self._painted) > 4 * max(self.size.height, 1):
            self._forget_hidden()
        here = index == self.cursor and index < self.count and self.has_focus
        strip = self._painter.paint(line, width, cursor=here)
        return self._painter.select(strip, index).apply_offsets(0, index)

    def _forget_hidden(self) -> None:
        top = self.scroll_offset.y
        visible = range(top, top + self.size.height)
        self._painted = {index: self._painted[index] for index in visible if index in self._painted}

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the styles change."""
        super().notify_style_update()
        self._painter.restyled()
        self._painted.clear()

    # -- copying text -----------------------------------------------------------------------

    @property
    def allow_select(self) -> bool:
        """Rows can be selected with the mouse and copied."""
        return True

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text under a selection."""
        width = self.row_width
        lines = [plain_text(self._row(index, width)) for index in range(self.count)]
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - Textual's
        """Show the new selection."""
        self.refresh()

    # -- keys and mouse ---------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the cursor by `by` rows."""
        self.cursor += by

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.cursor += direction * max(self.size.height - 1, 1)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.cursor = self.count - 1

    def action_choose(self) -> None:
        """Ask for more about the row under the cursor."""
        about = self.about_here
        if about is not None:
            self.post_message(self.Chosen(about, self.subject(self.cursor)))

    def action_copy(self) -> None:
        """Put the text of the row under the cursor on the clipboard, by way of the terminal."""
        if self.count:
            self.app.copy_to_clipboard(
                plain_text(self._row(self.cursor, self.row_width))[1:].strip()
            )
            self.notify("Copied.", timeout=2)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked; a double click asks for more."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if index < self.count:
            self.cursor = index
            if event.chain == 2:
                self.action_choose()

    def on_focus(self) -> None:
        """Show that keys come here now."""
        self._visited = True
        self.scroll_to_row(self.cursor)
        self.refresh()

    def on_blur(self) -> None:
        """Show that keys go elsewhere now."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor in view when there is less room."""
        self.rows_changed()
        if self.has_focus:
            self.scroll_to_row(self.cursor)
