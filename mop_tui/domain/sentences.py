"""What happened, in plain English.

The screen and the headless output both speak through this module, so that they use the same words
for the same things. Every sentence is one printable line without a full stop; texts that agents
wrote pass through `printable`, which leaves nothing in them that could steer a terminal.
"""

from typing import Literal, assert_never

from mop_tui.domain import events as e
from mop_tui.domain.actions import Effect
from mop_tui.domain.agent_lifecycle import AgentTrigger
from mop_tui.domain.events import PROTOCOL_VIOLATION, AnyEvent
from mop_tui.domain.health import told
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.wording import join, lasting, listed, printable, words

Known = (
    e.FileCreated
    | e.FileModified
    | e.FileDeleted
    | e.AgentSpawned
    | e.AgentTransitioned
    | e.AgentRefused
    | e.AgentProgressed
    | e.AgentOutput
    | e.AgentHealth
    | e.AgentChecked
    | e.AgentErred
    | e.AgentAsked
    | e.AgentWaiting
    | e.AgentLocking
    | e.AgentUnlocking
    | e.AgentMessaged
    | e.AgentRelayed
    | e.AgentFinished
    | e.AgentExited
    | e.TaskCreated
    | e.TaskTransitioned
    | e.TaskRefused
    | e.TaskOutput
    | e.TaskReassigned
    | e.UserAsked
    | e.UserSeen
    | e.UserNoticed
    | e.UserAnswered
    | e.UserExpired
    | e.UserWithdrawn
    | e.UserCommanded
    | e.UserFeedback
    | e.SystemStarted
    | e.SystemResumed
    | e.SystemQuiesced
    | e.SystemStopping
    | e.SystemEnded
    | e.SystemDecided
    | e.SystemIntended
    | e.SystemDone
    | e.SystemMemorySet
    | e.SystemFired
    | e.SystemRefused
    | e.SystemNotified
    | e.SystemWatching
    | e.SystemScheduled
    | e.SystemLocked
    | e.SystemUnlocked
    | e.SystemDeadlockFound
    | e.SystemDeadlockCleared
    | e.SystemCycleBroken
    | e.SystemIssueOpened
    | e.SystemIssueRepeated
    | e.SystemIssueClosed
    | e.SystemTimerSet
    | e.SystemTimerFired
    | e.SystemDigest
    | e.SystemNotRecording
    | e.SystemClockJumped
    | e.SystemTopologyChanged
    | e.SystemTakenOver
    | e.SystemSampled
    | e.SystemStrategyApplied
    | e.SystemStraysEnded
    | e.SystemAttended
    | e.Unknown
)
"""Every kind of fact, so that a kind without a sentence is a type error."""


def sentence(event: AnyEvent) -> str:
    """Return one sentence that says what happened: printable, one line, without a full stop."""
    return printable(_say(event.kind, event.data)) or event.kind


