"""The rule book: which rules look at which kinds of events.

A rule is a function `(plan, session, event) -> decisions`. The session is the state just after
the event; all rules that an event concerns see that same state, and their decisions are carried
out in the order in which the rules stand here. A rule reads no clock, no file and no random
source, and changes nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session

Evaluate = Callable[[Plan, Session, AnyEvent], Iterable[SystemDecided]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule and the kinds of events it wants to see."""

    name: str
    kinds: tuple[str, ...]
    evaluate: Evaluate


class RuleBook:
    """Rules, indexed by the kinds they look at."""

    def __init__(self, plan: Plan, rules: Sequence[Rule]) -> None:
        self._plan = plan
        self._by_kind: dict[str, list[Evaluate]] = {}
        for rule in rules:
            for kind in rule.kinds:
                self._by_kind.setdefault(kind, []).append(rule.evaluate)

    def decide(self, session: Session, event: AnyEvent) -> list[SystemDecided]:
        """Return what the rules decide about `event`, just folded into `session`."""
        rules = self._by_kind.get(event.kind)
        if rules is None:
            return []
        return [made for rule in rules for made in rule(self._plan, session, event)]
