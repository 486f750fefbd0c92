"""Writing reports to files: never half, for their owner alone, and never over anything else."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from mop_tui.cli.report_files import ENDINGS
from mop_tui.errors import MopError, UsageError
from mop_tui.report.forms import is_report, marked, rendered
from mop_tui.report.gathering import gather

MOST_BYTES = 32 * 1024 * 1024
"""Of a longer session file no report is made unasked: it takes about a second for every 20 MiB."""
_BEGINNING = 1000
"""Characters of a file that are looked at to know what it is."""


def report_beside(session: Path, shown: Path, *, quiet: bool = False) -> str:
    """Write the reports on a session that has ended beside its file, and return what to tell: if
    `quiet`, nothing unless something is wrong.

    `shown` is how an operator would type the file. Nothing is raised but `KeyboardInterrupt`:
    whatever goes wrong here changes nothing about how the session ended, and is told.
    """
    command = f"mop-tui report {shown} --format html -o {shown.with_suffix(ENDINGS['html'])}"
    try:
        if session.stat().st_size > MOST_BYTES:
            return f"the session is too long for a report to be made unasked; to have it: {command}"
        places = [(form, session.with_suffix(ending)) for form, ending in ENDINGS.items()]
        for _, place in places:
            check_writable(place, session)
        summary = gather(session)
        for form, place in places:
            write(place, marked(rendered(summary, form), form))
    except OSError as error:
        return f"no report was written: {error.filename or session}: {error.strerror}"
    except MopError as error:
        return f"no report was written: {error}"
    except Exception as error:  # noqa: BLE001 - the session has ended as it has, whatever this is
        return f"no report was written, which is a defect of the program: {error!r}"
    if quiet:
        return ""
    names = " and ".join(str(shown.with_suffix(ending)) for ending in ENDINGS.values())
    return f"report in {names}"


def check_writable(place: Path, session: Path, *, force: bool = False) -> None:
    """Raise `UsageError` if a report must not be written to `place`.

    What is there may be overwritten if it is a report, or, by `force`, any file but the session's.
    """
    try:
        found = place.stat()
        with suppress(OSError):
            if place.samefile(session):
                raise UsageError(f"{place}: is the session file itself.")
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{place}: is no regular file.")
        if force:
            return
        with place.open(encoding="utf-8", errors="replace") as file:
            beginning = file.read(_BEGINNING)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{place}: cannot be read: {error.strerror}.") from None
    if beginning and not is_report(beginning):
        raise UsageError(f"{place}: there is something else in this file, which is kept.")


def write(place: Path, text: str) -> None:
    """Write a whole file for its owner alone, in the place of what was there.

    Raises `OSError`; then all is as it was.
    """
    place = place.resolve()  # what a link leads to is written, and the link stays
    aside = place.with_name(f".{place.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(aside, flags, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        aside.replace(place)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
