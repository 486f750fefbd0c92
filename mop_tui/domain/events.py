"""Everything that can happen in a session, one data class per kind.

An event is an immutable fact. `seq` counts from 1 without gaps, `at` is session time in
milliseconds, `cause` is the `seq` of the event that led to it. A record's `kind` is fixed by the
class of its `data`; kinds may be added, never reused.

Kinds fall into five categories, told by their first word: `file`, `agent`, `task`, `user` and
`system`.
"""

from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

from pydantic import JsonValue

from mop_tui.domain.actions import Action, Concern, Effect, Spawning, TimerPurpose
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.answers import ANYTHING, InputType, Option, QuestionType, Validation
from mop_tui.domain.correspondence import TakenOver
from mop_tui.domain.deadlock import Way
from mop_tui.domain.health import HealthChecks, Level, Reading
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    CommandId,
    DeadlockId,
    FeedbackId,
    IssueId,
    MemoryKey,
    MessageId,
    QuestionId,
    QuestionName,
    Resource,
    TaskId,
    TimerId,
    TriggerName,
)
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import (
    AgentSpec,
    Calling,
    Mode,
    QuestionSpec,
    TaskSpec,
    TeamSpec,
    Topology,
)
from mop_tui.domain.reactions import Reactions
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.shapes import Shape
from mop_tui.domain.strategies import Found, Pressure, Remedial
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.triggers import Limits, TriggerSpec
from mop_tui.domain.wait_graph import Node


class Fact:
    """What happened: the `data` of an event. Each subclass is one kind."""

    __slots__ = ()
    KIND: ClassVar[str]


D_co = TypeVar("D_co", bound=Fact, covariant=True)


@immutable
class Event(Generic[D_co]):
    """One record of a session."""

    seq: int
    at: int
    kind: str
    cause: int | None
    data: D_co


AnyEvent = Event[Any]

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""


# -- files ----------------------------------------------------------------------------------------


@immutable
class FileCreated(Fact):
    """A file is there that was not there before; `path` is relative to the session's root."""

    KIND: ClassVar[str] = "file.created"
    path: str
    stamp: str
    """What tells this content of it from another: times, size and place on the disk."""


@immutable
class FileModified(Fact):
    """A file has other content than before."""

    KIND: ClassVar[str] = "file.modified"
    path: str
    stamp: str


@immutable
class FileDeleted(Fact):
    """A file is gone."""

    KIND: ClassVar[str] = "file.deleted"
    path: str


# -- agents ---------------------------------------------------------------------------------------


@immutable
class AgentSpawned(Fact):
    """A slot came into being, in state SPAWNING."""

    KIND: ClassVar[str] = "agent.spawned"
    agent: AgentId
    spec: AgentSpec


@immutable
class AgentTransitioned(Fact):
    """An agent moved along its lifecycle. `task` is set where the move is about one."""

    KIND: ClassVar[str] = "agent.transitioned"
    agent: AgentId
    trigger: AgentTrigger
    from_state: AgentState
    to_state: AgentState
    reason: str
    task: TaskId | None = None
    by: PausedBy | None = None


@immutable
class AgentRefused(Fact):
    """A move that the lifecycle does not allow was asked for and not made."""

    KIND: ClassVar[str] = "agent.refused"
    agent: AgentId
    trigger: AgentTrigger
    from_state: AgentState | None
    reason: str


@immutable
class AgentProgressed(Fact):
    """An agent reported how far its task is, in percent."""

    KIND: ClassVar[str] = "agent.progressed"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    percent: int
    note: str = ""


@immutable
class AgentOutput(Fact):
    """The latest lines an agent wrote; `dropped` more of the same stretch are in its log alone."""

    KIND: ClassVar[str] = "agent.output"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    lines: tuple[str, ...]
    dropped: int = 0


