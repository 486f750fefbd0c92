"""The dialog that asks before something is done that cannot be undone."""

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from mop_tui.dashboard.dialog import Dialog
from mop_tui.dashboard.frame import Frame


class ConfirmDialog(Dialog[bool]):
    """Takes a yes or a no. The answer is No unless the other button is chosen.

    There is deliberately no letter for Yes: a key followed by anything typed ahead does nothing.
    """

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous button", show=False),
        Binding("right", "app.focus_next", "Next button", show=False),
        Binding("escape,n", "no", "No", show=False),
    ]
    DEFAULT_CSS = """
    ConfirmDialog {
        align: center middle;
        #dialog {
            width: 76;
            max-width: 96%;
            height: auto;
            padding: 1 2;
            background: $surface;
            border: round $warning;
            border-title-color: $text-warning;
            border-title-style: bold;
        }
        #buttons { width: 100%; height: auto; margin: 1 0 0 0; align-horizontal: center; }
        Button { margin: 0 1; min-width: 14; }
        Button:focus { text-style: bold reverse; }
    }
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def compose(self) -> ComposeResult:
        """Lay out the question and the buttons."""
        with Vertical(id="dialog"):
            yield Static(id="what", markup=False)
            yield from self.compose_more()
            with Horizontal(id="buttons"):
                yield Button("", variant="primary", id="no")
                yield Button("", variant="error", id="yes")

    def compose_more(self) -> ComposeResult:
        """Lay out what stands between the question and the buttons."""
        yield from ()

    def on_mount(self) -> None:
        """Say how things stand."""
        self.show(self._frame)

    @abstractmethod
    def words(self, frame: Frame) -> tuple[str, str, str, str]:
        """Return the title, how things stand, and the labels of No and Yes."""

    def show(self, frame: Frame) -> None:
        """Keep saying how things stand."""
        title, what, no, yes = self.words(frame)
        self.query_one("#dialog", Vertical).border_title = title
        self.query_one("#what", Static).update(what)
        self.query_one("#no", Button).label = no
        self.query_one("#yes", Button).label = yes

    @on(Button.Pressed, "#yes")
    def yes(self) -> None:
        """Do it."""
        self.dismiss(True)  # noqa: FBT003 - the dialog's answer

    @on(Button.Pressed, "#no")
    def action_no(self) -> None:
        """Leave things as they are."""
        self.dismiss(False)  # noqa: FBT003 - the dialog's answer
