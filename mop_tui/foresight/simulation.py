"""A plan played through before it is run: when it would be done, by whom, and what holds it up.

All agents that the plan names are there from the beginning, those of teams that a trigger spawns
too, and one for each task whose skill only those have whom a trigger spawns for it; what triggers
create besides is not foreseen. A memory key that no task is known to set is taken to be there in
time.

The path of a course tells of each of its steps what it waited for last, from the last end of all
backwards to the beginning. So it goes through needs, and also through hands that were full, locks,
answers, and the limit of how many may be at work: it is the critical path of the schedule, not of
the plan.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Literal

from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.events import (
    AgentSpawned,
    Event,
    Fact,
    SystemMemorySet,
    SystemStarted,
    TaskCreated,
)
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, Resource, SpawnId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.locks import may_be_same, wanted
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentKind, AgentSpec, HostKind, Mode, Plan
from mop_tui.domain.review import review_of
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.topology import begins_as
from mop_tui.domain.triggers import UNPLACED, TriggerSpec

Waited = Literal["start", "task", "key", "answer", "agent", "lock", "place"]
"""What a step waited for last: the start of the session; a task, a memory key or an answer that it
needs; an agent that was busy; a lock; or that fewer than `max_agents` were at work."""


@immutable
class Stint:
    """One piece of work from its beginning to its end: a task, or the review of one."""

    task: TaskId
    agent: AgentId
    begins: int
    ends: int
    review: bool = False


@immutable
class Step:
    """A stint on the path of a course, and what it waited for last."""

    stint: Stint
    waited_for: Waited
    what: str
    """Its name; empty where the stint waited for nothing, or a place."""
    waited_ms: int
    """For how long it could have been begun if that had been there."""


@immutable
class Course:
    """How a plan would go. Times are milliseconds from its start."""

    makespan: int | None
    """When everything would be done; None if that is unknown."""
    why: str = ""
    """Why it is unknown."""
    stints: tuple[Stint, ...] = ()
    """All that is done, in the order in which the tasks are complete."""
    ends: Mapping[TaskId, int] = field(default_factory=dict)
    """When each task is complete."""
    path: tuple[Step, ...] = ()
    """What the end waited for, the first step first."""


def simulate(
    plan: Plan,
    durations: Mapping[TaskId, int],
    waits: Mapping[QuestionName, int] | None = None,
) -> Course:
    """Return how a sound plan would go if its tasks took so many milliseconds.

    How long reviews take stands under `review_of` their task. What is not among `durations` takes
    what the layout declares. `waits` says for how long gates wait for their answers, which keeps
    nobody busy; where it does not, they are answered at once.
    """
    return play(opening(plan), Outlook(0, durations, waits or {}))


def opening(plan: Plan) -> Snapshot:
    """Return the session of a sound plan at its beginning, with all tasks and agents that it names
    or surely brings about.

    What scripts set counts as provided by the tasks that they play.
    """
    session = Session()
    for seq, fact in enumerate(_population(with_spawned(plan)), start=1):
        apply(session, Event(seq, 0, fact.KIND, None if seq == 1 else 1, fact))
    return session.snapshot()


def with_spawned(plan: Plan) -> Plan:
    """Return a plan that names those, too, whom triggers spawn for tasks that nobody else can do,
    one for each task."""
    known = {skill for agent in plan.agents.values() for skill in agent.skills}
    spawned: dict[AgentId, AgentSpec] = {}
    for spec in plan.tasks.values():
        skill = spec.requires_skill
        if spec.agent is not None or skill is None or skill in known:
            continue
        for trigger in plan.triggers:
            if trigger.type == "task_created" and trigger.requires_skill in ("", skill):
                for kind in trigger.agents[:1]:
                    name = AgentId(f"{kind}+{len(spawned) + 1}")
                    spawned[name] = _spawned(plan, name, kind, skill, trigger)
                break
    return replace(plan, agents={**plan.agents, **spawned}) if spawned else plan


def play(start: Snapshot, outlook: Outlook) -> Course:
    """Return how a session would go that begins as `opening` says, with what is expected of it."""
    told = estimate(start, 0, outlook)
    if told is None:
        return Course(0)
    if told.end is None:
        return Course(None, told.why, ends=told.ends)
    stints = tuple(_stints(start, told, outlook.durations))
    return Course(told.end, "", stints, told.ends, _Walk(start, stints, told.ends, outlook).path())


# -- the opening ------------------------------------------------------------------------------


def _population(plan: Plan) -> Iterator[Fact]:
    """Yield what brings about a session that has begun with all that its plan names."""
    yield SystemStarted(
        session=plan.id,
        project=plan.project,
        goal=plan.goal,
        mode=Mode.REHEARSAL,
        attended=True,
        max_agents=plan.max_agents,
        teams=plan.teams,
        coordinator=plan.coordinator,
        topology=plan.topology,
        shape=begins_as(plan),
    )
    played = _played(plan)
    known = {key for spec in plan.tasks.values() for key in (*spec.provides, *played[spec.id])}
    for key in dict.fromkeys(key for spec in plan.tasks.values() for key in spec.needs_keys):
        if key not in known:
            yield SystemMemorySet(key, value=True, agent=None, task=None)
    for spec in plan.tasks.values():
        provides = tuple(dict.fromkeys((*spec.provides, *played[spec.id])))
        yield TaskCreated(spec.id, replace(spec, provides=provides))
    for agent in plan.agents.values():
        yield AgentSpawned(agent.id, agent)


def _spawned(plan: Plan, name: AgentId, kind: str, skill: str, trigger: TriggerSpec) -> AgentSpec:
    """Return an agent as a trigger spawns it for a task that asks for a skill."""
    about = plan.kinds.get(kind, AgentKind())
    teams = (agent.team for agent in plan.agents.values() if agent.type == kind)
    return AgentSpec(
        name,
        kind,
        next(teams, UNPLACED),
        tuple(dict.fromkeys((*about.skills, skill))),
        model=trigger.model or about.model,
        host=about.host,
        lifetime=about.lifetime,
        spawn=SpawnId(f"{trigger.name}@0.{name}"),
    )


def _played(plan: Plan) -> dict[TaskId, tuple[MemoryKey, ...]]:
    """Return which keys the scripts set by which each task is played, or may be."""
    able: dict[str, list[MemoryKey]] = {}
    """By skill; agents of ten thousand tasks are looked at once."""
    own: dict[AgentId, tuple[MemoryKey, ...]] = {}
    for agent in plan.agents.values():
        script = plan.work(agent, None).script
        own[agent.id] = script.keys if script and agent.host is HostKind.SIMULATED else ()
        for skill in agent.skills:
            able.setdefault(skill, []).extend(own[agent.id])
    found = {}
    for name, spec in plan.tasks.items():
        work = plan.task_work.get(name)
        if work is not None and work.script is not None:
            keys: Iterable[MemoryKey] = work.script.keys
        elif spec.agent is not None:
            keys = own.get(spec.agent, ())
        else:
            keys = able.get(spec.requires_skill or "", ())
        reviewed = () if spec.review is None else own.get(spec.review.by, ())
        found[name] = tuple(dict.fromkeys((*keys, *reviewed)))
    return found


# -- what held things up ----------------------------------------------------------------------


def _stints(start: Snapshot, told: Estimate, durations: Mapping[TaskId, int]) -> Iterator[Stint]:
    """Yield all pieces of work of a course, in the order in which their tasks are complete."""
    for name, end in told.ends.items():
        begin, taker, spec = told.begins[name], told.takers[name], start.tasks[name].spec
        if spec.review is None:
            yield Stint(name, taker, begin, end)
        else:
            yield Stint(name, taker, begin, begin + durations.get(name, spec.expected_ms or 0))
            took = durations.get(review_of(name), spec.review.expected_ms or 0)
            yield Stint(name, spec.review.by, end - took, end, review=True)


class _Walk:
    """Finds of any stint what it waited for last."""

    def __init__(
        self,
        start: Snapshot,
        stints: Sequence[Stint],
        ends: Mapping[TaskId, int],
        outlook: Outlook,
    ) -> None:
        self._start = start
        self._ends = ends
        self._waits = outlook.waits
        self._last: dict[TaskId, Stint] = {}
        """With which each task is complete."""
        self._work: dict[TaskId, Stint] = {}
        self._ending: dict[int, list[Stint]] = {}
        for stint in stints:
            self._last[stint.task] = stint
            if not stint.review:
                self._work[stint.task] = stint
            self._ending.setdefault(stint.ends, []).append(stint)
        self._all_begins = sorted(stint.begins for stint in stints)
        self._all_ends = sorted(stint.ends for stint in stints)

    @cached_property
    def _providers(self) -> dict[MemoryKey, Stint]:
        """Which stint each key came by: the first of those that set it."""
        found: dict[MemoryKey, Stint] = {}
        for name in self._ends:
            for key in self._start.tasks[name].spec.provides:
                found.setdefault(key, self._last[name])
        return found

    def path(self) -> tuple[Step, ...]:
        """Return the steps to the last end, the first one first."""
        steps: list[Step] = []
        seen: set[int] = set()
        stint = max(self._last.values(), key=lambda it: it.ends, default=None)
        while stint is not None:
            step, before = self._step(stint)
            steps.append(step)
            seen.add(id(stint))
            # What takes no time may end when it begins, and must not lead back to itself.
            stint = None if id(before) in seen else before
        return tuple(reversed(steps))

    def _step(self, stint: Stint) -> tuple[Step, Stint | None]:
        """Return what a stint waited for last, and the stint that had to end for it."""
        needed, before, waited_for, what = self._needed(stint)
        gate = None if stint.review else self._start.tasks[stint.task].spec.gate
        answered = needed if gate is None else needed + self._waits.get(gate, 0)
        if stint.begins > answered:
            hindrance = self._hindrance(stint)
            if hindrance is not None:
                waited_for, what, before = hindrance
                return Step(stint, waited_for, what, stint.begins - answered), before
        if gate is not None and answered > needed:
            return Step(stint, "answer", gate, answered - needed), before
        return Step(stint, waited_for, what, 0), before

    def _needed(self, stint: Stint) -> tuple[int, Stint | None, Waited, str]:
        """Return when all was there that a stint needs, what came last of it, as what, and its
        name."""
        if stint.review:
            work = self._work[stint.task]
            return work.ends, work, "task", stint.task
        spec = self._start.tasks[stint.task].spec
        found: tuple[int, Stint | None, Waited, str] = (0, None, "start", "")
        for need in spec.needs_tasks:
            last = self._last.get(need)
            if last is not None and last.ends > found[0]:
                found = (last.ends, last, "task", need)
        for key in spec.needs_keys:
            last = self._providers.get(key)
            if last is not None and last.ends > found[0]:
                found = (last.ends, last, "key", key)
        return found

    def _hindrance(self, stint: Stint) -> tuple[Waited, str, Stint] | None:
        """Return what kept a stint from beginning though all was there that it needs, and which
        stint had to end."""
        freed = [it for it in self._ending.get(stint.begins, ()) if it is not stint]
        freed.sort(key=lambda it: it.begins)
        mine = next((it for it in freed if it.agent == stint.agent), None)
        limit = self._start.max_agents
        if limit is not None and freed and self._at_work_before(stint.begins) >= limit:
            return "place", "", mine or freed[0]
        resources = self._locked(stint)
        for it in freed if resources else ():
            for held in self._locked(it):
                if any(may_be_same(held, one) for one in resources):
                    return "lock", held, it
        return None if mine is None else ("agent", stint.agent, mine)

    def _locked(self, stint: Stint) -> Sequence[Resource]:
        """Return what is locked during a stint."""
        agent = self._start.agents[stint.agent].spec
        return agent.owns if stint.review else wanted(self._start.tasks[stint.task].spec, agent)

    def _at_work_before(self, time: int) -> int:
        """Return how many were at work just before a moment."""
        return bisect_left(self._all_begins, time) - bisect_left(self._all_ends, time)
