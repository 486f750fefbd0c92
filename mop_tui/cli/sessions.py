"""`mop-tui sessions`: which sessions there are, and how they ended."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import FolderType
from mop_tui.cli.output import clock_time
from mop_tui.cli.report_files import reports_of
from mop_tui.domain.wording import printable
from mop_tui.errors import JournalError, UsageError
from mop_tui.journal.summary import Summary, summarise

FOLDER = Path("sessions")
HEADING = f"{'started':<19}  {'state':<11}  {'lasted':<8}  {'mode':<9}  file and how it ended"


MANUAL = Manual(
    arguments={"FOLDER": "Where session files lie. Default: sessions."},
    examples={
        "List the sessions that were recorded here:": "mop-tui sessions",
        "List those that run:": (
            "mop-tui sessions --json | jq -r 'select(.state == \"running\").file'"
        ),
    },
    files=["sessions/NAME.jsonl", "sessions/NAME.lock"],
    see_also=["replay", "attach", "resume", "verify"],
)


@click.command("sessions", cls=Documented, manual=MANUAL)
@click.argument("folder", type=FolderType(), default=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(folder: Path, *, as_json: bool) -> None:
    """List the sessions that are recorded in FOLDER, newest first.

    Of what runs it is said by whom; what was interrupted can go on with `mop-tui resume`. Files are
    not verified for this: `mop-tui verify` does that.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 - of an impossible name this says no
        if folder == FOLDER:
            click.echo("No sessions here: there is no folder sessions.", err=True)
            return
        what = "is no folder" if os.path.lexists(folder) else "there is no such folder"
        raise UsageError(f"{folder}: {what}.")
    found, unread = [], []
    for path in folder.glob("*.jsonl"):
        try:
            summary = summarise(path)
        except JournalError as error:
            unread.append(str(error))
            continue
        if summary is not None:
            found.append(summary)
    found.sort(key=_age, reverse=True)
    if found and not as_json:
        click.echo(HEADING)
    for summary in found:
        click.echo(json.dumps(_plain(summary)) if as_json else _line(summary))
    if not found and not as_json:
        click.echo(f"No sessions in {folder}.", err=True)
    for why in unread:
        click.echo(why, err=True)


def _age(summary: Summary) -> tuple[datetime, int]:
    """Return a sort key: when it was started, to the second, and last written to."""
    started, written = datetime.min.replace(tzinfo=UTC), 0
    if summary.header is not None:
        started = datetime.fromisoformat(summary.header.started)
    with suppress(OSError):
        written = summary.path.stat().st_mtime_ns
    return started, written


def _line(summary: Summary) -> str:
    header = summary.header
    if header is None:
        return printable(f"{'?':<19}  {summary.state:<11}  {'?':<8}  {'?':<9}  {summary.path}")
    started = header.started.replace("T", " ")[:19]
    mode = header.mode.value
    lasted = clock_time(summary.at)[:8] if summary.events else "?"
    line = f"{started}  {summary.state:<11}  {lasted:<8}  {mode:<9}"
    return printable(f"{line}  {summary.path}{_more(summary)}")


def _more(summary: Summary) -> str:
    if summary.state == "running":
        return f"  by {summary.holder}"
    if summary.state == "ended":
        told = "; its report is beside it" if reports_of(summary.path) else ""
        return f"  {summary.outcome}: {summary.reason}{told}"
    if summary.state == "interrupted":
        return "  if it is intact, mop-tui resume lets it go on"
    return ""


def _plain(summary: Summary) -> dict[str, object]:
    header, holder = summary.header, summary.holder
    session = header.layout.get("session") if header else None
    return {
        "file": str(summary.path),
        "id": session.get("id") if isinstance(session, dict) else None,
        "run": header.run if header else None,
        "mode": header.mode.value if header else None,
        "started": header.started if header else None,
        "state": summary.state,
        "events": summary.events,
        "at": summary.at if summary.events else None,
        "outcome": summary.outcome or None,
        "reason": summary.reason or None,
        "pid": holder.pid if holder else None,
        "reports": [str(it) for it in reports_of(summary.path)],
    }
