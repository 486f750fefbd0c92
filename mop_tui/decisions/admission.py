"""Whether there is room for one agent more.

Triggers ask before they fire, and whoever spawns asks again, since much may have happened between
the two. Who may be *at work* is another matter (`Session.at_limit`): over that, agents wait.
"""

from collections.abc import Iterable
from typing import NamedTuple

from mop_tui.decisions.wording import counted
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.plan import AgentSpec
from mop_tui.domain.session import Session

_GONE = frozenset({AgentState.COMPLETE, AgentState.FAILED})


class Refused(NamedTuple):
    """Why there is no room."""

    limit: str
    """A key of `limits`."""
    reason: str


def refused(
    session: Session, wanted: AgentSpec, before: Iterable[AgentSpec] = ()
) -> Refused | None:
    """Return why `wanted` may not be spawned once those `before` it are, or None if it may."""
    limits = session.limits
    others = list(before)
    there = len(session.agents) + len(others)
    if there >= limits.total:
        are = "is there" if there == 1 else "are there"
        return Refused(
            "total", f"limits.total is {limits.total}, and {counted(there, 'agent')} {are}"
        )
    if limits.per_minute is not None:
        lately = session.spawned_within_a_minute() + len(others)
        if lately >= limits.per_minute:
            return Refused(
                "per_minute",
                f"limits.per_minute is {limits.per_minute}, and as many were spawned in the last"
                " 60 seconds",
            )
    if wanted.depth > limits.depth:
        return Refused(
            "depth",
            f"limits.depth is {limits.depth}, and it would be the {wanted.depth}th in a row",
        )
    if limits.cpu is not None and wanted.limits.cpu is not None:
        used = sum(spec.limits.cpu or 0 for spec in (*_here(session), *others))
        if used + wanted.limits.cpu > limits.cpu:
            return Refused(
                "cpu",
                f"limits.cpu is {limits.cpu:g} cores, {used:g} are taken,"
                f" and it may use {wanted.limits.cpu:g}",
            )
    if limits.memory is not None and wanted.limits.memory is not None:
        taken = sum(spec.limits.memory or 0 for spec in (*_here(session), *others))
        if taken + wanted.limits.memory > limits.memory:
            return Refused(
                "memory",
                f"limits.memory is {limits.memory:,} bytes, {taken:,} are taken,"
                f" and it may use {wanted.limits.memory:,}",
            )
    return None


def _here(session: Session) -> Iterable[AgentSpec]:
    """Yield the agents that are, or may still come, at work."""
    return (agent.spec for agent in session.agents.values() if agent.state not in _GONE)
