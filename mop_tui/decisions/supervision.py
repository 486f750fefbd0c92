"""Illness: noticed by checks, handled in proportion.

A check that finds something wrong counts. After `failure_threshold` of them in a row an agent is
DEGRADED, or UNHEALTHY if all of them found it so; one that stays degraded for the
`degradation_timeout` is unhealthy, too; `success_threshold` good checks in a row make it well. What
an agent has just recovered from does not make it ill again before that time has passed: something
new does.

Degraded: it is checked more often, the coordinator is told, and whether somebody else had better do
its task is considered. Unhealthy: somebody looks into it, a critical task goes to somebody else,
the agent starts again if that may help and was not done too often lately (restart intensity, as in
Erlang/OTP), and the operator is told. Only who does not work is started again: who is measured
alive, or gets on, is left alone, until checks find that this is over. A task that was begun anew
as often as agents are started again, and never came to its end, is not begun anew once more either:
what hangs at the same point each time would do so for ever. Where supervision wants to start an
agent again and may not, it asks; where nobody is there, the attempt is given up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, takewhile

from pydantic import JsonValue

from mop_tui.decisions import admission, doubt
from mop_tui.decisions.conversation import withdraw_waiting
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import titled
from mop_tui.domain.actions import (
    Action,
    AskForSupervision,
    CloseIssue,
    Concern,
    CreateNew,
    MoveAgent,
    OpenIssue,
    SendNote,
    SpawnNew,
    StopProcess,
    Withdraw,
)
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.answers import Option
from mop_tui.domain.diagnosis import signs_of_life
from mop_tui.domain.events import (
    AgentChecked,
    AgentTransitioned,
    AnyEvent,
    SystemAttended,
    SystemDecided,
    TaskTransitioned,
    UserAnswered,
)
from mop_tui.domain.health import WORSE, HealthChecks, Reading, told
from mop_tui.domain.ids import AgentId, QuestionName, SpawnId, TaskId
from mop_tui.domain.plan import AgentSpec, Plan, QuestionSpec, TaskSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Agent, Question, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.wording import lasting

HEALTH = "health"
"""What supervision asks about."""
START_AGAIN, END_IT, LEAVE_IT = "restart", "end", "leave"
LOG_LINES = 20
"""How many of the latest lines of an unhealthy agent are handed to whoever looks into it."""

LOOKED_INTO = "unhealthy_process"
"""By this name, a task to look into what is wrong tells which process of whom that is about."""

_ILL = (AgentState.DEGRADED, AgentState.UNHEALTHY)
_CHECKS = frozenset(
    {
        AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED,
        AgentTrigger.DEGRADATION_TIMEOUT,
        AgentTrigger.HEALTH_CHECK_FAILED,
    }
)
"""What makes an agent ill, as against coming back to an illness after a pause."""


# -- whether it is ill ----------------------------------------------------------------------------


def judge_check(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Find an agent ill, or well again, by its checks."""
    data: AgentChecked = event.data
    agent = session.agents.get(data.agent)
    if agent is None or agent.incarnation != data.incarnation or agent.leaving:
        return
    checks = session.checks(agent)
    match agent.state:
        case AgentState.ACTIVE:
            yield from _fallen_ill(session, agent, checks)
        case AgentState.DEGRADED | AgentState.UNHEALTHY if agent.passes >= checks.success_threshold:
            reason = f"{_in_a_row(agent.passes)} nothing wrong with it"
            yield _moved(agent, "recover", AgentTrigger.PERFORMANCE_RECOVERED, reason)
        case AgentState.DEGRADED:
            yield from _grown_worse(session, agent, checks)
        case AgentState.UNHEALTHY if agent.failures and session.status == "running":
            yield from _not_working_any_more(session, agent)
        case _:
            return


def _fallen_ill(session: Session, agent: Agent, checks: HealthChecks) -> Iterator[SystemDecided]:
    if agent.failures < checks.failure_threshold:
        return
    severe = agent.severe >= checks.failure_threshold
    count = agent.severe if severe else agent.failures
    reason = f"{_in_a_row(count)} that {told(agent.findings)}"
    held = _held_back(session, agent, checks)
    if held:
        if agent.failures == checks.failure_threshold:
            yield SystemDecided("judge_check", "no", f"{reason}, but {held}", (), *_about(agent))
        return
    trigger = AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED
    if severe:
        trigger = AgentTrigger.HEALTH_CHECK_FAILED
    yield _moved(agent, "judge_check", trigger, reason)


