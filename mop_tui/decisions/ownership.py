"""Changes of files that belong to somebody who did not make them.

Nobody knows which process changed a file. What is known is whose it is and who was at work: if its
owner was, or somebody who had locked it, it was theirs to change. If nobody was, a person did it.
"""

from collections.abc import Iterator
from itertools import chain, pairwise

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import OpenIssue
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.ids import AgentId, Resource
from mop_tui.domain.immutable import immutable
from mop_tui.domain.path_patterns import below, compiled
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session

NOTICED_LATER = 5_000
"""Within so many milliseconds a change of a file is noticed, so that whoever ended his work in the
meantime may have made it."""
NAMED = 4
"""Up to so many agents at work are named; more are counted."""
MOST = 20
"""Files of one owner of which each is told; that there are more is told once."""

_AT_WORK = frozenset(
    {
        AgentState.ASSIGNED,
        AgentState.ACTIVE,
        AgentState.PAUSED,
        AgentState.DEGRADED,
        AgentState.UNHEALTHY,
    }
)
_DONE_TO = {"file.created": "created", "file.modified": "changed", "file.deleted": "deleted"}


@immutable
class ForeignEdit:
    """A change of a file whose owner was not at work, while others were."""

    path: str
    owner: AgentId
    at_work: tuple[AgentId, ...]
    """In the order in which they were spawned; one of them, if not a person, made the change."""


def foreign_edit(session: Session, path: str) -> ForeignEdit | None:
    """Return what is wrong with a change of the file `path` that was noticed just now, if anything.

    `path` is relative to the session's root.
    """
    agents = session.agents
    owners = [name for name in session.owners if means(agents[name].spec.owns, path)]
    since = session.at - NOTICED_LATER
    if not owners or any(_was_at_work(agents[owner], since) for owner in owners):
        return None
    if any(means((lock,), path) for lock in session.locks):
        return None
    ended = (session.tasks[task] for task in session.owning)
    if any((t.ended_at or 0) >= since and means(t.spec.owns, path) for t in ended):
        return None
    others = tuple(name for name, agent in agents.items() if _was_at_work(agent, since))
    return ForeignEdit(path, owners[0], others) if others else None


def watch_ownership(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell the operator of a file that was changed while its owner was not at work, once."""
    found = foreign_edit(session, event.data.path)
    if found is None:
        return
    owner = found.owner
    told = f"{found.path} belongs to {owner}, "
    many = f"more than {MOST} files that belong to {owner} were changed while it was not at work"
    before = [issue.text for issue in session.issues.values() if issue.severity == "warning"]
    if many in before or any(text.startswith(told) for text in before):
        return
    if sum(f" belongs to {owner}, " in text for text in before) >= MOST:
        text = many
    else:
        text = f"{told}which was not at work when it was {_DONE_TO[event.kind]}; {_who(found)}"
    alone = session.agents[found.at_work[0]] if len(found.at_work) == 1 else None
    advice = (
        f"look at what was done to it; what {owner} should not do itself, let a task do that locks "
        "the file"
    )
    yield SystemDecided(
        "watch_ownership",
        "yes",
        f"{owner} owns it and was not at work",
        (
            OpenIssue(
                "warning",
                text,
                advice,
                agent=None if alone is None else alone.spec.id,
                task=None if alone is None else alone.task,
            ),
        ),
        owner,
    )


def _who(found: ForeignEdit) -> str:
    others = found.at_work
    if len(others) == 1:
        return f"only {others[0]} was"
    if len(others) > NAMED:
        return f"{len(others)} others were"
    return f"{listed(others)} were"


def _was_at_work(agent: Agent, since: int) -> bool:
    """True if an agent has a task in hand, or had one at some time from `since` on."""
    if agent.task is not None:
        return True
    if agent.since < since:
        return False
    spans = pairwise(chain(agent.history, [(agent.since, agent.state)]))
    return any(state in _AT_WORK and end >= since for (_, state), (end, _) in spans)


def means(patterns: tuple[Resource, ...], path: str) -> bool:
    """Return whether one of some patterns means the file at `path`."""
    return bool(patterns) and compiled(*map(below, patterns)).matches(path)


RULES = (Rule("watch_ownership", tuple(_DONE_TO), watch_ownership),)
