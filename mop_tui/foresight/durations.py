"""How long the tasks of a session will take, learnt from how long those of earlier ones took.

Earlier sessions are asked in the order of their nearness: how alike they are in what they had to do
(how many tasks of each family) and in the layout's variables. For each task, the nearest of those
that know anything of it are asked: of the task itself, or of its family, which are tasks that are
called the same but for numbers, where there were more or fewer of them; or how many times as long
as declared tasks of its agent type took; or how long those took. Of what they say the geometric
mean is taken, in which the nearer ones count more: among equally near ones a single odd run is
outvoted, and one of another size hardly counts beside them. Sessions in which another type of agent
did a task are asked for it only if no other has seen it.

Nothing is learnt from the session itself while it runs: short tasks are done first, and would make
all that are left look short.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import exp, log, log1p
from statistics import fmean
from typing import Literal, TypeVar

from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.outlook import LONGEST
from mop_tui.domain.plan import Mode, Plan, TaskSpec
from mop_tui.domain.review import review_of
from mop_tui.foresight.record import Record, TaskRecord

NEEDED = 3
"""From fewer sessions than this nothing is learnt."""
LATEST = 50
"""So many of the latest sessions are learnt from."""
NEAREST = 8
"""How many sessions that know of a task are asked, at most."""
_CLOSE = 0.03
"""Of two sessions that are farther from a plan than this, one at twice the distance counts about a
quarter."""
_FAR = log(1.5)
"""Variables that are farther apart than this say little about each other."""

_LEAST = 1e-3
"""What counts as nothing, which has no logarithm."""

Source = Literal["task", "declared", "type", "all"]
"""Where a duration is from: the task itself, or those that are called the same but for numbers; its
declared one, as many times as others of its agent type took theirs; its agent type; all tasks."""

K = TypeVar("K")
_NUMBERS = re.compile(r"\d+")
_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([^\d\s]*)")
_LONGEST_QUANTITY = 100
"""Characters; all numbers of so many are finite."""


@dataclass(frozen=True, slots=True)
class TooFew:
    """There are not enough sessions yet to learn from."""

    known: int
    needed: int = NEEDED


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a session may expect of its tasks and questions. Times are milliseconds."""

    durations: Mapping[TaskId, int]
    """How long the work on each planned task takes, and under `review-of-` and its name how long
    the reviews of those do that are reviewed. What nothing is known of is left out."""
    waits: Mapping[QuestionName, int]
    """How long the questions of gates wait for their answers."""
    sessions: int
    """How many sessions all this was learnt from."""
    sources: Mapping[TaskId, Source]
    """Where each duration is from."""


def learn(records: Sequence[Record], plan: Plan, *, mode: Mode) -> Learnt | TooFew:
    """Return what sessions of the same name let expect of `plan`.

    Of `records`, which may be in any order, those count that were done in `mode` and succeeded.
    """
    runs = runs_of(records, mode)
    return learnt(runs, plan) if len(runs) >= NEEDED else TooFew(len(runs))


def family(task: str) -> str:
    """Return what a task is called but for numbers."""
    return _NUMBERS.sub("#", task)


