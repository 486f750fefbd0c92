"""Deadlocks: found as soon as the wait comes that closes one, and broken as the layout says.

What waits for what is known of every session (`Session.waits`). It is looked at whenever all that
follows from an input is done, since what is half carried out may look like a circle and be none.

A deadlock is always told: as an event, and as a critical issue until it is over. Who breaks it is
the layout's decision. Without a strategy `break_cycle`, or if that asks, the operator chooses who
is taken out; where it does not ask, it is whoever loses least work by it, of equals the youngest.
The same agent is not taken out twice running, and one that is critical never without being asked
about: then the operator chooses, too. A layout that has no such strategy does not ask where nobody
is there.

Somebody is taken out in one of these ways. Whoever has what another waits for, a lock or its own
time, gives it back: its task is *withdrawn* and begun anew as soon as the other one is over.
Whoever only waits for a key is *refused* it, and goes on, or fails, as it sees fit. A task that
nobody has in hand can only be *cancelled*, which nobody but the operator does; unless it waits
because it was withdrawn before: then it is *begun* after all, which costs nothing.

An agent may take the same way again, or ask again for what it was refused. So the policy takes the
same task out a few times only, and then the operator is asked.
"""

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from mop_tui.decisions.conversation import go_on, withdraw_waiting
from mop_tui.decisions.rules import RestRule, Rule
from mop_tui.decisions.steering import cancelled
from mop_tui.domain.actions import (
    Action,
    AskForSupervision,
    BreakCycle,
    ClearDeadlock,
    CloseIssue,
    Concern,
    OpenIssue,
    Reply,
    ReportDeadlock,
    StopProcess,
    Withdraw,
)
from mop_tui.domain.answers import Option
from mop_tui.domain.deadlock import Deadlock, Way, key_of
from mop_tui.domain.events import (
    AnyEvent,
    SystemDeadlockFound,
    SystemDecided,
    UserAnswered,
)
from mop_tui.domain.ids import AgentId, AskId, DeadlockId, QuestionId, QuestionName, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.locks import LockWanted
from mop_tui.domain.plan import Plan, QuestionSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import Strategy
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TERMINAL
from mop_tui.domain.wait_graph import Node, Stuck
from mop_tui.domain.wait_words import told
from mop_tui.domain.wording import lasting

DEADLOCK = "deadlock"
"""What is asked about."""
LEAVE_IT = "leave"
MOST_OPTIONS = 12
"""Of so many who could be taken out the operator may choose, those that lose least among them."""
_GIVEN_BACK = frozenset({"lock", "agent", "skill", "turn"})
"""What others wait for that somebody gives back whose task is withdrawn."""
_WAYS: tuple[Way, ...] = ("begin", "withdraw", "refuse", "cancel")
"""The gentlest way first."""
MOST_TAKEN_OUT = 3
"""So many times the policy takes the same task out of deadlocks, unless a person decides about it
in between."""


@immutable
class Out:
    """Somebody who could be taken out of a deadlock, and how."""

    way: Way
    task: TaskId
    agent: AgentId | None
    lost_ms: int
    gives_way_to: TaskId | None = None
    asks: tuple[AskId, ...] = ()
    """What it asked for that it is refused."""

    @property
    def value(self) -> str:
        """What the operator answers who chooses it."""
        return f"{self.way} {self.task}"


def look(_plan: Plan, session: Session) -> Sequence[tuple[int, SystemDecided]]:
    """Tell of deadlocks that have come, and of those that are over."""
    if session.status != "running":
        return ()
    waits = session.waits()
    known = session.open_deadlocks
    if not known and not waits.graph.suspicious:
        return ()
    over = [it for it in known if not waits.graph.holds(it)]
    if over:
        return [(session.seq, _cleared(session, known[it])) for it in over]
    told_of = {node for it in known for node in it.cycle}
    new = (it for it in waits.stuck() if told_of.isdisjoint(it.cycle))
    # One at a time: when somebody is taken out of it, others may be over, too.
    return [(_closed_by(session, it), _found(session, it)) for it in new][:1]


