"""`mop-tui check`: what is wrong with a layout, all at once."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from mop_tui import layout
from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import LayoutType
from mop_tui.decisions.wording import counted
from mop_tui.errors import LayoutError, Problem

MANUAL = Manual(
    arguments={"LAYOUT": "Layout files, or names of layouts that come with mop-tui."},
    examples={
        "Check a layout:": "mop-tui check layout.yaml",
        "Check all that are here, for a script:": "mop-tui check *.yaml --json",
        "Check what a rehearsal needs, where programs do not exist yet:": (
            "mop-tui check layout.yaml --rehearse"
        ),
    },
    exits={0: "Every layout is sound; there may be warnings.", 2: "Something is wrong."},
    see_also=["plan", "schema", "run", "docs/layout.md"],
)


@click.command("check", cls=Documented, manual=MANUAL)
@click.argument("layouts", metavar="LAYOUT...", type=LayoutType(), nargs=-1, required=True)
@click.option("--rehearse", is_flag=True, help="Check what `run --rehearse` would run.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object a line for each problem: its place, message and severity.",
)
def command(layouts: tuple[Path, ...], *, rehearse: bool, as_json: bool) -> None:
    """Say everything that is wrong with each LAYOUT, as `file:line:column: path: message`.

    Warnings are about what is probably not meant; they keep nothing from being run. Nothing is
    started.
    """
    wrong = False
    for path in layouts:
        problems, warnings = _problems(path, rehearse=rehearse)
        wrong = wrong or bool(problems)
        for problem in sorted((*problems, *warnings), key=_place):
            click.echo(json.dumps(_plain(problem)) if as_json else str(problem), err=not as_json)
        if not as_json:
            click.echo(_verdict(path, problems, warnings), err=bool(problems))
    sys.exit(2 if wrong else 0)


def _problems(path: Path, *, rehearse: bool) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return what is wrong with a layout, and what is only advised against."""
    try:
        return (), layout.load(path, rehearse=rehearse).warnings
    except LayoutError as error:
        return error.problems, error.warnings


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def _plain(problem: Problem) -> dict[str, object]:
    fields = asdict(problem)
    severity = "warning" if fields.pop("warning") else "error"
    return {**fields, "severity": severity}


def _verdict(path: Path, problems: tuple[Problem, ...], warnings: tuple[Problem, ...]) -> str:
    """Return in one line what the check came to."""
    advised = counted(len(warnings), "warning")
    if problems:
        more = f", {advised}" if warnings else ""
        return f"{path}: {counted(len(problems), 'problem')}{more}"
    return f"{path}: sound{f', with {advised}' if warnings else ''}"
