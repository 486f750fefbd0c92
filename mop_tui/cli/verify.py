"""`mop-tui verify`: is a session file as it was written, and is it what this program would do?"""

import sys
from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.session_name import SessionName

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
    from mop_tui.journal import verify  # noqa: PLC0415 - a shell that asks needs none of it

    verdict = verify(session)
    click.echo(verdict.sentence, err=verdict.exit_code != 0)
    if verdict.exit_code == 0 and decisions:
        from mop_tui.cli.rechecking import compare  # noqa: PLC0415

        sys.exit(compare(session))
    sys.exit(verdict.exit_code)
