"""The command line. Commands live in modules of their own and are loaded when they are called, so
that `mop-tui events` does not wait for a screen it does not need."""

import errno
import gc
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import click

from mop_tui import __version__
from mop_tui.cli.complaints import ReaderGoneError, complaint
from mop_tui.cli.contents import SUMMARIES
from mop_tui.cli.manual import (
    EXITS_OF_SESSIONS,
    FILES_OF_SESSIONS,
    WRONG_USAGE,
    DocumentedGroup,
    Manual,
)
from mop_tui.errors import MopError

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a full or broken disk says of what is written to it."""


class _Commands(DocumentedGroup):
    """Finds commands by name without importing the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of a session's life."""
        del ctx
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in SUMMARIES:
            return None
        # Importing makes many objects and drops none: collecting garbage meanwhile, or among them
        # later, finds nothing and takes a tenth of the time to the first frame.
        gc.disable()
        command: click.Command = import_module(f"mop_tui.cli.{cmd_name}").command
        gc.freeze()
        gc.enable()
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Carry out a command. Raises `ReaderGoneError` once nobody reads what it writes."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None  # click would make a failure of it


MANUAL = Manual(
    examples={
        "Run the layout that comes with mop-tui, with real agents:": "mop-tui run mop-platform",
        "Rehearse it: two hours in seconds, and nothing is started:": (
            "mop-tui run mop-platform --rehearse"
        ),
        "Write a layout of your own, see what is wrong with it, and run it:": (
            "mop-tui init && mop-tui check layout.yaml && mop-tui run layout.yaml"
        ),
        "See how a session went:": "mop-tui replay NAME",
    },
    exits={**EXITS_OF_SESSIONS, 2: WRONG_USAGE},
    files=FILES_OF_SESSIONS,
    environment=[
        "NO_COLOR",
        "XDG_STATE_HOME",
        "XDG_DATA_HOME",
        "TMPDIR",
        "MOP_AGENT, MOP_TASK, …",
    ],
    see_also=["README.md", "docs/README.md"],
    more={
        "LAYOUT AND SESSION": "LAYOUT is a layout file, or the name of a layout that comes with"
        " mop-tui. SESSION is a session file, or its name in the folder `sessions`."
    },
)


@click.group(
    cls=_Commands,
    manual=MANUAL,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 102},
)
@click.version_option(__version__, prog_name="mop-tui", message="%(prog)s %(version)s")
def program() -> None:
    """Mission control for a swarm of agents, in one terminal

    Write a layout (teams, agents, tasks, gates), run it, and see and steer everything from here.
    Everything that happens is recorded in a session file, which can be replayed, verified and
    explained.

    `mop-tui COMMAND --help` explains a command.
    """


def main() -> None:
    """Run the command line; errors meant for people end it with exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files may hold anything
    if os.environ.get("MOP_COMPLETE"):
        _complete()
    try:
        sys.exit(program(prog_name="mop-tui", standalone_mode=False))
    except click.ClickException as error:
        click.echo(complaint(error), err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except MopError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except ReaderGoneError:
        _drop_the_rest()  # whoever read our output has seen enough
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - an operator is never shown a traceback
        if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
            # Files that are ours are told of by name.
            _drop_the_rest()
            with suppress(OSError):
                click.echo(f"mop-tui: the output cannot be written: {error.strerror}.", err=True)
            sys.exit(2)
        report = Path(tempfile.gettempdir()) / f"mop-tui-defect-{os.getpid()}.txt"
        details = ""
        with suppress(OSError):
            report.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            details = f" Details are in {report}."
        click.echo(
            f"mop-tui failed, which is a defect of the program: {error!r}.{details}", err=True
        )
        sys.exit(70)


def _drop_the_rest() -> None:
    """Keep the interpreter from trying to write what is left of the output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complete() -> NoReturn:
    """Answer a shell that asks how a command line could go on. Whatever fails, it gets nothing."""
    from mop_tui.cli.completing import suggested  # noqa: PLC0415 - loaded only when a shell asks

    with suppress(Exception):
        for line in suggested(program, os.environ, sys.argv[1:]):
            click.echo(line)
    sys.exit(0)
