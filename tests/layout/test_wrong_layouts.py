"""Every way in which a layout can be wrong, and exactly what its author is told.

The layouts and the messages stand in `wrong_layouts.txt`, which also says how to read it.
"""

import re
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

from mop_tui.layout import LayoutError, load

BOOK = Path(__file__).with_name("wrong_layouts.txt").read_text(encoding="utf-8")


@dataclass
class Wrong:
    """What is wrong, how the sound layout is edited to become so, and what is said about it."""

    what: str
    edits: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def wrong_layouts() -> tuple[str, list[Wrong]]:
    """Return the sound layout and all that is wrong in the book."""
    preface, *entries = re.split(r"^## ", BOOK, flags=re.MULTILINE)
    wrongs = []
    for entry in entries:
        what, *lines = entry.splitlines()
        wrong = Wrong(what)
        for sign, group in groupby(lines, key=lambda line: line[:2]):
            texts = [line[2:] for line in group]
            match sign:
                case "- ":
                    wrong.edits.append(("\n".join(texts), ""))
                case "+ ":
                    old, _ = wrong.edits.pop()
                    wrong.edits.append((old, "\n".join(texts)))
                case "! ":
                    wrong.said = texts
        wrongs.append(wrong)
    return preface[preface.index("session:") :], wrongs


SOUND, WRONG = wrong_layouts()


def said_about(path: Path) -> list[str]:
    with pytest.raises(LayoutError) as refused:
        load(path)
    return [str(problem).removeprefix(f"{path}:") for problem in refused.value.problems]


def test_the_layout_that_is_edited_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_text(SOUND, encoding="utf-8")

    assert list(load(path).plan.tasks) == ["first", "second"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_a_wrong_layout_is_told(wrong: Wrong, tmp_path: Path) -> None:
    text = SOUND
    for sound, edited in wrong.edits:
        assert sound in text
        text = text.replace(sound, edited, 1)
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    assert wrong.said
    assert said_about(path) == wrong.said


def test_the_book_is_complete() -> None:
    assert len(WRONG) > 230
    assert len({wrong.what for wrong in WRONG}) == len(WRONG)
