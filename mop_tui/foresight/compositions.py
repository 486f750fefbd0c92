"""Which other teams could do a plan, and how each of them would.

Agents of one type in one team can stand in for each other if they have the same skills and model,
live as long and run the same program: they make a `Group`, of which there may be more or fewer than
the layout has. What is meant for one of them, any of them does. Everybody else stays as the layout
has it, and keeps what is meant for it: leads, the coordinator, who reviews, who has files of its
own, whom a trigger or an answer names, who is spawned for a task, and who has nothing to do that is
known beforehand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentSpec, Lifetime, Plan, TaskSpec
from mop_tui.domain.session import Snapshot
from mop_tui.foresight.simulation import Course, Step, opening, play, with_spawned

MOST = 100
"""So many alike are tried at most, unless the layout has more."""
HOUR = 3_600_000
_HANDS = "\0hands of group "
"""What begins a skill by which any of a group may do what is meant for one; no layout can name
one that begins so."""

Composition = tuple[int, ...]
"""How many agents of each group there are."""


@immutable
class Group:
    """Agents that can stand in for each other, in the layout's order."""

    team: TeamId
    type: str
    members: tuple[AgentId, ...]
    most: int
    """More would have nothing to do, or are not tried. One there is at least."""


@immutable
class Candidate:
    """A team that could do it, and how it would. Times are milliseconds."""

    composition: Mapping[TeamId, Mapping[str, int]]
    """How many agents of each type each team has."""
    size: int
    makespan: int
    cost: float
    """What it costs by the prices of its models; without prices, in agent-hours: how many agents
    for how many hours."""
    path: tuple[Step, ...]
    """What its end waits for, as a `Course` tells."""
    work: tuple[int, ...]
    """For how long the agents of each group are at work, all together."""
    kinds: Mapping[AgentId, str]
    """Of which type each agent is; those that the layout does not have go by names of ours."""
    as_is: bool = False
    """The layout's own, with every task for whom the layout means it."""

    @property
    def teams(self) -> dict[TeamId, int]:
        """How many agents each team has."""
        return {team: sum(types.values()) for team, types in self.composition.items()}

    @property
    def critical_path(self) -> tuple[TaskId, ...]:
        """The tasks on the path, each once."""
        return tuple(dict.fromkeys(step.stint.task for step in self.path))


@immutable
class Need:
    """What a plan needs if as many agents are there as may have something to do. Times are
    milliseconds."""

    makespan: int
    work: tuple[int, ...]
    """For how long the agents of each group are at work, all together."""
    peaks: Composition
    """How many of each group are at work at a time."""


