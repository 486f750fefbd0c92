"""`mop-tui tell`, as far as `mop-tui --help` and unusual ways to call the program need it.

`mop_tui.__main__` carries it out without this module, since it has to be quick.
"""

import click

from mop_tui.tell import main


@click.command(
    "tell",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> int:
    """Speak to the session from a script that runs as an agent."""
    return main(words)
