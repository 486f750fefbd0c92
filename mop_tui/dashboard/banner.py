"""The lines at the top that must never be missed: what this is, and what is wrong with it."""

from collections.abc import Sequence

from rich.cells import cell_len

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, cell, cut_left, spread, width_of, wrap
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.looks import mode_look
from mop_tui.domain.plan import Mode
from mop_tui.domain.wording import printable

_BADGES: dict[str, Ink] = {"LIVE": "good badge", "REHEARSAL": "warn badge", "REPLAY": "busy badge"}


class Banner(FrameLines):
    """LIVE, REHEARSAL or REPLAY, by word, sign and colour; and where the session file is."""

    DEFAULT_CSS = """
    Banner { background: $panel; }
    """

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return the one line of the banner."""
        look = mode_look(frame.snapshot.mode, replayed=frame.replayed)
        badge = f" {look.sign} {look.word} "
        left: Line = ((badge, _BADGES[look.word]), (f"  {_meaning(frame)}", "dim"))
        room = width - width_of(left) - 2
        if room < 12:
            left, room = left[:1], width - cell_len(badge) - 2
        return [spread(left, ((cut_left(frame.source, room), "dim"),), width)]


def _meaning(frame: Frame) -> str:
    rehearsed = frame.snapshot.mode is Mode.REHEARSAL
    if frame.replayed:
        return "of a rehearsal" if rehearsed else "recorded, nothing is executed"
    return "nothing is started" if rehearsed else "real processes"


class Trouble(FrameLines):
    """Why the session cannot go on or is not recorded. Takes no room while all is well."""

    DEFAULT_CSS = """
    Trouble { padding: 0; }
    """

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return the trouble, wrapped to the width."""
        said = wrap(printable(frame.trouble), width - 4)
        return [
            ((" ! " if number == 0 else "   ", "alarm"), cell(text, width - 3, "alarm"))
            for number, text in enumerate(said)
        ]
