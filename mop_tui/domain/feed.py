"""What a screen may see and do: the one face of a live session, a replay and an attached screen.

Everything that crosses this line is a plain, serialisable value.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal, Protocol, get_args

from pydantic import JsonValue

from mop_tui.domain.events import AnyEvent, Verdict
from mop_tui.domain.ids import AgentId, CommandId, MemoryKey, QuestionId, TaskId, TriggerName
from mop_tui.domain.immutable import immutable
from mop_tui.domain.marks import Mark
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Snapshot
from mop_tui.domain.topology import Shape


@immutable
class Answer:
    """The operator's answer to an open question, about exactly the content named by `digest`.

    Where the answer is a secret, `value` is empty and the secret is handed over beside it.
    """

    question: QuestionId
    value: str
    digest: str
    reason: str = ""
    remember: int = 0
    """For how many milliseconds of session time it is remembered for the agent that asks, and for
    the class of the question."""


@immutable
class Forget:
    """Remember the answer to a question no longer."""

    question: QuestionId


@immutable
class Seen:
    """A question has been painted where the operator can read it."""

    question: QuestionId


@immutable
class Noticed:
    """Somebody is at the screen, which has told of an open question for a while."""

    question: QuestionId


@immutable
class Stop:
    """End the session early and in an orderly way."""

    reason: str


@immutable
class Steer:
    """Do something with one agent.

    `pause` suspends its processes, `resume` lets them go on. `stop` ends them for good and cancels
    the task in hand; `restart` ends them too, and the task goes back to those that are ready.
    """

    do: Literal["pause", "resume", "stop", "restart"]
    agent: AgentId
    reason: str = ""


@immutable
class CancelTask:
    """Cancel one task, and what needs it."""

    task: TaskId
    reason: str = ""


@immutable
class RetryTask:
    """Have a task done after all that failed or was cancelled, and what was cancelled with it."""

    task: TaskId
    reason: str = ""


@immutable
class Say:
    """Tell an agent something."""

    agent: AgentId
    text: str


@immutable
class GiveFeedback:
    """Say something of an agent's work, of a task, or of both; it is kept, and passed on."""

    text: str
    agent: AgentId | None = None
    task: TaskId | None = None
    verdict: Verdict | None = None


@immutable
class Spawn:
    """Spawn an agent of a type, and give it something to do if `task` says what."""

    type: str
    task: str = ""
    model: str = ""
    """Which it is meant to use; empty for that of its type."""


@immutable
class CreateTask:
    """Have something done: by one agent, or by any that has a skill."""

    title: str
    agent: AgentId | None = None
    skill: str = ""
    priority: Priority = Priority.NORMAL


@immutable
class SetMemory:
    """Set a key of the shared memory."""

    key: MemoryKey
    value: JsonValue


@immutable
class SteerTrigger:
    """Do something with a trigger.

    `fire` has it do now what it does, whatever it waits for. `mute` lets it consider and do
    nothing, `disable` not even consider; `arm` ends both.
    """

    do: Literal["fire", "arm", "mute", "disable"]
    trigger: TriggerName
    reason: str = ""


@immutable
class AutoSpawn:
    """Let triggers spawn agents by themselves from now on, or only propose it."""

    on: bool


@immutable
class SwitchTopology:
    """Have the swarm coordinated in another shape from now on."""

    shape: Shape
    reason: str = ""


ByHand = Spawn | CreateTask | SetMemory | SteerTrigger | AutoSpawn | SwitchTopology
"""What the operator may do beside what triggers do."""

Section = Literal["overview", "teams", "tasks", "issues", "events", "metrics"]
"""A part of the screen that a layout may show, hide and order."""

SECTIONS: tuple[Section, ...] = get_args(Section)


Command = (
    Answer
    | Forget
    | Seen
    | Noticed
    | Stop
    | Steer
    | CancelTask
    | RetryTask
    | Say
    | GiveFeedback
    | ByHand
)


