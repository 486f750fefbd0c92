"""Lines of text in columns, as plain values that can be compared, cached and tested."""

from collections.abc import Iterable
from typing import Literal

from rich.cells import cell_len, chop_cells, set_cell_size

from mop_tui.dashboard.ink import Ink

Span = tuple[str, Ink]
Line = tuple[Span, ...]

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def cell(
    text: str, width: int, ink: Ink = "plain", align: Literal["left", "right"] = "left"
) -> Span:
    """Return `text` in exactly `width` cells, cut with an ellipsis or padded with blanks."""
    if width <= 0:
        return "", ink
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS, ink
    blanks = " " * (width - length)
    return (blanks + text if align == "right" else text + blanks), ink


def cut_left(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, keeping its end: what matters most in a path."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) >= width:
        text = text[1:]
    return ELLIPSIS + text


def wrap(text: str, width: int) -> list[str]:
    """Return `text` broken at blanks into lines of at most `width` cells; long words are cut.

    A text that fits stays as it is; an empty one has no lines.
    """
    width = max(width, 1)
    if cell_len(text) <= width:
        return [text] if text else []
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
            continue
        lines += chop_cells(word, width)
    return lines


def bar(percent: float | None, width: int, ink: Ink) -> Line:
    """Return a bar of `width` cells: heavy for what is done, light for the rest.

    A share that is unknown (None) is all light; anything above nothing shows at least one cell,
    and only all of it fills the bar.
    """
    filled = 0
    if percent is not None:
        filled = round(width * percent / 100)
        filled = max(filled, 1 if percent > 0 else 0)
        filled = min(filled, width if percent >= 100 else width - 1)
    return ("\u2501" * filled, ink), ("\u2500" * (width - filled), "track")


def width_of(line: Iterable[Span]) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def spread(left: Line, right: Line, width: int) -> Line:
    """Return a line of `width` cells with `right` at its right edge; `left` gives way."""
    room = width - width_of(right)
    if room < 0:
        return clip(right, width)
    clipped = clip(left, room - 1 if right else room)
    return (*clipped, (" " * (room - width_of(clipped)), "plain"), *right)


def clip(line: Line, width: int) -> Line:
    """Return the beginning of `line`, at most `width` cells wide, with an ellipsis if it is cut."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    left = width
    for text, ink in line:
        length = cell_len(text)
        if length >= left:
            kept.append(cell(text if length > left else text + ELLIPSIS, left, ink))
            break
        kept.append((text, ink))
        left -= length
    return tuple(kept)


def plain_text(line: Line) -> str:
    """Return what a line says, without its inks."""
    return "".join(text for text, _ in line).rstrip()
