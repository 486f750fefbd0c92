"""The view of all triggers, and of one of them in full."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sheet import Sheet
from mop_tui.dashboard.trigger_list import TriggerList


class TriggersDialog(BoxDialog[None]):
    """All triggers and how each stands; below them, the one under the cursor in full."""

    TITLE = "Triggers"
    AUTO_FOCUS = "TriggerList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "app.auto_spawn", "Auto-spawn", tooltip="Let triggers spawn, or only propose"),
        Binding("a", "app.answer", "Answer", tooltip="Answer what waits for you", show=False),
        Binding("i", "app.inbox", "Inbox", tooltip="List all open questions", show=False),
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("escape,q,T", "close", "Close"),
    ]
    DEFAULT_CSS = """
    TriggersDialog {
        #dialog { width: 96%; max-width: 140; max-height: 94%; }
        #more { height: auto; max-height: 40vh; scrollbar-size-vertical: 1;
            border-top: solid $foreground 22%; padding: 0 1; }
        KeyLine { background: $surface; padding: 0; }
        &.-low #more { max-height: 45vh; }
        &.-low TriggerList { max-height: 40vh; }
    }
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def compose(self) -> ComposeResult:
        """Lay out the list, one trigger in full, what waits for the operator, and the keys."""
        with Vertical(id="dialog"):
            yield TriggerList(id="triggers")
            with VerticalScroll(id="more", can_focus=False):
                yield Sheet()
            yield InboxLine()
            yield KeyLine()

    def on_mount(self) -> None:
        """Show how they stand now."""
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Bring everything up to date."""
        self._frame = frame
        self.query_one(TriggerList).show(frame)
        self.query_one("#dialog", Vertical).border_title = Content(title(frame))
        self.query_one(InboxLine).show(frame)
        self._tell()

    @on(Rows.Moved)
    def _tell(self) -> None:
        """Tell about the trigger under the cursor."""
        about = self.query_one(TriggerList).about_here
        self.query_one("#more").display = about is not None
        if about is not None:
            details = about(self._frame)
            self.query_one(Sheet).fill([*details.entries, *details.beside])

    def action_close(self) -> None:
        """Close the view."""
        self.dismiss()


def title(frame: Frame) -> str:
    """Return how many triggers there are, and whether they spawn by themselves."""
    triggers = frame.snapshot.triggers.values()
    armed = sum(trigger.state == "armed" for trigger in triggers)
    all_armed = "all" if armed == len(triggers) else f"{armed} of"
    auto = "on" if frame.snapshot.auto_spawn else "off"
    return f"Triggers, auto-spawn {auto}: {all_armed} {len(triggers)} armed"
