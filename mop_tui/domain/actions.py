"""What a decision may order. Actions are plain values; the orchestrator carries them out.

Why an action is taken is said once, by the decision; what comes of it inherits that reason.

Each class has a `do` field that names it in the journal.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from mop_tui.domain.agent_lifecycle import AgentTrigger, PausedBy
from mop_tui.domain.correspondence import TakenOver
from mop_tui.domain.deadlock import Way
from mop_tui.domain.ids import (
    AgentId,
    AskId,
    DeadlockId,
    FeedbackId,
    IssueId,
    MemoryKey,
    MessageId,
    QuestionId,
    QuestionName,
    Resource,
    SpawnId,
    TaskId,
    TimerId,
    TriggerName,
)
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, HookName, QuestionSpec, TaskSpec
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.strategies import Pressure, Remedial
from mop_tui.domain.task_lifecycle import TaskTrigger
from mop_tui.domain.topology import Shape
from mop_tui.domain.wait_graph import Node

Effect = Literal[
    "start_process",
    "stop_process",
    "pause_process",
    "resume_process",
    "hand_task",
    "tell",
    "run_hook",
    "stop_hook",
]
"""Side effects on agents, and hooks."""

TimerPurpose = Literal["question", "retry", "timeout", "force", "call", "relay"]
"""What a timer is for: a question's time is up, a task has rested, took too long, or was not given
up when it was cancelled; it is time to call somebody because of a question, or to look after an
agent that relays messages."""

ReplyOutcome = Literal["answered", "default", "expired", "withdrawn", "refused"]
"""What became of a question that an agent asked."""


@immutable
class CreateTask:
    """Add a task of the plan to the session."""

    task: TaskId
    do: Literal["create_task"] = "create_task"


@immutable
class SpawnAgent:
    """Bring an agent of the plan into being, and give it a task if one is said."""

    agent: AgentId
    task: TaskSpec | None = None
    depth: int = 0
    """How many triggers led to it."""
    do: Literal["spawn_agent"] = "spawn_agent"


@immutable
class Fire:
    """Note that a trigger fired, as far down a chain of triggers as `depth` says."""

    trigger: TriggerName
    depth: int = 1
    key: str = ""
    """What it fired for, of which it fires only once; empty where it does not matter."""
    do: Literal["fire"] = "fire"


@immutable
class Refuse:
    """Note that a limit kept a trigger from firing, that far down a chain of triggers."""

    trigger: TriggerName
    limit: str
    depth: int = 1
    do: Literal["refuse"] = "refuse"


@immutable
class SpawnNew:
    """Bring an agent into being that the plan does not name, and give it a task if one is said.

    Agent and task get the next free numbers after `spec.id` and `task.id`. Nothing is spawned if
    `spawn` was spawned before, or no room is left for it by then.
    """

    spawn: SpawnId
    spec: AgentSpec
    task: TaskSpec | None = None
    do: Literal["spawn_new"] = "spawn_new"


@immutable
class CreateNew:
    """Add a task that the plan does not name, under the next free number after its id."""

    task: TaskSpec
    do: Literal["create_new"] = "create_new"


Spawning = Annotated[SpawnAgent | SpawnNew, Field(discriminator="do")]
"""What brings somebody into being."""


@immutable
class Propose:
    """Ask the operator whether agents are spawned."""

    trigger: TriggerName
    text: str
    spawns: tuple[Spawning, ...]
    do: Literal["propose"] = "propose"


@immutable
class AskForTrigger:
    """Put a question of the plan to the human because a trigger fired."""

    question: QuestionName
    trigger: TriggerName
    text: str = ""
    """Its text, where the trigger words it."""
    task: TaskId | None = None
    """The task because of which it fired."""
    do: Literal["ask_for_trigger"] = "ask_for_trigger"


@immutable
class Notify:
    """Tell the operator something."""

    text: str
    trigger: TriggerName
    do: Literal["notify"] = "notify"


@immutable
class MoveAgent:
    """Move an agent along its lifecycle, if its table allows."""

    agent: AgentId
    trigger: AgentTrigger
    task: TaskId | None = None
    by: PausedBy | None = None
    """Who pauses it."""
    do: Literal["move_agent"] = "move_agent"


@immutable
class MoveTask:
    """Move a task along its lifecycle, if its table allows."""

    task: TaskId
    trigger: TaskTrigger
    agent: AgentId | None = None
    because_of: TaskId | None = None
    """It is cancelled because it needs this one, which failed or was cancelled."""
    do: Literal["move_task"] = "move_task"


@immutable
class Lock:
    """Lock a resource for a task that was just assigned to `agent`."""

    resource: Resource
    task: TaskId
    agent: AgentId
    do: Literal["lock"] = "lock"


@immutable
class Unlock:
    """Give back a resource that was locked for `task`."""

    resource: Resource
    task: TaskId
    agent: AgentId
    do: Literal["unlock"] = "unlock"


@immutable
class StartProcess:
    """Start the agent's process: for its task, or for the session. A side effect."""

    agent: AgentId
    task: TaskId | None
    do: Literal["start_process"] = "start_process"


