"""Names that lead nowhere, are taken, or are one too many."""

from collections.abc import Collection, Iterator
from itertools import chain

from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import HOOKS, MEMORY, agent_id
from mop_tui.layout.schema import Agent, AgentType, Hook, Run, Session, Task
from mop_tui.layout.tree import Loc

_EMPTY = {
    "teams": "holds no team: there is nobody to do anything",
    "tasks": "holds no task: there is nothing to do",
}
"""What is said of a section that is empty or missing, where no trigger can make up for it."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with how the parts of a layout refer to each other."""
    yield from _emptiness(case)
    yield from _teams(case)
    yield from _tasks(case)
    for loc, program in programs(case):
        yield from _run(case, loc, program)
    for loc, doer in doers(case):
        if doer.sim is not None and doer.sim.asks and not case.losses.mapping("questions"):
            yield from _known(
                (*loc, "sim", "asks"), "question", doer.sim.asks, case.declared.questions
            )
    for name in case.layout.unattended_answers:
        if not case.losses.mapping("questions"):
            asked = chain(case.declared.questions, case.plan.questions)
            yield from _known(("unattended_answers", name), "question", name, dict.fromkeys(asked))


def doers(case: Case) -> Iterator[tuple[Loc, AgentType | Agent | Task]]:
    """Yield everything that may have a run and a sim, and where it stands."""
    for name, kind in case.layout.agent_types.items():
        yield ("agent_types", name), kind
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            yield ("teams", name, "agents", index), agent
    for name, task in case.layout.tasks.items():
        yield ("tasks", name), task


def programs(case: Case) -> Iterator[tuple[Loc, Run | Hook]]:
    """Yield everything that is run, and where it stands."""
    for loc, doer in doers(case):
        if doer.run is not None:
            yield (*loc, "run"), doer.run
        yield from _hooks(loc, doer)
    yield from _hooks(("session",), case.layout.session)
    if case.layout.notify.command is not None:
        yield ("notify", "command"), case.layout.notify.command


def _hooks(loc: Loc, section: Session | AgentType | Agent | Task) -> Iterator[tuple[Loc, Hook]]:
    for name in HOOKS:
        hook = getattr(section, name, None)
        if hook is not None:
            yield (*loc, name), hook


def _emptiness(case: Case) -> Iterator[Finding]:
    alone = not case.layout.triggers and not case.losses.mapping("triggers")
    for name, said in _EMPTY.items():
        lost = case.losses.mapping(name) or case.losses.within(name)
        if alone and not getattr(case.layout, name) and not lost:
            yield Finding((name,), said, key=True)
    for name, team in case.layout.teams.items():
        if not team.agents and not case.losses.within("teams", name):
            yield Finding(("teams", name, "agents"), "holds no agent")


def _teams(case: Case) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            loc: Loc = ("teams", name, "agents", index)
            id_ = agent_id(agent)
            if not case.losses.mapping("agent_types"):
                yield from _known((*loc, "type"), "agent type", agent.type, case.declared.types)
            if id_ in taken:
                yield Finding(
                    (*loc, "id"),
                    f"the id '{id_}' is taken by an agent of team '{taken[id_]}'; "
                    "each agent needs its own",
                )
            taken.setdefault(id_, name)
        members = case.declared.members[name]
        if team.lead is not None and team.lead not in members and not case.losses.agents:
            yield Finding(
                ("teams", name, "lead"),
                f"this team has no agent '{team.lead}'",
                wrong=team.lead,
                candidates=members,
            )


def _tasks(case: Case) -> Iterator[Finding]:
    declared = case.declared
    for name, task in case.layout.tasks.items():
        loc: Loc = ("tasks", name)
        if task.agent is not None and task.requires_skill is not None:
            yield Finding(loc, "has both agent and requires_skill; keep one of them")
        elif task.agent is None and task.requires_skill is None and not case.losses.within(*loc):
            yield Finding(loc, "does not say who may do it; give it agent or requires_skill")
        if task.agent is not None and not case.losses.agents:
            yield from _known((*loc, "agent"), "agent", task.agent, declared.agents)
        if task.gate is not None and not case.losses.mapping("questions"):
            yield from _known((*loc, "gate"), "question", task.gate, declared.questions)
        for index, need in enumerate(task.needs):
            if not need.startswith(MEMORY):
                yield from _known((*loc, "needs", index), "task", need, declared.tasks)
        yield from _when(loc, task)


def _when(loc: Loc, task: Task) -> Iterator[Finding]:
    """Yield conditions that are about no memory key that the task needs."""
    keys = [need for need in task.needs if need.startswith(MEMORY)]
    for path in task.when:
        if not any(path == key or path.startswith(f"{key}.") for key in keys):
            known = f"; it needs {', '.join(keys)}" if keys else f"; add {MEMORY}KEY to its needs"
            yield Finding(
                (*loc, "when", path),
                "is about no memory key that the task needs",
                wrong=path,
                candidates=keys,
                otherwise=known,
                key=True,
            )


def _run(case: Case, loc: Loc, run: Run | Hook) -> Iterator[Finding]:
    if run.command is not None and run.shell is not None:
        yield Finding(loc, "has both command and shell; keep one of them")
    elif run.command is None and run.shell is None and not case.losses.within(*loc):
        yield Finding(loc, "does not say what to run; give it command or shell")
    elif run.command is not None and not run.command[0]:
        yield Finding((*loc, "command", 0), "is no program: it is empty")
    for index, name in enumerate(run.inherit_env):
        if name in run.env:
            yield Finding(
                (*loc, "inherit_env", index),
                f"asks for mop-tui's own {name}, and env sets it; keep one of them",
            )


def _known(loc: Loc, what: str, name: str, names: Collection[str]) -> Iterator[Finding]:
    if name not in names:
        yield Finding(loc, f"there is no {what} '{name}'", wrong=name, candidates=names)