@immutable
class AgentHealth(Fact):
    """How an agent is, by one source; what that does not tell is None.

    `measured` is what the system says of its processes, `reported` what it says of itself, `ping`
    how long it took to answer.
    """

    KIND: ClassVar[str] = "agent.health"
    agent: AgentId
    incarnation: int
    source: Literal["measured", "reported", "ping"]
    cpu_usage: float | None = None
    """Percent of the agent's declared limit, or as reported."""
    memory_usage: float | None = None
    """Percent of the agent's declared limit, or as reported."""
    cpu_cores: float | None = None
    """Cores in use."""
    memory_bytes: int | None = None
    processes: int | None = None
    idle_ms: int | None = None
    """For how long it has not used a processor."""
    status: Literal["healthy", "degraded", "unhealthy"] | None = None
    error_count: int | None = None
    response_ms: float | None = None
    unanswered_ms: int | None = None
    """For how long a ping has waited for its answer."""
    stopped: bool | None = None
    """Somebody has suspended all its processes."""


@immutable
class AgentChecked(Fact):
    """An agent was checked: how it is by what is known of it, and what is wrong.

    Checks of an agent that is well, and has been, are not recorded.
    """

    KIND: ClassVar[str] = "agent.checked"
    agent: AgentId
    incarnation: int
    level: Level
    findings: tuple[Reading, ...] = ()
    """What is wrong, worst first."""


PROTOCOL_VIOLATION = "protocol_violation"
"""The type of the error that an agent said something that makes no sense."""


@immutable
class AgentErred(Fact):
    """Something went wrong in an agent, which goes on.

    It said so itself (`protocol`), a line it wrote looks so (`pattern`), or the host noticed: what
    it said made no sense (`PROTOCOL_VIOLATION`), or something could not be done for it.
    """

    KIND: ClassVar[str] = "agent.erred"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    type: str
    message: str
    source: Literal["protocol", "pattern", "host"]


@immutable
class AgentAsked(Fact):
    """An agent asked the human, and waits for the answer."""

    KIND: ClassVar[str] = "agent.asked"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    ask: AskId
    question: QuestionSpec


@immutable
class AgentWaiting(Fact):
    """An agent waits for a key of the shared memory."""

    KIND: ClassVar[str] = "agent.waiting"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    ask: AskId
    key: MemoryKey


@immutable
class AgentLocking(Fact):
    """An agent asks for a lock, and waits until it has it."""

    KIND: ClassVar[str] = "agent.locking"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    ask: AskId
    resource: Resource


@immutable
class AgentUnlocking(Fact):
    """An agent gives back what it locked itself."""

    KIND: ClassVar[str] = "agent.unlocking"
    agent: AgentId
    incarnation: int
    resource: Resource


@immutable
class AgentMessaged(Fact):
    """An agent said something to another, to `coordinator` or to `operator`."""

    KIND: ClassVar[str] = "agent.messaged"
    agent: AgentId
    incarnation: int
    to: str
    text: str
    severity: Severity = "info"


@immutable
class AgentRelayed(Fact):
    """An agent has dealt with a message that it was handed to relay."""

    KIND: ClassVar[str] = "agent.relayed"
    agent: AgentId
    incarnation: int
    message: MessageId


@immutable
class AgentFinished(Fact):
    """An agent is done with its task and lives on; `failed` is the type of what failed, if any."""

    KIND: ClassVar[str] = "agent.finished"
    agent: AgentId
    incarnation: int
    task: TaskId
    result: str
    failed: str = ""
    message: str = ""


@immutable
class AgentExited(Fact):
    """An agent's process ended: by itself with `code`, or by `signal`."""

    KIND: ClassVar[str] = "agent.exited"
    agent: AgentId
    incarnation: int
    task: TaskId | None
    code: int | None
    signal: str | None = None
    result: str = ""
    """What it delivered; else the last line it wrote, which is what a program that speaks no
    protocol has to say for itself."""
    done: bool = False
    """It had said that its work is done, so that being ended was no failure."""
    failed: str = ""
    """The type of error that its exit code, or its own word, names."""
    message: str = ""
    """What it said about that."""
    lost: bool = False
    """The program itself ended meanwhile, so how the process ended is not known."""


# -- tasks ----------------------------------------------------------------------------------------


@immutable
class TaskCreated(Fact):
    """A task joined the plan, in state PENDING."""

    KIND: ClassVar[str] = "task.created"
    task: TaskId
    spec: TaskSpec


