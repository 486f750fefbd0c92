"""`mop-tui resume`: a session whose program ended goes on."""

import gc
import sys
from pathlib import Path

import click

from mop_tui.cli.exit_codes import EXIT_OF_OUTCOME
from mop_tui.cli.options import Speed, runs_headless
from mop_tui.cli.session_name import SessionName


@click.command("resume")
@click.argument("session", type=SessionName())
@click.option("--headless", is_flag=True, help="No screen: print what happens, line by line.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: events as JSON lines.")
@click.option(
    "--speed", type=Speed(), help="Times real time, or 'max'; for rehearsals only, as with run."
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Answers written down beforehand; those that were used up already are left out.",
)
@click.option(
    "--report/--no-report",
    default=True,
    help="At the end, write a report beside the session file, as .report.md and .report.html.",
)
@click.option("--trust", is_flag=True, help="Run its commands though they were not run here.")
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
    being done is done again, or as `on_doubt` says. Exit codes are those of run.
    """
    gc.disable()  # as in `mop_tui.cli`; the session enables it again once it runs
    from mop_tui.cli import preparing  # noqa: PLC0415 - loaded only when a session is really run
    from mop_tui.cli import session as sessions  # noqa: PLC0415

    headless = runs_headless(headless=headless, as_json=as_json)
    prepared = preparing.prepare_resumed(
        session, speed=speed, answers=answers, attended=not headless, trusted=trust
    )
    outcome = (
        sessions.run_on_screen(prepared, report=report)
        if prepared.attended
        else sessions.run_headless(prepared, as_json=as_json, report=report)
    )
    sys.exit(EXIT_OF_OUTCOME[outcome])
