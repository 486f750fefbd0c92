"""What a layout file may hold: its sections and keys, with the form of every value.

Only form is described here, that of triggers in `trigger_section`. Whether what is named exists,
and whether the whole makes sense, is for `loading`.

Short forms become long ones on the way in, and the dump of a layout is its canonical form: a
command as a bare list is `{command: [...]}`, an agent as a bare text is `{type: ...}`, a duration
is written as `durations` writes it. What single values may be is in `values`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from mop_tui.domain.plan import OnDoubt, Topology
from mop_tui.domain.triggers import DEFAULT_DEPTH, DEFAULT_TOTAL, Complexity
from mop_tui.layout.answer_section import Reaction
from mop_tui.layout.health_section import HealthChecks, SimulatedAilment
from mop_tui.layout.message_section import SimulatedMessage
from mop_tui.layout.section import Section, also
from mop_tui.layout.strategy_section import Strategy
from mop_tui.layout.trigger_section import Condition, Trigger
from mop_tui.layout.values import (
    Cores,
    Duration,
    DurationRange,
    EnvironmentName,
    ExitCode,
    Globs,
    Id,
    Key,
    Length,
    Locks,
    Price,
    ProgressRegex,
    Regex,
    Resource,
    Size,
    Text,
    Timeout,
    Variable,
    wrong,
)

MOST_ITEMS = 100
"""How many patterns are looked for in every line, and options shown."""


class ScriptedError(Section):
    """An error that a simulated agent meets."""

    type: Id
    """What the error is called, such as `deployment_failed`."""
    message: str = ""
    """What it says about it."""


class ErrorPattern(Section):
    """Lines of output that are errors of a type."""

    type: Id
    """What the error is called, such as `deployment_failed`."""
    pattern: Regex
    """A regular expression; a line in which it is found is such an error."""


def _program(value: Any) -> Any:
    """Return a program to run in its long form."""
    if isinstance(value, list):
        return {"command": value}
    if not isinstance(value, dict):
        raise wrong(
            "must be a list of words, such as [ruff, check], or a mapping with command or shell"
        )
    return value


class Run(Section):
    """A program to run: `command` or `shell`, exactly one. A bare list is a `command`."""

    model_config = also({"type": "array", "items": {"type": "string"}, "minItems": 1})

    command: Annotated[list[str], Field(min_length=1)] | None = None
    """The program and its arguments. No shell is involved."""
    shell: Text | None = None
    """A script for `sh -c`."""
    cwd: Text | None = None
    """The folder to run in; by default the one in which mop-tui was started."""
    env: dict[EnvironmentName, str] = {}
    """Environment variables, in addition to the few that every program gets. No secrets."""
    inherit_env: list[EnvironmentName] = []
    """Names of variables that it gets as mop-tui itself has them."""
    stdin: Literal["protocol", "none"] = "protocol"
    """Whether it is told things by lines of JSON on its standard input, or has none."""
    exit_codes: dict[ExitCode, Id] = {}
    """What errors the exit codes 1 to 255 stand for: `{3: deployment_failed}`."""
    error_patterns: Annotated[
        list[ErrorPattern],
        Field(
            max_length=MOST_ITEMS,
            json_schema_extra={"type": ["array", "object"]},
        ),
    ] = []
    """Which lines of its output are errors: a list of `{type, pattern}`, or patterns by type."""
    progress_patterns: Annotated[list[ProgressRegex], Field(max_length=MOST_ITEMS)] = []
    """Regular expressions for lines that tell its progress. One group holds a percentage, two hold
    how much is done and how much there is."""

    _from_list = model_validator(mode="before")(_program)

    @field_validator("error_patterns", mode="before")
    @classmethod
    def _from_mapping(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return [{"type": type_, "pattern": pattern} for type_, pattern in value.items()]
        if not isinstance(value, list):
            raise wrong("must be a list of {type, pattern}, or a mapping of types to patterns")
        return value


class Hook(Section):
    """A program that is run at a certain moment and has to succeed, that is, to end with exit code
    0: `command` or `shell`, exactly one. A bare list is a `command`. What it writes is output of
    its agent; it is told by its environment what it is about: `MOP_HOOK`, `MOP_AGENT`, `MOP_TASK`,
    `MOP_TASK_FILE`. Simulated agents run no hooks, and rehearsals none at all."""

    model_config = also({"type": "array", "items": {"type": "string"}, "minItems": 1})

    command: Annotated[list[str], Field(min_length=1)] | None = None
    """The program and its arguments. No shell is involved."""
    shell: Text | None = None
    """A script for `sh -c`."""
    cwd: Text | None = None
    """The folder to run in; by default the one in which mop-tui was started."""
    env: dict[EnvironmentName, str] = {}
    """Environment variables, in addition to the few that every program gets. No secrets."""
    inherit_env: list[EnvironmentName] = []
    """Names of variables that it gets as mop-tui itself has them."""
    timeout: Timeout = 60_000
    """How long it may take; then it is ended, and has failed."""

    _from_list = model_validator(mode="before")(_program)


class Uses(Section):
    """What a simulated agent uses while it plays."""

    cpu: Cores | None = None
    """Processor cores. Where all who are at work use more than `limits.cpu`, all of them take
    longer, in proportion, as on a machine with so many cores."""
    memory: Size | None = None
    """Memory."""


class SimulatedStep(Section):
    """One thing that a simulated agent does: exactly one of these."""

    lock: Resource | None = None
    """It locks a name or a pattern for paths, and waits until nobody else has it."""
    unlock: Resource | None = None
    """It gives that back."""
    wait: Key | None = None
    """It waits for a memory key."""
    set: Key | None = None
    """It sets a memory key, to `{status: complete}`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        said = (self.lock, self.unlock, self.wait, self.set)
        if len(said) - said.count(None) != 1:
            raise wrong("must hold exactly one of lock, unlock, wait and set")
        return self


