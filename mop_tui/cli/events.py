"""`mop-tui events`: what is in a session file."""

from fnmatch import fnmatchcase
from pathlib import Path

import click

from mop_tui.cli.output import clock_time, json_line
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.sentences import sentence
from mop_tui.journal import JournalFile


@click.command("events")
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--kind", metavar="GLOB", help="Only kinds that match, such as 'agent.*'.")
@click.option("--agent", metavar="ID", help="Only events of this agent.")
@click.option("--task", metavar="ID", help="Only events of this task.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--until-damage", is_flag=True, help="Read a damaged file as far as it is sound.")
def command(
    session: Path,
    *,
    kind: str | None,
    agent: str | None,
    task: str | None,
    as_json: bool,
    until_damage: bool,
) -> None:
    """Print the events of SESSION, oldest first: time, number, kind, cause and what happened."""
    with JournalFile.open(session, until_damage=until_damage) as journal:
        for event in journal:
            if _wanted(event, kind, agent, task):
                click.echo(json_line(event) if as_json else _line(event))
        if journal.torn:
            click.echo(f"{session}: the last line is cut short and was left out", err=True)


def _wanted(event: AnyEvent, kind: str | None, agent: str | None, task: str | None) -> bool:
    return (
        (kind is None or fnmatchcase(event.kind, kind))
        and (agent is None or getattr(event.data, "agent", None) == agent)
        and (task is None or getattr(event.data, "task", None) == task)
    )


def _line(event: AnyEvent) -> str:
    cause = "" if event.cause is None else f"<-{event.cause}"
    return f"{clock_time(event.at)} {event.seq:>6} {cause:<8} {event.kind:<20} {sentence(event)}"
