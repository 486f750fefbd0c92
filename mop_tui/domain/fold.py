"""The fold: how each kind of event changes the state of a session.

`apply` is the only code that changes a `Session`. Live, replay, resume and report all use it, so
they cannot disagree. A record that the lifecycle tables do not allow, or that is about something
the session does not have, changes nothing and is counted in `Session.ignored`; facts of an agent's
former process (an older incarnation) change nothing either.
"""

from collections.abc import Callable
from typing import Any, Literal

from mop_tui.domain import events as e
from mop_tui.domain import fold_health, fold_messages, fold_questions, fold_swarm, remembering
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import AnyEvent, Event
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, MessageId, QuestionId, TaskId, TriggerName
from mop_tui.domain.issues import (
    edit_of,
    error_text,
    identity,
    is_overflow,
    limit_of,
    receiver_of,
    told_by,
)
from mop_tui.domain.locks import Lock, LockWanted
from mop_tui.domain.plan import QuestionSpec
from mop_tui.domain.review import result_of
from mop_tui.domain.rows import (
    TAIL_LINES,
    Agent,
    Feedback,
    Hold,
    Issue,
    Task,
    Trigger,
    with_stay,
)
from mop_tui.domain.session import Fate, Session
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState, TaskTrigger
from mop_tui.domain.timers import force_of, rest_of, timeout_of

# What nearly every move is compared with. In Python 3.11 it takes ten times as long to reach a
# member through its enumeration.
_TASK_ASSIGNED = AgentTrigger.TASK_ASSIGNED
_PAUSED = AgentState.PAUSED
_AGENT_COMPLETE = AgentState.COMPLETE
_HANDS_EMPTY = frozenset(
    {AgentState.AVAILABLE, AgentState.COMPLETE, AgentState.FAILED, AgentState.SPAWNING}
)
"""States in which an agent holds no task, so that whoever gets there lets go of it."""
_ASSIGNED = TaskTrigger.ASSIGNED
_STARTED = TaskTrigger.STARTED
_REINSTATED = TaskTrigger.REINSTATED
_TAKEN_BACK = frozenset({TaskTrigger.REQUEUED, TaskTrigger.RETRIED, TaskTrigger.SENT_BACK})
_BEGINNINGS = e.INPUTS - {e.SystemMemorySet.KIND, e.SystemQuiesced.KIND}
"""Kinds of events that nothing that was recorded just before led to."""
_CONSEQUENTIAL = e.INPUTS - e.TELEMETRY
_TASK_COMPLETE = TaskState.COMPLETE
_TASK_ACTIVE = TaskState.ACTIVE
_REVIEWING = TaskState.REVIEWING
_TASK_READY = TaskState.READY
_OF_HEALTH = frozenset(
    {
        AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED,
        AgentTrigger.PERFORMANCE_RECOVERED,
        AgentTrigger.DEGRADATION_TIMEOUT,
        AgentTrigger.HEALTH_CHECK_FAILED,
    }
)
_ILL = (AgentState.DEGRADED, AgentState.UNHEALTHY)
_STARTED_AGAIN_BY = {
    e.RESTART: "a trigger",
    e.GAVE_WAY: "whoever broke its deadlock",
    e.CURED: "supervision",
}
_STEPS_KEPT = 3
"""Tellings of progress that are kept besides the last."""
_OF_HOOKS = frozenset({"run_hook", "stop_hook"})


_TRIGGER_STATES: dict[str, Literal["armed", "muted", "disabled"]] = {
    "arm_trigger": "armed",
    "mute_trigger": "muted",
    "disable_trigger": "disabled",
}


def apply(session: Session, event: AnyEvent) -> None:
    """Fold one event into `session`. Events must come in the order of their `seq`."""
    session.seq = event.seq
    session.at = event.at
    if session.loosened and _is_beginning(event):
        session.loosened.clear()
    handler = _HANDLERS.get(event.kind)
    if handler is not None:
        handler(session, event)
    if session.triggers:
        _inherit_depth(session, event)


def _inherit_depth(session: Session, event: AnyEvent) -> None:
    """Note how many triggers led to an event, through what followed from one input.

    From one input to the next that is carried by the rows: of agents, tasks and questions.
    """
    depths = session.depths
    if depths and _is_beginning(event):
        depths.clear()
    if event.cause in depths:
        depths[event.seq] = depths[event.cause]
    elif event.kind in _CONSEQUENTIAL:
        depth = carried_depth(session, event)
        if depth:
            depths[event.seq] = depth


