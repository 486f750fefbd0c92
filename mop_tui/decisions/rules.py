"""The rule book: which rules look at which kinds of events.

A rule is a function `(plan, session, event) -> decisions`. The session is the state just after
the event; all rules that an event concerns see that same state, and their decisions are carried
out in the order in which the rules stand here. Where a rule must not come in the middle of what
others have decided, as triggers must not, it decides `Later`. A rule reads no clock, no file and no
random source, and changes nothing.

Rules that decide about every task give the fields of a decision by place. By name, making one
takes more than twice as long.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AgentTransitioned, AnyEvent, SystemDecided, TaskTransitioned
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState


@dataclass(frozen=True, slots=True)
class Later:
    """A decision that is made, or not, once all that was decided before is carried out."""

    decide: Callable[[], SystemDecided | None]
    last: bool = False
    """It waits for all others that are made later, and for what they lead to."""


Decision = SystemDecided | Later
Evaluate = Callable[[Plan, Session, AnyEvent], Iterable[Decision]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule, and what it wants to see.

    Of moves along a lifecycle, a rule that names states in `into` sees only those that lead there.
    """

    name: str
    kinds: tuple[str, ...]
    evaluate: Evaluate
    into: tuple[AgentState | TaskState, ...] = ()
    of_plan: Callable[[Plan], tuple[str, ...]] | None = None
    """Tells what other kinds it wants to see, which depends on the plan."""

    def kinds_in(self, plan: Plan) -> tuple[str, ...]:
        """Return the kinds that it wants to see in a session of `plan`."""
        return self.kinds if self.of_plan is None else (*self.kinds, *self.of_plan(plan))


@dataclass(frozen=True, slots=True)
class RestRule:
    """A named rule that looks at the session whenever all that follows from an input is done.

    It is for what only the whole can tell, and is asked only if something may wait for something
    else than when it was asked last, or it decided something then. It gives each decision with the
    event because of which it is made. What it decides must lead to its not deciding the same again.
    """

    name: str
    evaluate: Callable[[Plan, Session], Sequence[tuple[int, SystemDecided]]]


_MOVES: dict[str, type[AgentState] | type[TaskState]] = {
    AgentTransitioned.KIND: AgentState,
    TaskTransitioned.KIND: TaskState,
}


class RuleBook:
    """Rules, indexed by what they want to see: an event costs what concerns it, not what exists."""

    def __init__(self, plan: Plan, both: Sequence[Rule | RestRule]) -> None:
        rules = [rule for rule in both if isinstance(rule, Rule)]
        self._at_rest = [rule.evaluate for rule in both if isinstance(rule, RestRule)]
        self.kinds = frozenset(kind for rule in rules for kind in rule.kinds_in(plan))
        """Kinds that some rule wants to see. About others, which are most, none need be asked."""
        self._plan = plan
        self._by_kind: dict[str, list[Evaluate]] = {}
        self._by_move: dict[str, dict[str, list[Evaluate]]] = {
            kind: {state: [] for state in states} for kind, states in _MOVES.items()
        }
        for rule in rules:
            for kind in rule.kinds_in(plan):
                if kind not in _MOVES:
                    self._by_kind.setdefault(kind, []).append(rule.evaluate)
                    continue
                for state, concerned in self._by_move[kind].items():
                    if not rule.into or state in rule.into:
                        concerned.append(rule.evaluate)

    def decide(self, session: Session, event: AnyEvent) -> Sequence[Decision]:
        """Return what the rules decide about `event`, just folded into `session`."""
        kind = event.kind
        if kind in self._by_move:
            rules = self._by_move[kind][event.data.to_state]
        elif kind in self._by_kind:
            rules = self._by_kind[kind]
        else:
            return ()
        plan = self._plan
        made: list[Decision] = []
        for rule in rules:
            found = rule(plan, session, event)
            if found:
                made.extend(found)
        return made

    def at_rest(self, session: Session) -> Sequence[tuple[int, SystemDecided]]:
        """Return what the first rule that has something to decide decides about `session`, of which
        nothing else is left to be decided; each with the event that it is because of."""
        for rule in self._at_rest:
            made = rule(self._plan, session)
            if made:
                return made
        return ()
