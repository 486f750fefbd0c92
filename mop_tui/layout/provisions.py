"""Whether somebody is able to do every task, and everything that is waited for can come.

What a task waits for comes from other tasks: directly, or through a memory key that one of them
sets. A key that only one task sets binds like a direct need; of a key that several set nobody can
say beforehand which it will be, but if none of them can ever begin, it never comes. A key that a
trigger sets, too, binds nobody.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple, get_args

from mop_tui.domain import complexity, graph
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import AgentSpec, HostKind, Plan, Review, TaskSpec, Work
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.triggers import UNPLACED, Complexity, TriggerSpec
from mop_tui.domain.wait_graph import Node, WaitGraph
from mop_tui.domain.waits import of_key, of_task
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import MEMORY
from mop_tui.layout.triggering import takes_over

MAX_CIRCLES = 100
"""How many circles are told: looking for the next one means looking at all tasks again."""

Providers = Mapping[MemoryKey, tuple[TaskId, ...]]


@dataclass(frozen=True, slots=True)
class Takers:
    """Those who may do tasks of one kind: one agent, or all with a skill."""

    without_run: AgentSpec | None
    """One that runs commands and has none of its own."""
    without_sim: AgentSpec | None
    """One that is simulated and has no script of its own."""
    simulated: bool
    """Some of them are."""
    keys: tuple[MemoryKey, ...]
    """What the scripts of those who are simulated set."""


class Employed(NamedTuple):
    """Somebody for whom triggers, or answers, have work, and the first of these."""

    agent: AgentSpec
    by: str
    """Which trigger; or question or task, by what is done about its answer or an error."""


class Provisions:
    """Who may do which task, and which tasks set which memory keys."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.spawned = _spawned(plan)
        """Agents as triggers spawn them, one of each type, which no team has."""
        self.with_skill: dict[str, list[AgentSpec]] = {}
        for agent in (*plan.agents.values(), *self.spawned.values()):
            for skill in agent.skills:
                self.with_skill.setdefault(skill, []).append(agent)
        self._takers: dict[tuple[AgentId | None, str | None], Takers] = {}
        self._before: dict[TaskId, frozenset[TaskId]] = {}
        self.providers = self._providers()
        self.employed = self._employed()
        """Who may do tasks that triggers create."""
        self.by_triggers = frozenset(self._by_triggers())
        """Keys that triggers set, or who does what they have done."""
        self.keys = dict.fromkeys((*self.providers, *sorted(self.by_triggers)))
        """All keys that are known to be set at some time."""
        self.unforeseen = any(one.agent.host is HostKind.COMMAND for one in self.employed.values())
        """Programs that triggers spawn, or find work for, may set any key."""
        self.needed = self._needed()
        self.complete = all(
            need in plan.tasks for task in plan.tasks.values() for need in task.needs_tasks
        ) and all(self.provided(key) for task in plan.tasks.values() for key in task.needs_keys)
        """Everything that a task needs is there."""
        self.gated: dict[QuestionName, list[TaskId]] = {}
        for task in plan.tasks.values():
            if task.gate is not None:
                self.gated.setdefault(task.gate, []).append(task.id)

    def provided(self, key: MemoryKey) -> bool:
        """Return whether a task, a trigger or whoever a trigger spawns sets `key`."""
        return key in self.providers or key in self.by_triggers

    def _employed(self) -> dict[AgentId, Employed]:
        plan, found = self._plan, dict[AgentId, Employed]()
        groups: dict[str, list[AgentSpec]] = {}
        for agent in waiting_agents(plan):
            for name in dict.fromkeys((f"team {agent.team}", agent.id, agent.type)):
                groups.setdefault(name, []).append(agent)
        for spec in plan.triggers:
            # Each group once: many triggers may be about the same agents.
            for agent in self._hands(spec, groups):
                found.setdefault(agent.id, Employed(agent, f"trigger '{spec.name}'"))
        for by, reaction in _reactions(plan):
            for agent in self._hands_for(reaction):
                found.setdefault(agent.id, Employed(agent, by))
        return found

    def _hands_for(self, reaction: Reaction) -> Iterator[AgentSpec]:
        """Yield who may do the task that is created because of an answer or an error."""
        if reaction.do == "create_task":
            if reaction.agent is None:
                yield from self.with_skill.get(reaction.skill, [])
            elif reaction.agent in self._plan.agents:
                yield self._plan.agents[reaction.agent]
        elif reaction.do == "spawn" and reaction.text and reaction.type in self.spawned:
            yield self.spawned[reaction.type]

    def _hands(self, spec: TriggerSpec, groups: dict[str, list[AgentSpec]]) -> Iterator[AgentSpec]:
        """Yield who may do the tasks that a trigger creates, unless another's yielded them."""
        plan = self._plan
        if spec.action == "create_task":
            if spec.agent is not None:
                yield from [plan.agents[spec.agent]] if spec.agent in plan.agents else []
            elif f"skill {spec.skill}" not in groups:
                groups[f"skill {spec.skill}"] = []
                yield from self.with_skill.get(spec.skill, [])
        elif spec.spawns and not takes_over(spec):
            for name in (f"team {spec.team}", *spec.agents) if spec.task else ():
                yield from groups.get(name, [])
                groups[name] = []
            yield from (self.spawned[name] for name in spec.agents if name in self.spawned)

    def takers(self, task: TaskSpec) -> Takers:
        """Return those who may do `task`."""
        return self._takers_of(task.agent, task.requires_skill)

    def reviewer(self, review: Review) -> Takers:
        """Return who does a review."""
        return self._takers_of(review.by, None)

    def _takers_of(self, pin: AgentId | None, skill: str | None) -> Takers:
        kind = (pin, skill)
        if kind not in self._takers:
            self._takers[kind] = self._find_takers(*kind)
        return self._takers[kind]

    def before(self, task: TaskId) -> frozenset[TaskId]:
        """Return the tasks that are surely complete when `task` begins.

        Who sets a memory key may do so before it is complete; what it needed itself is complete.
        """
        if task not in self._before:
            begun = [task, *graph.descendants(task, self.needed)]
            self._before[task] = frozenset(
                need for one in begun for need in self._plan.tasks[one].needs_tasks
            )
        return self._before[task]

    def _find_takers(self, pin: AgentId | None, skill: str | None) -> Takers:
        plan = self._plan
        if pin is not None:
            agents = [plan.agents[pin]] if pin in plan.agents else []
        else:
            agents = self.with_skill.get(skill or "", [])
        simulated = [agent for agent in agents if agent.host is HostKind.SIMULATED]
        own = {agent.id: plan.work(agent, None) for agent in agents}
        scripts = [own[agent.id].script for agent in simulated]
        return Takers(
            without_run=next(
                (
                    agent
                    for agent in agents
                    if agent.host is HostKind.COMMAND and own[agent.id].command is None
                ),
                None,
            ),
            without_sim=next((a for a in simulated if own[a.id].script is None), None),
            simulated=bool(simulated),
            keys=tuple(key for script in scripts if script for key in script.keys),
        )

    def _providers(self) -> Providers:
        found: dict[MemoryKey, dict[TaskId, None]] = {}
        for task in self._plan.tasks.values():
            takers, keys = self.takers(task), list(task.provides)
            script = self._plan.task_work.get(task.id, Work()).script
            if script is None:
                keys.extend(takers.keys)
            elif takers.simulated:
                keys.extend(script.keys)
            if task.review is not None:
                keys.extend(self.reviewer(task.review).keys)
            for key in keys:
                found.setdefault(key, {})[task.id] = None
        return {key: tuple(tasks) for key, tasks in found.items()}

    def _by_triggers(self) -> Iterator[MemoryKey]:
        for spec in self._plan.triggers:
            yield from (key for key, _ in spec.set)
        for _, reaction in _reactions(self._plan):
            yield from (key for key, _ in reaction.set)
        for one in self.employed.values():
            script = self._plan.work(one.agent, None).script
            if one.agent.host is HostKind.SIMULATED and script is not None:
                yield from script.keys

    @property
    def alternatives(self) -> dict[TaskId, list[tuple[TaskId, ...]]]:
        """What each task waits for: groups of tasks, of each of which any one will do."""
        return {
            task.id: [(need,) for need in task.needs_tasks]
            + [self.providers[key] for key in task.needs_keys if self._binds(key)]
            for task in self._plan.tasks.values()
        }

    def waits(self) -> WaitGraph:
        """Return what waits for what before anything has happened: tasks, and keys that nothing
        but tasks can set."""
        waits, plan = WaitGraph(), self._plan
        for task in plan.tasks.values():
            keys = [key for key in task.needs_keys if self._binds(key)]
            needs = [need for need in task.needs_tasks if need in plan.tasks]
            waits.update(of_task(task.id), (*map(of_task, needs), *map(of_key, keys)))
            for key in keys:
                waits.update(of_key(key), map(of_task, self.providers[key]))
        return waits

    def _needed(self) -> dict[TaskId, list[TaskId]]:
        """Return which tasks each waits for, those that alone provide a key included."""
        tasks, providers = self._plan.tasks, self.providers
        return {
            task.id: [need for need in task.needs_tasks if need in tasks]
            + [
                providers[key][0]
                for key in task.needs_keys
                if self._binds(key) and len(providers[key]) == 1
            ]
            for task in tasks.values()
        }

    def _binds(self, key: MemoryKey) -> bool:
        """Return whether only tasks set `key`, so that it comes after one of them."""
        return key in self.providers and key not in self.by_triggers