def _is_beginning(event: AnyEvent) -> bool:
    """True if nothing that was recorded just before led to an event."""
    return event.kind in _BEGINNINGS and getattr(event.data, "as_before", None) is None


def carried_depth(session: Session, event: AnyEvent) -> int:
    """Return how many triggers led to whatever an event is about."""
    fact = session.fired if event.kind == e.SystemTimerFired.KIND else event.data
    agent = session.agents.get(getattr(fact, "agent", None) or AgentId(""))
    task = getattr(fact, "task", None) or (None if agent is None else agent.task)
    row = session.tasks.get(task or TaskId(""))
    asked = getattr(fact, "question", None)
    # What an agent asks is a form, which has no id.
    question = session.questions.get(QuestionId(asked)) if isinstance(asked, str) else None
    return max(
        0 if agent is None else agent.depth,
        0 if row is None else row.spec.depth,
        0 if question is None else question.depth,
    )


def pass_over(session: Session, seq: int, at: int) -> None:
    """Fold all events up to `seq`, which happened `at`, none of which is of a kind in `FOLDED`."""
    session.seq = seq
    session.at = at


def _agent_spawned(session: Session, event: Event[e.AgentSpawned]) -> None:
    spec = event.data.spec
    if spec.id in session.agents:
        session.ignored += 1
        return
    agent = Agent(
        spec=spec,
        since=event.at,
        reason="it was spawned",
        moved=event.seq,
        depth=spec.depth,
        created_at=event.at,
    )
    agent.history = ((event.at, agent.state, None, None),)
    session.agents[spec.id] = agent
    counts = session.agent_counts
    counts[agent.state] = counts.get(agent.state, 0) + 1
    session.types[spec.type] = session.types.get(spec.type, 0) + 1
    session.claim(spec, 1)
    if spec.spawn is not None:
        session.spawned[spec.spawn] = spec.id
        _count(session, spec.id, spec.type)
    if session.limits.per_minute is not None and session.is_by_trigger(spec):
        session.spawned_at = (*session.spawned_at, event.at)[-session.limits.per_minute :]
    session.enlist(spec)
    session.unsettle(agent)
    session.reorganise()
    session.touch(agent)


def _count(session: Session, name: str, prefix: str) -> None:
    """Note that the number in `name`, which begins with `prefix` and a dash, is taken."""
    number = name.removeprefix(f"{prefix}-")
    if number.isdecimal():
        session.numbers[prefix] = max(session.numbers.get(prefix, 0), int(number))


def _agent_transitioned(session: Session, event: Event[e.AgentTransitioned]) -> None:
    data = event.data
    trigger, to_state = data.trigger, data.to_state
    agent = session.agents.get(data.agent)
    if (
        agent is None
        or agent.state is not data.from_state
        or session.agent_move(agent, trigger, data.task) != to_state
    ):
        session.ignored += 1
        return
    if trigger is _TASK_ASSIGNED and data.task is not None:
        session.hold(agent, data.task)
        agent.progress = None
        agent.note = ""
        agent.advanced = ()
        agent.progressed_at = None
        agent.progressed_by = 0
    elif to_state in _HANDS_EMPTY:
        if agent.task is not None:
            attempt = session.tasks[agent.task].attempts
            session.timers.pop(force_of(agent.task, attempt), None)
        session.let_go(agent)
        agent.hook = None
        fold_health.forget_checks(agent)
    elif trigger in _OF_HEALTH:
        fold_health.note_illness(
            agent, trigger, event.at, session.checks(agent).degradation_timeout_ms
        )
        if trigger is not AgentTrigger.PERFORMANCE_RECOVERED:
            agent.fell_ill = event.seq
    if to_state is _PAUSED:
        _pause(session, agent, event.at, data.by)
    elif agent.state is _PAUSED:
        _end_pause(session, agent, data.task, event.at)
    if session.depths:
        agent.depth = max(agent.depth, session.depths.get(event.cause or 0, 0))
    if to_state is _AGENT_COMPLETE and trigger is not AgentTrigger.DISMISSED:
        agent.completed += 1
        agent.deaths = 0
        agent.depth = agent.spec.depth
        agent.progress = 100
    session.set_agent_state(agent, to_state)
    agent.history = with_stay(agent.history, (event.at, to_state, agent.task, agent.paused_by))
    agent.since = event.at
    agent.reason = data.reason
    agent.moved = event.seq
    session.weigh(agent)
    session.touch(agent)


