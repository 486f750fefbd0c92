"""Feeds of sessions that run: their time is the session's own, and nobody who looks can move it."""

from mop_tui.domain.feed import Playback


class NotSeekableError(RuntimeError):
    """Time of this feed cannot be moved; its capabilities say so."""


class OwnPace:
    """What such a feed has to say about moving its time. Part of `SessionFeed`."""

    @property
    def playback(self) -> Playback | None:
        """See `SessionFeed`: there is none."""
        return None

    def seek(self, seq: int) -> None:
        """Refuse: a session that runs does not seek."""
        raise NotSeekableError(seq)

    def seek_time(self, at: int) -> None:
        """Refuse: a session that runs does not seek."""
        raise NotSeekableError(at)

    def play(self) -> None:
        """A session that runs always plays."""

    def pause(self) -> None:
        """Refuse: a session that runs does not stand still."""
        raise NotSeekableError

    def set_speed(self, factor: float) -> None:
        """Refuse: a session that runs has a speed of its own."""
        raise NotSeekableError(factor)
