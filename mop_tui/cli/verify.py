"""`mop-tui verify`: is a session file as it was written, and is it what this program would do?"""

import sys
from dataclasses import fields
from pathlib import Path

import click

from mop_tui import layout
from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.session_name import SessionName
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.plan import Mode
from mop_tui.domain.sentences import sentence
from mop_tui.domain.wording import listed
from mop_tui.journal import JournalFile, verify
from mop_tui.orchestrator.recheck import recheck

MANUAL = Manual(
    examples={
        "Check a session file:": "mop-tui verify release",
        "Check also that this version of mop-tui would decide the same:": (
            "mop-tui verify release --decisions"
        ),
    },
    exits={0: "Intact; it has ended, or still runs.", 2: "Torn, damaged, or different."},
    files=["sessions/NAME.jsonl"],
    see_also=["events", "resume", "sessions", "docs/contracts.md"],
)


@click.command("verify", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName())
@click.option(
    "--decisions",
    is_flag=True,
    help="Also run the recorded inputs through the rules again and compare what follows.",
)
def command(session: Path, *, decisions: bool) -> None:
    """Check every line of SESSION against the chain that binds them.

    The chain finds accidents: a flipped bit, a lost, repeated, moved or edited line. It does not
    find forgery.
    """
    verdict = verify(session)
    click.echo(verdict.sentence, err=verdict.exit_code != 0)
    if verdict.exit_code == 0 and decisions:
        sys.exit(_recheck(session))
    sys.exit(verdict.exit_code)


def _recheck(session: Path) -> int:
    with JournalFile.open(session) as journal:
        header = journal.header
        plan = layout.plan_of(header.layout, rehearse=header.mode is Mode.REHEARSAL)
        result = recheck(plan, journal)
    if result.divergence is None:
        click.echo(
            f"{session}: re-running its inputs gives the same {result.events:,} events, among them"
            f" {result.decisions:,} decisions and {result.digests:,} state digests."
        )
        return 0
    recorded, expected = result.divergence.recorded, result.divergence.expected
    click.echo(
        f"{session}: event {result.divergence.seq} differs{_where(recorded, expected)}. Recorded"
        f" is {_told(recorded)}. This version does {_told(expected)}. Recorded by"
        f" mop-tui {header.versions.get('mop-tui', 'of unknown version')}.",
        err=True,
    )
    return 2


def _told(event: AnyEvent | None) -> str:
    return "nothing" if event is None else f"{event.kind} ({sentence(event)})"


def _where(recorded: AnyEvent, expected: AnyEvent | None) -> str:
    """Return what is different in two events of the same kind, by name; else nothing."""
    if expected is None or expected.kind != recorded.kind:
        return ""
    places = [name for name in ("seq", "at", "cause") if _differ(recorded, expected, name)]
    own = [field.name for field in fields(recorded.data)]
    places += [name for name in own if _differ(recorded.data, expected.data, name)]
    return f" in {listed(places)}"


def _differ(one: object, other: object, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
