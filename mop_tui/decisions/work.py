"""The work itself: starting it, and what its end means for task and agent.

An agent that lives for a task ends it by the exit of its process: 0 is success. One that lives for
the session is handed the task and says when it is done; its exit meanwhile is a failure.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from mop_tui.decisions import admission
from mop_tui.decisions.doubt import settled
from mop_tui.decisions.issues import given_up, missed, start_of
from mop_tui.decisions.on_error import FailedAttempt
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.decisions.wording import listed
from mop_tui.domain.actions import (
    Action,
    DeliverOutput,
    HandTask,
    MoveAgent,
    MoveTask,
    OpenIssue,
    RunHook,
    SetMemory,
    StartProcess,
    StopProcess,
)
from mop_tui.domain.agent_lifecycle import LIVE, AgentState, AgentTrigger
from mop_tui.domain.events import (
    AgentExited,
    AgentFinished,
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemDone,
    TaskCreated,
    TaskReassigned,
    TaskTransitioned,
)
from mop_tui.domain.health import told
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import AgentSpec, HookName, Lifetime, Plan
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.review import is_rejection, verdict_of
from mop_tui.domain.rows import MOST_DEATHS, Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import strategy_of
from mop_tui.domain.task_lifecycle import (
    HELD_BY_AGENT,
    TERMINAL,
    TaskState,
    TaskTrigger,
)
from mop_tui.domain.wording import lasting

_AFTER_ALL = (TaskTrigger.RETRIED, TaskTrigger.REINSTATED, TaskTrigger.SENT_BACK)
_OUT = (AgentState.COMPLETE, AgentState.FAILED)
_AT_WORK = (AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY)
REJECTS = "it rejects what it reviewed"
UNCLEAR = "gave a verdict that is neither approve nor reject"


def hooked(
    plan: Plan, name: HookName, agent: AgentSpec, task: TaskId | None
) -> tuple[RunHook, ...]:
    """Return what runs a hook of an agent; nothing where none is declared."""
    return () if plan.hook(name, agent, task) is None else (RunHook(agent.id, task, name),)


def start_work(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Start the process of an agent that was given a task, or hand the task to its process."""
    data: AgentTransitioned = event.data
    if data.task is None:
        return
    actions: tuple[Action, ...] = hooked(
        plan, "pre_task", session.agents[data.agent].spec, data.task
    )
    if actions:
        reason = "it has its task, and its pre_task hook comes first"
    else:
        reason, action = begin(session.agents[data.agent], data.task)
        actions = (action,)
    yield SystemDecided("start_work", "yes", reason, actions, data.agent, data.task)


def begin(agent: Agent, task: TaskId) -> tuple[str, Action]:
    """Return how an agent begins the task that it was given, and why so."""
    if agent.running:
        return "its process runs and takes tasks", HandTask(agent.spec.id, task)
    reason = "it has its task, and nothing has to be locked or prepared first"
    return reason, StartProcess(agent.spec.id, task)


