"""The dialog that lists all keys, taken from where they are declared."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from mop_tui.dashboard.box_dialog import BoxDialog
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


MORE = "\N{DOWNWARDS ARROW} and page down: more below, "
"""Said where the keys do not all fit in the dialog, until the last one has come into view."""


class _Keys(VerticalScroll):
    """Tells its dialog whether anything is left below what can be seen."""

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say it anew."""
        super().watch_scroll_y(old_value, new_value)
        self.call_after_refresh(self.tell)

    def on_resize(self) -> None:
        """Say it anew: more or less fits."""
        self.call_after_refresh(self.tell)

    def tell(self) -> None:
        """Write it into the frame of the dialog."""
        left = self.scroll_offset.y < self.max_scroll_y
        self.screen.query_one("#dialog").border_subtitle = f"{MORE if left else ''}esc closes"


class HelpDialog(BoxDialog[None]):
    """All keys, a section each; those of the view that it was opened on come first."""

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

    def __init__(self, sections: Iterable[Section], here: str | None = None) -> None:
        super().__init__()
        self._sections = sorted(sections, key=lambda section: section[0] != here)

    def compose(self) -> ComposeResult:
        """Lay out the sections."""
        entries: list[Entry] = []
        for title, bindings in self._sections:
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
            with _Keys(id="keys"):
                yield Sheet(entries)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss()


def _keys(binding: Binding) -> str:
    return " ".join(_NAMES.get(key, key) for key in binding.key.split(","))
