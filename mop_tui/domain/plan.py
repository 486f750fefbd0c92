"""What a session sets out to do: teams, agents, tasks and questions, as the layout declares them.

Everything here is immutable and free of machine facts. Texts may still contain `${...}` look-ups;
`templates` says what they mean and when they are filled in.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Literal

from pydantic import JsonValue

from mop_tui.domain.answers import (
    ANYTHING,
    InputType,
    Option,
    QuestionType,
    Validation,
)
from mop_tui.domain.health import HealthChecks, Level
from mop_tui.domain.ids import (
    AgentId,
    MemoryKey,
    QuestionName,
    Resource,
    SpawnId,
    TaskId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.immutable import immutable
from mop_tui.domain.needed_keys import WantedKey
from mop_tui.domain.priority import Priority
from mop_tui.domain.reactions import Reactions
from mop_tui.domain.strategies import Strategy
from mop_tui.domain.triggers import Complexity, Limits, TriggerSpec


class Mode(StrEnum):
    """What a session's events stand for."""

    LIVE = "live"
    """Real processes did this."""
    REHEARSAL = "rehearsal"
    """Simulated agents played it; nothing was started."""


class HostKind(StrEnum):
    """How an agent runs."""

    COMMAND = "command"
    SIMULATED = "simulated"


class Lifetime(StrEnum):
    """How long an agent's process lives."""

    TASK = "task"
    """It starts when a task is given to the agent, and its exit ends the task."""
    SESSION = "session"
    """It starts with the agent, is handed one task after another, and says when each is done."""


@immutable
class ErrorPattern:
    """A regular expression that marks a line of output as an error of a type."""

    type: str
    pattern: str


@immutable
class Command:
    """A program to run. With `shell`, `argv` holds one script for `sh -c`.

    What a program that speaks no protocol means is told here: `exit_codes` names the errors behind
    codes other than 0; a line that matches one of `error_patterns` is an error; in a line that
    matches one of `progress_patterns`, the first group is a percentage, or the first two are how
    much is done and how much there is.
    """

    argv: tuple[str, ...]
    shell: bool = False
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    inherit_env: tuple[str, ...] = ()
    """Names of variables that it gets from mop-tui's own environment."""
    stdin: Literal["protocol", "none"] = "protocol"
    """Whether it is told things by lines on its standard input, or has none."""
    exit_codes: tuple[tuple[int, str], ...] = ()
    error_patterns: tuple[ErrorPattern, ...] = ()
    progress_patterns: tuple[str, ...] = ()


@immutable
class ScriptedError:
    """An error that a simulated agent meets."""

    type: str
    message: str = ""


@immutable
class Ailment:
    """Something that is wrong with a simulated agent for a while, in its first `attempts` at a
    task. Times are milliseconds, from the beginning of the attempt."""

    at_ms: int
    lasts_ms: int | None = None
    """None for the rest of the attempt."""
    status: Level | None = None
    """What it says of itself, and that it uses of its limits in percent:"""
    cpu_usage: float | None = None
    memory_usage: float | None = None
    response_ms: int | None = None
    """How long it takes to answer a ping."""
    errors: int = 0
    """How many errors it tells of when this begins."""
    slow: float = 1.0
    """How many times as long as otherwise everything takes it."""
    hangs: bool = False
    """It stands still and answers nothing."""
    dies: bool = False
    """Its process is killed."""
    attempts: int = 1


@immutable
class ScriptedStep:
    """Something that a simulated agent does: it locks a resource, gives it back, waits for a memory
    key or sets one."""

    do: Literal["lock", "unlock", "wait", "set"]
    what: Resource | MemoryKey


@immutable
class ScriptedMessage:
    """Something that a simulated agent says to another, to `coordinator` or to `operator`: once, so
    many milliseconds after it began its task, or every so many."""

    to: str
    text: str
    at_ms: int | None = None
    every_ms: int | None = None


