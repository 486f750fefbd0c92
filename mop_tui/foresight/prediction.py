"""Which team would do a plan best within a time and a budget, and in which topology.

Teams are tried by playing the plan through: some that share the work out evenly, and from there
others, by adding where the course waits longest for somebody free, and by taking away whom it
misses least. How many are tried is bounded by how large the plan is, and does not depend on what
is asked for. Then one of them is chosen, so that more time never makes it dearer, and more money
never slower.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean
from typing import Literal, get_args

from mop_tui.domain.ids import TaskId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Plan
from mop_tui.domain.topology import Shape, begins_as
from mop_tui.domain.wording import listed
from mop_tui.foresight.calibration import Span
from mop_tui.foresight.compositions import Candidate, Composition, Compositions, Need
from mop_tui.foresight.durations import NEEDED, Learnt, unlike
from mop_tui.foresight.record import Record

NEAR = 1.05
"""Without constraints, the smallest team is recommended that takes at most so many times as long as
the fastest."""
MOST_WORK = 120_000
"""How many tasks are played through at most, all teams together, if there are so few tasks that
more than `FEWEST` teams can be tried with that."""
FEWEST, MOST_TRIED = 14, 300
_TAKEN_FROM = 3
"""From how many groups, those that are least at work, it is tried to take somebody away."""
_PART = 8
"""By what part of it a group grows or shrinks at a time in large plans."""
_LONGEST_HELD = 0.95
"""The largest share of time lost to messages that counts."""

Rank = Literal["low", "medium", "high"]
"""A budget that is no number: what the cheaper third of the way from the cheapest team to the
fastest costs, two thirds of the way, or whatever the fastest costs."""
RANKS: tuple[Rank, ...] = get_args(Rank)
Budget = Rank | float


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell when it would be done."""

    why: str


@dataclass(frozen=True, slots=True)
class Topology:
    """In which shape a swarm should be coordinated."""

    shape: Shape
    why: str
    """What speaks for it, as a sentence."""
    factor: float = 1.0
    """How many times as long as in the shape it was learnt in everything takes in this one."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is asked for. Times are milliseconds."""

    max_time: int | None = None
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is recommended, and what to think of it."""

    constraints: Constraints
    sessions: int
    """From how many earlier sessions it is known how long things take."""
    recommended: Candidate
    own: Candidate
    """The layout's own team."""
    topology: Topology
    span: Span | None
    """Between how many times its makespan what it takes may be; None where too little is known."""
    priced: bool
    """Costs are what models cost; otherwise they are agent-hours, which only rank teams."""
    unpriced: tuple[str, ...]
    """The models that have no price, if others have one."""
    cap: float | None
    """What it may cost; None without a budget."""
    cheapest: Candidate
    fastest: Candidate
    tried: int
    """How many teams were tried."""
    assumptions: tuple[str, ...]
    """What was taken for granted, as sentences."""

    @property
    def soonest(self) -> int | None:
        """The lower end of the range, in milliseconds."""
        return None if self.span is None else round(self.recommended.makespan * self.span.low)

    @property
    def latest(self) -> int | None:
        """The upper end of the range, in milliseconds."""
        return None if self.span is None else round(self.recommended.makespan * self.span.high)

    @property
    def fits_time(self) -> bool | None:
        """Whether it fits into the time that there is; None if nothing was said of that."""
        limit = self.constraints.max_time
        return None if limit is None else self.recommended.makespan <= limit

    @property
    def surely_fits_time(self) -> bool | None:
        """Whether the upper end of the range fits, too; None if there is none, or no limit."""
        limit = self.constraints.max_time
        return None if limit is None or self.latest is None else self.latest <= limit

    @property
    def fits_budget(self) -> bool | None:
        """Whether it costs no more than it may; None without a budget."""
        return None if self.cap is None else self.recommended.cost <= self.cap


def predict(
    plan: Plan,
    learnt: Learnt,
    records: Sequence[Record],
    max_time: int | None = None,
    budget: Budget | None = None,
    *,
    span: Span | None = None,
) -> Prediction | Unknown:
    """Return which team and topology to do a sound `plan` with, in at most `max_time` milliseconds.

    `records` are those that it was learnt from, and `span` is how far off such a forecast may be.
    A number as `budget` is money in the unit of the prices of `plan`; without those, agent-hours.
    """
    topology = recommended_topology(plan, records)
    outlook = Outlook(
        learnt.sessions,
        {task: round(ms * topology.factor) for task, ms in learnt.durations.items()},
        learnt.waits,
    )
    unpriced = _unpriced(plan)
    teams = Compositions(plan, outlook, priced=bool(plan.prices) and not unpriced)
    own = teams.as_is()
    if isinstance(own, str):
        return Unknown(own)
    _try_teams(teams)
    candidates = [own, *(one for one in teams.tried.values() if one is not None)]
    cheapest = min(candidates, key=lambda one: (one.cost, one.makespan, one.size, not one.as_is))
    fastest = min(candidates, key=lambda one: (one.makespan, one.cost, one.size, not one.as_is))
    cap = _cap(budget, cheapest, fastest)
    recommended = chosen(candidates, max_time, cap)
    return Prediction(
        constraints=Constraints(max_time, budget),
        sessions=learnt.sessions,
        recommended=recommended,
        own=own,
        topology=topology,
        span=span,
        priced=teams.priced,
        unpriced=unpriced,
        cap=cap,
        cheapest=cheapest,
        fastest=fastest,
        tried=len(candidates),
        assumptions=(
            *_assumptions(teams, recommended, learnt, topology),
            *_about_variables(plan, records),
            *_about_range(recommended, span),
        ),
    )


