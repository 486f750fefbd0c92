"""What the dialogs that are a box with a title have in common."""

from typing import TypeVar

from mop_tui.dashboard.dialog import Dialog

Result = TypeVar("Result")


class BoxDialog(Dialog[Result]):
    """A box in the middle of the screen, `#dialog`, as high as what it holds."""

    DEFAULT_CSS = """
    BoxDialog {
        align: center middle;
        #dialog {
            max-width: 96%;
            height: auto;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-color: $text-primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
    }
    """
