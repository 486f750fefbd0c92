"""`mop-tui schema`: the form of a layout, for editors."""

import json

import click

from mop_tui.cli.manual import Documented, Manual

MANUAL = Manual(
    examples={
        "Have an editor complete and check layouts:": "mop-tui schema > layout.schema.json",
    },
    see_also=["check", "docs/layout.md"],
)


@click.command("schema", cls=Documented, manual=MANUAL)
def command() -> None:
    """Print the JSON Schema of layouts, with a description of every key.

    An editor with a YAML language server completes and checks a layout that begins with the line
    `# yaml-language-server: $schema=FILE`. `mop-tui check` finds much more than form.
    """
    from mop_tui.layout import reference  # noqa: PLC0415 - loaded only where it is used

    click.echo(json.dumps(reference.json_schema(), indent=2))
