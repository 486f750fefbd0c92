"""How a session begins: the tasks join it, then the agents, and each agent becomes available."""

from collections.abc import Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted
from mop_tui.domain.actions import CreateTask, MoveAgent, SpawnAgent, StartProcess
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentSpawned,
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemStarted,
)
from mop_tui.domain.plan import Lifetime, Plan
from mop_tui.domain.session import Session


def open_session(plan: Plan, _session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Create every task, then spawn every agent that is there from the beginning."""
    waiting = frozenset(agent for team in plan.teams if team.waits for agent in team.agents)
    yield SystemDecided(
        rule="open_session",
        verdict="yes",
        reason=f"the layout names {counted(len(plan.tasks), 'task')}"
        f" and {counted(len(plan.agents), 'agent')}",
        actions=(
            *(CreateTask(task) for task in plan.tasks),
            *(SpawnAgent(agent) for agent in plan.agents if agent not in waiting),
        ),
    )


def prepare_agent(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Lead an agent that spawns, or spawns again, into the pool, or start its process first."""
    data: AgentSpawned | AgentTransitioned = event.data
    if session.agents[data.agent].spec.lifetime is Lifetime.SESSION:
        yield SystemDecided(
            "prepare_agent",
            "yes",
            "its process lives as long as the session",
            (StartProcess(data.agent, None),),
            data.agent,
        )
        return
    yield SystemDecided(
        rule="prepare_agent",
        verdict="yes",
        reason="no hook comes first, and its process starts with its task",
        actions=(
            MoveAgent(data.agent, AgentTrigger.AGENT_CREATED),
            MoveAgent(data.agent, AgentTrigger.PRE_TASK_HOOK_COMPLETE),
        ),
        agent=data.agent,
    )


RULES = (
    Rule("open_session", (SystemStarted.KIND,), open_session),
    Rule(
        "prepare_agent",
        (AgentSpawned.KIND, AgentTransitioned.KIND),
        prepare_agent,
        into=(AgentState.SPAWNING,),
    ),
)