class Sim(Section):
    """What a simulated agent does instead, in rehearsals and where nothing is to be run."""

    duration: DurationRange | None = None
    """How long it takes, or a range to draw from; by default the task's own duration."""
    errors: Annotated[list[ScriptedError], Field(max_length=MOST_ITEMS)] = []
    """The errors that it tells of half-way, before its steps; then it goes on all the same."""
    steps: Annotated[list[SimulatedStep], Field(max_length=MOST_ITEMS)] = []
    """What it does half-way, before it asks, one after the other: `{lock: release}`."""
    asks: Text | None = None
    """One of `questions`, which it asks half-way and waits for; then it goes on alike, whatever the
    answer."""
    output: list[str] = []
    """The lines it writes. The last one that is not blank is the task's output."""
    memory: dict[Key, JsonValue] = {}
    """Memory keys that it sets at its end."""
    health: Annotated[list[SimulatedAilment], Field(max_length=MOST_ITEMS)] = []
    """What is wrong with it meanwhile, for a while or to the end."""
    messages: Annotated[list[SimulatedMessage], Field(max_length=MOST_ITEMS)] = []
    """What it says to others meanwhile."""
    handling: Duration | None = None
    """How long it takes an agent that `relays` to deal with a message, one after the other; by
    default no time. Said of an agent or its type, not of a task."""
    uses: Uses = Uses()
    """What it uses meanwhile."""
    exit: Annotated[int, Field(ge=0, le=255)] = 0
    """Its exit code."""
    rejects: Annotated[int, Field(ge=0, le=1_000)] = 0
    """In how many rounds it rejects what it reviews; after them it approves."""


