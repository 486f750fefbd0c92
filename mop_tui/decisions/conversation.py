"""What agents say: questions to the human, waits for a key, messages and errors.

An agent that asked or waits is PAUSED, its process running, for it must be able to read the
answer. It goes on when nothing is left that it waits for.
"""

from collections.abc import Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import (
    Action,
    AskForAgent,
    MoveAgent,
    OpenIssue,
    Reply,
    ReplyOutcome,
    SendNote,
    Withdraw,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import (
    AgentAsked,
    AgentErred,
    AgentExited,
    AgentMessaged,
    AgentWaiting,
    AnyEvent,
    SystemDecided,
    SystemMemorySet,
    UserAnswered,
    UserExpired,
    UserWithdrawn,
)
from mop_tui.domain.ids import AgentId, AskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Agent, Question, Session

MOST_ISSUES = 20
"""Errors of one process beyond this number raise no issues of their own."""

OPERATOR = "operator"
COORDINATOR = "coordinator"


def ask_for_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Put the question of an agent to the human."""
    data: AgentAsked = event.data
    agent = _speaker(session, data.agent, data.incarnation)
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
    actions: tuple[Action, ...] = (AskForAgent(data.agent, data.ask),)
    yield SystemDecided(
        "ask_for_agent",
        "yes",
        "it cannot go on without an answer",
        actions + _pause(agent, PausedBy.QUESTION),
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
    if asked.ask not in agent.waits:
        return
    outcome = _outcome(question)
    value = None if asked.secret or outcome not in ("answered", "default") else question.value
    yield SystemDecided(
        "answer_agent",
        "yes",
        f"{asked.question} is {question.state}",
        (Reply(asked.agent, asked.ask, outcome, value, asked.question), *_go_on(agent, asked.ask)),
        asked.agent,
        asked.task,
    )


def wait_for_key(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Have an agent wait for a key that is missing; tell it the value at once if it is there."""
    data: AgentWaiting = event.data
    agent = _speaker(session, data.agent, data.incarnation)
    if agent is None:
        return
    if session.provided(data.key):
        reason = f"{data.key} is there already"
        actions: tuple[Action, ...] = (
            Reply(data.agent, data.ask, "answered", session.memory[data.key]),
        )
    else:
        reason = f"{data.key} is not there yet"
        actions = _pause(agent, PausedBy.DEPENDENCY)
    yield SystemDecided("wait_for_key", "yes", reason, actions, data.agent, data.task)


def key_came(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the agents that wait for a key that it is there."""
    data: SystemMemorySet = event.data
    if not session.waiting_agents.get(data.key) or not session.provided(data.key):
        return
    for agent_id, ask in tuple(session.waiting_agents[data.key]):
        agent = session.agents[agent_id]
        reply = Reply(agent_id, ask, "answered", session.memory[data.key])
        yield SystemDecided(
            "key_came",
            "yes",
            f"it waits for {data.key}, which is there now",
            (reply, *_go_on(agent, ask)),
            agent_id,
            agent.task,
        )


def pass_message_on(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Deliver a message to the agent it is for; raise an issue where the operator is warned."""
    data: AgentMessaged = event.data
    if data.to in (OPERATOR, COORDINATOR):
        if data.severity != "info":
            yield SystemDecided(
                "pass_message_on",
                "yes",
                f"{data.agent} says that it is {data.severity}",
                (
                    OpenIssue(
                        data.severity,
                        f"{data.agent}: {data.text}",
                        f"look at what {data.agent} does",
                        agent=data.agent,
                    ),
                ),
                data.agent,
            )
        return
    receiver = session.agents.get(AgentId(data.to))
    if receiver is not None and receiver.running:
        reason = f"it is for {data.to}, who runs"
        note = SendNote(receiver.spec.id, data.agent, data.text)
        yield SystemDecided("pass_message_on", "yes", reason, (note,), data.agent)
        return
    reason = f"there is no agent {data.to}"
    if receiver is not None:
        reason = f"{data.to} has no process that could read it"
    yield SystemDecided("pass_message_on", "no", reason, (), data.agent)


def note_error(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Raise an issue about an error that an agent met, once for each."""
    data: AgentErred = event.data
    agent = _speaker(session, data.agent, data.incarnation)
    if agent is None or agent.errors > MOST_ISSUES:
        return
    text = f"{data.agent}: {agent.last_error}"
    if any(issue.open and issue.text == text for issue in session.issues.values()):
        return
    yield SystemDecided(
        "note_error",
        "yes",
        "the operator should know",
        (
            OpenIssue(
                "warning",
                text,
                f"read the output of {data.agent}",
                agent=data.agent,
                task=data.task,
            ),
        ),
        data.agent,
        data.task,
    )


def withdraw_questions(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take back what an agent asked whose process is gone: nobody would hear the answer."""
    data: AgentExited = event.data
    gone = [
        question
        for question in session.open_questions
        if session.questions[question].asked.agent == data.agent
    ]
    if gone:
        yield SystemDecided(
            "withdraw_questions",
            "yes",
            f"{data.agent}, who asked, is gone",
            tuple(map(Withdraw, gone)),
            data.agent,
        )


def _speaker(session: Session, agent: AgentId, incarnation: int) -> Agent | None:
    """Return the agent if it is its present process that speaks."""
    row = session.agents.get(agent)
    return row if row is not None and row.incarnation == incarnation else None


def _outcome(question: Question) -> ReplyOutcome:
    match question.state:
        case "answered":
            return "answered"
        case "expired":
            return "default" if question.value else "expired"
        case _:
            return "withdrawn"


def _pause(agent: Agent, by: PausedBy) -> tuple[Action, ...]:
    if agent.state is not AgentState.ACTIVE:
        return ()
    return (MoveAgent(agent.spec.id, AgentTrigger.DEPENDENCY_NOT_READY, agent.task, by),)


def _go_on(agent: Agent, answered: AskId) -> tuple[Action, ...]:
    """Return what ends the pause of `agent`, if nothing else than `answered` was waited for."""
    by = agent.paused_by
    if by is None or by.stops_processes or any(ask != answered for ask in agent.waits):
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
    Rule("pass_message_on", (AgentMessaged.KIND,), pass_message_on),
    Rule("note_error", (AgentErred.KIND,), note_error),
    Rule("withdraw_questions", (AgentExited.KIND,), withdraw_questions),
)
