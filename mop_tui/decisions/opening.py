"""How a session begins: the tasks join it, then the agents, and each agent becomes available."""

from collections.abc import Iterator

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted
from mop_tui.decisions.work import hooked
from mop_tui.domain.actions import Action, CreateTask, MoveAgent, RunHook, SpawnAgent, StartProcess
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
    """Create every task, then spawn every agent that is there from the beginning, once the
    session's hook is done."""
    hook = plan.hook("on_start", None, None)
    reason = (
        f"the layout names {counted(len(plan.tasks), 'task')}"
        f" and {counted(len(plan.agents), 'agent')}"
    )
    yield SystemDecided(
        rule="open_session",
        verdict="yes",
        reason=reason if hook is None else f"{reason}, and the session's on_start hook comes first",
        actions=population(plan) if hook is None else (RunHook(None, None, "on_start"),),
    )


def population(plan: Plan) -> tuple[Action, ...]:
    """Return the actions that make a session hold what its plan names, but for the agents of teams
    that wait for a trigger."""
    waiting = frozenset(agent for team in plan.teams if team.waits for agent in team.agents)
    return (
        *(CreateTask(task) for task in plan.tasks),
        *(SpawnAgent(agent) for agent in plan.agents if agent not in waiting),
    )


def prepare_agent(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
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
    hook = hooked(plan, "on_start", session.agents[data.agent].spec, None)
    reason = "its on_start hook comes first" if hook else "no hook comes first"
    ready = MoveAgent(data.agent, AgentTrigger.PRE_TASK_HOOK_COMPLETE)
    yield SystemDecided(
        rule="prepare_agent",
        verdict="yes",
        reason=f"{reason}, and its process starts with its task",
        actions=(
            MoveAgent(data.agent, AgentTrigger.AGENT_CREATED),
            *(hook or (ready,)),
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
