"""The help: all keys, those of the open view first, to the last line on every screen."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment, mop_platform
from dashboard.stage import Recording

from mop_tui.dashboard.help_dialog import HelpDialog


def said(desk: Desk) -> dict[int, str]:
    """Return the lines that can be seen of the help, by their number from its beginning."""
    keys = desk.app.screen.query_one("#keys")
    room = keys.scrollable_content_region
    lines = desk.lines()[room.y : room.bottom]
    return {n: line[room.x : room.right] for n, line in enumerate(lines, keys.scroll_offset.y)}


@pytest.mark.parametrize(
    ("view", "first"),
    [
        ("", "Everywhere"),
        ("L", "Timeline"),
        ("b", "Topology"),
    ],
)
@pytest.mark.parametrize("width", [40, 80, 200])
async def test_the_keys_of_the_open_view_come_first(view: str, first: str, width: int) -> None:
    async with at_desk(deployment(), (width, 24)) as desk:
        await desk.press(*view, "question_mark")
        assert isinstance(desk.app.screen, HelpDialog)
        assert first in said(desk)[0]


async def test_what_does_not_fit_is_told_of_and_reached_at_80_by_24() -> None:
    async with at_desk(mop_platform(), (80, 240)) as desk:
        await desk.press("question_mark")
        assert "more below" not in desk.text()
        told = " ".join(said(desk).values()).split()
    assert len(told) > 500
    async with at_desk(mop_platform(), (80, 24)) as desk:
        await desk.press("question_mark")
        keys = desk.app.screen.query_one("#keys")
        seen = said(desk)
        while "more below" in desk.text():
            await desk.press("pagedown")
            await desk.until(lambda: keys.scroll_y == keys.scroll_target_y)
            seen |= said(desk)
    assert " ".join(seen[n] for n in sorted(seen)).split() == told


async def test_it_names_every_key_of_the_topology() -> None:
    async with at_desk(mop_platform(), (100, 60)) as desk:
        await desk.press("b", "question_mark")
        assert "Go to an agent by its name" in desk.text()
        assert "Coordinate the swarm in another shape" in desk.text()


async def test_a_recording_asks_nobody() -> None:
    async with at_desk(Recording.of(mop_platform()), (100, 160)) as desk:
        await desk.press("question_mark")
        assert "to approve" not in desk.text()
        assert "Play or pause" in desk.text()
