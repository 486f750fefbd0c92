"""`mop-tui run`: a layout becomes a session."""

import gc
import sys
from pathlib import Path

import click

from mop_tui.cli.exit_codes import EXIT_OF_OUTCOME
from mop_tui.cli.options import LayoutType, Speed, runs_headless, settings_of


@click.command("run")
@click.argument("layout", type=LayoutType())
@click.option("--headless", is_flag=True, help="No screen: print what happens, line by line.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: events as JSON lines.")
@click.option(
    "--rehearse", is_flag=True, help="Start nothing; simulated agents play the whole plan."
)
@click.option(
    "--speed",
    type=Speed(),
    help="Times real time, or 'max'; for sessions without real agents only."
    " Default: max headless, else 60.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of simulated agents.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Answers written down beforehand: a YAML list of {question, value, reason, after}.",
)
@click.option(
    "--session-file",
    type=click.Path(path_type=Path),
    help="Where to record. Default: sessions/<layout id>-<time>.jsonl",
)
@click.option(
    "--set", "settings", metavar="KEY=VALUE", multiple=True, help="Set a variable of the layout."
)
@click.option(
    "--report/--no-report",
    default=True,
    help="At the end, write a report beside the session file, as .report.md and .report.html.",
)
@click.option(
    "--trust", is_flag=True, help="Run the commands of a layout that was not run here before."
)
def command(
    layout: Path,
    *,
    headless: bool,
    as_json: bool,
    rehearse: bool,
    speed: float | None,
    seed: int,
    answers: Path | None,
    session_file: Path | None,
    settings: tuple[str, ...],
    report: bool,
    trust: bool,
) -> None:
    """Run LAYOUT: start its agents, show everything, ask before gates, record it all.

    Exit codes: 0 all done; 1 ended with failed, rejected or cancelled work; 2 wrong usage or
    input; 3 headless and only questions left; 130 ended early by the operator; 143 by SIGTERM.
    """
    gc.disable()  # as in `mop_tui.cli`; the session enables it again once it runs
    from mop_tui.cli import preparing, session  # noqa: PLC0415 - only when a session is really run

    headless = runs_headless(headless=headless, as_json=as_json)
    prepared = preparing.prepare(
        layout,
        overrides=settings_of(settings),
        rehearse=rehearse,
        speed=speed,
        seed=seed,
        answers=answers,
        session_file=session_file,
        attended=not headless,
        trusted=trust,
    )
    for warning in prepared.warnings:
        click.echo(str(warning), err=True)
    if prepared.unforeseen:
        click.echo(f"mop-tui: {prepared.unforeseen}", err=True)
    outcome = (
        session.run_on_screen(prepared, report=report)
        if prepared.attended
        else session.run_headless(prepared, as_json=as_json, report=report)
    )
    sys.exit(EXIT_OF_OUTCOME[outcome])