def _reactions(plan: Plan) -> Iterator[tuple[str, Reaction]]:
    """Yield what is done about answers and errors, with the words for whose it is."""
    declared = chain(
        ((f"an answer to question '{q.name}'", q.on_answer) for q in plan.questions.values()),
        ((f"an error of task '{task.id}'", task.on_error) for task in plan.tasks.values()),
    )
    for by, reactions in declared:
        yield from ((by, reaction) for _, done in reactions for reaction in done)


def waiting_agents(plan: Plan) -> list[AgentSpec]:
    """Return the agents of teams that a trigger spawns."""
    return [plan.agents[agent] for team in plan.teams if team.waits for agent in team.agents]


def _spawned(plan: Plan) -> dict[str, AgentSpec]:
    """Return an agent of each type of which triggers spawn new ones, as they would spawn it."""
    lent = _lent(plan)
    found: dict[str, AgentSpec] = {}
    by_triggers = ((name, s.model) for s in plan.triggers if s.spawns for name in s.agents)
    by_reactions = ((it.type, it.model) for _, it in _reactions(plan) if it.do == "spawn")
    for name, model in chain(by_triggers, by_reactions):
        kind = plan.kinds.get(name)
        if kind is not None and name not in found:
            found[name] = AgentSpec(
                id=AgentId(f"{name}-1"),
                type=name,
                team=UNPLACED,
                skills=tuple(dict.fromkeys((*kind.skills, *lent.get(name, ())))),
                model=model or kind.model,
                host=kind.host,
                lifetime=kind.lifetime,
                limits=kind.limits,
            )
    return found


