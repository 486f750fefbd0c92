"""The pane of issues: what needs attention, worst first."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from mop_tui.dashboard.details import Details, issue_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, cell, clip, spread
from mop_tui.dashboard.looks import severity_look
from mop_tui.dashboard.remedies import ISSUE_KEYS, KEY, offered_for, why_no_remedy, worded
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import age
from mop_tui.domain.events import SEVERITIES, Severity
from mop_tui.domain.ids import IssueId
from mop_tui.domain.rows import Issue
from mop_tui.domain.wording import printable

_ROOMY = 60
"""From which width on there is room for more than what an issue is."""
_COLOURS: Mapping[Severity, str] = {
    "critical": "$text-error",
    "warning": "$text-warning",
    "info": "$text-accent",
}


class IssueList(Rows):
    """Open issues with what can be done about them; the title counts them by severity."""

    LEAST = 0
    BINDINGS: ClassVar[list[BindingType]] = [*ISSUE_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.entitle("Issues")
        self._frame: Frame | None = None
        self._issues: list[Issue] = []
        self._places: dict[Hashable, int] = {}

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        same = self._frame is not None and self._frame.view is frame.view
        self._frame = frame
        if same:
            self.rows_changed()
            return
        issues = frame.snapshot.open_issues
        self._issues = sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))
        self._places = {issue.id: index for index, issue in enumerate(self._issues)}
        self.entitle(_title(issues))
        self.rows_changed()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._issues)

    def key(self, index: int) -> IssueId:
        """Return the issue of a row."""
        return self._issues[index].id

    def find(self, key: Hashable) -> int | None:
        """Return where an issue stands."""
        return self._places.get(key)

    def about(self, index: int) -> Callable[[Frame], Details]:
        """Return what tells all about an issue."""
        return partial(issue_details, issue_id=self._issues[index].id)

    def subject(self, index: int) -> Subject:
        """Return the issue of a row."""
        return Subject(issue=self._issues[index].id)

    def line(self, index: int, width: int) -> Line:
        """Return what is to be said of an issue: what it is, and what can be done by which key."""
        frame, issue = self._frame, self._issues[index]
        if frame is None:
            return ()
        look = severity_look(issue.severity)
        times = f"\N{MULTIPLICATION SIGN}{issue.times:,} " if issue.times > 1 else ""
        word = cell(look.word, 9, look.ink) if width >= _ROOMY else ("", look.ink)
        line: Line = (
            (f"{look.sign} ", look.ink),
            word,
            (times, "strong"),
            (printable(issue.text), "plain"),
        )
        if issue.suggestion:
            line += ((f" \N{EN DASH} {printable(issue.suggestion)}", "dim"),)
        remedy = offered_for(frame, issue)
        beside: Line = ()
        if remedy is not None and width >= _ROOMY:
            impossible = bool(why_no_remedy(frame, remedy))
            said = clip(((f" {printable(worded(remedy))}", "dim"),), width // 3)
            beside = ((KEY, "dim" if impossible else "you"), *said)
        if width >= _ROOMY:
            beside += ((f"  {age(max(0, frame.elapsed - issue.last_at))}", "dim"),)
        return spread(line, beside, width) if beside else clip(line, width)


def _title(issues: tuple[Issue, ...]) -> Content:
    counts = dict.fromkeys(SEVERITIES, 0)
    for issue in issues:
        counts[issue.severity] += 1
    told = [
        Content.styled(f"{count} {severity}", _COLOURS[severity] if count else "")
        for severity, count in counts.items()
    ]
    return Content.assemble("Issues: ", Content(", ").join(told))
