"""Notifications that a terminal shows on its desktop: what to send it.

Three ways are in use, and no terminal says which it knows; one that knows none of them passes over
what it is sent. `OSC 9` (iTerm2, then many) has a text; `OSC 777` (rxvt, VTE, foot) a title and a
text; `OSC 99` (kitty) also a name, by which a later one takes the place of an earlier.

What is sent is cleaned here: no text can end the sequence early, or mean something else in it.
"""

from collections.abc import Mapping
from typing import Literal

from mop_tui.domain.wording import printable

Way = Literal["9", "777", "99", "none"]

_ESC = "\x1b"
_END = f"{_ESC}\\"
"""Not the bell, which ends them too: a terminal that knows none of this would ring."""
_MOST = 300
"""Characters of a text; a longer one is cut off by desktops anyway, and too long for some lines."""

_BY_PROGRAM: Mapping[str, Way] = {
    "kitty": "99",
    "ghostty": "777",
    "wezterm": "777",
    "iterm.app": "9",
    "warpterminal": "777",
    "apple_terminal": "none",
}
"""By `TERM_PROGRAM`, or `LC_TERMINAL`, which also comes through ssh."""
_BY_TERM: tuple[tuple[str, Way], ...] = (
    ("xterm-kitty", "99"),
    ("xterm-ghostty", "777"),
    ("foot", "777"),
    ("rxvt", "777"),
    ("wezterm", "777"),
    ("linux", "none"),
    ("dumb", "none"),
    ("vt", "none"),
)
"""By what `TERM` begins with."""


def way_of(environment: Mapping[str, str]) -> Way:
    """Return which notifications the terminal knows that `environment` tells of.

    `OSC 9` where that cannot be told: most of those that know any know that.
    """
    program = environment.get("TERM_PROGRAM", "").lower()
    if program in _BY_PROGRAM:
        return _BY_PROGRAM[program]
    term = environment.get("TERM", "")
    for prefix, way in _BY_TERM:
        if term.startswith(prefix):
            return way
    if "KITTY_WINDOW_ID" in environment:
        return "99"
    if "VTE_VERSION" in environment:
        return "777"
    return _BY_PROGRAM.get(environment.get("LC_TERMINAL", "").lower(), "9")


def notice(title: str, text: str, environment: Mapping[str, str]) -> str:
    """Return what has the terminal show a notification; empty if it cannot.

    Within tmux it is handed through to the terminal around it, which tmux does if its
    `allow-passthrough` is on, and else drops.
    """
    title, text = printable(title)[:_MOST], printable(text)[:_MOST]
    match way_of(environment):
        case "9":
            # Begun with a title of our own, no text is taken for one of the numbered commands that
            # some terminals have under the same code.
            sequence = f"{_ESC}]9;{title}: {text}{_END}"
        case "777":
            sequence = f"{_ESC}]777;notify;{title.replace(';', ',')};{text}{_END}"
        case "99":
            # Shown only while the window is not in focus (o), and in place of the last one (i).
            sequence = (
                f"{_ESC}]99;i=mop-tui:o=unfocused:d=0;{title}{_END}"
                f"{_ESC}]99;i=mop-tui:p=body;{text}{_END}"
            )
        case "none":
            return ""
    if environment.get("TMUX"):
        return f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC * 2)}{_END}"
    return sequence
