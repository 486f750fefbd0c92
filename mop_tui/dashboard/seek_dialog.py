"""The dialog that asks where to go in a replay."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from mop_tui.dashboard.box_dialog import BoxDialog


class SeekDialog(BoxDialog[None]):
    """Takes a time, a share or the number of an event, and goes there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]
    DEFAULT_CSS = """
    SeekDialog {
        #dialog { width: 50; }
        #refusal { color: $text-error; height: auto; }
    }
    """

    def __init__(self, go: Callable[[str], str]) -> None:
        """`go` moves to a place, or returns why it cannot."""
        super().__init__()
        self._go = go

    def compose(self) -> ComposeResult:
        """Lay out the field."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Go to"
            yield Input(placeholder="1:30, 50% or the number of an event")
            yield Static(id="refusal", markup=False)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Go there, or say why not."""
        refusal = self._go(event.value)
        if refusal:
            self.query_one("#refusal", Static).update(refusal)
        else:
            self.dismiss()

    def action_close(self) -> None:
        """Stay where we are."""
        self.dismiss()