@immutable
class Script:
    """What a simulated agent does with a task.

    `duration` is the range in milliseconds from which one value is drawn by the agent's own
    random generator; None leaves it to the task's declared duration. After half of that time it
    tells of its errors; then it does its steps, waiting wherever it has to, asks what it asks, and
    goes on with the rest when the question is settled.
    """

    duration: tuple[int, int] | None = None
    output: tuple[str, ...] = ()
    memory: tuple[tuple[MemoryKey, JsonValue], ...] = ()
    exit_code: int = 0
    asks: "QuestionSpec | None" = None
    errors: tuple[ScriptedError, ...] = ()
    ailments: tuple[Ailment, ...] = ()
    uses_cpu: float | None = None
    """Processor cores that it uses meanwhile, and bytes of memory; None if nobody says."""
    uses_memory: int | None = None
    rejects: int = 0
    """In how many rounds it rejects what it reviews."""
    messages: tuple[ScriptedMessage, ...] = ()
    steps: tuple[ScriptedStep, ...] = ()

    @property
    def keys(self) -> tuple[MemoryKey, ...]:
        """The memory keys that it sets."""
        by_steps = (MemoryKey(step.what) for step in self.steps if step.do == "set")
        return (*by_steps, *(key for key, _ in self.memory))


@immutable
class Work:
    """How a piece of work is done: by a command, by a script, or (rehearsed) by either."""

    command: Command | None = None
    script: Script | None = None


HookName = Literal["on_start", "pre_task", "post_task", "post_edit", "on_end", "call"]
"""What is run at certain moments: when an agent, or the session, starts; before and after a task;
after an edit; at the end of the session; when the operator is called and does not come."""


@immutable
class Hook:
    """A program that is run at a certain moment, and has to succeed."""

    command: Command
    timeout_ms: int = 60_000
    """How long it may take."""


@immutable
class AgentLimits:
    """What an agent's processes may use; percentages of usage are about these."""

    cpu: float | None = None
    """Processor cores."""
    memory: int | None = None
    """Bytes."""


@immutable
class AgentSpec:
    """A slot that work can be given to."""

    id: AgentId
    type: str
    team: TeamId
    skills: tuple[str, ...] = ()
    lead: bool = False
    model: str | None = None
    host: HostKind = HostKind.COMMAND
    lifetime: Lifetime = Lifetime.TASK
    limits: AgentLimits = AgentLimits()
    spawn: SpawnId | None = None
    """What it was spawned for; None if the layout names it."""
    depth: int = 0
    """How many agents were spawned because of each other before it, itself included."""
    owns: tuple[Resource, ...] = ()
    """Patterns for the files that only it may change."""
    health: HealthChecks | None = None
    """How it is checked; None for as all are."""
    relays: bool = False
    """It deals with messages that pass it, and says when it has."""
    handling_ms: int = 0
    """How long that takes it, one message after the other, where it is simulated."""


@immutable
class AgentKind:
    """What agents of a type have in common, for one that the layout does not name."""

    skills: tuple[str, ...] = ()
    model: str | None = None
    host: HostKind = HostKind.COMMAND
    lifetime: Lifetime = Lifetime.TASK
    limits: AgentLimits = AgentLimits()
    work: Work = Work()
    hooks: Mapping[HookName, Hook] = field(default_factory=dict)
    health: HealthChecks | None = None
    relays: bool = False
    handling_ms: int = 0


@immutable
class TeamSpec:
    """A named group of agents, in screen order."""

    id: TeamId
    name: str
    agents: tuple[AgentId, ...]
    waits: bool = False
    """It is not there from the beginning: a trigger spawns it."""


@immutable
class Retry:
    """How often a task that failed is tried again, and how long it rests before each time.

    The rest before retry *n* is `delay_ms` x 2^(n-1), at most `max_delay_ms`, made longer or
    shorter by up to a fifth, so that tasks that fail together do not come back together.
    """

    times: int = 0
    delay_ms: int = 1_000
    max_delay_ms: int = 60_000


