"""Amounts of memory as people write them: `512MiB`, `1.5GiB`, `200MB`, or a number of bytes."""

import re
from fractions import Fraction

LEAST = 64 * 1024
"""64 KiB: with less, no program begins; who writes 512 means something else than bytes."""
MOST = 1024**5
"""A pebibyte: what is larger is a slip of the pen."""

_BINARY = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4, "PiB": 1024**5}
_DECIMAL = {"KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
_UNITS = {**_BINARY, **_DECIMAL, "kB": 1000, "B": 1}

_WRITTEN = re.compile(rf"(\d{{1,16}}(?:\.\d{{1,6}})?) ?({'|'.join(_UNITS)})")


def parse(value: object) -> int:
    """Return bytes. Raises ValueError with a sentence for anything that is no amount of memory."""
    size = None
    if isinstance(value, str):
        written = _WRITTEN.fullmatch(value)
        if written:
            size = round(Fraction(written[1]) * _UNITS[written[2]])
    elif isinstance(value, int) and not isinstance(value, bool):
        size = value
    if size is None:
        raise ValueError(
            "is not an amount of memory; write 512MiB, 2GiB, 500MB or a number of bytes"
        )
    if not LEAST <= size <= MOST:
        raise ValueError("is not an amount of memory between 64KiB and 1PiB")
    return size


def written(size: int) -> str:
    """Return the shortest text that `parse` reads as `size` bytes."""
    exact = [f"{size // of}{unit}" for unit, of in _UNITS.items() if size % of == 0]
    return min(exact, key=len)
