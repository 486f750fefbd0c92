"""`mop-tui run`: a layout becomes a session."""

import gc
import sys
from pathlib import Path

import click

from mop_tui.cli.exit_codes import EXIT_OF_OUTCOME
from mop_tui.cli.manual import EXITS_OF_SESSIONS, FILES_OF_SESSIONS, Documented, Manual
from mop_tui.cli.options import (
    ANSWERS,
    HEADLESS,
    NO_TERMINAL,
    REPORT,
    SETTINGS,
    LayoutType,
    Speed,
    runs_headless,
    settings_of,
)

MANUAL = Manual(
    options={
        "Without a screen": ["--headless", "--json"],
        "Rehearsals": ["--rehearse", "--speed", "--seed"],
        "What it is run with": ["--set", "--answers", "--trust", "--session-file"],
    },
    examples={
        "Run the layout that comes with mop-tui:": "mop-tui run mop-platform",
        "Rehearse your own as fast as it goes, and see whether it would end well:": (
            "mop-tui run layout.yaml --rehearse --headless"
        ),
        "Release a project, with the answers written down beforehand:": (
            "mop-tui run python-release --set project=. --answers answers.yaml --headless"
        ),
        "Keep what happens for another program:": (
            "mop-tui run layout.yaml --headless --json | jq .kind"
        ),
    },
    exits=EXITS_OF_SESSIONS,
    files=FILES_OF_SESSIONS,
    environment=["NO_COLOR", "XDG_STATE_HOME", "XDG_DATA_HOME", "MOP_AGENT, MOP_TASK, …"],
    see_also=["plan", "check", "resume", "attach", "replay", "docs/operating.md"],
)


@click.command("run", cls=Documented, manual=MANUAL)
@click.argument("layout", type=LayoutType())
@HEADLESS
@click.option(
    "--json", "as_json", is_flag=True, help="With --headless: events, one JSON object a line."
)
@click.option(
    "--rehearse", is_flag=True, help="Start nothing; simulated agents play the whole plan."
)
@click.option(
    "--speed",
    type=Speed(),
    help="How many times as fast as real time; for sessions without real agents only."
    " Default: 60 on a screen, else max.",
)
@click.option(
    "--seed",
    type=int,
    metavar="N",
    default=0,
    help="What simulated agents do by chance follows from this number. Default: 0.",
)
@ANSWERS
@click.option(
    "--session-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to record. Default: sessions/ID-TIME-XXXX.jsonl, by the session's id.",
)
@SETTINGS
@REPORT
@click.option(
    "--trust",
    is_flag=True,
    help="Run its commands though you did not agree to them before.",
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

    Without a terminal it runs headless. The first time a layout is run, its commands are listed and
    you are asked; `mop-tui plan` lists them too.

    With --rehearse the whole plan is played on a clock of its own, and nothing is started, written
    or changed but the session file. Where nobody is there, its answers come from the layout
    (`unattended_answers`).
    """
    gc.disable()  # as in `mop_tui.cli`; the session enables it again once it runs
    from mop_tui.cli import preparing, session  # noqa: PLC0415 - only when a session is really run

    unseen = runs_headless(headless=headless, as_json=as_json)
    prepared = preparing.prepare(
        layout,
        overrides=settings_of(settings),
        rehearse=rehearse,
        speed=speed,
        seed=seed,
        answers=answers,
        session_file=session_file,
        attended=not unseen,
        trusted=trust,
    )
    for warning in prepared.warnings:
        click.echo(str(warning), err=True)
    if prepared.unforeseen:
        click.echo(f"mop-tui: {prepared.unforeseen}", err=True)
    if unseen and not headless:
        click.echo(NO_TERMINAL, err=True)
    outcome = (
        session.run_on_screen(prepared, report=report)
        if prepared.attended
        else session.run_headless(prepared, as_json=as_json, report=report)
    )
    sys.exit(EXIT_OF_OUTCOME[outcome])
