"""The two themes of mop-tui. Any other theme of Textual works too."""

from textual.theme import Theme

DARK = Theme(
    name="mop-dark",
    dark=True,
    primary="#58a6dc",
    secondary="#8fa5bd",
    accent="#c58af0",
    success="#63be84",
    warning="#e2b95a",
    error="#ef6b6b",
    foreground="#d8dee6",
    background="#0e1319",
    surface="#131a22",
    panel="#1c2530",
    variables={
        "scrollbar": "#2b3a4a",
        "scrollbar-hover": "#3b4f64",
        "scrollbar-active": "#58a6dc",
        "scrollbar-background": "#131a22",
        "scrollbar-background-hover": "#131a22",
        "scrollbar-background-active": "#131a22",
    },
)

LIGHT = Theme(
    name="mop-light",
    dark=False,
    primary="#1b6fae",
    secondary="#44566b",
    accent="#8436b5",
    success="#23784a",
    warning="#8a5d00",
    error="#b3261e",
    foreground="#1d2732",
    background="#f7f8fa",
    surface="#eef1f4",
    panel="#e1e6ec",
    variables={
        "scrollbar": "#b9c4d0",
        "scrollbar-hover": "#98a7b7",
        "scrollbar-active": "#1b6fae",
        "scrollbar-background": "#eef1f4",
        "scrollbar-background-hover": "#eef1f4",
        "scrollbar-background-active": "#eef1f4",
    },
)
