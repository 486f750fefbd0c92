"""`mop-tui run`: a layout becomes a session."""

import gc
import sys
from pathlib import Path

import click

from mop_tui.cli.exit_codes import EXIT_OF_OUTCOME
from mop_tui.cli.manual import EXITS_OF_SESSIONS, Documented, Manual
from mop_tui.cli.options import LayoutType, Speed, runs_headless, settings_of

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
    files=[
        "sessions/NAME.jsonl",
        "sessions/NAME.logs/",
        "sessions/NAME.work/",
        "sessions/NAME.lock",
        "sessions/NAME.sock",
        "$XDG_STATE_HOME/mop-tui/trusted",
    ],
    environment=["NO_COLOR", "XDG_STATE_HOME", "MOP_AGENT, MOP_TASK, …"],
    see_also=["plan", "check", "resume", "attach", "replay", "docs/operating.md"],
)


@click.command("run", cls=Documented, manual=MANUAL)
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
    trust: bool,
) -> None:
    """Run LAYOUT: start its agents, show everything, ask before gates, record it all."""
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
    outcome = (
        session.run_headless(prepared, as_json=as_json)
        if headless
        else session.run_on_screen(prepared)
    )
    sys.exit(EXIT_OF_OUTCOME[outcome])
