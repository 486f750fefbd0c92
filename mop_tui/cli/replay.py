"""`mop-tui replay`: a recorded session, shown again."""

import asyncio
import sys
from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import UNTIL_DAMAGE, Moment, MomentType, Speed
from mop_tui.cli.session_name import SessionName
from mop_tui.errors import UsageError

MANUAL = Manual(
    examples={
        "Look at a session again:": "mop-tui replay sessions/mop-platform.jsonl",
        "Begin a minute and a half after its start:": "mop-tui replay release --at 90s",
        "Begin at an event, whose number `mop-tui events` tells:": (
            "mop-tui replay release --at '#123'"
        ),
    },
    environment=["NO_COLOR"],
    see_also=["sessions", "events", "verify", "docs/operating.md"],
)


@click.command("replay", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName())
@click.option(
    "--speed",
    type=Speed(unbounded=False),
    default=1.0,
    help="How many times as fast as it happened; more than 0. Default: 1.",
)
@click.option(
    "--at",
    "start",
    type=MomentType(),
    help="Where to begin: a time of the session (90s, 1h30m), or #123 for an event."
    " Default: at the start.",
)
@UNTIL_DAMAGE
def command(session: Path, *, speed: float, start: Moment | None, until_damage: bool) -> None:
    """Show SESSION again on the screen: play, pause, step, seek.

    Nothing is started. The keys are listed by `?`.
    """
    from mop_tui.dashboard.app import Dashboard  # noqa: PLC0415 - loaded only when shown
    from mop_tui.orchestrator.replay import open_replay  # noqa: PLC0415

    replay = open_replay(session, until_damage=until_damage)
    replay.set_speed(speed)
    if start is not None and start.seq is not None:
        replay.seek(start.seq)
    elif start is not None and start.at is not None:
        replay.seek_time(start.at)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("replay needs a terminal; `mop-tui events` prints what happened.")
    if replay.playback.position < replay.playback.length:
        replay.play()
    asyncio.run(Dashboard(replay).run_async())
