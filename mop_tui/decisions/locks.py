"""Giving back what was locked for a task.

What a task is said to lock is taken with the assignment (see `assignment`), all at once; its agent
may lock more meanwhile (see `locking`). All of it is given back when the agent has let go of the
task, however that came: a task that was cancelled stays locked until the process that works on it
is gone.
"""

from collections.abc import Sequence

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.work import why_out
from mop_tui.domain.actions import Unlock
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AgentTransitioned, AnyEvent, SystemDecided
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session

_ON_ITS_WAY = (AgentState.COMPLETE, AgentState.FAILED)


def release_locks(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Give back what an agent locked for a task that it has let go of.

    One that goes on to where it can be given something is waited for: it is there in a moment, and
    what becomes possible then is considered together.
    """
    data: AgentTransitioned = event.data
    held = session.locked_by.get(data.agent)
    if not held:
        return ()
    agent = session.agents[data.agent]
    if data.to_state in _ON_ITS_WAY and session.status == "running" and not why_out(session, agent):
        return ()
    task = session.locks[next(iter(held))].task
    unlocked = tuple(Unlock(resource, task, data.agent) for resource in held)
    reason = f"{data.agent} no longer has {task}"
    return (SystemDecided("release_locks", "yes", reason, unlocked, data.agent, task),)


RULES = (
    Rule(
        "release_locks",
        (AgentTransitioned.KIND,),
        release_locks,
        into=(AgentState.AVAILABLE, AgentState.SPAWNING, AgentState.COMPLETE, AgentState.FAILED),
    ),
)