def _say(kind: str, fact: Known) -> str:
    match fact:
        case (
            e.AgentSpawned()
            | e.AgentTransitioned()
            | e.AgentRefused()
            | e.AgentProgressed()
            | e.AgentOutput()
            | e.AgentExited()
        ):
            return _of_agent(fact)
        case (
            e.AgentHealth()
            | e.AgentChecked()
            | e.AgentErred()
            | e.AgentAsked()
            | e.AgentWaiting()
            | e.AgentLocking()
            | e.AgentUnlocking()
            | e.AgentMessaged()
            | e.AgentRelayed()
            | e.AgentFinished()
        ):
            return _of_speech(fact)
        case e.FileCreated() | e.FileModified() | e.FileDeleted():
            return f"{fact.path} was {kind.removeprefix('file.')}"
        case (
            e.TaskCreated()
            | e.TaskTransitioned()
            | e.TaskRefused()
            | e.TaskOutput()
            | e.TaskReassigned()
        ):
            return _of_task(fact)
        case (
            e.UserAsked()
            | e.UserSeen()
            | e.UserNoticed()
            | e.UserAnswered()
            | e.UserExpired()
            | e.UserWithdrawn()
            | e.UserCommanded()
            | e.UserFeedback()
        ):
            return _of_user(fact)
        case (
            e.SystemStarted()
            | e.SystemResumed()
            | e.SystemQuiesced()
            | e.SystemStopping()
            | e.SystemEnded()
            | e.SystemDigest()
            | e.SystemNotRecording()
            | e.SystemClockJumped()
            | e.SystemStraysEnded()
            | e.SystemAttended()
        ):
            return _of_session(fact)
        case (
            e.SystemTopologyChanged()
            | e.SystemTakenOver()
            | e.SystemDeadlockFound()
            | e.SystemDeadlockCleared()
            | e.SystemCycleBroken()
            | e.SystemSampled()
            | e.SystemStrategyApplied()
        ):
            return _of_swarm(fact)
        case e.SystemDecided() | e.SystemIntended() | e.SystemDone():
            return _of_action(fact)
        case (
            e.SystemMemorySet()
            | e.SystemLocked()
            | e.SystemUnlocked()
            | e.SystemIssueOpened()
            | e.SystemIssueRepeated()
            | e.SystemIssueClosed()
            | e.SystemTimerSet()
            | e.SystemTimerFired()
        ):
            return _of_system(fact)
        case (
            e.SystemFired()
            | e.SystemRefused()
            | e.SystemNotified()
            | e.SystemWatching()
            | e.SystemScheduled()
        ):
            return _of_trigger(fact)
        case e.Unknown():
            return f"something of kind {kind} happened, which this version does not know"
        case _:
            assert_never(fact)


def _of_trigger(
    fact: e.SystemFired | e.SystemRefused | e.SystemNotified | e.SystemWatching | e.SystemScheduled,
) -> str:
    match fact:
        case e.SystemFired():
            return f"trigger {fact.trigger} fired" + (f" for {fact.key}" if fact.key else "")
        case e.SystemRefused():
            return f"trigger {fact.trigger} did not fire, for limits.{fact.limit} is reached"
        case e.SystemNotified():
            return f"{fact.trigger}: {fact.text}"
        case e.SystemWatching():
            what = f"files that match {listed(fact.patterns)}"
            if fact.trouble:
                return f"it cannot watch {what} as it should: {fact.trouble}"
            if fact.would:
                return f"it would watch {what}"
            there = f"; {len(fact.known)} of them are there" if fact.known else ""
            return f"it watches {what}{there}"
        case e.SystemScheduled():
            return f"the time of trigger {fact.trigger} came"
        case _:
            assert_never(fact)


def _of_agent(
    fact: e.AgentSpawned
    | e.AgentTransitioned
    | e.AgentRefused
    | e.AgentProgressed
    | e.AgentOutput
    | e.AgentExited,
) -> str:
    match fact:
        case e.AgentSpawned():
            return f"{fact.agent} joined team {fact.spec.team}"
        case e.AgentTransitioned():
            return _agent_moved(fact)
        case e.AgentRefused():
            state = f" while {fact.from_state}" if fact.from_state is not None else ""
            return f"{fact.agent} refused {words(fact.trigger)}{state}: {fact.reason}"
        case e.AgentProgressed():
            return join(f"{fact.agent} is at {fact.percent} % of {fact.task}", fact.note)
        case e.AgentOutput():
            return _wrote(fact)
        case e.AgentExited():
            return _exited(fact)
        case _:
            assert_never(fact)


