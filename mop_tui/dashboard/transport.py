"""Moving through a recorded session: what the replay keys do."""

from mop_tui.dashboard.times import parse_timecode
from mop_tui.domain.feed import Playback, SessionFeed

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1000.0)


class Transport:
    """Drives a feed that can seek. On any other feed nothing happens."""

    def __init__(self, feed: SessionFeed) -> None:
        self._feed = feed

    @property
    def playback(self) -> Playback | None:
        """Where the replay stands, or None if there is no time to move."""
        return self._feed.playback if self._feed.capabilities.seek else None

    def toggle(self) -> None:
        """Play or pause; at the end, play again from the beginning."""
        at = self.playback
        if at is None:
            return
        if at.playing:
            self._feed.pause()
            return
        if at.position >= at.length:
            self._feed.seek(0)
        self._feed.play()

    def step(self, by: int) -> None:
        """Pause and move by `by` events."""
        at = self.playback
        if at is not None:
            self._feed.pause()
            self._seek(at, at.position + by)

    def to_mark(self, by: int) -> None:
        """Pause and move to the next (1) or former (-1) mark that is no decision, if any."""
        at = self.playback
        if at is None:
            return
        seqs = [mark.seq for mark in at.marks if mark.kind != "decision"]
        ahead = [seq for seq in seqs if (seq > at.position if by > 0 else seq < at.position)]
        if ahead:
            self._feed.pause()
            self._seek(at, ahead[0] if by > 0 else ahead[-1])

    def to_decision(self, by: int) -> None:
        """Pause and move to the next (1) or former (-1) decision, if any."""
        at = self.playback
        if at is None:
            return
        seq = at.next_decision if by > 0 else at.former_decision
        if seq is not None:
            self._feed.pause()
            self._seek(at, seq)

    def to_time(self, at: int) -> None:
        """Move to session time `at` (ms)."""
        if self.playback is not None:
            self._feed.seek_time(at)

    def to_event(self, seq: int) -> None:
        """Pause and move to right after event `seq`."""
        at = self.playback
        if at is not None:
            self._feed.pause()
            self._seek(at, seq)

    def jump(self, tenths: int) -> None:
        """Move by tenths of the whole recording, counted in events."""
        at = self.playback
        if at is not None:
            self._seek(at, at.position + tenths * max(at.length // 10, 1))

    def to_start(self) -> None:
        """Move to before the first event."""
        at = self.playback
        if at is not None:
            self._seek(at, 0)

    def to_end(self) -> None:
        """Move to after the last event."""
        at = self.playback
        if at is not None:
            self._seek(at, at.length)

    def change_speed(self, by: int) -> None:
        """Take the next faster (1) or slower (-1) speed."""
        at = self.playback
        if at is None:
            return
        nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - at.speed))
        self._feed.set_speed(SPEEDS[max(0, min(nearest + by, len(SPEEDS) - 1))])

    def go(self, where: str) -> str:
        """Move to `where`: `1:30` or `1:02:30` since the start, `50%`, or the number of an event.

        Returns why that cannot be done, or an empty text.
        """
        at = self.playback
        text = where.strip()
        if at is None:
            return "This session cannot be moved in time."
        time = parse_timecode(text)
        if time is not None:
            self._feed.seek_time(time)
        elif text.endswith("%") and text[:-1].strip().isdecimal():
            self._seek(at, at.length * int(text[:-1]) // 100)
        elif text.isdecimal():
            self._seek(at, int(text))
        else:
            return f"{text!r} is no place: try 1:30, 50% or the number of an event."
        return ""

    def _seek(self, at: Playback, seq: int) -> None:
        self._feed.seek(max(0, min(seq, at.length)))
