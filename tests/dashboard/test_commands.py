"""The palette, copying, and saving a picture: each by its key, declared once."""

from dataclasses import replace
from pathlib import Path

import pytest
from dashboard.desk import at_desk
from dashboard.plays import mop_platform
from textual.command import CommandPalette

from mop_tui.dashboard.app import Dashboard


def _pictures(folder: Path) -> list[Path]:
    return list(folder.glob("*.svg"))


async def test_the_palette_offers_what_keys_do_here_and_does_it() -> None:
    async with at_desk(mop_platform(), (120, 40)) as desk:
        await desk.press("ctrl+p")
        assert isinstance(desk.app.screen, CommandPalette)
        await desk.pilot.pause(0.2)
        assert "Tell all about this row  (⏎)" in desk.text()
        await desk.pilot.press(*"light")
        await desk.pilot.pause(0.3)
        before = desk.app.theme
        await desk.pilot.press("down", "enter")
        await desk.pilot.pause(0.2)
        assert desk.app.theme != before


async def test_the_palette_offers_nothing_that_cannot_be_done() -> None:
    async with at_desk(mop_platform(), (120, 40)) as desk:
        await desk.press("ctrl+p")
        await desk.pilot.press(*"detach")
        await desk.pilot.pause(0.3)
        assert "Leave the screen" not in desk.text()


async def test_the_palette_offers_no_scrolling_sideways_where_nothing_is_wider_than_its_room() -> (
    None
):
    async with at_desk(mop_platform(), (120, 40)) as desk:
        await desk.press("tab", "ctrl+p")
        await desk.pilot.press(*"page")
        await desk.pilot.pause(0.3)
        offered = desk.text()
        assert "Page up  (pgup)" in offered
        assert "Page Left" not in offered
        assert "Find a command" not in offered


async def test_y_copies_the_row_under_the_cursor() -> None:
    async with at_desk(mop_platform(), (120, 40)) as desk:
        await desk.press("down", "y")
        assert desk.app.clipboard.split()[1] == "platform-engineer-dev"


async def test_a_picture_of_the_screen_is_saved_beside_the_session(tmp_path: Path) -> None:
    stage = replace(mop_platform(), source=str(tmp_path / "run.jsonl"))
    async with at_desk(stage, (120, 40), notices=True) as desk:
        await desk.press("S")
        assert "Saved a picture of the screen" in desk.text()
    [picture] = _pictures(tmp_path)
    assert picture.name == f"run-{stage.session.seq}.svg"
    assert picture.stat().st_mode & 0o777 == 0o600
    assert "platform-engineer-dev" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("dialog", ["enter", "w"])
async def test_a_picture_can_be_taken_of_details_and_causes(tmp_path: Path, dialog: str) -> None:
    stage = replace(mop_platform(), source=str(tmp_path / "run.jsonl"))
    async with at_desk(stage, (120, 40)) as desk:
        await desk.press("down", dialog, "S")
        shown = desk.app.screen.query_one("#dialog").border_title
    [picture] = _pictures(tmp_path)
    assert str(shown).replace(" ", "&#160;") in picture.read_text(encoding="utf-8")


async def test_a_picture_takes_the_place_of_no_other_of_the_same_moment(tmp_path: Path) -> None:
    stage = replace(mop_platform(), source=str(tmp_path / "run.jsonl"))
    moment = f"run-{stage.session.seq}"
    (tmp_path / f"{moment}.svg").symlink_to(tmp_path / "elsewhere.svg")
    async with at_desk(stage, (120, 40)) as desk:
        await desk.press("S", "L", "S")
    assert not (tmp_path / "elsewhere.svg").exists()
    for number, view in {2: "Tasks", 3: "Timeline"}.items():
        picture = tmp_path / f"{moment}-{number}.svg"
        assert picture.stat().st_mode & 0o777 == 0o600
        assert view in picture.read_text(encoding="utf-8")


async def test_where_no_picture_can_be_saved_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    stage = replace(mop_platform(), source=str(file / "run.jsonl"))
    async with at_desk(stage, (120, 40), notices=True) as desk:
        await desk.press("S")
        assert "No picture was saved" in desk.text()


async def test_help_names_every_one_of_them() -> None:
    async with at_desk(mop_platform(), (120, 130)) as desk:
        await desk.press("question_mark")
        for told in ("Find a command", "Save the screen as SVG", "Copy the row"):
            assert told in desk.text()


def test_no_key_of_the_program_means_two_things() -> None:
    keys = [part for b in Dashboard.BINDINGS for part in b.key.split(",")]  # type: ignore[union-attr]
    assert len(keys) == len({*keys})
