"""The dialog in which the operator says what they think of an agent's work, or of a task."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.events import Verdict
from mop_tui.domain.feed import GiveFeedback
from mop_tui.domain.feedback import refusal
from mop_tui.domain.wording import printable

_NEXT: dict[Verdict | None, Verdict | None] = {None: "good", "good": "bad", "bad": None}


class _Line(Input):
    """A line that takes all of what is pasted into it."""

    async def on_paste(self, event: events.Paste) -> None:
        """Insert every line, with blanks between them, rather than the first one alone."""
        event.prevent_default()
        event.stop()
        lines = event.text.splitlines()
        self.replace(" ".join(lines), *self.selection)


class FeedbackDialog(BoxDialog[GiveFeedback]):
    """Takes a line of any length, and a verdict if there is one; escape gives nothing."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("tab", "judge", "Good, bad or neither", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FeedbackDialog {
        #dialog { width: 76; }
        #verdict { padding: 0 1; }
        #objection { color: $text-warning; min-height: 1; max-height: 3; padding: 0 1; }
    }
    """

    def __init__(self, subject: Subject, frame: Frame) -> None:
        super().__init__()
        self._subject = subject
        self._frame = frame
        self._verdict: Verdict | None = None
        self.title_text = f"Feedback on {subject.name}"

    def compose(self) -> ComposeResult:
        """Lay out the field, the verdict, and what is wrong."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = printable(self.title_text)
            dialog.border_subtitle = "enter gives it, tab judges, esc closes"
            yield _Line(placeholder="What do you think of the work?")
            yield Static(id="verdict", markup=False)
            yield Static(id="objection", markup=False)

    def on_mount(self) -> None:
        """Say who will be told, and that nothing is judged yet."""
        self._say_verdict()

    def show(self, frame: Frame) -> None:
        """Keep saying whether it can be given."""
        self._frame = frame
        self._object()

    def action_judge(self) -> None:
        """Go on to the next verdict."""
        self._verdict = _NEXT[self._verdict]
        self._say_verdict()

    def _say_verdict(self) -> None:
        chosen = [
            f"({'x' if verdict == self._verdict else ' '}) {verdict or 'no verdict'}"
            for verdict in _NEXT
        ]
        self.query_one("#verdict", Static).update("   ".join(chosen))

    def _given(self) -> GiveFeedback:
        text = self.query_one(Input).value.strip()
        return GiveFeedback(text, self._subject.agent, self._subject.task, self._verdict)

    def _object(self) -> str:
        given = self._given()
        wrong = refusal(self._frame.snapshot, given) if given.text else ""
        said = f"{wrong[:1].upper()}{wrong[1:]}." if wrong else ""
        self.query_one("#objection", Static).update(printable(said))
        return wrong

    @on(Input.Changed)
    def changed(self) -> None:
        """Say what is wrong now."""
        self._object()

    @on(Input.Submitted)
    def sent(self) -> None:
        """Hand it over, unless there is nothing in it or it would be refused."""
        if self._given().text and not self._object():
            self.dismiss(self._given())

    def action_close(self) -> None:
        """Give nothing."""
        self.dismiss()