@immutable
class Capabilities:
    """What a feed lets its viewer do."""

    commands: bool
    """Commands are accepted: there is a session behind the screen that can act."""
    seek: bool
    """Time can be moved: `seek`, `play`, `pause` and `speed` work."""
    detach: bool = False
    """The screen can be left while the session goes on, and another one can come back to it."""
    guest: bool = False
    """Another program runs the session, so that whoever quits leaves it and ends nothing."""


@immutable
class Playback:
    """Where a replay stands."""

    position: int
    """`seq` of the last event shown; 0 before the first."""
    length: int
    playing: bool
    speed: float
    end_at: int
    """Session time of the last event, in milliseconds."""
    marks: tuple[Mark, ...] = ()
    """What stands out in the whole recording, in the order in which it happened."""
    former_decision: int | None = None
    """`seq` of the last decision before the event at `position`."""
    next_decision: int | None = None
    """`seq` of the first decision after it."""


@immutable
class EventFilter:
    """Which events to return; None means any."""

    kind: str | None = None
    """A kind or the first word of kinds: `agent.exited`, `agent`."""
    agent: AgentId | None = None


def selected(events: Iterable[AnyEvent], limit: int, only: EventFilter | None) -> list[AnyEvent]:
    """Return the first `limit` of the events that `only` lets pass."""
    passing = events if only is None else (event for event in events if _passes(event, only))
    return list(islice(passing, limit))


def _passes(event: AnyEvent, only: EventFilter) -> bool:
    if only.kind not in (None, event.kind, event.kind.partition(".")[0]):
        return False
    return only.agent is None or getattr(event.data, "agent", None) == only.agent


class SessionFeed(Protocol):
    """A session to look at, and perhaps to steer."""

    @property
    def revision(self) -> int:
        """A number that changes whenever anything a viewer can see has changed."""

    @property
    def capabilities(self) -> Capabilities:
        """What the viewer may do here."""

    @property
    def source(self) -> str:
        """Where the session file is."""

    @property
    def started(self) -> str:
        """Wall-clock start of the session, ISO 8601."""

    @property
    def trouble(self) -> str:
        """Why the session cannot go on or is not being recorded; empty while all is well."""

    @property
    def sections(self) -> Sequence[Section]:
        """What the layout wants to be shown, in this order."""

    @property
    def outlook(self) -> Outlook | None:
        """What earlier sessions let expect of this one; None if there were too few of them."""

    def now(self) -> int:
        """Session time in milliseconds, which goes on between events."""

    def snapshot(self) -> Snapshot:
        """The session as it is now."""

    def prepare_snapshot(self) -> bool:
        """Do a millisecond of the work that `snapshot` would have to do; return True if there is
        more."""

    def give_way(self, seconds: float) -> None:
        """Leave the time of the event loop to the screen for so long: a key is to be answered.

        May be called from any thread.
        """

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        """Up to `limit` events with `seq` > `after`, oldest first."""

    def event(self, seq: int) -> AnyEvent | None:
        """Event `seq`, however long ago it was; None if it is not known here, or not yet.

        Finding it takes about as long in a long session as in a short one.
        """

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        """Output lines of an agent, counted from 0 at its beginning.

        Lines that the session no longer keeps are left out; they are in the agent's log file.
        """

    def report(self) -> str:
        """What there is to be said of the session as far as it is recorded, in Markdown; or why
        there is nothing.

        The file is read for it from its beginning, which may take seconds: call it in a thread.
        """

    def remaining(self, question: QuestionId) -> int | None:
        """Wall-clock milliseconds until an open question times out; None if it never does.

        What a person may answer times out in wall time, whatever the session's speed.
        """

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        """Hand a command over. Its outcome is an event that carries the returned id."""

    @property
    def playback(self) -> Playback | None:
        """Where the replay stands; None for a session that cannot seek."""

    def seek(self, seq: int) -> None:
        """Show the session as it was right after event `seq`."""

    def seek_time(self, at: int) -> None:
        """Show the session as it was at session time `at` (ms)."""

    def play(self) -> None:
        """Let time run."""

    def pause(self) -> None:
        """Let time stand still."""

    def set_speed(self, factor: float) -> None:
        """Let time run `factor` times as fast as it did."""
