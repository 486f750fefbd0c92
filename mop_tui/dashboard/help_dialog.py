"""The dialog that lists all keys, taken from where they are declared."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.looks import Look
from mop_tui.dashboard.sheet import Entry, Sheet

Section = tuple[str, Iterable["BindingType | Entry"]]
"""A heading, and the keys below it or what else there is to say."""

_NAMES = {
    "up": "\N{UPWARDS ARROW}",
    "down": "\N{DOWNWARDS ARROW}",
    "left": "\N{LEFTWARDS ARROW}",
    "right": "\N{RIGHTWARDS ARROW}",
    "question_mark": "?",
    "comma": ",",
    "full_stop": ".",
    "colon": ":",
    "exclamation_mark": "!",
    "minus": "\N{MINUS SIGN}",
    "plus": "+",
    "equals_sign": "=",
    "right_square_bracket": "]",
    "slash": "/",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}

ANSWERING = (
    Entry("to approve", "y, then enter", depth=1),
    Entry("to reject", "n, then a reason, then enter; without a reason, enter twice", depth=1),
    Entry("to choose", "a digit or the arrows, then enter", depth=1),
    Entry("to type an answer", "type, then enter; what does not fit is said", depth=1),
    Entry("to decide later", "escape; the question stays open, and a opens it again", depth=1),
    Entry("to confirm", "an arrow or tab to Yes, then enter; n and escape are No", depth=1),
    Entry(
        "",
        "A dialog opens by itself only if you do not type and have not typed for two seconds. It"
        " does not listen until no key came for a third of a second, so that nothing you typed"
        " for something else is taken as an answer. A character that is none of its keys makes it"
        " forget what was chosen, and not listen until no key came for a second.",
        depth=1,
    ),
)


class HelpDialog(BoxDialog[None]):
    """All keys, and how questions are answered."""

    AUTO_FOCUS = "#keys"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "Close"),
    ]
    DEFAULT_CSS = """
    HelpDialog {
        #dialog { width: 90%; max-width: 84; max-height: 94%; }
        #keys { height: auto; max-height: 85vh; padding: 0 1; scrollbar-size-vertical: 1; }
    }
    """

    def __init__(self, sections: Iterable[Section], marks: Iterable[Look] = ()) -> None:
        super().__init__()
        self._sections = sections
        self._marks = marks
        """What the signs of a timeline mean, where there is one."""

    def compose(self) -> ComposeResult:
        """Lay out the sections."""
        entries: list[Entry] = []
        for place, (title, bindings) in enumerate(self._sections):
            if place == 1 and self._marks:
                signs = ", ".join(f"{look.sign} {look.word}" for look in self._marks)
                entries.append(Entry("timeline", signs, depth=1))
            if place == 1:
                entries += [Entry("Answering", ""), *ANSWERING]
            entries.append(Entry(title, ""))
            entries += [
                told
                if isinstance(told, Entry)
                else Entry(_keys(told), told.tooltip or told.description, depth=1)
                for told in bindings
                if isinstance(told, Binding | Entry)
            ]
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "esc closes"
            with VerticalScroll(id="keys"):
                yield Sheet(entries)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss()


def _keys(binding: Binding) -> str:
    return " ".join(_NAMES.get(key, key) for key in binding.key.split(","))
