"""What a session sets out to do: teams, agents, tasks and questions, as the layout declares them.

Everything here is immutable and free of machine facts. Texts may still contain `${...}` look-ups;
`templates` says what they mean and when they are filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal

from pydantic import JsonValue

from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId, TeamId


class Priority(IntEnum):
    """How urgent a task is; higher goes first."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3
    CRITICAL = 4


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


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. With `shell`, `argv` holds one script for `sh -c`."""

    argv: tuple[str, ...]
    shell: bool = False
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated agent does with a task.

    `duration` is the range in milliseconds from which one value is drawn by the agent's own
    random generator; None leaves it to the task's declared duration.
    """

    duration: tuple[int, int] | None = None
    output: tuple[str, ...] = ()
    memory: tuple[tuple[MemoryKey, JsonValue], ...] = ()
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """How a piece of work is done: by a command, by a script, or (rehearsed) by either."""

    command: Command | None = None
    script: Script | None = None


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A slot that work can be given to."""

    id: AgentId
    type: str
    team: TeamId
    skills: tuple[str, ...] = ()
    lead: bool = False
    model: str | None = None
    host: HostKind = HostKind.COMMAND


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A named group of agents, in screen order."""

    id: TeamId
    name: str
    agents: tuple[AgentId, ...]


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A piece of work: who may do it, what it needs, what it provides."""

    id: TaskId
    title: str
    agent: AgentId | None = None
    requires_skill: str | None = None
    priority: Priority = Priority.NORMAL
    needs_tasks: tuple[TaskId, ...] = ()
    needs_keys: tuple[MemoryKey, ...] = ()
    provides: tuple[MemoryKey, ...] = ()
    expected_ms: int | None = None
    gate: QuestionName | None = None


@dataclass(frozen=True, slots=True)
class QuestionSpec:
    """A question that a human may be asked.

    `timeout_ms` is None where the question waits for ever. `default` is what happens then,
    by nobody; without one, a `required` question stays open and others cancel what they hold.
    """

    name: QuestionName
    question: str
    question_type: Literal["approval"] = "approval"
    context: tuple[tuple[str, JsonValue], ...] = ()
    timeout_ms: int | None = None
    required: bool = False
    default: Literal["reject"] | None = None
    on_reject: Literal["cancel", "stop_session"] = "cancel"
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
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
    variables: Mapping[str, str] = field(default_factory=dict)
    agent_work: Mapping[AgentId, Work] = field(default_factory=dict)
    task_work: Mapping[TaskId, Work] = field(default_factory=dict)

    def work(self, agent: AgentId, task: TaskId) -> Work:
        """How `agent` does `task`: what stands nearest to the task wins, part by part."""
        near = self.task_work.get(task, Work())
        far = self.agent_work.get(agent, Work())
        return Work(
            command=near.command or far.command,
            script=near.script or far.script,
        )