@immutable
class TaskTransitioned(Fact):
    """A task moved along its lifecycle. `agent` is set where an agent takes, has or leaves it."""

    KIND: ClassVar[str] = "task.transitioned"
    task: TaskId
    trigger: TaskTrigger
    from_state: TaskState
    to_state: TaskState
    reason: str
    agent: AgentId | None = None
    because_of: TaskId | None = None
    """It is cancelled because it needs this one, which failed or was cancelled."""


@immutable
class TaskRefused(Fact):
    """A move that the lifecycle does not allow was asked for and not made."""

    KIND: ClassVar[str] = "task.refused"
    task: TaskId
    trigger: TaskTrigger
    from_state: TaskState | None
    reason: str


@immutable
class TaskOutput(Fact):
    """The result that a task delivered at its end."""

    KIND: ClassVar[str] = "task.output"
    task: TaskId
    agent: AgentId
    value: str


@immutable
class TaskReassigned(Fact):
    """A task that was meant for one agent, and not begun, is meant for another from now on."""

    KIND: ClassVar[str] = "task.reassigned"
    task: TaskId
    from_agent: AgentId
    to_agent: AgentId


# -- the human ------------------------------------------------------------------------------------


@immutable
class UserAsked(Fact):
    """A question was put to the human, with exactly this content.

    `due` is when it times out (session time); `digest` names the content, so that an answer can
    say what precisely it approved.
    """

    KIND: ClassVar[str] = "user.asked"
    question: QuestionId
    name: QuestionName
    text: str
    question_type: QuestionType
    context: tuple[tuple[str, JsonValue], ...]
    task: TaskId | None
    required: bool
    dangerous: bool
    default: str | None
    due: int | None
    digest: str
    options: tuple[Option, ...] = ()
    input_type: InputType = "text"
    validation: Validation = ANYTHING
    agent: AgentId | None = None
    """Who asks; None for the gate of `task`."""
    ask: AskId | None = None
    """What that agent calls the question."""
    doubt: bool = False
    """It is about what becomes of `task`, which was being done when the program ended."""
    trigger: TriggerName | None = None
    """What had it asked, if that was a trigger."""
    proposal: tuple[Spawning, ...] = ()
    """What is spawned if the human approves."""
    about: Concern | None = None
    """What a rule asks about by itself; it holds nothing then."""
    regards: TaskId | None = None
    """The task because of which the trigger fired; it does not wait for the answer."""
    class_name: str = ""
    """What kind of thing it is about; empty for none."""
    fallback: str | None = None
    on_answer: Reactions = ()
    """What is done for each answer."""

    @property
    def subject(self) -> TaskId | None:
        """The task that it is about, whether that waits for the answer or not."""
        concerned = None if self.about is None else self.about.task
        return self.task or self.regards or concerned

    @property
    def secret(self) -> bool:
        """True if the answer must never be written down."""
        return self.question_type == "input" and self.input_type == "password"


@immutable
class UserSeen(Fact):
    """A question was first painted on a screen."""

    KIND: ClassVar[str] = "user.seen"
    question: QuestionId


@immutable
class UserNoticed(Fact):
    """Somebody is at a screen that tells of an open question: a key or the mouse says so.

    That a question was painted says nothing of the kind; the screen may stand in an empty room.
    """

    KIND: ClassVar[str] = "user.noticed"
    question: QuestionId


@immutable
class UserAnswered(Fact):
    """A human answered; `digest` is that of the content the answer is about."""

    KIND: ClassVar[str] = "user.answered"
    question: QuestionId
    value: str
    """Empty where the answer is a secret."""
    reason: str
    by: str
    digest: str
    command: CommandId | None = None
    remember: int = 0
    """For how many milliseconds it is to be remembered."""
    as_before: QuestionId | None = None
    """The question whose remembered answer this is; whoever gave that has not seen this one."""


@immutable
class UserExpired(Fact):
    """Nobody answered in time, or nobody is there who could. This is its own outcome: no approval,
    and nobody's denial."""

    KIND: ClassVar[str] = "user.expired"
    question: QuestionId
    outcome: Literal["default", "fallback", "cancelled", "escalated"]
    value: str | None = None


@immutable
class UserWithdrawn(Fact):
    """A question no longer needs an answer."""

    KIND: ClassVar[str] = "user.withdrawn"
    question: QuestionId
    reason: str


