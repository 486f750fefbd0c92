"""What models cost, and which of those that agents use nobody said that of."""

from collections.abc import Iterator

from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.reactions import declared
from mop_tui.layout.tree import Loc


def advice(case: Case) -> Iterator[Finding]:
    """Yield the models that have no price while others do, and the priced ones that nobody uses."""
    priced = case.layout.models
    if not priced:
        return
    used: dict[str, Loc] = {}
    for model, loc in _models(case):
        used.setdefault(model, loc)
    for model, loc in used.items():
        if model not in priced:
            yield Finding(
                loc,
                "has no price, though others do: what a team costs cannot be told",
                wrong=model,
                candidates=priced,
            )
    for model in priced:
        if model not in used:
            yield Finding(("models", model), "no agent uses this model", key=True)


def _models(case: Case) -> Iterator[tuple[str, Loc]]:
    """Yield the models that agents use, or spawned ones would, and where each is said."""
    layout = case.layout
    for name, kind in layout.agent_types.items():
        if kind.model is not None:
            yield kind.model, ("agent_types", name, "model")
    for name, team in layout.teams.items():
        for index, agent in enumerate(team.agents):
            if agent.model is not None:
                yield agent.model, ("teams", name, "agents", index, "model")
    for index, trigger in enumerate(layout.triggers):
        if trigger.model is not None:
            yield trigger.model, ("triggers", index, "model")
    for loc, reaction in declared(layout):
        if reaction.spawn is not None and reaction.spawn.model is not None:
            yield reaction.spawn.model, loc
