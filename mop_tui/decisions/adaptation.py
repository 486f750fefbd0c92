"""Adaptation: what is done about how the swarm works, by the strategies of the layout.

Every judgement (`system.sampled`) is looked at once. What was found in two of them in a row holds:
an issue tells of it until it is over. Then, of the strategies for what holds, one is applied, the
first by `PRECEDENCE` and, where several have the same trigger, by their order in the layout. So no
two can work against each other in one judgement; and while the machine is at its limit nobody is
spawned. A strategy rests after it was applied, or refused by the operator, and with it all that do
the same: without new evidence from another judgement nothing is done twice.

What was done is taken back as far as that makes sense, see `remedial`.
"""

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from mop_tui.decisions import remedial
from mop_tui.decisions.remedial import Step
from mop_tui.decisions.rules import Rule
from mop_tui.domain.actions import (
    Action,
    Adapt,
    AskForSupervision,
    CloseIssue,
    Concern,
    OpenIssue,
    Withdraw,
)
from mop_tui.domain.events import (
    AnyEvent,
    Severity,
    SystemDecided,
    SystemSampled,
    SystemStrategyApplied,
    TaskTransitioned,
    UserAnswered,
)
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.plan import Plan, QuestionSpec
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import (
    HOLDS_AFTER,
    MATTER,
    Pressed,
    Pressure,
    Strategy,
    proposal_of,
    strategy_asked,
    thresholds,
)
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.wording import lasting

PRECEDENCE: Sequence[Pressure] = (
    "resource_constrained",
    "bottleneck_detected",
    "agent_overloaded",
    "coordination_overhead_high",
    "progress_slow",
)
"""What is seen to first: what there is, then who waits for whom, then how fast it goes."""
SEVERITY: dict[Pressure, Severity] = {
    "resource_constrained": "warning",
    "bottleneck_detected": "warning",
    "agent_overloaded": "info",
    "coordination_overhead_high": "info",
    "progress_slow": "warning",
}
ADVICE: dict[Pressure, str] = {
    "resource_constrained": "pause what can wait, or raise what may be used",
    "bottleneck_detected": "look at what it does; have somebody else do it, or add agents",
    "agent_overloaded": "have somebody else do some of it",
    "coordination_overhead_high": "switch the topology",
    "progress_slow": "look at what takes long; add agents, or make do with less",
}
REMINDED_EVERY = 10
"""In every so manyth judgement a strategy that does nothing says why again."""


