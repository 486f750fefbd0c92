"""Pictures of the screen that look the same wherever they are shown."""

import re
from html import unescape

from rich.cells import cell_len

_BLANK = "&#160;"
_TEXT = re.compile(
    rf'(<text [^>]*\bx=")([\d.]+)("[^>]*\btextLength=")([\d.]+)("[^>]*>)((?:{_BLANK})+)'
)


def anchored(svg: str) -> str:
    """Return an SVG of a screen in which every text begins where its first sign is to stand.

    Rich has it begin with blanks instead, which some programs leave out, librsvg among them, so
    that all that follows stands too far to the left.
    """
    return _TEXT.sub(_moved, svg)


def _moved(text: re.Match[str]) -> str:
    before, x, between, length, after, blanks = text.groups()
    rest = text.string.find("</text>", text.end())
    cells = cell_len(unescape(text.string[text.end() : rest]))
    count = len(blanks) // len(_BLANK)
    if not cells:
        return text[0]
    width = float(length) / (count + cells)
    moved, left = float(x) + count * width, float(length) - count * width
    return f"{before}{moved:.1f}{between}{left:.1f}{after}"
