"""How urgent work is."""

from enum import IntEnum


class Priority(IntEnum):
    """How urgent a task is; higher goes first."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3
    CRITICAL = 4
