"""What a report says, as plain values. Times are milliseconds of session time, unless they say
otherwise; what is not known is None."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Literal

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.health import Level
from mop_tui.domain.ids import AgentId, IssueId, QuestionId, TaskId, TeamId
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.topology import Shape
from mop_tui.domain.wall_clock import wall


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when something was so, and what.

    `what` is a value of `domain/timeline.Phase`, such as `working` or `waiting for a key`.
    """

    begin: int
    end: int
    what: str
    task: TaskId | None = None


@dataclass(frozen=True, slots=True)
class TaskPart:
    """How a task went."""

    id: TaskId
    title: str
    state: TaskState
    agent: AgentId | None
    """Who had it last."""
    expected_ms: int | None
    began_at: int | None
    ended_at: int | None
    work_ms: int
    """How long it was in somebody's hands and went on."""
    queue_ms: int
    """How long it was ready and nobody began it."""
    held_ms: int
    """How long it could not go on: its gate, a question, a key, a lock, a pause, a rest."""
    attempts: int
    output: str
    reason: str
    """Why it is in its state."""
    stays: tuple[Stretch, ...] = ()
    """From its creation to its end, or to the end of what is recorded: without gaps."""
    created_at: int = 0
    pending_ms: int = 0
    """How long something was missing that it needs. This, `work_ms`, `queue_ms` and `held_ms` make
    up all the time from `created_at` to its end."""
    retries: int = 0
    """How often it was tried again because it had failed."""
    team: TeamId | None = None
    """Of whoever had it last."""
    skill: str | None = None
    """The skill that it requires, if it names no agent."""
    needs: tuple[TaskId, ...] = ()
    """The tasks that it needs."""
    seq: int = 0
    """The event that brought it into its state."""


@dataclass(frozen=True, slots=True)
class AgentPart:
    """What an agent did."""

    id: AgentId
    type: str
    team: TeamId
    model: str | None
    lead: bool
    spawned_at: int
    spawned_by: str
    """The trigger or strategy behind it, or who; empty if the layout names it."""
    state: AgentState
    completed: int
    work_ms: int
    """How long it had a task and went on."""
    waited_ms: int
    """How long it had one and could not."""
    processes: int
    """How many processes it had."""
    errors: int
    restarts: int
    """How often supervision had it start again."""
    cpu_peak: float | None
    """Percent of its declared limits, as measured; cores and bytes where there are none."""
    cpu_mean: float | None
    cores_peak: float | None
    memory_peak: int | None
    """Bytes."""
    output_lines: int
    stays: tuple[Stretch, ...] = ()
    health: tuple[tuple[int, Level], ...] = ()
    """From when on its checks found it how; empty if none found anything."""
    idle_ms: int = 0
    """How long it was there and had nothing to do."""
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class TeamPart:
    """How a team did."""

    id: TeamId
    name: str
    agents: tuple[AgentId, ...]
    tasks_done: int
    tasks: int
    work_ms: int
    began_at: int | None
    """When the first of its agents was there."""


@dataclass(frozen=True, slots=True)
class DecisionPart:
    """Something that the orchestrator decided. Those of one rule and reason are told once."""

    seq: int
    at: int
    rule: str
    verdict: str
    reason: str
    actions: tuple[str, ...]
    """What was ordered, in words."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """A question that was asked, and what became of it."""

    id: QuestionId
    seq: int
    question: str
    type: str
    about: str
    """The task, agent or rule it was asked for."""
    asked_at: int
    seen_at: int | None
    closed_at: int | None
    state: str
    """`answered`, `expired`, `withdrawn` or `open`."""
    value: str
    """As answered; never a secret."""
    reason: str
    by: str
    """Who answered; empty where nobody did."""
    waited_ms: int
    task: TaskId | None = None
    """The task that it is about, if there is one, and who asks, if that is an agent:"""
    agent: AgentId | None = None
    closed_by: int | None = None
    """The event that closed it."""
    escalated: bool = False
    dangerous: bool = False
    secret: bool = False
    """The answer was not written down."""


@dataclass(frozen=True, slots=True)
class IssuePart:
    """Something that needed attention."""

    id: IssueId
    seq: int
    severity: str
    text: str
    suggestion: str
    opened_at: int
    closed_at: int | None
    closing: str
    times: int
    about: str


@dataclass(frozen=True, slots=True)
class AdaptationPart:
    """A change in how the swarm works: a step of a strategy, a topology, a deadlock, a task that
    was given to another agent."""

    seq: int
    at: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something of the timeline that is worth telling."""

    seq: int
    at: int
    kind: str
    text: str