def _grown_worse(session: Session, agent: Agent, checks: HealthChecks) -> Iterator[SystemDecided]:
    ill_for = session.at - max(agent.since, agent.watched_from)
    if agent.severe >= checks.failure_threshold:
        reason = f"{_in_a_row(agent.severe)} that {told(agent.findings)}"
        yield _moved(agent, "judge_check", AgentTrigger.HEALTH_CHECK_FAILED, reason)
    elif agent.failures and ill_for >= checks.degradation_timeout_ms:
        reason = f"it has been degraded for {lasting(ill_for)}: {told(agent.findings)}"
        yield _moved(agent, "judge_check", AgentTrigger.DEGRADATION_TIMEOUT, reason)


def _not_working_any_more(session: Session, agent: Agent) -> Iterator[SystemDecided]:
    """Start an unhealthy agent again that was left alone because it worked all the same.

    What a person said of this illness holds as long as it lasts, pauses included.
    """
    latest = (session.questions[it] for it in reversed(session.questions))
    since_then = takewhile(lambda question: question.seq > agent.fell_ill, latest)
    still_open = (session.questions[it] for it in session.open_questions)
    asked = any(_is_about(question, agent) for question in chain(still_open, since_then))
    if not asked and not _works(session, agent) and not _busy_ending(agent):
        yield from _restarting(session, agent, reassigned=False)


def _is_about(question: Question, agent: Agent) -> bool:
    about = question.asked.about
    return about is not None and about.matter == HEALTH and about.agent == agent.spec.id


def _held_back(session: Session, agent: Agent, checks: HealthChecks) -> str:
    """Return why an agent that seems ill does not count as such; empty if it does."""
    if agent.recovered_at is None:
        return ""
    ago = session.at - agent.recovered_at
    if ago >= checks.degradation_timeout_ms:
        return ""
    known = dict.fromkeys(agent.ill_with)
    for reading in agent.findings:
        if not any(
            metric == reading.metric and WORSE[level] >= WORSE[reading.level]
            for metric, level in known
        ):
            return ""
    return (
        f"it recovered from that {lasting(ago)} ago, and that is judged anew after"
        f" {lasting(checks.degradation_timeout_ms)}"
    )


def _moved(agent: Agent, rule: str, trigger: AgentTrigger, reason: str) -> SystemDecided:
    move = MoveAgent(agent.spec.id, trigger, agent.task)
    return SystemDecided(rule, "yes", reason, (move,), *_about(agent))


def _in_a_row(count: int) -> str:
    return "a check finds" if count == 1 else f"{count} checks in a row find"


# -- what is done about it ------------------------------------------------------------------------


