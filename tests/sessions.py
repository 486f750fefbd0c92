"""Small plans, and sessions of them that run on the virtual clock."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hands import Behaviour, Hands

from mop_tui.agents.host import AgentHost, Sink
from mop_tui.agents.simulated import SimulatedHost
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import feed
from mop_tui.domain.answers import ANYTHING, InputType, Option, Validation
from mop_tui.domain.events import AnyEvent, Fact
from mop_tui.domain.ids import (
    AgentId,
    MemoryKey,
    QuestionName,
    Resource,
    TaskId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.plan import (
    AgentKind,
    AgentSpec,
    Command,
    Hook,
    HookName,
    HostKind,
    Lifetime,
    Mode,
    OnDoubt,
    Plan,
    QuestionSpec,
    Retry,
    Review,
    Script,
    TaskSpec,
    TeamSpec,
    Work,
)
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import ActionType, Limits, TriggerSpec, TriggerType
from mop_tui.journal import BufferedWriter, Header, JournalFile
from mop_tui.orchestrator.answers import PreparedAnswer, PreparedAnswers
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.loop import RECENT_EVENTS, Orchestrator
from mop_tui.orchestrator.recovery import read_recorded, recover

NOW = datetime(2026, 1, 2, tzinfo=UTC)
"""When what was interrupted goes on."""


def agent(
    name: str,
    *skills: str,
    for_session: bool = False,
    real: bool = False,
    owns: Iterable[str] = (),
    lead: bool = False,
    relays: bool = False,
    team: str = "crew",
) -> AgentSpec:
    """Return an agent, living for its tasks or for the session.

    It is simulated, or counts as `real`, so that its hooks are run; then it has to be in somebody's
    hands.
    """
    return AgentSpec(
        AgentId(name),
        name,
        TeamId(team),
        skills,
        lead,
        host=HostKind.COMMAND if real else HostKind.SIMULATED,
        lifetime=Lifetime.SESSION if for_session else Lifetime.TASK,
        owns=tuple(map(Resource, owns)),
        relays=relays,
    )


def task(
    name: str,
    by: str | None = None,
    *,
    skill: str | None = None,
    needs: Iterable[str] = (),
    keys: Iterable[str] = (),
    provides: Iterable[str] = (),
    priority: Priority = Priority.NORMAL,
    seconds: float | None = 10,
    gate: str | None = None,
    retry: Retry = Retry(),  # noqa: B008 - it is immutable
    timeout: float | None = None,
    on_doubt: OnDoubt | None = None,
    locks: Iterable[str] = (),
    owns: Iterable[str] = (),
    review: Review | None = None,
) -> TaskSpec:
    """Return a task, pinned to agent `by` or for whoever has `skill`."""
    return TaskSpec(
        id=TaskId(name),
        title=name,
        agent=AgentId(by) if by is not None else None,
        requires_skill=skill,
        priority=priority,
        needs_tasks=tuple(map(TaskId, needs)),
        needs_keys=tuple(map(MemoryKey, keys)),
        provides=tuple(map(MemoryKey, provides)),
        expected_ms=None if seconds is None else round(seconds * 1000),
        gate=QuestionName(gate) if gate is not None else None,
        retry=retry,
        timeout_ms=None if timeout is None else round(timeout * 1000),
        on_doubt=on_doubt,
        locks=tuple(map(Resource, locks)),
        owns=tuple(map(Resource, owns)),
        review=review,
    )


def question(
    name: str,
    text: str = "Go on?",
    *,
    timeout: float | None = None,
    required: bool = False,
    default: str | None = None,
    on_reject: Literal["cancel", "stop_session"] = "cancel",
    context: Mapping[str, str] | None = None,
    options: Iterable[str] = (),
    input_type: InputType | None = None,
    validation: Validation = ANYTHING,
    dangerous: bool = False,
) -> QuestionSpec:
    """Return an approval; with `options` a choice, with an `input_type` an input."""
    choices = tuple(map(Option, options))
    return QuestionSpec(
        name=QuestionName(name),
        question=text,
        question_type="choice" if choices else "input" if input_type else "approval",
        options=choices,
        input_type=input_type or "text",
        validation=validation,
        dangerous=dangerous,
        timeout_ms=None if timeout is None else round(timeout * 1000),
        required=required,
        default=default,
        on_reject=on_reject,
        context=tuple((context or {}).items()),
    )


def plan(
    agents: Iterable[AgentSpec],
    tasks: Iterable[TaskSpec],
    questions: Iterable[QuestionSpec] = (),
    *,
    max_agents: int | None = None,
    scripts: Mapping[str, Script] | None = None,
    hooks: Mapping[str, Iterable[HookName]] | None = None,
    triggers: Iterable[TriggerSpec] = (),
    kinds: Mapping[str, AgentKind] | None = None,
    awaited: Iterable[AgentSpec] = (),
    limits: Limits = Limits(),  # noqa: B008 - it is immutable
    auto_spawn: bool = True,
    keep_running: bool = False,
) -> Plan:
    """Return a plan of one team, and of one that a trigger may spawn (`awaited`); `scripts` are by
    task, `hooks` by task, agent, or `session`. A hook may take 20 seconds."""
    declared = {
        of: {name: Hook(Command((name,)), timeout_ms=20_000) for name in names}
        for of, names in (hooks or {}).items()
    }
    crew = {spec.id: spec for spec in agents}
    others = {spec.id: replace(spec, team=TeamId("others")) for spec in awaited}
    teams = [TeamSpec(TeamId("crew"), "Crew", tuple(crew))]
    if others:
        teams.append(TeamSpec(TeamId("others"), "Others", tuple(others), waits=True))
    return Plan(
        id="test",
        project="a project",
        goal="a goal",
        max_agents=max_agents,
        triggers=tuple(triggers),
        kinds=kinds or {},
        limits=limits,
        auto_spawn=auto_spawn,
        keep_running=keep_running,
        teams=tuple(teams),
        agents=crew | others,
        tasks={spec.id: spec for spec in tasks},
        questions={spec.name: spec for spec in questions},
        task_work={TaskId(t): Work(script=s) for t, s in (scripts or {}).items()},
        session_hooks=declared.pop("session", {}),
        agent_hooks={AgentId(a): of for a, of in declared.items() if a in crew},
        task_hooks={TaskId(t): of for t, of in declared.items() if t not in crew},
    )


def exact(agents: Iterable[AgentSpec], tasks: Iterable[TaskSpec], *more: Any, **most: Any) -> Plan:
    """Return a plan whose tasks take exactly as long as they are declared to."""
    them = list(tasks)
    scripts = {it.id: fixed((it.expected_ms or 0) / 1000) for it in them}
    return plan(agents, them, *more, **{"scripts": scripts, **most})


def trigger(name: str, type_: TriggerType, action: ActionType, **more: Any) -> TriggerSpec:
    """Return a trigger."""
    return TriggerSpec(TriggerName(name), type_, action, **more)


def kind(*skills: str, for_session: bool = False, **more: Any) -> AgentKind:
    """Return a type of simulated agents."""
    lifetime = Lifetime.SESSION if for_session else Lifetime.TASK
    return AgentKind(skills=skills, host=HostKind.SIMULATED, lifetime=lifetime, **more)


def fixed(seconds: float, *, exit_code: int = 0, output: tuple[str, ...] = ()) -> Script:
    """Return a script that takes exactly so long."""
    ms = round(seconds * 1000)
    return Script(duration=(ms, ms), exit_code=exit_code, output=output)


@dataclass(frozen=True, slots=True)
class Ran:
    """A session that has ended."""

    events: list[AnyEvent]
    session: Session
    path: Path

    def states(self, task_id: str) -> list[tuple[int, str]]:
        """Return when (in seconds) the task entered each state."""
        return [
            (event.at // 1000, event.data.to_state.value)
            for event in self.events
            if event.kind == "task.transitioned" and event.data.task == task_id
        ]

    def decisions(self, rule: str) -> list[AnyEvent]:
        """Return the decisions of a rule."""
        return [
            event
            for event in self.events
            if event.kind == "system.decided" and event.data.rule == rule
        ]

    def agent_states(self, agent_id: str) -> list[tuple[int, str]]:
        """Return when (in seconds) the agent entered each state."""
        return [
            (event.at // 1000, event.data.to_state.value)
            for event in self.events
            if event.kind == "agent.transitioned" and event.data.agent == agent_id
        ]

    def issues(self) -> list[str]:
        """Return the texts of all issues that were raised."""
        return [issue.text for issue in self.session.issues.values()]

    def refusals(self) -> list[str]:
        """Return why commands were refused."""
        return [e.data.refused for e in self.of("user.commanded") if e.data.refused]

    def of(self, kind: str) -> list[AnyEvent]:
        """Return the events of a kind."""
        return [event for event in self.events if event.kind == kind]


def header(seed: int = 0) -> Header:
    """Return a header for a session whose layout does not matter."""
    return Header(
        layout={}, seed=seed, mode=Mode.REHEARSAL, run="run", started="2026-01-01T00:00:00+00:00"
    )


def play(
    what: Plan,
    path: Path,
    *,
    seed: int = 0,
    answers: Iterable[PreparedAnswer] = (),
    during: Callable[[Orchestrator, AnyEvent], None] | None = None,
    operator: Iterable[tuple[float, feed.Command]] = (),
    outside: Iterable[tuple[float, Fact]] = (),
    hands: Hands | Behaviour | None = None,
    attended: bool = False,
    lag: float = 0,
    resume: bool = False,
    mode: Mode = Mode.REHEARSAL,
) -> Ran:
    """Run a plan on the virtual clock and return what happened.

    `during` sees each event as it happens and may give the orchestrator commands; those of the
    `operator` are given at their time, in seconds, and so do facts come from `outside`. The agents
    play their scripts, unless they are in somebody's `hands`. Records are on disk, and so may be
    acted upon, after `lag` seconds. With `resume`, the session is the one that the file at `path`
    tells of, whose program has ended; what happened is then all that the file tells in the end.
    """
    if hands is not None and not isinstance(hands, Hands):
        hands = Hands(hands)
    session = _play(
        what,
        path,
        seed,
        list(answers),
        during,
        list(operator),
        list(outside),
        hands,
        attended,
        lag,
        mode,
        resume=resume,
    )
    return asyncio.run(session)


def answer(
    name: str, value: str, reason: str = "", after: float = 0, *, secret: str | None = None
) -> PreparedAnswer:
    """Return an answer to be given `after` seconds."""
    return PreparedAnswer(QuestionName(name), value, reason, round(after * 1000), secret)


class _SlowDisk(BufferedWriter):
    """A journal that may say later than it could that something is recorded."""

    written: int | None = None
    """The last event that it says is on disk; None for the last one appended."""

    @property
    def durable_seq(self) -> int:
        """See `Journal`."""
        return super().durable_seq if self.written is None else self.written


async def _play(
    what: Plan,
    path: Path,
    seed: int,
    answers: list[PreparedAnswer],
    during: Callable[[Orchestrator, AnyEvent], None] | None,
    operator: list[tuple[float, feed.Command]],
    outside: list[tuple[float, Fact]],
    hands: Hands | None,
    attended: bool,
    lag: float,
    mode: Mode,
    *,
    resume: bool,
) -> Ran:
    timeline = Timeline()
    recovered = recover(read_recorded(path, keep=RECENT_EVENTS), what, NOW) if resume else None
    engine = Engine(what, RuleBook(what, RULES)) if recovered is None else recovered.engine
    clock = VirtualClock(timeline, at=engine.session.at)

    def hosts(sink: Sink) -> Mapping[HostKind, AgentHost]:
        if hands is not None:
            joined = hands.join(clock.moment, timeline.call_at, sink)
            return dict.fromkeys((spec.host for spec in what.agents.values()), joined)
        return {
            HostKind.SIMULATED: SimulatedHost(
                seed, clock.moment, timeline.call_at, sink, what.limits.cpu
            )
        }

    journal = _SlowDisk(
        path, header(seed), after=recovered.recorded.continuation if recovered else None
    )
    orchestrator = Orchestrator(
        what,
        engine,
        journal,
        clock,
        timeline,
        hosts,
        mode=mode,
        attended=attended,
        seed=seed,
        answers=PreparedAnswers("file#test", answers) if answers else None,
        recovered=recovered,
    )
    events: list[AnyEvent] = []
    orchestrator.observers.append(events.append)
    if lag:

        def write_later(event: AnyEvent) -> None:
            timeline.call_at(clock.moment() + round(lag * 1000), partial(written, event.seq))

        def written(seq: int) -> None:
            journal.written = seq
            orchestrator.journal_advanced()

        journal.written = 0
        orchestrator.observers.append(write_later)
    if during is not None:
        watch = during
        orchestrator.observers.append(lambda event: watch(orchestrator, event))
    for seconds, command in operator:
        timeline.call_at(round(seconds * 1000), partial(_submit, orchestrator, command))
    for seconds, fact in outside:
        timeline.call_at(round(seconds * 1000), partial(_receive, orchestrator, fact))
    # A session that nothing can end any more is a defect, and must not hang whoever looks for it.
    await asyncio.wait_for(orchestrator.run(), 30)
    journal.close()
    if recovered is not None:
        with JournalFile.open(path) as file:
            events = list(file)
    return Ran(events, orchestrator.session, path)


def crash(ran: Ran, path: Path, *, after: int, torn: int = 0) -> Path:
    """Write to `path` what would be left if the program had died when `after` events of a session
    were on disk, and `torn` bytes of the next; return `path`."""
    lines = ran.path.read_bytes().splitlines(keepends=True)
    rest = b"".join(lines[after + 1 :])
    path.write_bytes(b"".join(lines[: after + 1]) + rest[:torn])
    return path


def _receive(orchestrator: Orchestrator, fact: Fact) -> None:
    orchestrator._receive(fact, None)


def _submit(orchestrator: Orchestrator, command: feed.Command) -> None:
    orchestrator.submit(command)
