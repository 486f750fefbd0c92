"""The line that says what waits for the operator."""

from collections.abc import Sequence

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, spread
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.looks import WAITING_FOR_YOU
from mop_tui.dashboard.subject import Subject, nearest_questions
from mop_tui.dashboard.times import timecode
from mop_tui.domain.wording import printable

_NARROW = 60
"""Below this width words that can be spared are, where several questions are open."""


class InboxLine(FrameLines):
    """The oldest open question, how many more there are, and the keys that answer and list them.

    Where it stands beside something that a question keeps waiting, it tells that question.
    """

    DEFAULT_CSS = """
    InboxLine { background: $accent-muted; }
    """

    def __init__(self, subject: Subject | None = None) -> None:
        super().__init__()
        self._subject = subject

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return one line, or none if nothing is open."""
        questions = nearest_questions(frame, self._subject)
        if not questions:
            return []
        first = questions[0]
        what = "Waiting for you" if frame.answerable else "Was waiting for an answer"
        many = len(questions) > 1
        narrow = many and width < _NARROW
        left: Line = (
            (f"{WAITING_FOR_YOU.sign} " if narrow else f"{WAITING_FOR_YOU.sign} {what}: ", "you"),
            (printable(first.asked.text), "plain"),
        )
        right: Line = ()
        if many:
            right += ((f"+{len(questions) - 1}{'' if narrow else ' more'}  ", "you"),)
        left_ms = frame.remaining.get(first.id)
        if left_ms is not None and not first.escalated:
            right += ((f"{timecode(left_ms)}{'' if narrow else ' left'}  ", "plain"),)
        if frame.answerable:
            right += (("a", "you"), (" answers", "plain"))
        if frame.answerable and many:
            right += (("  i", "you"), (" lists", "plain"))
        return [spread(left, right, width)]
