"""What the dialogs have in common in which the operator fills in what is to be done by hand."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.domain.by_hand import refusal
from mop_tui.domain.feed import ByHand
from mop_tui.domain.wording import printable


@dataclass(frozen=True, slots=True)
class Field:
    """One line to be filled in."""

    name: str
    hint: str
    """What may stand there, shown while nothing does."""
    value: str = ""
    suggestions: Sequence[str] = ()


class Misfit(Exception):  # noqa: N818 - it is an answer, not a mistake
    """What was typed makes no command; its text says why."""


class FormDialog(BoxDialog[ByHand]):
    """Fields that are filled in one after the other; it gives back what is to be done.

    It says at every key what is wrong, and hands over nothing that would be refused.
    """

    TITLE_TEXT: ClassVar[str]
    DONE: ClassVar[str]
    """What enter does in the last field."""
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]
    DEFAULT_CSS = """
    FormDialog {
        #dialog { width: 76; }
        Input {
            border: round $foreground 22%;
            border-title-color: $text-muted;
            background: $surface;
            &:focus { border: round $primary; border-title-color: $text-primary; }
        }
        #objection { color: $text-warning; min-height: 1; max-height: 3; padding: 0 1; }
        #objection.-fine { color: $text-success; }
    }
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self._touched = False
        """Something was typed, or asked to be done, so that it is told what is wrong."""

    def compose(self) -> ComposeResult:
        """Lay out the fields, and what is wrong with what stands in them."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = self.TITLE_TEXT
            dialog.border_subtitle = f"enter goes on, in the last line it {self.DONE}; esc closes"
            for field in self.fields(self._frame):
                known = field.suggestions
                line = Input(
                    field.value,
                    placeholder=field.hint,
                    suggester=SuggestFromList(known, case_sensitive=False) if known else None,
                    id=f"field-{field.name}",
                    select_on_focus=True,
                )
                line.border_title = field.name
                yield line
            yield Static(id="objection", markup=False)

    @abstractmethod
    def fields(self, frame: Frame) -> Sequence[Field]:
        """Return what is to be filled in."""

    @abstractmethod
    def command(self, frame: Frame) -> ByHand:
        """Return what is to be done as the fields say. Raises `Misfit` if they say nothing."""

    def typed(self, name: str) -> str:
        """Return what stands in a field."""
        return self.query_one(f"#field-{name}", Input).value.strip()

    def show(self, frame: Frame) -> None:
        """Keep saying whether it can be done."""
        self._frame = frame
        self._say()

    def _objection(self) -> str:
        try:
            return refusal(self._frame.snapshot, self.command(self._frame))
        except Misfit as misfit:
            return str(misfit)

    def _say(self) -> None:
        line = self.query_one("#objection", Static)
        wrong = self._objection()
        line.set_class(not wrong, "-fine")
        said = f"{wrong[:1].upper()}{wrong[1:]}." if wrong else "This can be done."
        line.update(printable(said) if self._touched else "")

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        """Say what is wrong now."""
        self._touched = self._touched or bool(event.input.has_focus and event.value)
        self._say()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Go to the next field; after the last, hand over what is to be done."""
        fields = list(self.query(Input))
        if event.input is not fields[-1]:
            fields[fields.index(event.input) + 1].focus()
            return
        self._touched = True
        if self._objection():
            self._say()
        else:
            self.dismiss(self.command(self._frame))

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss()
