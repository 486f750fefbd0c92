"""`mop-tui attach`: a screen on a session that runs in another terminal."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import click

from mop_tui.cli.manual import RUNNING, Documented, Manual
from mop_tui.cli.session_name import SessionName
from mop_tui.errors import UnreachableError, UsageError

MANUAL = Manual(
    arguments={"SESSION": RUNNING},
    examples={
        "Come back to a session that was left with `d`:": "mop-tui attach release",
        "Watch one from another terminal, by its file:": "mop-tui attach sessions/release.jsonl",
    },
    exits={0: "The screen was left.", 2: "The session does not run, or its program has gone."},
    files=["sessions/NAME.jsonl", "sessions/NAME.sock"],
    environment=["NO_COLOR"],
    see_also=["run", "answer", "replay", "docs/operating.md"],
)


@click.command("attach", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName("running"))
def command(session: Path) -> None:
    """Open a screen on SESSION, which runs in another terminal, or went on without one.

    Everything can be done here that can be done where it runs; quitting leaves it and ends nothing.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "attach needs a terminal; `mop-tui events` prints what happened, and `mop-tui answer`"
            " answers."
        )
    asyncio.run(_attach(session))


async def _attach(path: Path) -> None:
    from mop_tui.dashboard.app import Dashboard  # noqa: PLC0415 - loaded only when shown
    from mop_tui.orchestrator.attached import attached  # noqa: PLC0415

    async with attached(path, str(path), "attach") as session:
        app = Dashboard(session)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, lambda: app.call_later(app.run_action, "quit"))
        loop.add_signal_handler(signal.SIGTERM, app.exit)
        loop.add_signal_handler(signal.SIGHUP, app.exit)
        await app.run_async()
        snapshot, trouble, runs = session.snapshot(), session.trouble, session.running
    with suppress(OSError):  # the terminal may have gone
        if snapshot.outcome is not None:
            click.echo(f"{snapshot.outcome}: {snapshot.outcome_reason}")
        elif runs:
            click.echo(f"the session goes on; to come back: mop-tui attach {path}")
        else:
            raise UnreachableError(trouble)