def _of_speech(
    fact: e.AgentHealth
    | e.AgentChecked
    | e.AgentErred
    | e.AgentAsked
    | e.AgentWaiting
    | e.AgentLocking
    | e.AgentUnlocking
    | e.AgentMessaged
    | e.AgentRelayed
    | e.AgentFinished,
) -> str:
    match fact:
        case e.AgentHealth():
            return _health(fact)
        case e.AgentChecked():
            if not fact.findings:
                return f"a check of {fact.agent} finds nothing wrong with it"
            return f"a check of {fact.agent} finds it {fact.level}: {told(fact.findings)}"
        case e.AgentErred():
            verb = "made no sense" if fact.type == PROTOCOL_VIOLATION else f"met {fact.type}"
            return join(f"{fact.agent} {verb}", fact.message)
        case e.AgentAsked():
            return f"{fact.agent} asks: {fact.question.question}"
        case e.AgentWaiting():
            return f"{fact.agent} waits for {fact.key}"
        case e.AgentLocking() | e.AgentUnlocking():
            asks = isinstance(fact, e.AgentLocking)
            return (
                f"{fact.agent} {'asks for the lock on' if asks else 'is done with'} {fact.resource}"
            )
        case e.AgentMessaged():
            return f"{fact.agent} to {fact.to}: {fact.text}"
        case e.AgentRelayed():
            return f"{fact.agent} has dealt with message m{fact.message}"
        case e.AgentFinished():
            if fact.failed:
                return join(f"{fact.agent} failed {fact.task} with {fact.failed}", fact.message)
            return join(f"{fact.agent} is done with {fact.task}", fact.result)
        case _:
            assert_never(fact)


def _health(fact: e.AgentHealth) -> str:
    if fact.source == "ping":
        return f"{fact.agent} {_answering(fact)}"
    figures = [
        (fact.status, "{}"),
        (fact.cpu_cores, "{:.2f} cores"),
        (fact.cpu_usage, "CPU {:.0f} %"),
        (fact.memory_bytes and fact.memory_bytes / 2**20, "{:.0f} MiB"),
        (fact.memory_usage, "memory {:.0f} %"),
        (fact.processes, "{} processes"),
        (fact.error_count, "{} errors"),
        (fact.response_ms, "answers in {:.0f} ms"),
        ("suspended by somebody" if fact.stopped else None, "{}"),
    ]
    said = ", ".join(form.format(value) for value, form in figures if value is not None)
    how = "measured" if fact.source == "measured" else "says of itself"
    return f"{fact.agent} {how}: {said or 'nothing known'}"


def _answering(fact: e.AgentHealth) -> str:
    """Return how an agent has answered a ping, or that it has not."""
    if fact.response_ms is not None:
        took = fact.response_ms
        return f"answered a ping in {f'{took:.0f} ms' if took < _MS_TOLD else lasting(round(took))}"
    if fact.unanswered_ms is None:
        return "cannot be pinged any more"
    return f"has not answered a ping for {lasting(fact.unanswered_ms)}"


_MS_TOLD = 1_000
"""Below so many milliseconds they are told as such."""


def _wrote(fact: e.AgentOutput) -> str:
    last = fact.lines[-1] if fact.lines else ""
    more = len(fact.lines) - 1 + fact.dropped
    before = f" (after {more} more {'line' if more == 1 else 'lines'})" if more > 0 else ""
    return f"{fact.agent} wrote{before}: {last}"


def _exited(fact: e.AgentExited) -> str:
    subject = f"the process of {fact.agent}" + (f" for {fact.task}" if fact.task else "")
    if fact.lost:
        return f"{subject} was lost with the program"
    if fact.signal is not None:
        return join(f"{subject} was ended by {fact.signal}", fact.result)
    if fact.code == 0:
        return join(f"{subject} ended well", fact.result)
    code = "without an exit code" if fact.code is None else f"with exit code {fact.code}"
    return join(f"{subject} ended {code}", fact.result)


def _agent_moved(fact: e.AgentTransitioned) -> str:
    said = _agent_move_words(fact)
    return said if said.endswith(fact.reason) else join(said, fact.reason)


