"""`mop-tui replay`: a recorded session, shown again."""

import asyncio
import sys
from pathlib import Path

import click

from mop_tui.cli.options import Moment, MomentType
from mop_tui.cli.session_name import SessionName
from mop_tui.errors import UsageError


@click.command("replay")
@click.argument("session", type=SessionName())
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Times as fast as it happened.",
)
@click.option(
    "--at",
    "start",
    type=MomentType(),
    help="Where to begin: 90s, 2m, 1h30m, or #123 for an event.",
)
@click.option("--until-damage", is_flag=True, help="Read a damaged file as far as it is sound.")
def command(session: Path, *, speed: float, start: Moment | None, until_damage: bool) -> None:
    """Show SESSION again on the screen: play, pause, step, seek. Nothing is executed."""
    from mop_tui.dashboard.app import Dashboard  # noqa: PLC0415 - loaded only when shown
    from mop_tui.orchestrator.replay import open_replay  # noqa: PLC0415

    replay = open_replay(session, until_damage=until_damage)
    replay.set_speed(speed)
    if start is not None and start.seq is not None:
        replay.seek(start.seq)
    elif start is not None and start.at is not None:
        replay.seek_time(start.at)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("replay needs a terminal; `mop-tui events` prints what happened")
    if replay.playback.position < replay.playback.length:
        replay.play()
    asyncio.run(Dashboard(replay).run_async())
