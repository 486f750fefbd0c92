"""The dialog in which the operator approves or rejects."""

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Button, Input, Static

from mop_tui.dashboard.question_dialog import QuestionDialog


class _ApproveButton(Button):
    """Listens to enter only after y: to come upon it with tab or an arrow is not to choose it."""

    chosen = False

    def action_press(self) -> None:
        """Approve, if that was chosen."""
        if self.chosen:
            super().action_press()

    def on_blur(self) -> None:
        """Be chosen no longer."""
        self.chosen = False


class ApprovalDialog(QuestionDialog):
    """Takes a yes or a no.

    To approve takes two keys, to choose and to confirm; to reject takes a reason, or the explicit
    wish to give none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "y",
            "choose('approve')",
            "Choose approve",
            tooltip="Choose to approve; enter then confirms",
        ),
        Binding(
            "n",
            "choose('reject')",
            "Choose reject",
            tooltip="Choose to reject; the reason, then enter, confirms",
        ),
        Binding("left", "app.focus_previous", "Previous button", show=False),
        Binding("right", "app.focus_next", "Next button", show=False),
    ]
    DEFAULT_CSS = """
    ApprovalDialog {
        #reason { display: none; }
        &.-reasoning #reason { display: block; }
        &.-low.-reasoning #buttons { display: none; }
    }
    """

    reasoning: reactive[bool] = reactive(default=False, init=False)
    """It is being rejected, and the reason is asked for."""

    _none_confirmed = False
    """Enter was pressed without a reason; once more rejects without one."""

    def compose_answer(self, hint: Static) -> ComposeResult:
        """Lay out the reason and the two buttons."""
        yield hint
        yield Input(placeholder="Why not? The agents read this.", id="reason")
        with Horizontal(id="buttons"):
            yield _ApproveButton("Approve", variant="success", id="approve", disabled=True)
            yield Button("Reject", variant="error", id="reject", disabled=True)

    def take_keys(self) -> None:
        """Let the arrows scroll what the question is about, or the reason be typed."""
        self.query_one("#reason" if self.reasoning else "#context").focus()

    def hint(self) -> str:
        """Return what the keys do now."""
        if self.reasoning:
            if self._none_confirmed:
                return "No reason given. Enter again rejects without one."
            return "Say why, then enter rejects; esc goes back."
        if self.focused is not None and self.focused.id == "approve":
            if not self.query_one(_ApproveButton).chosen:
                return "y, then enter approves exactly what is shown; esc leaves it open."
            return "Enter approves exactly what is shown; esc leaves it open."
        return "y or n chooses, enter confirms, esc leaves it open."

    def watch_reasoning(self, reasoning: bool) -> None:
        """Ask for the reason, or for the choice again."""
        self.set_class(reasoning, "-reasoning")
        self.update_texts()
        if self.listens:
            self.take_keys()

    def forget(self) -> None:
        """Forget the choice; a reason stays, in case it is not accepted."""
        self._none_confirmed = False
        self.reasoning = False

    def let_go(self) -> None:
        """Choose nothing any more; a reason stays."""
        self.query_one(_ApproveButton).chosen = False
        self.forget()

    def action_choose(self, value: Literal["approve", "reject"]) -> None:
        """Put the keys on an answer; nothing is answered yet."""
        if not self.listens or self.reasoning:
            return
        if value == "approve":
            button = self.query_one(_ApproveButton)
            button.chosen = True
            button.focus()
            self.update_texts()
        else:
            self.reasoning = True
            self.wait_for_quiet()  # "not now", meant for somebody else, is no reason

    @on(Button.Pressed, "#approve")
    def approve(self) -> None:
        """Approve exactly what is shown."""
        self.answer("approve")

    @on(Button.Pressed, "#reject")
    def reject(self) -> None:
        """Ask for the reason; with one, reject."""
        if self.reasoning:
            self._reject(self.query_one("#reason", Input).value)
        elif self.listens:
            self.reasoning = True

    @on(Input.Submitted, "#reason")
    def reason_given(self, event: Input.Submitted) -> None:
        """Reject with the reason."""
        self._reject(event.value)

    @on(Input.Changed, "#reason")
    def reason_edited(self) -> None:
        """Forget that no reason was to be given."""
        self._none_confirmed = False
        self.update_texts()

    def _reject(self, reason: str) -> None:
        if reason.strip() or self._none_confirmed:
            self.answer("reject", reason=reason.strip())
        else:
            self._none_confirmed = True
            self.update_texts()

    def action_leave(self) -> None:
        """Go back from the reason to the choice, or close without an answer."""
        if self.reasoning:
            self._none_confirmed = False
            self.reasoning = False
        else:
            super().action_leave()
