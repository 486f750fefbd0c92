"""`mop-tui layouts`: the layouts that come with the program."""

import json

import click

from mop_tui.layout import bundled, load


@click.command("layouts")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(*, as_json: bool) -> None:
    """List the layouts that come with mop-tui. Their names work wherever LAYOUT does."""
    found = []
    for name in bundled.names():
        path = bundled.folder() / f"{name}{bundled.SUFFIX}"
        plan = load(path).plan
        found.append({"name": name, "file": str(path), "project": plan.project, "goal": plan.goal})
    width = max((len(layout["name"]) for layout in found), default=0)
    for layout in found:
        about = layout["goal"] or layout["project"]
        click.echo(json.dumps(layout) if as_json else f"{layout['name']:<{width}}  {about}")
