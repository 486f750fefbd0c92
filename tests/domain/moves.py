"""Events for the fold: wild ones, which respect nothing, and legal ones, which a session allows."""

from hypothesis import strategies as st

from mop_tui.domain import agent_lifecycle, task_lifecycle
from mop_tui.domain import events as e
from mop_tui.domain.actions import Effect
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import AnyEvent, Event, Fact
from mop_tui.domain.fold import apply
from mop_tui.domain.health import Reading, worst
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    FeedbackId,
    IssueId,
    MemoryKey,
    QuestionId,
    QuestionName,
    Resource,
    TaskId,
    TeamId,
    TimerId,
)
from mop_tui.domain.locks import LockWanted
from mop_tui.domain.plan import AgentSpec, Lifetime, Mode, QuestionSpec, TaskSpec
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Refusal, Session
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.timers import force_of, rest_of, timeout_of

AGENTS = [AgentId(f"a{n}") for n in range(3)]
TASKS = [TaskId(f"t{n}") for n in range(4)]
TIMERS = [TimerId("w"), rest_of(TASKS[0]), timeout_of(TASKS[0], 1), force_of(TASKS[0], 1)]
RESOURCES = [Resource(name) for name in ("x", "y", "[xy]")]
KEYS = [MemoryKey(f"k{n}") for n in range(2)]
QUESTIONS = [QuestionId(f"q{n}") for n in range(3)]
FEEDBACK = [FeedbackId(f"f{n}") for n in range(2)]
ISSUES = [IssueId(f"i{n}") for n in range(2)]
ASKS = [AskId(f"w{n}") for n in range(2)]
FOUND: tuple[tuple[Reading, ...], ...] = (
    (),
    (Reading("cpu", "degraded", "measured", 85.0, 80.0),),
    (Reading("memory", "unhealthy", "measured", 99.0, 95.0),),
)
ASKED = QuestionSpec(QuestionName("a0/w0"), "Which way?")

SPECS = {
    AGENTS[0]: AgentSpec(AGENTS[0], "builder", TeamId("x"), skills=("build",)),
    AGENTS[1]: AgentSpec(AGENTS[1], "builder", TeamId("x"), skills=("build", "test")),
    AGENTS[2]: AgentSpec(AGENTS[2], "writer", TeamId("y"), lifetime=Lifetime.SESSION),
}
PLANNED = {
    TASKS[0]: TaskSpec(TASKS[0], "build", requires_skill="build", provides=(KEYS[0],)),
    TASKS[1]: TaskSpec(TASKS[1], "test", requires_skill="test", needs_keys=(KEYS[0],)),
    TASKS[2]: TaskSpec(TASKS[2], "write", agent=AGENTS[2], expected_ms=5_000),
    TASKS[3]: TaskSpec(TASKS[3], "publish", agent=AGENTS[0], needs_tasks=(TASKS[1], TASKS[2])),
}


def asked(question: QuestionId, task: TaskId | None) -> e.UserAsked:
    """An approval with nothing special about it."""
    return e.UserAsked(
        question=question,
        name=QuestionName("ship"),
        text="Ship it?",
        question_type="approval",
        context=(),
        task=task,
        required=False,
        dangerous=False,
        default=None,
        due=None,
        digest="d",
    )


# -- wild -----------------------------------------------------------------------------------------

_agents = st.sampled_from([*AGENTS, AgentId("nobody")])
_tasks = st.sampled_from([*TASKS, TaskId("nothing")])
_questions = st.sampled_from(QUESTIONS)
_actions = st.sampled_from([ActionId(f"1.{n}") for n in range(3)])
_incarnations = st.integers(0, 2)
_percents = st.integers(0, 100)
_effects: st.SearchStrategy[Effect] = st.sampled_from(
    ["start_process", "stop_process", "pause_process", "resume_process", "hand_task", "tell"]
)

_findings = st.builds(
    Reading,
    metric=st.sampled_from(["cpu", "errors"]),
    level=st.sampled_from(["degraded", "unhealthy"]),
    source=st.just("measured"),
    value=st.just(90.0),
)

