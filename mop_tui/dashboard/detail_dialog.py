"""The dialog that tells all that is known about one row of a pane."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.care import FOLLOWS, care_entries
from mop_tui.dashboard.details import Details, log_of
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.output_pane import OutputPane
from mop_tui.dashboard.remedies import ISSUE_KEYS
from mop_tui.dashboard.sheet import Entry, Sheet
from mop_tui.dashboard.steering import AGENT_KEYS, TASK_KEYS, TRIGGER_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.causes import what_led_to
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.ids import AgentId

_WIDE = 120
"""From which width on two columns are told beside each other."""


class DetailDialog(BoxDialog[None]):
    """Labels and texts that stay up to date, and an agent's output below them."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *AGENT_KEYS,
        *TASK_KEYS,
        *TRIGGER_KEYS,
        *ISSUE_KEYS,
        Binding("a", "app.answer", "Answer", tooltip="Answer what it waits for", show=False),
        Binding("w", "app.why", "Why", tooltip="Tell what led to this"),
        Binding("i", "app.inbox", "Inbox", tooltip="List all open questions", show=False),
        Binding("S", "app.save_picture", "Picture", tooltip="Save the screen as SVG", show=False),
        Binding("tab", "next_part", "To the facts or the output", show=False),
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("escape,q", "close", "Close"),
    ]
    DEFAULT_CSS = """
    DetailDialog {
        #dialog { width: 94%; max-width: 120; max-height: 94%; }
        #facts { height: auto; max-height: 85vh; padding: 0 1; scrollbar-size-vertical: 1; }
        #columns { height: auto; layout: vertical; }
        Sheet { width: 1fr; }
        KeyLine { background: $surface; padding: 0; }
        &.-with-output #dialog { height: 94%; }
        &.-with-output #facts { max-height: 60%; }
        &.-with-output.-low #facts { max-height: 45%; }
        &.-with-output.-low #facts:focus { max-height: 70%; }
        &.-with-output.-wide #dialog { max-width: 160; }
        &.-with-output.-wide #facts { max-height: 50%; }
        &.-with-output.-wide #columns { layout: horizontal; }
        &.-with-output.-wide #main { padding: 0 2 0 0; }
        OutputPane { height: 1fr; }
    }
    """

    def __init__(
        self,
        feed: SessionFeed,
        details: Callable[[Frame], Details],
        frame: Frame,
        *,
        subject: Subject | None = None,
    ) -> None:
        super().__init__()
        self.subject = subject
        """What it is about."""
        self._feed = feed
        self._details = details
        self._frame = frame
        self._shown: tuple[Details, list[Entry]] | None = None
        self._cause: tuple[int, str] | None = None
        """Where an issue was opened, and what led to that."""
        self._care: tuple[int, list[Entry]] | None = None
        """When its agent fell ill last, and what was decided about that."""
        self.set_class(self._agent is not None, "-with-output")

    @property
    def _agent(self) -> AgentId | None:
        """The agent whose output is shown."""
        return None if self.subject is None else self.subject.agent

    def compose(self) -> ComposeResult:
        """Lay out the facts, an agent's output, what waits for the operator, and the keys."""
        with Vertical(id="dialog"):
            with VerticalScroll(id="facts"), Container(id="columns"):
                yield Sheet(id="main")
                yield Sheet(id="beside")
            if self._agent is not None:
                log = log_of(self._frame, self._agent)
                yield OutputPane(self._feed, self._agent, log, id="output-pane")
            yield InboxLine(self.subject)
            yield KeyLine()

    def on_mount(self) -> None:
        """Show what is known now, and let the keys move what moves most."""
        self.show(self._frame)
        self.query_one("#facts" if self._agent is None else "#output").focus()

    def on_resize(self) -> None:
        """Put things beside each other where there is room."""
        self._shown = None
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Bring the details up to date."""
        self._frame = frame
        details = self._details(frame)
        self._tell_cause(details)
        told = (details, self._care_now())
        if told != self._shown:
            self._shown = told
            self.query_one("#dialog", Vertical).border_title = Content(details.title)
            beside = details.beside if self.size.width >= _WIDE else []
            rest = [] if beside else details.beside
            self.query_one("#main", Sheet).fill([*details.entries, *rest, *told[1]])
            self.query_one("#beside", Sheet).fill(beside)
        self.query_one(InboxLine).show(frame)
        for pane in self.query(OutputPane):
            pane.show(frame)

    def _tell_cause(self, details: Details) -> None:
        """Say what led to an issue."""
        name = None if self.subject is None else self.subject.issue
        issue = None if name is None else self._frame.snapshot.issues.get(name)
        if issue is None:
            return
        if self._cause is None or self._cause[0] != issue.seq:
            self._cause = (issue.seq, what_led_to(self._feed.event, issue.seq))
        details.add("led to by", self._cause[1])

    def _care_now(self) -> list[Entry]:
        """Return what supervision decided when an agent fell ill last, and why not."""
        name, frame = self._agent, self._frame
        agent = None if name is None else frame.snapshot.agents.get(name)
        if agent is None or not agent.fell_ill:
            return []
        if self._care is not None and self._care[0] == agent.fell_ill:
            return self._care[1]
        decided = care_entries(self._feed, frame, agent)
        if frame.snapshot.seq >= agent.fell_ill + FOLLOWS:  # else there may be more to come
            self._care = (agent.fell_ill, decided)
        return decided

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer another part only where there is one."""
        return self.has_class("-with-output") if action == "next_part" else True

    def action_next_part(self) -> None:
        """Give the keys to the facts or to the output."""
        facts = self.query_one("#facts")
        (self.query_one("#output") if self.focused is facts else facts).focus()

    def action_close(self) -> None:
        """End the search of the output, else close the dialog."""
        for pane in self.query(OutputPane):
            if pane.searching:
                pane.action_end_search()
                return
        self.dismiss()