@dataclass
class Compositions:
    """The teams that could do a plan. Each is played through once."""

    plan: Plan
    outlook: Outlook
    priced: bool
    """Cost is told by prices."""
    groups: tuple[Group, ...] = field(init=False)
    loosened: int = field(init=False)
    """How many tasks are meant for one agent that others could stand in for."""
    stay: tuple[AgentId, ...] = field(init=False)
    """Who stays as the layout has it."""
    tried: dict[Composition, Candidate | None] = field(init=False, default_factory=dict)
    """What was played through; None for those that would never be done."""

    def __post_init__(self) -> None:
        self.plan = with_spawned(self.plan)
        members, self.stay = _parted(self.plan)
        group_of = {agent: number for number, them in enumerate(members) for agent in them}
        tasks = {name: _loosened(spec, group_of) for name, spec in self.plan.tasks.items()}
        self.loosened = sum(spec is not tasks[name] for name, spec in self.plan.tasks.items())
        self._able = _able(self.plan, tasks.values(), members)
        self._tasks = tasks
        wanted = [0] * len(members)
        for spec in tasks.values():
            for number in self._able.get(spec.requires_skill or "", ()) if not spec.agent else ():
                wanted[number] += 1
        limit = self.plan.max_agents or MOST
        self.groups = tuple(
            Group(
                self.plan.agents[them[0]].team,
                self.plan.agents[them[0]].type,
                tuple(them),
                most=max(len(them), min(wanted[number], limit, MOST)),
            )
            for number, them in enumerate(members)
        )
        agents: dict[AgentId, AgentSpec] = {}
        self._hands: list[list[AgentId]] = []
        """Of each group as many as there may be, those of the layout first."""
        for number, group in enumerate(self.groups):
            made = list(_multiplied(self.plan, group, f"{_HANDS}{number}"))
            agents |= {spec.id: spec for spec in made}
            self._hands.append([spec.id for spec in made])
        self._number_of = {name: at for at, hands in enumerate(self._hands) for name in hands}
        agents = {name: self.plan.agents[name] for name in self.stay} | agents
        self._start = opening(replace(self.plan, tasks=tasks, agents=agents))

    # -- what there is ------------------------------------------------------------------------

    @property
    def own(self) -> Composition:
        """How many of each group the layout has."""
        return tuple(len(group.members) for group in self.groups)

    @property
    def least(self) -> Composition:
        """One of each group."""
        return (1,) * len(self.groups)

    @property
    def most(self) -> Composition:
        """As many as may have something to do at a time."""
        return tuple(group.most for group in self.groups)

    def able(self, task: TaskId) -> Sequence[int]:
        """Return the groups of which somebody could do `task`."""
        spec = self._tasks[task]
        return self._able.get(spec.requires_skill or "", ()) if spec.agent is None else ()

    def size(self, composition: Composition) -> int:
        """Return how many agents there are in all."""
        return len(self.stay) + sum(composition)

    # -- how they would do --------------------------------------------------------------------

    def as_is(self) -> Candidate | str:
        """Return how the layout's own team would do it, or why nobody knows when it would end."""
        start = opening(self.plan)
        course = play(start, self.outlook)
        if course.makespan is None:
            return course.why
        return self._candidate(start, course, as_is=True)

    def candidate(self, composition: Composition) -> Candidate | None:
        """Return how a team would do it; None if it never would."""
        if composition not in self.tried:
            start = self._start_of(composition)
            course = play(start, self.outlook)
            done = course.makespan is not None
            self.tried[composition] = self._candidate(start, course) if done else None
        return self.tried[composition]

    def need(self) -> Need | None:
        """Return what is needed of each group if all are there that may be; None if it could not
        be done even so."""
        start = self._start_of(self.most)
        # Of those who are free the first are taken; let it be the cheapest who are needed.
        rows = sorted(start.agents.items(), key=lambda it: self._price(it[1].spec))
        course = play(replace(start, agents=dict(rows)), self.outlook)
        if course.makespan is None:
            return None
        moves: list[tuple[int, int, int]] = []
        for stint in course.stints:
            number = self._number_of.get(stint.agent)
            if number is not None and stint.ends > stint.begins:
                moves += [(stint.begins, 1, number), (stint.ends, -1, number)]
        now = [0] * len(self.groups)
        peaks = list(self.least)
        for _, change, number in sorted(moves):
            now[number] += change
            peaks[number] = max(peaks[number], now[number])
        return Need(course.makespan, self._work(course), tuple(peaks))

    def _work(self, course: Course) -> tuple[int, ...]:
        """Return for how long the agents of each group are at work, all together."""
        work = [0] * len(self.groups)
        for stint in course.stints:
            number = self._number_of.get(stint.agent)
            if number is not None:
                work[number] += stint.ends - stint.begins
        return tuple(work)

    def least_at_work(self, composition: Composition) -> list[int]:
        """Return the groups that have several agents, those first who have least to do."""
        candidate = self.candidate(composition)
        if candidate is None:
            return []
        several = [it for it, count in enumerate(composition) if count > 1]
        return sorted(several, key=lambda it: candidate.work[it] / composition[it])

    def _price(self, spec: AgentSpec) -> float:
        return self.plan.prices.get(spec.model or "", 0)

    def _start_of(self, composition: Composition) -> Snapshot:
        there = set(self.stay)
        for hands, count in zip(self._hands, composition, strict=True):
            there.update(hands[:count])
        agents = {name: row for name, row in self._start.agents.items() if name in there}
        return replace(self._start, agents=agents)

    def _candidate(self, start: Snapshot, course: Course, *, as_is: bool = False) -> Candidate:
        composition: dict[TeamId, dict[str, int]] = {team.id: {} for team in self.plan.teams}
        for row in start.agents.values():
            types = composition.setdefault(row.spec.team, {})
            types[row.spec.type] = types.get(row.spec.type, 0) + 1
        makespan = course.makespan or 0
        size = len(start.agents)
        cost = self._cost(start, course) if self.priced else size * makespan / HOUR
        kinds = {name: row.spec.type for name, row in start.agents.items()}
        # Of a large plan with many teams, all that each does would be too much to keep.
        work = self._work(course)
        return Candidate(composition, size, makespan, cost, course.path, work, kinds, as_is)

    def _cost(self, start: Snapshot, course: Course) -> float:
        """Return what a course costs: agents that live for the session cost from when they are
        there, others while they work."""
        worked: dict[AgentId, int] = {}
        begun: dict[TeamId, int] = {}
        for stint in course.stints:
            worked[stint.agent] = worked.get(stint.agent, 0) + stint.ends - stint.begins
            team = start.agents[stint.agent].spec.team
            begun[team] = min(stint.begins, begun.get(team, stint.begins))
        end = course.makespan or 0
        since = {team.id: begun.get(team.id, end) if team.waits else 0 for team in self.plan.teams}
        # Milliseconds are added up first, so that what costs the same is the same number.
        paid: dict[str, int] = {}
        for name, row in start.agents.items():
            model = row.spec.model
            if model is not None:
                lives = row.spec.lifetime is Lifetime.SESSION
                time = end - since.get(row.spec.team, 0) if lives else worked.get(name, 0)
                paid[model] = paid.get(model, 0) + time
        prices = self.plan.prices
        return sum(prices[model] * paid[model] / HOUR for model in sorted(paid))


