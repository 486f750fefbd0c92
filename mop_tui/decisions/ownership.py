"""Changes of files that belong to somebody who did not make them.

Nobody knows which process changed a file. What is known is whose it is and who was at work: if its
owner was, or somebody who had locked it, it was theirs to change. If nobody was, a person did it.
"""

from collections.abc import Iterator
from itertools import pairwise

from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import CloseIssue, OpenIssue
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.ids import AgentId, Resource
from mop_tui.domain.immutable import immutable
from mop_tui.domain.issues import edit_of
from mop_tui.domain.path_patterns import below, compiled
from mop_tui.domain.plan import Plan
from mop_tui.domain.remedy import Remedy
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
    """Tell the operator of a file that was changed while its owner was not at work.

    That it changes again is counted there, until its owner, at work, changes it itself.
    """
    path = event.data.path
    found = foreign_edit(session, path)
    known = session.open_issue(edit_of(path))
    if found is None:
        owner = _owner_at_work(session, path) if known is not None else None
        if known is not None and owner is not None:
            reason = f"{owner}, who owns it, is at work and has it again"
            yield SystemDecided("watch_ownership", "yes", reason, (CloseIssue(known.id),), owner)
        return
    owner = found.owner
    if known is not None or session.open_issue(_many_of(owner)) is not None:
        return
    if _told_of(session, owner) >= MOST:
        key = _many_of(owner)
        text = (
            f"more than {MOST} files that belong to {owner} were changed while it was not at work"
        )
    else:
        key = edit_of(path)
        done = _DONE_TO[event.kind]
        text = f"{path} belongs to {owner}, which was not at work when it was {done}; {_who(found)}"
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
                key=key,
                remedy=Remedy("look_at_agent", owner if alone is None else alone.spec.id),
            ),
        ),
        owner,
    )


def _owner_at_work(session: Session, path: str) -> AgentId | None:
    """Return who owns a file and is at work just now, if anybody does and is."""
    agents = session.agents
    owners = (name for name in session.owners if means(agents[name].spec.owns, path))
    return next((name for name in owners if agents[name].task is not None), None)


def _told_of(session: Session, owner: AgentId) -> int:
    """Return of how many files of an owner open issues tell."""
    texts = (session.issues[issue].text for issue in session.known_issues.values())
    return sum(f" belongs to {owner}, " in text for text in texts)


def _many_of(owner: AgentId) -> str:
    """Return the key of the issue that very many files of an owner were changed."""
    return f"edits/{owner}"


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
    spans = pairwise(agent.history)
    return any(former[1] in _AT_WORK and later[0] >= since for former, later in spans)


def means(patterns: tuple[Resource, ...], path: str) -> bool:
    """Return whether one of some patterns means the file at `path`."""
    return bool(patterns) and compiled(*map(below, patterns)).matches(path)


RULES = (Rule("watch_ownership", tuple(_DONE_TO), watch_ownership),)
