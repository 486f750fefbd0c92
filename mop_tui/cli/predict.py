"""`mop-tui predict`: which team to do something with, and how long it would take."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import median
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from mop_tui import layout
from mop_tui.cli import suggestions
from mop_tui.cli.learning import Planner, task_of_layout
from mop_tui.cli.manual import ARGUMENTS, WRONG_USAGE, Documented, Manual
from mop_tui.cli.options import SETTINGS, settings_of
from mop_tui.cli.output import column, hanging
from mop_tui.decisions.wording import counted
from mop_tui.domain.plan import Mode, Plan
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.errors import UsageError
from mop_tui.foresight.calibration import calibrate
from mop_tui.foresight.compositions import Candidate
from mop_tui.foresight.durations import Learnt, TooFew, learn, runs_of
from mop_tui.foresight.observing import task_name
from mop_tui.foresight.prediction import RANKS, Budget, Prediction, Unknown, predict
from mop_tui.foresight.record import MODEL, PATTERN_TYPE, Record
from mop_tui.foresight.simulation import Step
from mop_tui.foresight.store import Known, Store, usual_folder
from mop_tui.layout import bundled, durations
from mop_tui.layout.sentences import closest

WIDEST = 100
WIDEST_NAME = 28
LISTED = 20
"""How many names are told where somebody asks for one that is not known."""
STEPS = 14
"""How many steps of a critical path are shown; of more, the first and the last."""
MOST_MONEY = 1e12


class TimeType(click.ParamType[int]):
    """A length of time: `3h`, `1h30m`, or a number of seconds."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return milliseconds."""
        if isinstance(value, int):
            return value
        text = str(value)
        number = _number(text)
        try:
            return durations.parse(text if number is None else number)
        except ValueError as error:
            self.fail(f"{text!r} {error}", param, ctx)


class BudgetType(click.ParamType[Budget]):
    """What may be spent: `low`, `medium`, `high`, or a number."""

    name = "low|medium|high|NUMBER"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the ranks that can be meant."""
        del ctx, param
        return [CompletionItem(rank) for rank in RANKS if rank.startswith(incomplete)]

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Budget:
        """Return the rank or the number."""
        for rank in RANKS:
            if value == rank:
                return rank
        number = _number(str(value))
        if number is None or not 0 <= number <= MOST_MONEY:
            known = "low, medium, high or a number that is not negative"
            self.fail(f"{value!r} is no budget; write {known}", param, ctx)
        return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


MANUAL = Manual(
    examples={
        "Ask for a team that is done within three hours:": (
            "mop-tui predict mop-platform --max-time 3h"
        ),
        "Ask for the fastest that can be paid for:": "mop-tui predict mop-platform --budget 40",
        "See who would be in it, as JSON:": (
            "mop-tui predict mop-platform --json | jq .output_prediction.team_composition"
        ),
    },
    arguments={
        "TASK|LAYOUT": "What layouts call their `task`, or else their id: then the layout of its"
        f" latest session counts. Or: {ARGUMENTS['LAYOUT']}"
    },
    exits={
        0: "It is told.",
        1: "There are too few sessions, or nobody can tell when it would be done.",
        2: WRONG_USAGE,
    },
    files=["$XDG_DATA_HOME/mop-tui/workflows/"],
    environment=["XDG_DATA_HOME"],
    see_also=["train", "model", "plan", "docs/foresight.md"],
)


@click.command("predict", cls=Documented, manual=MANUAL)
@click.argument("what", metavar="TASK|LAYOUT", shell_complete=suggestions.learnt_or_layouts)
@click.option("--max-time", type=TimeType(), help="How long it may take, such as 3h.")
@click.option(
    "--budget",
    metavar="low|medium|high|NUMBER",
    type=BudgetType(),
    help="What it may cost: a number in the unit of the layout's prices, or a rank.",
)
@click.option("--rehearsed", is_flag=True, help="From rehearsals, for a rehearsal.")
@SETTINGS
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(
    what: str,
    *,
    max_time: int | None,
    budget: Budget | None,
    rehearsed: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell which team and topology to do something with, how long it would take, and why.

    A TASK is what layouts call their `task`, or else their id: the layout of its latest session is
    taken. Or name a LAYOUT. What is told comes from earlier sessions (see `mop-tui model`), by
    playing the plan through with other teams. Without a time or a budget it is the smallest team
    that is nearly as fast as the fastest; with --max-time the cheapest that fits; with --budget
    the fastest that can be paid for.
    """
    mode = Mode.REHEARSAL if rehearsed else Mode.LIVE
    known = Store(usual_folder()).read()
    for why in known.unread:
        click.echo(printable(why), err=True)
    planner = Planner()
    asked = _asked(what, known, mode, planner, settings_of(settings))
    records = [run.record for run in runs_of(known.of(asked.task), mode)]
    known_of = _learnt(asked, records, mode)
    if isinstance(known_of, TooFew):
        said = _too_few(asked.task, known_of, known, mode)
        hint = "" if rehearsed else _HOW_TO_LEARN
        _tell_nothing(asked, said, as_json=as_json, few=known_of, hint=hint)
    plan, learnt = known_of
    span = calibrate(records, planner, mode=mode).span
    told = predict(plan, learnt, records, max_time, budget, span=span)
    if isinstance(told, Unknown):
        said = f"nobody can tell when this would be done: {told.why}"
        _tell_nothing(asked, said, as_json=as_json)
    if as_json:
        click.echo(json.dumps(_plain(asked, told, records)))
        return
    width = min(WIDEST, shutil.get_terminal_size().columns)
    for line in _lines(asked, told, mode, width):
        click.echo(printable(line).rstrip())


