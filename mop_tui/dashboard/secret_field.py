"""A field for what must never be seen."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

_MASK = "*"


class SecretField(Widget, can_focus=True):
    """Takes a secret from the keyboard or a paste and shows only how long it is.

    It is no `Input`, whose text can be selected and copied and travels in its messages. What was
    typed here leaves by `take` alone, which forgets it, and is gone when the field is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "rub_out", "Delete the last character", show=False),
        Binding("ctrl+u,delete", "clear", "Begin anew", show=False),
        Binding("enter", "submit", "Answer"),
    ]
    DEFAULT_CSS = """
    SecretField {
        height: 3;
        padding: 0 2;
        background: $surface;
        color: $foreground;
        border: tall $border-blurred;
        &:focus { border: tall $border; }
    }
    """

    ALLOW_SELECT = False

    @dataclass
    class Edited(Message):
        """There is more or less in it than before."""

    @dataclass
    class Submitted(Message):
        """The operator is done."""

    def __init__(self, *, id: str, disabled: bool = False) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, disabled=disabled)
        self._typed = ""

    @property
    def is_empty(self) -> bool:
        """True if nothing was typed."""
        return not self._typed

    def peek(self) -> str:
        """Return what was typed, to be judged and not to be kept."""
        return self._typed

    def take(self) -> str:
        """Return what was typed and forget it."""
        typed, self._typed = self._typed, ""
        self.refresh()
        return typed

    def clear(self) -> None:
        """Forget what was typed."""
        self._typed = ""
        self.refresh()

    def render(self) -> Content:
        """Show one sign for each character, or that nothing will be shown."""
        width = self.content_size.width
        cursor = (" ", "reverse") if self.has_focus else ""
        if not self._typed:
            return Content.assemble(cursor, ("What you type is not shown", "dim"))
        return Content.assemble(_MASK * min(len(self._typed), max(width - 1, 0)), cursor)

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        """Every printable character belongs to the secret, whatever else its key may mean."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Take a character."""
        if event.is_printable and event.character is not None and not self.disabled:
            event.stop()
            event.prevent_default()
            self._add(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take all of what is pasted, the end of its line aside."""
        event.stop()
        if not self.disabled:
            self._add(event.text.rstrip("\r\n"))

    def _add(self, characters: str) -> None:
        self._typed += characters
        self.refresh()
        self.post_message(self.Edited())

    def action_rub_out(self) -> None:
        """Delete the last character."""
        self._typed = self._typed[:-1]
        self.refresh()
        self.post_message(self.Edited())

    def action_clear(self) -> None:
        """Begin anew."""
        self.clear()
        self.post_message(self.Edited())

    def action_submit(self) -> None:
        """Say that this is it."""
        self.post_message(self.Submitted())

    def on_unmount(self) -> None:
        """Forget what was typed."""
        self._typed = ""