@immutable
class UserCommanded(Fact):
    """The operator told the program to do something; `refused` says why it does not."""

    KIND: ClassVar[str] = "user.commanded"
    command: str
    id: CommandId | None
    by: str
    about: str = ""
    reason: str = ""
    refused: str = ""
    value: JsonValue = None
    """What it is to be, or the details of what is wanted."""


Verdict = Literal["good", "bad"]


@immutable
class UserFeedback(Fact):
    """The operator says something of an agent's work, of a task, or of both."""

    KIND: ClassVar[str] = "user.feedback"
    feedback: FeedbackId
    text: str
    by: str
    agent: AgentId | None = None
    task: TaskId | None = None
    verdict: Verdict | None = None
    command: CommandId | None = None


# -- the system -----------------------------------------------------------------------------------


@immutable
class SystemStarted(Fact):
    """A session began."""

    KIND: ClassVar[str] = "system.started"
    session: str
    project: str
    goal: str
    mode: Mode
    attended: bool
    """Somebody is there who can answer questions."""
    max_agents: int | None
    teams: tuple[TeamSpec, ...]
    seed: int = 0
    triggers: tuple[TriggerSpec, ...] = ()
    limits: Limits = Limits()
    auto_spawn: bool = True
    keep_running: bool = False
    kinds: tuple[str, ...] = ()
    """The types of agents that may be spawned."""
    health: HealthChecks = HealthChecks()
    """How agents are checked whose type does not say otherwise."""
    coordinator: AgentId | None = None
    """The agent that is told of what concerns the whole."""
    calling: Calling = Calling()
    """How the operator is called."""
    topology: Topology = "adaptive"
    """What the layout asks for."""
    shape: Shape = "mesh"
    """How the swarm is coordinated to begin with."""


@immutable
class SystemResumed(Fact):
    """A session whose program had ended goes on, in another program. No process of it runs.

    What was running or about to be done is told by `lost` facts that follow from this one.
    """

    KIND: ClassVar[str] = "system.resumed"
    attended: bool
    """Somebody is there who can answer questions."""
    away_ms: int = 0
    """For how long, by the wall clock, the session stood still; 0 in a rehearsal."""
    torn: int = 0
    """Bytes of a half-written line that were cut off the end of the session file."""


@immutable
class SystemQuiesced(Fact):
    """Nothing runs, nothing is due and nothing was said: only a human could move this session."""

    KIND: ClassVar[str] = "system.quiesced"


@immutable
class SystemStopping(Fact):
    """Nothing more is begun, and the session ends once what runs has ended."""

    KIND: ClassVar[str] = "system.stopping"
    reason: str


Outcome = Literal["complete", "incomplete", "waiting", "stopped", "terminated"]


@immutable
class SystemEnded(Fact):
    """A session ended. `counts` has one entry per task state that occurs."""

    KIND: ClassVar[str] = "system.ended"
    outcome: Outcome
    reason: str
    events: int
    counts: dict[str, int]


@immutable
class SystemDecided(Fact):
    """A rule looked at the event that caused this record, and ordered `actions`, or none."""

    KIND: ClassVar[str] = "system.decided"
    rule: str
    verdict: Literal["yes", "no"]
    reason: str
    actions: tuple[Action, ...] = ()
    agent: AgentId | None = None
    task: TaskId | None = None


RESTART = "restart"
"""A process is ended for a trigger wants its agent to have a new one."""
GAVE_WAY = "gives way"
"""It is taken out of a deadlock, and its task is begun anew later."""
CURED = "unhealthy, restart"
"""It is unhealthy, and supervision wants its agent to have a new one."""
GIVEN_UP = "unhealthy"
"""It is unhealthy, and supervision gives it up."""