def _agent_move_words(fact: e.AgentTransitioned) -> str:
    task = fact.task or "its task"
    trigger = AgentTrigger
    match fact.trigger:
        case trigger.TASK_ASSIGNED:
            doing = f"was given {task}"
        case trigger.TASK_STARTED:
            doing = f"began {task}"
        case trigger.POST_TASK_HOOK_COMPLETE:
            doing = f"finished {task}"
        case trigger.TASK_WITHDRAWN:
            doing = f"no longer has {task}"
        case trigger.PAUSE:
            doing = f"was paused by {fact.by.told}" if fact.by is not None else "was paused"
        case trigger.RESUME | trigger.DEPENDENCY_READY:
            doing = "goes on"
        case trigger.DEPENDENCY_NOT_READY:
            doing = "waits"
        case trigger.RESTART:
            doing = "is started again"
        case trigger.STOP:
            doing = "was stopped"
        case trigger.START_FAILED:
            doing = "could not be started"
        case (
            trigger.AGENT_CREATED
            | trigger.PRE_TASK_HOOK_COMPLETE
            | trigger.RETURNED_TO_POOL
            | trigger.DISMISSED
            | trigger.PERFORMANCE_THRESHOLD_EXCEEDED
            | trigger.PERFORMANCE_RECOVERED
            | trigger.DEGRADATION_TIMEOUT
            | trigger.HEALTH_CHECK_FAILED
            | trigger.UNRECOVERABLE_ERROR
            | trigger.PROCESS_EXITED
        ):
            doing = f"is now {fact.to_state}"
        case _:
            assert_never(fact.trigger)
    return f"{fact.agent} {doing}"


def _of_task(
    fact: e.TaskCreated | e.TaskTransitioned | e.TaskRefused | e.TaskOutput | e.TaskReassigned,
) -> str:
    match fact:
        case e.TaskCreated():
            return f"{fact.task} joined the plan"
        case e.TaskTransitioned():
            return _task_moved(fact)
        case e.TaskRefused():
            state = f" while {fact.from_state}" if fact.from_state is not None else ""
            return f"{fact.task} refused {words(fact.trigger)}{state}: {fact.reason}"
        case e.TaskOutput():
            return f"{fact.task} delivered: {fact.value}"
        case e.TaskReassigned():
            return f"{fact.task} is meant for {fact.to_agent} now, instead of {fact.from_agent}"
        case _:
            assert_never(fact)


def _task_moved(fact: e.TaskTransitioned) -> str:
    by = f" by {fact.agent}" if fact.agent is not None else ""
    trigger = TaskTrigger
    match fact.trigger:
        case trigger.NEEDS_MET:
            return join(f"{fact.task} is ready", fact.reason)
        case trigger.NEEDS_LOST:
            return join(f"{fact.task} has to wait again", fact.reason)
        case trigger.ASSIGNED:
            return join(f"{fact.task} goes to {fact.agent}", fact.reason)
        case trigger.STARTED:
            return f"{fact.agent} began {fact.task}" if fact.agent else f"{fact.task} was begun"
        case trigger.SUBMITTED:
            return join(f"{fact.task} was handed in{by} for review", fact.reason)
        case trigger.SENT_BACK:
            return join(f"{fact.task} was sent back", fact.reason)
        case trigger.FINISHED:
            completed = f"{fact.agent or 'somebody'} completed {fact.task}"
            reviewed = fact.from_state is TaskState.REVIEWING
            return join(completed, fact.reason) if reviewed else completed
        case trigger.FAILED:
            return join(f"{fact.task} failed", fact.reason)
        case trigger.REQUEUED | trigger.RETRIED:
            return join(f"{fact.task} is ready again", fact.reason)
        case trigger.CANCELLED:
            return join(f"{fact.task} was cancelled", fact.reason)
        case trigger.REINSTATED:
            return join(f"{fact.task} is back in the plan", fact.reason)
        case _:
            assert_never(fact.trigger)


def _of_user(
    fact: e.UserAsked
    | e.UserSeen
    | e.UserNoticed
    | e.UserAnswered
    | e.UserExpired
    | e.UserWithdrawn
    | e.UserCommanded
    | e.UserFeedback,
) -> str:
    match fact:
        case e.UserAsked():
            return _asked(fact)
        case e.UserSeen():
            return f"{fact.question} was shown"
        case e.UserNoticed():
            return f"somebody is at a screen that tells of {fact.question}"
        case e.UserAnswered():
            return _answered(fact)
        case e.UserExpired():
            late = "" if fact.outcome == "fallback" else " in time"
            said = f"nobody answered {fact.question}{late}"
            return f"{said}; {consequence(fact.outcome, fact.value or '')}"
        case e.UserWithdrawn():
            return f"{fact.question} needs no answer any more: {fact.reason}"
        case e.UserCommanded():
            return _commanded(fact)
        case e.UserFeedback():
            verdict = f", {fact.verdict}" if fact.verdict else ""
            about = " by ".join(filter(None, (fact.task, fact.agent)))
            return f"{fact.by} on {about}{verdict}: {fact.text}"
        case _:
            assert_never(fact)


