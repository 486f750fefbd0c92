"""A glance at what stands under the cursor, where a screen has room for it."""

from collections.abc import Callable, Sequence

from textual.content import Content

from mop_tui.dashboard.details import Details, session_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, clip, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.sheet import sheet_lines
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.wording import printable

_TWO_COLUMNS = 96
"""From this width on facts stand beside each other."""


class Glance(FrameLines):
    """What is known about one row, and the last that an agent wrote; without one, the session."""

    DEFAULT_CSS = """
    Glance {
        border: round $foreground 22%;
        border-title-color: $text-muted;
        border-title-style: bold;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._about: Callable[[Frame], Details] = session_details
        self._subject: Subject | None = None
        self._titled = ""

    def turn_to(self, about: Callable[[Frame], Details] | None, subject: Subject | None) -> None:
        """Tell about something else from the next `remake` or `show` on."""
        self._about = about or session_details
        self._subject = subject

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return as many lines as there is room for: facts first, then output, the latest last."""
        height = self.size.height
        if not height:
            return ()
        details = self._about(frame)
        if details.title != self._titled:  # Textual repaints everything for it
            self._titled = details.title
            self.border_title = Content(details.title)
        made = _facts(details, width)[:height]
        said = self._output(frame)
        room = height - len(made) - 2
        if said and room > 0:
            made += [(), (("last output", "label"),)]
            made += [clip(((printable(text), "dim"),), width) for text in said[-room:]]
        return made + [()] * (height - len(made))

    def _output(self, frame: Frame) -> tuple[str, ...]:
        if self._subject is None:
            return ()
        name = self._subject.agent
        if self._subject.task is not None:
            task = frame.snapshot.tasks.get(self._subject.task)
            name = None if task is None else task.agent
        agent = frame.snapshot.agents.get(name) if name is not None else None
        return () if agent is None else agent.tail


def _facts(details: Details, width: int) -> list[Line]:
    if width < _TWO_COLUMNS or not details.beside:
        return sheet_lines([*details.entries, *details.beside], width)
    half = width // 2
    left = sheet_lines(details.entries, half - 2)
    right = sheet_lines(details.beside, width - half)
    lines: list[Line] = []
    for number in range(max(len(left), len(right))):
        here = left[number] if number < len(left) else ()
        there = right[number] if number < len(right) else ()
        lines.append((*here, (" " * (half - width_of(here)), "plain"), *there))
    return lines
