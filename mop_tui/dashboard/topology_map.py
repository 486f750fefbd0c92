"""The drawing of a swarm: boxes and lines, of which only the visible rows are ever painted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mop_tui.dashboard.box_words import Words, subject_of_box, words_for
from mop_tui.dashboard.canvas import Canvas, arms, joined
from mop_tui.dashboard.chart import Chart, Form, Key, Kind
from mop_tui.dashboard.details import details_of
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.layered import Tie
from mop_tui.dashboard.line import Line, Span, clip, plain_text, width_of
from mop_tui.dashboard.painting import Painter
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sketch import Knot, Sketch, drawn, fitting, forms
from mop_tui.dashboard.steering import AGENT_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.topology_keys import TOPOLOGY_KEYS
from mop_tui.dashboard.wait_ties import bundled, knots_of, looking_for_ties
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.topology import Organisation, organised

Layer = Literal["speaks", "waits"]
"""Who speaks to whom, or what waits for what."""

MANY = 300
"""With more agents than this, teams begin folded."""
_AT_ONCE = 400
"""More boxes than this are arranged in a thread of their own."""
_PAN = 8
"""Columns by which the drawing is moved; rows are half as many."""

_INKS: Mapping[Kind, Ink] = {
    "link": "dim",
    "frame": "dim",
    "wait": "warn",
    "alarm": "bad",
    "cycle": "bad",
}
_CORNERS = {"agent": "\u250c\u2510\u2514\u2518", "team": "\u250c\u2510\u2514\u2518"}
_ROUND = "\u256d\u256e\u2570\u256f"
_DOUBLE = "\u2554\u2557\u255a\u255d\u2550\u2551"
_HEAVY = "\u250f\u2513\u2517\u251b"


@dataclass(frozen=True, slots=True)
class Beyond:
    """How many boxes lie outside of what can be seen, to each side."""

    left: int = 0
    above: int = 0
    below: int = 0
    right: int = 0

    @property
    def any(self) -> bool:
        """True if there are such boxes."""
        return bool(self.left or self.above or self.below or self.right)


class TopologyMap(ScrollView, can_focus=True, inherit_bindings=False):
    """Boxes of agents, teams, tasks and what else is waited for, one of them selected.

    Places are worked out anew only when the structure changes: who there is and in which team, the
    shape, what is folded, what waits for what, the size of the boxes. When states change, the boxes
    that tell them are painted again and nothing else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *TOPOLOGY_KEYS,
        Binding("w", "app.why", "Why", tooltip="Tell what led to this, back to the beginning"),
        *AGENT_KEYS,
    ]
    DEFAULT_CSS = """
    TopologyMap { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """

    class Moved(Message):
        """Another box is selected, another part is seen, or the drawing is another one."""

    def __init__(self, frame: Frame, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._frame = frame
        self.layer_shown: Layer = "speaks"
        self._painter = Painter(self)
        self._shown = False
        """A frame has been shown."""
        self._organisation = Organisation(())
        self._ties: list[Tie] = []
        self._folded: set[TeamId] | None = None
        """None before it is known how many agents there are."""
        self._opened: frozenset[Key] = frozenset()
        """For what all are shown that wait for it, however many they are."""
        self._chosen: int | None = None
        """Which of the sizes boxes have; None for the largest with which all fit."""
        self._sketch: Sketch | None = None
        self._room = Size(0, 0)
        self._form = Form(20, 4)
        self._wordy: Sequence[Form] = ()
        """The sizes in which there is room for a word beside a name."""
        self._chart = Chart()
        self._canvas = Canvas(())
        self._in_row: dict[int, list[tuple[Region, Key]]] = {}
        self._painted: dict[Key, Words] = {}
        self._here: Key | None = None
        self._knots: tuple[Knot, ...] = ()
        self._stuck: frozenset[Key] = frozenset()

    # -- what is shown ----------------------------------------------------------------------

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        former, self._frame = self._frame, frame
        first, self._shown = not self._shown, True
        if first or _regrouped(former, frame):
            self._organisation = organised(
                frame.snapshot.teams,
                {name: agent.spec for name, agent in frame.snapshot.agents.items()},
                frame.snapshot.coordinator,
            )
            if self._folded is None and frame.snapshot.agents:
                many = len(frame.snapshot.agents) > MANY
                self._folded = self._foldable if many else set()
            yield
        if self.layer_shown == "waits" and (
            first or former.snapshot is not frame.snapshot or not self._ties
        ):
            ties: list[Tie] = []
            yield from looking_for_ties(frame.snapshot, ties)
            self._ties = ties
            yield
        self._knots = knots_of(frame.snapshot)
        if bool(self._knots) != bool(self._stuck):
            self.call_after_refresh(self.refresh_bindings)
        self._stuck = frozenset(key for knot in self._knots for key in knot.keys)
        self._lay_out()
        seen = self._seen
        for at, (key, words) in enumerate(list(self._painted.items())):
            region = self._chart.boxes.get(key)
            if region is None or not region.overlaps(seen):
                self._painted.pop(key, None)
            elif words != self._words(key):
                self._repaint(key)
            if at % 8 == 7:
                yield
        self.post_message(self.Moved())

    def _wanted(self) -> Sketch:
        """Return what is to be drawn now."""
        frame = self._frame
        waits = self.layer_shown == "waits"
        return Sketch(
            shape=frame.snapshot.shape,
            organisation=self._organisation,
            names=tuple((team.id, team.name) for team in frame.view.teams),
            folded=frozenset(self._folded or ()),
            waits=bundled(self._ties, self._opened) if waits else None,
            knots=() if waits else self._knots,
        )

    def _lay_out(self) -> None:
        """Work out all places anew if anything is to be drawn that was not, or elsewhere."""
        sketch, room = self._wanted(), self.container_size
        if not self._shown or not room.width or (sketch, room) == (self._sketch, self._room):
            return
        self._sketch, self._room = sketch, room
        sizes = forms(max(map(self._name_width, (*sketch.boxes, *sketch.stuck)), default=0))
        self._wordy = sizes[1:3]
        chosen = self._chosen

        def arrange() -> tuple[Form, Chart, Canvas]:
            if chosen is None:
                form, chart = fitting(sketch, sizes, room)
            else:
                form = sizes[chosen]
                chart = drawn(sketch, form, room, at_all_costs=form == sizes[-1])
            middle = Chart()
            left = max(0, (room.width - chart.size.width) // 2)
            middle.add(chart, Offset(left, max(0, (room.height - chart.size.height) // 3)))
            return form, middle, Canvas(middle.strokes)

        if len(sketch.boxes) <= _AT_ONCE:
            self._take(*arrange())
            return

        def arrange_and_take() -> None:
            done = arrange()
            if sketch is self._sketch and self.is_attached:
                self.app.call_from_thread(self._take, *done)

        self.run_worker(arrange_and_take, thread=True, exclusive=True)

    def _name_width(self, key: Key) -> int:
        words = self._words(key)
        alarm = 0 if words.alarming else 2 * bool(self._stuck)
        return width_of(words.name) - 2 + alarm

    def _take(self, form: Form, chart: Chart, canvas: Canvas) -> None:
        """Show a drawing from now on."""
        self._form, self._chart, self._canvas = form, chart, canvas
        self._in_row = {}
        for key, region in chart.boxes.items():
            for y in range(region.y, region.bottom):
                self._in_row.setdefault(y, []).append((region, key))
        for those in self._in_row.values():
            those.sort(key=lambda it: it[0].x)
        self._painted = {}
        self.virtual_size = chart.size
        self._here = self._nearest_to(self._here)
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def _nearest_to(self, key: Key | None) -> Key | None:
        """Return the box of `key` if there is one, else that of its team, else the first."""
        boxes = self._chart.boxes
        if key is not None and key not in boxes:
            agent = self._frame.snapshot.agents.get(AgentId(key[1]))
            team = ("team", agent.spec.team) if key[0] == "agent" and agent is not None else key[:2]
            key = team if team in boxes else None
        return key if key is not None else next(iter(boxes), None)

    def on_resize(self) -> None:
        """Arrange all for the new room."""
        self._lay_out()
        self.post_message(self.Moved())

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Tell that another part is seen."""
        super().watch_scroll_x(old_value, new_value)
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that another part is seen."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    @property
    def here(self) -> Key | None:
        """The selected box."""
        return self._here

    @property
    def count(self) -> int:
        """How many boxes there are."""
        return len(self._chart.boxes)

    @property
    def chart(self) -> Chart:
        """Where everything is."""
        return self._chart

    @property
    def subject_here(self) -> Subject | None:
        """What keys are about."""
        return None if self._here is None else subject_of_box(self._here)

    @property
    def beyond(self) -> Beyond:
        """What is off the screen."""
        seen = self._seen
        if seen.contains_region(Region(0, 0, *self._chart.size)):
            return Beyond()
        places = self._chart.boxes.values()
        return Beyond(
            left=sum(it.right <= seen.x for it in places),
            above=sum(it.bottom <= seen.y for it in places),
            below=sum(it.y >= seen.bottom for it in places),
            right=sum(it.x >= seen.right for it in places),
        )

    @property
    def _seen(self) -> Region:
        size = self.scrollable_content_region.size
        return Region(self.scroll_offset.x, self.scroll_offset.y, size.width, size.height)

    # -- paint ------------------------------------------------------------------------------

    def _words(self, key: Key) -> Words:
        return words_for(key, self._frame, self._stuck)

    def _repaint(self, key: Key) -> None:
        region = self._chart.boxes.get(key)
        if region is not None:
            self.refresh(region.translate(-self.scroll_offset))

    def render_line(self, y: int) -> Strip:
        """Paint one visible row."""
        x, top = self.scroll_offset
        row = top + y
        width = self.scrollable_content_region.width
        if row >= self._chart.size.height:
            return self._painter.blank(width)
        if not self._chart.boxes:
            return self._painter.paint(self._nothing(row), width)
        start, line = self._row(row, x, x + width)
        whole = max(width_of(line), x + width - start)
        return self._painter.paint(line, whole).crop(x - start, x - start + width)

    def _nothing(self, row: int) -> Line:
        said = (
            "Nothing waits for anything."
            if self.layer_shown == "waits"
            else "No agent has joined yet."
        )
        return ((f" {said}", "dim"),) if row == 0 else ()

    def _row(self, y: int, first: int, end: int) -> tuple[int, Line]:
        """Return what is to be seen of a row from one column to another, and where that begins: it
        may be within a box, which is painted as a whole."""
        spans: list[Span] = []
        seen = [
            (region, key)
            for region, key in self._in_row.get(y, ())
            if region.right > first and region.x < end
        ]
        start = x = min(first, seen[0][0].x) if seen else first
        for region, key in seen:
            spans += self._between(x, region.x, y)
            spans += self._box(key, region, y)
            x = region.right
        spans += self._between(x, end, y)
        return start, tuple(spans)

    def _between(self, start: int, end: int, y: int) -> Iterable[Span]:
        """Return what is to be seen from one column to another, where there are no boxes."""
        cells = self._canvas.row(y)
        glyphs: list[Span] = []
        for x in range(start, end):
            mask, kind = cells.get(x, (0, "link"))
            glyphs.append((self._canvas.glyph(x, y, mask), _INKS[kind]) if mask else (" ", "dim"))
        for title in self._chart.titles:
            if title.at.y == y:
                for x, char in enumerate(title.text, title.at.x - start):
                    if 0 <= x < len(glyphs):
                        glyphs[x] = (char, "bad" if title.alarming else "title")
        return _merged(glyphs)

    def _box(self, key: Key, region: Region, y: int) -> Iterable[Span]:
        """Return one row of a box."""
        words = self._words(key)
        self._painted[key] = words
        here = key == self._here
        if region.height == 1:
            return self._bare(words, region.width, here=here)
        edge: Ink = "strong" if here and not words.alarming else words.edge
        if y in (region.y, region.bottom - 1):
            return [(self._edge(key, region, y, words), edge)]
        inner = region.width - 4
        if y > region.y + 1:
            said = clip(words.state, inner)
            said += ((" " * (inner - width_of(said)), "plain"),)
        else:
            said = self._named(words, inner, here=here)
        left, right = (self._side(x, y, words, here=here) for x in (region.x, region.right - 1))
        return [(left, edge), (" ", "plain"), *said, (" ", "plain"), (right, edge)]

    def _named(self, words: Words, width: int, *, here: bool) -> Line:
        """Return the name in a box, and in some sizes a word at its right."""
        said = clip(words.name, width)
        room = width - width_of(said) - 1
        more = clip(((words.word, words.edge),), room) if self._form in self._wordy else ()
        if here:
            said = (("".join(text for text, _ in said), "here"),)
        return (*said, (" " * (width - width_of(said) - width_of(more)), "plain"), *more)

    def _bare(self, words: Words, width: int, *, here: bool) -> Iterable[Span]:
        """Return a box without edges."""
        left, right = "\u203a\u2039" if here else "[]"
        ink: Ink = "strong" if here else words.edge
        return [(left, ink), *self._named(words, width - 2, here=here), (right, ink)]

    def _side(self, x: int, y: int, words: Words, *, here: bool) -> str:
        if here:
            return _DOUBLE[5]
        weight = 2 if words.alarming else 1
        mask, _ = self._canvas.row(y).get(x, (0, "link"))
        return self._canvas.glyph(x, y, joined(mask, arms(up=weight, down=weight)))

    def _edge(self, key: Key, region: Region, y: int, words: Words) -> str:
        """Return the upper or lower edge of a box, with the lines that end there."""
        upper = y == region.y
        corners = _HEAVY if words.alarming else _CORNERS.get(key[0], _ROUND)
        if key == self._here:
            corners = _DOUBLE
        left, right = (corners[0], corners[1]) if upper else (corners[2], corners[3])
        if key == self._here:
            return left + _DOUBLE[4] * (region.width - 2) + right
        weight = 2 if words.alarming else 1
        level = arms(left=weight, right=weight)
        cells = self._canvas.row(y)
        inner = (
            self._canvas.glyph(x, y, joined(cells.get(x, (0, "link"))[0], level))
            for x in range(region.x + 1, region.right - 1)
        )
        return left + "".join(inner) + right

    def notify_style_update(self) -> None:
        """Called by Textual when the theme or the styles change."""
        super().notify_style_update()
        self._painter.restyled()

    # -- selecting and moving ---------------------------------------------------------------

    def select(self, key: Key) -> None:
        """Select a box and bring it into view."""
        if key not in self._chart.boxes:
            return
        former, self._here = self._here, key
        for changed in (former, key):
            if changed is not None:
                self._repaint(changed)
        self._follow()
        self.post_message(self.Moved())

    def _follow(self) -> None:
        """Bring the selected box into view, and what is beside it if there is room."""
        if self._here is None:
            return
        place = self._chart.boxes[self._here]
        if self._seen.contains_region(place):
            return
        size = self._seen.size
        self.scroll_to(
            x=_scrolled(self.scroll_offset.x, size.width, place.x, place.right),
            y=_scrolled(self.scroll_offset.y, size.height, place.y, place.bottom),
            animate=False,
            force=True,
        )

    def action_go(self, way: Literal["up", "down", "left", "right"]) -> None:
        """Select the nearest box in a direction."""
        if self._here is None:
            return
        here = self._chart.boxes[self._here]
        found = [
            (distance, key)
            for key, place in self._chart.boxes.items()
            if (distance := _distance(here, place, way)) is not None
        ]
        if found:
            self.select(min(found)[1])

    def action_step(self, by: int) -> None:
        """Select the next box, or the one before, in reading order."""
        boxes = self._chart.boxes
        order = sorted(boxes, key=lambda key: (boxes[key].y, boxes[key].x))
        if order:
            at = order.index(self._here) if self._here in boxes else -1
            self.select(order[(at + by) % len(order)])

    def action_pan(self, right: int, down: int) -> None:
        """Move the view."""
        self.scroll_relative(x=right * _PAN, y=down * _PAN // 2, animate=False, force=True)

    def action_page(self, down: int) -> None:
        """Move the view by a screenful."""
        self.scroll_relative(y=down * max(self._seen.height - 2, 1), animate=False, force=True)

    # -- folding, sizes and layers ----------------------------------------------------------

    def action_fold(self) -> None:
        """Fold the team of the selected box, or open it."""
        here = self._here
        if here is None:
            return
        if here[0] == "team":
            self._fold(TeamId(here[1]), folded=False)
        elif here[0] == "crowd":
            self._open(here)
        elif here[0] == "agent" and self.layer_shown == "speaks":
            agent = self._frame.snapshot.agents.get(AgentId(here[1]))
            if agent is not None and agent.spec.team in self._foldable:
                self._fold(agent.spec.team, folded=True)

    @property
    def _foldable(self) -> set[TeamId]:
        """The teams that have more than one member."""
        return {unit.team for unit in self._organisation.units if len(unit.members) > 1}

    def _fold(self, team: TeamId, *, folded: bool) -> None:
        now = self._folded or set()
        self._folded = now | {team} if folded else now - {team}
        if not folded:
            unit = next(it for it in self._organisation.units if it.team == team)
            self._here = ("agent", unit.lead or unit.members[0])
        self._lay_out()

    def _open(self, crowd: Key) -> None:
        self._opened |= {crowd[1:3]}
        self._lay_out()

    def action_fold_all(self) -> None:
        """Fold all teams; if they are, open them all."""
        teams = self._foldable
        self._folded = set() if self._folded == teams else teams
        self._opened = frozenset()
        self._lay_out()

    def action_size(self) -> None:
        """Take the next smaller size, and after the smallest the one with which all fit."""
        sizes = (0, 1, 2, 3, None)
        self._chosen = sizes[(sizes.index(self._chosen) + 1) % len(sizes)]
        self._sketch = None
        self._lay_out()

    def action_layer(self) -> None:
        """Show what waits for what instead of who speaks to whom, or the other way round."""
        self.layer_shown = "waits" if self.layer_shown == "speaks" else "speaks"
        self._ties = []
        for _ in self.showing(self._frame):
            pass

    def action_knot(self) -> None:
        """Select the next box of those that wait for ever."""
        boxes = self._chart.boxes
        stuck = [key for key in boxes if key[:2] in self._stuck and (len(key) > 2 or self._ties)]
        if stuck:
            at = stuck.index(self._here) + 1 if self._here in stuck else 0
            self.select(stuck[at % len(stuck)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to go to a deadlock only where there is one."""
        return bool(self._stuck) if action == "knot" else True

    # -- looking for somebody ---------------------------------------------------------------

    def find(self, text: str) -> int:
        """Select the first whose name contains `text`, in whatever case; open its team if that is
        folded. Return how many there are."""
        wanted = text.casefold()
        names = [key for key in self._chart.boxes if wanted in key[1].casefold() and len(key) == 2]
        hidden = [
            unit.team
            for unit in self._organisation.units
            if self.layer_shown == "speaks" and unit.team in (self._folded or ())
            for member in unit.members
            if wanted in member.casefold()
        ]
        if names:
            self.select(min(names, key=lambda key: not key[1].casefold().startswith(wanted)))
        elif hidden:
            self._fold(hidden[0], folded=False)
            return self.find(text)
        return len(names) + len(hidden)

    # -- more -------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Tell all about the selected box; open it if it stands for several."""
        here = self._here
        if here is None:
            return
        subject = subject_of_box(here)
        if subject is not None:
            self.post_message(Rows.Chosen(details_of(subject), subject))
        elif here[0] in ("team", "crowd"):
            self.action_fold()

    def action_copy(self) -> None:
        """Put what the selected box says on the clipboard."""
        if self._here is not None:
            words = self._words(self._here)
            said = f"{plain_text(words.name)} {plain_text(words.state)}"
            self.app.copy_to_clipboard(said)
            self.notify("Copied.", timeout=2)

    def on_click(self, event: events.Click) -> None:
        """Select the box that was clicked; a double click asks for more."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = offset + self.scroll_offset
        for region, key in self._in_row.get(at.y, ()):
            if region.contains_point(at):
                self.select(key)
                if event.chain == 2:
                    self.action_choose()


def _regrouped(before: Frame, now: Frame) -> bool:
    """Return whether the organisation may be another."""
    was, are = before.snapshot, now.snapshot
    return (
        before.view.members is not now.view.members
        or was.coordinator != are.coordinator
        or was.teams is not are.teams
    )


def _merged(cells: Sequence[Span]) -> Iterable[Span]:
    """Return the same text in fewer spans."""
    text, ink = "", cells[0][1] if cells else "plain"
    for char, its_ink in cells:
        if its_ink != ink:
            yield text, ink
            text, ink = "", its_ink
        text += char
    if text:
        yield text, ink


def _scrolled(start: int, length: int, first: int, end: int) -> int:
    """Return where a view of `length` has to start to hold what lies from `first` to `end`."""
    if start <= first and end <= start + length:
        return start
    return max(0, (first + end - length) // 2)


def _distance(here: Region, other: Region, way: str) -> tuple[int, int, int] | None:
    """Return how far a box is in a direction; None if it does not lie there.

    What lies straight ahead is nearer than anything beside that.
    """
    ahead = {
        "up": here.y - other.bottom,
        "down": other.y - here.bottom,
        "left": here.x - other.right,
        "right": other.x - here.right,
    }[way]
    if ahead < 0:
        return None
    if way in ("up", "down"):
        aside = max(other.x - here.right + 1, here.x - other.right + 1, 0)
        between = abs(here.x + here.right - other.x - other.right)
    else:
        aside = max(other.y - here.bottom + 1, here.y - other.bottom + 1, 0)
        between = abs(here.y + here.bottom - other.y - other.bottom)
        aside *= 2
    return (ahead + 2 * aside, aside, between)
