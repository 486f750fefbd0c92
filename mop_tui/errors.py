"""Everything that can go wrong in a way an operator should read about.

    MopError                 what happened, where, and what to do next
    +-- UsageError           the command line asks for something impossible

Each of these ends the command with exit code 2 and its message on stderr. Anything else that
escapes is a defect of the program.
"""


class MopError(Exception):
    """Base of all errors meant for people. `str(error)` is the whole message."""


class UsageError(MopError):
    """The command line asks for something impossible."""