StepKind = Literal[
    "start",
    "task",
    "key",
    "answer",
    "lock",
    "agent",
    "rest",
    "again",
    "created",
    "spawned",
    "place",
    "way",
    "pause",
]
"""What a stretch of work had to wait for last: nothing; a task that it needs; a key; an answer; a
lock; the agent that took it; the rest before a retry; that it was taken back from an agent; that it
was created, or its agent spawned; a place among `max_agents`; a task that it gave way to; the end
of a pause."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of work of the path that the session's length came from. Each follows what it had
    to wait for last, and none begins before the one before it ends."""

    task: TaskId
    begin: int
    end: int
    because: str
    """What it followed, in words."""
    kind: StepKind = "start"
    waited_ms: int = 0
    """How long after the end of the step before it began; of the first: after session time 0."""


@dataclass(frozen=True, slots=True)
class QueuePart:
    """How long tasks waited for somebody to take them who can do what they require."""

    skill: str
    """The skill, or the id of the agent that they are meant for."""
    tasks: int
    """How many waited at all."""
    queue_ms: int
    """All of them together."""
    longest_ms: int
    longest: TaskId
    agents: int
    """How many agents could do them."""
    work_ms: int
    """How long such tasks were worked on, all together."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used at a moment, all agents together."""

    at: int
    cores: float
    memory: int


@dataclass(frozen=True, slots=True)
class Insight:
    """Something that can be learnt from a session, and the events that show it."""

    text: str
    """One sentence, with the figures."""
    advice: str
    """What could be done about it; may be empty."""
    evidence: tuple[int, ...]
    """The `seq` of the events it rests on."""
    weight_ms: int
    """About how much time it is about, to order by."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One session, as far as it was recorded."""

    session: str
    project: str
    goal: str
    mode: Mode
    run: str
    file: str
    """The name of the session file."""
    started: str
    """Wall-clock time of session time 0, ISO 8601 with offset."""
    seed: int
    user: str
    version: str
    """Of the program that recorded it."""
    events: int
    outcome: str
    """`complete`, … ; `running` or `interrupted` where it has none yet."""
    reason: str
    length_ms: int
    progress: float | None
    topology: tuple[tuple[int, Shape], ...]
    """From when on the swarm had which shape."""
    overhead: float | None
    foretold_ms: tuple[int, int | None, int | None] | None = None
    """How long it was expected to take at its start, and the range of that; None where that cannot
    be told, or it was not learnt from earlier sessions."""
    torn: bool = False
    """The last line was cut short and left out."""
    damage: str = ""
    """Why the rest of the file could not be read."""
    teams: tuple[TeamPart, ...] = ()
    agents: tuple[AgentPart, ...] = ()
    tasks: tuple[TaskPart, ...] = ()
    decisions: tuple[DecisionPart, ...] = ()
    decisions_in_all: int = 0
    questions: tuple[QuestionPart, ...] = ()
    issues: tuple[IssuePart, ...] = ()
    adaptations: tuple[AdaptationPart, ...] = ()
    timeline: tuple[Moment, ...] = ()
    critical_path: tuple[Step, ...] = ()
    usage: tuple[Usage, ...] = ()
    insights: tuple[Insight, ...] = field(default_factory=tuple)
    evidence: tuple[Moment, ...] = ()
    """The events that insights rest on, each once, in their order."""
    queues: tuple[QueuePart, ...] = ()
    """Where tasks waited for hands, the longest waiting first."""
    overheads: tuple[tuple[Shape, float], ...] = ()
    """What messages cost in each shape, where it is known."""
    routine: tuple[tuple[str, int], ...] = ()
    """How many decisions of rules were routine, by rule, the most frequent first; those are not
    among `decisions`."""
    considered: int = 0
    """How many times a rule looked and decided against acting."""
    away: tuple[tuple[int, int], ...] = ()
    """From which session time on the wall clock is how many milliseconds further ahead, in all."""
    resumptions: int = 0
    max_agents: int | None = None
    questions_in_all: int = 0
    """How many there were; where that is more than are listed, those that weigh least are not. The
    same for the following."""
    issues_in_all: int = 0
    adaptations_in_all: int = 0
    timeline_in_all: int = 0
    path_in_all: int = 0
    """How many steps the critical path has; the latest are listed."""

    @property
    def ended(self) -> bool:
        """True if the session has an outcome."""
        return self.outcome not in ("running", "interrupted")

    def wall(self, at: int) -> datetime:
        """Return the wall-clock time of session time `at`, as far as it is known."""
        place = bisect_right(self.away, at, key=itemgetter(0))
        ahead = self.away[place - 1][1] if place else 0
        return wall(datetime.fromisoformat(self.started), at + ahead)