def attend(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Do what illness asks for, each thing once."""
    data: AgentTransitioned = event.data
    if data.trigger not in _CHECKS or session.status != "running":
        return
    agent = session.agents[data.agent]
    if data.to_state is AgentState.DEGRADED:
        yield from _attend_degraded(session, agent)
    else:
        yield from _attend_unhealthy(plan, session, agent, event.seq)


def _attend_degraded(session: Session, agent: Agent) -> Iterator[SystemDecided]:
    name, checks = agent.spec.id, session.checks(agent)
    what = told(agent.findings)
    text = f"{name} is degraded: {what}"
    look = Remedy("look_at_agent", name)
    advice = f"look at what {name} does"
    issue = OpenIssue("warning", text, advice, *_about(agent), key=illness_of(name), remedy=look)
    often = f"it is checked every {lasting(checks.interval_ms // 2)} now"
    actions = (issue, *_tell_coordinator(session, agent, text))
    yield SystemDecided("attend_degraded", "yes", f"{what}; {often}", actions, *_about(agent))
    yield _reassignment(session, agent, _why_keep(session, agent), "it would be done sooner")


def _attend_unhealthy(
    plan: Plan, session: Session, agent: Agent, seq: int
) -> Iterator[SystemDecided]:
    name = agent.spec.id
    what = told(agent.findings)
    text = f"{name} is unhealthy: {what}"
    advice = f"read the log of {name}; restart it, or stop it"
    again = Remedy("restart_agent", name)
    issue = OpenIssue("critical", text, advice, *_about(agent), key=illness_of(name), remedy=again)
    actions = (issue, *_tell_coordinator(session, agent, text))
    yield SystemDecided("attend_unhealthy", "yes", what, actions, *_about(agent))
    yield _troubleshooting(plan, session, agent, seq)
    keep = _why_keep_critical(session, agent)
    yield _reassignment(session, agent, keep, "its task is critical, and somebody else is free")
    yield from _restarting(session, agent, reassigned=not keep)


def _tell_coordinator(session: Session, agent: Agent, text: str) -> tuple[Action, ...]:
    """Return what tells the coordinator about `agent`, if there is one that hears."""
    if session.coordinator is None or session.coordinator == agent.spec.id:
        return ()
    coordinator = session.agents.get(session.coordinator)
    if coordinator is None or not coordinator.running or coordinator.stopping:
        return ()
    return (SendNote(session.coordinator, "supervision", text),)


def _reassignment(session: Session, agent: Agent, keep: str, why: str) -> SystemDecided:
    """Return whether somebody else does the task of `agent`; not if there is a reason to `keep`."""
    if keep:
        return SystemDecided("consider_reassignment", "no", keep, (), *_about(agent))
    return SystemDecided(
        "consider_reassignment", "yes", why, _ended(session, agent, again=True), *_about(agent)
    )


def _why_keep(session: Session, agent: Agent) -> str:
    """Return why a degraded agent keeps its task; empty if somebody else had better do it."""
    task = _task(session, agent)
    if task is None:
        return "it has no task"
    if not _others(session, agent, task):
        return f"nobody else is free who could do {task.spec.id}"
    if may_not := _may_not_end(session, agent, task):
        return may_not
    rates = [it.value for it in agent.findings if it.metric == "progress" and not it.stalled]
    expected, progress = task.spec.expected_ms, task.progress
    if not rates or rates[0] is None or expected is None or progress is None:
        return "it still works, and what was done would be lost"
    left = round(expected * (100 - progress) / max(rates[0], 1))
    if left <= expected:
        return f"at its rate it needs {lasting(left)} more, and somebody else {lasting(expected)}"
    return ""


def _why_keep_critical(session: Session, agent: Agent) -> str:
    """Return why an unhealthy agent keeps its task; empty if a critical one goes to another."""
    task = _task(session, agent)
    if task is None:
        return "it has no task"
    if task.spec.priority is not Priority.CRITICAL:
        return f"{task.spec.id} is not critical"
    if not _others(session, agent, task):
        return f"nobody else is free who could do {task.spec.id}"
    return _may_not_end(session, agent, task)


def _others(session: Session, agent: Agent, task: Task) -> list[AgentId]:
    return [
        name
        for name in session.capable(task.spec)
        if name != agent.spec.id and session.agents[name].state is AgentState.AVAILABLE
    ]


def _may_not_end(session: Session, agent: Agent, task: Task) -> str:
    """Return why the process of an agent is not ended so that somebody else can do its task."""
    may_not = _too_often(session, agent, session.checks(agent))
    return may_not or doubt.why_not_again(session, task) or _busy_ending(agent)


def _busy_ending(agent: Agent) -> str:
    if agent.hook is not None:
        return f"its {agent.hook.about} hook runs"
    return "" if agent.running and not agent.stopping else "its process is ending already"


def _ended(session: Session, agent: Agent, *, again: bool) -> tuple[Action, ...]:
    """Return what ends the process of `agent`, for it to have a new one or not."""
    stop = StopProcess(agent.spec.id, again=again, ill=True)
    return (*withdraw_waiting(session, agent), stop)


# -- starting again -------------------------------------------------------------------------------


def _restarting(session: Session, agent: Agent, *, reassigned: bool) -> Iterator[SystemDecided]:
    rule, about = "restart_unhealthy", _about(agent)
    if reassigned:
        reason = "its process is ended already, for its task goes to somebody else"
        yield SystemDecided(rule, "no", reason, (), *about)
        return
    why_not = _works(session, agent) or _busy_ending(agent)
    if why_not:
        yield SystemDecided(rule, "no", why_not, (), *about)
        return
    task = _task(session, agent)
    may_not = _too_often(session, agent, session.checks(agent))
    may_not = may_not or ("" if task is None else doubt.why_not_again(session, task))
    if not may_not:
        what = told(agent.findings)
        actions = (*_ended(session, agent, again=True), *_restart_told(agent, what))
        yield SystemDecided(rule, "yes", what, actions, *about)
        return
    yield SystemDecided(rule, "no", may_not, (), *about)
    if session.attended:
        asked = AskForSupervision(_question(agent, may_not), Concern(HEALTH, *about))
        yield SystemDecided(
            "ask_about_health", "yes", f"{may_not}, so you decide", (asked,), *about
        )
        return
    yield _given_up(session, agent, f"{may_not}, and nobody is there to decide")


def _given_up(session: Session, agent: Agent, reason: str) -> SystemDecided:
    actions = _ended(session, agent, again=False)
    return SystemDecided("give_up", "yes", reason, actions, *_about(agent))


def decide_alone(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Give up what somebody was asked about, now that nobody is left who could answer."""
    data: SystemAttended = event.data
    if data.attended or session.status != "running":
        return
    for key in session.open_questions:
        about = session.questions[key].asked.about
        if about is None or about.matter != HEALTH or about.agent is None:
            continue
        agent = session.agents[about.agent]
        if not _busy_ending(agent):
            yield _given_up(session, agent, f"{key} was asked, and nobody is left to decide")


def _restart_told(agent: Agent, what: str) -> tuple[OpenIssue, ...]:
    """Return what tells that an agent is started again, until its task is over."""
    name = agent.spec.id
    if agent.task is None:
        return ()
    text = f"{name} is started again, for it was unhealthy: {what}"
    advice = f"see if it does better now; read the log of {name}"
    look = Remedy("look_at_agent", name)
    key = restart_for(agent.task)
    return (OpenIssue("warning", text, advice, name, agent.task, key=key, remedy=look),)


def _works(session: Session, agent: Agent) -> str:
    """Return why an unhealthy agent is left alone: it works, all the same. Empty if it does not."""
    checks = session.checks(agent)
    alive = signs_of_life(agent, checks, session.at)
    often = dict(agent.ongoing)
    dead = [
        reading
        for reading in agent.findings
        if often.get((reading.metric, reading.level), 0) >= checks.failure_threshold
        and _is_deadly(agent, reading, alive)
    ]
    if dead:
        return ""
    return f"{told(agent.findings)}, but {alive or 'it is not certain that it does not work'}"


def _is_deadly(agent: Agent, reading: Reading, alive: str) -> bool:
    """True if a finding says that an agent does not work and will not."""
    if reading.level != "unhealthy":
        return False
    match reading.metric:
        case "status" | "stopped" | "response" | "memory":
            return True
        case "progress":
            return not alive
        case "errors":
            return not _got_on(agent) and (not alive or agent.response_ms is not None)
        case "cpu":
            return False


def _got_on(agent: Agent) -> bool:
    """True if an agent told of progress since the first of its latest errors."""
    if not agent.error_times or agent.progressed_at is None:
        return False
    return agent.progressed_at > agent.error_times[0]


def _too_often(session: Session, agent: Agent, checks: HealthChecks) -> str:
    """Return that an agent, or its task, was started again often enough; empty if it was not."""
    if not checks.restarts:
        return "the layout says that it is never started again (restart.times is 0)"
    task = _task(session, agent)
    if task is not None and task.begun_anew >= checks.restarts:
        return f"{task.spec.id} was begun anew {_times(task.begun_anew)} for such a reason already"
    since = session.at - checks.restarts_within_ms
    lately = sum(1 for when in agent.restarts if when > since)
    if lately < checks.restarts:
        return ""
    return (
        f"it was started again {_times(lately)} within {lasting(checks.restarts_within_ms)} already"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _question(agent: Agent, why: str) -> QuestionSpec:
    name = agent.spec.id
    context: list[tuple[str, JsonValue]] = [
        ("what is wrong", told(agent.findings)),
        ("why you are asked", why),
    ]
    if agent.task is not None:
        context.append(("at work on", agent.task))
    if agent.progress is not None:
        context.append(("progress", f"{agent.progress} %"))
    if agent.tail:
        context.append(("last lines of its output", list(agent.tail[-doubt.SHOWN_LINES :])))
    return QuestionSpec(
        name=QuestionName(f"{HEALTH}/{name}"),
        question=f"{name} is unhealthy. What is to be done?",
        question_type="choice",
        context=tuple(context),
        options=(
            Option(START_AGAIN, "Start it again", "its task begins anew, in a new process"),
            Option(END_IT, "End it", "this attempt at its task has failed"),
            Option(LEAVE_IT, "Leave it alone", "it goes on as it is"),
        ),
    )


def obey_answer(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Do what the operator wants with an unhealthy agent."""
    data: UserAnswered = event.data
    about = session.questions[data.question].asked.about
    if about is None or about.matter != HEALTH or about.agent is None:
        return
    agent = session.agents[about.agent]
    said = f": {data.reason}" if data.reason else ""
    why_not = _busy_ending(agent)
    if data.value == LEAVE_IT or why_not:
        reason = f"{data.by} leaves it alone{said}" if data.value == LEAVE_IT else why_not
        yield SystemDecided("obey_about_health", "no", reason, (), *_about(agent))
        return
    again = data.value == START_AGAIN
    reason = f"{data.by} wants it to {'start again' if again else 'be ended'}{said}"
    actions = _ended(session, agent, again=again)
    yield SystemDecided("obey_about_health", "yes", reason, actions, *_about(agent))


# -- looking into it ------------------------------------------------------------------------------


def _troubleshooting(plan: Plan, session: Session, agent: Agent, seq: int) -> SystemDecided:
    rule, about = "troubleshoot", _about(agent)
    kind = session.checks(agent).troubleshooter
    why_not = _why_not_troubleshoot(plan, session, agent, kind)
    if why_not:
        return SystemDecided(rule, "no", why_not, (), *about)
    depth = agent.depth + 1
    task = _debugging(agent, depth)
    there = [spec for spec in _live(session, kind) if spec.id != agent.spec.id]
    action: Action
    if there:
        action = CreateNew(replace(task, agent=there[0].id))
        reason = f"{there[0].id} is there to look into it"
        return SystemDecided(rule, "yes", reason, (action,), *about)
    spec = admission.agent_of(plan, kind, depth=depth)
    refused = admission.refused(session, spec)
    if refused is not None:
        return SystemDecided(rule, "no", refused.reason, (), *about)
    action = SpawnNew(SpawnId(f"{HEALTH}@{seq}.1"), spec, task)
    return SystemDecided(rule, "yes", f"a {kind} is to look into it", (action,), *about)


def _why_not_troubleshoot(plan: Plan, session: Session, agent: Agent, kind: str) -> str:
    if not kind:
        return "the layout wants no troubleshooter"
    if kind not in plan.kinds:
        return f"the layout has no agents of type {kind}"
    if agent.spec.type == kind:
        return "it is a troubleshooter itself"
    task = _task(session, agent)
    if task is not None and LOOKED_INTO in task.spec.context:
        # Types that name each other would look into each other for ever.
        return f"it looks into somebody else by {task.spec.id} itself"
    if not session.auto_spawn:
        return "nobody is spawned unasked in this session (auto_spawn is off)"
    named = [
        trigger.spec.name
        for trigger in session.triggers.values()
        if trigger.spec.type == "agent_health"
        and trigger.spec.action == "spawn_troubleshooter"
        and trigger.state == "armed"
    ]
    if named:
        return f"trigger {named[0]} sees to that"
    subject = f"{agent.spec.id}/{agent.incarnation}"
    for task in session.tasks.values():
        if task.spec.context.get(LOOKED_INTO) == subject:
            return f"{task.spec.id} looks into this process of it already"
    return ""


def _live(session: Session, kind: str) -> list[AgentSpec]:
    gone = (AgentState.COMPLETE, AgentState.FAILED)
    return [
        agent.spec
        for agent in session.agents.values()
        if agent.spec.type == kind and agent.state not in gone
    ]


def _debugging(agent: Agent, depth: int) -> TaskSpec:
    """Return the task to look into what is wrong with `agent`, with all that is known of it."""
    name = agent.spec.id
    context: dict[str, JsonValue] = {
        "because": f"{name} is unhealthy: {told(agent.findings)}",
        "unhealthy_agent": name,
        LOOKED_INTO: f"{name}/{agent.incarnation}",
        "unhealthy_task": agent.task,
        "findings": told(agent.findings),
        "last_error": agent.last_error,
        "logs": list(agent.tail[-LOG_LINES:]),
        "steps": [
            "Check resource usage",
            "Review error logs",
            "Identify bottlenecks",
            "Recommend remediation",
        ],
    }
    return TaskSpec(
        id=TaskId("troubleshoot"),
        title=titled(f"Debug unhealthy agent {name}: {told(agent.findings)}"),
        priority=Priority.HIGH,
        context=context,
        depth=depth,
    )


# -- the end of it --------------------------------------------------------------------------------


def recovered(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Note that an agent is well again: nothing about its illness needs attention any more."""
    data: AgentTransitioned = event.data
    if data.trigger is not AgentTrigger.PERFORMANCE_RECOVERED:
        return
    agent = session.agents[data.agent]
    note = _tell_coordinator(session, agent, f"{data.agent} is well again")
    actions = (*_no_longer(session, agent), *note)
    yield SystemDecided("attend_recovery", "yes", "it is well again", actions, *_about(agent))


def settle_health(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Note that an agent's illness is over because its work is."""
    data: AgentTransitioned = event.data
    agent = session.agents[data.agent]
    actions = _no_longer(session, agent) if agent.ill_with else ()
    if not actions:
        return ()
    failed = data.to_state is AgentState.FAILED  # also of one that is started again
    reason = "its process has ended" if failed else f"it is {data.to_state} now"
    return (SystemDecided("settle_health", "yes", reason, actions, data.agent, data.task),)


def _no_longer(session: Session, agent: Agent) -> tuple[Action, ...]:
    """Return what takes back the issues and questions about the health of `agent`."""
    issue = session.open_issue(illness_of(agent.spec.id))
    questions = (
        Withdraw(q) for q in session.open_questions if _is_about(session.questions[q], agent)
    )
    return (*([] if issue is None else [CloseIssue(issue.id)]), *questions)


def settle_restarts(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Note that work is over for which an agent was started again."""
    data: TaskTransitioned = event.data
    issue = session.open_issue(restart_for(data.task))
    if issue is None:
        return ()
    reason = f"{data.task} is {data.to_state}"
    settled = (CloseIssue(issue.id),)
    return (SystemDecided("settle_health", "yes", reason, settled, task=data.task),)


def illness_of(agent: AgentId) -> str:
    """Return the key of the issue that an agent is ill."""
    return f"illness/{agent}"


def restart_for(task: TaskId) -> str:
    """Return the key of the issue that whoever does a task was started again, for it was ill."""
    return f"restart/{task}"


def _task(session: Session, agent: Agent) -> Task | None:
    return None if agent.task is None else session.tasks[agent.task]


def _about(agent: Agent) -> tuple[AgentId, TaskId | None]:
    return agent.spec.id, agent.task


RULES: Sequence[Rule] = (
    Rule("judge_check", (AgentChecked.KIND,), judge_check),
    Rule("attend", (AgentTransitioned.KIND,), attend, into=_ILL),
    Rule("recovered", (AgentTransitioned.KIND,), recovered, into=(AgentState.ACTIVE,)),
    Rule(
        "settle_health",
        (AgentTransitioned.KIND,),
        settle_health,
        into=(AgentState.COMPLETE, AgentState.FAILED, AgentState.AVAILABLE),
    ),
    Rule("settle_restarts", (TaskTransitioned.KIND,), settle_restarts, into=tuple(TERMINAL)),
    Rule("obey_about_health", (UserAnswered.KIND,), obey_answer),
    Rule("decide_alone", (SystemAttended.KIND,), decide_alone),
)
