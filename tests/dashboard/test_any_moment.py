"""Every view of a recorded session works at any moment of it."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from dashboard.desk import at_desk

from mop_tui.domain.events import SystemDecided
from mop_tui.orchestrator.replay import open_replay

DEPLOYMENT = Path(__file__).parents[2] / "sessions" / "mop-platform.jsonl"
VIEWS = {
    "overview": (),
    "agent": ("down", "down", "enter"),
    "task": ("tab", "enter"),
    "waves": ("tab", "v"),
    "why": ("tab", "w"),
    "filter": ("tab", "tab", "slash", "g", "r", "a", "enter"),
    "session": ("o",),
}


@pytest.fixture
def deployment() -> Any:
    return open_replay(DEPLOYMENT)


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_follows_wherever_one_goes(deployment: Any, view: str) -> None:
    random = Random(view)
    length = deployment.playback.length
    async with at_desk(deployment, (120, 40)) as desk:
        deployment.seek(length // 2)
        await desk.look()
        await desk.press(*VIEWS[view])
        for seq in (length, 0, 1, *(random.randint(0, length) for _ in range(5))):
            deployment.seek(seq)
            await desk.look()
            assert deployment.playback.position == seq
            assert desk.app.is_running
            if len(desk.app.screen_stack) == 1:
                assert f"{seq:,} of {length:,}" in desk.text()


async def test_decisions_are_stepped_through_one_by_one(deployment: Any) -> None:
    def here() -> Any:
        return deployment.event(deployment.playback.position).data

    async with at_desk(deployment, (120, 40)) as desk:
        deployment.seek(300)
        await desk.press(">")
        first = deployment.playback.position
        assert isinstance(here(), SystemDecided)
        await desk.press(">")
        assert deployment.playback.position > first
        assert isinstance(here(), SystemDecided)
        await desk.press("<")
        assert deployment.playback.position == first