class Session(Section):
    """What the whole is about."""

    id: Id = Field(validation_alias=AliasChoices("id", "session_id"))
    """The plan's id. Each run has a run id of its own."""
    task: Id | None = None
    """What the session does; all sessions of this name are learnt from together. By default its
    id."""
    learn: bool = True
    """Whether it is learnt from when it is complete."""
    project: str = ""
    """What is worked on."""
    goal: str = ""
    """What is to be reached."""
    max_agents: Annotated[int, Field(ge=1)] | None = None
    """How many agents may be at work at a time."""
    on_doubt: OnDoubt | None = None
    """`on_doubt` of the tasks that do not say it themselves."""
    on_start: Hook | None = None
    """What is run before there is any task or agent. If it fails, the session ends there."""
    on_end: Hook | None = None
    """What is run when everything is done, or the session was told to end. If it fails, the
    session is incomplete."""
    topology: Topology = "adaptive"
    """How agents are coordinated: `adaptive` begins as `hierarchical` where several teams have
    leads, else as `mesh`, and a strategy may change it."""
    auto_spawn: bool = True
    """Whether triggers spawn agents, or only propose it."""
    monitoring_interval: Timeout = 30_000
    """How often the swarm is judged, while somebody is at work."""
    dashboard_enabled: bool = True
    """Whether there is a screen; without one, what happens is printed, and `attach` shows the
    session on one."""
    keep_running: bool = False
    """Whether the session waits for the operator when everything is done."""
    coordinator: Text | None = None
    """The agent that is told of what concerns the whole, such as that somebody is ill."""
    root: Text = "."
    """The folder whose files are watched, and to which paths are relative; by default the one in
    which mop-tui was started."""
    vars: dict[Variable, str] = {}
    """Texts to be used as `${name}`; each may use those above it, and `--set` replaces them."""


class AgentLimits(Section):
    """What an agent may use; its usage is told in percent of this."""

    cpu: Cores | None = None
    """Processor cores: 2, or 0.5."""
    memory: Size | None = None
    """Memory: `512MiB`, `2GiB`, `500MB`, or a number of bytes."""


class AgentType(Section):
    """What agents of a type have in common."""

    model: Text | None = None
    """Which model an agent of this type is meant to use; its program is told so by `MOP_MODEL`."""
    skills: list[Text] = []
    """What agents of this type can do; tasks ask for one by `requires_skill`."""
    run: Run | None = None
    """How they do a task that does not say so itself."""
    sim: Sim | None = None
    """How they do such a task when simulated."""
    lifetime: Literal["task", "session"] = "task"
    """Whether their process starts and ends with each task, or is one for the whole session that
    is handed one task after another."""
    limits: AgentLimits = AgentLimits()
    """What each of them may use."""
    relays: bool = False
    """Whether they deal with messages that pass them, and say when they have (`relayed`): as lead,
    coordinator, hub of a star or neighbour in a ring. Through others, messages are passed on at
    once."""
    health_checks: HealthChecks | None = None
    """How they are checked; what is not said here is as `health_checks` says for all."""
    on_start: Hook | None = None
    """What is run each time one of them is started, before it takes a task. If it fails, the agent
    is out until you restart it."""
    pre_task: Hook | None = None
    """What is run before each of their tasks that does not say so itself. If it fails, so does the
    attempt at the task."""
    post_task: Hook | None = None
    """What is run after such a task was done well, before it counts as complete. If it fails, so
    does the attempt."""
    post_edit: Hook | None = None
    """What is run after one of them has changed files, whose names are in `MOP_FILES`. If it fails,
    you are warned."""