def _closed_by(session: Session, stuck: Stuck) -> int:
    """Return the event by which those who are stuck came to be so: the latest about any of them."""
    events = [session.seq]
    for node in stuck.cycle:
        task = session.tasks.get(TaskId(node.name)) if node.kind == "task" else None
        if task is not None:
            agent = session.agents.get(task.agent) if task.agent is not None else None
            events.append(max(task.moved, 0 if agent is None else agent.moved))
    return max(events[1:], default=events[0])


def _found(session: Session, stuck: Stuck) -> SystemDecided:
    text = told(session, stuck)
    number = DeadlockId(f"d{len(session.deadlocks) + 1}")
    advice = "decide who gives way, or do by hand what one of them waits for"
    task = next((TaskId(node.name) for node in stuck.cycle if node.kind == "task"), None)
    kind = "nobody is left who could go on" if stuck.hopeless is None else "it waits in vain"
    return SystemDecided(
        "find_deadlock",
        "yes",
        f"{kind}: {text}" if stuck.hopeless is not None else f"they wait for each other: {text}",
        (
            OpenIssue("critical", f"deadlock: {text}", advice, task=task, key=key_of(number)),
            ReportDeadlock(stuck.cycle, stuck.hopeless, text),
        ),
        None,
        task,
    )


def over_at_the_end(session: Session) -> tuple[Action, ...]:
    """Return what clears the deadlocks that are over with what ends the session, for after that
    nobody looks any more. Those because of which it is stopped stay open."""
    known = session.open_deadlocks
    if not known or session.status != "running":
        return ()
    graph = session.waits().graph
    over = [deadlock for stuck, deadlock in known.items() if not graph.holds(stuck)]
    return tuple(action for deadlock in over for action in _clearing(session, deadlock))


def _cleared(session: Session, deadlock: DeadlockId) -> SystemDecided:
    reason = "somebody in it can go on, or has come to an end"
    return SystemDecided("clear_deadlock", "yes", reason, _clearing(session, deadlock))


def _clearing(session: Session, deadlock: DeadlockId) -> tuple[Action, ...]:
    actions: list[Action] = [ClearDeadlock(deadlock)]
    issue = session.open_issue(key_of(deadlock))
    if issue is not None:
        actions.append(CloseIssue(issue.id))
    actions += [Withdraw(question) for question in _asked_about(session, deadlock)]
    return tuple(actions)


