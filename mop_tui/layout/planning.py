"""Turns a layout into the plan it stands for.

`plan` takes any layout of the right form, sound or not: what names something that is not there
leads nowhere, and it is for `checks` to say so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import get_args

from mop_tui.domain.answers import Option, Validation
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, Resource, TaskId, TeamId
from mop_tui.domain.needed_keys import WantedKey
from mop_tui.domain.plan import (
    AgentKind,
    AgentLimits,
    AgentSpec,
    Calling,
    Command,
    ErrorPattern,
    Hook,
    HookName,
    HostKind,
    Lifetime,
    OnDoubt,
    Plan,
    QuestionSpec,
    Retry,
    Review,
    Script,
    ScriptedError,
    ScriptedMessage,
    ScriptedStep,
    TaskSpec,
    TeamSpec,
    Work,
)
from mop_tui.domain.triggers import Limits, TriggerSpec
from mop_tui.layout import health, reactions, schema, strategies, triggering
from mop_tui.layout.schema import Agent, AgentType, Layout, Question, Run, Sim, Task

MEMORY = "memory:"
"""What a need begins with that is a memory key and not a task."""

HOOKS: tuple[HookName, ...] = get_args(HookName)


def agent_id(agent: Agent) -> AgentId:
    """Return the id of an agent: its own, or the name of its type."""
    return AgentId(agent.id or agent.type)


def plan(layout: Layout, *, rehearse: bool) -> Plan:
    """Return what `layout` sets out to do. With `rehearse`, every agent is simulated."""
    agents: dict[AgentId, AgentSpec] = {}
    agent_work: dict[AgentId, Work] = {}
    agent_hooks: dict[AgentId, Mapping[HookName, Hook]] = {}
    teams: list[TeamSpec] = []
    checked = health.checks(layout.health_checks, HealthChecks())
    commanded, lent = _commanded(layout.tasks.values()), _lent_work(layout)
    questions = {
        QuestionName(name): _question(name, question) for name, question in layout.questions.items()
    }
    for name, team in layout.teams.items():
        members = dict.fromkeys(agent_id(agent) for agent in team.agents)
        waits = team.start == "trigger"
        teams.append(TeamSpec(TeamId(name), team.name or _title(name), tuple(members), waits))
        for agent in team.agents:
            kind = layout.agent_types.get(agent.type, AgentType())
            work = _work(agent.run or kind.run, agent.sim or kind.sim, questions)
            spec = replace(
                _agent(agent, kind, TeamId(name), lead=team.lead == agent_id(agent)),
                health=_checks(kind, checked),
                handling_ms=_handling(agent.sim or kind.sim),
            )
            runs = work.command is not None or commanded(spec.id, spec.skills)
            if rehearse or not runs:
                spec = replace(spec, host=HostKind.SIMULATED)
            agents.setdefault(spec.id, spec)
            agent_work.setdefault(spec.id, work)
            agent_hooks.setdefault(spec.id, {**_hooks(kind), **_hooks(agent)})
    triggers = triggering.triggers(layout)
    questions |= triggering.questions(layout, triggers)
    gates = {spec.environment: spec for spec in reversed(triggers) if spec.gate}
    return Plan(
        id=layout.session.id,
        project=layout.session.project,
        goal=layout.session.goal,
        max_agents=min(filter(None, (layout.session.max_agents, layout.limits.live)), default=None),
        teams=tuple(teams),
        agents=agents,
        tasks={
            TaskId(name): _gated(
                _task(name, task, layout.session.on_doubt, rehearse=rehearse), gates
            )
            for name, task in layout.tasks.items()
        },
        questions=questions,
        unattended=tuple(
            (QuestionName(name), value) for name, value in layout.unattended_answers.items()
        ),
        variables=dict(layout.session.vars),
        agent_work={agent: work for agent, work in agent_work.items() if work != Work()},
        task_work={
            TaskId(name): _work(task.run, task.sim, questions)
            for name, task in layout.tasks.items()
            if task.run or task.sim
        },
        on_screen=layout.session.dashboard_enabled,
        summary_ms=layout.dashboard.refresh_interval,
        kinds={
            name: _kind(
                kind,
                questions,
                _checks(kind, checked),
                real=not rehearse
                and (
                    kind.run is not None
                    or name in lent
                    or commanded(AgentId(""), tuple(kind.skills))
                ),
            )
            for name, kind in layout.agent_types.items()
        },
        triggers=triggers,
        limits=Limits(
            total=layout.limits.total,
            per_minute=layout.limits.per_minute,
            depth=layout.limits.depth,
            cpu=layout.limits.cpu,
            memory=layout.limits.memory,
        ),
        auto_spawn=layout.session.auto_spawn,
        keep_running=layout.session.keep_running,
        health=checked,
        coordinator=None
        if layout.session.coordinator is None
        else AgentId(layout.session.coordinator),
        topology=layout.session.topology,
        strategies=tuple(map(strategies.planned, layout.strategies)),
        monitoring_ms=layout.session.monitoring_interval,
        root=layout.session.root,
        session_hooks=_hooks(layout.session) | _call(layout.notify),
        agent_hooks={agent: hooks for agent, hooks in agent_hooks.items() if hooks},
        task_hooks={
            TaskId(name): hooks for name, task in layout.tasks.items() if (hooks := _hooks(task))
        },
        calling=Calling(
            bell_ms=layout.notify.bell_after if layout.notify.bell else None,
            desktop_ms=layout.notify.desktop_after if layout.notify.desktop else None,
            command_ms=None if layout.notify.command is None else layout.notify.command_after,
        ),
        prices={name: model.price for name, model in layout.models.items()},
    )


def _commanded(tasks: Iterable[Task]) -> Callable[[AgentId, tuple[str, ...]], bool]:
    """Return whether an agent with these skills may do any task that says what to run."""
    running = [task for task in tasks if task.run is not None]
    pinned = {task.agent for task in running}
    skilled = {task.requires_skill for task in running}
    return lambda agent, skills: agent in pinned or not skilled.isdisjoint(skills)


def _agent(agent: Agent, kind: AgentType, team: TeamId, *, lead: bool) -> AgentSpec:
    """Return an agent that runs commands, of a type."""
    own, common = agent.limits, kind.limits
    return AgentSpec(
        id=agent_id(agent),
        type=agent.type,
        team=team,
        skills=tuple(dict.fromkeys((*kind.skills, *agent.skills))),
        lead=lead,
        model=agent.model or kind.model,
        lifetime=Lifetime(agent.lifetime or kind.lifetime),
        limits=AgentLimits(
            cpu=common.cpu if own.cpu is None else own.cpu,
            memory=common.memory if own.memory is None else own.memory,
        ),
        owns=tuple(map(Resource, agent.owns)),
        relays=kind.relays if agent.relays is None else agent.relays,
    )


def _handling(sim: Sim | None) -> int:
    """Return how many milliseconds it takes a simulated agent to deal with a message on its way."""
    return 0 if sim is None else sim.handling or 0


def wanted_keys(task: Task) -> Iterator[WantedKey]:
    """Yield what must hold of the keys that a task needs. Of what its `when` says, that is passed
    over which is about no such key."""
    keys = [need.removeprefix(MEMORY) for need in task.needs if need.startswith(MEMORY)]
    for condition in triggering.conditions(task.when):
        path = condition.path.removeprefix(MEMORY)
        # A key may have dots in it: the longest that is needed is meant.
        found = [key for key in keys if path == key or path.startswith(f"{key}.")]
        if condition.path.startswith(MEMORY) and found:
            key = max(found, key=len)
            steps = path.removeprefix(key).removeprefix(".")
            yield WantedKey(MemoryKey(key), replace(condition, path=steps))


def _task(name: str, task: Task, on_doubt: OnDoubt | None, *, rehearse: bool) -> TaskSpec:
    needs = dict.fromkeys(task.needs)
    played = task.sim.duration if rehearse and task.sim is not None else None
    return TaskSpec(
        id=TaskId(name),
        title=task.title or _title(name),
        agent=None if task.agent is None else AgentId(task.agent),
        requires_skill=task.requires_skill,
        priority=triggering.PRIORITIES[task.priority],
        needs_tasks=tuple(TaskId(need) for need in needs if not need.startswith(MEMORY)),
        needs_keys=tuple(
            MemoryKey(need.removeprefix(MEMORY)) for need in needs if need.startswith(MEMORY)
        ),
        when=tuple(wanted_keys(task)),
        provides=tuple(MemoryKey(key) for key in dict.fromkeys(task.provides)),
        expected_ms=task.duration if played is None else sum(played) // 2,
        gate=None if task.gate is None else QuestionName(task.gate),
        retry=Retry() if task.retry is None else _retry(task.retry),
        timeout_ms=task.timeout,
        on_doubt=task.on_doubt or on_doubt,
        environment=task.environment or "",
        complexity=task.complexity,
        locks=tuple(map(Resource, task.locks)),
        owns=tuple(map(Resource, task.owns)),
        review=None if task.review is None else _review(task.review),
        on_error=reactions.all_planned(task.on_error),
    )


def _review(review: schema.Review) -> Review:
    return Review(
        by=AgentId(review.by),
        rounds=review.rounds,
        expected_ms=review.duration,
        timeout_ms=review.timeout,
        retry=Retry() if review.retry is None else _retry(review.retry),
    )


def _gated(task: TaskSpec, gates: Mapping[str, TriggerSpec]) -> TaskSpec:
    """Return a task that is held for the question of the trigger for its environment, if there is
    one and the task has no gate of its own."""
    trigger = gates.get(task.environment)
    if trigger is None or task.gate is not None:
        return task
    return replace(task, gate=trigger.question, gated_by=trigger.name)


def _lent_work(layout: Layout) -> set[str]:
    """Return the types of which a trigger spawns somebody for a task that says what to run."""
    running = {task.requires_skill for task in layout.tasks.values() if task.run is not None}
    running.discard(None)
    return {
        kind
        for trigger in layout.triggers
        if triggering.takes_over(trigger)
        and (trigger.requires_skill in running if trigger.requires_skill else running)
        for kind in triggering.agents_of(trigger)
    }


def _checks(kind: AgentType, others: HealthChecks) -> HealthChecks | None:
    """Return how agents of a type are checked; None if as all are."""
    return None if kind.health_checks is None else health.checks(kind.health_checks, others)


def _kind(
    kind: AgentType,
    questions: Mapping[QuestionName, QuestionSpec],
    checks: HealthChecks | None,
    *,
    real: bool,
) -> AgentKind:
    work = _work(kind.run, kind.sim, questions)
    return AgentKind(
        skills=tuple(dict.fromkeys(kind.skills)),
        model=kind.model,
        host=HostKind.COMMAND if real else HostKind.SIMULATED,
        lifetime=Lifetime(kind.lifetime),
        limits=AgentLimits(cpu=kind.limits.cpu, memory=kind.limits.memory),
        work=work,
        hooks=_hooks(kind),
        health=checks,
        relays=kind.relays,
        handling_ms=_handling(kind.sim),
    )


def _retry(retry: schema.Retry) -> Retry:
    longest = retry.max_delay
    return Retry(
        times=retry.times,
        delay_ms=retry.delay,
        max_delay_ms=max(Retry().max_delay_ms, retry.delay) if longest is None else longest,
    )


def _question(name: str, question: Question) -> QuestionSpec:
    return QuestionSpec(
        name=QuestionName(name),
        question=question.question,
        question_type=question.question_type,
        context=tuple(question.context.items()),
        options=tuple(Option(**option.model_dump()) for option in question.options),
        input_type=question.input_type,
        validation=Validation(**question.validation.model_dump()),
        timeout_ms=question.timeout,
        required=question.required,
        default=question.default,
        on_reject=question.on_reject,
        dangerous=question.class_ == "dangerous",
        class_name="" if question.class_ in ("normal", "dangerous") else question.class_,
        fallback=question.fallback,
        on_answer=reactions.all_planned(question.on_answer),
    )


def _work(run: Run | None, sim: Sim | None, questions: Mapping[QuestionName, QuestionSpec]) -> Work:
    return Work(
        command=None if run is None else _command(run),
        script=None if sim is None else _script(sim, questions),
    )


def _hooks(section: schema.Session | AgentType | Agent | Task) -> dict[HookName, Hook]:
    """Return the hooks that a section declares itself."""
    declared = {name: getattr(section, name, None) for name in HOOKS}
    return {name: _hook(hook) for name, hook in declared.items() if hook is not None}


def _call(notify: schema.Notify) -> dict[HookName, Hook]:
    """Return what is run to call the operator, as a hook of the session."""
    return {} if notify.command is None else {"call": _hook(notify.command)}


def _hook(hook: schema.Hook) -> Hook:
    return Hook(replace(_program(hook), stdin="none"), hook.timeout)


def _program(run: Run | schema.Hook) -> Command:
    return Command(
        argv=tuple(run.command or ()) if run.shell is None else (run.shell,),
        shell=run.shell is not None,
        cwd=run.cwd,
        env=tuple(run.env.items()),
        inherit_env=tuple(dict.fromkeys(run.inherit_env)),
    )


def _command(run: Run) -> Command:
    return replace(
        _program(run),
        stdin=run.stdin,
        exit_codes=tuple(run.exit_codes.items()),
        error_patterns=tuple(ErrorPattern(of.type, of.pattern) for of in run.error_patterns),
        progress_patterns=tuple(run.progress_patterns),
    )


def _script(sim: Sim, questions: Mapping[QuestionName, QuestionSpec]) -> Script:
    return Script(
        duration=sim.duration,
        asks=questions.get(QuestionName(sim.asks or "")),
        output=tuple(sim.output),
        memory=tuple((MemoryKey(key), value) for key, value in sim.memory.items()),
        exit_code=sim.exit,
        errors=tuple(ScriptedError(error.type, error.message) for error in sim.errors),
        ailments=tuple(map(health.ailment, sim.health)),
        uses_cpu=sim.uses.cpu,
        uses_memory=sim.uses.memory,
        rejects=sim.rejects,
        steps=tuple(map(_step, sim.steps)),
        messages=tuple(
            ScriptedMessage(said.to, said.text, said.at, said.every) for said in sim.messages
        ),
    )


def _step(step: schema.SimulatedStep) -> ScriptedStep:
    if step.lock is not None:
        return ScriptedStep("lock", Resource(step.lock))
    if step.unlock is not None:
        return ScriptedStep("unlock", Resource(step.unlock))
    if step.wait is not None:
        return ScriptedStep("wait", MemoryKey(step.wait))
    return ScriptedStep("set", MemoryKey(step.set or ""))


def _title(name: str) -> str:
    """Return an id as words: `run-tests` as `Run tests`."""
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
