"""The header: which session, how far, since when, and how it stands."""

from collections.abc import Sequence

from mop_tui.dashboard.ending import expected_end, expected_ends
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, clip, spread, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.looks import status_look
from mop_tui.dashboard.metrics_line import ill
from mop_tui.dashboard.times import lasted, wall
from mop_tui.domain.wording import printable

_LEAST_BAR = 4
_ROOMY = 100
"""From which width on there is room for several counts."""


class SessionHeader(FrameLines):
    """Two lines: names and start; progress, status, elapsed time and expected end."""

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return the two lines of the header."""
        return [self._names(frame, width), self._progress(frame, width)]

    def _names(self, frame: Frame, width: int) -> Line:
        snapshot = frame.snapshot
        left: Line = ((snapshot.session or "(starting)", "title"),)
        if snapshot.project and snapshot.project != snapshot.session:
            left += ((f"  {snapshot.project}", "plain"),)
        if snapshot.goal:
            left += ((f"  {printable(snapshot.goal)}", "dim"),)
        started = f"{wall(frame.started, 0):%Y-%m-%d %H:%M:%S}"
        return spread(
            left, ((f"started {started[-8:] if width < 100 else started}", "dim"),), width
        )

    def _progress(self, frame: Frame, width: int) -> Line:
        snapshot = frame.snapshot
        look = status_look(snapshot)
        percent = None if snapshot.progress is None else snapshot.progress * 100
        said = "no work" if percent is None else f"{int(percent)}%"
        hook = f"its {snapshot.hook} hook runs" if snapshot.hook and not frame.ended else ""
        why = hook or printable(snapshot.outcome_reason) if width >= 60 else ""
        sick = () if frame.ended else ill(snapshot.agent_counts, short=width < _ROOMY)
        right: Line = (
            (f"  {said}", "strong"),
            (f"  {look.sign} {look.word}", look.ink),
            *(sick if width >= 60 else ()),
            *clip(((f"  {why}" if why else "", "plain"),), width // 3),
            (f"  {lasted(frame.elapsed)}", "plain"),
            (" elapsed" if width >= 60 else "", "dim"),
        )
        left = width - width_of(right) - 2 - _LEAST_BAR
        ends = (*expected_ends(frame), expected_end(frame, short=True))
        end = next((end for end in ends if len(end) <= left), "")
        if end:
            right += ((f"  {end}", "you" if _is_your_turn(frame) else "strong"),)
        room = max(_LEAST_BAR, width - width_of(right))
        filled = 0 if percent is None else min(int(room * percent / 100), room)
        return (
            ("\N{FULL BLOCK}" * filled, look.ink),
            ("\N{LIGHT SHADE}" * (room - filled), "track"),
            *right,
        )


def _is_your_turn(frame: Frame) -> bool:
    return frame.estimate is not None and frame.estimate.your_move is not None
