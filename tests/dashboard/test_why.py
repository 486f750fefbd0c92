"""Why: the chain of causes of whatever one looks at, and jumps along it."""

from pathlib import Path
from typing import Any

import pytest
from dashboard.desk import at_desk
from dashboard.plays import release

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.why_dialog import WhyDialog
from mop_tui.orchestrator.replay import Replayer, open_replay

DEPLOYMENT = Path(__file__).parents[2] / "sessions" / "mop-platform.jsonl"
MINUTE = 60_000
BACK = "to the start of the session"


@pytest.fixture
def deployment() -> Any:
    replay: Replayer = open_replay(DEPLOYMENT)
    replay.seek_time(50 * MINUTE)
    return replay


async def test_w_on_an_agent_tells_what_led_to_its_state_back_to_the_start(deployment: Any) -> None:
    async with at_desk(deployment, (120, 40)) as desk:
        await desk.press("down", "down", "w")
        said = desk.text()
    assert "Why platform-engineer-dev is COMPLETE" in said
    assert "platform-engineer-dev finished environment-dev" in said
    assert "rule place_task decided: it is meant for platform-engineer-dev, who is free" in said
    assert BACK in said


async def test_w_on_a_task_tells_what_it_waits_for(deployment: Any) -> None:
    async with at_desk(deployment, (120, 40)) as desk:
        await desk.press("tab", "w")
        said = desk.text()
    assert "Why review is PENDING" in said
    assert "obi and grafana" in said
    assert BACK in said


async def test_w_on_an_event_tells_what_led_to_it(deployment: Any) -> None:
    async with at_desk(deployment, (120, 40)) as desk:
        desk.app.screen.query_one("#events").focus()
        await desk.look()
        await desk.press("w")
        assert "Why event " in desk.text()
        assert BACK in desk.text()


async def test_enter_leads_to_what_a_cause_is_about_and_w_on_from_there(deployment: Any) -> None:
    async with at_desk(deployment, (120, 40)) as desk:
        await desk.press("down", "down", "w", *["down"] * 8, "enter")
        details: Any = desk.app.screen
        assert isinstance(details, DetailDialog)
        assert details.subject is not None
        assert details.subject.task == "environment-dev"
        await desk.press("w")
        assert "Why environment-dev is COMPLETE" in desk.text()
        await desk.press("escape", "escape", "escape")
        assert len(desk.app.screen_stack) == 1


async def test_in_a_replay_the_chain_is_that_of_the_moment(deployment: Any) -> None:
    async with at_desk(deployment, (120, 40)) as desk:
        await desk.press("down", "down", "w")
        deployment.seek_time(10 * MINUTE)
        await desk.look()
        assert "Why platform-engineer-dev is ACTIVE" in desk.text()
        deployment.seek(1)
        await desk.look()
        assert "it has not been spawned at this moment" in desk.text()


async def test_a_question_tells_why_it_is_asked_and_goes_on_asking() -> None:
    stage = release()
    async with at_desk(stage, (120, 40)) as desk:
        await desk.wait(1)
        await desk.press("w")
        assert isinstance(desk.app.screen, WhyDialog)
        assert "Release sample 1.4.0?" in desk.text()
        await desk.press("escape")
        assert "y or n chooses" in desk.text() or "Keys are ignored" in desk.text()
    assert not [command for command in stage.commands if hasattr(command, "digest")]