_wild_facts: dict[type[Fact], st.SearchStrategy[Fact]] = {
    e.AgentSpawned: st.sampled_from([e.AgentSpawned(a, spec) for a, spec in SPECS.items()]),
    e.TaskCreated: st.sampled_from([e.TaskCreated(t, spec) for t, spec in PLANNED.items()]),
    e.AgentTransitioned: st.builds(e.AgentTransitioned, agent=_agents, task=st.none() | _tasks),
    e.TaskTransitioned: st.builds(e.TaskTransitioned, task=_tasks, agent=st.none() | _agents),
    e.AgentProgressed: st.builds(
        e.AgentProgressed, agent=_agents, incarnation=_incarnations, task=_tasks, percent=_percents
    ),
    e.AgentOutput: st.builds(
        e.AgentOutput,
        agent=_agents,
        incarnation=_incarnations,
        task=_tasks,
        dropped=st.integers(0, 9),
    ),
    e.AgentHealth: st.builds(e.AgentHealth, agent=_agents, incarnation=_incarnations),
    e.AgentChecked: st.builds(
        e.AgentChecked,
        agent=_agents,
        incarnation=_incarnations,
        level=st.sampled_from(["healthy", "degraded", "unhealthy"]),
        findings=st.lists(_findings, max_size=2, unique_by=lambda it: it.metric).map(tuple),
    ),
    e.AgentErred: st.builds(e.AgentErred, agent=_agents, incarnation=_incarnations, task=_tasks),
    e.AgentAsked: st.builds(
        e.AgentAsked,
        agent=_agents,
        incarnation=_incarnations,
        task=_tasks,
        ask=st.sampled_from(ASKS),
        question=st.just(ASKED),
    ),
    e.AgentWaiting: st.builds(
        e.AgentWaiting,
        agent=_agents,
        incarnation=_incarnations,
        task=_tasks,
        ask=st.sampled_from(ASKS),
        key=st.sampled_from(KEYS),
    ),
    e.AgentLocking: st.builds(
        e.AgentLocking,
        agent=_agents,
        incarnation=_incarnations,
        task=_tasks,
        ask=st.sampled_from(ASKS),
        resource=st.sampled_from(RESOURCES),
    ),
    e.SystemLocked: st.builds(
        e.SystemLocked, resource=st.sampled_from(RESOURCES), task=_tasks, agent=_agents
    ),
    e.SystemUnlocked: st.builds(
        e.SystemUnlocked, resource=st.sampled_from(RESOURCES), task=_tasks, agent=_agents
    ),
    e.AgentMessaged: st.builds(e.AgentMessaged, agent=_agents, incarnation=_incarnations),
    e.AgentFinished: st.builds(
        e.AgentFinished, agent=_agents, incarnation=_incarnations, task=_tasks
    ),
    e.AgentExited: st.builds(
        e.AgentExited, agent=_agents, incarnation=_incarnations, task=_tasks, code=st.integers(0, 2)
    ),
    e.TaskOutput: st.builds(e.TaskOutput, task=_tasks, agent=_agents),
    e.TaskReassigned: st.builds(
        e.TaskReassigned, task=_tasks, from_agent=_agents, to_agent=_agents
    ),
    e.SystemStrategyApplied: st.builds(
        e.SystemStrategyApplied,
        strategy=st.sampled_from(["up", "down"]),
        agents=st.lists(_agents, max_size=2).map(tuple),
        cores=st.lists(st.none() | st.floats(0, 4), max_size=2).map(tuple),
    ),
    e.UserAsked: st.builds(asked, _questions, st.none() | _tasks),
    e.UserSeen: st.builds(e.UserSeen, _questions),
    e.UserNoticed: st.builds(e.UserNoticed, _questions),
    e.UserAnswered: st.builds(e.UserAnswered, question=_questions),
    e.UserExpired: st.builds(e.UserExpired, question=_questions),
    e.UserWithdrawn: st.builds(e.UserWithdrawn, question=_questions),
    e.UserCommanded: st.builds(
        e.UserCommanded,
        command=st.sampled_from(["stop", "terminate", "answer", "stop_agent", "restart_agent"]),
        about=_agents,
    ),
    e.SystemStarted: st.builds(
        e.SystemStarted, mode=st.sampled_from(Mode), max_agents=st.none() | st.integers(1, 3)
    ),
    e.SystemEnded: st.builds(e.SystemEnded),
    e.SystemIntended: st.builds(
        e.SystemIntended,
        action=_actions,
        effect=_effects,
        agent=_agents,
        incarnation=_incarnations,
        command=st.just(()),
        ask=st.none() | st.sampled_from(ASKS),
    ),
    e.SystemDone: st.builds(
        e.SystemDone,
        action=_actions,
        effect=_effects,
        agent=_agents,
        error=st.sampled_from(["", "no such program"]),
    ),
    e.SystemMemorySet: st.builds(
        e.SystemMemorySet, key=st.sampled_from(KEYS), value=st.integers(0, 3)
    ),
    e.SystemIssueOpened: st.builds(e.SystemIssueOpened, issue=st.sampled_from(ISSUES)),
    e.UserFeedback: st.builds(
        e.UserFeedback, feedback=st.sampled_from(FEEDBACK), agent=_agents, task=_tasks
    ),
    e.SystemIssueRepeated: st.builds(
        e.SystemIssueRepeated, issue=st.sampled_from(ISSUES), text=st.sampled_from(["", "anew"])
    ),
    e.SystemIssueClosed: st.builds(e.SystemIssueClosed, issue=st.sampled_from(ISSUES)),
    e.SystemTimerSet: st.builds(
        e.SystemTimerSet, timer=st.sampled_from(TIMERS), question=_questions, task=_tasks
    ),
    e.SystemTimerFired: st.builds(e.SystemTimerFired, st.sampled_from(TIMERS)),
    e.SystemClockJumped: st.builds(
        e.SystemClockJumped, wall_ms=st.integers(-9, 9), late=st.integers(0, 2)
    ),
    e.SystemDigest: st.builds(e.SystemDigest, state=st.sampled_from(["x", "y"])),
}
wild_facts: st.SearchStrategy[Fact] = st.one_of(list(_wild_facts.values()))
"""Facts about few things, so that they meet, and about things that do not exist."""


