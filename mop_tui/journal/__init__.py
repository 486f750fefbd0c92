"""The journal of a session: written so that it can be relied upon, read so that it is believed.

A session file is one header line, then one event a line, each chained to the one before. `writer`
appends, `reader` gives back, `verdict` says whether anything happened to the file in between. They
are imported when they are first asked for: who holds a file is told without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "BufferedWriter",
    "Header",
    "Journal",
    "JournalFile",
    "JournalWriter",
    "Verdict",
    "verify",
]

if TYPE_CHECKING:
    from mop_tui.journal.header import Header
    from mop_tui.journal.reader import JournalFile
    from mop_tui.journal.verdict import Verdict, verify
    from mop_tui.journal.writer import BufferedWriter, Journal, JournalWriter
else:
    _PLACES = {
        "BufferedWriter": "writer",
        "Header": "header",
        "Journal": "writer",
        "JournalFile": "reader",
        "JournalWriter": "writer",
        "Verdict": "verdict",
        "verify": "verdict",
    }

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
