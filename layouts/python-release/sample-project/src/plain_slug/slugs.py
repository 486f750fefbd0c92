"""The two functions of this package."""

import re
import unicodedata
from collections.abc import Container
from itertools import count

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def slug(title: str, max_length: int | None = None) -> str:
    """Return `title` in lower-case ASCII letters and digits, its words joined by hyphens.

    Accents are dropped. With `max_length`, whole words are left out at the end until the rest
    fits; a first word that is too long by itself is cut. Raises ValueError if nothing is left.
    """
    decomposed = unicodedata.normalize("NFKD", title)
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower()
    words = [word for word in _NOT_PLAIN.split(plain) if word]
    if not words:
        raise ValueError(f"nothing plain is left of {title!r}")
    result = "-".join(words)
    if max_length is None or len(result) <= max_length:
        return result
    if max_length < 1:
        raise ValueError("a slug has at least one character")
    head, _, _ = result[: max_length + 1].rpartition("-")
    return head or result[:max_length]


def unique(wanted: str, taken: Container[str]) -> str:
    """Return `wanted`, or if it is taken, the first of `wanted-2`, `wanted-3`, ... that is not."""
    if wanted not in taken:
        return wanted
    return next(name for number in count(2) if (name := f"{wanted}-{number}") not in taken)
