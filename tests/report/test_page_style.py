"""The style of the page: what is written can be read, light, dark and on paper."""

import re
from importlib.resources import files

import pytest

STYLE = (files("mop_tui.report") / "page.css").read_text(encoding="utf-8")
_ROOTS = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
LIGHT, DARK, PAPER = (dict(re.findall(r"--([\w-]+): (#\w+)", root)) for root in _ROOTS)


def _light(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(it * 2 for it in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    brighter, darker = sorted((_light(one), _light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])


@THEMES
@pytest.mark.parametrize("ink", ["ink", "dim", "link", "good", "warn", "bad", "you"])
def test_texts_stand_out_from_what_they_are_on(theme: dict[str, str], ink: str) -> None:
    assert _contrast(theme[ink], theme["card"]) >= 4.5
    assert _contrast(theme[ink], theme["ground"]) >= 4.5


@THEMES
def test_names_on_bars_can_be_read(theme: dict[str, str]) -> None:
    assert _contrast(theme["on-work"], theme["work"]) >= 4.5
    assert _contrast("#08121c", theme["ill"]) >= 4.5


@THEMES
@pytest.mark.parametrize("bar", ["work", "ill", "review", "path", "you", "lock", "bad", "good"])
def test_bars_and_marks_stand_out(theme: dict[str, str], bar: str) -> None:
    assert _contrast(theme[bar], theme["card"]) >= 3


def test_every_theme_has_every_colour() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE)) - {"who"}
    assert used <= set(LIGHT)
    assert set(LIGHT) == set(DARK) == set(PAPER)
