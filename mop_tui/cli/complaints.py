"""What is wrong with a command line, said in a sentence like everything else that is wrong."""

from difflib import get_close_matches

import click

from mop_tui.cli.contents import SUMMARIES


class ReaderGoneError(Exception):
    """Nobody reads any more what is written to standard output, as with `| head`."""


def complaint(error: click.ClickException) -> str:
    """Return what is wrong, with which command, and where it is explained."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    said = " ".join(error.format_message().split())
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return said
    if isinstance(error, click.exceptions.NoSuchCommand):
        meant = get_close_matches(error.command_name, SUMMARIES, n=1, cutoff=0.5)
        said += f" Did you mean {meant[0]!r}?" if meant else ""
    command = error.ctx.command_path
    end = "" if said.endswith((".", "?", "?)")) else "."
    return f"{command}: {said[:1].lower()}{said[1:]}{end} See `{command} --help`."
