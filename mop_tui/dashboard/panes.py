"""The panes of the main screen, and where they stand."""

from textual import on
from textual.containers import Container
from textual.events import DescendantFocus
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.glance import Glance
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sharing import Want, share

WIDE = 120
"""From this width on, panes stand beside each other."""
LOW = 34
"""On a terminal that is lower, the pane that has the keys gets more room."""
_LEFT = 0.57
"""How much of the width the first pane gets."""
_SPARE = 8
"""From so many rows on, what a pane leaves is given to another."""
_MANY = 10_000


class Panes(Container):
    """Gives every list the rows that it needs, as far as there are any.

    Narrow terminals stack the panes. Wide ones put the first beside the others; what it leaves
    goes to the events, and what those beside it leave to a glance at the row under the cursor.
    """

    def __init__(self, *panes: Widget, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(*panes, id=id)
        self._arrangement = _Arrangement()
        self._placed: list[tuple[Widget, Region]] = []

    @property
    def layout(self) -> Layout:
        """How the panes are arranged."""
        return self._arrangement

    def fit(self) -> None:
        """Arrange the panes anew if they need other room than they have."""
        if self.size and self.regions(self.size) != self._placed:
            # Asked of a child, for it is its parents that arrange anew.
            self.children[0].refresh(layout=True)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Give the pane that has the keys now its room."""
        del event
        self.fit()

    @on(Rows.Grown)
    def lists_grown(self) -> None:
        """Give every list the room that it needs now."""
        self.fit()

    def place(self, size: Size) -> list[tuple[Widget, Region]]:
        """Return where each pane is put now; one that is not among them is not shown."""
        self._placed = self.regions(size)
        return self._placed

    def regions(self, size: Size) -> list[tuple[Widget, Region]]:
        """Return where each pane belongs."""
        panes = [pane for pane in self.children if isinstance(pane, Rows) and pane.display]
        if not panes:
            return [(glance, size.region) for glance in self.query_children(Glance)]
        if size.width < WIDE or len(panes) < 2:
            return self._stack(panes, size.region)
        width = round(size.width * _LEFT)
        left, right = panes[:1], panes[1:]
        column = Region(0, 0, width, size.height)
        placed = self._stack(left, column)
        first = left[0]
        takes = first.needed(_content(first, column.size)) + first.gutter.height
        log = next((pane for pane in right if isinstance(pane, EventLog)), None)
        if log is not None and len(right) > 1 and size.height - takes >= _SPARE:
            right = [pane for pane in right if pane is not log]
            upper, lower = column.split_horizontal(takes)
            placed = [(first, upper), (log, lower)]
        beside = Region(width, 0, size.width - width, size.height)
        stacked = self._stack(right, beside)
        used = sum(region.height for _, region in self._stack(right, beside, fill=False))
        if size.height - used >= _SPARE:
            glances = self.query_children(Glance)
            stacked = self._stack(right, beside, fill=False)
            rest = Region(width, used, beside.width, size.height - used)
            stacked += [(glance, rest) for glance in glances]
        return placed + stacked

    def _stack(
        self, panes: list[Rows], region: Region, *, fill: bool = True
    ) -> list[tuple[Widget, Region]]:
        """Return panes one below the other; the tallest takes what is left, if all is filled."""
        room = region.height - sum(pane.gutter.height for pane in panes)
        heights = share(room, [self._want(pane, region.width, _MANY) for pane in panes])
        # A list may have a shorter form for less room, and leaves the rest of that to others.
        heights = share(
            room,
            [
                self._want(pane, region.width, height)
                for pane, height in zip(panes, heights, strict=True)
            ],
        )
        if fill and heights:
            heights[heights.index(max(heights))] += max(0, room - sum(heights))
        placed: list[tuple[Widget, Region]] = []
        y = region.y
        for pane, rows in zip(panes, heights, strict=True):
            height = max(rows + pane.gutter.height, 0)
            placed.append((pane, Region(region.x, y, region.width, height)))
            y += height
        return placed

    def _want(self, pane: Rows, width: int, height: int) -> Want:
        need = min(pane.needed(Size(width - pane.gutter.width, height)), _MANY)
        has_keys = self.app.size.height < LOW and self.screen.focused is pane
        return Want(
            least=5 if has_keys else 2, need=need, weight=pane.WEIGHT * (2 if has_keys else 1)
        )


def _content(pane: Widget, outer: Size) -> Size:
    return Size(outer.width - pane.gutter.width, outer.height - pane.gutter.height)


class _Arrangement(Layout):
    """Puts panes where `Panes` says."""

    name = "panes"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],  # noqa: ARG002 - given by Textual
        size: Size,
        greedy: bool = True,  # noqa: ARG002 - given by Textual
    ) -> ArrangeResult:
        """Return the placements of the panes."""
        if not isinstance(parent, Panes):
            raise TypeError(f"{parent} has no panes")
        return [
            WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, pane)
            for pane, region in parent.place(size)
        ]
