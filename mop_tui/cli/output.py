"""How events look on the command line, and how what is long is printed."""

import os
import sys

import click

from mop_tui.domain.events import AnyEvent
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
