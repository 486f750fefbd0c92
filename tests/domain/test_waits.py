"""The wait-for graph of a session says at every moment what the session says."""

from random import Random

import pytest
from domain.moves import leads_on, legal_facts

from mop_tui.domain.events import Event
from mop_tui.domain.fold import apply
from mop_tui.domain.session import Session
from mop_tui.domain.still_swarm import StillSwarm
from mop_tui.domain.waits import StandingWaits, waits_of


def anew(session: Session) -> StandingWaits:
    waits = StandingWaits()
    waits.settle(session, session.tasks.values(), ())
    return waits


@pytest.mark.parametrize("seed", range(6))
def test_the_graph_kept_up_to_date_is_the_graph_made_anew(seed: int) -> None:
    """Whatever a session allows may happen, in whatever order, so long as work is done."""
    for chance in map(Random, range(10 * seed, 10 * seed + 10)):
        session = Session()
        for _ in range(60):
            legal = legal_facts(session)
            facts = [fact for fact in legal if leads_on(fact)]
            if not facts or chance.randint(0, 2) == 0:
                kind = chance.choice(sorted({fact.KIND for fact in legal}))
                facts = [fact for fact in legal if kind == fact.KIND]
            fact = chance.choice(facts)
            apply(session, Event(session.seq + 1, session.at + 7, fact.KIND, None, fact))
            kept, made = session.waits(), anew(session)
            assert set(kept.graph.edges()) == set(made.graph.edges())
            assert kept.stuck() == made.stuck()
        still = StillSwarm(session.snapshot())
        for source, _ in session.waits().graph.edges():
            assert sorted(waits_of(still, source)) == sorted(waits_of(session, source))
