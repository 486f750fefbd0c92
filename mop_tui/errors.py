"""Everything that can go wrong in a way an operator should read about.

    MopError                     what happened, where, and what to do next
    +-- UsageError               the command line asks for something impossible
    +-- LayoutError              a layout is wrong: all its problems, each with its place
    +-- TemplateError            a text holds a `${` that opens no look-up
    +-- UnreachableError         the program that runs a session cannot be reached
    |   +-- NotRunningError      no program runs it
    +-- RefusedError             a running session does not do what it was told to
    +-- JournalError             a session file cannot be created, written or read
        +-- NotASessionError     the file is something else, or of a version unknown here
        +-- JournalDamageError   a line is not as written: changed, lost, repeated or moved
        +-- NotRecordedError     events happened that could not be written

Each of these ends the command with exit code 2 and its message on stderr. Anything else that
escapes is a defect of the program.
"""

from dataclasses import dataclass


class MopError(Exception):
    """Base of all errors meant for people. `str(error)` is the whole message."""


class UsageError(MopError):
    """The command line asks for something impossible."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a layout.

    `line` and `column` count from 1 and are None where the problem has no place in the file;
    `path` leads to it from the top (`tasks.lint.needs[0]`) and is empty for the file as a whole.
    """

    file: str
    line: int | None
    column: int | None
    path: str
    message: str
    warning: bool = False
    """It may be meant, and keeps nothing from being run."""

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}:{self.column}"
        about = f"{self.path}: " if self.path else ""
        return f"{place}: {'warning: ' if self.warning else ''}{about}{self.message}"


class LayoutError(MopError):
    """A layout cannot be used; `problems` are all that is wrong with it, in the file's order.

    `warnings` are what else its author may want to think about.
    """

    def __init__(self, problems: tuple[Problem, ...], warnings: tuple[Problem, ...] = ()) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.warnings = warnings


class TemplateError(MopError):
    """A text holds a `${` that opens no look-up."""


class UnreachableError(MopError):
    """The program that runs a session cannot be reached, or does not let us take part."""


class NotRunningError(UnreachableError):
    """No program runs the session; the sentence says how it stands and what can be done."""


class RefusedError(MopError):
    """A running session does not do what it was told to."""


class JournalError(MopError):
    """A session file cannot be created, written or read."""


class NotASessionError(JournalError):
    """The file is something else than a session, or of a version that is unknown here."""


class JournalDamageError(JournalError):
    """A line of a session file is not as it was written.

    `line` counts from 1, the header; `found` says what was found there. Everything above that
    line is sound.
    """

    def __init__(self, path: str, line: int, found: str) -> None:
        match line:
            case 1:
                sound = "Nothing in this file can be trusted"
            case 2:
                sound = "No event of it can be trusted"
            case 3:
                sound = "The event above it is sound: `events --until-damage` reads it"
            case _:
                sound = f"The {line - 2} events above it are sound"
                sound += ": `events --until-damage` reads them"
        super().__init__(f"{path}:{line}: {found}. {sound}.")
        self.path = path
        self.line = line
        self.found = found


class NotRecordedError(JournalError):
    """Events happened that could not be written: `lost` of them. `why` is a sentence."""

    def __init__(self, lost: int, why: str) -> None:
        what = "The last event is" if lost == 1 else f"The last {lost} events are"
        super().__init__(f"{why} {what} not in the file.")
        self.lost = lost
