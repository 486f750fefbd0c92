"""A list of options, one of which can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, wrap
from mop_tui.dashboard.lines import Lines
from mop_tui.dashboard.looks import CURSOR
from mop_tui.domain.answers import Option
from mop_tui.domain.wording import printable

_DIGITS = 9
"""How many options have a digit of their own."""
_INDENT = 5


class Choices(Lines, can_focus=True):
    """Options with what they mean. Nothing is chosen unless the operator chose it, not even the
    default, which is marked: enter alone must not answer. To choose is not to answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home,g", "pick(0)", "First", show=False),
        Binding("end,G", "pick(-1)", "Last", show=False),
        *(
            Binding(str(digit), f"pick({digit - 1})", f"Option {digit}", show=False)
            for digit in range(1, _DIGITS + 1)
        ),
        Binding("enter", "take", "Answer", tooltip="Answer what is chosen"),
    ]
    DEFAULT_CSS = """
    Choices { padding: 0; }
    """

    chosen: reactive[int | None] = reactive(None, init=False, repaint=False)
    """Which option is chosen, counted from 0."""

    @dataclass
    class Moved(Message):
        """Another option was chosen; it begins at line `top` and is `height` lines high."""

        top: int
        height: int

    @dataclass
    class Taken(Message):
        """The operator wants to answer with `value`; None if nothing is chosen."""

        value: str | None

    def __init__(
        self,
        options: Sequence[Option],
        default: str | None,
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__()
        self.disabled = disabled
        self._options = options
        self._default = default
        self._owners: list[int] = []
        """Which option each line belongs to."""

    @property
    def option(self) -> Option | None:
        """The option that is chosen."""
        return None if self.chosen is None else self._options[self.chosen]

    def make(self, width: int) -> Sequence[Line]:
        """Return the options, each with what it means below it."""
        lines: list[Line] = []
        owners: list[int] = []
        for index, option in enumerate(self._options):
            told = self._told(index, option, width)
            lines += told
            owners += [index] * len(told)
        self._owners = owners
        return lines

    def _told(self, index: int, option: Option, width: int) -> list[Line]:
        here = index == self.chosen
        number = f"{index + 1}" if index < _DIGITS else " "
        mark = f"{CURSOR if here else ' '} {number}"
        ink: Ink = "strong" if here else "plain"
        default = "  the default" if option.value == self._default else ""
        room = max(width - _INDENT, 8)
        titles = wrap(printable(option.title), max(room - len(default), 8))
        lines: list[Line] = [
            (
                (f"{mark if place == 0 else '':<{_INDENT}}", "you"),
                (text, ink),
                (default if place == len(titles) - 1 else "", "label"),
            )
            for place, text in enumerate(titles)
        ]
        lines += [
            ((" " * _INDENT, "plain"), (text, "dim"))
            for text in wrap(printable(option.description), room)
        ]
        return lines

    def render_line(self, y: int) -> Strip:
        """Paint one line, with a bar over what is chosen."""
        if y < len(self._owners) and self._owners[y] == self.chosen and y < len(self._lines):
            strip = self._painter.paint(self._lines[y], self.size.width, cursor=True)
            return self._painter.select(strip, y).apply_offsets(0, y)
        return super().render_line(y)

    def watch_chosen(self) -> None:
        """Show what is chosen, and keep it in view."""
        self.remake()
        self._say_where()

    def on_resize(self) -> None:
        """Make the lines anew for the new width, and keep what is chosen in view."""
        super().on_resize()
        self.call_after_refresh(self._say_where)

    def _say_where(self) -> None:
        chosen = self.chosen
        if chosen is not None and chosen in self._owners:
            top = self._owners.index(chosen)
            self.post_message(self.Moved(top, self._owners.count(chosen)))

    def action_move(self, by: int) -> None:
        """Choose the next option up or down; with nothing chosen, the default, if there is one."""
        if self.chosen is None:
            values = [option.value for option in self._options]
            first = 0 if by > 0 else -1
            self.action_pick(values.index(self._default) if self._default in values else first)
        else:
            self.action_pick(min(max(self.chosen + by, 0), len(self._options) - 1))

    def action_pick(self, index: int) -> None:
        """Choose an option by its place; -1 is the last."""
        if not self.disabled and index < len(self._options):
            self.chosen = index % len(self._options)

    def let_go(self) -> None:
        """Choose nothing any more, not even the default."""
        self.chosen = None

    def action_take(self) -> None:
        """Answer with what is chosen."""
        if not self.disabled:
            self.post_message(self.Taken(None if self.option is None else self.option.value))

    def on_click(self, event: events.Click) -> None:
        """Choose the option that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._owners):
            self.action_pick(self._owners[offset.y])
