"""The screen on which a swarm is drawn: who speaks to whom, and what waits for what."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from mop_tui.dashboard.banner import Banner, Trouble
from mop_tui.dashboard.box_words import words_for
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.inbox_line import InboxLine
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.line import ELLIPSIS, Line, cell, clip, spread, width_of, wrap
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.playback_bar import PlaybackBar
from mop_tui.dashboard.replayed_screen import REPLAY_KEYS, ReplayedScreen
from mop_tui.dashboard.search_line import SearchLine
from mop_tui.dashboard.sketch import ALARM, EACH_WITH_EACH
from mop_tui.dashboard.topology_keys import SEARCH
from mop_tui.dashboard.topology_map import TopologyMap
from mop_tui.domain.feed import SessionFeed
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.rows import Agent
from mop_tui.domain.waiting import waiting_for

_MOST_SAID = 3
"""Lines in which deadlocks are told, at most."""


class TopologyScreen(ReplayedScreen):
    """A drawing of the swarm, what it is a drawing of, and what is to be said of the selected box.

    Keys that move a replay in time work here as they do on the overview.
    """

    TITLE = "Topology"
    AUTO_FOCUS = "TopologyMap"
    BINDINGS: ClassVar[list[BindingType]] = [
        SEARCH,
        *REPLAY_KEYS,
        Binding("escape,b,q", "close", "Close", tooltip="Back to the overview"),
    ]

    def __init__(self, feed: SessionFeed, frame: Frame) -> None:
        super().__init__(feed)
        self._frame = frame

    def compose(self) -> ComposeResult:
        """Lay out the lines and the drawing between them."""
        yield Banner()
        yield Trouble()
        yield InboxLine()
        drawing = TopologyMap(self._frame)
        yield TopologyHeader(drawing)
        yield drawing
        yield SelectedLine(drawing)
        yield DeadlockLines()
        yield SearchLine("/", "the name of an agent, or a part of it")
        yield PlaybackBar()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show something from the first paint on."""
        for _ in self.showing(self._frame):
            pass

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        self._frame = frame
        for part in self.query("Lines"):
            if isinstance(part, FrameLines):
                part.show(frame)
                yield
        yield from self.query_one(TopologyMap).showing(frame)

    @on(TopologyMap.Moved)
    def tell(self) -> None:
        """Say what is selected now, and what is off the screen."""
        self.query_one(TopologyHeader).remake()
        self.query_one(SelectedLine).remake()

    def action_search(self) -> None:
        """Ask for a name."""
        line = self.query_one(SearchLine)
        line.say("")
        line.open("")

    @on(SearchLine.Typed)
    def _search(self, typed: SearchLine.Typed) -> None:
        line = self.query_one(SearchLine)
        if not typed.text:
            line.say("")
            return
        found = self.query_one(TopologyMap).find(typed.text)
        line.say(f"{found} found" if found else "not found", wrong=not found)

    @on(SearchLine.Decided)
    def _found(self, decided: SearchLine.Decided) -> None:
        line = self.query_one(SearchLine)
        if decided.text:
            line.remember(decided.text)
        self._end_search()

    def _end_search(self) -> None:
        self.query_one(SearchLine).close()
        self.query_one(TopologyMap).focus()

    def action_close(self) -> None:
        """End the search, else leave."""
        if self.query_one(SearchLine).is_open:
            self._end_search()
        else:
            self.dismiss()


class TopologyHeader(FrameLines):
    """What is drawn, and how much of it is off the screen."""

    def __init__(self, drawing: TopologyMap) -> None:
        super().__init__()
        self._drawing = drawing

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return one line."""
        left: Line = (("Topology  ", "title"),)
        if self._drawing.layer_shown == "waits":
            left += (("what waits for what", "strong"),)
            left += (("   arrows lead to what is waited for", "dim"),)
        else:
            left += ((frame.snapshot.shape, "strong"),)
            if frame.snapshot.topology == "adaptive":
                left += ((", adaptive", "dim"),)
            left += ((f"   {_how(frame)}", "dim"),)
        beyond = self._drawing.beyond
        right: Line = ()
        overhead = frame.snapshot.coordination.overhead
        if overhead is not None and self._drawing.layer_shown == "speaks":
            right = ((f"overhead {overhead:.0%}  ", "plain"),)
        if beyond.any:
            right += (("off screen", "dim"),)
            for sign, count in (
                ("\u25c2", beyond.left),
                ("\u25b4", beyond.above),
                ("\u25be", beyond.below),
                ("\u25b8", beyond.right),
            ):
                right += ((f" {sign}{count}", "you"),) if count else ()
        return [spread(left, right, width)]


def _how(frame: Frame) -> str:
    """Return how messages go in the present shape."""
    match frame.snapshot.shape:
        case "hierarchical":
            top = frame.snapshot.coordinator
            through = f"leads through {top}" if top else "leads to each other"
            return f"members speak through their lead, {through}"
        case "star":
            return "everybody speaks through the one in the middle"
        case "ring":
            return "each speaks to its two neighbours"
        case "mesh":
            return f"everybody speaks to everybody, within {EACH_WITH_EACH} and along the line"


class SelectedLine(FrameLines):
    """What is to be said of the selected box."""

    DEFAULT_CSS = """
    SelectedLine { background: $panel; }
    """

    def __init__(self, drawing: TopologyMap) -> None:
        super().__init__()
        self._drawing = drawing

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return one line."""
        key = self._drawing.here
        if key is None:
            return [()]
        words = words_for(key, frame, frozenset())
        line: Line = (*words.name, ("  ", "plain"), *words.state)
        agent = frame.snapshot.agents.get(AgentId(key[1])) if key[0] == "agent" else None
        task = frame.snapshot.tasks.get(TaskId(key[1])) if key[0] == "task" else None
        note = ""
        if agent is not None:
            note = "  ".join(
                filter(None, (relaying(frame, agent), frame.view.note(agent, frame.elapsed)))
            )
        elif task is not None:
            note = waiting_for(frame.snapshot, task)
        if note and width - width_of(line) > 8:
            line += ((f"  {note}", "dim"),)
        return [clip(line, width)]


def relaying(frame: Frame, agent: Agent) -> str:
    """Return what an agent that relays has to do with that, as far as it was measured."""
    load = frame.snapshot.coordination.relays.get(agent.spec.id)
    if load is None:
        return ""
    each = "" if load.mean_ms is None else f", {load.mean_ms / 1000:.1f} s each"
    return f"relays: {load.queue} wait, {load.handled} handled{each}"


class DeadlockLines(FrameLines):
    """Who waits for ever, in a sentence each. Takes no room while nobody does."""

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return the sentences, wrapped to the width; where they are cut, that can be seen."""
        said: list[Line] = []
        for deadlock in frame.snapshot.deadlocks:
            for at, text in enumerate(wrap(deadlock.text, max(width - 2, 1))):
                said.append((((f"{ALARM} " if at == 0 else "  "), "bad"), (text, "bad")))
        most = min(_MOST_SAID, max(1, self.screen.size.height // 8))
        if len(said) <= most:
            return said
        *kept, (sign, (text, ink)) = said[:most]
        return [*kept, (sign, cell(f"{text} {ELLIPSIS}", max(width - 2, 1), ink))]
