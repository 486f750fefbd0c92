"""`mop-tui model`: what is known from earlier sessions, and having it forgotten."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import click

from mop_tui.cli import suggestions
from mop_tui.cli.learning import Planner, task_of_layout
from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.output import column, hanging
from mop_tui.cli.train import WIDEST, as_pattern
from mop_tui.decisions.wording import counted
from mop_tui.domain.plan import Mode
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.errors import UsageError
from mop_tui.foresight.calibration import Calibration, calibrate
from mop_tui.foresight.durations import NEEDED
from mop_tui.foresight.knowledge import Knowledge, Spread, knowledge_of
from mop_tui.foresight.record import MODEL, PATTERN_TYPE, Record
from mop_tui.foresight.store import Known, Store, usual_folder
from mop_tui.layout.sentences import closest

LISTED = 20
"""How many rows of a table are shown, and sessions listed; more are counted."""
SHORTEST = 4
"""How much of a run's id has to be given at least."""
WIDEST_NAME = 32
_CALLED = {Mode.LIVE: "live", Mode.REHEARSAL: "rehearsed"}


MANUAL = Manual(
    examples={
        "See what was learnt:": "mop-tui model",
        "See all about one task:": "mop-tui model mop-platform",
        "Forget it:": "mop-tui model --forget mop-platform",
    },
    arguments={"TASK": "What layouts call their `task`, or else their id. Default: all, in short."},
    files=["$XDG_DATA_HOME/mop-tui/workflows/"],
    environment=["XDG_DATA_HOME"],
    see_also=["train", "predict", "docs/foresight.md"],
)


@click.command("model", cls=Documented, manual=MANUAL)
@click.argument("task", required=False, shell_complete=suggestions.learnt)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.option(
    "--forget",
    metavar="RUN|TASK",
    shell_complete=suggestions.learnt,
    help="Remove the record of one session, or those of all sessions of a task. Asks first.",
)
@click.option("--yes", is_flag=True, help="With --forget: do not ask.")
def command(task: str | None, *, as_json: bool, forget: str | None, yes: bool) -> None:
    """Tell what is known from earlier sessions: of all tasks in short, or all about TASK.

    A TASK is what the `session` of a layout calls its `task`, or else its id. What is known of it:
    how many sessions there were, how long they and the work in them took, with which teams and
    topologies, and whether that is enough to expect something of the next one.
    """
    store = Store(usual_folder())
    if forget is not None:
        if task is not None or as_json:
            raise UsageError("--forget stands alone, but for --yes")
        _forget(store, forget, asked=yes)
        return
    if yes:
        raise UsageError("--yes goes with --forget")
    known = store.read(task)
    if task is not None and not known.records:
        raise UsageError(_unknown(task, store.read()))
    for why in known.unread:
        click.echo(printable(why), err=True)
    names = _tasks(known)
    models = [_model(known, name) for name in names]
    width = min(WIDEST, shutil.get_terminal_size().columns)
    if as_json:
        whole = {
            "model": MODEL,
            "pattern_type": PATTERN_TYPE,
            "folder": str(store.folder),
            "sessions_needed": NEEDED,
            "tasks": [_plain(model) for model in models],
            "unread": list(known.unread),
        }
        click.echo(json.dumps(whole))
    elif not models:
        for line in hanging(_NOTHING, width, 0):
            click.echo(line)
    elif len(models) == 1:
        for line in _about(models[0], width):
            click.echo(line.rstrip())
    else:
        for line in _in_short(models, store):
            click.echo(line.rstrip())


_NOTHING = (
    "Nothing is known yet. Each session in which real agents do all that is to be done is learnt"
    " from at its end; mop-tui train learns from recorded ones."
)


@dataclass(frozen=True, slots=True)
class _Model:
    """What is known of a task, from real sessions and from rehearsals."""

    task: str
    of: Mapping[Mode, Knowledge]

    def forecasts(self, mode: Mode) -> Calibration | None:
        """Return how well sessions would have been foretold, if there are enough of them."""
        if self.sessions(mode) < NEEDED:
            return None
        calibration = calibrate(self.of[mode].records, Planner(), mode=mode)
        return calibration if calibration.ratios else None

    def sessions(self, mode: Mode) -> int:
        """Return how many sessions of a mode are known."""
        return len(self.of[mode].records) if mode in self.of else 0


def _model(known: Known, task: str) -> _Model:
    found = {mode: known.of(task, mode) for mode in (Mode.LIVE, Mode.REHEARSAL)}
    return _Model(task, {mode: knowledge_of(them) for mode, them in found.items() if them})


def _tasks(known: Known) -> list[str]:
    """Return the names of all tasks, the one with the latest session first."""
    return list(dict.fromkeys(record.task for record in reversed(known.records)))