@immutable
class SystemIntended(Fact):
    """A side effect that must not be repeated is about to happen."""

    KIND: ClassVar[str] = "system.intended"
    action: ActionId
    effect: Effect
    agent: AgentId | None
    """None for a hook of the session."""
    task: TaskId | None
    incarnation: int
    """Which process of the agent it is about; of a hook, the how manyth of the session it is."""
    command: tuple[str, ...] = ()
    """What is run, as the layout writes it: look-ups not filled in."""
    would: bool = False
    """This is a rehearsal: the effect is played, not done."""
    ask: AskId | None = None
    """Which question of the agent a `tell` answers."""
    about: str = ""
    """What else a `tell` is about: the task cancelled, or who sends a message; and which hook. Of a
    `stop_process`: what for, if that matters later (`RESTART`, `GAVE_WAY`, `CURED`, `GIVEN_UP`)."""
    files: tuple[str, ...] = ()
    """The files that a `post_edit` hook is told of."""
    feedback: tuple[FeedbackId, ...] = ()
    """What the operator said that is told, or handed over with a task."""
    question: QuestionId | None = None
    """What a `call` hook is about."""
    message: MessageId | None = None
    """The message that a `tell` hands over, and through how many hands it has gone then:"""
    hops: int = 0


@immutable
class SystemDone(Fact):
    """The side effect `action` happened, or failed with `error`."""

    KIND: ClassVar[str] = "system.done"
    action: ActionId
    effect: Effect
    agent: AgentId | None
    error: str = ""
    pid: int | None = None
    lost: bool = False
    """The program ended before it recorded whether it had done this, which nobody knows now."""


@immutable
class SystemMemorySet(Fact):
    """A key of the shared memory has a new value."""

    KIND: ClassVar[str] = "system.memory_set"
    key: MemoryKey
    value: JsonValue
    agent: AgentId | None = None
    task: TaskId | None = None


@immutable
class SystemFired(Fact):
    """A trigger fired; what was done because of it follows from the same decision."""

    KIND: ClassVar[str] = "system.fired"
    trigger: TriggerName
    depth: int
    """How many triggers fired because of each other, this one included."""
    key: str = ""
    """What it fired for, of which it fires only once; empty where it does not matter."""


@immutable
class SystemRefused(Fact):
    """A trigger did not fire, for a limit was in the way."""

    KIND: ClassVar[str] = "system.refused"
    trigger: TriggerName
    limit: str
    """Which: a key of `limits`."""
    depth: int = 1
    """How many triggers would have fired because of each other, this one included."""


@immutable
class SystemNotified(Fact):
    """The operator is told something by a trigger."""

    KIND: ClassVar[str] = "system.notified"
    trigger: TriggerName
    text: str


@immutable
class SystemWatching(Fact):
    """From now on files are watched whose paths match one of `patterns`."""

    KIND: ClassVar[str] = "system.watching"
    patterns: tuple[str, ...]
    known: tuple[tuple[str, str], ...] = ()
    """The files that are there already, with their stamps."""
    would: bool = False
    """This is a rehearsal: no file is looked at."""
    trouble: str = ""
    """Why they cannot be watched, or not well."""


@immutable
class SystemScheduled(Fact):
    """The time of a trigger came."""

    KIND: ClassVar[str] = "system.scheduled"
    trigger: TriggerName


@immutable
class SystemLocked(Fact):
    """A resource was locked: nobody else may use it until `agent` has let go of `task`, or gives
    back what it asked for itself."""

    KIND: ClassVar[str] = "system.locked"
    resource: Resource
    task: TaskId
    agent: AgentId


@immutable
class SystemUnlocked(Fact):
    """A resource that had been locked for `task` was given back."""

    KIND: ClassVar[str] = "system.unlocked"
    resource: Resource
    task: TaskId
    agent: AgentId


@immutable
class SystemIssueOpened(Fact):
    """Something needs attention."""

    KIND: ClassVar[str] = "system.issue_opened"
    issue: IssueId
    severity: Severity
    text: str
    suggestion: str
    agent: AgentId | None = None
    task: TaskId | None = None
    trigger: TriggerName | None = None
    key: str = ""
    """What it is known by while it is open; empty: by its text and whom that is about."""
    remedy: Remedy | None = None
    """What the operator can do about it with one key."""


@immutable
class SystemIssueRepeated(Fact):
    """An issue that is open came up again. If `text` is empty, in the same words as before."""

    KIND: ClassVar[str] = "system.issue_repeated"
    issue: IssueId
    severity: Severity
    text: str = ""
    suggestion: str = ""
    remedy: Remedy | None = None


@immutable
class SystemIssueClosed(Fact):
    """What needed attention no longer does."""

    KIND: ClassVar[str] = "system.issue_closed"
    issue: IssueId
    reason: str


