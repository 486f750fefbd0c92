"""The rows that a session is made of: its agents, tasks, questions and issues.

Only `fold` and the `Session` that they belong to change them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.events import AgentHealth, Severity, SystemIntended, UserAsked, UserFeedback
from mop_tui.domain.health import Level, Metric, Reading, Source
from mop_tui.domain.ids import (
    AgentId,
    AskId,
    FeedbackId,
    IssueId,
    MemoryKey,
    QuestionId,
    QuestionName,
    TaskId,
    TriggerName,
)
from mop_tui.domain.locks import LockWanted
from mop_tui.domain.plan import AgentSpec, QuestionSpec, TaskSpec
from mop_tui.domain.reactions import Reaction, reactions_to
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.triggers import TriggerSpec

KEPT_STAYS = 128
"""Of how many stays an agent or a task remembers at most; beyond that the oldest quarter goes."""
MOST_DEATHS = 3
"""Processes in a row that may end without having completed a task, before an agent that lives for
the session is given up."""
LATEST_CHECKS = 24
"""How many of the latest recorded checks of an agent are kept."""
TAIL_LINES = 200
"""How many of an agent's latest output lines the state keeps."""

Hold = PausedBy | Literal["rest"]
"""What keeps a task from going on in its state: its agent is paused, or it rests until its next
try."""
AgentStay = tuple[int, AgentState, TaskId | None, PausedBy | None]
"""From which session time on an agent was in a state, with which task, and who had paused it."""
TaskStay = tuple[int, TaskState, AgentId | None, Hold | None]
"""From which session time on a task was in a state, in whose hands, and what kept it from going on.
"""
Stay = TypeVar("Stay", AgentStay, TaskStay)