# -- what is asked about ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a prediction is about."""

    task: str
    plan: Plan | None
    """None where no session of the mode tells of one."""


def _learnt(asked: _Asked, records: Sequence[Record], mode: Mode) -> tuple[Plan, Learnt] | TooFew:
    if asked.plan is None:
        return TooFew(0)
    known = learn(records, asked.plan, mode=mode)
    return known if isinstance(known, TooFew) else (asked.plan, known)


def _asked(
    what: str, known: Known, mode: Mode, planner: Planner, settings: dict[str, str]
) -> _Asked:
    """Return what is asked about. A file goes first, then a task that is known, then a layout that
    comes with the program. Raises `UsageError` if it is none of these."""
    path = Path(what)
    records = known.of(what)
    named = os.path.exists(path) or len(path.parts) > 1 or bool(path.suffix)  # noqa: PTH110
    if records and not path.is_file():
        if settings:
            raise UsageError("--set goes with a LAYOUT: a task is taken as it was done last")
        of_mode = known.of(what, mode)
        plan = planner(of_mode[-1]) if of_mode else None
        if of_mode and plan is None:
            why = "its layout is none for this version any more; name one"
            raise UsageError(f"{what}: {why} (mop-tui predict LAYOUT)")
        return _Asked(what, plan)
    found = path if named else bundled.find(what)
    if found is None:
        raise UsageError(_unknown(what, known))
    loaded = layout.load(found, overrides=settings, rehearse=mode is Mode.REHEARSAL)
    return _Asked(task_name(loaded.document), loaded.plan)


def _unknown(what: str, known: Known) -> str:
    tasks = list(dict.fromkeys(record.task for record in reversed(known.records)))
    called = task_of_layout(what, known)
    if called is not None:
        return f"{what}: sessions of this name are of the task {called}: mop-tui predict {called}"
    meant = closest(what, [*tasks, *bundled.names()])
    if meant:
        return f"{what}: nothing is known of such a task (did you mean {meant}?)"
    if not tasks:
        return f"{what}: nothing is known of this task, nor of any other, and it is no layout"
    more = f", and {len(tasks) - LISTED} more" if len(tasks) > LISTED else ""
    return f"{what}: nothing is known of such a task; known are {listed(tasks[:LISTED])}{more}"


def _too_few(task: str, few: TooFew, known: Known, mode: Mode) -> str:
    kind = "sessions" if mode is Mode.LIVE else "rehearsals"
    said = f"not enough {kind} yet ({few.known} of {few.needed})"
    rehearsals = len(known.of(task, Mode.REHEARSAL))
    if mode is Mode.LIVE and rehearsals >= few.needed:
        return f"{said}; there are {rehearsals} rehearsals: --rehearsed tells of those"
    if mode is Mode.REHEARSAL:
        return f"{said}; mop-tui train learns from recorded ones"
    return said


_HOW_TO_LEARN = (
    "Each session of it in which all is done is learnt from at its end, and mop-tui train learns"
    " from recorded ones."
)