@immutable
class StopProcess:
    """End the agent's process in an orderly way. A side effect."""

    agent: AgentId
    again: bool = False
    """A trigger, or supervision, wants it to have a new one."""
    gives_way: bool = False
    """It is taken out of a deadlock; its task is begun anew later."""
    ill: bool = False
    """Supervision ends it because it is unhealthy; unless it has a new one, its attempt fails."""
    do: Literal["stop_process"] = "stop_process"


@immutable
class PauseProcess:
    """Suspend the agent's processes. A side effect."""

    agent: AgentId
    do: Literal["pause_process"] = "pause_process"


@immutable
class ResumeProcess:
    """Let the agent's processes go on. A side effect."""

    agent: AgentId
    do: Literal["resume_process"] = "resume_process"


@immutable
class HandTask:
    """Give its task to an agent whose process runs already. A side effect."""

    agent: AgentId
    task: TaskId
    do: Literal["hand_task"] = "hand_task"


@immutable
class Reply:
    """Answer a question of an agent. A side effect.

    Where the answer is a secret, `value` is null, and whoever keeps secrets adds it.
    """

    agent: AgentId
    ask: AskId
    outcome: ReplyOutcome
    value: JsonValue = None
    question: QuestionId | None = None
    do: Literal["reply"] = "reply"


@immutable
class SendNote:
    """Pass a message on to an agent. A side effect."""

    agent: AgentId
    sender: str
    text: str
    do: Literal["send_note"] = "send_note"


@immutable
class PassMessage:
    """Hand a message over to its receiver, or to who relays it on the way. A side effect.

    Nothing happens if it is under way no more, or its receiver is being told it already.
    """

    message: MessageId
    agent: AgentId
    hops: int
    """Through how many hands it has gone then; a relay's own are among them."""
    do: Literal["pass_message"] = "pass_message"


@immutable
class TakeOver:
    """Take messages out of the hands of an agent that was to relay them."""

    agent: AgentId
    messages: tuple[MessageId, ...]
    why: TakenOver
    do: Literal["take_over"] = "take_over"


@immutable
class PassFeedbackOn:
    """Tell an agent what the operator says of its work. A side effect."""

    agent: AgentId
    feedback: FeedbackId
    do: Literal["pass_feedback_on"] = "pass_feedback_on"


@immutable
class CancelWork:
    """Tell an agent that its task is no longer wanted. A side effect."""

    agent: AgentId
    task: TaskId
    do: Literal["cancel_work"] = "cancel_work"


@immutable
class RunHook:
    """Run a hook of an agent, for a task or not; without an agent, one of the session. A side
    effect."""

    agent: AgentId | None
    task: TaskId | None
    hook: HookName
    files: tuple[str, ...] = ()
    """What a `post_edit` hook is about, relative to the session's folder."""
    question: QuestionId | None = None
    """What a `call` hook is about."""
    do: Literal["run_hook"] = "run_hook"


@immutable
class StopHook:
    """End a hook of an agent, or of the session, that runs. A side effect."""

    agent: AgentId | None
    hook: HookName
    do: Literal["stop_hook"] = "stop_hook"


@immutable
class AskForAgent:
    """Put a question of an agent to the human."""

    agent: AgentId
    ask: AskId
    do: Literal["ask_for_agent"] = "ask_for_agent"


@immutable
class Ask:
    """Put a question of the plan to the human, on behalf of a task."""

    question: QuestionName
    task: TaskId
    do: Literal["ask"] = "ask"


@immutable
class AskAboutDoubt:
    """Ask the human what becomes of a task that was being done when the program ended."""

    task: TaskId
    do: Literal["ask_about_doubt"] = "ask_about_doubt"


@immutable
class Concern:
    """What a rule asks about by itself. The answer is for rules that know `matter` to obey."""

    matter: str
    """What it is about, in a word, such as `health`."""
    agent: AgentId | None = None
    task: TaskId | None = None


@immutable
class AskForSupervision:
    """Put a question to the human that a rule worded, about an agent, a task or the whole.

    It holds nothing: neither the agent nor the task waits for the answer.
    """

    question: QuestionSpec
    about: Concern
    do: Literal["ask_for_supervision"] = "ask_for_supervision"


@immutable
class Expire:
    """Close a question that nobody answered in time, or leave it open and escalate."""

    question: QuestionId
    outcome: Literal["default", "fallback", "cancelled", "escalated"]
    do: Literal["expire"] = "expire"


