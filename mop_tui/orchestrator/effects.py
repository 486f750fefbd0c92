"""Side effects that a decision ordered, to be carried out once they are on record."""

from dataclasses import dataclass

from mop_tui.domain.ids import ActionId, AgentId, QuestionId, TaskId, TimerId


@dataclass(frozen=True, slots=True)
class Start:
    """Start the process of `agent` for `task`. `seq` is the record that announces it."""

    seq: int
    action: ActionId
    agent: AgentId
    task: TaskId
    incarnation: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the process of `agent` in an orderly way."""

    seq: int
    action: ActionId
    agent: AgentId
    incarnation: int


@dataclass(frozen=True, slots=True)
class Timer:
    """Have `timer` fire at `due` (session time, ms). `question` is set if it limits one."""

    seq: int
    timer: TimerId
    due: int
    question: QuestionId | None


Effect = Start | Stop | Timer
