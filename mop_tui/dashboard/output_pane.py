"""The pane of an agent's output, and the line in which one searches it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.looks import OPEN
from mop_tui.dashboard.output_lines import OutputLines
from mop_tui.dashboard.search_line import SearchLine
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.ids import AgentId


class OutputPane(Vertical):
    """Says how much was written, whether the end is followed, and how much was missed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", tooltip="Search the output"),
        Binding("n", "found(1)", "Next", tooltip="Next place found"),
        Binding("N", "found(-1)", "Previous", tooltip="Previous place found"),
        Binding("escape", "end_search", "End search", tooltip="Look for nothing any more"),
    ]
    DEFAULT_CSS = """
    OutputPane {
        background: $background;
        border: round $foreground 22%;
        border-title-color: $text-muted;
        border-title-style: bold;
        &:focus-within {
            border: round $primary;
            border-title-color: $text-primary;
        }
        OutputLines { height: 1fr; }
    }
    """

    def __init__(self, feed: SessionFeed, agent: AgentId, log: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines = OutputLines(feed, agent, log, id="output")
        self._last_term = ""

    def compose(self) -> ComposeResult:
        """Lay out the lines and, below them, what is searched."""
        yield self._lines
        yield SearchLine("/", "text, then enter")

    def on_mount(self) -> None:
        """Say how things stand."""
        self._label()

    def show(self, frame: Frame) -> None:
        """Show what was written up to `frame`."""
        self._lines.show(frame)

    @on(OutputLines.Changed)
    def _label(self) -> None:
        lines = self._lines
        count = f"  {lines.written:,} {'line' if lines.written == 1 else 'lines'}"
        self.border_title = f"Output{count if lines.written else ''}"
        if lines.following:
            self.border_subtitle = ""
        elif lines.unseen:
            new = f"{lines.unseen:,} new {'line' if lines.unseen == 1 else 'lines'}"
            self.border_subtitle = Content.styled(f"{OPEN} {new}, end follows", "$text-warning")
        else:
            self.border_subtitle = "not following, end follows"
        if lines.search is not None:
            self.query_one(SearchLine).say(lines.search.count)

    # -- searching --------------------------------------------------------------------------

    @property
    def searching(self) -> bool:
        """True while a search is open."""
        return self.query_one(SearchLine).is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to go on or to end only where something is looked for."""
        match action:
            case "found":
                return self._lines.search is not None
            case "search":
                return not self.query_one(SearchLine).is_typed_in
            case "end_search":
                return self.searching
            case _:
                return True

    def action_search(self) -> None:
        """Ask what to look for, beginning with what was looked for last."""
        self.query_one(SearchLine).open(self._last_term)
        self._look_for(self._last_term)

    def action_end_search(self) -> None:
        """Look for nothing any more."""
        self.query_one(SearchLine).close()
        self._look_for("")
        self._lines.focus()

    def action_found(self, by: int) -> None:
        """Go to the next place found, or to the one before."""
        self._lines.step(by)

    @on(SearchLine.Typed)
    def typed(self, event: SearchLine.Typed) -> None:
        """Look for what has been typed so far."""
        event.stop()
        if self.searching:
            self._look_for(event.text)

    @on(SearchLine.Decided)
    def decided(self, event: SearchLine.Decided) -> None:
        """Keep what is looked for, and give the keys back to the lines."""
        event.stop()
        if event.text:
            self.query_one(SearchLine).remember(event.text)
            self._lines.focus()
        else:
            self.action_end_search()

    def _look_for(self, term: str) -> None:
        if term:
            self._last_term = term
        before = self._lines.search
        if (before.term if before is not None else "") != term:
            self._lines.look_for(term)
        search = self._lines.search
        self.query_one(SearchLine).say(search.count if search is not None else "")
        self.refresh_bindings()