def _tell_nothing(
    asked: _Asked, why: str, *, as_json: bool, few: TooFew | None = None, hint: str = ""
) -> NoReturn:
    """Say that nothing can be told, and end with exit code 1."""
    if as_json:
        counts = {} if few is None else {"sessions": few.known, "sessions_needed": few.needed}
        whole = {
            "model": MODEL,
            "pattern_type": PATTERN_TYPE,
            "input_data": {"task": asked.task},
            "output_prediction": None,
            "why": why,
        }
        click.echo(json.dumps(whole | counts))
    else:
        click.echo(printable(f"{asked.task}: {why}"))
        if hint:
            click.echo(hint, err=True)
    sys.exit(1)


# -- in words ---------------------------------------------------------------------------------


def _lines(asked: _Asked, told: Prediction, mode: Mode, width: int) -> Iterator[str]:
    it = told.recommended
    kind = "session" if mode is Mode.LIVE else "rehearsal"
    yield f"{asked.task}, as {counted(told.sessions, kind)} let expect it"
    yield ""
    yield from hanging(
        f"  {counted(it.size, 'agent')}, {told.topology.shape}: {_takes(told)}", width
    )
    for sentence in _fits(told):
        yield from hanging(f"  {sentence}", width)
    yield ""
    yield from _compared(told)
    yield ""
    yield from _teams(told, width)
    yield ""
    yield from _path(told, width)
    yield ""
    yield from hanging(f"  {told.topology.shape}: {told.topology.why}.", width)
    for sentence in told.assumptions:
        yield from hanging(f"  {sentence}", width)


def _takes(told: Prediction) -> str:
    about = f"about {lasting(told.recommended.makespan)}"
    if told.span is None or told.soonest is None or told.latest is None:
        return f"{about}; too few sessions tell how far off that may be"
    low, high = lasting(told.soonest), lasting(told.latest)
    return f"{about}, between {low} and {high} in {told.span.coverage * 100:.0f} % of all cases"


def _fits(told: Prediction) -> Iterator[str]:
    """Yield how what is recommended is related to what was asked for, and to the layout's team."""
    limit = told.constraints.max_time
    if limit is not None:
        yield _fits_time(told, lasting(limit))
    if told.cap is not None:
        yield from _fits_budget(told, told.cap)
    if told.recommended.as_is:
        yield "This is the layout's own team, as it is."
    elif told.recommended.composition == told.own.composition:
        yield "This is the layout's own team, if any of several alike does what is meant for one."


def _fits_time(told: Prediction, limit: str) -> str:
    if not told.fits_time:
        if told.fits_budget is False:
            return f"It does not fit into {limit}."
        if told.fits_budget:
            return f"No team within the budget fits into {limit}; this is the fastest of them."
        return f"No team fits into {limit}; this is the fastest."
    if told.surely_fits_time is None:
        return f"It fits into {limit}; nobody can tell how surely."
    if told.surely_fits_time:
        return f"It fits into {limit}, and so does the upper end of the range."
    return f"It fits into {limit}, but the upper end of the range does not."


def _fits_budget(told: Prediction, cap: float) -> Iterator[str]:
    budget = told.constraints.budget
    if not told.priced:
        if told.unpriced:
            verb = "has" if len(told.unpriced) == 1 else "have"
            why = f"{listed(told.unpriced)} {verb} no price"
        else:
            why = "no model has a price"
        yield f"Teams can only be ranked, by agent-hours, for {why}."
    unit = "" if told.priced else " agent-hours"
    limit = (
        f"{_money(cap)}{unit}" if budget not in RANKS else f"{budget}, up to {_money(cap)}{unit}"
    )
    if told.fits_budget:
        yield f"It is within the budget of {limit}."
    else:
        yield f"No team is within the budget of {limit}; this is the cheapest."


def _compared(told: Prediction) -> Iterator[str]:
    """Yield what is recommended beside what it could be instead."""
    cost = "cost" if told.priced else "agent-hours"
    yield f"  {'':<14}  {'agents':>6}  {'takes':>12}  {cost:>11}"
    rows = {
        "recommended": told.recommended,
        "your layout's": told.own,
        "fastest": told.fastest,
        "cheapest": told.cheapest,
    }
    for name, it in rows.items():
        yield f"  {name:<14}  {it.size:>6}  {lasting(it.makespan):>12}  {_money(it.cost):>11}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 0.1 or amount == 0 else f"{amount:.2g}"


