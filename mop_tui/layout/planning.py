"""Turns a layout into the plan it stands for.

`plan` takes any layout of the right form, sound or not: what names something that is not there
leads nowhere, and it is for `checks` to say so.
"""

from collections.abc import Callable, Iterable

from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId, TeamId
from mop_tui.domain.plan import (
    AgentSpec,
    Command,
    HostKind,
    Plan,
    Priority,
    QuestionSpec,
    Script,
    TaskSpec,
    TeamSpec,
    Work,
)
from mop_tui.layout.schema import Agent, AgentType, Layout, Question, Run, Sim, Task

MEMORY = "memory:"
"""What a need begins with that is a memory key and not a task."""

_PRIORITIES = {
    "low": Priority.LOW,
    "normal": Priority.NORMAL,
    "medium": Priority.NORMAL,
    "high": Priority.HIGH,
    "urgent": Priority.URGENT,
    "critical": Priority.CRITICAL,
}


def agent_id(agent: Agent) -> AgentId:
    """Return the id of an agent: its own, or the name of its type."""
    return AgentId(agent.id or agent.type)


def plan(layout: Layout, *, rehearse: bool) -> Plan:
    """Return what `layout` sets out to do. With `rehearse`, every agent is simulated."""
    agents: dict[AgentId, AgentSpec] = {}
    agent_work: dict[AgentId, Work] = {}
    teams: list[TeamSpec] = []
    commanded = _commanded(layout.tasks.values())
    for name, team in layout.teams.items():
        members = dict.fromkeys(agent_id(agent) for agent in team.agents)
        teams.append(TeamSpec(TeamId(name), team.name or _title(name), tuple(members)))
        for agent in team.agents:
            kind = layout.agent_types.get(agent.type, AgentType())
            id_, work = agent_id(agent), _work(agent.run or kind.run, agent.sim or kind.sim)
            skills = tuple(dict.fromkeys((*kind.skills, *agent.skills)))
            runs = work.command is not None or commanded(id_, skills)
            spec = AgentSpec(
                id=id_,
                type=agent.type,
                team=TeamId(name),
                skills=skills,
                lead=team.lead == id_,
                model=agent.model or kind.model,
                host=HostKind.COMMAND if runs and not rehearse else HostKind.SIMULATED,
            )
            agents.setdefault(id_, spec)
            agent_work.setdefault(id_, work)
    return Plan(
        id=layout.session.id,
        project=layout.session.project,
        goal=layout.session.goal,
        max_agents=min(filter(None, (layout.session.max_agents, layout.limits.live)), default=None),
        teams=tuple(teams),
        agents=agents,
        tasks={TaskId(name): _task(name, task) for name, task in layout.tasks.items()},
        questions={
            QuestionName(name): _question(name, question)
            for name, question in layout.questions.items()
        },
        variables=dict(layout.session.vars),
        agent_work={agent: work for agent, work in agent_work.items() if work != Work()},
        task_work={
            TaskId(name): _work(task.run, task.sim)
            for name, task in layout.tasks.items()
            if task.run or task.sim
        },
    )


def _commanded(tasks: Iterable[Task]) -> Callable[[AgentId, tuple[str, ...]], bool]:
    """Return whether an agent with these skills may do any task that says what to run."""
    running = [task for task in tasks if task.run is not None]
    pinned = {task.agent for task in running}
    skilled = {task.requires_skill for task in running}
    return lambda agent, skills: agent in pinned or not skilled.isdisjoint(skills)


def _task(name: str, task: Task) -> TaskSpec:
    needs = dict.fromkeys(task.needs)
    return TaskSpec(
        id=TaskId(name),
        title=task.title or _title(name),
        agent=None if task.agent is None else AgentId(task.agent),
        requires_skill=task.requires_skill,
        priority=_PRIORITIES[task.priority],
        needs_tasks=tuple(TaskId(need) for need in needs if not need.startswith(MEMORY)),
        needs_keys=tuple(
            MemoryKey(need.removeprefix(MEMORY)) for need in needs if need.startswith(MEMORY)
        ),
        provides=tuple(MemoryKey(key) for key in dict.fromkeys(task.provides)),
        expected_ms=task.duration,
        gate=None if task.gate is None else QuestionName(task.gate),
    )


def _question(name: str, question: Question) -> QuestionSpec:
    return QuestionSpec(
        name=QuestionName(name),
        question=question.question,
        question_type=question.question_type,
        context=tuple(question.context.items()),
        timeout_ms=question.timeout,
        required=question.required,
        default=question.default,
        on_reject=question.on_reject,
        dangerous=question.class_ == "dangerous",
    )


def _work(run: Run | None, sim: Sim | None) -> Work:
    return Work(
        command=None if run is None else _command(run),
        script=None if sim is None else _script(sim),
    )


def _command(run: Run) -> Command:
    return Command(
        argv=tuple(run.command or ()) if run.shell is None else (run.shell,),
        shell=run.shell is not None,
        cwd=run.cwd,
        env=tuple(run.env.items()),
    )


def _script(sim: Sim) -> Script:
    return Script(
        duration=sim.duration,
        output=tuple(sim.output),
        memory=tuple((MemoryKey(key), value) for key, value in sim.memory.items()),
        exit_code=sim.exit,
    )


def _title(name: str) -> str:
    """Return an id as words: `run-tests` as `Run tests`."""
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