class Agent(Section):
    """One agent of a team. A bare text is the name of its type."""

    model_config = also({"type": "string"})

    type: Text
    """One of `agent_types`."""
    id: Id | None = None
    """By default, its type."""
    model: Text | None = None
    """Instead of its type's."""
    skills: list[Text] = []
    """In addition to its type's."""
    run: Run | None = None
    """Instead of its type's."""
    sim: Sim | None = None
    """Instead of its type's."""
    lifetime: Literal["task", "session"] | None = None
    """Instead of its type's."""
    limits: AgentLimits = AgentLimits()
    """Instead of those of its type that it names."""
    relays: bool | None = None
    """Instead of its type's."""
    owns: Globs = []
    """The files that only it may change, as patterns from the session's folder on. They are locked
    whenever it does a task, and a change while it does none, and others work, is an issue."""
    on_start: Hook | None = None
    """Instead of its type's."""
    pre_task: Hook | None = None
    """Instead of its type's."""
    post_task: Hook | None = None
    """Instead of its type's."""
    post_edit: Hook | None = None
    """Instead of its type's."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"type": value}
        if not isinstance(value, dict):
            raise wrong("must be the name of an agent type, or a mapping with a type")
        return value


class Team(Section):
    """Agents that are shown together."""

    agents: list[Agent]
    """Its agents, in the order in which they are shown."""
    name: Text | None = None
    """What it is called on screen; by default made from its id."""
    lead: Text | None = None
    """The id of the agent that leads it."""
    start: Literal["session", "trigger"] = "session"
    """Whether it is there from the beginning, or spawned by a trigger."""


class Retry(Section):
    """How often a task that failed is tried again. A bare number is `times`."""

    model_config = also({"type": "integer", "minimum": 0})

    times: Annotated[int, Field(ge=0, le=100)]
    """How often, at most."""
    delay: Duration = 1_000
    """How long it rests before the first time; each rest is twice the one before."""
    max_delay: Duration | None = None
    """How long it rests at most; by default a minute, or `delay` if that is longer."""

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"times": value}
        if not isinstance(value, dict):
            raise wrong("must be how often to try again, such as 2, or a mapping with times")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_delay is not None and self.max_delay < self.delay:
            raise wrong("has a max_delay that is shorter than its delay")
        return self


class Review(Section):
    """A look at what was done, by another agent, before the task counts as complete. It is a task
    of that agent, which does it by its own or its type's run or sim."""

    by: Text
    """The agent that reviews it. It never does the task itself."""
    rounds: Annotated[int, Field(ge=0, le=100)] = 3
    """How often the task is sent back at most; when it is rejected once more, it fails."""
    duration: Duration | None = None
    """How long a review is expected to take."""
    timeout: Timeout | None = None
    """How long one may take, pauses left out; by default for ever."""
    retry: Retry | None = None
    """How often one is tried again that comes to no verdict; by default not at all. Where none
    does, the task waits until you retry its review."""


class Task(Section):
    """A piece of work. Exactly one of `agent` and `requires_skill` says who may do it."""

    title: Text | None = None
    """What it is called on screen; by default made from its id."""
    agent: Text | None = None
    """The agent that does it."""
    requires_skill: Text | None = None
    """Any agent with this skill may do it."""
    needs: list[Text] = []
    """Tasks that must be complete, and memory keys (`memory:KEY`) that must be there, before it."""
    provides: list[Key] = []
    """Memory keys that are set when it is complete."""
    priority: Literal["low", "normal", "medium", "high", "urgent", "critical"] = "normal"
    """Which task goes first where several could; medium is normal."""
    duration: Duration | None = None
    """How long it is expected to take."""
    timeout: Timeout | None = None
    """How long one attempt may take, pauses left out; by default for ever."""
    retry: Retry | None = None
    """How often it is tried again when it fails; by default not at all."""
    on_doubt: OnDoubt | None = None
    """What to do with it if mop-tui died while it was being done and the session is resumed:
    ask you, do it again (`retry`), or count it as failed. By default what the session says; without
    that, a task whose gate is an approval asks, and any other is done again."""
    gate: Text | None = None
    """One of `questions`: it begins only after a human has approved, chosen or typed."""
    run: Run | None = None
    """How it is done."""
    sim: Sim | None = None
    """How it is done when simulated."""
    environment: Text | None = None
    """The environment that it deploys to, which triggers may hold it for."""
    locks: Locks = []
    """What it shares with others: names, or patterns for paths, such as `release` or
    `environments/*/values.yaml`. Of tasks whose locks may mean the same, one is done at a time; all
    that a task locks is taken when it is given to an agent, and given back when that is over."""
    owns: Globs = []
    """The files that only its agent may change meanwhile; they are locked, too."""
    when: Condition = {}
    """What must hold of memory keys that it needs, by `memory:KEY` or `memory:KEY.FIELD`, for them
    to count; without it, a key counts when it is there and its `status`, if it has one, is
    `complete`."""
    complexity: Complexity | None = None
    """How hard it is; by default told by how long it takes and what it needs."""
    review: Review | None = None
    """Who looks at it before it counts as complete."""
    on_error: dict[Text, list[Reaction]] = {}
    """What is done when an attempt fails, in place of its retries, by the type of the error; `"*"`
    is any other. With `retry` it is tried again, as far as `retry` of the task allows, with `skip`
    it is cancelled, and without either it fails at once."""
    pre_task: Hook | None = None
    """What is run before it, instead of its agent's."""
    post_task: Hook | None = None
    """What is run after it was done well and before it counts as complete, instead of its
    agent's."""
    post_edit: Hook | None = None
    """What is run after its agent has changed files, instead of the agent's."""


