"""The line in which one types what to look for."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class SearchLine(Horizontal):
    """A field that is there only while it is open, and what is to be said beside it.

    What was decided upon once can be had again with the arrows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "What was looked for before", show=False),
        Binding("down", "recall(1)", "What was looked for after that", show=False),
    ]
    DEFAULT_CSS = """
    SearchLine {
        height: 1;
        display: none;
        background: $panel;
        &.-open { display: block; }
        .mark { width: auto; padding: 0 1 0 0; color: $text-accent; text-style: bold; }
        .note { width: auto; max-width: 70%; padding: 0 1; color: $text-muted; }
        .note.-wrong { color: $text-error; text-style: bold; }
        Input { width: 1fr; background: $panel; }
    }
    """

    @dataclass
    class Typed(Message):
        """What stands in the line is another text now."""

        text: str

    @dataclass
    class Decided(Message):
        """Enter was pressed: this is what to look for."""

        text: str

    def __init__(self, mark: str, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._mark = mark
        self._placeholder = placeholder
        self._earlier: list[str] = []
        """What was decided upon, latest last."""
        self._at = 0
        """Which of them stands in the line; their number if it is none of them."""
        self._draft = ""

    def compose(self) -> ComposeResult:
        """Lay out the mark, the field and the note."""
        yield Static(self._mark, classes="mark", markup=False)
        yield Input(placeholder=self._placeholder, compact=True, select_on_focus=True)
        yield Static(classes="note", markup=False)

    @property
    def _field(self) -> Input:
        return self.query_one(Input)

    @property
    def is_open(self) -> bool:
        """True while the line is there."""
        return self.has_class("-open")

    @property
    def is_typed_in(self) -> bool:
        """True while keys go into it."""
        return self._field.has_focus

    @property
    def text(self) -> str:
        """What stands in it."""
        return self._field.value

    def open(self, text: str) -> None:
        """Appear with `text`, and take the keys."""
        self.add_class("-open")
        self._at = len(self._earlier)
        self._field.value = text
        self._field.focus()

    def close(self) -> None:
        """Disappear. Who opened it says where the keys go."""
        self.remove_class("-open")

    def say(self, note: str, *, wrong: bool = False) -> None:
        """Say something beside the field."""
        said = self.query_one(".note", Static)
        said.update(note)
        said.set_class(wrong, "-wrong")

    def remember(self, text: str) -> None:
        """Let `text` be had again with the arrows."""
        if text in self._earlier:
            self._earlier.remove(text)
        self._earlier.append(text)

    def action_recall(self, by: int) -> None:
        """Bring back what was decided upon before, or what had been typed instead."""
        at = self._at + by
        if not 0 <= at <= len(self._earlier):
            return
        if self._at == len(self._earlier):
            self._draft = self._field.value
        self._at = at
        self._field.value = self._draft if at == len(self._earlier) else self._earlier[at]
        self._field.cursor_position = len(self._field.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _decided(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Decided(event.value))
