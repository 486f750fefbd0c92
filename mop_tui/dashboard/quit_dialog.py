"""The dialog that asks before a session is ended."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from mop_tui.dashboard.frame import Frame
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL


class QuitDialog(ModalScreen[bool]):
    """Asks whether to end the session. The answer is No unless the other button is chosen.

    There is deliberately no letter for Yes: `q` followed by anything typed ahead ends nothing.
    """

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous button", show=False),
        Binding("right", "app.focus_next", "Next button", show=False),
        Binding("escape,n", "no", "No", show=False),
    ]
    DEFAULT_CSS = """
    QuitDialog {
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
            with Horizontal(id="buttons"):
                yield Button("No, go on", variant="primary", id="no")
                yield Button("Yes, end it", variant="error", id="yes")

    def on_mount(self) -> None:
        """Say how things stand."""
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Keep saying how things stand. Once the session has ended, leaving ends nothing."""
        self.query_one("#what", Static).update(_what(frame.snapshot))
        title = "Leave?" if frame.ended else "End the session?"
        self.query_one("#dialog", Vertical).border_title = title
        if frame.ended:
            self.query_one("#no", Button).label = "No, stay"
            self.query_one("#yes", Button).label = "Yes, leave"

    @on(Button.Pressed, "#yes")
    def end(self) -> None:
        """End the session."""
        self.dismiss(True)  # noqa: FBT003 - the dialog's answer

    @on(Button.Pressed, "#no")
    def action_no(self) -> None:
        """Go on."""
        self.dismiss(False)  # noqa: FBT003 - the dialog's answer


def _what(snapshot: Snapshot) -> str:
    if snapshot.status == "ended":
        return "The session has ended by itself; nothing is lost."
    running = sum(1 for agent in snapshot.agents.values() if agent.running)
    unfinished = sum(1 for task in snapshot.tasks.values() if task.state not in TERMINAL)
    agents = "1 agent runs" if running == 1 else f"{running} agents run"
    tasks = "1 task is" if unfinished == 1 else f"{unfinished} tasks are"
    return (
        f"{agents} and {tasks} unfinished.\n"
        "Running processes are told to stop, then made to; the session file is closed."
    )
