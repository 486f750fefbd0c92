"""Keys meant for something else are never answers."""

QUIET = 0.35
"""Seconds without a key after which a dialog starts to listen."""


class KeyGuard:
    """Drops the keys that were on their way when a dialog appeared under the operator's hands.

    It starts when the dialog has painted, restarts with each key while it is active, and ends for
    good with the first key that comes after `QUIET` seconds without one. Keys that were typed
    before the dialog was painted are dropped too. All times are seconds on one monotonic scale,
    and those at which keys were typed, not handled: a busy program must not open the guard.
    """

    def __init__(self) -> None:
        self.dropped = 0
        """How many keys were dropped so far."""
        self._opens_at: float | None = None
        self._over = False

    def painted(self, at: float) -> None:
        """Note that the dialog can be read since `at`."""
        if self._opens_at is None:
            self._opens_at = at + QUIET

    def drops(self, at: float) -> bool:
        """Return whether a key typed at `at` is to be dropped, and take note of it."""
        if self.is_over(at):
            self._over = True
            return False
        self.dropped += 1
        if self._opens_at is not None:
            self._opens_at = max(self._opens_at, at + QUIET)
        return True

    def is_over(self, at: float) -> bool:
        """Return whether a key typed at `at` would be listened to."""
        return self._over or (self._opens_at is not None and at >= self._opens_at)
