"""`mop-tui resume`: a session whose program ended goes on."""

import gc
import sys
from pathlib import Path

import click

from mop_tui.cli.exit_codes import EXIT_OF_OUTCOME
from mop_tui.cli.manual import EXITS_OF_SESSIONS, FILES_OF_SESSIONS, Documented, Manual
from mop_tui.cli.options import ANSWERS, HEADLESS, NO_TERMINAL, REPORT, Speed, runs_headless
from mop_tui.cli.session_name import SessionName

MANUAL = Manual(
    options={
        "Without a screen": ["--headless", "--json"],
        "What it goes on with": ["--answers", "--trust", "--speed"],
    },
    examples={
        "See which sessions were interrupted:": "mop-tui sessions",
        "Let one go on:": "mop-tui resume release-20260301-120000-ab12",
        "Let it go on where nobody watches:": (
            "mop-tui resume sessions/release.jsonl --headless --answers answers.yaml"
        ),
    },
    exits=EXITS_OF_SESSIONS,
    files=FILES_OF_SESSIONS,
    environment=["NO_COLOR", "XDG_STATE_HOME", "XDG_DATA_HOME", "MOP_AGENT, MOP_TASK, …"],
    see_also=["run", "sessions", "verify", "docs/operating.md"],
)


@click.command("resume", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName("interrupted"))
@HEADLESS
@click.option(
    "--json", "as_json", is_flag=True, help="With --headless: events, one JSON object a line."
)
@click.option(
    "--speed",
    type=Speed(),
    help="How many times as fast as real time; for rehearsals only."
    " Default: 60 on a screen, else max.",
)
@ANSWERS
@REPORT
@click.option(
    "--trust", is_flag=True, help="Run its commands though you did not agree to them before."
)
def command(
    session: Path,
    *,
    headless: bool,
    as_json: bool,
    speed: float | None,
    answers: Path | None,
    report: bool,
    trust: bool,
) -> None:
    """Let SESSION go on, whose program was killed or lost its machine.

    What was recorded counts: finished tasks are not done again, answers are not asked for again
    (but for passwords, which are recorded nowhere), and time goes on where it stood still. What was
    being done is done again, or as `on_doubt` in the layout says.
    """
    gc.disable()  # as in `mop_tui.cli`; the session enables it again once it runs
    from mop_tui.cli import preparing  # noqa: PLC0415 - loaded only when a session is really run
    from mop_tui.cli import session as sessions  # noqa: PLC0415

    unseen = runs_headless(headless=headless, as_json=as_json)
    prepared = preparing.prepare_resumed(
        session, speed=speed, answers=answers, attended=not unseen, trusted=trust
    )
    if unseen and not headless:
        click.echo(NO_TERMINAL, err=True)
    outcome = (
        sessions.run_on_screen(prepared, report=report)
        if prepared.attended
        else sessions.run_headless(prepared, as_json=as_json, report=report)
    )
    sys.exit(EXIT_OF_OUTCOME[outcome])
