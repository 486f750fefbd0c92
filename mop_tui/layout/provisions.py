"""Whether somebody is able to do every task, and everything that is waited for can come.

What a task waits for comes from other tasks: directly, or through a memory key that one of them
sets. A key that only one task sets binds like a direct need; of a key that several set, or that a
trigger sets too, nobody can say beforehand which it will be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mop_tui.domain import complexity, graph
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import AgentSpec, HostKind, Plan, TaskSpec, Work
from mop_tui.domain.triggers import UNPLACED, TriggerSpec
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
        self.by_triggers = frozenset(self._by_triggers())
        """Keys that triggers set, or who does what they have done."""
        self.unforeseen = any(
            agent.host is HostKind.COMMAND for spec in plan.triggers for agent in self.hands(spec)
        )
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

    @property
    def keys(self) -> dict[MemoryKey, None]:
        """All keys that are known to be set at some time."""
        return dict.fromkeys((*self.providers, *sorted(self.by_triggers)))

    def provided(self, key: MemoryKey) -> bool:
        """Return whether a task, a trigger or whoever a trigger spawns sets `key`."""
        return key in self.providers or key in self.by_triggers

    def hands(self, spec: TriggerSpec) -> list[AgentSpec]:
        """Return who may do the tasks that a trigger creates."""
        plan = self._plan
        if spec.action == "create_task":
            if spec.agent is None:
                return self.with_skill.get(spec.skill, [])
            return [plan.agents[spec.agent]] if spec.agent in plan.agents else []
        if not spec.spawns or takes_over(spec):
            return []
        waiting = waiting_agents(plan)
        declared = [
            plan.agents[agent]
            for agent in waiting
            if spec.task
            and (
                plan.agents[agent].team == spec.team
                or not {agent, plan.agents[agent].type}.isdisjoint(spec.agents)
            )
        ]
        made = (self.spawned[name] for name in spec.agents if name in self.spawned)
        return [*declared, *made]

    def takers(self, task: TaskSpec) -> Takers:
        """Return those who may do `task`."""
        kind = (task.agent, task.requires_skill)
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
            keys=tuple(key for script in scripts if script for key, _ in script.memory),
        )

    def _providers(self) -> Providers:
        found: dict[MemoryKey, dict[TaskId, None]] = {}
        for task in self._plan.tasks.values():
            takers, keys = self.takers(task), list(task.provides)
            script = self._plan.task_work.get(task.id, Work()).script
            if script is None:
                keys.extend(takers.keys)
            elif takers.simulated:
                keys.extend(key for key, _ in script.memory)
            for key in keys:
                found.setdefault(key, {})[task.id] = None
        return {key: tuple(tasks) for key, tasks in found.items()}

    def _by_triggers(self) -> Iterator[MemoryKey]:
        for spec in self._plan.triggers:
            yield from (key for key, _ in spec.set)
            for agent in self.hands(spec):
                script = self._plan.work(agent, None).script
                if agent.host is HostKind.SIMULATED and script is not None:
                    yield from (key for key, _ in script.memory)

    @property
    def alternatives(self) -> dict[TaskId, list[tuple[TaskId, ...]]]:
        """What each task waits for: groups of tasks, of each of which any one will do."""
        return {
            task.id: [(need,) for need in task.needs_tasks]
            + [self.providers[key] for key in task.needs_keys if self._binds(key)]
            for task in self._plan.tasks.values()
        }

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


def waiting_agents(plan: Plan) -> list[AgentId]:
    """Return the agents of teams that a trigger spawns."""
    return [agent for team in plan.teams if team.waits for agent in team.agents]


def _spawned(plan: Plan) -> dict[str, AgentSpec]:
    """Return an agent of each type of which triggers spawn new ones, as they would spawn it."""
    found: dict[str, AgentSpec] = {}
    for spec in plan.triggers:
        for name in spec.agents if spec.spawns else ():
            kind = plan.kinds.get(name)
            if kind is None:
                continue
            before = found[name].skills if name in found else kind.skills
            found[name] = AgentSpec(
                id=AgentId(f"{name}-1"),
                type=name,
                team=UNPLACED,
                skills=tuple(dict.fromkeys((*before, *_lent(plan, spec)))),
                model=spec.model or kind.model,
                host=kind.host,
                lifetime=kind.lifetime,
                limits=kind.limits,
            )
    return found


def _lent(plan: Plan, spec: TriggerSpec) -> Iterator[str]:
    """Yield the skills that whoever a trigger spawns has because a task asks for them."""
    for task in plan.tasks.values():
        skill = task.requires_skill
        if skill is None or task.agent is not None or not takes_over(spec):
            continue
        of_skill = spec.requires_skill in ("", skill)
        if of_skill and spec.complexity in (None, complexity.of(task)):
            yield skill


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
    left = {task: list(needs) for task, needs in provisions.needed.items()}
    stuck: dict[TaskId, None] = {}
    position = {task: at for at, task in enumerate(plan.tasks)}
    for _ in range(MAX_CIRCLES):
        circle = graph.find_cycle(left)
        if circle is None:
            break
        start = circle.index(min(circle, key=position.__getitem__))
        circle = circle[start:] + circle[:start]
        steps = zip(circle, [*circle[1:], circle[0]], strict=True)
        told = ", ".join(_step(provisions, plan.tasks[task], need) for task, need in steps)
        yield Finding(("tasks", circle[0]), f"waits for itself: {told}")
        for task in circle:
            del left[task]
            stuck[task] = None
    yield from _behind(provisions, stuck)


def _behind(provisions: Provisions, stuck: dict[TaskId, None]) -> Iterator[Finding]:
    """Yield what can never begin because it needs something that waits for itself."""
    dependants: dict[TaskId, list[TaskId]] = {}
    for task, needs in provisions.needed.items():
        for need in needs:
            dependants.setdefault(need, []).append(task)
    reached = dict(stuck)
    frontier = list(stuck)
    for need in frontier:
        for task in dependants.get(need, ()):
            if task not in reached:
                reached[task] = None
                frontier.append(task)
                yield Finding(("tasks", task), f"can never begin: it needs {need}, which cannot")


def _step(provisions: Provisions, task: TaskSpec, need: TaskId) -> str:
    if need in task.needs_tasks:
        return f"{task.id} needs {need}"
    key = next(key for key in task.needs_keys if provisions.providers.get(key) == (need,))
    return f"{task.id} needs {MEMORY}{key} from {need}"
