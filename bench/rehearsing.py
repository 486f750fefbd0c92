"""A rehearsal on a clock of its own, for benches that play plans instead of layouts."""

from mop_tui.agents.simulated import SimulatedHost
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.plan import HostKind, Mode, Plan
from mop_tui.journal.writer import Journal
from mop_tui.orchestrator.answers import PreparedAnswers
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recovery import Recovered


def rehearsal(
    plan: Plan,
    seed: int,
    journal: Journal,
    *,
    attended: bool,
    answers: PreparedAnswers | None = None,
    recovered: Recovered | None = None,
) -> tuple[Orchestrator, Timeline]:
    """Return what rehearses a plan as fast as it can, or what is left of a session, and the time
    on which it does."""
    timeline = Timeline()
    clock = VirtualClock(timeline, None, 0 if recovered is None else recovered.engine.session.at)
    orchestrator = Orchestrator(
        plan,
        Engine(plan, RuleBook(plan, RULES)) if recovered is None else recovered.engine,
        journal,
        clock,
        timeline,
        lambda sink: {
            HostKind.SIMULATED: SimulatedHost(
                seed, clock.moment, timeline.call_at, sink, plan.limits.cpu
            )
        },
        mode=Mode.REHEARSAL,
        attended=attended,
        seed=seed,
        answers=answers,
        recovered=recovered,
    )
    return orchestrator, timeline