@immutable
class SystemTimerSet(Fact):
    """At `due` (session time) `timer` will fire."""

    KIND: ClassVar[str] = "system.timer_set"
    timer: TimerId
    due: int
    question: QuestionId | None = None
    task: TaskId | None = None
    purpose: TimerPurpose = "question"


@immutable
class SystemTimerFired(Fact):
    """A timer's time came."""

    KIND: ClassVar[str] = "system.timer_fired"
    timer: TimerId


@immutable
class SystemDigest(Fact):
    """A hash over all changes of state so far; equal digests mean equal histories."""

    KIND: ClassVar[str] = "system.digest"
    state: str


@immutable
class SystemClockJumped(Fact):
    """Time went by that says nothing about agents: nobody is ill because of it.

    The wall clock was set, or the machine slept, by `wall_ms` (less than 0: back); the program
    itself did not run for `stalled_ms`; or none of the `late` agents that are pinged answered, all
    at once.
    """

    KIND: ClassVar[str] = "system.clock_jumped"
    wall_ms: int = 0
    stalled_ms: int = 0
    late: int = 0


@immutable
class SystemTopologyChanged(Fact):
    """From now on the swarm is coordinated in another shape."""

    KIND: ClassVar[str] = "system.topology_changed"
    from_shape: Shape
    to_shape: Shape


@immutable
class SystemSampled(Fact):
    """The swarm was judged: what is in use, and what is wrong with how it works.

    Shares are percent; what nobody knows is None. Judgements that find nothing, where nothing was
    found before, are not recorded.
    """

    KIND: ClassVar[str] = "system.sampled"
    cpu: float | None = None
    """Of the machine's processors, `cores` of them; and of its memory:"""
    memory: float | None = None
    cores: int | None = None
    of_limit_cpu: float | None = None
    """What agents use of `limits.cpu`, and of `limits.memory`:"""
    of_limit_memory: float | None = None
    findings: tuple[Found, ...] = ()
    """What is wrong, the most pressing first."""


@immutable
class SystemStrategyApplied(Fact):
    """A strategy was applied, or what it had done was taken back."""

    KIND: ClassVar[str] = "system.strategy_applied"
    strategy: str
    trigger: Pressure
    action: Remedial
    undone: bool
    what: str
    """What was done, in one sentence."""
    agents: tuple[AgentId, ...] = ()
    """Who was paused, goes on, or leaves."""
    cores: tuple[float | None, ...] = ()
    """What each of them used when it was paused."""


@immutable
class SystemDeadlockFound(Fact):
    """These wait for each other in a circle, or one waits for what nobody is left to do."""

    KIND: ClassVar[str] = "system.deadlock_found"
    deadlock: DeadlockId
    cycle: tuple[Node, ...]
    """Each waits for the next, and the last for the first."""
    hopeless: Node | None
    """What the only one in `cycle` waits for in vain."""
    text: str


@immutable
class SystemDeadlockCleared(Fact):
    """A deadlock is over."""

    KIND: ClassVar[str] = "system.deadlock_cleared"
    deadlock: DeadlockId


@immutable
class SystemCycleBroken(Fact):
    """Somebody is taken out of a deadlock, so that the others can go on."""

    KIND: ClassVar[str] = "system.cycle_broken"
    deadlock: DeadlockId
    way: Way
    task: TaskId
    agent: AgentId | None
    gives_way_to: TaskId | None
    """The task that goes first where one is begun anew."""
    lost_ms: int
    """For how long the task was worked on that is begun anew or cancelled."""
    by: str


@immutable
class SystemTakenOver(Fact):
    """Messages that `agent` was to relay are out of its hands, and go on without it."""

    KIND: ClassVar[str] = "system.taken_over"
    agent: AgentId
    messages: tuple[MessageId, ...]
    why: TakenOver


@immutable
class SystemNotRecording(Fact):
    """Writing the journal failed for a while; nothing was acted upon meanwhile."""

    KIND: ClassVar[str] = "system.not_recording"
    error: str
    lasted_ms: int


@immutable
class SystemStraysEnded(Fact):
    """Processes of a session whose program died were still running, and were ended."""

    KIND: ClassVar[str] = "system.strays_ended"
    session: str
    """The name of the register that they were found in."""
    agents: tuple[AgentId, ...]