class Option(Section):
    """One of the answers to a choice. A bare text is a `value`."""

    model_config = also({"type": "string"})

    value: Text
    """The answer, as it is recorded and handed on."""
    label: str = ""
    """What it is called on screen; by default its value."""
    description: str = ""
    """What choosing it means."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"value": value}
        if not isinstance(value, dict):
            raise wrong("must be a text, in quotes if it looks like a number, or a mapping")
        return value


class Validation(Section):
    """What an input must be like to be accepted."""

    min_length: Length | None = None
    """How many characters it has at least; by default one."""
    max_length: Annotated[Length, Field(ge=1)] | None = None
    """How many characters it has at most; by default, and never more than, 4,096."""
    pattern: Regex | None = None
    """A regular expression for the whole of it."""
    require_special: bool = False
    """Whether it must hold a sign that is no letter, digit or space."""
    require_digit: bool = False
    """Whether it must hold a digit."""
    minimum: float | None = None
    """The least number; for `input_type: number`."""
    maximum: float | None = None
    """The greatest number; for `input_type: number`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        shortest, longest = self.min_length, self.max_length
        if shortest is not None and longest is not None and shortest > longest:
            raise wrong("accepts nothing: its min_length is more than its max_length")
        least, greatest = self.minimum, self.maximum
        if least is not None and greatest is not None and least > greatest:
            raise wrong("accepts nothing: its minimum is more than its maximum")
        return self


class Question(Section):
    """A question to the human who runs the session."""

    question: Text
    """Its text."""
    question_type: Literal["approval", "choice", "input"] = "approval"
    """Whether it is approved or rejected, answered by one of its `options`, or by typing."""
    context: dict[Text, JsonValue] = {}
    """What the human should know to answer it, shown with it."""
    options: Annotated[list[Option], Field(max_length=MOST_ITEMS)] = []
    """The answers to a choice, at least two."""
    input_type: Literal["text", "number", "password"] = "text"
    """What is typed. A password is shown and recorded nowhere; only the agent of the task that it
    is the gate of gets it."""
    validation: Validation = Validation()
    """What an input must be like."""
    timeout: Timeout | None = None
    """How long it waits for an answer; by default for ever."""
    required: bool = False
    """Whether, when time runs out and there is no default, it stays open and becomes louder."""
    default: str | None = None
    """What holds when time runs out: `reject`, one of the options, or a text to be taken as typed.
    Nothing can be approved by it, and no password given."""
    on_reject: Literal["cancel", "stop_session"] = "cancel"
    """Whether a rejection cancels the task and what depends on it, or ends the whole session."""
    class_: Id = Field("normal", alias="class")
    """What kind of thing it is about, in a word. A `dangerous` question is answered by a person,
    never from a file of answers, and no answer to it is remembered."""
    fallback: str | None = None
    """What holds when nobody can be asked: time has run out and there is no `default`, or nobody is
    there and nothing else is left to be done. It can be what a default can be."""
    on_answer: dict[Text, list[Reaction]] = {}
    """What is done for each answer, in this order: `approve` or `reject`, the value of an option,
    what is typed, or `"*"` for any other. It follows from a default and a fallback, too, but for
    approvals."""