# -- who can stand in for whom ----------------------------------------------------------------


def _parted(plan: Plan) -> tuple[list[list[AgentId]], tuple[AgentId, ...]]:
    """Return those who can stand in for each other, and everybody else."""
    special = _special(plan)
    asked_for = {spec.requires_skill for spec in plan.tasks.values() if spec.agent is None}
    pinned = {spec.agent for spec in plan.tasks.values()}
    groups: dict[tuple[object, ...], list[list[AgentId]]] = {}
    stay = []
    for name, agent in plan.agents.items():
        idle = name not in pinned and asked_for.isdisjoint(agent.skills)
        if name in special or agent.lead or agent.owns or agent.spawn is not None or idle:
            stay.append(name)
            continue
        alike = (agent.team, agent.type, frozenset(agent.skills), agent.model, agent.lifetime)
        program = plan.work(agent, None).command
        same = groups.setdefault((*alike, agent.host), [])
        for them in same:
            if plan.work(plan.agents[them[0]], None).command == program:
                them.append(name)
                break
        else:
            same.append([name])
    return [them for same in groups.values() for them in same], tuple(stay)


def _special(plan: Plan) -> set[AgentId | None]:
    """Return the agents that are named for who they are, and not for what they can do."""
    named = {spec.review.by for spec in plan.tasks.values() if spec.review is not None}
    named |= {trigger.agent for trigger in plan.triggers if trigger.agent is not None}
    of_questions = (question.on_answer for question in plan.questions.values())
    of_tasks = (task.on_error for task in plan.tasks.values())
    for declared in chain(of_questions, of_tasks):
        for _, reactions in declared:
            named |= {reaction.agent for reaction in reactions if reaction.agent is not None}
    return {*named, plan.coordinator}


def _loosened(spec: TaskSpec, group_of: Mapping[AgentId, int]) -> TaskSpec:
    """Return a task so that any of a group may do it if it is meant for one of them."""
    number = None if spec.agent is None else group_of.get(spec.agent)
    if number is None:
        return spec
    return replace(spec, agent=None, requires_skill=f"{_HANDS}{number}")


def _able(
    plan: Plan, tasks: Iterable[TaskSpec], members: Sequence[Sequence[AgentId]]
) -> dict[str, tuple[int, ...]]:
    """Return which groups have each skill that tasks ask for, the cheapest first."""

    def price(number: int) -> float:
        return plan.prices.get(plan.agents[members[number][0]].model or "", 0)

    asked_for = {spec.requires_skill for spec in tasks if spec.agent is None}
    able: dict[str, list[int]] = {}
    for number in sorted(range(len(members)), key=price):
        skills = plan.agents[members[number][0]].skills
        for skill in dict.fromkeys((*skills, f"{_HANDS}{number}")):
            if skill in asked_for:
                able.setdefault(skill, []).append(number)
    return {skill: tuple(numbers) for skill, numbers in able.items()}


def _multiplied(plan: Plan, group: Group, hands: str) -> Iterator[AgentSpec]:
    """Yield as many agents of a group as there may be, those of the layout first."""
    for number in range(group.most):
        known = number < len(group.members)
        spec = plan.agents[group.members[number if known else 0]]
        # No layout can call an agent so.
        name = spec.id if known else AgentId(f"{spec.id}+{number + 1}")
        yield replace(spec, id=name, skills=(*spec.skills, hands))
