"""The journal of a session: written so that it can be relied upon, read so that it is believed.

A session file is one header line, then one event a line, each chained to the one before. `writer`
appends, `reader` gives back, `verdict` says whether anything happened to the file in between.
"""

from mop_tui.journal.header import Header
from mop_tui.journal.reader import JournalFile
from mop_tui.journal.verdict import Verdict, verify
from mop_tui.journal.writer import BufferedWriter, Journal, JournalWriter

__all__ = [
    "BufferedWriter",
    "Header",
    "Journal",
    "JournalFile",
    "JournalWriter",
    "Verdict",
    "verify",
]
