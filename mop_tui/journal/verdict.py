"""Is a session file as it was written?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mop_tui.errors import JournalDamageError
from mop_tui.journal.scan import Scan


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said about the integrity of a session file."""

    state: Literal["intact", "torn", "damaged"]
    events: int
    """Sound events, up to the first line that is not."""
    ended: bool
    """The last sound event ends the session. If not, it runs, or was cut short."""
    line: int | None
    """The line of the file that is torn or damaged, counted from 1."""
    sentence: str

    @property
    def exit_code(self) -> int:
        """What `mop-tui verify` returns to the shell."""
        return 0 if self.state == "intact" else 2


def verify(path: Path) -> Verdict:
    """Check every line of the session file at `path`.

    Raises `JournalError` if there is no such file, `NotASessionError` if it is something else.
    """
    try:
        scan = Scan(path)
    except JournalDamageError as error:
        return Verdict("damaged", 0, ended=False, line=error.line, sentence=str(error))
    with scan:
        try:
            for _ in scan.walk(kinds=()):
                pass
        except JournalDamageError as error:
            return Verdict("damaged", scan.events, scan.ended, error.line, str(error))
    count = "1 event" if scan.events == 1 else f"{scan.events:,} events"
    if scan.torn:
        line = scan.events + 2
        sentence = f"{path}:{line}: cut short while it was written. Above it: {count}, intact."
        return Verdict("torn", scan.events, scan.ended, line, sentence)
    end = "to its end" if scan.ended else "so far: it still runs, or was cut short"
    return Verdict("intact", scan.events, scan.ended, None, f"{path}: intact, {count}, {end}.")
