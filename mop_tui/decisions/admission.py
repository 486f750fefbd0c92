"""Whether there is room for one agent more.

Triggers ask before they fire, and whoever spawns asks again, since much may have happened between
the two. Who may be *at work* is another matter (`Session.at_limit`): over that, agents wait.

Of what agents may use, those that the layout has from the beginning keep their share. What a
trigger spawned gives its share back when it is out of work, and comes back if there is room.
"""

from collections.abc import Iterable
from typing import NamedTuple

from mop_tui.decisions.wording import counted
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import AgentSpec, Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session, millionths
from mop_tui.domain.triggers import UNPLACED


class Refused(NamedTuple):
    """Why there is no room."""

    limit: str
    """A key of `limits`."""
    reason: str


def agent_of(
    plan: Plan,
    kind_name: str,
    *,
    skills: tuple[str, ...] | None = None,
    model: str | None = None,
    depth: int = 0,
) -> AgentSpec:
    """Return an agent of a type that the plan has, with skills and model of its own if they are
    said. It gets its number when it is spawned, and belongs where others of its type are."""
    kind = plan.kinds[kind_name]
    teams = (agent.team for agent in plan.agents.values() if agent.type == kind_name)
    return AgentSpec(
        id=AgentId(kind_name),
        type=kind_name,
        team=next(teams, UNPLACED),
        skills=kind.skills if skills is None else skills,
        model=model or kind.model,
        host=kind.host,
        lifetime=kind.lifetime,
        limits=kind.limits,
        depth=depth,
        health=kind.health,
        relays=kind.relays,
        handling_ms=kind.handling_ms,
    )


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


def no_way_back(session: Session, agent: Agent, before: Iterable[AgentSpec] = ()) -> str:
    """Return why an agent that is out of work may not come back once those `before` it have; empty
    if it may."""
    if not session.is_by_trigger(agent.spec):
        return ""
    no = _too_much(session, agent.spec, before)
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