def agent_started(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Lead an agent that lives for the session into the pool once its process runs."""
    data: SystemDone = event.data
    if data.effect != "start_process" or data.agent is None:
        return
    agent = session.agents[data.agent]
    if agent.state is not AgentState.SPAWNING:
        return
    actions: tuple[Action, ...]
    ending = session.status != "running"
    if data.lost:
        reason = "whether it was started before the program ended, nobody knows"
        actions = (MoveAgent(data.agent, AgentTrigger.START_FAILED),)
    elif data.error:
        reason = f"it could not start: {data.error}"
        failed = MoveAgent(data.agent, AgentTrigger.START_FAILED)
        text = f"{data.agent} could not start: {data.error}"
        if ending or agent.retired:
            actions = (failed,)
        else:
            advice = "correct its command in the layout, then run again"
            actions = (could_not_start(data.agent, text, advice), failed)
    elif agent.retired:
        reason = "the operator stopped it meanwhile"
        actions = (StopProcess(data.agent), MoveAgent(data.agent, AgentTrigger.STOP))
    elif ending:
        reason = "the session is ending"
        actions = (StopProcess(data.agent),)
    elif hook := hooked(plan, "on_start", agent.spec, None):
        reason = "its process runs, and its on_start hook comes first"
        actions = (MoveAgent(data.agent, AgentTrigger.AGENT_CREATED), *hook)
    else:
        reason = "its process runs, and no hook comes first"
        actions = (
            MoveAgent(data.agent, AgentTrigger.AGENT_CREATED),
            MoveAgent(data.agent, AgentTrigger.PRE_TASK_HOOK_COMPLETE),
        )
    yield SystemDecided("agent_started", "no" if data.error else "yes", reason, actions, data.agent)


def could_not_start(agent: AgentId, text: str, advice: str) -> OpenIssue:
    """Return what tells the operator that an agent could not start."""
    again = Remedy("restart_agent", agent)
    return OpenIssue("critical", text, advice, agent=agent, key=start_of(agent), remedy=again)


def work_started(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Move task and agent on once the process runs, or fail the attempt if it could not start."""
    data: SystemDone = event.data
    if data.effect not in ("start_process", "hand_task") or data.agent is None:
        return
    agent = session.agents[data.agent]
    if agent.task is None:
        return
    task = session.tasks[agent.task]
    wanted = task.state is TaskState.ASSIGNED
    actions: list[Action] = []
    failed: FailedAttempt | None = None
    if data.error and data.effect == "hand_task":
        reason = f"it could not take the task: {data.error}"
        # The agent lets go first: a task that becomes ready looks for somebody to take it.
        actions.append(MoveAgent(data.agent, AgentTrigger.START_FAILED, agent.task))
        if wanted:
            actions.append(MoveTask(agent.task, TaskTrigger.REQUEUED, data.agent))
    elif data.lost:
        reason = "whether it was started before the program ended, nobody knows"
        leaves = MoveAgent(data.agent, AgentTrigger.START_FAILED, agent.task)
        actions.extend(settled(session, task, leaves) if wanted else (leaves,))
    elif data.error:
        reason = f"it could not start: {data.error}"
        if wanted:
            failed = FailedAttempt(plan, session, event, task, agent, data.error)
            advice = "correct the command in the layout, then run again"
            reason += failed.said
            actions.extend(failed.outcome(advice))
        actions.append(MoveAgent(data.agent, AgentTrigger.START_FAILED, agent.task))
    elif wanted:
        reason = "its process runs" if data.effect == "start_process" else "it has the task"
        actions.append(MoveTask(agent.task, TaskTrigger.STARTED, data.agent))
        actions.append(MoveAgent(data.agent, AgentTrigger.TASK_STARTED, agent.task))
    elif agent.running and not agent.stopping and agent.spec.lifetime is Lifetime.TASK:
        reason = f"its task is {task.state} by now"
        actions.append(StopProcess(data.agent))
    else:
        return
    yield SystemDecided(
        "work_started",
        "yes" if wanted and not data.error else "no",
        reason,
        tuple(actions),
        data.agent,
        agent.task,
    )
    if failed is not None:
        yield from failed.decisions()


def work_ended(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Judge an attempt by how the process ended that made it."""
    data: AgentExited = event.data
    agent = session.agents.get(data.agent)
    if (
        agent is None
        or agent.incarnation != data.incarnation
        or data.task is None
        or agent.task != data.task
    ):
        return
    task = session.tasks[data.task]
    stopped = agent.stopping and not data.lost
    gone = AgentTrigger.STOP if stopped else AgentTrigger.PROCESS_EXITED
    leaves = MoveAgent(data.agent, gone, data.task)
    actions: tuple[Action, ...]
    failed: FailedAttempt | None = None
    verdict = "no"
    # The agent lets go first: a task that becomes ready looks for somebody to take it.
    given_back = (leaves, MoveTask(data.task, TaskTrigger.REQUEUED, data.agent))
    if agent.restarting and task.state in HELD_BY_AGENT:
        reason = f"{agent.restarted_by} wants it to start again"
        actions = given_back
    elif data.lost and task.state in HELD_BY_AGENT and not task.overdue:
        reason = "the program ended while it was being done"
        actions = settled(session, task, leaves)
    elif task.state is TaskState.ASSIGNED:
        reason = f"its process {_how(data)} before it could take the task"
        actions = given_back
    elif task.state is not TaskState.ACTIVE:
        reason = f"its task was {task.state.lower()}, so its process was ended"
        actions = (leaves,)
    elif failure := _failure(agent, task, data):
        reason = (
            failure
            if task.overdue or agent.given_up or _is_unclear(task, agent)
            else f"its process {_how(data)}{_last_words(data)}"
        )
        failed = FailedAttempt(plan, session, event, task, agent, failure)
        reason += failed.said
        advice = f"read the log of {data.agent}, mend the cause, then run again"
        if not stopped and agent.state in _AT_WORK and failed.is_final:
            leaves = MoveAgent(data.agent, AgentTrigger.UNRECOVERABLE_ERROR, data.task)
        actions = (*failed.outcome(advice), leaves)
    else:
        reason = "its process ended with exit code 0" if data.code == 0 else "it said it was done"
        reason = REJECTS if is_rejection(task, data) else reason
        reason, actions = _judged(plan, session, task, agent, reason)
        verdict = "yes"
    yield SystemDecided(
        "work_ended",
        "yes" if verdict == "yes" else "no",
        reason,
        actions,
        data.agent,
        data.task,
    )
    if failed is not None:
        yield from failed.decisions()


def work_finished(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Take what an agent says about its task as the end of it; the agent lives on."""
    data: AgentFinished = event.data
    agent = session.agents.get(data.agent)
    if agent is None or agent.incarnation != data.incarnation or agent.task != data.task:
        return
    task = session.tasks[data.task]
    free = (*_back_to_work(agent), MoveAgent(data.agent, AgentTrigger.TASK_WITHDRAWN, data.task))
    failure = _finished_badly(agent, task, data)
    failed: FailedAttempt | None = None
    actions: tuple[Action, ...]
    if task.state is not TaskState.ACTIVE:
        reason = f"its task was {task.state.lower()}, and it has given it up"
        actions = free
    elif failure is not None:
        reason, how = failure
        failed = FailedAttempt(plan, session, event, task, agent, how)
        reason += failed.said
        advice = f"read the log of {data.agent}, mend the cause, then run again"
        actions = (*failed.outcome(advice), *free)
    else:
        good_end = REJECTS if is_rejection(task, data) else "it says that it is done"
        reason, actions = _judged(plan, session, task, agent, good_end)
    good = task.state is TaskState.ACTIVE and failure is None
    yield SystemDecided(
        "work_finished", "yes" if good else "no", reason, actions, data.agent, data.task
    )
    if failed is not None:
        yield from failed.decisions()


def idle_process_ended(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Note that the process of an agent without a task is gone."""
    data: AgentExited = event.data
    agent = session.agents.get(data.agent)
    if agent is None or agent.incarnation != data.incarnation or agent.task is not None:
        return
    if agent.state not in LIVE or agent.spec.lifetime is Lifetime.TASK:
        return
    over = session.status != "running" or not session.unfinished
    if agent.stopping and not agent.restarting and over:
        yield SystemDecided(
            "idle_process_ended", "yes", "it was told to, for nothing is left to do", (), data.agent
        )
        return
    if agent.restarting:
        reason = f"{agent.restarted_by} wants it to start again"
    else:
        reason = f"its process {_how(data)} while it had no task"
    stopped = agent.stopping and not data.lost
    gone = AgentTrigger.STOP if stopped else AgentTrigger.PROCESS_EXITED
    yield SystemDecided(
        "idle_process_ended", "no", reason, (MoveAgent(data.agent, gone),), data.agent
    )


def return_to_pool(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Keep an agent that has finished or failed if there may be more for it to do."""
    data: AgentTransitioned = event.data
    agent = session.agents[data.agent]
    if session.status != "running":
        return
    reason = why_out(session, agent)
    actions: tuple[Action, ...] = ()
    if not reason:
        actions = (_brought_back(agent),)
    elif _given_up(session, agent):
        issue = f"{data.agent} is given up: {reason}"
        advice = f"read the log of {data.agent}, mend the cause, then restart it"
        again = Remedy("restart_agent", data.agent)
        key = given_up(data.agent)
        actions = (OpenIssue("critical", issue, advice, agent=data.agent, key=key, remedy=again),)
    elif agent.retired and (left := _pinned(session, agent)):
        issue = f"nobody is left to do {listed(left)}, now that {data.agent} was stopped"
        advice = f"restart {data.agent}, or cancel what it was to do"
        again = Remedy("restart_agent", data.agent)
        key = missed(data.agent)
        actions = (OpenIssue("warning", issue, advice, agent=data.agent, key=key, remedy=again),)
    yield SystemDecided(
        "return_to_pool",
        "no" if reason else "yes",
        reason or "more tasks may come to it",
        actions,
        data.agent,
    )


def call_back(_plan: Plan, session: Session, event: AnyEvent) -> Sequence[SystemDecided]:
    """Have somebody who was out of work come back for a task that has just been created, or that is
    to be done after all."""
    data: TaskCreated | TaskTransitioned | TaskReassigned = event.data
    if session.status != "running":
        return ()
    if isinstance(data, TaskTransitioned) and data.trigger not in _AFTER_ALL:
        return ()
    able = [session.agents[agent] for agent in session.capable(session.tasks[data.task].spec)]
    if any(agent.state is AgentState.AVAILABLE for agent in able):
        return ()
    for agent in able:
        if agent.state in _OUT and not why_out(session, agent):
            reason = f"{data.task} is something that it could do"
            back = (_brought_back(agent),)
            return (SystemDecided("call_back", "yes", reason, back, agent.spec.id, data.task),)
    return ()


def use_room(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Have those come back who had to wait for what another one may use, and now may not."""
    data: AgentTransitioned = event.data
    if session.limits.cpu is not None or session.limits.memory is not None:
        yield Later(partial(_come_back, session, data.agent))


def _come_back(session: Session, gone: AgentId) -> SystemDecided | None:
    if session.status != "running":
        return None
    back: dict[AgentId, AgentSpec] = {}
    skills: set[str] = set()
    for name in session.out_and_wanted():
        agent = session.agents[name]
        spec = agent.spec
        if name == gone or name in back or not session.is_by_trigger(spec):
            continue
        if not session.unfinished_pinned.get(name) and not skills.isdisjoint(spec.skills):
            continue  # one of them is enough, as long as it is free
        if why_out(session, agent) or admission.no_way_back(session, agent, back.values()):
            continue
        back[name] = spec
        skills.update(spec.skills)
    if not back:
        return None
    reason = f"{gone} leaves room for {listed(list(back))}"
    moves = tuple(_brought_back(session.agents[name]) for name in back)
    return SystemDecided("use_room", "yes", reason, moves, next(iter(back)))


def _brought_back(agent: Agent) -> MoveAgent:
    """Return the move by which an agent that is out of work comes back."""
    again = agent.state is AgentState.FAILED
    trigger = AgentTrigger.RESTART if again else AgentTrigger.RETURNED_TO_POOL
    return MoveAgent(agent.spec.id, trigger)


def why_out(session: Session, agent: Agent) -> str:
    """Return why an agent that finished or failed does not come back; empty if it does."""
    if agent.retired:
        added = strategy_of(agent.spec.spawn)
        return f"strategy {added} needs it no more" if added else "the operator stopped it"
    if session.finished:
        return "everything is done"
    if agent.unprepared:
        return "its on_start hook failed"
    if agent.restarting:
        return ""
    if not session.has_work_for(agent):
        return "no task is left that it could do"
    if _given_up(session, agent):
        return f"its process ended {agent.deaths} times in a row without completing a task"
    return admission.no_way_back(session, agent) if agent.state not in LIVE else ""


def _pinned(session: Session, agent: Agent) -> list[str]:
    """Return the unfinished tasks that only `agent` may do, and what only it may review."""
    name = agent.spec.id
    if not session.unfinished_pinned.get(name) and not session.to_review.get(name):
        return []
    left = [(task, row) for task, row in session.tasks.items() if row.state not in TERMINAL]
    return [
        *(task for task, row in left if row.spec.agent == name),
        *(
            f"the review of {task}"
            for task, row in left
            if row.spec.is_reviewed_by(name) and row.state is not TaskState.REVIEWING
        ),
    ]


def _given_up(session: Session, agent: Agent) -> bool:
    """True if its processes end again and again, and nobody wants to see that once more."""
    if agent.state is not AgentState.FAILED or agent.spec.lifetime is Lifetime.TASK:
        return False
    wanted = session.has_work_for(agent) and not agent.retired and not agent.restarting
    return wanted and agent.deaths >= MOST_DEATHS


def _judged(
    plan: Plan, session: Session, task: Task, agent: Agent, good: str
) -> tuple[str, tuple[Action, ...]]:
    """Return what becomes of work that is good, and why: its `post_task` hook comes first."""
    hook = hooked(plan, "post_task", agent.spec, task.spec.id)
    if hook:
        return f"{good}, and its post_task hook comes next", (*_back_to_work(agent), *hook)
    return good, delivered(session, task, agent, agent.result)


def delivered(session: Session, task: Task, agent: Agent, result: str) -> tuple[Action, ...]:
    """Deliver the result, complete, and provide the declared keys that the agent did not set.

    The agent goes on before it is done, and before the keys are there, for it may wait for one.
    What is to be reviewed is handed in instead of completed, and provides nothing yet.
    """
    task_id, agent_id = task.spec.id, agent.spec.id
    actions: list[Action] = []
    if result:
        actions.append(DeliverOutput(task_id, agent_id, result))
    reviewed = task.spec.review is not None
    trigger = TaskTrigger.SUBMITTED if reviewed else TaskTrigger.FINISHED
    actions.append(MoveTask(task_id, trigger, agent_id))
    actions.extend(_back_to_work(agent))
    if not reviewed:
        actions.extend(provided(session, task))
    actions.append(MoveAgent(agent_id, AgentTrigger.POST_TASK_HOOK_COMPLETE, task_id))
    return tuple(actions)


def provided(session: Session, task: Task) -> tuple[SetMemory, ...]:
    """Return what provides the keys that a task declares and its agent did not set."""
    return tuple(
        SetMemory(key, {"status": "complete"}, task.agent, task.spec.id)
        for key in task.spec.provides
        if not session.provided(key)
    )


def _back_to_work(agent: Agent) -> tuple[Action, ...]:
    """Return what ends a pause, for an agent that came to an end in spite of it."""
    if agent.state is not AgentState.PAUSED:
        return ()
    operator = agent.paused_by is not None and agent.paused_by.stops_processes
    trigger = AgentTrigger.RESUME if operator else AgentTrigger.DEPENDENCY_READY
    return (MoveAgent(agent.spec.id, trigger, agent.task),)


def _failure(agent: Agent, task: Task, exited: AgentExited) -> str:
    """Return how an attempt failed, the agent being the subject; empty if it did not."""
    subject = agent.spec.id
    if task.overdue:
        return f"{subject} {too_long(task)}"
    if agent.given_up:
        return f"{subject} was unhealthy, and was ended: {told(agent.findings)}"
    if exited.failed and not is_rejection(task, exited):
        what = exited.message or f"it {_how(exited)}" + _last_words(exited)
        return f"{subject} {_named(exited.failed, what)}"
    if agent.spec.lifetime is Lifetime.SESSION:
        return f"{subject} {_how(exited)} before it said that it was done" + _last_words(exited)
    if exited.code == 0 or exited.done or is_rejection(task, exited):
        return f"{subject} {UNCLEAR}" if _is_unclear(task, agent) else ""
    return f"{subject} {_how(exited)}" + _last_words(exited)


def too_long(task: Task) -> str:
    """Return that an attempt took longer than it may, the agent being the subject."""
    return f"took longer than {lasting(task.spec.timeout_ms or 0)}"


def _finished_badly(agent: Agent, task: Task, said: AgentFinished) -> tuple[str, str] | None:
    """Return why what an agent finished is not good, and how that is told; None if it is good."""
    name = agent.spec.id
    if task.overdue:
        return too_long(task), f"{name} {too_long(task)}"
    if said.failed and not is_rejection(task, said):
        how = _named(said.failed, said.message)
        return f"it says that it failed: {how}", f"{name}: {how}"
    if _is_unclear(task, agent):
        return f"it {UNCLEAR}", f"{name} {UNCLEAR}"
    return None


def _is_unclear(task: Task, agent: Agent) -> bool:
    """Return whether a review came to an end and to no verdict that is one."""
    return task.spec.reviews is not None and verdict_of(agent.result) is None


def _named(kind: str, what: str) -> str:
    return f"met {kind}: {what}" if what else f"met {kind}"


def _last_words(exited: AgentExited) -> str:
    return f": {exited.result}" if exited.result else ""


def _how(exited: AgentExited) -> str:
    if exited.lost:
        return "was lost with the program"
    if exited.signal is not None:
        return f"was ended by {exited.signal}"
    return f"ended with exit code {exited.code}"


RULES = (
    Rule("start_work", (AgentTransitioned.KIND,), start_work, into=(AgentState.ASSIGNED,)),
    Rule("agent_started", (SystemDone.KIND,), agent_started),
    Rule("work_started", (SystemDone.KIND,), work_started),
    Rule("work_ended", (AgentExited.KIND,), work_ended),
    Rule("work_finished", (AgentFinished.KIND,), work_finished),
    Rule("idle_process_ended", (AgentExited.KIND,), idle_process_ended),
    Rule(
        "call_back",
        (TaskCreated.KIND, TaskTransitioned.KIND, TaskReassigned.KIND),
        call_back,
        into=(TaskState.READY, TaskState.PENDING),
    ),
    Rule(
        "return_to_pool",
        (AgentTransitioned.KIND,),
        return_to_pool,
        into=(AgentState.COMPLETE, AgentState.FAILED),
    ),
)
ROOM_RULES = (Rule("use_room", (AgentTransitioned.KIND,), use_room, into=_OUT),)
