"""Labels and texts in two columns, wrapped so that each text stays in its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from rich.cells import cell_len

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, cell, wrap
from mop_tui.dashboard.lines import Lines
from mop_tui.domain.wording import printable

_INDENT = 2
_WIDEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Entry:
    """One label with its text, `depth` steps below what it belongs to."""

    label: str
    text: str
    ink: Ink = "plain"
    depth: int = 0


def context_entries(context: Iterable[tuple[str, JsonValue]]) -> list[Entry]:
    """Return what a question is about, as entries a person can read.

    What is nested stands below its label; texts of several lines keep them. Nothing is left out
    or shortened: this is what is approved.
    """
    entries: list[Entry] = []
    for key, value in context:
        entries += _entries(key, value, 0)
    return entries


def _entries(label: str, value: JsonValue, depth: int) -> list[Entry]:
    below: list[Entry] = []
    match value:
        case dict() if value:
            for key, part in value.items():
                below += _entries(key, part, depth + 1)
        case list() if value:
            for part in value:
                below += _entries("-", part, depth + 1)
        case str() if len(lines := value.strip().splitlines()) > 1:
            below = [Entry("", line, depth=depth + 1) for line in lines]
        case _:
            return [Entry(label, _plain(value), depth=depth)]
    return [Entry(label, "", depth=depth), *below]


def _plain(value: JsonValue) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "nothing"
        case dict() | list():
            return "none"
        case _:
            return str(value).strip()


def sheet_lines(entries: Sequence[Entry], width: int) -> list[Line]:
    """Return the entries as lines of at most `width` cells; texts line up depth by depth."""
    lines: list[Line] = []
    widths = _label_widths(entries, width // 2)
    for entry in entries:
        indent = _INDENT * entry.depth
        label = printable(entry.label)
        if not entry.text:
            lines.append(((" " * indent + label, "label"),))
            continue
        match label:
            case "":
                widest, gap = 0, 0
            case "-":
                widest, gap = 1, 1
            case _:
                widest, gap = widths[entry.depth], 2
        room = max(width - indent - widest - gap, 8)
        for number, text in enumerate(wrap(printable(entry.text), room)):
            left = cell(label if number == 0 else "", widest, "label")
            blanks = " " * indent
            lines.append(((blanks, "plain"), left, (" " * gap, "plain"), (text, entry.ink)))
    return lines


def _label_widths(entries: Sequence[Entry], most: int) -> dict[int, int]:
    """Return how wide the labels are at each depth, those without a text aside."""
    widths: dict[int, int] = {}
    for entry in entries:
        if entry.text:
            widest = max(widths.get(entry.depth, 1), cell_len(entry.label))
            widths[entry.depth] = min(widest, most, _WIDEST_LABEL)
    return widths


class Sheet(Lines):
    """Shows entries; they can be selected with the mouse and copied."""

    DEFAULT_CSS = """
    Sheet { padding: 0; }
    """

    def __init__(self, entries: Sequence[Entry] = (), *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries = tuple(entries)

    def fill(self, entries: Sequence[Entry]) -> None:
        """Show other entries from now on."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.remake()

    def make(self, width: int) -> Sequence[Line]:
        """Return the entries as lines."""
        return sheet_lines(self._entries, width)