def _lent(plan: Plan) -> dict[str, dict[str, None]]:
    """Return the skills that spawned agents have because tasks ask for them, by their types.

    Of the triggers that are about any skill, only the first is taken to lend each.
    """
    about: dict[str, list[TriggerSpec]] = {}
    for spec in plan.triggers:
        if takes_over(spec):
            about.setdefault(spec.requires_skill, []).append(spec)
    wanted = {
        (task.requires_skill, complexity.of(task)): None
        for task in plan.tasks.values()
        if about and task.agent is None and task.requires_skill is not None
    }
    first = {
        hard: next((spec for spec in about.get("", ()) if spec.complexity in (None, hard)), None)
        for hard in get_args(Complexity)
    }
    found: dict[str, dict[str, None]] = {}
    for skill, hard in wanted:
        of_any = first[hard]
        lenders = [spec for spec in about.get(skill, ()) if spec.complexity in (None, hard)]
        for spec in lenders if of_any is None else [*lenders, of_any]:
            for name in spec.agents:
                found.setdefault(name, {})[skill] = None
    return found


def findings(case: Case, provisions: Provisions, *, rehearse: bool) -> Iterator[Finding]:
    """Yield what nobody can do, what will never come, and what waits for itself."""
    types = case.layout.agent_types
    typed = all(agent.type in types for agent in case.plan.agents.values())
    hands_known = typed and not case.losses.may_have_said(
        "run", "sim", "skills", "agent", "requires_skill", "type"
    )
    for task in case.plan.tasks.values():
        if typed:
            yield from _skill(case, provisions, task)
        if not provisions.unforeseen:
            yield from _keys(case, provisions, task)
        if hands_known and not rehearse:
            yield from _work(case.plan, provisions.takers(task), task)
    yield from _circles(provisions, case.plan)


