"""Where the socket of a session is, and how to get there however long its path is.

The address of a Unix socket holds a path of some hundred bytes (104 on macOS, 108 on Linux), which
is less than a path may have. A symbolic link in a temporary folder of our own is a short way to any
place, on every system.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SUFFIX = ".sock"
_LONGEST = 72
"""Bytes of a path that still leave room for the name of a socket."""


def socket_of(session: Path) -> Path:
    """Return where the socket of the session file `session` is while that runs."""
    return session.resolve().with_suffix(SUFFIX)


@contextmanager
def short_way(place: Path) -> Iterator[str]:
    """Yield a path of at most 72 bytes that leads to `place`, as long as the context lasts.

    Raises OSError if there is neither a short path nor room for a link.
    """
    if len(os.fsencode(place)) <= _LONGEST:
        yield str(place)
        return
    with TemporaryDirectory(prefix="mop-") as folder:
        link = Path(folder, "way")
        link.symlink_to(place.absolute())
        yield str(link)
