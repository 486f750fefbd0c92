"""Side effects that a decision ordered, to be carried out once they are on record."""

from dataclasses import dataclass
from typing import Literal

from mop_tui.agents.host import Told
from mop_tui.domain.ids import ActionId, AgentId, QuestionId, TaskId, TimerId


@dataclass(frozen=True, slots=True)
class Start:
    """Start a process of `agent`: for `task`, or for the session if that is None.

    `seq` is the record that announces it.
    """

    seq: int
    action: ActionId
    agent: AgentId
    task: TaskId | None
    incarnation: int


@dataclass(frozen=True, slots=True)
class Signal:
    """End, suspend or continue the process of `agent`."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    effect: Literal["stop_process", "pause_process", "resume_process"]


@dataclass(frozen=True, slots=True)
class Hand:
    """Give `task` to an agent whose process runs."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    task: TaskId


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell an agent something. Where that is a secret, `question` says the answer to which."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int
    told: Told
    question: QuestionId | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """Have `timer` fire at `due` (session time, ms). `question` is set if it limits one."""

    seq: int
    timer: TimerId
    due: int
    question: QuestionId | None


Effect = Start | Signal | Hand | Tell | Timer