def _skill(case: Case, provisions: Provisions, task: TaskSpec) -> Iterator[Finding]:
    skill = task.requires_skill
    if (
        skill is None
        or skill in provisions.with_skill
        or case.losses.may_have_said("skills", "type")
        or case.losses.within("triggers")
    ):
        return
    yield Finding(
        ("tasks", task.id, "requires_skill"),
        f"no agent has the skill '{skill}'",
        wrong=skill,
        candidates=provisions.with_skill,
    )


def _keys(case: Case, provisions: Provisions, task: TaskSpec) -> Iterator[Finding]:
    unknown = case.losses.may_have_said("provides", "sim") or case.losses.mapping("triggers")
    if not task.needs_keys or unknown or case.losses.within("triggers"):
        return
    yield from keys_that_never_come(case, provisions, task)


def keys_that_never_come(case: Case, provisions: Provisions, task: TaskSpec) -> Iterator[Finding]:
    """Yield the keys that a task needs and that nothing is known to set."""
    for index, need in enumerate(case.layout.tasks[task.id].needs):
        key = MemoryKey(need.removeprefix(MEMORY))
        if need.startswith(MEMORY) and not provisions.provided(key):
            yield Finding(
                ("tasks", task.id, "needs", index),
                f"no task provides the memory key '{key}'",
                wrong=key,
                candidates=provisions.keys,
            )


def _work(plan: Plan, takers: Takers, task: TaskSpec) -> Iterator[Finding]:
    own = plan.task_work.get(task.id, Work())
    if own.command is not None:
        return
    if takers.without_run is not None:
        agent = takers.without_run
        script = plan.work(agent, task.id).script
        yield Finding(
            ("tasks", task.id),
            f"nothing says what to run: neither the task nor agent '{agent.id}' nor its type has "
            f"a run{'; only a rehearsal can play its sim' if script else ''}",
        )
    elif takers.without_sim is not None and own.script is None:
        agent = takers.without_sim
        yield Finding(
            ("tasks", task.id),
            f"nothing says how to do it: neither the task nor agent '{agent.id}' nor its type has "
            "a run or a sim",
        )


def _circles(provisions: Provisions, plan: Plan) -> Iterator[Finding]:
    """Yield one finding for each of as many circles as have no task in common."""
    waits = provisions.waits()
    position = {of_task(task): at for at, task in enumerate(plan.tasks)}
    dead = waits.dead_behind(position)
    told_of: dict[Node, None] = {}
    for _ in range(MAX_CIRCLES):
        circles = waits.stuck()
        if not circles:
            break
        for stuck in circles:
            tasks = [node for node in stuck.cycle if node.kind == "task"]
            at = stuck.cycle.index(min(tasks, key=position.__getitem__))
            circle = (*stuck.cycle[at:], *stuck.cycle[:at])
            told = ", ".join(_steps(provisions, circle))
            yield Finding(("tasks", TaskId(circle[0].name)), f"waits for itself: {told}")
            for node in tasks:
                waits.update(node, ())
                told_of[node] = None
    yield from _behind(dead, told_of)


def _behind(dead: Mapping[Node, Sequence[Node]], told_of: Container[Node]) -> Iterator[Finding]:
    """Yield what can never begin because it needs something that waits for itself."""
    for node, needs in dead.items():
        if node.kind == "task" and node not in told_of:
            what = needs[0].name if needs[0].kind == "task" else MEMORY + needs[0].name
            come = "" if needs[0].kind == "task" else " come"
            why = f"can never begin: it needs {what}, which cannot{come}"
            yield Finding(("tasks", TaskId(node.name)), why)


def _steps(provisions: Provisions, circle: Sequence[Node]) -> Iterator[str]:
    """Yield who needs whom in a circle of tasks and keys, which begins with a task."""
    turned = [*circle, circle[0]]
    for at, (node, need) in enumerate(pairwise(turned)):
        if node.kind != "task":
            continue
        if need.kind == "task":
            yield f"{node.name} needs {need.name}"
            continue
        provider = turned[at + 2].name
        others = len(provisions.providers[MemoryKey(need.name)]) - 1
        more = "" if not others else f" (or {others} more, which wait, too)"
        yield f"{node.name} needs {MEMORY}{need.name} from {provider}{more}"
