"""The dialog in which the operator types an answer: a text, a number or a password."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.dashboard.question_words import wanted
from mop_tui.dashboard.secret_field import SecretField
from mop_tui.domain.answers import objection


class TypedAnswerDialog(QuestionDialog):
    """Takes a text, a number or a password, and says at every key what is wrong with it.

    A password is masked, is handed over beside its answer, and is forgotten at once when it is
    sent or the dialog closes. It is never prefilled, copied or told.
    """

    DEFAULT_CSS = """
    TypedAnswerDialog {
        #wanted { color: $text-muted; max-height: 4; }
        #objection { color: $text-warning; min-height: 1; max-height: 3; }
        #objection.-fine { color: $text-success; }
        &.-low #context { max-height: 30vh; }
    }
    """

    NEXT_KEY = "ctrl+n"  # "]" may be part of an answer

    _tried = False
    """Enter was pressed, so that even an empty field is objected to."""

    def compose_answer(self, hint: Static) -> ComposeResult:
        """Lay out the field, what is wanted, and what is wrong."""
        asked = self.question.asked
        yield Static(wanted(asked), id="wanted", markup=False)
        if asked.secret:
            yield SecretField(id="field", disabled=True)
        else:
            yield Input(asked.default, id="field", select_on_focus=True, disabled=True)
        yield Static(id="objection", markup=False)
        yield hint

    def take_keys(self) -> None:
        """Let the answer be typed."""
        self.query_one("#field").focus()

    def allow(self, *, answering: bool) -> None:
        """Let the answer be typed, or not."""
        self.query_one("#field").disabled = not answering

    def hint(self) -> str:
        """Return what the keys do now, and say what is wrong with what was typed."""
        if self._objection():
            return "Type the answer; esc leaves it open."
        if self.question.asked.secret:
            return "Enter hands it over and forgets it here; esc leaves it open."
        if self._typed() == self.question.asked.default:
            return "Enter answers with the default; esc leaves it open."
        return "Enter answers; esc leaves it open."

    def update_texts(self) -> None:
        """Bring every changing text up to date."""
        super().update_texts()
        line = self.query_one("#objection", Static)
        wrong = self._objection()
        silent = not (self._tried or self._typed()) or self.stage == "sent"
        line.set_class(not wrong, "-fine")
        line.update("" if silent else _sentence(wrong) if wrong else "This can be the answer.")

    def _typed(self) -> str:
        """Return what was typed; of a secret, only that there is something."""
        field = self.query_one("#field")
        if isinstance(field, Input):
            return field.value
        return "" if self.query_one(SecretField).is_empty else "something"

    def _objection(self) -> str:
        asked = self.question.asked
        field = self.query_one("#field")
        return objection(
            field.value if isinstance(field, Input) else self.query_one(SecretField).peek(),
            "input",
            input_type=asked.input_type,
            validation=asked.validation,
        )

    def forget(self) -> None:
        """Forget a secret; another answer stays, in case it is not accepted."""
        self._tried = False
        for field in self.query(SecretField):
            field.clear()

    @on(Input.Changed, "#field")
    @on(SecretField.Edited)
    def edited(self) -> None:
        """Say what is wrong with it now."""
        self._why_not = ""
        self.update_texts()

    @on(Input.Submitted, "#field")
    @on(SecretField.Submitted)
    def submitted(self) -> None:
        """Answer, if there is no objection."""
        if not self.listens:
            return
        self._tried = True
        if self._objection():
            self.update_texts()
        elif self.question.asked.secret:
            self.answer("", secret=self.query_one(SecretField).take())
        else:
            self.answer(self._typed())


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."
