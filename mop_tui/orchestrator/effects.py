"""Side effects that a decision ordered, to be carried out once they are on record."""

from typing import Literal

from mop_tui.agents.host import Told
from mop_tui.domain.actions import TimerPurpose
from mop_tui.domain.ids import ActionId, AgentId, FeedbackId, QuestionId, TaskId, TimerId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import HookName


@immutable
class Start:
    """Start a process of `agent`: for `task`, or for the session if that is None.

    `seq` is the record that announces it.
    """

    seq: int
    action: ActionId
    agent: AgentId
    task: TaskId | None
    incarnation: int
    feedback: tuple[FeedbackId, ...] = ()
    """What the operator said that is told with the task."""


@immutable
class Signal:
    """End, suspend or continue the process of `agent`."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    effect: Literal["stop_process", "pause_process", "resume_process"]


@immutable
class Hand:
    """Give `task` to an agent whose process runs."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    task: TaskId
    feedback: tuple[FeedbackId, ...] = ()
    """What the operator said that is told with it."""


@immutable
class Tell:
    """Tell an agent something. Where that is a secret, `question` says the answer to which."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    told: Told
    question: QuestionId | None = None


@immutable
class Hook:
    """Run a hook of `agent` for `task`, or one of the session; it is the `number`th."""

    seq: int
    action: ActionId
    hook: HookName
    agent: AgentId | None
    task: TaskId | None
    number: int
    files: tuple[str, ...] = ()
    question: QuestionId | None = None
    """What somebody is called because of."""
    would: bool = False
    """Nothing is to be run, for this is a rehearsal."""


@immutable
class StopHook:
    """End hooks of `agent`, or of the session, by their numbers."""

    seq: int
    action: ActionId
    hook: HookName
    agent: AgentId | None
    numbers: tuple[int, ...]


@immutable
class Timer:
    """Have `timer` fire at `due` (session time, ms). `question` is set if it is about one: it
    limits it, unless its `purpose` is to call somebody."""

    seq: int
    timer: TimerId
    due: int
    question: QuestionId | None
    purpose: TimerPurpose = "question"


Effect = Start | Signal | Hand | Tell | Hook | StopHook | Timer
