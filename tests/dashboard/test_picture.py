"""The picture for the README."""

from dashboard.plays import mop_platform

from mop_tui.dashboard.picture import picture


async def test_a_picture_can_be_made_without_a_terminal() -> None:
    svg = await picture(mop_platform(), size=(100, 30), keys=("down", "enter"))
    assert svg.startswith("<svg")
    assert "Agent&#160;platform-engineer-dev" in svg
