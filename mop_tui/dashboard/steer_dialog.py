"""The dialogs in which the operator confirms what has consequences, or writes to an agent."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Input

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.confirm_dialog import ConfirmDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.steering import Deed, offered, title, what_comes_of_it
from mop_tui.dashboard.subject import Subject


class SteerDialog(ConfirmDialog):
    """Says what something leads to that is done by hand, and takes a reason."""

    DEFAULT_CSS = """
    SteerDialog {
        #reason { margin: 1 0 0 0; }
    }
    """

    def __init__(self, deed: Deed, subject: Subject, frame: Frame) -> None:
        super().__init__(frame)
        self._deed: Deed = deed
        self._subject = subject

    def compose_more(self) -> ComposeResult:
        """Lay out the field for the reason."""
        yield Input(placeholder="Why? Only if you like; shift+tab leads here.", id="reason")

    def words(self, frame: Frame) -> tuple[str, str, str, str]:
        """Return how things stand, and what it leads to."""
        what = what_comes_of_it(self._deed, self._subject, frame.snapshot)
        verb = self._deed.capitalize()
        if self._deed not in offered(frame, self._subject):
            what = f"{what.partition(chr(10))[0]}\nThat cannot be done any more."
        return f"{title(self._deed, self._subject)}?", what, "No", f"Yes, {verb.lower()}"

    def show(self, frame: Frame) -> None:
        """Keep saying how things stand, and whether it can still be done."""
        super().show(frame)
        impossible = self._deed not in offered(frame, self._subject)
        self.query_one("#yes", Button).disabled = impossible

    @property
    def reason(self) -> str:
        """What the operator gave as the reason."""
        return self.query_one("#reason", Input).value.strip()

    @on(Input.Submitted, "#reason")
    def reason_given(self) -> None:
        """Go on to the buttons; nothing is done yet."""
        self.query_one("#yes", Button).focus()


class AutoSpawnDialog(ConfirmDialog):
    """Asks whether to let triggers spawn by themselves, or no longer."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.on = not frame.snapshot.auto_spawn
        """What it asks about."""

    def words(self, frame: Frame) -> tuple[str, str, str, str]:
        """Return how things stand, and what is to be."""
        proposed = sum(1 for question in frame.snapshot.open_questions if question.asked.proposal)
        waiting = f"\n{proposed} proposed already; that waits for your answer." if proposed else ""
        if self.on:
            what = "Now triggers only propose, and you say whether somebody is spawned."
            leads = "Switched on, they spawn by themselves, within the limits."
            return "Switch auto-spawn on?", f"{what}\n{leads}{waiting}", "No", "Yes, on"
        what = "Now triggers spawn by themselves, within the limits."
        leads = "Switched off, they only propose, and you say whether somebody is spawned."
        return "Switch auto-spawn off?", f"{what}\n{leads}", "No", "Yes, off"


class MessageDialog(BoxDialog[str]):
    """Takes one line for an agent; escape sends nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]
    DEFAULT_CSS = """
    MessageDialog {
        #dialog { width: 76; }
    }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self._subject = subject

    def compose(self) -> ComposeResult:
        """Lay out the field."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = title("message", self._subject)
            dialog.border_subtitle = "enter sends, esc does not"
            yield Input(placeholder="What shall it be told?")

    @on(Input.Submitted)
    def sent(self, event: Input.Submitted) -> None:
        """Hand the line over, unless there is nothing in it."""
        if event.value.strip():
            self.dismiss(event.value.strip())

    def action_close(self) -> None:
        """Send nothing."""
        self.dismiss("")