def agent_moves(agent: Agent) -> st.SearchStrategy[e.AgentTransitioned]:
    """Moves of an agent, from where it is or elsewhere, to where the table leads or elsewhere."""

    def by_the_table(trigger: AgentTrigger) -> st.SearchStrategy[e.AgentTransitioned]:
        target = agent_lifecycle.step(
            agent.state, trigger, paused_in=agent.paused_in, paused_by=agent.paused_by
        )
        return st.builds(
            e.AgentTransitioned,
            agent=st.just(agent.spec.id),
            trigger=st.just(trigger),
            from_state=st.just(agent.state) | st.sampled_from(AgentState),
            to_state=st.just(target or agent.state) | st.sampled_from(AgentState),
            task=st.none() | _tasks,
        )

    return st.sampled_from(AgentTrigger).flatmap(by_the_table)


def task_moves(task: Task) -> st.SearchStrategy[e.TaskTransitioned]:
    """Moves of a task, from where it is or elsewhere, to where the table leads or elsewhere."""

    def by_the_table(trigger: TaskTrigger) -> st.SearchStrategy[e.TaskTransitioned]:
        target = task_lifecycle.step(task.state, trigger)
        return st.builds(
            e.TaskTransitioned,
            task=st.just(task.spec.id),
            trigger=st.just(trigger),
            from_state=st.just(task.state) | st.sampled_from(TaskState),
            to_state=st.just(target or task.state) | st.sampled_from(TaskState),
            agent=st.none() | _agents,
        )

    return st.sampled_from(TaskTrigger).flatmap(by_the_table)


# -- legal ----------------------------------------------------------------------------------------


def legal_facts(session: Session) -> list[Fact]:
    """What may happen next, in an order that depends on the session alone."""
    facts: list[Fact] = [e.AgentSpawned(a, SPECS[a]) for a in AGENTS if a not in session.agents]
    facts += [e.TaskCreated(t, PLANNED[t]) for t in TASKS if t not in session.tasks]
    for agent in session.agents.values():
        facts += _agent_facts(session, agent)
    for task in session.tasks.values():
        facts += _task_facts(session, task)
    for action, intended in session.in_doubt.items():
        doer, effect = intended.agent, intended.effect
        facts += [e.SystemDone(action, effect, doer), e.SystemDone(action, effect, doer, "failed")]
        facts.append(e.SystemDone(action, effect, doer, "who knows", lost=True))
    for question in session.open_questions:
        facts += [e.UserAnswered(question, v, "", "me", "d") for v in ("approve", "reject")]
        facts += [e.UserSeen(question), e.UserNoticed(question)]
        facts.append(e.UserWithdrawn(question, "no need"))
    facts += [e.SystemMemorySet(key, len(session.memory)) for key in KEYS]
    facts.append(e.SystemResumed(attended=True, away_ms=60_000))
    facts.append(e.SystemClockJumped(late=2))
    facts += [
        e.SystemIssueOpened(i, "info", "look", "do") for i in ISSUES if i not in session.issues
    ]
    facts += [
        e.UserFeedback(name, "well done", "me", agent, task)
        for name in FEEDBACK
        if name not in session.feedback
        for agent, task in (
            *((it, None) for it in session.agents),
            *((None, it) for it in session.tasks),
        )
    ][:2]
    facts += [
        fact
        for issue in session.issues.values()
        if issue.open
        for fact in (
            e.SystemIssueRepeated(issue.id, "warning"),
            e.SystemIssueRepeated(issue.id, "critical", "look again", "do more"),
            e.SystemIssueClosed(issue.id, "it is settled"),
        )
    ]
    return facts


