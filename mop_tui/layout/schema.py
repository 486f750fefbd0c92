"""What a layout file may hold: its sections and keys, with the form of every value.

Only form is described here. Whether what is named exists, and whether the whole makes sense, is for
`checks`. What is not described here is not built yet, and refused.

Short forms become long ones on the way in, and the dump of a layout is its canonical form: a
command as a bare list is `{command: [...]}`, an agent as a bare text is `{type: ...}`, a duration
is written as `durations` writes it.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mop_tui.layout import durations

ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
MEMORY_KEY = r"^[^\s{}$]{1,200}$"
ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,199}$"

Id = Annotated[str, StringConstraints(pattern=ID)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE)]
Key = Annotated[str, StringConstraints(pattern=MEMORY_KEY)]
EnvironmentName = Annotated[str, StringConstraints(pattern=ENVIRONMENT_NAME)]
Text = Annotated[str, StringConstraints(min_length=1)]


def wrong(sentence: str) -> PydanticCustomError:
    """Return the error by which a validator says what is wrong with a value."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _duration(value: object) -> int:
    try:
        return durations.parse(value)
    except ValueError as error:
        raise wrong(str(error)) from error


def _some_time(value: object) -> int:
    milliseconds = _duration(value)
    if milliseconds == 0:
        raise wrong("must be longer than nothing; leave it out to wait for ever")
    return milliseconds


def _duration_range(value: object) -> tuple[int, int]:
    if not isinstance(value, list):
        return _duration(value), _duration(value)
    if len(value) != 2:
        raise wrong("is not a duration or a range of two, such as [15s, 25s]")
    shortest, longest = _duration(value[0]), _duration(value[1])
    if shortest > longest:
        raise wrong("is a range that ends before it begins")
    return shortest, longest


def _written_range(value: tuple[int, int]) -> str | list[str]:
    shortest, longest = map(durations.written, value)
    return shortest if shortest == longest else [shortest, longest]


def _approval_only(value: object) -> object:
    if isinstance(value, str) and value != "approval":
        raise wrong(f"'{value[:40]}' is not known yet; questions are of the type approval")
    return value


def _never_approves(value: object) -> object:
    if value != "reject":
        raise wrong("can only be reject: what nobody answered must never count as approved")
    return value


Duration = Annotated[int, BeforeValidator(_duration), PlainSerializer(durations.written)]
"""Milliseconds."""
Timeout = Annotated[int, BeforeValidator(_some_time), PlainSerializer(durations.written)]
"""Milliseconds, at least one."""
DurationRange = Annotated[
    tuple[int, int], BeforeValidator(_duration_range), PlainSerializer(_written_range)
]
"""The shortest and the longest, in milliseconds."""


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        # Building a validator costs; only that of the whole layout is ever used.
        defer_build=True,
    )


class Run(Section):
    """A program to run: `command` or `shell`, exactly one."""

    command: Annotated[list[str], Field(min_length=1)] | None = None
    """The program and its arguments. No shell is involved."""
    shell: Text | None = None
    """A script for `sh -c`."""
    cwd: Text | None = None
    """The folder to run in; by default the one in which mop-tui was started."""
    env: dict[EnvironmentName, str] = {}
    """Environment variables, in addition to the few that every program gets."""

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        if isinstance(value, list):
            return {"command": value}
        if not isinstance(value, dict):
            raise wrong(
                "must be a list of words, such as [ruff, check], or a mapping with command or shell"
            )
        return value


class Sim(Section):
    """What a simulated agent does instead, in rehearsals and where nothing is to be run."""

    duration: DurationRange | None = None
    """How long it takes, or a range to draw from; by default the task's own duration."""
    output: list[str] = []
    """The lines it writes. The last one that is not blank is the task's output."""
    memory: dict[Key, JsonValue] = {}
    """Memory keys that it sets at its end."""
    exit: Annotated[int, Field(ge=0, le=255)] = 0
    """Its exit code."""


class Session(Section):
    """What the whole is about."""

    id: Id = Field(validation_alias=AliasChoices("id", "session_id"))
    """The plan's id. Each run has a run id of its own."""
    project: str = ""
    """What is worked on."""
    goal: str = ""
    """What is to be reached."""
    max_agents: Annotated[int, Field(ge=1)] | None = None
    """How many agents may be at work at a time."""
    vars: dict[Variable, str] = {}
    """Texts to be used as `${name}`; each may use those above it, and `--set` replaces them."""


class AgentType(Section):
    """What agents of a type have in common."""

    model: Text | None = None
    """Which model an agent of this type is meant to use."""
    skills: list[Text] = []
    """What agents of this type can do; tasks ask for one by `requires_skill`."""
    run: Run | None = None
    """How they do a task that does not say so itself."""
    sim: Sim | None = None
    """How they do such a task when simulated."""


class Agent(Section):
    """One agent of a team. A bare text is the name of its type."""

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
    gate: Text | None = None
    """One of `questions`: it begins only after a human has approved."""
    run: Run | None = None
    """How it is done."""
    sim: Sim | None = None
    """How it is done when simulated."""


class Question(Section):
    """A question to the human who runs the session."""

    question: Text
    """Its text."""
    question_type: Annotated[Literal["approval"], BeforeValidator(_approval_only)] = "approval"
    """What kind of answer it takes."""
    context: dict[Text, JsonValue] = {}
    """What the human should know to answer it, shown with it."""
    timeout: Timeout | None = None
    """How long it waits for an answer; by default for ever."""
    required: bool = False
    """Whether, when time runs out and there is no default, it stays open and becomes louder."""
    default: Annotated[Literal["reject"], BeforeValidator(_never_approves)] | None = None
    """What holds when time runs out."""
    on_reject: Literal["cancel", "stop_session"] = "cancel"
    """Whether a rejection cancels the task and what depends on it, or ends the whole session."""
    class_: Literal["normal", "dangerous"] = Field("normal", alias="class")
    """A dangerous question is answered by a person, never from a file of answers."""


class Limits(Section):
    """What the session may use."""

    live: Annotated[int, Field(ge=1)] | None = None
    """How many agents may be at work at a time; the smaller of this and `max_agents` holds."""


class Layout(Section):
    """A whole layout file."""

    session: Session
    """What the whole is about."""
    teams: dict[Id, Team]
    """Teams in the order in which they are shown."""
    tasks: dict[Id, Task]
    """What is to be done. Nothing but `needs` orders it."""
    agent_types: dict[Id, AgentType] = {}
    """Kinds of agents."""
    questions: dict[Id, Question] = {}
    """What a human is asked."""
    limits: Limits = Limits()
    """What the session may use."""