# -- choosing ---------------------------------------------------------------------------------


def chosen(candidates: Sequence[Candidate], max_time: int | None, cap: float | None) -> Candidate:
    """Return the team that suits best what is asked for.

    Without constraints: the smallest that is nearly as fast as the fastest. With a time: the
    cheapest that fits, and where none does the fastest. With a budget: the fastest that can be
    paid for; if that is none, the budget counts as what the cheapest costs.
    """
    if max_time is None and cap is None:
        best = min(one.makespan for one in candidates)
        near = [one for one in candidates if one.makespan <= best * NEAR]
        return min(near, key=lambda one: (one.size, one.makespan, one.cost, not one.as_is))
    lowest = min(one.cost for one in candidates)
    payable = [one for one in candidates if cap is None or one.cost <= max(cap, lowest)]
    fitting = [one for one in payable if max_time is not None and one.makespan <= max_time]
    if fitting:
        return min(fitting, key=lambda one: (one.cost, one.size, one.makespan, not one.as_is))
    return min(payable, key=lambda one: (one.makespan, one.cost, one.size, not one.as_is))


def _cap(budget: Budget | None, cheapest: Candidate, fastest: Candidate) -> float | None:
    """Return what a team may cost."""
    match budget:
        case "low":
            return cheapest.cost + (fastest.cost - cheapest.cost) / 3
        case "medium":
            return cheapest.cost + (fastest.cost - cheapest.cost) * 2 / 3
        case "high":
            return fastest.cost
        case _:
            return budget


def _unpriced(plan: Plan) -> tuple[str, ...]:
    models = dict.fromkeys(spec.model for spec in plan.agents.values() if spec.model is not None)
    return tuple(model for model in models if plan.prices and model not in plan.prices)


# -- trying -----------------------------------------------------------------------------------


