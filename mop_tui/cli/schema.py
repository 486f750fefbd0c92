"""`mop-tui schema`: the form of a layout, for editors."""

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of layouts, with a description of every key.

    An editor with a YAML language server completes and checks a layout that begins with
    `# yaml-language-server: $schema=FILE`. `mop-tui check` finds much more than form.
    """
    from mop_tui.layout import reference  # noqa: PLC0415 - loaded only where it is used

    click.echo(json.dumps(reference.json_schema(), indent=2))
