"""The dialog that tells all that is known about one row of a pane."""

from collections.abc import Callable, Hashable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from mop_tui.dashboard.details import Details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, clip
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sheet import Sheet
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.ids import AgentId
from mop_tui.domain.session import TAIL_LINES


class OutputTail(Rows):
    """The last lines an agent wrote; stays at the end until the operator goes up."""

    def __init__(self, feed: SessionFeed, agent: AgentId) -> None:
        super().__init__(id="output")
        self.border_title = "Output"
        self._feed = feed
        self._agent = agent
        self._lines: tuple[str, ...] = ()
        self._first = 0

    def show(self, frame: Frame) -> None:
        """Read the tail again if the agent wrote something."""
        agent = frame.snapshot.agents.get(self._agent)
        end = 0 if agent is None else agent.tail_end
        if end != self._first + len(self._lines):
            at_end = self.cursor >= self.count - 1
            start = max(0, end - TAIL_LINES)
            self._lines = tuple(self._feed.output(self._agent, start, TAIL_LINES))
            self._first = end - len(self._lines)
            self.rows_changed()
            if at_end and self.count:
                self.cursor = self.count - 1
        self.border_title = f"Output  {end} lines" if end else "Output"

    @property
    def count(self) -> int:
        """How many lines are shown."""
        return len(self._lines)

    @property
    def emptiness(self) -> str:
        """What to say where there are no lines."""
        return "Nothing was written yet."

    def key(self, index: int) -> int:
        """Return the number of a line since the agent's beginning."""
        return self._first + index

    def find(self, key: Hashable) -> int | None:
        """Return where a line stands, or the first if it is no longer kept."""
        return max(0, key - self._first) if isinstance(key, int) else None

    def line(self, index: int, width: int) -> Line:
        """Return a line of output."""
        return clip(((self._lines[index], "plain"),), width)


class DetailDialog(ModalScreen[None]):
    """Labels and texts that stay up to date, and an agent's output below them."""

    AUTO_FOCUS = "#output, #facts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close"),
    ]
    DEFAULT_CSS = """
    DetailDialog {
        align: center middle;
        #dialog {
            width: 94%;
            max-width: 120;
            height: auto;
            max-height: 94%;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        #facts { height: auto; max-height: 85vh; padding: 0 1; scrollbar-size-vertical: 1; }
        &.-with-output #dialog { height: 94%; }
        &.-with-output #facts { max-height: 60%; }
        #output { height: 1fr; background: $background; }
    }
    """

    def __init__(
        self,
        feed: SessionFeed,
        details: Callable[[Frame], Details],
        frame: Frame,
        *,
        output_of: AgentId | None = None,
    ) -> None:
        super().__init__()
        self._feed = feed
        self._details = details
        self._frame = frame
        self._output_of = output_of
        self.set_class(output_of is not None, "-with-output")
        self._shown: Details | None = None

    def compose(self) -> ComposeResult:
        """Lay out the facts and, for an agent, its output."""
        with Vertical(id="dialog") as dialog:
            dialog.border_subtitle = "esc closes"
            with VerticalScroll(id="facts"):
                yield Sheet()
            if self._output_of is not None:
                yield OutputTail(self._feed, self._output_of)

    def on_mount(self) -> None:
        """Show what is known now."""
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Bring the details up to date."""
        details = self._details(frame)
        if details != self._shown:
            self._shown = details
            self.query_one("#dialog", Vertical).border_title = Content(details.title)
            self.query_one(Sheet).fill(details.entries)
        for output in self.query(OutputTail):
            output.show(frame)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss()