class Limits(Section):
    """What the session may use."""

    live: Annotated[int, Field(ge=1)] | None = None
    """How many agents may be at work at a time; the smaller of this and `max_agents` holds."""
    total: Annotated[int, Field(ge=1)] = DEFAULT_TOTAL
    """How many agents there may be in all. Over this and the limits below, triggers spawn nobody,
    and an issue says so."""
    per_minute: Annotated[int, Field(ge=1)] | None = None
    """How many agents triggers may spawn within 60 seconds."""
    depth: Annotated[int, Field(ge=1)] = DEFAULT_DEPTH
    """How many triggers may have fired because of each other."""
    cpu: Cores | None = None
    """Processor cores that all agents together may use, as their `limits` say."""
    memory: Size | None = None
    """Memory that all agents together may use, as their `limits` say."""


class Notify(Section):
    """How you are called when a question is open and nobody is at the screen: by each of these in
    turn, once for a question. The screen counts what waits at once. It is quiet while its terminal
    has the focus, and from the moment that a key or the mouse says that somebody is there."""

    bell: bool = True
    """By the terminal's bell, and by its title, which then says who asks and what."""
    bell_after: Duration = 10_000
    """How long nobody is there before it rings."""
    desktop: bool = True
    """By the terminal's own notifications, which name who asks and what. Not in rehearsals."""
    desktop_after: Duration = 30_000
    """How long nobody is there before one is shown."""
    command: Hook | None = None
    """By a program, also where there is no screen. Its environment tells it who asks and what:
    `MOP_CALL` in one sentence; and `MOP_ASKED_BY`, `MOP_QUESTION`, `MOP_QUESTION_NAME`,
    `MOP_QUESTION_TEXT`, `MOP_QUESTION_TYPE`, `MOP_OTHERS` (how many more are open), `MOP_OVERDUE`
    and `MOP_SESSION` (the session file). Never a secret. If it fails, you are told once."""
    command_after: Duration = 120_000
    """How long after the question it is run, unless somebody came."""


class Dashboard(Section):
    """What the screen shows, and how often a session without a screen tells how it stands."""

    display_mode: Literal["terminal"] = "terminal"
    """Where it is shown."""
    refresh_interval: Timeout = 10_000
    """How often a line about the whole is written to standard error where there is no screen."""
    sections: Annotated[
        list[Literal["overview", "teams", "tasks", "issues", "events", "metrics"]],
        Field(max_length=6),
    ] = []
    """What the screen shows, in this order; by default everything. What waits for an answer and
    what is wrong is always shown."""

    @field_validator("sections")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise wrong("names a section twice")
        return value


class Model(Section):
    """A model that agents use, which is known by the name that they say it by."""

    price: Price
    """What one agent that uses it costs an hour: while it works, or if it lives for the session,
    until the end. In any unit, the same for all models and for what `mop-tui predict` may spend."""


class Layout(Section):
    """A whole layout file."""

    session: Session
    """What the whole is about."""
    teams: dict[Id, Team] = {}
    """Teams in the order in which they are shown."""
    tasks: dict[Id, Task] = {}
    """What is to be done. Nothing but `needs` orders it."""
    agent_types: dict[Id, AgentType] = {}
    """Kinds of agents."""
    models: dict[Text, Model] = {}
    """What the models cost that agents use, by which `mop-tui predict` tells what a team costs.
    Agents without a model cost nothing."""
    questions: dict[Id, Question] = {}
    """What a human is asked."""
    unattended_answers: dict[Id, str] = {}
    """Answers to `questions` that a rehearsal takes where nobody is there to answer. In a run of
    anything real they mean nothing: there, a human answers."""
    limits: Limits = Limits()
    """What the session may use."""
    health_checks: HealthChecks = HealthChecks()
    """How agents are checked, and what is done about those that are ill."""
    triggers: list[Trigger] = []
    """What starts something by itself."""
    strategies: list[Strategy] = []
    """How the swarm adapts."""
    notify: Notify = Notify()
    """How you are called when something waits and nobody looks."""
    dashboard: Dashboard = Dashboard()
    """What the screen shows."""