@dataclass(frozen=True)
class Run:
    """An earlier session, with what is asked of it worked out once."""

    record: Record

    @cached_property
    def of_task(self) -> Mapping[TaskId, float]:
        """How long each task took, and under the name of all of them the reviews of each."""
        return _means(self.record.tasks, _known_as)

    @cached_property
    def doer(self) -> Mapping[TaskId, str]:
        """The type of the agent that did each task."""
        return {_known_as(task): task.agent_type for task in self.record.tasks}

    @cached_property
    def doer_of(self) -> Mapping[str, str]:
        """The type of the agent that did the last of each family."""
        return {family(task.id): task.agent_type for task in self.record.tasks}

    @cached_property
    def of_family(self) -> Mapping[str, float]:
        """How long the tasks of each family took on average."""
        return _means(self.record.tasks, lambda task: family(task.id))

    @cached_property
    def of_type(self) -> Mapping[str, float]:
        """How long the tasks of each agent type took on average."""
        return _means(self.record.tasks, lambda task: task.agent_type)

    @cached_property
    def of_all(self) -> float | None:
        """How long a task took on average."""
        return fmean(task.work_ms for task in self.record.tasks) if self.record.tasks else None

    @cached_property
    def stretch_of_type(self) -> Mapping[str, float]:
        """How many times as long as declared the tasks of each agent type took."""
        declared: dict[str, int] = {}
        worked: dict[str, int] = {}
        for task in self.record.tasks:
            if task.expected_ms:
                kind = task.agent_type
                declared[kind] = declared.get(kind, 0) + task.expected_ms
                worked[kind] = worked.get(kind, 0) + task.work_ms
        return {kind: worked[kind] / declared[kind] for kind in declared}

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many tasks of each family it set out with."""
        return _sizes(task.id for task in self.record.tasks if task.planned)


def runs_of(records: Iterable[Record], mode: Mode) -> list[Run]:
    """Return the latest sessions that may be learnt from, oldest first."""
    usable = [it for it in records if it.mode is mode and it.success]
    usable.sort(key=lambda it: (it.started, it.run))
    return [Run(it) for it in usable[-LATEST:]]


def tells_of(runs: Iterable[Run], plan: Plan) -> bool:
    """Return whether sessions had any task or any type of agent that `plan` has.

    Layouts may bear the same name and do something else altogether.
    """
    types = {agent.type for agent in plan.agents.values()} | plan.kinds.keys()
    return any(
        run.doer.keys() & plan.tasks.keys() or types & set(run.doer.values()) for run in runs
    )


def learnt(runs: Sequence[Run], plan: Plan) -> Learnt:
    """Return what `runs`, oldest first, let expect of `plan`, however few they are."""
    near = weighed(runs, plan)
    durations: dict[TaskId, int] = {}
    sources: dict[TaskId, Source] = {}
    asked = _Asked(near, _sizes(plan.tasks))
    for name, spec in plan.tasks.items():
        found = {name: asked.duration(name, types_of(plan, spec), spec.expected_ms)}
        if spec.review is not None:
            by = plan.agents.get(spec.review.by)
            kinds = [] if by is None else [by.type]
            task = review_of(name)
            found[task] = asked.duration(task, kinds, spec.review.expected_ms)
        for task, known in found.items():
            if known is not None:
                sources[task], took = known
                durations[task] = min(round(took), LONGEST)
    waits = {}
    for question in plan.questions:
        wait = _first_few((run.record.waits.get(question), weight) for run, weight in near)
        if wait is not None:
            waits[question] = round(wait)
    return Learnt(durations, waits, len(runs), sources)


def types_of(plan: Plan, spec: TaskSpec) -> tuple[str, ...]:
    """Return the types of agents that may do a task."""
    if spec.agent is not None:
        agent = plan.agents.get(spec.agent)
        return () if agent is None else (agent.type,)
    able = (agent.type for agent in plan.agents.values() if spec.requires_skill in agent.skills)
    return tuple(dict.fromkeys(able))


# -- nearness ---------------------------------------------------------------------------------


def nearest(runs: Sequence[Run], plan: Plan) -> list[Run]:
    """Return `runs`, oldest first, in the order of their nearness to `plan`; of equally near ones
    the latest first."""
    return [run for run, _ in weighed(runs, plan)]


def weighed(runs: Sequence[Run], plan: Plan) -> list[tuple[Run, float]]:
    """Return the same, with how much each of them counts."""
    sizes = _sizes(plan.tasks)
    found = [(_distance(run, sizes, plan.variables), run) for run in reversed(runs)]
    found.sort(key=lambda it: it[0])
    return [(run, (_CLOSE + far) ** -2) for far, run in found]


def _distance(run: Run, sizes: Mapping[str, int], variables: Mapping[str, str]) -> float:
    """Return how far a run is from a plan: the mean difference in the logarithms of how many tasks
    of a family there are, and the differences in the variables."""
    families = sizes.keys() | run.sizes.keys()
    differences = [abs(log1p(sizes.get(it, 0)) - log1p(run.sizes.get(it, 0))) for it in families]
    others = run.record.variables
    names = variables.keys() | others.keys()
    apart = sum(_apart(variables.get(name, ""), others.get(name, "")) for name in names)
    return (fmean(differences) if differences else 0.0) + apart


def _apart(one: str, other: str) -> float:
    """Return how far two values of a variable are apart: numbers by their ratio, and of others all
    that differ as far as if one were e times the other."""
    if one == other:
        return 0.0
    left, right = _quantity(one), _quantity(other)
    if left is None or right is None or left[1] != right[1]:
        return 1.0
    return abs(log(left[0]) - log(right[0])) if min(left[0], right[0]) > 0 else 1.0


def _quantity(text: str) -> tuple[float, str] | None:
    """Return the number that a text is, and its unit; None if it is something else."""
    found = _QUANTITY.fullmatch(text.strip()) if len(text) <= _LONGEST_QUANTITY else None
    return None if found is None else (float(found[1]), found[2])


def unlike(variables: Mapping[str, str], records: Iterable[Record]) -> list[str]:
    """Return the variables whose values are far from what they were in each of the sessions, so
    that nobody knows what comes of them."""
    others = [record.variables for record in records]
    return [
        name
        for name, value in variables.items()
        if min((_apart(value, it.get(name, "")) for it in others), default=0.0) > _FAR
    ]


def _sizes(tasks: Iterable[TaskId]) -> Mapping[str, int]:
    sizes: dict[str, int] = {}
    for task in tasks:
        name = family(task)
        sizes[name] = sizes.get(name, 0) + 1
    return sizes


# -- asking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """What earlier sessions say, nearest first and with their weights; each thing is asked once."""

    runs: Sequence[tuple[Run, float]]
    sizes: Mapping[str, int]
    """How many tasks of each family there are."""
    _answers: dict[tuple[Source, object], float | None] = field(default_factory=dict)

    def duration(
        self, task: TaskId, kinds: Sequence[str], declared: int | None
    ) -> tuple[Source, float] | None:
        """Return how long a task takes and how that is known; None if nothing is known at all."""
        for source, took in self._ways(task, kinds, declared):
            if took is not None:
                return source, took
        return None

    def _ways(
        self, task: TaskId, kinds: Sequence[str], declared: int | None
    ) -> Iterable[tuple[Source, float | None]]:
        yield "task", self._own(task, kinds)
        yield "task", self._own(task, ())
        if declared:
            stretch = _mean_of(self._stretch(kind) for kind in kinds)
            yield "declared", None if stretch is None else declared * stretch
        yield "type", _mean_of(self._of_type(kind) for kind in kinds)
        if declared:
            yield "declared", float(declared)
        yield "all", self._mean("all", None, lambda run: run.of_all)

    def _own(self, task: TaskId, kinds: Sequence[str]) -> float | None:
        """Return how long a task took, if it was done by one of `kinds` or these are none."""
        own = family(task)
        size = self.sizes.get(own)

        def ask(run: Run) -> float | None:
            if run.sizes.get(own) == size:
                return run.of_task.get(task) if _is_one_of(run.doer.get(task), kinds) else None
            # The third of a family need not be what it was where there are more or fewer of it.
            return run.of_family.get(own) if _is_one_of(run.doer_of.get(own), kinds) else None

        return _first_few((ask(run), weight) for run, weight in self.runs)

    def _stretch(self, kind: str) -> float | None:
        return self._mean("declared", kind, lambda run: run.stretch_of_type.get(kind))

    def _of_type(self, kind: str) -> float | None:
        return self._mean("type", kind, lambda run: run.of_type.get(kind))

    def _mean(
        self, source: Source, what: object, ask: Callable[[Run], float | None]
    ) -> float | None:
        key = source, what
        if key not in self._answers:
            self._answers[key] = _first_few((ask(run), weight) for run, weight in self.runs)
        return self._answers[key]


def _first_few(answers: Iterable[tuple[float | None, float]]) -> float | None:
    """Return the geometric mean of the first few answers, each with its weight; None if there are
    none."""
    known = list(islice((it for it in answers if it[0] is not None), NEAREST))
    if not known:
        return None
    total = sum(weight * log(max(_LEAST, answer)) for answer, weight in known if answer is not None)
    return exp(total / sum(weight for _, weight in known))


def _is_one_of(kind: str | None, kinds: Sequence[str]) -> bool:
    return not kinds or kind in kinds


def _known_as(task: TaskRecord) -> TaskId:
    return task.id if task.reviews is None else review_of(task.reviews)


def _mean_of(answers: Iterable[float | None]) -> float | None:
    known = [answer for answer in answers if answer is not None]
    return fmean(known) if known else None


def _means(tasks: Iterable[TaskRecord], key: Callable[[TaskRecord], K]) -> Mapping[K, float]:
    """Return how long tasks took on average, by `key`."""
    took: dict[K, list[int]] = {}
    for task in tasks:
        took.setdefault(key(task), []).append(task.work_ms)
    return {name: fmean(them) for name, them in took.items()}
