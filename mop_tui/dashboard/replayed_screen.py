"""What screens have in common that show a session which may be a recording."""

from collections.abc import Callable, Sequence
from functools import partial

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from mop_tui.dashboard.playback_bar import PlaybackBar
from mop_tui.dashboard.transport import Transport
from mop_tui.domain.feed import SessionFeed

REPLAY_KEYS: Sequence[BindingType] = (
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
    Binding(
        "n",
        "replay('mark_on')",
        "Next mark",
        tooltip="Next question, failure, issue or illness",
    ),
    Binding("N", "replay('mark_back')", "Former question, failure, issue or illness", show=False),
    Binding("[", "replay('jump_back')", "-10%", tooltip="A tenth back"),
    Binding("]", "replay('jump_on')", "+10%", tooltip="A tenth on"),
    Binding("minus", "replay('slower')", "Slower", key_display="-", show=False),
    Binding("plus,equals_sign", "replay('faster')", "Faster", key_display="+", show=False),
    Binding("home", "replay('start')", "To the start", show=False, priority=True),
    Binding("end", "replay('end')", "To the end", show=False, priority=True),
)
"""What moves a replay in time. Screens declare them among their keys."""


class ReplayedScreen(Screen[None]):
    """A screen that moves a replay in time; of any other session it offers no keys for that."""

    def __init__(self, feed: SessionFeed) -> None:
        super().__init__()
        self._feed = feed
        self._transport = Transport(feed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the replay keys only where there is time to move in, and nothing is typed."""
        if action == "replay":
            return self._feed.capabilities.seek and not isinstance(self.focused, Input)
        return True

    @on(PlaybackBar.Sought)
    def sought(self, message: PlaybackBar.Sought) -> None:
        """Move to where the timeline was clicked."""
        self._transport.to_time(message.at)

    @on(PlaybackBar.Marked)
    def marked(self, message: PlaybackBar.Marked) -> None:
        """Move to the event whose mark was clicked."""
        self._transport.to_event(message.seq)

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