def _asked(fact: e.UserAsked) -> str:
    if fact.agent is not None:
        return f"{fact.agent} asks you {fact.question}: {fact.text}"
    if fact.about is not None:
        whom = fact.about.agent or fact.about.task
        about = f"{fact.about.matter} of {whom}" if whom is not None else fact.about.matter
        return f"you are asked {fact.question} ({about}): {fact.text}"
    held = f" (it holds {fact.task})" if fact.task is not None else ""
    return f"you are asked {fact.question}: {fact.text}{held}"


def _answered(fact: e.UserAnswered) -> str:
    by, about = fact.by, str(fact.question)
    if fact.as_before is not None:
        by, about = f"the answer of {by} to {fact.as_before}, which is remembered,", f"{about} too"
    kept = f", to be remembered for {lasting(fact.remember)}" if fact.remember else ""
    match fact.value:
        case "approve":
            return join(f"{by} approved {about}{kept}", fact.reason)
        case "reject":
            return join(f"{by} rejected {about}{kept}", fact.reason)
        case "":
            return f"{by} answered {about} with a secret"
        case _:
            return join(f"{by} answered {about}{kept}: {fact.value}", fact.reason)


def _commanded(fact: e.UserCommanded) -> str:
    if fact.command == "say" and not fact.refused:
        return f"{fact.by} to {fact.about}: {fact.reason}"
    what = {"auto_spawn": "switch auto-spawn", "switch_topology": "coordinate the swarm as"}.get(
        fact.command, words(fact.command)
    )
    about = f" {fact.about}" if fact.about else ""
    told = f"{fact.by} told the session to {what}{about}"
    refused = f"{told}, which was refused: {fact.refused}"
    return refused if fact.refused else join(told, fact.reason)


def consequence(
    outcome: Literal["default", "fallback", "cancelled", "escalated"], default: str = "reject"
) -> str:
    """Return what becomes of a question when its time is up."""
    match outcome:
        case "default":
            return f"its default counts, which is {'to ' if default == 'reject' else ''}{default}"
        case "fallback":
            return f"its fallback holds, which is {'to ' if default == 'reject' else ''}{default}"
        case "cancelled":
            return "what it holds is cancelled"
        case "escalated":
            return "it stays open, for it must be answered"
        case _:
            assert_never(outcome)


def _of_session(
    fact: e.SystemStarted
    | e.SystemResumed
    | e.SystemQuiesced
    | e.SystemStopping
    | e.SystemEnded
    | e.SystemDigest
    | e.SystemNotRecording
    | e.SystemClockJumped
    | e.SystemStraysEnded
    | e.SystemAttended,
) -> str:
    match fact:
        case e.SystemStarted():
            rehearsed = fact.mode is Mode.REHEARSAL
            how = "the rehearsal of" if rehearsed else "session"
            return f"{how} {fact.session} began"
        case e.SystemResumed():
            cut = f"; {fact.torn} bytes of a half-written line were cut off" if fact.torn else ""
            still = f" and it stood still for {lasting(fact.away_ms)}" if fact.away_ms else ""
            return f"the session goes on, after its program had ended{still}{cut}"
        case e.SystemQuiesced():
            return "nothing runs and nothing is due; only a human could go on"
        case e.SystemStopping():
            return join("the session is ending", fact.reason)
        case e.SystemEnded():
            return join(f"the session ended {fact.outcome}", fact.reason)
        case e.SystemDigest():
            return f"the state has digest {fact.state}"
        case e.SystemNotRecording():
            seconds = fact.lasted_ms / 1000
            return f"nothing could be recorded for {seconds:.1f} s: {fact.error}"
        case e.SystemClockJumped():
            return _jumped(fact)
        case e.SystemAttended():
            return "somebody is there again" if fact.attended else "nobody is there any more"
        case e.SystemStraysEnded():
            return _strays(fact)
        case _:
            assert_never(fact)


