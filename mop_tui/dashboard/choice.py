"""The dialog in which the operator chooses one of several options."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.widgets import Button, Static

from mop_tui.dashboard.choices import Choices
from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.domain.wording import printable


class ChoiceDialog(QuestionDialog):
    """Takes one of the options: digits or arrows choose, enter answers.

    Nothing is chosen beforehand, except a default, which is marked as such.
    """

    DEFAULT_CSS = """
    ChoiceDialog {
        #options {
            height: auto;
            max-height: 40vh;
            overflow-y: auto;
            scrollbar-size-vertical: 1;
            margin: 0 0 1 0;
        }
        &.-low #context { max-height: 25vh; margin: 1 0; }
        &.-low #buttons { display: none; }
        &.-low #options { margin: 0; max-height: 35vh; }
        &.-low.-slim #options { max-height: 30vh; }
    }
    """

    def compose_answer(self, hint: Static) -> ComposeResult:
        """Lay out the options."""
        asked = self.question.asked
        with Vertical(id="options"):
            yield Choices(asked.options, asked.default, disabled=True)
        yield hint
        with Horizontal(id="buttons"):
            yield Button("Answer", variant="primary", id="answer", disabled=True)

    def take_keys(self) -> None:
        """Let the arrows choose, and leave in view what is chosen."""
        self.query_one(Choices).focus(scroll_visible=False)

    def hint(self) -> str:
        """Return what the keys do now."""
        option = self.query_one(Choices).option
        if option is None:
            return "A digit or the arrows choose, enter answers, esc leaves it open."
        return f"Enter answers {printable(option.title)}; esc leaves it open."

    def allow(self, *, answering: bool) -> None:
        """Let an option be chosen, or not."""
        choices = self.query_one(Choices)
        choices.disabled = not answering
        self.query_one("#answer").disabled = not answering or choices.option is None

    def let_go(self) -> None:
        """Choose nothing any more: who typed for something else may not mean the default."""
        self.query_one(Choices).let_go()

    @on(Choices.Moved)
    def show_chosen(self, moved: Choices.Moved) -> None:
        """Keep what is chosen in view, and say what enter would do."""
        self._why_not = ""
        self.query_one("#options").scroll_to_region(
            Region(0, moved.top, 1, moved.height), animate=False, force=True
        )
        self.query_one("#answer").disabled = not self.listens
        self.update_texts()

    @on(Choices.Taken)
    def take(self, taken: Choices.Taken) -> None:
        """Answer with the chosen option."""
        if taken.value is not None:
            self.answer(taken.value)

    @on(Button.Pressed, "#answer")
    def take_by_mouse(self) -> None:
        """Answer with the chosen option."""
        self.query_one(Choices).action_take()
