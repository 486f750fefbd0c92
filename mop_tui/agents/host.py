"""What every way of running an agent promises.

A host is told to start, tell, pause, continue and stop; everything that happens to an agent comes
back as a report, in the order in which it happened, each with the number of the incarnation it is
about. `Started` or `StartFailed` is the first report of an incarnation, `Exited` the last.

What is said about an incarnation that is gone, or was never there, is passed over.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from pydantic import JsonValue

from mop_tui.domain.actions import ReplyOutcome
from mop_tui.domain.events import Severity, Verdict
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, MessageId, Resource, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, HookName, QuestionSpec, Script, TaskSpec, Work

# -- what a host is told --------------------------------------------------------------------------


@immutable
class Assignment:
    """A task as an agent is told about it."""

    task: TaskSpec
    attempt: int = 1
    context: Mapping[str, JsonValue] | None = None
    """What it should know besides: answers to its gate, what failed, and so on."""
    script: Script | None = None
    """How it is played where agents are simulated."""


@immutable
class Hook:
    """What a process is that is a hook: of which moment, of whom, and about which files."""

    name: HookName
    agent: AgentId | None
    """None for a hook of the session."""
    files: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    """Variables of its environment that only it has."""

    @property
    def id(self) -> AgentId:
        """What it is called among processes; no agent is called so."""
        return hook_process(self.agent or "", self.name)


def hook_process(agent: str, hook: str) -> AgentId:
    """Return what a process of a hook is called among those of agents."""
    return AgentId(f"{agent}+{hook}")


@immutable
class Job:
    """A process to be started: the `incarnation`th of `agent`.

    With an `assignment`, its exit ends that task. Without one, it lives as long as the session and
    is handed its tasks later.

    With a `hook`, it is no process of an agent: it is told nothing, what it says is output and
    nothing else, and `agent` bears the id of the hook.
    """

    agent: AgentSpec
    work: Work
    incarnation: int
    assignment: Assignment | None = None
    hook: Hook | None = None


@immutable
class Reply:
    """The answer to an `ask` or a `waiting`. A secret value travels beside it."""

    ask: AskId
    outcome: ReplyOutcome
    value: JsonValue = None
    reason: str = ""


@immutable
class Note:
    """A message from the operator or another agent; feedback, if it is `about` work."""

    sender: str
    text: str
    about: str | None = None
    """The task, or else the agent, that it is about."""
    verdict: Verdict | None = None


@immutable
class Relay:
    """A message from one agent to another that is to be dealt with on its way."""

    message: MessageId
    sender: AgentId
    receiver: AgentId
    text: str


@immutable
class Ping:
    """A question that is answered by its number: how long does an answer take?"""

    number: int


@immutable
class Cancel:
    """The task in hand is no longer wanted."""

    task: TaskId
    reason: str


Told = Assignment | Reply | Note | Relay | Ping | Cancel

# -- what a host reports --------------------------------------------------------------------------


@immutable
class Started:
    """The agent runs. `pid` is None where nothing real was started."""

    agent: AgentId
    incarnation: int
    pid: int | None


@immutable
class StartFailed:
    """The agent could not start; `error` says why, to a person."""

    agent: AgentId
    incarnation: int
    error: str


@immutable
class Output:
    """The latest lines of the agent; `dropped` earlier ones of the same stretch are left out."""

    agent: AgentId
    incarnation: int
    lines: tuple[str, ...]
    dropped: int


@immutable
class Progressed:
    """The agent says how far it is, in percent."""

    agent: AgentId
    incarnation: int
    percent: int
    note: str = ""
    said: bool = True
    """It said so in the protocol, as against a line that looks so."""


@immutable
class Reported:
    """The agent says how well it is. What it does not say is None."""

    agent: AgentId
    incarnation: int
    status: Literal["healthy", "degraded", "unhealthy"] | None = None
    cpu_usage: float | None = None
    """Percent."""
    memory_usage: float | None = None
    """Percent."""
    error_count: int | None = None
    response_ms: float | None = None


@immutable
class Ponged:
    """The agent answered a `Ping` after so long."""

    agent: AgentId
    incarnation: int
    response_ms: float


@immutable
class Remembered:
    """The agent sets a key of the shared memory."""

    agent: AgentId
    incarnation: int
    key: MemoryKey
    value: JsonValue


@immutable
class Erred:
    """Something went wrong in the agent; how that was noticed is its `source`."""

    agent: AgentId
    incarnation: int
    type: str
    message: str
    source: Literal["protocol", "pattern", "host"]
    """It said so, a line it wrote looks so, or the host could not do its part."""


@immutable
class Asked:
    """The agent asks the human, and waits for the `Reply`."""

    agent: AgentId
    incarnation: int
    ask: AskId
    question: QuestionSpec


@immutable
class Waiting:
    """The agent waits for a key of the shared memory, whose value is the `Reply`."""

    agent: AgentId
    incarnation: int
    ask: AskId
    key: MemoryKey


@immutable
class Locking:
    """The agent asks for a lock, and waits for the `Reply`."""

    agent: AgentId
    incarnation: int
    ask: AskId
    resource: Resource


@immutable
class Unlocking:
    """The agent gives back what it locked."""

    agent: AgentId
    incarnation: int
    resource: Resource


@immutable
class Messaged:
    """The agent says something to another agent, to `coordinator` or to `operator`."""

    agent: AgentId
    incarnation: int
    to: str
    text: str
    severity: Severity = "info"


@immutable
class Relayed:
    """The agent has dealt with a message that it was handed on its way."""

    agent: AgentId
    incarnation: int
    message: MessageId


@immutable
class Misspoke:
    """The agent said something in the protocol that makes no sense; `problem` says what."""

    agent: AgentId
    incarnation: int
    problem: str


@immutable
class Finished:
    """The agent is done with the task in hand, and lives on. `failed` is the type of what failed.

    A process that was started for its task does not report this: its `Exited` does.
    """

    agent: AgentId
    incarnation: int
    task: TaskId
    result: str
    failed: str = ""
    message: str = ""


@immutable
class Exited:
    """The agent is gone: by itself with `code`, or by the signal of that name.

    `result` is what it delivered, else the last line it wrote that is not blank. `done` is True if
    it had said that its work is done: being ended after that is no failure. `failed` is the type
    of error that its exit code or its `done` names.
    """

    agent: AgentId
    incarnation: int
    code: int | None
    signal: str | None
    result: str
    done: bool = False
    failed: str = ""
    message: str = ""
    """What it says about `failed`."""


Report = (
    Started
    | StartFailed
    | Output
    | Progressed
    | Reported
    | Ponged
    | Remembered
    | Erred
    | Asked
    | Waiting
    | Locking
    | Unlocking
    | Messaged
    | Relayed
    | Misspoke
    | Finished
    | Exited
)
Sink = Callable[[Report], None]
"""Takes reports, at any time but never from another thread."""


class AgentHost(Protocol):
    """A way to run agents."""

    def start(self, job: Job, secrets: Mapping[str, str]) -> None:
        """Start an agent. The outcome is a report; this never raises and never blocks.

        `secrets` are handed to it, each by its name, where nobody else can read them.
        """

    def tell(self, agent: AgentId, incarnation: int, what: Told, secret: str | None = None) -> bool:
        """Tell an agent something, if it listens. `secret` is the value of a secret `Reply`.

        False if it cannot hear: it does not listen, not any more, or is gone. True says that it was
        told, or will be; not that it minds.
        """

    def conceal(self, secret: str) -> None:
        """Replace `secret` wherever an agent writes it, from now on."""

    def pause(self, agent: AgentId, incarnation: int) -> None:
        """Suspend all processes of the agent."""

    def resume(self, agent: AgentId, incarnation: int) -> None:
        """Let the processes of the agent go on."""

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """End an agent in an orderly way: first a request, after a while by force.

        Ends with an `Exited` report.
        """

    def groups(self) -> Mapping[tuple[AgentId, int], int]:
        """Return the process group of each incarnation that is real and runs."""

    async def close(self) -> None:
        """End whatever still runs, and return when nothing does."""
