"""The keys of the topology. They stand here so that the help knows them before it is ever drawn."""

from textual.binding import Binding

TOPOLOGY_KEYS = [
    Binding("up,k", "go('up')", "Up", tooltip="Select the next box upwards", show=False),
    Binding("down,j", "go('down')", "Down", tooltip="Select the next box below", show=False),
    Binding("left,h", "go('left')", "Left", tooltip="Select the next box to the left", show=False),
    Binding(
        "right,l", "go('right')", "Right", tooltip="Select the next box to the right", show=False
    ),
    Binding("tab", "step(1)", "Next box", tooltip="Next box, in reading order", show=False),
    Binding("shift+tab", "step(-1)", "Former box", show=False),
    Binding("shift+up", "pan(0, -1)", "Move the view up", show=False),
    Binding("shift+down", "pan(0, 1)", "Move the view down", show=False),
    Binding("shift+left", "pan(-1, 0)", "Move the view to the left", show=False),
    Binding("shift+right", "pan(1, 0)", "Move the view to the right", show=False),
    Binding("pageup,ctrl+b", "page(-1)", "Move the view up by a screenful", show=False),
    Binding("pagedown,ctrl+f", "page(1)", "Move the view down by a screenful", show=False),
    Binding("enter", "choose", "More", tooltip="All about the box; opens a folded team"),
    Binding("W", "layer", "Waits", tooltip="Show what waits for what, or who speaks to whom"),
    Binding("f", "fold", "Fold", tooltip="Fold the team of the box, or open it"),
    Binding("c", "fold_all", "Fold or open all teams", show=False),
    Binding("z", "size", "Size", tooltip="Boxes in four sizes, or as large as all fit"),
    Binding(
        "exclamation_mark",
        "knot",
        "Deadlock",
        key_display="!",
        tooltip="Go to the next one of those that wait for each other for ever",
    ),
    Binding("y", "copy", "Copy what the box says, over ssh too", show=False),
]

SEARCH = Binding("slash", "search", "Search", key_display="/", tooltip="Go to an agent by its name")
