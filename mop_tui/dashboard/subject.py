"""What a row or a dialog is about, if that is an agent or a task."""

from dataclasses import dataclass

from mop_tui.domain.ids import AgentId, TaskId


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent or a task."""

    agent: AgentId | None = None
    task: TaskId | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.agent or self.task or ""
