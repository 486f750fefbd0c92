"""What agents say: questions to the human, waits for a key, and errors. (Messages: see `routing`.)

An agent that asked or waits is PAUSED, its process running, for it must be able to read the
answer. It goes on when nothing is left that it waits for. When its task or its process ends,
nobody needs the answers any more.
"""

from collections.abc import Iterator, Sequence

from mop_tui.decisions.issues import raised
from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import (
    Action,
    AskForAgent,
    MoveAgent,
    Reply,
    ReplyOutcome,
    Withdraw,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import (
    AgentAsked,
    AgentErred,
    AgentExited,
    AgentFinished,
    AgentTransitioned,
    AgentWaiting,
    AnyEvent,
    SystemDecided,
    SystemMemorySet,
    UserAnswered,
    UserExpired,
    UserWithdrawn,
)
from mop_tui.domain.ids import AgentId, AskId, QuestionId
from mop_tui.domain.issues import told_by
from mop_tui.domain.locks import LockWanted
from mop_tui.domain.plan import Plan, QuestionSpec
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState

_AT_WORK = (AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY)


def ask_for_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Put the question of an agent to the human."""
    data: AgentAsked = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    if session.status != "running":
        reason = "the session is ending, so nobody is asked any more"
        yield SystemDecided(
            "ask_for_agent",
            "no",
            reason,
            (Reply(data.agent, data.ask, "refused"),),
            data.agent,
            data.task,
        )
        return
    yield SystemDecided(
        "ask_for_agent",
        "yes",
        "it cannot go on without an answer",
        (
            AskForAgent(data.agent, data.ask),
            *supersede(session, data.agent, data.ask),
            *pause(agent, PausedBy.QUESTION),
        ),
        data.agent,
        data.task,
    )


def answer_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell an agent what became of its question."""
    data: UserAnswered | UserExpired | UserWithdrawn = event.data
    question = session.questions[data.question]
    asked = question.asked
    if question.state == "open" or asked.agent is None or asked.ask is None:
        return
    agent = session.agents[asked.agent]
    if not isinstance(agent.waits.get(asked.ask), QuestionSpec):
        return
    if any(_asked_as(session, q, asked.agent, asked.ask) for q in session.open_questions):
        return  # it has asked anew by the same name, and waits for the answer to that
    outcome = _outcome(data)
    value = None if asked.secret or outcome not in ("answered", "default") else question.value
    yield SystemDecided(
        "answer_agent",
        "yes",
        f"{asked.question} is {question.state}",
        (
            Reply(asked.agent, asked.ask, outcome, value, asked.question),
            *go_on(agent, [asked.ask]),
        ),
        asked.agent,
        asked.task,
    )


def wait_for_key(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Have an agent wait for a key that is missing; tell it the value at once if it is there."""
    data: AgentWaiting = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    if session.provided(data.key):
        reason = f"{data.key} is there already"
        actions: tuple[Action, ...] = (
            Reply(data.agent, data.ask, "answered", session.memory[data.key]),
            *supersede(session, data.agent, data.ask),
        )
    else:
        reason = f"{data.key} is not there yet"
        actions = (
            *supersede(session, data.agent, data.ask),
            *pause(agent, PausedBy.DEPENDENCY),
        )
    yield SystemDecided("wait_for_key", "yes", reason, actions, data.agent, data.task)


def key_came(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the agents that wait for a key that it is there."""
    data: SystemMemorySet = event.data
    if not session.waiting_agents.get(data.key) or not session.provided(data.key):
        return
    asks_of: dict[AgentId, list[AskId]] = {}
    for agent_id, ask in session.waiting_agents[data.key]:
        asks_of.setdefault(agent_id, []).append(ask)
    value = session.memory[data.key]
    for agent_id, asks in asks_of.items():
        agent = session.agents[agent_id]
        yield SystemDecided(
            "key_came",
            "yes",
            f"it waits for {data.key}, which is there now",
            (
                *(Reply(agent_id, ask, "answered", value) for ask in asks),
                *go_on(agent, asks),
            ),
            agent_id,
            agent.task,
        )


def still_waits(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Pause an agent again that was led on while it waits for something.

    It said so while the operator had suspended it, or before it was given its task.
    """
    data: AgentTransitioned = event.data
    agent = session.agents[data.agent]
    if not agent.waits or agent.task is None:
        return
    if session.tasks[agent.task].state is not TaskState.ACTIVE:
        return
    if any(isinstance(what, QuestionSpec) for what in agent.waits.values()):
        by, what = PausedBy.QUESTION, "an answer"
    elif any(isinstance(what, LockWanted) for what in agent.waits.values()):
        by, what = PausedBy.LOCK, "a lock"
    else:
        by, what = PausedBy.DEPENDENCY, "a key"
    yield SystemDecided(
        "still_waits",
        "yes",
        f"it still waits for {what}",
        pause(agent, by),
        data.agent,
        agent.task,
    )


def note_error(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Raise an issue about an error that an agent met; that it came up again is counted there."""
    data: AgentErred = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    told = told_by(data)
    issue = None if told is None else raised(session, told, f"read the output of {data.agent}")
    if issue is not None:
        reason = "the operator should know"
        yield SystemDecided("note_error", "yes", reason, (issue,), data.agent, data.task)


def withdraw_questions(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take back what an agent asked whose process is gone: nobody would hear the answer."""
    data: AgentExited = event.data
    gone = _asked_by(session, data.agent)
    if gone:
        reason = f"{data.agent}, who asked, is gone"
        yield SystemDecided("withdraw_questions", "yes", reason, gone, data.agent)


def withdraw_waits(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """End the waiting of an agent that says that its task is over, and lives on."""
    data: AgentFinished = event.data
    agent = speaker(session, data.agent, data.incarnation)
    if agent is None or agent.task != data.task:
        return
    actions = withdraw_waiting(session, agent)
    if actions:
        reason = f"{data.agent}, who asked, is done with its task"
        yield SystemDecided("withdraw_waits", "yes", reason, actions, data.agent, data.task)


def withdraw_waiting(session: Session, agent: Agent) -> tuple[Action, ...]:
    """Return the actions that end whatever `agent` waits for: nobody is to answer it any more."""
    name = agent.spec.id
    others = [
        Reply(name, ask, "withdrawn")
        for ask, what in agent.waits.items()
        if not isinstance(what, QuestionSpec)
    ]
    return (*others, *_asked_by(session, name))


def speaker(session: Session, agent: AgentId, incarnation: int) -> Agent | None:
    """Return the agent if it is its present process that speaks."""
    row = session.agents.get(agent)
    return row if row is not None and row.incarnation == incarnation else None


def _asked_by(session: Session, agent: AgentId) -> tuple[Withdraw, ...]:
    """Return what takes back the open questions of an agent."""
    return tuple(
        Withdraw(question)
        for question in session.open_questions
        if session.questions[question].asked.agent == agent
    )


def _asked_as(session: Session, question: QuestionId, agent: AgentId, ask: AskId) -> bool:
    asked = session.questions[question].asked
    return asked.agent == agent and asked.ask == ask


def supersede(session: Session, agent: AgentId, ask: AskId) -> tuple[Withdraw, ...]:
    """Return what takes back the question that an agent asked before by the same name."""
    return tuple(Withdraw(q) for q in session.open_questions if _asked_as(session, q, agent, ask))


def _outcome(closing: UserAnswered | UserExpired | UserWithdrawn) -> ReplyOutcome:
    match closing:
        case UserAnswered():
            return "answered"
        case UserExpired():
            return "default" if closing.outcome in ("default", "fallback") else "expired"
        case UserWithdrawn():
            return "withdrawn"


def pause(agent: Agent, by: PausedBy) -> tuple[Action, ...]:
    """Return what pauses `agent` until it has what it waits for, if it is at work."""
    if agent.state not in _AT_WORK:
        return ()
    return (MoveAgent(agent.spec.id, AgentTrigger.DEPENDENCY_NOT_READY, agent.task, by),)


def go_on(agent: Agent, answered: Sequence[AskId]) -> tuple[Action, ...]:
    """Return what ends the pause of `agent`, if nothing else than `answered` was waited for."""
    by = agent.paused_by
    if by is None or by.stops_processes or any(ask not in answered for ask in agent.waits):
        return ()
    return (MoveAgent(agent.spec.id, AgentTrigger.DEPENDENCY_READY, agent.task),)


RULES = (
    Rule("ask_for_agent", (AgentAsked.KIND,), ask_for_agent),
    Rule(
        "answer_agent",
        (UserAnswered.KIND, UserExpired.KIND, UserWithdrawn.KIND),
        answer_agent,
    ),
    Rule("wait_for_key", (AgentWaiting.KIND,), wait_for_key),
    Rule("key_came", (SystemMemorySet.KIND,), key_came),
    Rule("still_waits", (AgentTransitioned.KIND,), still_waits, into=_AT_WORK),
    Rule("note_error", (AgentErred.KIND,), note_error),
    Rule("withdraw_questions", (AgentExited.KIND,), withdraw_questions),
    Rule("withdraw_waits", (AgentFinished.KIND,), withdraw_waits),
)
