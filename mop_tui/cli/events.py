"""`mop-tui events`: what is in a session file."""

import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import UNTIL_DAMAGE, Moment, MomentType
from mop_tui.cli.output import clock_time, json_line
from mop_tui.cli.session_name import SessionName
from mop_tui.cli.suggestions import agents, in_session, kinds, tasks
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.sentences import sentence
from mop_tui.errors import UsageError
from mop_tui.journal import JournalFile
from mop_tui.journal.following import GrowingJournal
from mop_tui.journal.lock import holder_of

POLL = 0.1
"""Seconds between two looks at a file that is being written."""

Wanted = Callable[[AnyEvent], bool]


MANUAL = Manual(
    options={
        "Which events": ["--kind", "--agent", "--task", "--since"],
        "How": ["--follow", "--json", "--until-damage"],
    },
    more={
        "FORMAT": "A line tells the time since the start of the session, the number of the event,"
        " the number of the event that it follows from (`<-12`), its kind, and what happened."
        " docs/contracts.md lists the kinds, and what JSON says of each."
    },
    examples={
        "Read what happened:": "mop-tui events release",
        "Follow what an agent of a running session does:": (
            "mop-tui events release --agent ann --follow"
        ),
        "Count what became of tasks:": (
            "mop-tui events release --kind task.transitioned --json | jq -r .data.to_state"
            " | sort | uniq -c"
        ),
    },
    exits={
        0: "The events were printed; with --follow, the session has ended.",
        2: "Wrong usage or input, a damaged file, or an interrupted session with --follow.",
    },
    files=["sessions/NAME.jsonl"],
    see_also=["replay", "verify", "sessions", "docs/contracts.md"],
)


@click.command("events", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName())
@click.option(
    "--kind",
    metavar="GLOB",
    shell_complete=kinds,
    help="Only kinds that match a pattern, such as 'agent.*'.",
)
@click.option(
    "--agent", metavar="ID", shell_complete=in_session(agents), help="Only events of this agent."
)
@click.option(
    "--task", metavar="ID", shell_complete=in_session(tasks), help="Only events of this task."
)
@click.option(
    "--since",
    type=MomentType(),
    help="Only from then on: a time of the session (90s, 1h30m), or #123 for an event.",
)
@click.option("--follow", is_flag=True, help="Print what happens until the session ends.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as it is recorded.")
@UNTIL_DAMAGE
def command(
    session: Path,
    *,
    kind: str | None,
    agent: str | None,
    task: str | None,
    since: Moment | None,
    follow: bool,
    as_json: bool,
    until_damage: bool,
) -> None:
    """Print the events of SESSION, oldest first: what happened, and because of what."""

    def wanted(event: AnyEvent) -> bool:
        return (
            (kind is None or fnmatchcase(event.kind, kind))
            and (agent is None or getattr(event.data, "agent", None) == agent)
            and (task is None or getattr(event.data, "task", None) == task)
            and (since is None or since.passed_by(event))
        )

    if follow and until_damage:
        raise UsageError("--follow and --until-damage: a damaged file is not being written.")
    if follow:
        sys.exit(_follow(session, wanted, as_json=as_json))
    with JournalFile.open(session, until_damage=until_damage) as journal:
        fit = 0
        for event in journal:
            if wanted(event):
                fit += 1
                _print(event, as_json=as_json)
        if not fit:
            click.echo(f"{session}: has no such events.", err=True)
        if journal.torn:
            click.echo(f"{session}: the last line is cut short, and was left out.", err=True)


def _follow(session: Path, wanted: Wanted, *, as_json: bool) -> int:
    """Print events as they are written, until the last; return the exit code."""
    journal = GrowingJournal(session)
    try:
        while True:
            # Whoever writes is asked for first: what it wrote last is read after it is gone.
            written = holder_of(session) is not None
            events = journal.read()
            for event in events:
                if wanted(event):
                    _print(event, as_json=as_json)
                if event.kind == "system.ended":
                    return 0
            if not events and not written:
                click.echo(
                    f"{session}: its program is gone, and the session has not ended."
                    f" Let it go on with: mop-tui resume {session}",
                    err=True,
                )
                return 2
            if not events:
                time.sleep(POLL)
    finally:
        journal.close()


def _print(event: AnyEvent, *, as_json: bool) -> None:
    click.echo(json_line(event) if as_json else _line(event))


def _line(event: AnyEvent) -> str:
    cause = "" if event.cause is None else f"<-{event.cause}"
    return f"{clock_time(event.at)} {event.seq:>6} {cause:<8} {event.kind:<20} {sentence(event)}"
