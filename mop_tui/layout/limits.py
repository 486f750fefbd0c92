"""Whether the limits of a session leave room for its agents."""

from collections import Counter
from collections.abc import Iterator

from mop_tui.layout import sizes
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions, waiting_agents


def findings(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield limits that are smaller than what the layout itself declares."""
    limits = case.layout.limits
    agents = tuple(case.plan.agents.values())
    if "total" in limits.model_fields_set and limits.total < len(agents):
        yield Finding(("limits", "total"), f"cannot hold the {len(agents)} agents of the teams")
    yield from _room(case)
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


def _room(case: Case) -> Iterator[Finding]:
    """Yield limits under which a trigger can never spawn all whom it spawns at once."""
    limits, plan = case.layout.limits, case.plan
    waiting = waiting_agents(plan)
    ids = {agent.id for agent in waiting}
    of_type = Counter(agent.type for agent in waiting)
    of_team = Counter(agent.team for agent in waiting)
    first = len(plan.agents) - len(waiting)
    for spec in plan.triggers:
        if not spec.spawns:
            continue
        count = of_team[spec.team] if spec.team is not None else 0
        for name in spec.agents:
            new = int(name in plan.kinds)
            count += 1 if name in ids else of_type[name] or new
        if limits.per_minute is not None and count > limits.per_minute:
            yield Finding(
                ("limits", "per_minute"),
                f"is less than the {count} agents that trigger '{spec.name}' spawns at once",
            )
        if len(plan.agents) <= limits.total < first + count:
            yield Finding(
                ("limits", "total"),
                f"leaves no room for the {count} that trigger '{spec.name}' spawns, beside the "
                f"{first} who are there from the beginning",
            )
