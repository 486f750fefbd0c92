"""The few inks that lines are painted in.

An ink says what a piece of text means; the theme says how that looks. Meaning is never carried by
ink alone: a sign or a word always says it too.
"""

from typing import Literal, get_args

Ink = Literal[
    "plain", "dim", "strong", "good", "busy", "warn", "bad", "you", "title", "track", "alarm"
]

INK_CLASSES = {f"ink--{ink}" for ink in get_args(Ink)} | {"ink--cursor"}
"""Component classes of every widget that paints lines."""

INK_CSS = """
.ink--plain { color: $foreground; }
.ink--dim { color: $foreground 62%; }
.ink--strong { color: $foreground; text-style: bold; }
.ink--good { color: $text-success; }
.ink--busy { color: $text-primary; }
.ink--warn { color: $text-warning; }
.ink--bad { color: $text-error; text-style: bold; }
.ink--you { color: $text-accent; text-style: bold; }
.ink--title { color: $text-secondary; text-style: bold; }
.ink--track { color: $foreground 22%; }
.ink--alarm { color: $background; background: $error; text-style: bold; }
.ink--cursor { background: $primary-muted; }
"""
