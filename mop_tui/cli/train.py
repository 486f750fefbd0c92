"""`mop-tui train`: what was recorded is learnt from."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Literal, get_args

import click

from mop_tui.cli.manual import ARGUMENTS, Documented, Manual
from mop_tui.cli.session_name import SessionName
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.errors import JournalDamageError, JournalError, NotASessionError
from mop_tui.foresight.observing import COMPLETE, is_learnt_from, observe
from mop_tui.foresight.record import PATTERN_TYPE, Record
from mop_tui.foresight.store import Added, Store, StoreError, usual_folder
from mop_tui.journal.summary import Summary, summarise

FOLDER = Path("sessions")
WIDEST = 100

What = Literal[
    "learnt", "learnt anew", "known already", "left out", "damaged", "not read", "not kept"
]
_ADDED: dict[Added, What] = {"new": "learnt", "renewed": "learnt anew", "known": "known already"}
_BAD: tuple[What, ...] = ("damaged", "not read", "not kept")


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a session file."""

    path: Path
    what: What
    why: str = ""
    record: Record | None = None


MANUAL = Manual(
    examples={
        "Learn from all sessions in the folder sessions:": "mop-tui train",
        "Learn from one rehearsal:": "mop-tui train sessions/mop-platform.jsonl",
    },
    arguments={"SESSION": f"{ARGUMENTS['SESSION']} Default: all in that folder."},
    exits={0: "All is told.", 2: "Something is damaged, or could not be read or kept."},
    files=["sessions/NAME.jsonl", "$XDG_DATA_HOME/mop-tui/workflows/"],
    environment=["XDG_DATA_HOME"],
    see_also=["model", "predict", "docs/foresight.md"],
)


@click.command("train", cls=Documented, manual=MANUAL)
@click.argument("sessions", metavar="[SESSION]...", type=SessionName(), nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(sessions: tuple[Path, ...], *, as_json: bool) -> None:
    """Learn from recorded SESSIONs, by default from all in the folder `sessions`.

    Of each that succeeded a record is kept; what `run` has learnt from already is known. Rehearsals
    are kept apart from what was really done. `mop-tui model` tells what is known.
    """
    named = sessions or tuple(sorted(FOLDER.glob("*.jsonl")))
    if not named and not as_json:
        there = "No sessions in" if FOLDER.is_dir() else "No sessions here: there is no folder"
        click.echo(f"{there} {FOLDER}.", err=True)
    store = Store(usual_folder())
    counts: Counter[What] = Counter()
    width = min(WIDEST, shutil.get_terminal_size().columns)
    for path in named:
        came = _learn(path, store)
        if came is None:
            if not sessions:
                continue  # something else that happens to lie in the folder
            came = Came(path, "not read", "it is no session file")
        counts[came.what] += 1
        if as_json:
            click.echo(json.dumps(_plain(came)))
        else:
            click.echo("\n".join(_lines(came, width)))
    if counts and not as_json:
        told = listed([f"{counts[what]} {what}" for what in get_args(What) if counts[what]])
        click.echo(f"{told}. mop-tui model tells what is known.")
    sys.exit(2 if any(counts[what] for what in _BAD) else 0)


def _learn(path: Path, store: Store) -> Came | None:
    """Learn from a session file and return what came of it; None if it is something else."""
    try:
        summary = summarise(path)
        if summary is None:
            return None
        why = _why_not(summary)
        if why:
            return Came(path, "left out", why)
        record = observe(path)
    except NotASessionError:
        return None
    except JournalDamageError as error:
        return Came(path, "damaged", f"line {error.line}: {error.found}")
    except JournalError as error:
        return Came(path, "not read", str(error).removeprefix(f"{path}: "))
    if not record.success:
        return Came(path, "left out", f"it ended {record.outcome or 'nowhere'}")
    try:
        return Came(path, _ADDED[store.add(record)], record=record)
    except StoreError as error:
        return Came(path, "not kept", str(error), record)


def _why_not(summary: Summary) -> str:
    """Return why a session is not learnt from, as far as that is seen at first sight."""
    if summary.state == "running":
        return "it has not ended yet"
    if summary.state == "interrupted":
        return "it was interrupted; mop-tui resume lets it go on"
    if summary.state == "ended" and summary.outcome != COMPLETE:
        return f"it ended {summary.outcome}: {summary.reason}"
    if summary.header is not None and not is_learnt_from(summary.header.layout):
        return "its layout says learn: false"
    return ""


def _lines(came: Came, width: int) -> Iterator[str]:
    head = f"{came.what:<13}  "
    record = came.record
    about = ""
    if record is not None:
        mode = "" if record.mode == "live" else f", {record.mode}"
        about = f": {record.task}{mode}, {lasting(record.execution_ms)}"
    why = f": {came.why}" if came.why else ""
    yield from wrap(
        printable(f"{came.path}{about}{why}"),
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _plain(came: Came) -> dict[str, object]:
    said: dict[str, object] = {"file": str(came.path), "result": came.what.replace(" ", "_")}
    if came.why:
        said["why"] = came.why
    return said if came.record is None else said | as_pattern(came.record)


def as_pattern(record: Record) -> dict[str, object]:
    """Return a session in the words of the orchestration guide; times are seconds."""
    return {
        "session_id": record.run,
        "mode": record.mode,
        "started": record.started,
        "pattern_type": PATTERN_TYPE,
        "input_data": {
            "task": record.task,
            "team_composition": dict(record.team_composition),
            "execution_time": record.execution_ms / 1000,
            "success": record.success,
        },
    }
