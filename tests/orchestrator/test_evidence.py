"""A check follows from what it rests on, so that why an agent is ill leads to a measurement."""

from dataclasses import replace
from pathlib import Path

import pytest

from mop_tui.domain.causes import Chain
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Ailment, Script
from mop_tui.domain.sentences import sentence
from sessions import Ran, agent, fixed, plan, play, task

CHECKS = HealthChecks(interval_ms=20_000)


def ran_with(file: Path, ailment: Ailment) -> Ran:
    script: Script = replace(fixed(600), ailments=(ailment,))
    work = task("one", "a", seconds=600)
    return play(replace(plan([agent("a")], [work], scripts={"one": script}), health=CHECKS), file)


def chain_of(ran: Ran, seq: int) -> list[AnyEvent]:
    """Return an event and what led to it, back to the beginning, newest first."""
    chain = Chain(lambda it: ran.events[it - 1], seq)
    chain.go_on(1_000)
    assert chain.lost is None
    return list(chain.events)


@pytest.mark.parametrize(
    ("ailment", "evidence"),
    [
        (Ailment(60_000, 120_000, response_ms=3_000), "a answered a ping in 3 s"),
        (Ailment(60_000, 120_000, memory_usage=85), "a says of itself: memory 85 %"),
        (Ailment(60_000, 120_000, status="degraded"), "a says of itself: degraded"),
        (Ailment(60_000, errors=2), "a met ailing: it is told to be ill"),
        (Ailment(60_000, hangs=True), "a has not answered a ping for 30 s"),
        (Ailment(60_000, 240_000, slow=4), "a is at 10 %"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_an_illness_leads_to_the_check_and_to_what_that_rests_on(
    file: Path, ailment: Ailment, evidence: str
) -> None:
    ran = ran_with(file, ailment)
    ill = next(it for it in ran.of("agent.transitioned") if it.data.to_state in _ILL)
    chain = chain_of(ran, ill.seq)
    assert [event.kind for event in chain[:3]] == [
        *("agent.transitioned", "system.decided", "agent.checked")
    ]
    assert chain[1].data.rule == "judge_check"
    assert sentence(chain[3]).startswith(evidence)
    assert "system.intended" in [event.kind for event in chain[4:]], "the start of its process"
    assert chain[-1].kind == "system.started"


_ILL = ("DEGRADED", "UNHEALTHY")


def test_a_recovery_leads_to_what_is_good_again(file: Path) -> None:
    ran = ran_with(file, Ailment(60_000, 90_000, memory_usage=85))
    well = next(
        it for it in ran.of("agent.transitioned") if it.data.trigger == "performance_recovered"
    )
    _, decided, checked, reported = chain_of(ran, well.seq)[:4]
    assert decided.data.reason == "a check finds nothing wrong with it"
    assert checked.data.level == "healthy"
    assert (reported.kind, reported.data.memory_usage) == ("agent.health", None)
    assert reported.at == 150_000


def test_the_latest_checks_and_what_made_it_ill_are_kept(file: Path) -> None:
    ran = ran_with(file, Ailment(60_000, 90_000, memory_usage=85))
    row = ran.session.agents[AgentId("a")]
    checked = ran.of("agent.checked")
    assert row.checks == tuple((it.at, it.data.level) for it in checked)
    ill = next(it for it in ran.of("agent.transitioned") if it.data.to_state == "DEGRADED")
    assert row.fell_ill == ill.seq