def _agent_facts(session: Session, agent: Agent) -> list[Fact]:
    name, facts = agent.spec.id, list[Fact]()
    for trigger in AgentTrigger:
        for task in session.tasks if trigger is AgentTrigger.TASK_ASSIGNED else (None,):
            target = session.agent_move(agent, trigger, task)
            if isinstance(target, Refusal):
                continue
            paused = target is AgentState.PAUSED
            for by in (PausedBy.OPERATOR, PausedBy.LOCK) if paused else (None,):
                facts.append(
                    e.AgentTransitioned(name, trigger, agent.state, target, "so", task, by)
                )
    if agent.task is not None:
        facts.append(e.AgentProgressed(name, agent.incarnation, agent.task, 40))
        facts += [
            e.SystemLocked(what.resource, agent.task, name)
            for what in agent.waits.values()
            if isinstance(what, LockWanted) and what.resource not in session.locks
        ]
    facts += [
        e.SystemUnlocked(resource, session.locks[resource].task, name)
        for resource in session.locked_by.get(name, ())
    ]
    if agent.running:
        number = agent.incarnation
        facts += [e.AgentAsked(name, number, agent.task, ask, ASKED) for ask in ASKS]
        facts += [e.AgentWaiting(name, number, agent.task, ask, KEYS[0]) for ask in ASKS]
        facts += [
            e.AgentLocking(name, number, agent.task, ask, resource)
            for ask in ASKS
            for resource in RESOURCES
        ]
        facts.append(e.AgentErred(name, number, agent.task, "broken", "", "protocol"))
        facts += [e.AgentChecked(name, number, worst(found), found) for found in FOUND]
        facts.append(e.AgentHealth(name, number, "ping", unanswered_ms=9_000))
        facts.append(e.AgentHealth(name, number, "ping", response_ms=3.0))
        facts.append(e.AgentOutput(name, agent.incarnation, TASKS[0], ("a", "b")))
        facts += [e.AgentExited(name, agent.incarnation, TASKS[0], code) for code in (0, 1)]
        facts.append(e.AgentExited(name, agent.incarnation, agent.task, None, lost=True))
    if all(intended.agent != name for intended in session.in_doubt.values()):
        number = agent.incarnation if agent.running else agent.incarnation + 1
        effect: Effect = "stop_process" if agent.running else "start_process"
        facts.append(e.SystemIntended(ActionId(f"{effect} {name}"), effect, name, None, number))
    return facts


def _task_facts(session: Session, task: Task) -> list[Fact]:
    name, facts = task.spec.id, list[Fact]()
    for trigger in TaskTrigger:
        for agent in session.agents if trigger is TaskTrigger.ASSIGNED else (None,):
            target = session.task_move(task, trigger, agent)
            if not isinstance(target, Refusal):
                facts.append(e.TaskTransitioned(name, trigger, task.state, target, "so", agent))
    if task.spec.agent is not None and task.state in (TaskState.PENDING, TaskState.READY):
        facts += [e.TaskReassigned(name, task.spec.agent, agent) for agent in session.agents]
    if task.state is TaskState.COMPLETE:
        facts.append(e.TaskOutput(name, AGENTS[0], "done"))
    if task.question is None:
        facts += [asked(q, name) for q in QUESTIONS if q not in session.questions]
    return facts


_ONWARDS = {
    AgentTrigger.AGENT_CREATED,
    AgentTrigger.PRE_TASK_HOOK_COMPLETE,
    AgentTrigger.TASK_ASSIGNED,
    AgentTrigger.TASK_STARTED,
    AgentTrigger.POST_TASK_HOOK_COMPLETE,
    AgentTrigger.RETURNED_TO_POOL,
    AgentTrigger.RESTART,
    TaskTrigger.NEEDS_MET,
    TaskTrigger.ASSIGNED,
    TaskTrigger.STARTED,
    TaskTrigger.FINISHED,
    TaskTrigger.RETRIED,
    TaskTrigger.REINSTATED,
}
"""What leads to work being done. Chance alone would stop nearly every agent before it begins."""


def leads_on(fact: Fact) -> bool:
    """True if a fact leads to work being done."""
    match fact:
        case e.AgentSpawned() | e.TaskCreated() | e.SystemIntended():
            return True
        case e.SystemDone():
            return not fact.error
        case e.AgentTransitioned() | e.TaskTransitioned():
            return fact.trigger in _ONWARDS
        case _:
            return False


@st.composite
def legal_histories(draw: st.DrawFn) -> list[AnyEvent]:
    """Histories in which nothing happens that a session does not allow, and work is done."""
    session, history = Session(), list[AnyEvent]()
    for _ in range(draw(st.integers(0, 60))):
        legal = legal_facts(session)
        onwards = [fact for fact in legal if leads_on(fact)]
        if not onwards or draw(st.integers(0, 2)) == 0:
            kind = draw(st.sampled_from(sorted({fact.KIND for fact in legal})))
            onwards = [fact for fact in legal if kind == fact.KIND]
        fact = draw(st.sampled_from(onwards))
        event = Event(session.seq + 1, session.at + 7, fact.KIND, session.seq or None, fact)
        apply(session, event)
        history.append(event)
    return history
