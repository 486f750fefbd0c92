"""What simulated agents say to others."""

from typing import Self

from pydantic import model_validator

from mop_tui.layout.section import Section
from mop_tui.layout.values import Duration, Text, Timeout, wrong


class SimulatedMessage(Section):
    """Something that a simulated agent says while it does a task: once, or again and again."""

    to: Text
    """Whom it says it to: the id of an agent, `coordinator` or `operator`."""
    text: Text
    """What it says."""
    at: Duration | None = None
    """After how long it says so, from the beginning of its task."""
    every: Timeout | None = None
    """How often it says so, at most 1,000 times in a task."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.at is None) is (self.every is None):
            raise wrong("does not say when; give it at, or every")
        return self