def _unknown(task: str, known: Known) -> str:
    """Return what to tell somebody who asks for a task that nobody knows."""
    names = _tasks(known)
    called = task_of_layout(task, known)
    if called is not None:
        return f"{task}: is a layout, and its task is {called}: mop-tui model {called}"
    if not names:
        return f"{task}: nothing is known of this task, nor of any other"
    meant = closest(task, names)
    if meant:
        return f"{task}: nothing is known of this task (did you mean {meant}?)"
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{task}: nothing is known of this task; known are {listed(names[:LISTED])}{more}"


# -- in words ---------------------------------------------------------------------------------


def _in_short(models: Sequence[_Model], store: Store) -> Iterator[str]:
    names = min(WIDEST_NAME, max(4, *(len(model.task) for model in models)))
    yield f"{'task':<{names}}  {'live':>4}  {'rehearsed':>9}  {'took':>9}  for forecasts"
    for model in models:
        best = model.of.get(Mode.LIVE) or model.of[Mode.REHEARSAL]
        live, rehearsed = model.sessions(Mode.LIVE), model.sessions(Mode.REHEARSAL)
        took = lasting(round(best.took.median))
        row = f"{column(model.task, names)}  {live:>4}  {rehearsed:>9}  {took:>9}  {_enough(live)}"
        yield row if live else f"{row}, rehearsals only"
    yield ""
    yield printable(f"All about one: mop-tui model {models[0].task}")
    yield printable(f"Kept in {store.folder}")


def _enough(sessions: int) -> str:
    return "enough" if sessions >= NEEDED else f"{sessions} of {NEEDED} sessions"


def _about(model: _Model, width: int) -> Iterator[str]:
    yield printable(model.task)
    for mode, known in model.of.items():
        yield ""
        yield from _of_mode(mode, known, model.forecasts(mode), width)


def _of_mode(
    mode: Mode, known: Knowledge, forecasts: Calibration | None, width: int
) -> Iterator[str]:
    number = len(known.records)
    what = counted(number, f"{_CALLED[mode]} session")
    if number >= NEEDED:
        yield f"{what}, enough for forecasts"
    else:
        yield f"{what}: not enough for forecasts yet ({number} of {NEEDED})"
    yield from hanging(f"  {'took':<10}  {_times(known.took)}", width, 14)
    teams = ", ".join(f"{team} {_number(it)}" for team, it in known.teams.items())
    yield from hanging(f"  {'agents':<10}  {_number(known.size)}: {teams}", width, 14)
    yield from hanging(f"  {'topology':<10}  {_topologies(known)}", width, 14)
    if forecasts is not None:
        yield from hanging(f"  {'forecasts':<10}  {_quality(forecasts, number)}", width, 14)
    tables = {
        "work by agent type": known.work_by_type,
        "work by task": known.work_by_task,
        "waits for answers": known.waits,
    }
    names = min(WIDEST_NAME, max(map(len, chain(tables, *tables.values()))))
    for title, rows in tables.items():
        yield from _table(title, rows, names)
    yield ""
    yield f"  {'session':<12}  {'started':<16}  {'took':>10}  {'agents':>6}"
    for record in islice(reversed(known.records), LISTED):
        started = record.started.replace("T", " ")[:16]
        size = sum(record.team_composition.values())
        run = column(record.run, 12)
        yield printable(f"  {run}  {started:<16}  {lasting(record.execution_ms):>10}  {size:>6}")
    if number > LISTED:
        yield f"  and {number - LISTED} before"


def _times(it: Spread) -> str:
    """Return in words how long something took."""
    middle = lasting(round(it.median))
    low, high = lasting(round(it.low)), lasting(round(it.high))
    return middle if low == high else f"{middle}, from {low} to {high}"


def _number(it: Spread) -> str:
    """Return in words how many there were of something."""
    middle = f"{it.median:g}"
    return middle if it.low == it.high else f"{middle} ({it.low:g} to {it.high:g})"


def _topologies(known: Knowledge) -> str:
    parts = []
    for shape, it in known.topologies.items():
        told = f"{shape} in {it.sessions}" if it.sessions else f"{shape} for a while"
        if it.overhead is not None:
            told += f", {_percent(it.overhead.median)} of the time lost to messages"
        parts.append(told)
    return "; ".join(parts)


def _quality(forecasts: Calibration, sessions: int) -> str:
    """Return in words how far off forecasts would have been."""
    number = len(forecasts.ratios)
    if number == sessions:
        told = f"each of {number} sessions foretold from the others"
    elif number > 1:
        told = f"each of the latest {number} sessions foretold from the others"
    else:
        told = "the latest session foretold from the others"
    if forecasts.error is not None:
        told += f": {_percent(forecasts.error)} off at the median"
    span = forecasts.span
    if span is not None:
        told += (
            f"; {_percent(span.coverage)} take {span.low:.2f} to {span.high:.2f} times as long as"
            " foretold"
        )
    return told


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.1 else 1}f} %"


