"""Whether the limits of a session leave room for its agents."""

from collections.abc import Iterator

from mop_tui.domain.triggers import TriggerSpec
from mop_tui.layout import sizes
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions, waiting_agents


def findings(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield limits that are smaller than what the layout itself declares."""
    limits = case.layout.limits
    agents = tuple(case.plan.agents.values())
    if limits.total < len(agents):
        yield Finding(("limits", "total"), f"cannot hold the {len(agents)} agents of the teams")
    for spec in case.plan.triggers:
        yield from _room(case, spec)
    agents = (*agents, *provided.spawned.values())
    cores = [(agent.limits.cpu or 0, agent.id) for agent in agents]
    bytes_ = [(agent.limits.memory or 0, agent.id) for agent in agents]
    cpu, busiest = max(cores, default=(0, ""))
    if limits.cpu is not None and cpu > limits.cpu:
        yield Finding(
            ("limits", "cpu"), f"cannot hold agent '{busiest}', which may use {cpu:g} cores"
        )
    memory, largest = max(bytes_, default=(0, ""))
    if limits.memory is not None and memory > limits.memory:
        yield Finding(
            ("limits", "memory"),
            f"cannot hold agent '{largest}', which may use {sizes.written(memory)}",
        )


def _room(case: Case, spec: TriggerSpec) -> Iterator[Finding]:
    """Yield limits under which a trigger can never spawn all whom it spawns at once."""
    limits, plan = case.layout.limits, case.plan
    if not spec.spawns:
        return
    waiting = [plan.agents[agent] for agent in waiting_agents(plan)]
    declared = [
        agent.id
        for agent in waiting
        if agent.team == spec.team or not {agent.id, agent.type}.isdisjoint(spec.agents)
    ]
    types = {plan.agents[agent].type for agent in declared}
    new = [name for name in spec.agents if name in plan.kinds and name not in types]
    count = len(declared) + len(new)
    if limits.per_minute is not None and count > limits.per_minute:
        yield Finding(
            ("limits", "per_minute"),
            f"is less than the {count} agents that trigger '{spec.name}' spawns at once",
        )
    first = len(plan.agents) - len(waiting)
    if len(plan.agents) <= limits.total < first + count:
        yield Finding(
            ("limits", "total"),
            f"leaves no room for the {count} that trigger '{spec.name}' spawns, beside the {first} "
            "who are there from the beginning",
        )