def _strays(fact: e.SystemStraysEnded) -> str:
    one = len(fact.agents) == 1
    number = "an agent" if one else f"{len(fact.agents)} agents"
    fate = "still ran and was ended" if one else "still ran and were ended"
    return f"{number} of {fact.session}, whose program had died, {fate}: {listed(fact.agents)}"


def _of_swarm(
    fact: e.SystemTopologyChanged
    | e.SystemTakenOver
    | e.SystemDeadlockFound
    | e.SystemDeadlockCleared
    | e.SystemCycleBroken
    | e.SystemSampled
    | e.SystemStrategyApplied,
) -> str:
    if isinstance(fact, e.SystemSampled | e.SystemStrategyApplied):
        return _of_adaptation(fact)
    if isinstance(fact, e.SystemTopologyChanged | e.SystemTakenOver):
        return _of_coordination(fact)
    return _of_deadlock(fact)


def _of_adaptation(fact: e.SystemSampled | e.SystemStrategyApplied) -> str:
    if isinstance(fact, e.SystemStrategyApplied):
        back = " is taken back" if fact.undone else ""
        return f"strategy {fact.strategy}{back}: {fact.what}"
    if not fact.findings:
        return "the swarm was judged: nothing is wrong with how it works any more"
    return "; ".join(found.text for found in fact.findings)


def _of_deadlock(
    fact: e.SystemDeadlockFound | e.SystemDeadlockCleared | e.SystemCycleBroken,
) -> str:
    match fact:
        case e.SystemDeadlockFound():
            return f"deadlock {fact.deadlock}: {fact.text}"
        case e.SystemDeadlockCleared():
            return f"deadlock {fact.deadlock} is over"
        case e.SystemCycleBroken(way="begin"):
            return f"{fact.task} gives way no more, to break {fact.deadlock}"
        case e.SystemCycleBroken(way="withdraw"):
            after = "" if fact.gives_way_to is None else f", after {fact.gives_way_to}"
            lost = f"; {lasting(fact.lost_ms)} of work are lost"
            return (
                f"{fact.agent} gives way in {fact.deadlock}: {fact.task} begins anew{after}{lost}"
            )
        case e.SystemCycleBroken(way="refuse"):
            return f"{fact.agent} is refused in {fact.deadlock} what {fact.task} waits for"
        case e.SystemCycleBroken():
            return f"{fact.task} is cancelled, to break {fact.deadlock}"
        case _:
            assert_never(fact)


def _of_coordination(fact: e.SystemTopologyChanged | e.SystemTakenOver) -> str:
    if isinstance(fact, e.SystemTopologyChanged):
        return f"the swarm is coordinated as {fact.to_shape} instead of {fact.from_shape}"
    because = {
        "gone": "whose process has ended",
        "paused": "which is paused",
        "silent": "which does not get on",
        "deaf": "which could not be told",
        "switched": "which does not stand on the way any more",
    }[fact.why]
    count = len(fact.messages)
    what = f"message m{fact.messages[0]} goes" if count == 1 else f"{count} messages go"
    return f"{what} on without {fact.agent}, {because}"


def _jumped(fact: e.SystemClockJumped) -> str:
    parts = []
    if fact.wall_ms:
        way = "ahead" if fact.wall_ms > 0 else "back"
        parts.append(f"the wall clock went {lasting(abs(fact.wall_ms))} {way}")
    if fact.stalled_ms:
        parts.append(f"the program did not run for {lasting(fact.stalled_ms)}")
    if fact.late:
        parts.append(f"none of {fact.late} agents answered, all at once")
    return f"{listed(parts) or 'the clock jumped'}; nobody counts as ill because of that"