@immutable
class SystemAttended(Fact):
    """Somebody came who can answer questions, or nobody is left, nor can come, who could."""

    KIND: ClassVar[str] = "system.attended"
    attended: bool


# -- what this version does not know --------------------------------------------------------------


@immutable
class Unknown(Fact):
    """A fact of a kind that a newer version added: kept and shown, never folded, never written.

    Its event keeps the kind it came with; `fields` is its `data` as it stands in the journal.
    """

    KIND: ClassVar[str] = "unknown"
    fields: dict[str, JsonValue]


FACTS: tuple[type[Fact], ...] = (
    FileCreated,
    FileModified,
    FileDeleted,
    AgentSpawned,
    AgentTransitioned,
    AgentRefused,
    AgentProgressed,
    AgentOutput,
    AgentHealth,
    AgentChecked,
    AgentErred,
    AgentAsked,
    AgentWaiting,
    AgentLocking,
    AgentUnlocking,
    AgentMessaged,
    AgentRelayed,
    AgentFinished,
    AgentExited,
    TaskCreated,
    TaskTransitioned,
    TaskRefused,
    TaskOutput,
    TaskReassigned,
    UserAsked,
    UserSeen,
    UserNoticed,
    UserAnswered,
    UserExpired,
    UserWithdrawn,
    UserCommanded,
    UserFeedback,
    SystemStarted,
    SystemResumed,
    SystemQuiesced,
    SystemStopping,
    SystemEnded,
    SystemDecided,
    SystemIntended,
    SystemDone,
    SystemMemorySet,
    SystemFired,
    SystemRefused,
    SystemNotified,
    SystemWatching,
    SystemScheduled,
    SystemLocked,
    SystemUnlocked,
    SystemIssueOpened,
    SystemIssueRepeated,
    SystemIssueClosed,
    SystemTimerSet,
    SystemTimerFired,
    SystemDigest,
    SystemClockJumped,
    SystemTopologyChanged,
    SystemSampled,
    SystemStrategyApplied,
    SystemDeadlockFound,
    SystemDeadlockCleared,
    SystemCycleBroken,
    SystemTakenOver,
    SystemNotRecording,
    SystemStraysEnded,
    SystemAttended,
)

BY_KIND: dict[str, type[Fact]] = {fact.KIND: fact for fact in FACTS}

INPUTS: frozenset[str] = frozenset(
    fact.KIND
    for fact in (
        FileCreated,
        FileModified,
        FileDeleted,
        AgentProgressed,
        AgentOutput,
        AgentHealth,
        AgentChecked,
        AgentErred,
        AgentAsked,
        AgentWaiting,
        AgentLocking,
        AgentUnlocking,
        AgentMessaged,
        AgentRelayed,
        AgentFinished,
        AgentExited,
        UserSeen,
        UserNoticed,
        UserAnswered,
        UserCommanded,
        UserFeedback,
        SystemStarted,
        SystemResumed,
        SystemQuiesced,
        SystemDone,
        SystemMemorySet,
        SystemWatching,
        SystemScheduled,
        SystemTimerFired,
        SystemClockJumped,
        SystemSampled,
        SystemNotRecording,
        SystemStraysEnded,
        SystemAttended,
    )
)
"""Kinds that may come from outside. All else follows from them: same inputs, same journal."""

ALSO_FOLLOWING: frozenset[str] = frozenset((SystemMemorySet.KIND, UserAnswered.KIND))
"""Those of them that rules may also order. Then their cause is a decision, and else it is not."""

TELEMETRY: frozenset[str] = frozenset(
    fact.KIND
    for fact in (AgentProgressed, AgentOutput, AgentHealth, UserSeen, UserNoticed, SystemDigest)
)
"""Kinds that nothing is done because of, so that losing the last moments of them is bearable."""

MAY_LACK_CAUSE: frozenset[str] = frozenset(
    fact.KIND
    for fact in (
        *(FileCreated, FileModified, FileDeleted),
        *(UserCommanded, UserFeedback, SystemStarted, SystemResumed),
        *(SystemClockJumped, SystemSampled),
    )
)
"""Kinds that may stand at the beginning of a chain of causes."""
