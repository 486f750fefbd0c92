"""`mop-tui info`: versions, and where things are."""

import json
import locale
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

import click

from mop_tui import __version__
from mop_tui.foresight.store import StoreError, usual_folder

PACKAGES = ("textual", "pydantic", "pyyaml", "click")


@click.command("info")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, as_json: bool) -> None:
    """Print what a report of a defect should say: versions, terminal, and where files live."""
    facts = _facts()
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")


def _facts() -> dict[str, str]:
    size = shutil.get_terminal_size()
    terminal = f"{os.environ.get('TERM', 'unknown')}, {size.columns} columns x {size.lines} lines"
    return {
        "mop-tui": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        **{name: _version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "terminal": terminal if sys.stdout.isatty() else f"none; {os.environ.get('TERM', '-')}",
        "encoding": locale.getpreferredencoding(do_setlocale=False),
        "colours": "off (NO_COLOR)" if os.environ.get("NO_COLOR") else "as the terminal has them",
        "program": str(Path(__file__).parents[1]),
        "sessions": str(Path("sessions").absolute()),
        "records": _records(),
    }


def _records() -> str:
    try:
        return str(usual_folder())
    except StoreError as error:
        return f"nowhere: {error}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
