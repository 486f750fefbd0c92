"""The main screen: everything about the session at a glance."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen

from mop_tui.dashboard.banner import Banner, Trouble
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.frame import Frame, ShowsFrames
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.issue_list import IssueList
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.metrics_line import MetricsLine
from mop_tui.dashboard.playback_bar import PlaybackBar
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.session_header import SessionHeader
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList
from mop_tui.dashboard.transport import Transport
from mop_tui.domain.feed import SessionFeed


class Overview(Screen[None]):
    """Banner, header, inbox, the four panes, counts and keys.

    Narrow terminals stack the panes, wide ones put agents beside the rest. On a low terminal the
    pane that has the keys gets more room.
    """

    AUTO_FOCUS = "Swarm"
    ALLOW_IN_MAXIMIZED_VIEW = "Banner, Trouble, InboxLine, KeyLine"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Pane", tooltip="Next pane"),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False),
        Binding("z", "zoom", "Give the pane the whole screen, or give it back", show=False),
        Binding("space", "replay('toggle')", "Play", tooltip="Play or pause"),
        Binding("comma", "replay('back')", "Back", tooltip="One event back", key_display=","),
        Binding("full_stop", "replay('on')", "Step", tooltip="One event on", key_display="."),
        Binding(
            "less_than_sign",
            "replay('decision_back')",
            "Former decision",
            key_display="<",
            show=False,
        ),
        Binding(
            "greater_than_sign",
            "replay('decision_on')",
            "Next decision",
            key_display=">",
            show=False,
        ),
        Binding("n", "replay('mark_on')", "Next mark", tooltip="Next question, failure or issue"),
        Binding("N", "replay('mark_back')", "Former question, failure or issue", show=False),
        Binding("[", "replay('jump_back')", "-10%", tooltip="A tenth back"),
        Binding("]", "replay('jump_on')", "+10%", tooltip="A tenth on"),
        Binding("minus", "replay('slower')", "Slower", key_display="-", show=False),
        Binding("plus,equals_sign", "replay('faster')", "Faster", key_display="+", show=False),
        Binding("home", "replay('start')", "To the start", show=False, priority=True),
        Binding("end", "replay('end')", "To the end", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Overview {
        #panes { height: 1fr; }
        #side { height: 1fr; }
        #swarm { height: 1fr; }
        TaskList { height: auto; min-height: 3; max-height: 30%; }
        IssueList { height: auto; max-height: 20%; }
        EventLog { height: 1fr; min-height: 3; }

        &.-maximized-view Banner { dock: top; }

        &.-wide #panes { layout: horizontal; }
        &.-wide #swarm { width: 57%; height: 100%; }
        &.-wide #side { width: 43%; height: 100%; }
        &.-wide TaskList { max-height: 40%; }

        &.-low Rows { border: none; border-top: solid $foreground 22%; }
        &.-low Rows:focus { border: none; border-top: heavy $primary; }
        &.-low IssueList { max-height: 2; }
        &.-low IssueList:focus { max-height: 6; }
        &.-low.-narrow #side { height: 8; }
        &.-low.-narrow #side:focus-within { height: 13; }
        &.-low.-narrow TaskList { max-height: 3; }
        &.-low.-narrow TaskList:focus { max-height: 8; }
    }
    """

    def __init__(self, feed: SessionFeed, frame: Frame) -> None:
        super().__init__()
        self._feed = feed
        self._first = frame
        self._transport = Transport(feed)

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Banner()
        yield Trouble()
        yield SessionHeader()
        yield InboxLine()
        with Container(id="panes"):
            yield Swarm(id="swarm")
            with Vertical(id="side"):
                yield TaskList(id="tasks")
                yield IssueList(id="issues")
                yield EventLog(self._feed, id="events")
        yield PlaybackBar()
        yield MetricsLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show something from the first paint on."""
        self.show(self._first)

    def show(self, frame: Frame) -> None:
        """Show `frame` in all parts."""
        for part in self.query("Lines, Rows"):
            if isinstance(part, ShowsFrames):
                part.show(frame)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the replay keys only where there is time to move in."""
        return self._feed.capabilities.seek if action == "replay" else True

    def action_zoom(self) -> None:
        """Give the pane that has the keys the whole screen, or give it back."""
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, Rows):
            self.maximize(self.focused)

    @on(PlaybackBar.Sought)
    def sought(self, message: PlaybackBar.Sought) -> None:
        """Move to where the timeline was clicked."""
        self._transport.to_time(message.at)

    def action_replay(self, what: str) -> None:
        """Move in time."""
        transport = self._transport
        moves: dict[str, Callable[[], None]] = {
            "toggle": transport.toggle,
            "back": partial(transport.step, -1),
            "on": partial(transport.step, 1),
            "decision_back": partial(transport.to_decision, -1),
            "decision_on": partial(transport.to_decision, 1),
            "mark_back": partial(transport.to_mark, -1),
            "mark_on": partial(transport.to_mark, 1),
            "jump_back": partial(transport.jump, -1),
            "jump_on": partial(transport.jump, 1),
            "slower": partial(transport.change_speed, -1),
            "faster": partial(transport.change_speed, 1),
            "start": transport.to_start,
            "end": transport.to_end,
        }
        moves[what]()