def judge(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Tell what is wrong, take back what is needed no more, and apply at most one strategy."""
    yield from _tell(session)
    if session.status != "running":
        return
    back = list(_taken_back(plan, session))
    yield from back
    yield from _withdrawn(session)
    yield from _applied(plan, session, event.seq)


# -- telling --------------------------------------------------------------------------------------


def issue_of(trigger: Pressure) -> str:
    """Return the key of the issue that something is wrong with how the swarm works."""
    return f"pressure/{trigger}"


def _tell(session: Session) -> Iterator[SystemDecided]:
    for trigger in PRECEDENCE:
        pressed, known = session.pressures.get(trigger), session.open_issue(issue_of(trigger))
        if pressed is None:
            if known is not None:
                over = (CloseIssue(known.id),)
                yield SystemDecided("judge_swarm", "yes", f"{trigger} is over", over)
        elif pressed.times == HOLDS_AFTER:
            found = pressed.found
            issue = OpenIssue(
                SEVERITY[trigger],
                f"{trigger}: {found.text}",
                ADVICE[trigger],
                found.agent,
                found.task,
                key=issue_of(trigger),
            )
            yield SystemDecided("judge_swarm", "yes", found.text, (issue,), found.agent, found.task)


# -- taking back ----------------------------------------------------------------------------------


def _taken_back(plan: Plan, session: Session) -> Iterator[SystemDecided]:
    for strategy in plan.strategies:
        match strategy.action:
            case "pause_non_critical_agents":
                step = remedial.resumed(plan, session, strategy)
            case "spawn_additional_agents":
                given = remedial.shared_out(plan, session, strategy.name)
                if given is not None:
                    yield SystemDecided(_rule(strategy), "yes", given.what, given.actions)
                    continue
                step = remedial.dismissed(session, strategy)
            case _:
                step = None
        if step is not None:
            yield _done(strategy, step, step.what, undone=True)


def _withdrawn(session: Session) -> Iterator[SystemDecided]:
    """Take back proposals whose reason is gone."""
    for question, strategy in _proposed(session):
        pressed = [it for it in session.pressures if it in strategy[1]]
        if not pressed:
            reason = f"what strategy {strategy[0]} was proposed for is over"
            yield SystemDecided(f"adapt/{strategy[0]}", "no", reason, (Withdraw(question),))


def _proposed(session: Session) -> Iterator[tuple[QuestionId, tuple[str, str]]]:
    """Yield the open proposals, each with its strategy and what that is for."""
    for question in session.open_questions:
        asked = session.questions[question].asked
        if asked.about is not None and asked.about.matter == MATTER:
            trigger = next((str(value) for key, value in asked.context if key == "found"), "")
            yield question, (strategy_asked(asked.name), trigger)


# -- applying -------------------------------------------------------------------------------------


def _applied(plan: Plan, session: Session, seq: int) -> Iterator[SystemDecided]:
    """Apply the first strategy that has something to do, and say of the others why not."""
    chosen = ""
    for strategy in _in_order(plan):
        pressed = session.pressures.get(strategy.trigger)
        if pressed is None or not pressed.holds:
            continue
        why_not = _why_not(plan, session, strategy, chosen)
        if not why_not:
            step = remedial.step(plan, session, strategy, seq)
            if not isinstance(step, str):
                chosen = strategy.name
                yield _begun(session, strategy, pressed, step)
                continue
            why_not = step
        if _is_notable(pressed):
            reason = f"{pressed.found.text}, but {why_not}"
            yield SystemDecided(_rule(strategy), "no", reason)


def _in_order(plan: Plan) -> list[Strategy]:
    known = [it for it in plan.strategies if it.trigger in PRECEDENCE]
    return sorted(known, key=lambda it: PRECEDENCE.index(it.trigger))


def _is_notable(pressed: Pressed) -> bool:
    """True if a no is worth being recorded: the first, and one from time to time."""
    return pressed.times == HOLDS_AFTER or pressed.times % REMINDED_EVERY == 0


def _why_not(plan: Plan, session: Session, strategy: Strategy, chosen: str) -> str:
    """Return why a strategy is not even considered; empty if it is."""
    if chosen:
        return f"strategy {chosen} comes first"
    value = session.pressures[strategy.trigger].found.value
    limit = thresholds(strategy.trigger, plan.strategies)
    if not limit.beyond(value, holds=False):
        return f"it is on the way back: {limit.begins:g} is where anything is done about it"
    if strategy.action == "spawn_additional_agents" and "resource_constrained" in session.pressures:
        return "nobody is spawned while what there is is used up"
    if any(name == strategy.name for _, (name, _) in _proposed(session)):
        return "it is proposed already, and nobody has answered"
    for other in plan.strategies:
        state = session.adapting.get(other.name)
        if other.action != strategy.action or state is None or state.rests_from is None:
            continue
        left = state.rests_from + other.cool_down_ms - session.at
        if left > 0:
            who = "it" if other.name == strategy.name else f"strategy {other.name}"
            return f"{who} rests for another {lasting(left)}"
    if _asks(session, strategy) and not session.attended:
        return "it is to be approved, and nobody is here who could"
    return ""


def _asks(session: Session, strategy: Strategy) -> bool:
    spawns = strategy.action == "spawn_additional_agents"
    return strategy.mode == "ask" or (spawns and not session.auto_spawn)


def _begun(session: Session, strategy: Strategy, pressed: Pressed, step: Step) -> SystemDecided:
    """Return what applies a strategy, or proposes it."""
    reason = f"{pressed.found.text}; {step.what}"
    if not _asks(session, strategy):
        return _done(strategy, step, reason, undone=False)
    held = lasting(session.at - pressed.since)
    context: tuple[tuple[str, JsonValue], ...] = (
        ("found", strategy.trigger),
        ("what shows it", pressed.found.text),
        ("since", f"{held}, in {pressed.times} judgements in a row"),
        ("what would be done", step.what),
    )
    question = QuestionSpec(
        name=proposal_of(strategy.name),
        question=f"Apply strategy {strategy.name} ({strategy.action})?",
        context=context,
    )
    asked = AskForSupervision(question, Concern(MATTER))
    return SystemDecided(_rule(strategy), "yes", f"{reason}, if you approve", (asked,))


def _done(strategy: Strategy, step: Step, reason: str, *, undone: bool) -> SystemDecided:
    told = Adapt(
        strategy.name,
        strategy.trigger,
        strategy.action,
        step.what,
        undone,
        step.agents,
        step.cores,
    )
    leaves = undone and strategy.action == "spawn_additional_agents"
    # Who leaves is to be known as such when it does; who is paused is to be so when that is noted.
    actions = (told, *step.actions) if leaves else (*step.actions, told)
    return SystemDecided(_rule(strategy), "yes", reason, actions)


def _rule(strategy: Strategy) -> str:
    return f"adapt/{strategy.name}"


def share_out(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give those that were just spawned what waits for others of their type."""
    data: SystemStrategyApplied = event.data
    if data.undone or data.action != "spawn_additional_agents":
        return
    given = remedial.shared_out(plan, session, data.strategy)
    if given is not None:
        yield SystemDecided(f"adapt/{data.strategy}", "yes", given.what, given.actions)


def obey_answer(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Apply a strategy that the operator approved, as things are by now."""
    data: UserAnswered = event.data
    asked = session.questions[data.question].asked
    if asked.about is None or asked.about.matter != MATTER:
        return
    name = strategy_asked(asked.name)
    strategy = next((it for it in plan.strategies if it.name == name), None)
    said = f": {data.reason}" if data.reason else ""
    if strategy is None or data.value != "approve":
        yield SystemDecided(f"adapt/{name}", "no", f"{data.by} does not want it{said}")
        return
    if session.status != "running":
        yield SystemDecided(_rule(strategy), "no", "the session is ending")
        return
    if strategy.trigger not in session.pressures:
        yield SystemDecided(_rule(strategy), "no", "what it was proposed for is over")
        return
    step = remedial.step(plan, session, strategy, event.seq)
    if isinstance(step, str):
        yield SystemDecided(_rule(strategy), "no", f"{data.by} wants it{said}, but {step}")
        return
    yield _done(strategy, step, f"{data.by} wants it{said}; {step.what}", undone=False)


def settle(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Take back what was told and proposed once there is nothing left to be done."""
    if session.unfinished:
        return
    issues = (session.open_issue(issue_of(trigger)) for trigger in session.pressures)
    actions: tuple[Action, ...] = (
        *(CloseIssue(issue.id) for issue in issues if issue is not None),
        *(Withdraw(question) for question, _ in _proposed(session)),
    )
    if actions:
        yield SystemDecided("judge_swarm", "yes", "nothing is left to be done", actions)


RULES: Sequence[Rule] = (
    Rule("judge_swarm", (SystemSampled.KIND,), judge),
    Rule("share_out", (SystemStrategyApplied.KIND,), share_out),
    Rule("obey_adaptation", (UserAnswered.KIND,), obey_answer),
    Rule("settle_adaptation", (TaskTransitioned.KIND,), settle, into=tuple(TERMINAL)),
)
