"""Markdown as lines of the screen: headings, paragraphs, lists, quotes and tables.

What a width has no room for is wrapped; a table whose columns do not fit beside each other is told
row by row instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len, chop_cells

from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, Span, width_of
from mop_tui.domain.wording import printable

_GAP: Final = 2
"""Cells between two columns."""
_LEAST: Final = 14
"""Cells that a column of a table has at least, where it is wrapped."""
_MOST_LINES: Final = 4
"""Lines that a row of a table takes at most on average; else it is told as a block."""
_AS_IT_IS: Final = ("fence", "code_block", "html_block")
"""What holds text that is no Markdown."""
_QUOTED: Final = ">"
_HOLDING: Final = {"bullet_list": "", "ordered_list": "", "blockquote": _QUOTED}
"""What holds other blocks, and the sign that what is in it begins with."""


@dataclass(slots=True)
class Block:
    """A part of a text that stands by itself."""

    kind: Literal["heading", "text", "item", "quote", "table"]
    line: Line = ()
    level: int = 1
    """Of a heading."""
    sign: str = ""
    """Of an item: its number or point."""
    heads: list[str] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    """Which columns of a table are those of numbers."""
    rows: list[list[Line]] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """Return the parts of a Markdown text, in order."""
    return list(_Reader().read(MarkdownIt("commonmark").enable("table").parse(text)))


class _Reader:
    """Reads tokens one after the other, and knows what is open."""

    def __init__(self) -> None:
        self._heading = 0
        self._signs: list[str] = []
        """Of the lists and quotes that are open: the sign of the item that comes, or `>`."""
        self._table: Block | None = None

    def read(self, tokens: Sequence[Token]) -> Iterator[Block]:
        """Yield a block where one is complete."""
        for token in tokens:
            if token.type == "inline":
                yield from self._text(tuple(_spans(token.children or ())))
                continue
            if token.type in _AS_IT_IS:
                yield from (
                    Block("text", ((printable(line), "plain"),))
                    for line in token.content.splitlines()
                    if line.strip()
                )
                continue
            kind, _, edge = token.type.rpartition("_")
            if edge == "open":
                self._open(kind, token)
            elif kind == "table" and self._table is not None:
                yield self._table
                self._table = None
            elif kind == "heading":
                self._heading = 0
            elif kind in _HOLDING:
                self._signs.pop()

    def _open(self, kind: str, token: Token) -> None:
        if kind == "table":
            self._table = Block("table")
        elif kind == "heading":
            self._heading = int(token.tag[1:])
        elif kind in _HOLDING:
            self._signs.append(_HOLDING[kind])
        elif kind == "list_item":
            self._signs[-1] = f"{token.info}." if token.info else "\N{BULLET}"
        elif self._table is not None and kind == "th":
            self._table.right.append("right" in str(token.attrs.get("style", "")))
        elif self._table is not None and kind == "tr" and self._table.heads:
            self._table.rows.append([])

    def _text(self, line: Line) -> Iterator[Block]:
        if self._table is not None:
            if self._table.rows:
                self._table.rows[-1].append(line)
            else:
                self._table.heads.append("".join(said for said, _ in line))
        elif not line:
            return
        elif self._heading:
            yield Block("heading", line, self._heading)
        elif self._signs and self._signs[-1] == _QUOTED:
            yield Block("quote", line)
        elif self._signs:
            yield Block("item", line, sign=self._signs[-1])
            self._signs[-1] = " "
        else:
            yield Block("text", line)


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    ink: Ink = "plain"
    for token in tokens:
        match token.type:
            case "strong_open":
                ink = "strong"
            case "strong_close" | "em_close":
                ink = "plain"
            case "em_open":
                ink = "dim"
            case "code_inline":
                yield printable(token.content), "busy" if ink == "plain" else ink
            case "softbreak" | "hardbreak":
                yield " ", ink
            case _ if token.content:
                yield printable(token.content), ink


def told(parts: Sequence[Block], width: int) -> tuple[list[Line], list[int]]:
    """Return all lines, each at most `width` cells wide, and which of them are headings."""
    lines: list[Line] = []
    headings: list[int] = []
    width = max(width, 8)
    former = ""
    for part in parts:
        if lines and not (part.kind == former == "item"):
            lines.append(())
        former = part.kind
        match part.kind:
            case "heading":
                headings.append(len(lines))
                lines += wrapped(_in_ink(part.line, "title"), width)
                if part.level > 1:
                    lines.append((("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * width, "track"),))
            case "item":
                lines += _hung(f"{part.sign} ", "dim", part.line, width)
            case "quote":
                lines += _hung("! ", "warn", _in_ink(part.line, "warn"), width)
            case "table":
                lines += _table(part, width)
            case _:
                lines += wrapped(part.line, width)
    return lines, headings


def wrapped(line: Line, width: int) -> list[Line]:
    """Return a line broken at blanks, so that no part is wider than `width`; long words are cut."""
    if width_of(line) <= width:
        return [line] if line else []
    lines: list[list[Span]] = [[]]
    room = width
    blank = False
    for text, ink in line:
        for place, word in enumerate(text.split(" ")):
            blank = blank or place > 0
            if not word:
                continue
            needed = cell_len(word) + (1 if blank and lines[-1] else 0)
            if needed > room and lines[-1]:
                lines.append([])
                room = width
                needed = cell_len(word)
            elif blank and lines[-1]:
                word = f" {word}"  # noqa: PLW2901 - the blank belongs to it now
            blank = False
            pieces = chop_cells(word, width) if needed > room else [word]
            for number, piece in enumerate(pieces):
                if number:
                    lines.append([])
                    room = width
                lines[-1].append((piece, ink))
                room -= cell_len(piece)
    return [tuple(spans) for spans in lines if spans]


def _in_ink(line: Line, ink: Ink) -> Line:
    """Return a line with all of it in one look."""
    return tuple((text, ink) for text, _ in line)


def _hung(sign: str, ink: Ink, line: Line, width: int) -> list[Line]:
    """Return a line that hangs on its sign."""
    indent = cell_len(sign)
    return [
        ((sign if number == 0 else " " * indent, ink), *part)
        for number, part in enumerate(wrapped(line, width - indent))
    ]


def _table(part: Block, width: int) -> list[Line]:
    """Return a table: beside each other if there is room for it, else row by row."""
    columns = range(len(part.heads))
    natural = [
        max(cell_len(part.heads[at]), *(width_of(row[at]) for row in part.rows), 1)
        for at in columns
    ]
    room = width - _GAP * (len(natural) - 1)
    # Best is a width that cuts no word; else names such as paths are cut.
    whole = [max([_LEAST, *(_longest_word(row[at]) for row in part.rows)]) for at in columns]
    widths = _fitted(natural, whole, part.right, room)
    if widths is None:
        widths = _fitted(natural, [_LEAST] * len(natural), part.right, room)
    if widths is None or _tall(part, natural, widths):
        return _records(part, width)
    head = _row([((name, "label"),) for name in part.heads], widths, part.right)
    lines = [*head]
    for row in part.rows:
        lines += _row(row, widths, part.right)
    return lines


def _longest_word(cell: Line) -> int:
    return max((cell_len(word) for text, _ in cell for word in text.split()), default=0)


def _fitted(
    natural: Sequence[int], least: Sequence[int], right: Sequence[bool], room: int
) -> list[int] | None:
    """Return widths that fit into `room`; None if columns of text would become too narrow, that is
    less than their `least`."""
    widths = list(natural)
    while sum(widths) > room:
        wide = [at for at, of in enumerate(widths) if of > least[at] and not right[at]]
        if not wide:
            return None
        widest = max(wide, key=widths.__getitem__)
        second = max((widths[at] for at in wide if at != widest), default=least[widest])
        over = sum(widths) - room
        widths[widest] -= min(over, max(1, widths[widest] - max(second, least[widest])))
    return widths


def _tall(part: Block, natural: Sequence[int], widths: Sequence[int]) -> bool:
    """Return whether rows would be wrapped so much that nobody could read them."""
    if list(natural) == list(widths) or not part.rows:
        return False
    tall = sum(
        max(-(-width_of(cell) // width) for cell, width in zip(row, widths, strict=True))
        for row in part.rows
    )
    return tall > _MOST_LINES * len(part.rows)


def _row(cells: Sequence[Line], widths: Sequence[int], right: Sequence[bool]) -> list[Line]:
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines: list[Line] = []
    for number in range(max((len(column) for column in columns), default=1) or 1):
        line: list[Span] = []
        for column, width, to_right in zip(columns, widths, right, strict=True):
            part = column[number] if number < len(column) else ()
            blanks: Span = (" " * (width - width_of(part)), "plain")
            if line:
                line.append((" " * _GAP, "plain"))
            line += [blanks, *part] if to_right else [*part, blanks]
        lines.append(tuple(line))
    return lines


def _records(part: Block, width: int) -> list[Line]:
    """Return each row as a block: its first cell, and what the others say with their heads."""
    lines: list[Line] = []
    for row in part.rows:
        first, *others = row
        lines += wrapped(first, width)
        said: list[Span] = []
        for head, cell in zip(part.heads[1:], others, strict=True):
            if cell:
                said += [(", ", "dim")] if said else []
                said += [(f"{head} ", "dim"), *cell]
        lines += _hung("  ", "plain", tuple(said), width)
    return lines