def with_stay(history: tuple[Stay, ...], stay: Stay) -> tuple[Stay, ...]:
    """Return what is remembered when another stay has begun."""
    if len(history) == KEPT_STAYS:
        history = history[KEPT_STAYS // 4 :]
    return history + (stay,)  # noqa: RUF005 - unpacking takes twice as long


@dataclass(slots=True)
class Agent:
    """What is known of an agent. `touched` is the seq of the event that last changed it."""

    spec: AgentSpec
    since: int
    reason: str
    touched: int = 0
    state: AgentState = AgentState.SPAWNING
    task: TaskId | None = None
    progress: int | None = None
    note: str = ""
    incarnation: int = 0
    running: bool = False
    stopping: bool = False
    restarting: bool = False
    """It is to have a new process."""
    restarted_by: str = ""
    """Who wants that."""
    retired: bool = False
    """The operator stopped it for good."""
    paused_in: AgentState | None = None
    paused_by: PausedBy | None = None
    exit_code: int | None = None
    completed: int = 0
    last_active: int | None = None
    tail: tuple[str, ...] = ()
    tail_end: int = 0
    """Number of output lines recorded so far; `tail` holds the last of them."""
    waits: Mapping[AskId, QuestionSpec | MemoryKey | LockWanted] = field(default_factory=dict)
    """What it asked for and has not been answered: questions to the human, keys of the memory,
    locks."""
    measured: AgentHealth | None = None
    reported: AgentHealth | None = None
    response_ms: float | None = None
    """How long its process last took to answer a ping."""
    unanswered_ms: int | None = None
    """For how long a ping has waited for its answer, if that is too long."""
    errors: int = 0
    """Errors of its present process."""
    error_times: tuple[int, ...] = ()
    """When the latest of them happened."""
    advanced: tuple[tuple[int, int], ...] = ()
    """The latest progress: after how many milliseconds of work it was at how many percent."""
    progressed_at: int | None = None
    """When that last grew."""
    progressed_by: int = 0
    """Which event told so."""
    watched_from: int = 0
    """Before this moment nobody could tell how it was."""
    checked_at: int | None = None
    level: Level = "healthy"
    """How its last check found it."""
    findings: tuple[Reading, ...] = ()
    """What was wrong then, worst first."""
    failures: int = 0
    """Checks in a row that found something wrong; of those, the latest that found it unhealthy:"""
    severe: int = 0
    passes: int = 0
    """Checks in a row that found nothing wrong."""
    checks: tuple[tuple[int, Level], ...] = ()
    """The latest recorded checks, of former processes too: when, and how they found it."""
    fell_ill: int = 0
    """Which event last found it ill, or more so."""
    heard: Mapping[Source, int] = field(default_factory=dict)
    """Which event last told how its process is, by who knows it; `seen` is its last error."""
    ongoing: tuple[tuple[tuple[Metric, Level], int], ...] = ()
    """What the last check found wrong, and in how many checks in a row that was found."""
    ill_with: tuple[tuple[Metric, Level], ...] = ()
    """What its process was found ill with, this time and, if it has just recovered, the last."""
    recovered_at: int | None = None
    """When it recovered from that."""
    restarts: tuple[int, ...] = ()
    """When supervision had it start again, the latest."""
    given_up: bool = False
    """Supervision has its process ended, and its attempt fails."""
    last_error: str = ""
    deaths: int = 0
    """Processes in a row that ended, or could not start, without having completed a task."""
    busy: bool = False
    """Its process runs and may do something by itself: see `Session.weigh`."""
    hook: SystemIntended | None = None
    """The hook that runs, and that it cannot go on without."""
    unprepared: bool = False
    """Its `on_start` hook failed."""
    result: str = ""
    """What its process delivered at the end of its last task."""
    depth: int = 0
    """How many triggers led to what it does, those included that had it start again."""
    moved: int = 0
    """Which event brought it into its present state."""
    created_at: int = 0
    history: tuple[AgentStay, ...] = ()
    """Its latest stays, oldest first: the last is the present one."""

    @property
    def leaving(self) -> bool:
        """True while its process runs that was told to end."""
        return self.running and self.stopping

    def output(self, from_line: int, limit: int) -> tuple[str, ...]:
        """Return up to `limit` lines from line `from_line` on, as far as `tail` holds them."""
        first = max(0, from_line - (self.tail_end - len(self.tail)))
        return self.tail[first : first + limit]

    def digest_row(self) -> str:
        """What of this row counts for the state digest.

        `!s` is for speed: without it a row takes twice as long.
        """
        return (
            f"agent {self.spec.id} {self.state!s} {self.since} {self.task!s} {self.progress!s}"
            f" {self.incarnation} {self.running!s} {self.paused_by!s} {self.completed}"
            f" {self.exit_code!s} {self.tail_end} {self.errors} {self.deaths} {len(self.waits)}"
            f"{'' if self.hook is None else f' {self.hook.about}'}"
            f"{' unprepared' if self.unprepared else ''}"
            f"{'' if self.checked_at is None else self._health()}"
        )

    def _health(self) -> str:
        return f" {self.level} {self.checked_at} {self.failures} {self.severe} {self.passes}"


@dataclass(slots=True)
class Task:
    """What is known of a task."""

    spec: TaskSpec
    since: int
    reason: str
    touched: int = 0
    state: TaskState = TaskState.PENDING
    agent: AgentId | None = None
    progress: int | None = None
    cleared: bool = False
    """Its gate was opened by a human."""
    question: QuestionId | None = None
    """The open question that holds it."""
    output: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    attempts: int = 0
    """How often it was given to an agent."""
    retries: int = 0
    """How often it was tried again because it had failed."""
    rests_until: int | None = None
    """It failed, and will be tried again at this session time."""
    yields_to: tuple[TaskId, ...] = ()
    """It was taken out of a deadlock, and is not begun anew before these are over."""
    begun_anew: int = 0
    """How often supervision had it begun anew since it was tried last because it had failed, or was
    to be done after all."""
    doubtful: bool = False
    """The program ended while it was being done, and the operator has to say what now."""
    overdue: bool = False
    """Its present attempt took longer than it may."""
    paused_ms: int = 0
    """For how long its present attempt was paused, up to `paused_since` if it is paused now."""
    paused_since: int | None = None
    told_after: int = 0
    """For how many milliseconds it had been worked on when its progress was last told."""
    because_of: TaskId | None = None
    """It was cancelled because it needs this one, which failed or was cancelled."""
    answers: tuple[tuple[QuestionName, str], ...] = ()
    """What its gate, or what was asked about it, was answered, for its agent to know; secrets are
    not among it."""
    reasons: tuple[tuple[QuestionName, str], ...] = ()
    """Why, as far as that was said."""
    review: TaskId | None = None
    """The latest review of it."""
    rejected_by: tuple[TaskId, ...] = ()
    """The reviews that rejected it."""
    rejections: int = 0
    """How many of them did since it was begun, or was to be done after all."""
    moved: int = 0
    """Which event brought it into its present state."""
    created_at: int = 0
    history: tuple[TaskStay, ...] = ()
    """Its latest stays, oldest first: the last is the present one."""
    meant_for: AgentId | None = None
    """The agent that it was meant for before a strategy gave it to another."""

    def worked(self, at: int) -> int:
        """Return for how many milliseconds the present attempt was worked on until `at`."""
        if self.started_at is None:
            return 0
        until = at if self.paused_since is None else self.paused_since
        return until - self.started_at - self.paused_ms

    @property
    def resting(self) -> bool:
        """True while the task rests before it is tried again."""
        return self.rests_until is not None

    @property
    def gated(self) -> bool:
        """True while a gate that nobody has opened holds the task."""
        return self.spec.gate is not None and not self.cleared

    @property
    def held(self) -> bool:
        """True while the task is not to be given to anybody, ready or not."""
        return self.resting or self.gated or self.doubtful or bool(self.yields_to)

    def digest_row(self) -> str:
        """What of this row counts for the state digest."""
        return (
            f"task {self.spec.id} {self.state!s} {self.since} {self.agent!s} {self.progress!s}"
            f" {self.cleared!s} {self.question!s} {self.attempts} {self.retries}"
            f" {self.rests_until!s} {self.overdue!s} {self.paused_ms} {self.paused_since!s}"
            f" {self.output}{' doubtful' if self.doubtful else ''}"
            f"{'' if self.meant_for is None else f' for {self.spec.agent}'}"
            f"{f' yields to {self.yields_to}' if self.yields_to else ''}"
            f"{'' if self.review is None else f' {self.review} {self.rejections}'}"
        )


@dataclass(slots=True)
class Question:
    """What is known of one asking of a question."""

    asked: UserAsked
    asked_at: int
    seq: int
    """Where in the session it was asked."""
    touched: int = 0
    depth: int = 0
    """How many triggers led to its being asked."""
    state: Literal["open", "answered", "expired", "withdrawn"] = "open"
    escalated: bool = False
    seen_at: int | None = None
    noticed_at: int | None = None
    """When somebody was at a screen that told of it; of one that is overdue, since then."""
    calls_at: int | None = None
    """When somebody is going to be called because of it."""
    called_at: int | None = None
    """When somebody was called because of it, or of another and told of this one too; of one that
    is overdue, since then."""
    closed_at: int | None = None
    value: str = ""
    reason: str = ""
    by: str = ""
    as_before: QuestionId | None = None
    """The question whose remembered answer this was given."""
    remembered_until: int | None = None
    """Until then (session time) what its agent asks of its class is answered so, too."""

    def is_remembered(self, at: int) -> bool:
        """True if its answer is remembered at session time `at`."""
        return self.remembered_until is not None and at < self.remembered_until

    @property
    def id(self) -> QuestionId:
        """The question's id."""
        return self.asked.question

    @property
    def rejected(self) -> bool:
        """True if it is an approval that was answered, or has defaulted, to no."""
        return self.asked.question_type == "approval" and self.value == "reject"

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """What the layout has done for the answer that it has been given, or that holds."""
        if self.state not in ("answered", "expired") or self.expired_without_answer:
            return ()
        return reactions_to(self.asked.on_answer, self.value)

    @property
    def expired_without_answer(self) -> bool:
        """True if time ran out, and nothing holds that could be obeyed like an answer."""
        return self.state == "expired" and (
            not self.value or self.asked.question_type == "approval"
        )

    @property
    def keeps_shut(self) -> bool:
        """True if what is done for the answer is that the task it is about is not begun."""
        return any(reaction.do in ("skip", "stop") for reaction in self.reactions)

    def digest_row(self) -> str:
        """What of this row counts for the state digest."""
        until = "" if self.remembered_until is None else f" {self.remembered_until}"
        return (
            f"question {self.id} {self.state} {self.value} {self.by} {self.seen_at}"
            f"{'' if self.noticed_at is None else f' noticed {self.noticed_at}'}"
            f"{'' if self.called_at is None else f' called {self.called_at}'}{until}"
        )


@dataclass(slots=True)
class Issue:
    """Something that needs, or needed, attention."""

    id: IssueId
    severity: Severity
    text: str
    suggestion: str
    opened_at: int
    seq: int
    """Where in the session it was opened."""
    touched: int = 0
    agent: AgentId | None = None
    task: TaskId | None = None
    trigger: TriggerName | None = None
    key: str = ""
    remedy: Remedy | None = None
    open: bool = True
    times: int = 1
    """How often it came up."""
    last_at: int = 0
    """When it came up last."""
    latest: int = 0
    """Which event told of it last."""
    closed_at: int | None = None
    closing: str = ""
    """Why it was closed."""

    def digest_row(self) -> str:
        """What of this row counts for the state digest.

        How often it came up does not: former versions did not count that.
        """
        return f"issue {self.id} {self.severity} {self.open} {self.text}"


@dataclass(slots=True)
class Feedback:
    """What the operator said of work, and who was told."""

    said: UserFeedback
    at: int
    seq: int
    """Where in the session it was said."""
    touched: int = 0
    told: tuple[tuple[AgentId, int], ...] = ()
    """Which agents were told, and when."""

    @property
    def id(self) -> FeedbackId:
        """Its id."""
        return self.said.feedback

    @property
    def about(self) -> str:
        """What it is about, in a few words."""
        task, agent = self.said.task, self.said.agent
        if task is not None and agent is not None:
            return f"{task} by {agent}"
        return task or agent or ""

    def digest_row(self) -> str:
        """What of this row counts for the state digest."""
        return f"feedback {self.id} {self.said.verdict!s} {self.told!r} {self.said.text}"


@dataclass(slots=True)
class Trigger:
    """What is known of a trigger."""

    spec: TriggerSpec
    touched: int = 0
    state: Literal["armed", "muted", "disabled"] = "armed"
    """Muted, it considers and does nothing; disabled, it does not even consider."""
    fires: int = 0
    fired_at: int | None = None
    moved: int = 0
    """Which event is the record of what it did last: firing, being refused or switched."""
    refused: int = 0
    """How often it would have fired if no limit had been in the way."""
    limits: tuple[str, ...] = ()
    """Which limits were in the way."""

    def digest_row(self) -> str:
        """What of this row counts for the state digest."""
        return (
            f"trigger {self.spec.name} {self.state} {self.fires} {self.fired_at!s} {self.refused}"
        )
