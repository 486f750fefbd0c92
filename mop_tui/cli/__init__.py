"""The command line. Commands live in modules of their own and are loaded when they are called, so
that `mop-tui events` does not wait for a screen it does not need."""

import gc
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

from mop_tui import __version__
from mop_tui.errors import MopError

_COMMANDS = {
    "init": "mop_tui.cli.init",
    "layouts": "mop_tui.cli.layouts",
    "schema": "mop_tui.cli.schema",
    "check": "mop_tui.cli.check",
    "plan": "mop_tui.cli.plan",
    "run": "mop_tui.cli.run",
    "resume": "mop_tui.cli.resume",
    "attach": "mop_tui.cli.attach",
    "answer": "mop_tui.cli.answer",
    "feedback": "mop_tui.cli.feedback",
    "replay": "mop_tui.cli.replay",
    "report": "mop_tui.cli.report",
    "sessions": "mop_tui.cli.sessions",
    "train": "mop_tui.cli.train",
    "model": "mop_tui.cli.model",
    "predict": "mop_tui.cli.predict",
    "verify": "mop_tui.cli.verify",
    "events": "mop_tui.cli.events",
    "info": "mop_tui.cli.info",
    "tell": "mop_tui.cli.tell",
}


class _Commands(click.Group):
    """Finds commands by name without importing the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of a session's life."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        # Importing makes many objects and drops none: collecting garbage meanwhile, or among them
        # later, finds nothing and takes a tenth of the time to the first frame.
        gc.disable()
        command: click.Command = import_module(module).command
        gc.freeze()
        gc.enable()
        return command


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mop-tui", message="%(prog)s %(version)s")
def program() -> None:
    """Mission control for a swarm of agents, in one terminal.

    Write a layout (teams, agents, tasks, gates), run it, and see and steer everything from here.
    Everything that happens is recorded in a session file, which can be replayed and verified.
    """


def main() -> None:
    """Run the command line; errors meant for people end it with exit code 2."""
    try:
        sys.exit(program(prog_name="mop-tui", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except MopError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter need not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - an operator is never shown a traceback
        report = Path(tempfile.gettempdir()) / f"mop-tui-defect-{os.getpid()}.txt"
        details = ""
        with suppress(OSError):
            report.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            details = f" Details are in {report}."
        click.echo(
            f"mop-tui failed, which is a defect of the program: {error!r}.{details}", err=True
        )
        sys.exit(70)
