"""What a session file says of some kinds of events, told at once: nothing is checked, and nothing
is loaded for it that takes long. Of a damaged file it may tell what is wrong."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_END = 1 << 12
"""Bytes at the end of a file that tell whether the session has ended."""


def facts(path: Path, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kind and the data of the events of some kinds, in their order.

    A line that is no JSON is left out. Raises OSError if the file cannot be read.
    """
    names = "|".join(map(re.escape, kinds))
    begins = re.compile(rf'\{{"seq":\d+,"at":\d+,"kind":"({names})","cause":'.encode())
    with path.open("rb") as file:
        for line in file:
            found = begins.match(line)
            if found is None:
                continue
            try:
                data = json.loads(line)["data"]
            except (ValueError, KeyError, TypeError):
                continue
            if isinstance(data, dict):
                yield found[1].decode(), data


def has_ended(path: Path) -> bool:
    """Return whether the last event of a session file says that the session has ended.

    Raises OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    return b'"kind":"system.ended"' in last[:100]