def _of_action(fact: e.SystemDecided | e.SystemIntended | e.SystemDone) -> str:
    match fact:
        case e.SystemDecided():
            verdict = "decided" if fact.verdict == "yes" else "decided against acting"
            return f"rule {fact.rule} {verdict}: {fact.reason}"
        case e.SystemIntended():
            soon = "would" if fact.would else "about to"
            what = _effect(fact.effect, fact.agent, f"the {fact.about} hook")
            if fact.feedback and fact.effect == "tell":
                what = f"tell {fact.agent} feedback {' '.join(fact.feedback)}"
            elif fact.feedback:
                what += f" with feedback {' '.join(fact.feedback)}"
            if fact.message is not None:
                what = f"hand message m{fact.message} from {fact.about} to {fact.agent}"
            if fact.question is not None:
                what = f"call somebody because of {fact.question}"
            return join(f"{soon} {what}", " ".join(fact.command))
        case e.SystemDone():
            if fact.lost:
                return f"nobody knows whether this was done: {_effect(fact.effect, fact.agent)}"
            if fact.error and fact.effect == "run_hook":
                return f"a hook of {fact.agent or 'the session'} {fact.error}"
            if fact.error:
                return f"could not {_effect(fact.effect, fact.agent)}: {fact.error}"
            pid = f" (pid {fact.pid})" if fact.pid is not None else ""
            return f"{_done(fact.effect, fact.agent)}{pid}"
        case _:
            assert_never(fact)


def _effect(effect: Effect, agent: AgentId | None, hook: str = "a hook") -> str:
    match effect:
        case "start_process":
            return f"start the process of {agent}"
        case "stop_process":
            return f"end the process of {agent}"
        case "pause_process":
            return f"suspend the process of {agent}"
        case "resume_process":
            return f"continue the process of {agent}"
        case "hand_task":
            return f"hand {agent} its task"
        case "tell":
            return f"tell {agent} something"
        case "run_hook":
            return f"run {hook} of {agent or 'the session'}"
        case "stop_hook":
            return f"end {hook} of {agent or 'the session'}"
        case _:
            assert_never(effect)


def _done(effect: Effect, agent: AgentId | None) -> str:
    match effect:
        case "start_process":
            return f"the process of {agent} runs"
        case "stop_process":
            return f"the process of {agent} was told to end"
        case "pause_process":
            return f"the process of {agent} is suspended"
        case "resume_process":
            return f"the process of {agent} goes on"
        case "hand_task":
            return f"{agent} was handed its task"
        case "tell":
            return f"{agent} was told"
        case "run_hook":
            return f"a hook of {agent or 'the session'} is done"
        case "stop_hook":
            return f"a hook of {agent or 'the session'} was told to end"
        case _:
            assert_never(effect)


def _of_system(
    fact: e.SystemMemorySet
    | e.SystemLocked
    | e.SystemUnlocked
    | e.SystemIssueOpened
    | e.SystemIssueRepeated
    | e.SystemIssueClosed
    | e.SystemTimerSet
    | e.SystemTimerFired,
) -> str:
    match fact:
        case e.SystemMemorySet():
            by = f" by {fact.agent}" if fact.agent is not None else ""
            return f"memory key {fact.key} was set{by}"
        case e.SystemLocked():
            return f"{fact.agent} locked {fact.resource} for {fact.task}"
        case e.SystemUnlocked():
            return f"{fact.agent} gave back {fact.resource}, which was locked for {fact.task}"
        case e.SystemIssueOpened():
            return f"{fact.severity} issue {fact.issue}: {fact.text}"
        case e.SystemIssueRepeated():
            return f"{fact.severity} issue {fact.issue} again" + (fact.text and f": {fact.text}")
        case e.SystemIssueClosed():
            return f"issue {fact.issue} is settled: {fact.reason}"
        case e.SystemTimerSet():
            return f"timer {fact.timer} was set"
        case e.SystemTimerFired():
            return f"the time of {fact.timer} came"
        case _:
            assert_never(fact)