def break_cycle(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take somebody out of a deadlock that was found, or ask the operator whom."""
    data: SystemDeadlockFound = event.data
    deadlock = session.deadlocks[data.deadlock]
    outs = list(_outs(session, deadlock))
    if not outs:
        yield _not_broken("nobody is in it who could be taken out")
        return
    strategy = next((it for it in plan.strategies if it.action == "break_cycle"), None)
    if strategy is None:
        why_ask = "the layout has no strategy that breaks cycles"
    elif strategy.mode == "ask":
        why_ask = f"strategy {strategy.name} asks"
    else:
        victim, why_ask = _victim(session, strategy, outs)
        if victim is not None:
            yield SystemDecided(
                "break_cycle",
                "yes",
                f"{strategy.name}: {_why(victim, outs)}",
                _taken_out(session, deadlock, victim, "policy"),
                victim.agent,
                victim.task,
            )
            return
    if strategy is None and not session.attended:
        yield _not_broken(f"{why_ask}, and nobody is there to be asked")
        return
    asked = AskForSupervision(_question(session, deadlock, outs, why_ask), Concern(DEADLOCK))
    yield SystemDecided("ask_about_deadlock", "yes", f"{why_ask}, so you decide", (asked,))


def obey_about_deadlock(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take out of a deadlock whom the operator wants to be taken out."""
    data: UserAnswered = event.data
    asked = session.questions[data.question].asked
    if asked.about is None or asked.about.matter != DEADLOCK:
        return
    deadlock = session.deadlocks[DeadlockId(asked.name.removeprefix(f"{DEADLOCK}/"))]
    said = f": {data.reason}" if data.reason else ""
    if data.value == LEAVE_IT:
        yield _not_broken(f"{data.by} leaves it as it is{said}", "obey_about_deadlock")
        return
    out = next((it for it in _outs(session, deadlock) if it.value == data.value), None)
    if out is None or not deadlock.open:
        yield _not_broken("it is no longer as it was asked about", "obey_about_deadlock")
        return
    yield SystemDecided(
        "obey_about_deadlock",
        "yes",
        f"{data.by} wants it{said}",
        _taken_out(session, deadlock, out, data.by),
        out.agent,
        out.task,
    )


def _not_broken(reason: str, rule: str = "break_cycle") -> SystemDecided:
    return SystemDecided(rule, "no", reason)


# -- who could be taken out -----------------------------------------------------------------------


def _outs(session: Session, deadlock: Deadlock) -> Iterator[Out]:
    """Yield who could be taken out of a deadlock, in the order of its circle."""
    cycle = deadlock.cycle
    for at, node in enumerate(cycle):
        task = session.tasks.get(TaskId(node.name)) if node.kind == "task" else None
        if task is None or task.state in TERMINAL:
            continue
        agent = session.agents.get(task.agent) if task.agent is not None else None
        if agent is None or agent.task != task.spec.id or task.state not in HELD_BY_AGENT:
            following = cycle[(at + 1) % len(cycle)]
            if following.kind == "task" and following.name in task.yields_to:
                yield Out("begin", task.spec.id, None, 0)
            yield Out("cancel", task.spec.id, None, task.worked(session.at))
            continue
        lost = task.worked(session.at)
        wanted = deadlock.hopeless or cycle[(at + 1) % len(cycle)]
        if deadlock.hopeless is None and cycle[at - 1].kind in _GIVEN_BACK:
            first = _task_before(cycle, at)
            if first != task.spec.id:
                yield Out("withdraw", task.spec.id, agent.spec.id, lost, first)
        asks = tuple(ask for ask, what in agent.waits.items() if _is_for(session, what, wanted))
        if asks:
            yield Out("refuse", task.spec.id, agent.spec.id, lost, asks=asks)


def _is_for(session: Session, what: object, wanted: Node) -> bool:
    """True if an agent that asked for `what` waits for `wanted` because of that."""
    if isinstance(what, LockWanted):
        if wanted.kind == "lock":
            return any(lock.resource == wanted.name for lock in session.taken_like(what.resource))
        return wanted.kind == "task"
    return wanted.kind == "key" and what == wanted.name


def _task_before(cycle: Sequence[Node], at: int) -> TaskId:
    """Return the task that waits for that at place `at` of a circle."""
    before = [cycle[at - step] for step in range(1, len(cycle) + 1)]
    return next(TaskId(node.name) for node in before if node.kind == "task")


def _victim(session: Session, strategy: Strategy, outs: Sequence[Out]) -> tuple[Out | None, str]:
    """Return who is taken out unasked; or None, and why somebody has to be asked."""
    agents = list(session.agents)
    begun = [it for it in outs if it.way == "begin" and not _is_tired(session, it)]
    if begun:
        return begun[0], ""
    whole = [it for it in outs if it.way == "withdraw"] or [it for it in outs if it.way == "refuse"]
    if not whole:
        return None, "nobody has any of it in hand, so that something would have to be cancelled"
    whole = [it for it in whole if not _is_tired(session, it)]
    if not whole:
        return None, f"whoever is in it was taken out {MOST_TAKEN_OUT} times already"
    free = [it for it in whole if it.agent != session.last_victim]
    if not free:
        return None, f"{session.last_victim} was taken out the last time already"
    allowed = [it for it in free if not _is_critical(session, strategy, it)]
    if not allowed:
        return None, "whoever is in it is critical"

    def loss(out: Out) -> tuple[int, int, int]:
        started = session.tasks[out.task].started_at or 0
        return out.lost_ms, -started, -agents.index(out.agent or AgentId(""))

    return min(allowed, key=loss), ""


def _is_tired(session: Session, out: Out) -> bool:
    """True if a task was taken out so often that it will not help to do so again."""
    return session.taken_out.get(out.task, 0) >= MOST_TAKEN_OUT


def _is_critical(session: Session, strategy: Strategy, out: Out) -> bool:
    """True if somebody is not to be taken out unasked."""
    agent = session.agents[out.agent or AgentId("")].spec
    urgent = session.tasks[out.task].spec.priority is Priority.CRITICAL
    return urgent or not {agent.id, agent.type}.isdisjoint(strategy.keep_critical)


def _why(victim: Out, outs: Sequence[Out]) -> str:
    if victim.way == "begin":
        return f"{victim.task} is begun after all, by which no work is lost"
    lost = lasting(victim.lost_ms)
    others = any(it.agent not in (None, victim.agent) for it in outs)
    least = f"the least work, {lost} of it, is" if others else f"{lost} of work are"
    does = "gives back what it has" if victim.way == "withdraw" else "is refused what it waits for"
    return f"{victim.agent} {does}, by which {least} lost"


def _taken_out(session: Session, deadlock: Deadlock, out: Out, by: str) -> tuple[Action, ...]:
    """Return what takes somebody out of a deadlock."""
    note = BreakCycle(deadlock.id, out.way, out.task, out.agent, out.gives_way_to, out.lost_ms, by)
    if out.way == "begin":
        return (note,)
    if out.agent is None:
        return (note, *cancelled(session, out.task))
    agent = session.agents[out.agent]
    if out.way == "refuse":
        return (
            note,
            *(Reply(out.agent, ask, "refused") for ask in out.asks),
            *go_on(agent, out.asks),
        )
    stop = (StopProcess(out.agent, again=True, gives_way=True),) if agent.running else ()
    return (note, *withdraw_waiting(session, agent), *stop)


# -- asking ---------------------------------------------------------------------------------------


def _asked_about(session: Session, deadlock: DeadlockId) -> list[QuestionId]:
    name = f"{DEADLOCK}/{deadlock}"
    return [it for it in session.open_questions if session.questions[it].asked.name == name]


def _question(session: Session, deadlock: Deadlock, outs: Sequence[Out], why: str) -> QuestionSpec:
    context: list[tuple[str, JsonValue]] = [
        ("what happened", deadlock.text),
        ("why you are asked", why),
    ]
    # What the policy would do comes first.
    best = sorted(outs, key=lambda it: (_WAYS.index(it.way), it.lost_ms))[:MOST_OPTIONS]
    options = [Option(it.value, _title(it), _lost(session.tasks[it.task], it)) for it in best]
    return QuestionSpec(
        name=QuestionName(f"{DEADLOCK}/{deadlock.id}"),
        question=(
            "These wait for each other. Who gives way?"
            if deadlock.hopeless is None
            else f"{outs[0].task} waits in vain. What is to be done?"
        ),
        question_type="choice",
        context=tuple(context),
        options=(*options, Option(LEAVE_IT, "Leave it as it is", "I see to it by hand")),
    )


def _title(out: Out) -> str:
    match out.way:
        case "begin":
            return f"Begin {out.task} after all"
        case "withdraw":
            return f"{out.agent} begins {out.task} anew, after {out.gives_way_to}"
        case "refuse":
            return f"{out.agent} is told that it waits in vain"
        case "cancel":
            return f"Cancel {out.task}"


def _lost(task: Task, out: Out) -> str:
    done = lasting(out.lost_ms)
    match out.way:
        case "begin":
            return "no work is lost"
        case "withdraw":
            how_far = "" if task.progress is None else f", {task.progress} % of it"
            return f"{done} of work are lost{how_far}"
        case "refuse":
            return f"it goes on without, or fails after {done} of work"
        case "cancel":
            return "and what needs it"


RULES = (
    RestRule("find_deadlock", look),
    Rule("break_cycle", (SystemDeadlockFound.KIND,), break_cycle),
    Rule("obey_about_deadlock", (UserAnswered.KIND,), obey_about_deadlock),
)
