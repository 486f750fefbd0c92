"""How events look on the command line, and how what is long is printed."""

import os
import sys
from textwrap import wrap

import click

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.wording import printable
from mop_tui.journal import codec


def json_line(event: AnyEvent) -> str:
    """Return an event as one line of JSON, as in the session file but for the chain."""
    return codec.encode(event)[0].decode()


def clock_time(at: int) -> str:
    """Return session time as `hh:mm:ss.mmm`."""
    minutes, ms = divmod(at, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms / 1000:06.3f}"


def print_all(text: str) -> None:
    """Print a long text, or as much of it as whoever reads our output wants to see."""
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:
        # They have seen enough; the interpreter need not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def hanging(text: str, width: int, indent: int = 4) -> list[str]:
    """Return what may be of others in lines of `width`, all but the first indented."""
    return wrap(
        printable(text),
        max(width, indent + 20),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def column(name: str, width: int) -> str:
    """Return a name, which may be of others, in a column of `width`, cut where it is too long."""
    name = printable(name) or "?"
    return (name if len(name) <= width else f"{name[: width - 1]}\N{HORIZONTAL ELLIPSIS}").ljust(
        width
    )