def _pause(session: Session, agent: Agent, at: int, by: PausedBy | None) -> None:
    agent.paused_in, agent.paused_by = agent.state, by
    if agent.task is not None:
        task = session.tasks[agent.task]
        task.paused_since = at
        task.history = with_stay(task.history, (at, task.state, task.agent, by))
        session.timers.pop(timeout_of(agent.task, task.attempts), None)
        session.touch(task)


def _end_pause(session: Session, agent: Agent, task_id: TaskId | None, at: int) -> None:
    agent.paused_in = agent.paused_by = None
    task = session.tasks.get(task_id or agent.task or TaskId(""))
    if task is not None and task.paused_since is not None:
        task.paused_ms += at - task.paused_since
        task.paused_since = None
        task.history = with_stay(task.history, (at, task.state, task.agent, None))
        session.touch(task)


def _agent_progressed(session: Session, event: Event[e.AgentProgressed]) -> None:
    data = event.data
    agent = session.agents.get(data.agent)
    if agent is None or agent.incarnation != data.incarnation:
        return
    if agent.task is None or agent.task != data.task:
        return
    agent.progress = data.percent
    agent.note = data.note
    agent.last_active = event.at
    session.touch(agent)
    task = session.tasks[data.task]
    task.progress = data.percent
    task.told_after = task.worked(event.at)
    _advance(agent, task.told_after, data.percent, event)
    session.touch(task)


def _advance(agent: Agent, worked: int, percent: int, event: AnyEvent) -> None:
    """Note that an agent got on; one that has begun something anew begins anew here, too."""
    steps = agent.advanced or ((0, 0),)
    if percent < steps[-1][1]:
        agent.advanced = ((worked, percent),)
    elif percent > steps[-1][1]:
        agent.advanced = (*steps[-_STEPS_KEPT:], (worked, percent))
        agent.progressed_at, agent.progressed_by = event.at, event.seq


