"""Whether the limits of a session leave room for its agents."""

from collections.abc import Iterator

from mop_tui.layout import sizes
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding


def findings(case: Case) -> Iterator[Finding]:
    """Yield limits that are smaller than what the layout itself declares."""
    limits = case.layout.limits
    agents = case.plan.agents.values()
    if limits.total < len(agents):
        yield Finding(("limits", "total"), f"cannot hold the {len(agents)} agents of the teams")
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