OnDoubt = Literal["ask", "retry", "fail"]
"""What becomes of a task that was being done when the program ended: see `TaskSpec.on_doubt`."""
DO_AGAIN = "retry"
LEAVE_IT = "cancel"
"""What the operator may answer when asked what becomes of such a task."""


@immutable
class Review:
    """Who looks at a task that was done before it counts as complete."""

    by: AgentId
    rounds: int = 3
    """How often the task is sent back at most; when it is rejected once more, it fails."""
    expected_ms: int | None = None
    timeout_ms: int | None = None
    retry: Retry = Retry()
    """How often the review is tried again when it comes to no verdict."""


@immutable
class TaskSpec:
    """A piece of work: who may do it, what it needs, what it provides."""

    id: TaskId
    title: str
    agent: AgentId | None = None
    requires_skill: str | None = None
    priority: Priority = Priority.NORMAL
    needs_tasks: tuple[TaskId, ...] = ()
    needs_keys: tuple[MemoryKey, ...] = ()
    when: tuple[WantedKey, ...] = ()
    """What must hold of those keys for them to count."""
    provides: tuple[MemoryKey, ...] = ()
    expected_ms: int | None = None
    gate: QuestionName | None = None
    retry: Retry = Retry()
    timeout_ms: int | None = None
    """How long one attempt may take, pauses left out; None for ever."""
    on_doubt: OnDoubt | None = None
    """What to do with it if the program ended while it was, or may have been, being done: ask the
    operator, do it again, or count it as failed. None asks where its gate is an approval, for that
    was about one attempt, and does it again elsewhere."""
    environment: str = ""
    """The environment that it deploys to."""
    complexity: Complexity | None = None
    """How hard it is, if the layout says."""
    gated_by: TriggerName | None = None
    """The trigger that has its gate asked, if it is not the layout's own."""
    context: dict[str, JsonValue] = field(default_factory=dict)
    """What whoever does it should know: what it was created for."""
    depth: int = 0
    """How many spawns led to it."""
    locks: tuple[Resource, ...] = ()
    """What no other task may use while it is being done: see `locks`."""
    owns: tuple[Resource, ...] = ()
    """Patterns for the files that only its agent may change meanwhile."""
    review: Review | None = None
    reviews: TaskId | None = None
    """The task whose work it is about, where it is a review."""
    on_error: Reactions = ()
    """What is done when an attempt fails, by the type of the error, in place of its retries."""

    @property
    def waits_for_tasks(self) -> tuple[TaskId, ...]:
        """The tasks that come before it: what it needs, or reviews."""
        return self.needs_tasks if self.reviews is None else (*self.needs_tasks, self.reviews)

    def is_reviewed_by(self, agent: AgentId) -> bool:
        """True if `agent` is to review it, and so must not do it."""
        return self.review is not None and self.review.by == agent


@immutable
class QuestionSpec:
    """A question that a human may be asked.

    `timeout_ms` is None where the question waits for ever. `default` is what happens then, by
    nobody, and without one `fallback`, which also holds where there is nobody to be asked. Without
    either, a `required` question stays open and others cancel what they hold.
    An approval is answered by `approve` or `reject` and can only default to `reject`; a choice by
    the value of one of `options`; an input by a text that `validation` accepts.
    """

    name: QuestionName
    question: str
    question_type: QuestionType = "approval"
    context: tuple[tuple[str, JsonValue], ...] = ()
    options: tuple[Option, ...] = ()
    input_type: InputType = "text"
    validation: Validation = ANYTHING
    timeout_ms: int | None = None
    required: bool = False
    default: str | None = None
    on_reject: Literal["cancel", "stop_session"] = "cancel"
    dangerous: bool = False
    class_name: str = ""
    """What kind of thing it is about; answers are remembered for one kind. Empty for none."""
    fallback: str | None = None
    on_answer: Reactions = ()