def _agent_output(session: Session, event: Event[e.AgentOutput]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is None:
        return
    agent.tail = (agent.tail + data.lines)[-TAIL_LINES:]
    agent.tail_end += data.dropped + len(data.lines)
    agent.last_active = event.at
    session.touch(agent)


def _agent_exited(session: Session, event: Event[e.AgentExited]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is None:
        return
    if agent.running:
        session.running -= 1
    agent.running = False
    agent.exit_code = data.code
    agent.result = result_of(session.tasks.get(data.task or TaskId("")), data)
    if not data.lost and not agent.restarting:
        agent.deaths += 1
    agent.measured = None
    agent.response_ms = agent.unanswered_ms = None
    for ask, what in agent.waits.items():
        _end_wait(session, data.agent, ask, what)
    agent.waits = {}
    session.unsettle(agent)
    session.weigh(agent)
    session.touch(agent)


def _agent_finished(session: Session, event: Event[e.AgentFinished]) -> None:
    agent = session.present(event.data.agent, event.data.incarnation)
    if agent is not None:
        agent.result = result_of(session.tasks.get(event.data.task), event.data)
        session.touch(agent)


def _agent_erred(session: Session, event: Event[e.AgentErred]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is None:
        return
    agent.errors += 1
    if data.source != "host" or data.type == e.PROTOCOL_VIOLATION:  # else it is not its fault
        agent.error_times = (*agent.error_times, event.at)[-session.checks(agent).many_errors :]
    agent.last_error = error_text(data)
    agent.heard = {**agent.heard, "seen": event.seq}
    session.touch(agent)
    _told(session, event)


def _agent_messaged(session: Session, event: Event[e.AgentMessaged]) -> None:
    data = event.data
    _told(session, event)
    to = receiver_of(data, session.coordinator)
    if to is None or to not in session.agents:
        return
    letter = session.post.write(MessageId(event.seq), data.agent, to, data.text, event.at)
    if letter is not None:
        session.meter.say(event.at)
        session.reckon(to)


def _told(session: Session, event: Event[e.AgentErred | e.AgentMessaged]) -> None:
    """Count what an agent says, where an issue tells of it already."""
    told = told_by(event.data)
    if told is not None:
        _came_up_again(session, session.told_before(told), event)


def _came_up_again(session: Session, issue: Issue | None, event: AnyEvent) -> None:
    if issue is not None:
        issue.times += 1
        issue.last_at, issue.latest = event.at, event.seq
        session.touch(issue)


def _agent_asked(session: Session, event: Event[e.AgentAsked]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is not None:
        _forget_wait(session, agent, data.ask)
        agent.waits = {**agent.waits, data.ask: data.question}
        session.unsettle(agent)
        session.touch(agent)


def _agent_waiting(session: Session, event: Event[e.AgentWaiting]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is not None:
        _forget_wait(session, agent, data.ask)
        agent.waits = {**agent.waits, data.ask: data.key}
        session.unsettle(agent)
        session.waiting_agents.setdefault(data.key, {})[data.agent, data.ask] = None
        session.touch(agent)


def _agent_locking(session: Session, event: Event[e.AgentLocking]) -> None:
    data = event.data
    agent = session.present(data.agent, data.incarnation)
    if agent is not None:
        _forget_wait(session, agent, data.ask)
        if session.await_lock(data.resource, data.agent, data.ask):
            agent.waits = {**agent.waits, data.ask: LockWanted(data.resource, event.seq)}
            session.unsettle(agent)
        session.touch(agent)


def _forget_wait(session: Session, agent: Agent, ask: AskId) -> None:
    """Forget what an agent waited for: the answer is on its way, or it asks anew."""
    waits = dict(agent.waits)
    what = waits.pop(ask, None)
    agent.waits = waits
    session.unsettle(agent)
    _end_wait(session, agent.spec.id, ask, what)


def _end_wait(
    session: Session, agent: AgentId, ask: AskId, what: QuestionSpec | MemoryKey | LockWanted | None
) -> None:
    """Note that an agent does not wait any more for what it asked by that name."""
    if isinstance(what, LockWanted):
        session.end_lock_wait(what.resource, agent, ask)
    elif isinstance(what, str):
        session.waiting_agents.get(what, {}).pop((agent, ask), None)


def _task_created(session: Session, event: Event[e.TaskCreated]) -> None:
    spec = event.data.spec
    if spec.id in session.tasks:
        session.ignored += 1
        return
    task = Task(
        spec=spec,
        since=event.at,
        reason="it was created",
        moved=event.seq,
        created_at=event.at,
    )
    task.history = ((event.at, task.state, None, None),)
    session.tasks[spec.id] = task
    counts = session.task_counts
    counts[task.state] = counts.get(task.state, 0) + 1
    session.relate(spec)
    session.unsettle(task)
    session.expect(spec, 1)
    reviewed = session.tasks.get(spec.reviews) if spec.reviews is not None else None
    if reviewed is not None:
        reviewed.review = spec.id
        session.unsettle(reviewed)
        session.touch(reviewed)
    if spec.context:
        prefix = spec.id.rpartition("-")[0]
        _count(session, spec.id, prefix)
    session.touch(task)


def _task_transitioned(session: Session, event: Event[e.TaskTransitioned]) -> None:
    data = event.data
    trigger, to_state = data.trigger, data.to_state
    task = session.tasks.get(data.task)
    if (
        task is None
        or task.state is not data.from_state
        or session.task_move(task, trigger, data.agent) != to_state
    ):
        session.ignored += 1
        return
    was_terminal = task.state in TERMINAL
    if task.state is _REVIEWING:
        _end_review(task, to_state)
    if task.state is _TASK_ACTIVE:
        session.timers.pop(timeout_of(task.spec.id, task.attempts), None)
    session.set_task_state(task, to_state)
    if was_terminal is not (to_state in TERMINAL):
        session.expect(task.spec, 1 if was_terminal else -1)
    if trigger is _ASSIGNED:
        task.agent = data.agent
        task.attempts += 1
        task.progress = None
        task.overdue = False
        task.paused_ms = 0
        task.paused_since = None
    elif trigger is _STARTED:
        task.started_at = event.at
    elif trigger in _TAKEN_BACK or trigger is _REINSTATED:
        task.agent = None
        task.progress = None
    if session.yielding or session.given_way:
        fold_swarm.give_way(session, task)
    if was_terminal:
        _begin_anew(task)
    task.because_of = data.because_of
    if to_state in TERMINAL:
        task.ended_at = event.at
        task.rests_until = None
        task.yields_to = ()
        session.timers.pop(rest_of(task.spec.id), None)
    if to_state is _TASK_COMPLETE:
        task.progress = 100
    _note_stay(task, to_state, event.at)
    task.since = event.at
    task.reason = data.reason
    task.moved = event.seq
    session.touch(task)


def _note_stay(task: Task, state: TaskState, at: int) -> None:
    """Note in which state a task is from now on, in whose hands, and what holds it."""
    hold: Hold | None = None
    if state is _TASK_READY and task.rests_until is not None:
        hold = "rest"
    elif state is _TASK_ACTIVE and task.paused_since is not None:
        hold = task.history[-1][3]
    task.history = with_stay(task.history, (at, state, task.agent, hold))


def _end_review(task: Task, to_state: TaskState) -> None:
    """Note that the latest review of a task rejected it, if that is what takes it on."""
    if to_state in (TaskState.READY, TaskState.FAILED) and task.review is not None:
        task.rejected_by = (*task.rejected_by, task.review)
        task.rejections += 1


def _begin_anew(task: Task) -> None:
    """Forget how a task that had ended came to that; its gate asks anew. What else was answered
    about it is why it is done again."""
    task.ended_at = None
    task.output = ""
    task.retries = task.begun_anew = task.rejections = 0
    task.cleared = task.overdue = task.doubtful = False
    gate = task.spec.gate
    task.answers = tuple(answer for answer in task.answers if answer[0] != gate)
    task.reasons = tuple(reason for reason in task.reasons if reason[0] != gate)


def _task_output(session: Session, event: Event[e.TaskOutput]) -> None:
    task = session.tasks.get(event.data.task)
    if task is None:
        session.ignored += 1
        return
    task.output = event.data.value
    session.touch(task)


def _system_resumed(session: Session, event: Event[e.SystemResumed]) -> None:
    session.attended = event.data.attended
    session.resumptions += 1
    fold_health.stand_still(session, event.at, event.data.away_ms)
    for agent in session.agents.values():
        if agent.running:
            # It is not there any more, which the facts that follow say; nobody may count on it.
            agent.stopping = True
            session.weigh(agent)
            session.touch(agent)
    # Secrets live in memory only, so a gate that was opened by one has to be opened again.
    for question in session.questions.values():
        asked = question.asked
        if question.state != "answered" or not asked.secret or asked.agent is not None:
            continue
        task = session.tasks[asked.task] if asked.task is not None else None
        if task is not None and task.state not in TERMINAL and task.cleared:
            task.cleared = False
            session.touch(task)


def _user_commanded(session: Session, event: Event[e.UserCommanded]) -> None:
    data = event.data
    if data.refused or session.status == "ended":
        return
    if data.command in ("stop", "terminate"):
        session.status = "stopping"
        session.stopped_early = not session.finished
        session.stopping_as = "terminated" if data.command == "terminate" else "stopped"
        session.stopping_reason = data.reason
        return
    if data.command == "forget_answer":
        forgotten = remembering.forget(session, QuestionId(data.about))
        if forgotten is not None:
            session.touch(forgotten)
        return
    if data.command in _TRIGGER_STATES:
        trigger = session.triggers.get(TriggerName(data.about))
        if trigger is not None:
            trigger.state = _TRIGGER_STATES[data.command]
            trigger.moved = event.seq
            session.touch(trigger)
        return
    if data.command == "auto_spawn":
        session.auto_spawn = data.value is True
        return
    agent = session.agents.get(AgentId(data.about))
    if agent is not None and data.command in ("stop_agent", "restart_agent"):
        agent.retired = data.command == "stop_agent"
        agent.restarting = not agent.retired and agent.running
        agent.restarted_by = "the operator"
        agent.deaths = 0
        session.touch(agent)


def _user_feedback(session: Session, event: Event[e.UserFeedback]) -> None:
    data = event.data
    unknown = (data.agent is not None and data.agent not in session.agents) or (
        data.task is not None and data.task not in session.tasks
    )
    if data.feedback in session.feedback or unknown:
        session.ignored += 1
        return
    row = Feedback(data, event.at, event.seq)
    session.feedback[data.feedback] = row
    session.touch(row)


def _system_started(session: Session, event: Event[e.SystemStarted]) -> None:
    data = event.data
    session.status = "running"
    session.session = data.session
    session.project = data.project
    session.goal = data.goal
    session.mode = data.mode
    session.attended = data.attended
    session.max_agents = data.max_agents
    session.teams = data.teams
    session.awaited = frozenset(agent for team in data.teams if team.waits for agent in team.agents)
    session.seed = data.seed
    session.limits = data.limits
    session.calling = data.calling
    session.auto_spawn = data.auto_spawn
    session.keep_running = data.keep_running
    session.kinds = data.kinds
    session.health = data.health
    session.coordinator = data.coordinator
    session.topology = data.topology
    session.shape = session.meter.shape = data.shape
    session.reorganise()
    for spec in data.triggers:
        trigger = Trigger(spec, moved=event.seq)
        session.triggers[spec.name] = trigger
        session.touch(trigger)
        for kind in spec.kinds:
            session.triggers_of[kind] = (*session.triggers_of.get(kind, ()), spec.name)


def _fired(session: Session, event: Event[e.SystemFired]) -> None:
    data = event.data
    trigger = session.triggers.get(data.trigger)
    if trigger is None:
        session.ignored += 1
        return
    trigger.fires += 1
    trigger.fired_at = event.at
    trigger.moved = event.seq
    if data.key:
        session.fired_for.setdefault(data.trigger, {})[data.key] = None
    if event.cause is not None:
        session.depths[event.cause] = data.depth
    session.touch(trigger)


def _refused(session: Session, event: Event[e.SystemRefused]) -> None:
    trigger = session.triggers.get(event.data.trigger)
    if trigger is None:
        session.ignored += 1
        return
    trigger.refused += 1
    limit = event.data.limit
    if limit not in trigger.limits:
        trigger.limits = (*trigger.limits, limit)
    if event.cause is not None:
        session.depths[event.cause] = event.data.depth
    trigger.moved = event.seq
    session.touch(trigger)
    _came_up_again(session, session.open_issue(limit_of(trigger.spec.name, limit)), event)


def _watching(session: Session, event: Event[e.SystemWatching]) -> None:
    session.watched = True
    session.files.update(event.data.known)


def _file_is_there(session: Session, event: Event[e.FileCreated | e.FileModified]) -> None:
    path = event.data.path
    session.files[path] = event.data.stamp
    session.edited.pop(path, None)
    session.edited[path] = event.seq
    _came_up_again(session, session.open_issue(edit_of(path)), event)


def _file_deleted(session: Session, event: Event[e.FileDeleted]) -> None:
    session.files.pop(event.data.path, None)
    session.edited.pop(event.data.path, None)
    _came_up_again(session, session.open_issue(edit_of(event.data.path)), event)


def _attended(session: Session, event: Event[e.SystemAttended]) -> None:
    session.attended = event.data.attended


def _system_stopping(session: Session, _event: Event[e.SystemStopping]) -> None:
    if session.status in ("starting", "running"):
        session.status = "stopping"


def _system_ended(session: Session, event: Event[e.SystemEnded]) -> None:
    session.status = "ended"
    session.outcome = event.data.outcome
    session.outcome_reason = event.data.reason


def _system_intended(session: Session, event: Event[e.SystemIntended]) -> None:
    data = event.data
    if data.effect in _OF_HOOKS:
        _hook_intended(session, data)
        return
    agent = session.agents.get(data.agent) if data.agent is not None else None
    if agent is None or data.action in session.in_doubt:
        session.ignored += 1
        return
    session.in_doubt[data.action] = data
    match data.effect:
        case "start_process":
            agent.incarnation = data.incarnation
            agent.exit_code = None
            agent.stopping = agent.restarting = False
            agent.errors = 0
            agent.error_times = ()
            agent.measured = agent.reported = None
            agent.heard = {}
            agent.response_ms = agent.unanswered_ms = agent.last_active = None
            agent.ill_with, agent.recovered_at, agent.given_up = (), None, False
            fold_health.forget_checks(agent)
        case "stop_process":
            agent.stopping = True
            if data.about in _STARTED_AGAIN_BY:
                agent.restarting = True
                agent.restarted_by = _STARTED_AGAIN_BY[data.about]
            agent.given_up = data.about == e.GIVEN_UP
            if data.about == e.CURED:
                # Where supervision never does it by itself, the operator may still have it done.
                kept = max(1, session.checks(agent).restarts)
                agent.restarts = (*agent.restarts, event.at)[-kept:]
                if agent.task is not None:
                    task = session.tasks[agent.task]
                    task.begun_anew += 1
                    session.touch(task)
            agent.depth = max(agent.depth, session.depths.get(event.cause or 0, 0))
            session.weigh(agent)
        case "tell" if data.ask is not None:
            _forget_wait(session, agent, data.ask)
        case "tell" if data.message is not None:
            fold_messages.message_intended(session, data)
        case _:
            pass
    session.touch(agent)


def _system_done(session: Session, event: Event[e.SystemDone]) -> None:
    data = event.data
    intended = session.in_doubt.get(data.action)
    if intended is None or intended.agent != data.agent:
        session.ignored += 1
        return
    del session.in_doubt[data.action]
    if data.agent is not None and not data.error and not data.lost:
        for name in intended.feedback:
            row = session.feedback.get(name)
            if row is not None:
                row.told = (*row.told, (data.agent, event.at))
                session.touch(row)
    if data.effect == "run_hook":
        _hook_done(session, intended, data)
        return
    if intended.message is not None:
        fold_messages.message_done(session, intended, data)
    if data.effect != "start_process" or data.agent is None:
        return
    agent = session.agents[data.agent]
    if data.error:
        if not data.lost:
            agent.deaths += 1
    elif not agent.running:
        agent.running = True
        session.running += 1
        session.weigh(agent)
    session.touch(agent)


def _hook_intended(session: Session, data: e.SystemIntended) -> None:
    agent = session.agents.get(data.agent) if data.agent is not None else None
    if (agent is None) is not (data.agent is None) or data.action in session.in_doubt:
        session.ignored += 1
        return
    session.in_doubt[data.action] = data
    if data.effect != "run_hook":
        for hook in session.hooks(data.agent):
            if hook.about == data.about:
                del session.running_hooks[hook.action]
        return
    session.hooks_begun += 1
    session.running_hooks[data.action] = data
    if data.about == "call":
        _call_intended(session)
    elif agent is not None:
        if data.about != "post_edit":
            agent.hook = data
        if data.about == "on_start":
            agent.unprepared = False
        session.touch(agent)
    elif data.about == "on_start":
        session.start_hook = "runs"
        if session.status == "running":
            session.status = "starting"
    else:
        session.end_hook = "runs"
        session.status = "stopping"


def _call_intended(session: Session) -> None:
    """Note what somebody is called because of: whoever is told of one question learns of all."""
    for name in session.open_questions:
        question = session.questions[name]
        if question.noticed_at is None:
            question.called_at = session.at
            session.touch(question)


def _hook_done(session: Session, hook: e.SystemIntended, done: e.SystemDone) -> None:
    agent = session.agents[hook.agent] if hook.agent is not None else None
    session.hook_stopped = session.running_hooks.pop(hook.action, None) is None
    session.hook_done = hook
    if hook.about == "call":
        return  # nothing waits for it
    if agent is None:
        fate: Fate = "none" if done.lost else "failed" if done.error else "done"
        if hook.about == "on_end":
            session.end_hook = fate
            return
        session.start_hook = fate
        if session.status == "starting" and not done.lost:
            session.status = "stopping" if done.error else "running"
    elif agent.hook is not None and agent.hook.action == hook.action:
        agent.hook = None
        failed = done.error and not done.lost and not session.hook_stopped
        agent.unprepared = agent.unprepared or (hook.about == "on_start" and bool(failed))
        session.touch(agent)
    elif hook.about != "post_edit":
        session.hook_done = None


def _memory_set(session: Session, event: Event[e.SystemMemorySet]) -> None:
    session.remember(event.data.key, event.data.value)


def _locked(session: Session, event: Event[e.SystemLocked]) -> None:
    data = event.data
    task = session.tasks.get(data.task)
    assigned = (
        task is not None and task.state is TaskState.ASSIGNED and task.agent == data.agent
    )  # at first it is not in hand yet
    if (
        not (assigned or session.holder.get(data.task) == data.agent)
        or data.resource in session.locks
        or data.resource not in session.alike
    ):
        session.ignored += 1
        return
    session.lock(Lock(data.resource, data.task, data.agent, event.at, event.seq))


def _unlocked(session: Session, event: Event[e.SystemUnlocked]) -> None:
    data = event.data
    lock = session.locks.get(data.resource)
    if lock is None or lock.task != data.task or lock.agent != data.agent:
        session.ignored += 1
        return
    session.unlock(lock)


def _issue_opened(session: Session, event: Event[e.SystemIssueOpened]) -> None:
    data = event.data
    if data.issue in session.issues:
        session.ignored += 1
        return
    issue = Issue(
        id=data.issue,
        severity=data.severity,
        text=data.text,
        suggestion=data.suggestion,
        opened_at=event.at,
        seq=event.seq,
        agent=data.agent,
        task=data.task,
        trigger=data.trigger,
        key=data.key,
        remedy=data.remedy,
        last_at=event.at,
        latest=event.seq,
    )
    session.issues[data.issue] = issue
    session.known_issues[identity(issue)] = issue.id
    _count_issue(session, issue, 1)
    session.touch(issue)


def _count_issue(session: Session, issue: Issue, count: int) -> None:
    """Count an issue in (1) or out (-1) of those that are open about an agent."""
    if issue.agent is not None and not is_overflow(issue):
        session.issues_of[issue.agent] = session.issues_of.get(issue.agent, 0) + count


def _issue_repeated(session: Session, event: Event[e.SystemIssueRepeated]) -> None:
    data = event.data
    issue = session.issues.get(data.issue)
    if issue is None or not issue.open:
        session.ignored += 1
        return
    if data.text:
        before = identity(issue)
        issue.severity = data.severity
        issue.text, issue.suggestion, issue.remedy = data.text, data.suggestion, data.remedy
        if identity(issue) != before:
            session.known_issues.pop(before, None)
            session.known_issues[identity(issue)] = issue.id
    _came_up_again(session, issue, event)


def _issue_closed(session: Session, event: Event[e.SystemIssueClosed]) -> None:
    issue = session.issues.get(event.data.issue)
    if issue is None or not issue.open:
        session.ignored += 1
        return
    issue.open = False
    issue.closed_at, issue.closing = event.at, event.data.reason
    if session.known_issues.get(identity(issue)) == issue.id:
        del session.known_issues[identity(issue)]
    _count_issue(session, issue, -1)
    session.touch(issue)


def _timer_set(session: Session, event: Event[e.SystemTimerSet]) -> None:
    data = event.data
    session.timers[data.timer] = data
    if data.purpose == "call":
        fold_questions.set_call(session, data, data.due)
    if data.purpose == "retry" and data.task is not None:
        if data.task not in session.tasks:
            session.ignored += 1
            return
        task = session.tasks[data.task]
        task.rests_until = data.due
        task.history = with_stay(task.history, (event.at, task.state, task.agent, "rest"))
        task.retries += 1
        task.begun_anew = 0
        session.touch(task)


def _timer_fired(session: Session, event: Event[e.SystemTimerFired]) -> None:
    timer = session.fired = session.timers.pop(event.data.timer, None)
    if timer is not None and timer.purpose == "call":
        fold_questions.set_call(session, timer, None)
    task = session.tasks.get(timer.task) if timer is not None and timer.task is not None else None
    if timer is None or task is None:
        return
    if timer.purpose == "retry":
        task.rests_until = None
        task.history = with_stay(task.history, (event.at, task.state, task.agent, None))
        session.touch(task)
    elif timer.timer == timeout_of(task.spec.id, task.attempts) and task.state is _TASK_ACTIVE:
        task.overdue = True
        session.touch(task)


def _digest(session: Session, event: Event[e.SystemDigest]) -> None:
    session.digested(event.data.state)


_HANDLERS: dict[str, Callable[[Session, Event[Any]], None]] = {
    e.FileCreated.KIND: _file_is_there,
    e.FileModified.KIND: _file_is_there,
    e.FileDeleted.KIND: _file_deleted,
    e.SystemFired.KIND: _fired,
    e.SystemRefused.KIND: _refused,
    e.SystemWatching.KIND: _watching,
    e.AgentSpawned.KIND: _agent_spawned,
    e.AgentTransitioned.KIND: _agent_transitioned,
    e.AgentProgressed.KIND: _agent_progressed,
    e.AgentOutput.KIND: _agent_output,
    e.AgentErred.KIND: _agent_erred,
    e.AgentMessaged.KIND: _agent_messaged,
    e.AgentAsked.KIND: _agent_asked,
    e.AgentWaiting.KIND: _agent_waiting,
    e.AgentLocking.KIND: _agent_locking,
    e.AgentFinished.KIND: _agent_finished,
    e.AgentExited.KIND: _agent_exited,
    e.TaskCreated.KIND: _task_created,
    e.TaskTransitioned.KIND: _task_transitioned,
    e.TaskOutput.KIND: _task_output,
    e.UserCommanded.KIND: _user_commanded,
    e.UserFeedback.KIND: _user_feedback,
    e.SystemStarted.KIND: _system_started,
    e.SystemResumed.KIND: _system_resumed,
    e.SystemStopping.KIND: _system_stopping,
    e.SystemEnded.KIND: _system_ended,
    e.SystemAttended.KIND: _attended,
    e.SystemIntended.KIND: _system_intended,
    e.SystemDone.KIND: _system_done,
    e.SystemMemorySet.KIND: _memory_set,
    e.SystemLocked.KIND: _locked,
    e.SystemUnlocked.KIND: _unlocked,
    e.SystemIssueOpened.KIND: _issue_opened,
    e.SystemIssueRepeated.KIND: _issue_repeated,
    e.SystemIssueClosed.KIND: _issue_closed,
    e.SystemTimerSet.KIND: _timer_set,
    e.SystemTimerFired.KIND: _timer_fired,
    e.SystemDigest.KIND: _digest,
    **fold_health.HANDLERS,
    **fold_questions.HANDLERS,
    **fold_swarm.HANDLERS,
    **fold_messages.HANDLERS,
}

FOLDED: frozenset[str] = frozenset(_HANDLERS)
"""Kinds of events that change more of a session than its place and time."""
