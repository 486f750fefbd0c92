"""What all dialogs have in common."""

from typing import TypeVar

from textual.screen import ModalScreen

from mop_tui.dashboard.banner import Trouble
from mop_tui.dashboard.frame import Frame

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """Stands above the overview, and hides everything of it but what is wrong with the session."""

    DEFAULT_CSS = """
    Dialog > Trouble { dock: top; margin: 1 0 0 0; display: none; }
    """

    def on_mount(self) -> None:
        """Leave room for what is wrong where the overview has it."""
        self.mount(Trouble(), before=0)

    def warn(self, frame: Frame) -> None:
        """Say what is wrong now."""
        for trouble in self.query(Trouble):
            trouble.display = bool(frame.trouble)
            trouble.show(frame)
