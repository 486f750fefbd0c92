"""HTML and SVG, built so that no text of others can become markup."""

from collections.abc import Iterable
from html import escape
from typing import Final

from mop_tui.domain.wording import printable

LONGEST: Final = 400
"""Characters of a text of others that are shown; what is longer says how much is left out."""
_READ: Final = 4 * LONGEST
"""Characters that are looked at: escape sequences take room and show nothing."""
_EMPTY: Final = frozenset({"rect", "line", "path", "circle", "polyline", "meta"})
"""Elements that hold nothing."""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object, longest: int = LONGEST) -> Markup:
    """Return what others wrote as one harmless line, cut off beyond `longest` characters."""
    whole = str(value)
    shown = printable(whole[:_READ])
    if len(shown) > longest or len(whole) > _READ:
        left_out = max(len(whole) - longest, 1)
        shown = f"{shown[:longest].rstrip()} \N{HORIZONTAL ELLIPSIS} (+{left_out:,} characters)"
    return Markup(escape(shown, quote=True))


def joined(parts: Iterable[object]) -> Markup:
    """Return parts one after the other; what is no markup yet is made harmless first."""
    return Markup("".join(it if isinstance(it, Markup) else text(it) for it in parts))


def tag(name: str, *inner: object, **attributes: str | int | float | None) -> Markup:
    """Return an element.

    What is inside and no `Markup` is escaped, as are the values of attributes. An attribute that
    is None is left out; `_` in its name stands for `-`, and one at its end for nothing.
    """
    said = "".join(
        f' {_named(key)}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not inner:
        return Markup(f"<{name}{said}>" if name == "meta" else f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{joined(inner)}</{name}>")


def _named(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | int | float) -> str:
    if isinstance(value, str):
        return value if isinstance(value, Markup) else text(value)
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value}"