def _teams(told: Prediction, width: int) -> Iterator[str]:
    it, own = told.recommended, told.own
    names = min(WIDEST_NAME, max([4, *map(len, it.teams)]))
    yield f"  {'team':<{names}}  {'agents':>6}  {'now':>4}"
    for team, types in it.composition.items():
        if not types and not own.teams.get(team):
            continue
        which = ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in types.items())  # noqa: RUF001
        row = f"  {column(team, names)}  {it.teams[team]:>6}  {own.teams.get(team, 0):>4}  {which}"
        yield from hanging(row, width, names + 18)


def _path(told: Prediction, width: int) -> Iterator[str]:
    """Yield the critical path, with what was waited for although all that is needed was there."""
    steps = told.recommended.path
    yield f"  critical path, {lasting(told.recommended.makespan)}"
    shown: Sequence[Step | None] = steps
    if len(steps) > STEPS:
        shown = (*steps[: STEPS // 2], None, *steps[-STEPS // 2 + 1 :])
    names = min(WIDEST_NAME, max((len(_called(step)) for step in shown if step), default=0))
    for step in shown:
        if step is None:
            yield f"    and {len(steps) - STEPS + 1} more"
            continue
        took = lasting(step.stint.ends - step.stint.begins)
        row = f"    {column(_called(step), names)}  {took:>10}"
        yield from hanging(row + _waited(told.recommended, step), width, names + 18)


def _called(step: Step) -> str:
    return f"review of {step.stint.task}" if step.stint.review else step.stint.task


def _waited(team: Candidate, step: Step) -> str:
    """Return for what a step was held up, as the end of a row."""
    if not step.waited_ms:
        return ""
    match step.waited_for:
        case "agent":
            what = f"a free {team.kinds[step.stint.agent]}"
        case "lock":
            what = f"lock {step.what}"
        case "answer":
            what = f"your answer to {step.what}"
        case "place":
            what = "a place (max_agents)"
        case _:
            return ""
    return f"  waited {lasting(step.waited_ms)} for {what}"


# -- as JSON ----------------------------------------------------------------------------------


def _plain(asked: _Asked, told: Prediction, records: Sequence[Record]) -> dict[str, object]:
    """Return a prediction in the words of the orchestration guide; times are seconds."""
    took = median(record.execution_ms for record in records)
    limit, budget = told.constraints.max_time, told.constraints.budget
    return {
        "model": MODEL,
        "pattern_type": PATTERN_TYPE,
        "input_data": {
            "task": asked.task,
            "team_composition": told.own.teams,
            "execution_time": took / 1000,
            "success": True,
            "constraints": {
                "max_time": None if limit is None else limit / 1000,
                "budget": budget,
            },
        },
        "output_prediction": {
            "optimal_team_size": told.recommended.size,
            "estimated_duration": told.recommended.makespan / 1000,
            "range": None
            if told.span is None or told.soonest is None or told.latest is None
            else {
                "low": told.soonest / 1000,
                "high": told.latest / 1000,
                "coverage": told.span.coverage,
            },
            "recommended_topology": told.topology.shape,
            "critical_path": list(told.recommended.critical_path),
            **_plain_team(told.recommended),
            "fits": {
                "max_time": told.fits_time,
                "max_time_at_upper_end": told.surely_fits_time,
                "budget": told.fits_budget,
            },
        },
        "sessions": told.sessions,
        "cost_unit": "price" if told.priced else "agent-hours",
        "budget_limit": told.cap,
        "layout": _in_short(told.own),
        "fastest": _in_short(told.fastest),
        "cheapest": _in_short(told.cheapest),
        "teams_tried": told.tried,
        "assumptions": list(told.assumptions),
    }


def _plain_team(team: Candidate) -> dict[str, object]:
    return {
        "team_composition": team.teams,
        "agent_types": {name: dict(types) for name, types in team.composition.items()},
        "cost": team.cost,
    }


def _in_short(team: Candidate) -> dict[str, object]:
    return {
        "team_size": team.size,
        "duration": team.makespan / 1000,
        "cost": team.cost,
        "team_composition": team.teams,
    }