def _try_teams(teams: Compositions) -> None:
    """Play through the teams among which it is worth choosing.

    Those that share the work out evenly come first, from the fastest team to the smallest. Where
    there is time to add one agent after the other, that is done from the smallest team to the
    fastest and back; else around those that are nearly as fast as the fastest.
    """
    bound = min(MOST_TRIED, max(FEWEST, MOST_WORK // max(1, len(teams.plan.tasks))))
    largest = max(teams.plan.limits.total, teams.size(teams.own))
    teams.candidate(teams.own)
    need = teams.need()
    smallest = teams.candidate(teams.least)
    if need is None or smallest is None:
        return
    thoroughly = sum(need.peaks) - len(need.peaks) <= bound // 3
    for composition in _shared_out(need, smallest.makespan, bound // 3):
        if teams.size(composition) <= largest:
            teams.candidate(composition)
    part = None if thoroughly else _PART
    start = teams.least if thoroughly else _largest_slow(teams)
    _grow(teams, start, need.peaks, part, largest, len(teams.tried) + bound // 3)
    _shrink(teams, _smallest_near(teams, 1 if thoroughly else NEAR), part, bound)


def _shared_out(need: Need, longest: int, number: int) -> Iterator[Composition]:
    """Yield so many teams in which each group has as many as its work takes within a time: from the
    least time that there is to the `longest`."""
    yield need.peaks
    for at in range(number):
        time = need.makespan * (longest / max(1, need.makespan)) ** (at / number)
        yield tuple(
            min(peak, max(1, ceil(work / max(1, time))))
            for peak, work in zip(need.peaks, need.work, strict=True)
        )


def _known(teams: Compositions) -> dict[Composition, Candidate]:
    return {it: one for it, one in teams.tried.items() if one is not None}


def _largest_slow(teams: Compositions) -> Composition:
    """Return the fastest of the teams that are not nearly as fast as the fastest of all."""
    known = _known(teams)
    best = min(one.makespan for one in known.values())
    slow = [it for it, one in known.items() if one.makespan > best * NEAR]
    return min(slow, key=lambda it: known[it].makespan, default=teams.least)


def _smallest_near(teams: Compositions, near: float) -> Composition:
    """Return the smallest team that takes at most `near` times as long as the fastest."""
    known = _known(teams)
    best = min(one.makespan for one in known.values())
    found = [it for it, one in known.items() if one.makespan <= best * near]
    return min(found, key=lambda it: (known[it].size, known[it].makespan))


def _step(count: int, part: int | None) -> int:
    """Return by how many agents a group of so many grows or shrinks at a time."""
    return 1 if part is None else max(1, count // part)


def _grow(
    teams: Compositions,
    start: Composition,
    peaks: Composition,
    part: int | None,
    largest: int,
    bound: int,
) -> None:
    """Add to the group that the course waits for longest, one step after the other, until it waits
    for nobody that there could be more of."""
    composition = start
    while (candidate := teams.candidate(composition)) is not None and len(teams.tried) < bound:
        waits = _waits(teams, candidate, composition, peaks)
        if not waits:
            return
        most = max(waits, key=lambda group: waits[group])
        more = min(peaks[most], composition[most] + _step(composition[most], part))
        composition = (*composition[:most], more, *composition[most + 1 :])
        if teams.size(composition) > largest:
            return


def _waits(
    teams: Compositions, candidate: Candidate, composition: Composition, peaks: Composition
) -> Mapping[int, int]:
    """Return for how long the course waits for each group of which there could be more."""
    waits: Counter[int] = Counter()
    for step in candidate.path:
        if step.waited_for == "agent" and not step.stint.review:
            able = teams.able(step.stint.task)
            group = next((it for it in able if composition[it] < peaks[it]), None)
            if group is not None:
                waits[group] += step.waited_ms
    return waits


def _shrink(teams: Compositions, start: Composition, part: int | None, bound: int) -> None:
    """Take away whom the course misses least, one step after the other, until nobody can go."""
    composition = start
    while len(teams.tried) < bound:
        found: dict[Composition, Candidate] = {}
        for group in teams.least_at_work(composition)[:_TAKEN_FROM]:
            fewer = composition[group] - _step(composition[group], part)
            smaller = (*composition[:group], fewer, *composition[group + 1 :])
            candidate = teams.candidate(smaller)
            if candidate is not None:
                found[smaller] = candidate
        if not found:
            return
        composition = min(found, key=lambda it: (found[it].makespan, found[it].cost))


# -- topology ---------------------------------------------------------------------------------


def recommended_topology(plan: Plan, records: Sequence[Record]) -> Topology:
    """Return the shape in which messages held agents up least, as far as enough sessions tell.

    That of most sessions stays if nothing else is known to be better.
    """
    usual = Counter(record.topology for record in records).most_common(1)
    if not usual:
        return Topology(begins_as(plan), "no session tells of another")
    shape, sessions = usual[0]
    overheads: dict[Shape, list[float]] = {}
    for record in records:
        for it, share in record.overhead.items():
            overheads.setdefault(it, []).append(share)
    known = {it: fmean(them) for it, them in overheads.items() if len(them) >= NEEDED}
    if shape not in known or len(known) < 2:
        return Topology(shape, f"{_of(sessions, len(records))} were coordinated so")
    best = min(known, key=lambda it: (known[it], it != shape))
    least, now = (min(known[it], _LONGEST_HELD) for it in (best, shape))
    others = ", ".join(f"{_percent(known[it])} in {it}" for it in known if it != best)
    why = f"messages held agents up for {_percent(known[best])} of their time in it, and {others}"
    return Topology(best, why, (1 - now) / (1 - least))


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.1 else 1}f} %"


def _of(some: int, all_: int) -> str:
    return f"all {all_} sessions" if some == all_ else f"{some} of {all_} sessions"


# -- assumptions ------------------------------------------------------------------------------


def _assumptions(
    teams: Compositions, recommended: Candidate, learnt: Learnt, topology: Topology
) -> Iterator[str]:
    """Yield what a prediction takes for granted."""
    plan = teams.plan
    if not recommended.as_is:
        yield (
            "Agents of one type in one team with the same skills and model can stand in for each "
            "other, and what is meant for one of them any of them does."
        )
    asked = {spec.gate for spec in plan.tasks.values() if spec.gate is not None}
    unknown = [name for name in asked if name not in learnt.waits]
    if unknown:
        yield "Questions that no session tells of are answered at once."
    guessed = [name for name in plan.tasks if not _is_its_own(learnt, name)]
    if guessed:
        some = f"{len(guessed)} of {len(plan.tasks)} tasks"
        yield f"No session tells of {some}: others of the agent type do, or what is declared."
    if plan.triggers:
        yield "Nothing is counted of what triggers bring about, but for whom planned work needs."
    if topology.factor != 1:
        yield (
            f"In {topology.shape} messages hold agents up as much as they did then, however many"
            " agents there are."
        )
    if teams.priced and any(agent.model is None for agent in plan.agents.values()):
        yield "Agents without a model cost nothing."


def _about_variables(plan: Plan, records: Sequence[Record]) -> Iterator[str]:
    names = unlike(plan.variables, records)
    if names:
        their = "its value" if len(names) == 1 else "their values"
        yield (
            f"No session had {listed(names)} as it is set here, nor nearly so: nobody knows what"
            f" {their} will change."
        )


def _about_range(recommended: Candidate, span: Span | None) -> Iterator[str]:
    if span is None:
        return
    if not span.low <= 1 <= span.high:
        longer, beyond = ("longer", "above") if span.low > 1 else ("less", "below")
        yield f"Earlier sessions took {longer} than foretold, so the range lies {beyond} that."
    if not recommended.as_is:
        yield "The range is as wide as for the teams that there were; this one nobody has seen yet."


def _is_its_own(learnt: Learnt, task: TaskId) -> bool:
    return learnt.sources.get(task) in ("task", "family")
