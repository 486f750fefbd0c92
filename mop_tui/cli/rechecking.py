"""What this program would do with the recorded inputs of a session, compared with what it did."""

from dataclasses import fields
from pathlib import Path

import click

from mop_tui import layout
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.plan import Mode
from mop_tui.domain.sentences import sentence
from mop_tui.domain.wording import listed
from mop_tui.journal import JournalFile
from mop_tui.orchestrator.recheck import recheck


def compare(session: Path) -> int:
    """Print what differs, or that nothing does; return the exit code. Raises `MopError`."""
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
