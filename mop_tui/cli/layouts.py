"""`mop-tui layouts`: the layouts that come with the program."""

import json

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.layout import bundled, load

MANUAL = Manual(
    examples={
        "See what there is:": "mop-tui layouts",
        "See where the file of one of them is:": (
            "mop-tui layouts --json | jq -r 'select(.name == \"deadlock\").file'"
        ),
    },
    see_also=["plan", "run", "docs/layout.md"],
)


@click.command("layouts", cls=Documented, manual=MANUAL)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line: name, file, project, goal."
)
def command(*, as_json: bool) -> None:
    """List the layouts that come with mop-tui, with what each is for.

    Their names work wherever a command takes a LAYOUT. They are trusted as they were shipped.
    """
    found = []
    for name in bundled.names():
        path = bundled.folder() / f"{name}{bundled.SUFFIX}"
        plan = load(path).plan
        found.append({"name": name, "file": str(path), "project": plan.project, "goal": plan.goal})
    width = max((len(layout["name"]) for layout in found), default=0)
    for layout in found:
        about = layout["goal"] or layout["project"]
        click.echo(json.dumps(layout) if as_json else f"{layout['name']:<{width}}  {about}")
