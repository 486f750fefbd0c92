"""The line that says where a replay stands."""

from collections.abc import Sequence

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, bar, spread, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.times import timecode


class PlaybackBar(FrameLines):
    """Playing or paused, how fast, where in time and at which event. Empty on a live session."""

    DEFAULT_CSS = """
    PlaybackBar { background: $panel; }
    """

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return one line, or none where there is no recording."""
        at = frame.playback
        if at is None:
            return []
        over = at.position >= at.length
        state = "AT END" if over else "PLAYING" if at.playing else "PAUSED"
        sign = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" if at.playing and not over else "="
        left: Line = (
            (f"{sign} {state}", "busy" if at.playing else "strong"),
            (f"  {at.speed:g}x", "plain"),
            (f"  {timecode(frame.now)} / {timecode(at.end_at)}  ", "plain"),
        )
        right: Line = (("  event ", "dim"), (f"{at.position:,} of {at.length:,}", "plain"))
        room = width - width_of(left) - width_of(right)
        if room < 4:
            return [spread(left, right[1:], width)]
        percent = 100 * min(frame.now / at.end_at, 1) if at.end_at else 100.0
        return [(*left, *bar(100.0 if over else percent, room, "busy"), *right)]