@immutable
class AnswerAsBefore:
    """Answer an open question as `before` was answered, which is remembered."""

    question: QuestionId
    before: QuestionId
    do: Literal["answer_as_before"] = "answer_as_before"


@immutable
class Withdraw:
    """Take an open question back."""

    question: QuestionId
    do: Literal["withdraw"] = "withdraw"


@immutable
class SetTimer:
    """Have `timer` fire at `due` (session time)."""

    timer: TimerId
    due: int
    question: QuestionId | None = None
    task: TaskId | None = None
    purpose: TimerPurpose = "question"
    do: Literal["set_timer"] = "set_timer"


@immutable
class SetMemory:
    """Set a key of the shared memory."""

    key: MemoryKey
    value: JsonValue
    agent: AgentId | None = None
    task: TaskId | None = None
    do: Literal["set_memory"] = "set_memory"


@immutable
class DeliverOutput:
    """Record the result of a task."""

    task: TaskId
    agent: AgentId
    value: str
    do: Literal["deliver_output"] = "deliver_output"


@immutable
class OpenIssue:
    """Tell the operator that something needs attention.

    If the same issue is open already (see `issues.identity`), it counts once more.
    """

    severity: Literal["critical", "warning", "info"]
    text: str
    suggestion: str
    agent: AgentId | None = None
    task: TaskId | None = None
    trigger: TriggerName | None = None
    key: str = ""
    """What it is known by, where its text may change; empty: by its text and whom that is about."""
    remedy: Remedy | None = None
    """What the operator can do about it with one key."""
    do: Literal["open_issue"] = "open_issue"


@immutable
class CloseIssue:
    """Note that something needs no attention any more."""

    issue: IssueId
    do: Literal["close_issue"] = "close_issue"


@immutable
class Reassign:
    """Have a task that was meant for one agent, and not begun, done by another."""

    task: TaskId
    to_agent: AgentId
    do: Literal["reassign"] = "reassign"


@immutable
class Adapt:
    """Note that a strategy was applied, or undone."""

    strategy: str
    trigger: Pressure
    action: Remedial
    what: str
    undone: bool = False
    agents: tuple[AgentId, ...] = ()
    cores: tuple[float | None, ...] = ()
    """What each of `agents` used, where they were paused."""
    do: Literal["adapt"] = "adapt"


@immutable
class SwitchTopology:
    """Have the swarm coordinated in another shape from now on; nothing happens if it is already."""

    to_shape: Shape
    do: Literal["switch_topology"] = "switch_topology"


@immutable
class ReportDeadlock:
    """Note that these wait for each other, or one for what nobody can do."""

    cycle: tuple[Node, ...]
    hopeless: Node | None
    text: str
    do: Literal["report_deadlock"] = "report_deadlock"


@immutable
class ClearDeadlock:
    """Note that a deadlock is over."""

    deadlock: DeadlockId
    do: Literal["clear_deadlock"] = "clear_deadlock"


@immutable
class BreakCycle:
    """Note who is taken out of a deadlock, and how; what does it is ordered beside this."""

    deadlock: DeadlockId
    way: Way
    task: TaskId
    agent: AgentId | None
    gives_way_to: TaskId | None
    """The task that goes first where one is begun anew."""
    lost_ms: int
    """For how long the task was worked on that is begun anew or cancelled."""
    by: str
    """Who decided: `policy`, or the operator."""
    do: Literal["break_cycle"] = "break_cycle"


@immutable
class StopSession:
    """Have the session end once what runs has ended; nothing more is begun."""

    do: Literal["stop_session"] = "stop_session"


@immutable
class EndSession:
    """Close the session with this outcome."""

    outcome: Literal["complete", "incomplete", "waiting", "stopped", "terminated"]
    do: Literal["end_session"] = "end_session"


Action = Annotated[
    CreateTask
    | SpawnAgent
    | SpawnNew
    | CreateNew
    | Fire
    | Refuse
    | Propose
    | AskForTrigger
    | Notify
    | MoveAgent
    | MoveTask
    | Lock
    | Unlock
    | StartProcess
    | StopProcess
    | PauseProcess
    | ResumeProcess
    | HandTask
    | Reply
    | SendNote
    | PassMessage
    | TakeOver
    | PassFeedbackOn
    | CancelWork
    | RunHook
    | StopHook
    | Ask
    | AskForAgent
    | AskAboutDoubt
    | AskForSupervision
    | Expire
    | AnswerAsBefore
    | Withdraw
    | SetTimer
    | SetMemory
    | DeliverOutput
    | OpenIssue
    | CloseIssue
    | Reassign
    | Adapt
    | SwitchTopology
    | ReportDeadlock
    | ClearDeadlock
    | BreakCycle
    | StopSession
    | EndSession,
    Field(discriminator="do"),
]