@immutable
class Calling:
    """How the operator is called while a question is open and nobody is there, rung by rung.

    Each rung is the time in milliseconds after which it is taken, or None where it never is.
    """

    bell_ms: int | None = 10_000
    """The terminal's bell, and its title."""
    desktop_ms: int | None = 30_000
    """The terminal's own notifications."""
    command_ms: int | None = None
    """The session's `call` hook."""


Topology = Literal["hierarchical", "mesh", "star", "ring", "adaptive"]
"""How a swarm is to be coordinated; adaptive begins with what suits its teams."""


@immutable
class Plan:
    """A whole layout, ready to be run."""

    id: str
    project: str
    goal: str
    max_agents: int | None
    teams: tuple[TeamSpec, ...]
    agents: Mapping[AgentId, AgentSpec]
    tasks: Mapping[TaskId, TaskSpec]
    questions: Mapping[QuestionName, QuestionSpec]
    unattended: tuple[tuple[QuestionName, str], ...] = ()
    """Answers that a rehearsal takes where nobody is there to give any."""
    variables: Mapping[str, str] = field(default_factory=dict)
    agent_work: Mapping[AgentId, Work] = field(default_factory=dict)
    task_work: Mapping[TaskId, Work] = field(default_factory=dict)
    on_screen: bool = True
    """Whether it is shown on a screen while it runs, if there is one."""
    summary_ms: int = 10_000
    """How often a session without a screen tells how it stands."""
    kinds: Mapping[str, AgentKind] = field(default_factory=dict)
    """The types of agents that may be spawned."""
    triggers: tuple[TriggerSpec, ...] = ()
    limits: Limits = Limits()
    auto_spawn: bool = True
    """Whether triggers spawn agents, or only propose it."""
    keep_running: bool = False
    """Whether the session waits for the operator when everything is done."""
    health: HealthChecks = HealthChecks()
    """How agents are checked whose type does not say otherwise."""
    coordinator: AgentId | None = None
    """The agent that is told of what concerns the whole."""
    topology: Topology = "adaptive"
    """How the swarm is coordinated."""
    strategies: tuple[Strategy, ...] = ()
    """How the swarm adapts."""
    monitoring_ms: int = 30_000
    """How often it is judged how the swarm works."""
    root: str = "."
    """The folder whose files are watched; machine facts are not filled in yet."""
    session_hooks: Mapping[HookName, Hook] = field(default_factory=dict)
    agent_hooks: Mapping[AgentId, Mapping[HookName, Hook]] = field(default_factory=dict)
    task_hooks: Mapping[TaskId, Mapping[HookName, Hook]] = field(default_factory=dict)
    calling: Calling = Calling()
    prices: Mapping[str, float] = field(default_factory=dict)
    """What an agent costs an hour, by the model that it uses."""

    def work(self, agent: AgentSpec, task: TaskId | None) -> Work:
        """How `agent` does `task`: what stands nearest to the task wins, part by part.

        Without a task: what its process is that lives for the session.
        """
        near = self.task_work.get(task, Work()) if task is not None else Work()
        kind = self.kinds.get(agent.type)
        far = self.agent_work.get(agent.id) or (Work() if kind is None else kind.work)
        return Work(
            command=near.command or far.command,
            script=near.script or far.script,
        )

    def hook(self, name: HookName, agent: AgentSpec | None, task: TaskId | None) -> Hook | None:
        """Return what is run at a moment of `agent`: what stands nearest to its task wins.

        Without an agent, at a moment of the session.
        """
        if agent is None:
            return self.session_hooks.get(name)
        near = self.task_hooks.get(task, {}) if task is not None else {}
        kind = self.kinds.get(agent.type)
        far = {} if kind is None else kind.hooks
        return near.get(name) or self.agent_hooks.get(agent.id, far).get(name)
