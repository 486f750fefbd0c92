"""What the exit codes of a session mean."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mop_tui.domain.events import Outcome


EXIT_OF_OUTCOME: "Mapping[Outcome, int]" = MappingProxyType(
    {
        "complete": 0,
        "incomplete": 1,
        "waiting": 3,
        "stopped": 130,
        "terminated": 143,
    }
)
"""The exit code of each way in which a session can end. 2 is for wrong usage or input."""
