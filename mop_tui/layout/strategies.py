"""What a layout says of strategies, as what is done, and what is wrong with that."""

from collections.abc import Iterator, Mapping

from mop_tui.domain.strategies import TRIGGERS, Remedial, Strategy
from mop_tui.layout import strategy_section as form
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.tree import Loc

_FOR_ACTION: Mapping[str, Remedial] = {
    "max_agents": "spawn_additional_agents",
    "keep_critical": "pause_non_critical_agents",
    "from": "switch_topology",
    "to": "switch_topology",
}
"""Which action a key is for."""
_IN_PERCENT = (
    "bottleneck_detected",
    "resource_constrained",
    "progress_slow",
    "coordination_overhead_high",
)


def planned(said: form.Strategy) -> Strategy:
    """Return a strategy as it is carried out."""
    return Strategy(
        name=said.name,
        trigger=said.trigger,
        action=said.action,
        max_agents=said.max_agents,
        keep_critical=tuple(dict.fromkeys(said.keep_critical)),
        from_shape=said.from_,
        to_shape=said.to,
        mode=said.mode,
        threshold=said.threshold,
        cool_down_ms=said.cool_down,
    )


def findings(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with strategies: what can never be done, or means nothing."""
    names: set[str] = set()
    thresholds: dict[str, float] = {}
    for index, said in enumerate(case.layout.strategies):
        loc: Loc = ("strategies", index)
        if said.name in names:
            yield Finding((*loc, "name"), f"there are two strategies '{said.name}'")
        names.add(said.name)
        yield from _keys(case, loc, said)
        yield from _sense(loc, said)
        yield from _threshold(loc, said, thresholds)
        known = {*case.declared.types, *case.declared.agents}
        if not case.losses.agents and not case.losses.mapping("agent_types"):
            for place, name in enumerate(said.keep_critical):
                if name not in known:
                    yield Finding(
                        (*loc, "keep_critical", place),
                        f"there is no agent or agent type '{name}'",
                        wrong=name,
                        candidates=sorted(known),
                    )


def _keys(case: Case, loc: Loc, said: form.Strategy) -> Iterator[Finding]:
    """Yield keys that mean nothing for an action, and those that it lacks."""
    for name, field in form.Strategy.model_fields.items():
        key = field.alias or name
        action = _FOR_ACTION.get(key)
        if action is not None and name in said.model_fields_set and said.action != action:
            yield Finding((*loc, key), f"means nothing for {said.action}", key=True)
    if said.action == "switch_topology":
        for key, value in (("from", said.from_), ("to", said.to)):
            if value is None and not case.losses.within(*loc, key):
                yield Finding((*loc, key), f"is missing: {said.action} needs from and to", key=True)
        if said.to is not None and said.from_ == said.to:
            yield Finding((*loc, "to"), "is the topology that is left")


def _sense(loc: Loc, said: form.Strategy) -> Iterator[Finding]:
    """Yield actions that are no remedy for what is wrong."""
    if (said.trigger == "deadlock_detected") is not (said.action == "break_cycle"):
        yield Finding(
            (*loc, "action"),
            f"is no remedy for {said.trigger}: a deadlock is ended by break_cycle, and by nothing"
            " else",
        )
    elif said.trigger == "resource_constrained" and said.action == "spawn_additional_agents":
        yield Finding((*loc, "action"), "would make it worse: more agents use more")
    elif said.action == "pause_non_critical_agents" and said.trigger != "resource_constrained":
        yield Finding(
            (*loc, "action"),
            f"is no remedy for {said.trigger}: to pause somebody gives room on the machine, and"
            " nothing else",
        )


def _threshold(loc: Loc, said: form.Strategy, known: dict[str, float]) -> Iterator[Finding]:
    if said.threshold is None:
        return
    here = (*loc, "threshold")
    if said.trigger not in TRIGGERS:
        yield Finding(here, f"means nothing for {said.trigger}, which is so or is not", key=True)
    elif said.trigger in _IN_PERCENT and said.threshold >= 100:
        yield Finding(here, "is a percentage, and must be less than 100")
    elif known.setdefault(said.trigger, said.threshold) != said.threshold:
        yield Finding(here, f"is another one for {said.trigger} than above, which must be the same")
