"""Keys meant for something else are never answers."""

QUIET = 0.35
"""Seconds without a key after which a dialog starts to listen."""
QUIET_AGAIN = 1.0
"""The same, once it was seen that what is typed is meant for something else."""


class KeyGuard:
    """Drops the keys that were on their way when a dialog appeared under the operator's hands.

    It starts when the dialog has painted, restarts with each key while it is active, and ends for
    good with the first key that comes after `QUIET` seconds without one, unless it is restarted.
    Keys that were typed before the dialog was painted are dropped too. All times are seconds on
    one monotonic scale, and those at which keys were typed, not handled: a busy program must not
    open the guard.
    """

    def __init__(self) -> None:
        self.dropped = 0
        """How many keys were dropped so far."""
        self._opens_at: float | None = None
        self._over = False
        self._quiet = QUIET

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
            self._opens_at = max(self._opens_at, at + self._quiet)
        return True

    def restart(self, at: float) -> None:
        """Drop the key typed at `at`, which was meant for something else, and those after it."""
        self.dropped = 1
        self._over = False
        self._quiet = QUIET_AGAIN
        self._opens_at = at + QUIET_AGAIN

    def begin_again(self, at: float) -> None:
        """Drop what is typed from `at` on without a quiet moment, though all was heard before.

        A guard that waits for the dialog to be painted goes on to wait for that.
        """
        if self._opens_at is None:
            return
        self.dropped = 0
        self._over = False
        self._opens_at = at + self._quiet

    def is_over(self, at: float) -> bool:
        """Return whether a key typed at `at` would be listened to."""
        return self._over or (self._opens_at is not None and at >= self._opens_at)
