"""When garbage is collected while somebody looks on."""

import gc

YOUNG = 10_000
"""How many new objects make Python look through them; a millisecond's work."""
NEVER = 1 << 30
OLD = 10
"""How often younger objects were looked through when all are to be, once nobody types."""
VERY_OLD = 100
"""The same while somebody types."""


class Garbage:
    """Keeps Python from looking through all objects just when a key is to be answered.

    With thousands of agents that takes a tenth of a second and more. It is done while nobody types.
    """

    def __init__(self) -> None:
        self._former = gc.get_threshold()

    def begin(self) -> None:
        """Have everything looked through only by `collect`."""
        self._former = gc.get_threshold()
        gc.set_threshold(YOUNG, self._former[1], NEVER)

    def collect(self, *, idle: bool) -> None:
        """Look through everything, if it is time for that."""
        if gc.get_count()[2] >= (OLD if idle else VERY_OLD):
            gc.collect()

    def end(self) -> None:
        """Leave it to Python when to look."""
        gc.set_threshold(*self._former)
