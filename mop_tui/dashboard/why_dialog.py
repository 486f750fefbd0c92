"""The dialog that tells why something is as it is, back to where that began."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.cause_list import CauseList
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.line import Line, clip, wrap
from mop_tui.dashboard.lines import Lines
from mop_tui.dashboard.sheet import Entry, Sheet
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.why import how_it_stands
from mop_tui.domain.causes import Chain, beginning
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.sentences import sentence
from mop_tui.domain.subject import event_behind

AT_ONCE = 100
"""How many causes are looked up before others get their turn."""


class WhyDialog(BoxDialog[None]):
    """What one asks about, how it stands, and the chain of causes that led there.

    It follows the session: where its subject moves on, or time goes back in a replay, the chain is
    that of the moment shown.
    """

    AUTO_FOCUS = "#causes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("S", "app.save_picture", "Picture", tooltip="Save the screen as SVG", show=False),
        Binding("escape,q", "close", "Close"),
    ]
    DEFAULT_CSS = """
    WhyDialog {
        #dialog { width: 94%; max-width: 140; max-height: 94%; }
        #head { max-height: 25vh; }
        KeyLine { background: $surface; padding: 0; }
        &.-low #dialog { height: 94%; }
        &.-low CauseList { height: 1fr; max-height: 100%; }
    }
    """

    def __init__(self, feed: SessionFeed, subject: Subject, frame: Frame) -> None:
        super().__init__()
        self.subject = subject
        """What it is about."""
        self._feed = feed
        self._frame = frame
        self._chain: Chain | None = None
        self._root: int | None = None
        """The event at the head of the chain."""

    def compose(self) -> ComposeResult:
        """Lay out how things stand, the causes, one of them in full, and the keys."""
        with Vertical(id="dialog"):
            yield Sheet(id="head")
            yield CauseList(id="causes")
            yield _InFull()
            yield KeyLine()

    def on_mount(self) -> None:
        """Show what is known, and tell the cause under the cursor in full."""
        self.watch(self.query_one(CauseList), "cursor", self._tell, init=False)
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Show why it is as it is at the moment of `frame`."""
        self._frame = frame
        root = event_behind(frame.snapshot, self.subject)
        if root != self._root:
            self._root = root
            self._chain = None if root is None else Chain(self._feed.event, root)
            self._go_on()
        else:
            self._update()

    def _go_on(self) -> None:
        """Look up more of the chain, and let keys be heard and things be painted in between."""
        chain = self._chain
        if chain is not None and self.is_attached:
            chain.go_on(AT_ONCE)
            if not chain.complete:
                self.call_after_refresh(self._go_on)
        self._update()

    def _update(self) -> None:
        details = how_it_stands(self._frame, self.subject)
        if self._chain is not None:
            details.entries.append(Entry("goes back", _how_far(self._chain), "dim"))
        self.query_one("#dialog", Vertical).border_title = Content(details.title)
        self.query_one("#head", Sheet).fill(details.entries)
        self.query_one(CauseList).show(self._frame, self._chain)
        self._tell()

    def _tell(self) -> None:
        self.query_one(_InFull).tell(self.query_one(CauseList).here)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss()


def _how_far(chain: Chain) -> str:
    found = len(chain.events)
    count = f"{found:,} {'event' if found == 1 else 'events'}"
    return f"{count}, to {beginning(chain)}" if chain.complete else f"{count} so far"


class _InFull(Lines):
    """One event in full, which its row may have no room for."""

    LINES = 3

    DEFAULT_CSS = """
    _InFull { height: auto; padding: 0; border-top: solid $foreground 22%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._event: AnyEvent | None = None

    def tell(self, event: AnyEvent | None) -> None:
        """Tell about `event` from now on."""
        self._event = event
        self.remake()

    def make(self, width: int) -> Sequence[Line]:
        """Return always as many lines, so that nothing jumps while the cursor moves."""
        if self._event is None:
            return ()
        event = self._event
        room = self.LINES - 1
        said = wrap(sentence(event), width)
        said = [*said[: room - 1], " ".join(said[room - 1 :])]
        said += [""] * (room - len(said))
        which: Line = ((f"event {event.seq:,}, {event.kind}", "dim"),)
        return [which, *(clip(((text, "plain"),), width) for text in said)]
