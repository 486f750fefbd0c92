"""Whether there is room for one agent more.

Triggers ask before they fire, and whoever spawns asks again, since much may have happened between
the two. Who may be *at work* is another matter (`Session.at_limit`): over that, agents wait.

Of what agents may use, those that the layout has from the beginning keep their share. What a
trigger spawned gives its share back when it is out of work, and comes back if there is room.
"""

from collections.abc import Iterable
from typing import NamedTuple

from mop_tui.decisions.wording import counted
from mop_tui.domain.plan import AgentSpec
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session, millionths


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
    if there + session.proposed >= limits.total:
        are = "is there" if there == 1 else "are there"
        more = f" and {session.proposed} proposed" if session.proposed else ""
        return Refused(
            "total", f"limits.total is {limits.total}, and {counted(there, 'agent')} {are}{more}"
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
    return _too_much(session, wanted, others)


def no_way_back(session: Session, agent: Agent) -> str:
    """Return why an agent that is out of work may not come back; empty if it may."""
    if not session.is_by_trigger(agent.spec):
        return ""
    no = _too_much(session, agent.spec, ())
    return "" if no is None else no.reason


def _too_much(session: Session, wanted: AgentSpec, others: Iterable[AgentSpec]) -> Refused | None:
    """Return which limit of what agents may use `wanted` would break."""
    limits = session.limits
    if limits.cpu is not None and wanted.limits.cpu is not None:
        used = session.claimed_cpu + sum(millionths(spec.limits.cpu) for spec in others)
        if used + millionths(wanted.limits.cpu) > millionths(limits.cpu):
            return Refused(
                "cpu",
                f"limits.cpu is {limits.cpu:g} cores, {used / 1_000_000:g} are taken,"
                f" and it may use {wanted.limits.cpu:g}",
            )
    if limits.memory is not None and wanted.limits.memory is not None:
        taken = session.claimed_memory + sum(spec.limits.memory or 0 for spec in others)
        if taken + wanted.limits.memory > limits.memory:
            return Refused(
                "memory",
                f"limits.memory is {limits.memory:,} bytes, {taken:,} are taken,"
                f" and it may use {wanted.limits.memory:,}",
            )
    return None
