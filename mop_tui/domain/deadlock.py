"""A deadlock that was found: who waits for whom in a circle, and whether that is over."""

from typing import Literal

from mop_tui.domain.ids import DeadlockId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.wait_graph import Node, Stuck

Way = Literal["begin", "withdraw", "refuse", "cancel"]
"""How somebody is taken out of a circle: its task, which gave way to another one before, is begun
after all; it is taken away and begun anew later; it is told that it will never get what it waits
for; its task is cancelled."""


@immutable
class Deadlock:
    """Nodes that wait for each other in a circle, or one that waits for what nobody can do."""

    id: DeadlockId
    cycle: tuple[Node, ...]
    """Each waits for the next, and the last for the first."""
    hopeless: Node | None
    """What the only one in `cycle` waits for in vain."""
    text: str
    """That in a sentence."""
    at: int
    """Session time at which it was found."""
    seq: int
    """The event that records that."""
    cleared_at: int | None = None

    @property
    def open(self) -> bool:
        """True as long as it holds."""
        return self.cleared_at is None

    @property
    def stuck(self) -> Stuck:
        """Who is stuck in it."""
        return Stuck(self.cycle, self.hopeless)


def key_of(deadlock: DeadlockId) -> str:
    """Return by what the issue about a deadlock is known."""
    return f"deadlock {deadlock}"