def _table(title: str, rows: Mapping[str, Spread], names: int) -> Iterator[str]:
    """Yield a table of times with a column of `names` characters, if there are any."""
    if not rows:
        return
    yield ""
    yield f"  {title:<{names}}  {'times':>5}  {'median':>10}  {'from':>10}  {'to':>10}"
    for name, it in islice(rows.items(), LISTED):
        times = "  ".join(f"{lasting(round(ms)):>10}" for ms in (it.median, it.low, it.high))
        yield f"  {column(name, names)}  {it.count:>5}  {times}"
    if len(rows) > LISTED:
        yield f"  and {len(rows) - LISTED} more, which took less; --json has all"


# -- as JSON ----------------------------------------------------------------------------------


def _plain(model: _Model) -> dict[str, object]:
    modes = (Mode.LIVE, Mode.REHEARSAL)
    return {
        "task": model.task,
        "enough": model.sessions(Mode.LIVE) >= NEEDED,
        **{
            mode.value: _known(model.of[mode]) | {"forecasts": _forecasts(model.forecasts(mode))}
            for mode in modes
            if mode in model.of
        },
    }


def _known(known: Knowledge) -> dict[str, object]:
    """Return what is known as plain values; times are seconds."""
    return {
        "sessions": len(known.records),
        "enough": len(known.records) >= NEEDED,
        "execution_time": _seconds(known.took),
        "team_size": _values(known.size),
        "team_composition": {team: _values(it) for team, it in known.teams.items()},
        "topologies": {
            shape: {
                "sessions": it.sessions,
                "overhead": None if it.overhead is None else _values(it.overhead),
            }
            for shape, it in known.topologies.items()
        },
        "agent_types": {name: _seconds(it) for name, it in known.work_by_type.items()},
        "tasks": {name: _seconds(it) for name, it in known.work_by_task.items()},
        "waits": {name: _seconds(it) for name, it in known.waits.items()},
        "patterns": [as_pattern(record) for record in known.records],
    }


def _forecasts(it: Calibration | None) -> dict[str, object] | None:
    """Return how well sessions would have been foretold, each from the others; ratios are of what
    they took to what was foretold."""
    if it is None:
        return None
    span = it.span
    of_range = None
    if span is not None:
        of_range = {"low": span.low, "high": span.high, "coverage": span.coverage}
    return {"sessions": len(it.ratios), "error": it.error, "range": of_range}


def _values(it: Spread) -> dict[str, float]:
    return {"count": it.count, "median": it.median, "low": it.low, "high": it.high}


def _seconds(it: Spread) -> dict[str, float]:
    return _values(Spread(it.count, it.median / 1000, it.low / 1000, it.high / 1000))


# -- forgetting -------------------------------------------------------------------------------


def _forget(store: Store, name: str, *, asked: bool) -> None:
    """Remove what is known of a run or a task, if the operator agrees."""
    known = store.read()
    of_task = [record.run for record in known.of(name)]
    runs = list(dict.fromkeys((*of_task, *_runs(store, name))))
    if not runs:
        raise UsageError(
            f"{name}: there is no record of such a run or task; mop-tui model lists what is known"
        )
    what = "record" if len(runs) == 1 else "records"
    if not asked:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                f"--forget {name}: nobody is here to agree to removing"
                f" {counted(len(runs), 'record')}. With --yes nobody is asked."
            )
        of_known = {record.run: record for record in known.records}
        for run in runs[:LISTED]:
            click.echo(f"  {printable(run)}  {_which(of_known.get(run))}", err=True)
        if len(runs) > LISTED:
            click.echo(f"  and {len(runs) - LISTED} more", err=True)
        if not click.confirm(f"Remove {'this' if len(runs) == 1 else 'these'} {what}?", err=True):
            raise UsageError(f"{name}: nothing was removed")
    removed = store.forget(runs)
    click.echo(f"{name}: {counted(removed, 'record')} removed")


def _runs(store: Store, name: str) -> list[str]:
    """Return the run that is called so, or the only one whose id begins so, be it read or not.

    Raises `UsageError` if there are several of those.
    """
    runs = store.runs()
    if name in runs:
        return [name]
    found = [run for run in runs if run.startswith(name)] if len(name) >= SHORTEST else []
    if len(found) > 1:
        raise UsageError(f"{name}: {len(found)} runs begin so; give more of the id")
    return found


def _which(record: Record | None) -> str:
    if record is None:
        return "which cannot be read"
    started = record.started.replace("T", " ")[:16]
    return printable(f"{started}  {record.task}, {_CALLED[record.mode]}")
