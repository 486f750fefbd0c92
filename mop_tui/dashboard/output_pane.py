"""The pane of an agent's output, and the line in which one searches it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.looks import OPEN
from mop_tui.dashboard.output_lines import OutputLines
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
        #searching { height: 1; display: none; background: $panel; }
        &.-searching #searching { display: block; }
        #search-mark { width: 2; color: $text-accent; text-style: bold; }
        #search-count { width: auto; padding: 0 1; color: $text-muted; }
        #search { width: 1fr; background: $panel; }
    }
    """

    def __init__(self, feed: SessionFeed, agent: AgentId, log: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines = OutputLines(feed, agent, log, id="output")
        self._last_term = ""

    def compose(self) -> ComposeResult:
        """Lay out the lines and, below them, what is searched."""
        yield self._lines
        with Horizontal(id="searching"):
            yield Static("/", id="search-mark")
            yield Input(
                placeholder="text, then enter", id="search", compact=True, select_on_focus=True
            )
            yield Static(id="search-count", markup=False)

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
            self.query_one("#search-count", Static).update(lines.search.count)

    # -- searching --------------------------------------------------------------------------

    @property
    def searching(self) -> bool:
        """True while a search is open."""
        return self.has_class("-searching")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to go on or to end only where something is looked for."""
        match action:
            case "found":
                return self._lines.search is not None
            case "search":
                return not self.query_one("#search", Input).has_focus
            case "end_search":
                return self.searching
            case _:
                return True

    def action_search(self) -> None:
        """Ask what to look for, beginning with what was looked for last."""
        self.add_class("-searching")
        field = self.query_one("#search", Input)
        field.value = self._last_term
        self._look_for(field.value)
        field.focus()

    def action_end_search(self) -> None:
        """Look for nothing any more."""
        self.remove_class("-searching")
        self._look_for("")
        self._lines.focus()

    def action_found(self, by: int) -> None:
        """Go to the next place found, or to the one before."""
        self._lines.step(by)

    @on(Input.Changed, "#search")
    def typed(self, event: Input.Changed) -> None:
        """Look for what has been typed so far."""
        if self.searching:
            self._look_for(event.value)

    @on(Input.Submitted, "#search")
    def decided(self, event: Input.Submitted) -> None:
        """Keep what is looked for, and give the keys back to the lines."""
        if event.value:
            self._lines.focus()
        else:
            self.action_end_search()

    def _look_for(self, term: str) -> None:
        if term:
            self._last_term = term
        before = self._lines.search
        if (before.term if before is not None else "") != term:
            self._lines.look_for(term)
        self.query_one("#search-count", Static).update(
            self._lines.search.count if self._lines.search is not None else ""
        )
        self.refresh_bindings()
