"""The few inks that lines are painted in.

An ink says what a piece of text means; the theme says how that looks. Meaning is never carried by
ink alone: a sign or a word always says it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

Ink = Literal[
    "plain",
    "dim",
    "strong",
    "title",
    "label",
    "good",
    "busy",
    "warn",
    "bad",
    "you",
    "track",
    "good badge",
    "busy badge",
    "warn badge",
    "alarm",
    "match",
    "here",
    "cursor",
]
"""`track` is what is left of a bar; badges and `alarm` stand out as blocks, and so does what a
search finds (`match`) and is at (`here`); `cursor` lies below."""


@dataclass(frozen=True, slots=True)
class _Recipe:
    """An ink in terms of a theme's variables; `share` is how much of the colour is left."""

    colour: str | None = "foreground"
    share: float = 1.0
    on: str | None = None
    bold: bool = False


_RECIPES: Mapping[Ink, _Recipe] = {
    "plain": _Recipe(),
    "dim": _Recipe(share=0.62),
    "strong": _Recipe(bold=True),
    "title": _Recipe("text-secondary", bold=True),
    "label": _Recipe("text-secondary"),
    "good": _Recipe("text-success"),
    "busy": _Recipe("text-primary"),
    "warn": _Recipe("text-warning"),
    "bad": _Recipe("text-error", bold=True),
    "you": _Recipe("text-accent", bold=True),
    "track": _Recipe(share=0.22),
    "good badge": _Recipe("background", on="success", bold=True),
    "busy badge": _Recipe("background", on="primary", bold=True),
    "warn badge": _Recipe("background", on="warning", bold=True),
    "alarm": _Recipe("background", on="error", bold=True),
    "match": _Recipe("background", on="warning"),
    "here": _Recipe("background", on="accent", bold=True),
    "cursor": _Recipe(None, on="primary-muted"),
}


_MIXED: dict[str, Mapping[Ink, Style]] = {}


def inks(theme: Theme) -> Mapping[Ink, Style]:
    """Return the style of every ink in a theme, which is told from others by its name."""
    if theme.name not in _MIXED:
        colours = theme.to_color_system().generate()
        _MIXED[theme.name] = {ink: _mix(recipe, colours) for ink, recipe in _RECIPES.items()}
    return _MIXED[theme.name]


def inks_without_colour() -> Mapping[Ink, Style]:
    """Return the style of every ink where colours are not wanted."""
    return {
        ink: Style(
            bold=recipe.bold or None,
            dim=recipe.share < 1 or None,
            reverse=(recipe.on is not None and recipe.colour is not None) or None,
        )
        for ink, recipe in _RECIPES.items()
    }


def _mix(recipe: _Recipe, colours: Mapping[str, str]) -> Style:
    colour = None if recipe.colour is None else _colour(recipe.colour, colours)
    on = None if recipe.on is None else _colour(recipe.on, colours)
    dim = False
    if colour is not None and recipe.share < 1:
        paper = _colour("background", colours)
        # A terminal's own colours cannot be mixed, only dimmed.
        dim = colour.ansi is not None or paper.ansi is not None
        colour = colour if dim else paper.blend(colour, recipe.share)
    return Style(
        color=None if colour is None else colour.rich_color,
        bgcolor=None if on is None else on.rich_color,
        bold=recipe.bold or None,
        dim=dim or None,
    )


def _colour(name: str, colours: Mapping[str, str]) -> Color:
    """Return a colour of the theme; where only a share of one is meant, all of it."""
    value = colours[name].partition(" ")[0]
    return Color.parse(colours["foreground"] if value == "auto" else value)
