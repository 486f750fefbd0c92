"""The keys that move the report on a session."""

from collections.abc import Sequence

from textual.binding import Binding, BindingType

REPORT_KEYS: Sequence[BindingType] = (
    Binding("down,j", "scroll_down", "Down", show=False),
    Binding("up,k", "scroll_up", "Up", show=False),
    Binding("pagedown,space,ctrl+f", "page_down", "Page", show=False),
    Binding("pageup,ctrl+b", "page_up", "Page back", show=False),
    Binding("home,g", "scroll_home", "To the start", show=False),
    Binding("end,G", "scroll_end", "To the end", show=False),
    Binding("tab", "screen.part(1)", "Next part", tooltip="To the next part of the report"),
    Binding(
        "shift+tab",
        "screen.part(-1)",
        "Former part",
        tooltip="To the part before",
        show=False,
    ),
)
