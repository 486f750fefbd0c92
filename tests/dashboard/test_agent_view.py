"""What is said of one agent, and of agents and tasks that stand still."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import GIB, OPTIONS, deployment, rollout
from dashboard.stage import SECOND, Stage, team

from mop_tui.dashboard.health import size_of
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.ids import QuestionId


async def opened(desk: Desk, *keys: str) -> str:
    """Open the view of the first agent and return what it says."""
    await desk.press(*(keys or ("down",)), "enter")
    return re.sub(r"[\s│]+", " ", desk.text())


async def test_figures_are_told_with_their_source_and_what_they_are_a_share_of() -> None:
    stage = deployment()
    stage.health(
        "deployer",
        "measured",
        cpu_usage=76.0,
        memory_usage=25.0,
        cpu_cores=1.52,
        memory_bytes=GIB // 2,
        processes=3,
    )
    stage.health("deployer", "reported", cpu_usage=80.0, status="degraded", response_ms=210.0)
    stage.health("deployer", "ping", response_ms=12.4)
    async with at_desk(stage, (200, 50)) as desk:
        said = await opened(desk)
        for part in (
            "cpu 1.52 of 2 cores, 76 %, measured; 80 %, reported",
            "memory 512 MiB of 2.0 GiB, 25 %, measured",
            "processes 3, measured",
            "response 12 ms, ping; 210 ms, reported",
            "says that it is degraded",
            "errors none seen",
            "lives for the session",
            "log sessions/2026-11-22-release.logs/deployer.log",
        ):
            assert part in said


async def test_without_a_declared_limit_a_share_is_unknown_and_no_number() -> None:
    stage = deployment()
    stage.health("watcher", "measured", cpu_cores=0.31, memory_bytes=12 * 1024**2)
    async with at_desk(stage, (200, 50)) as desk:
        said = await opened(desk, "down", "down")
        assert "cpu 0.31 cores measured, share unknown: no limit is declared" in said
        assert "memory 12 MiB measured, share unknown: no limit is declared" in said
        assert "processes unknown" in said
        assert "response unknown" in said
        assert "lives for one task" in said


async def test_where_nothing_is_known_that_is_said_in_one_line() -> None:
    async with at_desk(deployment(), (200, 50)) as desk:
        said = await opened(desk)
        assert "health unknown, for nothing was measured or reported" in said


async def test_of_a_process_that_is_gone_it_is_said_why_nothing_is_known() -> None:
    stage = deployment()
    stage.finish("deployer", "7 machines")
    async with at_desk(stage, (200, 50)) as desk:
        said = await opened(desk)
        assert "health unknown, for its process is gone" in said
        assert "result 7 machines" in said


async def test_errors_are_counted_and_the_last_one_is_told() -> None:
    stage = deployment()
    stage.err("deployer", "network", "connection reset")
    stage.err("deployer", "disk", "no space")
    stage.health("deployer", "reported", error_count=7)
    async with at_desk(stage, (200, 50)) as desk:
        assert "errors 2 seen; 7 reported; last disk: no space" in await opened(desk)


async def test_a_narrow_view_tells_the_same_below_each_other() -> None:
    stage = deployment()
    stage.health("deployer", "measured", processes=3)
    async with at_desk(stage) as desk:
        await opened(desk)
        await desk.press("tab", "end")
        await desk.pilot.wait_for_scheduled_animations()
        said = re.sub(r"[\s│]+", " ", desk.text())
        assert "processes 3, measured" in said


@pytest.mark.parametrize(
    ("size", "text"), [(1024, "1.0 KiB"), (500 * 1024**2, "500 MiB"), (3 * 1024**4, "3.0 TiB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert size_of(size) == text


# -- what it waits for ----------------------------------------------------------------------------


async def test_an_agent_that_asked_says_so_everywhere_and_looks_waiting_for_you() -> None:
    stage = rollout()
    async with at_desk(stage, (200, 50)) as desk:
        await desk.wait(1)
        await desk.press("escape")
        row = desk.line_with("? deployer")
        assert re.search(r"PAUSED .* waits for your answer to: How shall", row)
        assert re.search(r"\? deploy +ACTIVE .* waits for your answer to: How shall", desk.text())
        assert "? 1 for you" in desk.line_with("Operations")
        said = await opened(desk)
        assert "waiting waits for your answer to q1: How shall 1.4.0 be rolled out?" in said


async def test_an_agent_that_waits_for_a_key_names_it() -> None:
    stage = deployment()
    stage.agent_waits("watcher", "baseline")
    async with at_desk(stage, (200, 50)) as desk:
        assert "waits for memory key baseline" in desk.line_with("= watcher")
        said = await opened(desk, "down", "down")
        assert "waiting waits for memory key baseline" in said


@pytest.mark.parametrize("by", [PausedBy.OPERATOR, PausedBy.STRATEGY])
async def test_an_agent_that_was_paused_says_by_whom(by: PausedBy) -> None:
    stage = deployment()
    stage.move("watcher", AgentTrigger.PAUSE, AgentState.PAUSED, "to look", "watch", by)
    async with at_desk(stage, (200, 50)) as desk:
        assert f"paused by {by.told}" in desk.line_with("= watcher")
        said = await opened(desk, "down", "down")
        assert "because to look" in said
        assert f"paused by {by.told}" in said


async def test_a_task_that_rests_says_when_it_is_tried_again_and_how_often() -> None:
    stage = deployment()
    stage.rest("deployer", 1, 4 * SECOND)
    async with at_desk(stage, (200, 50)) as desk:
        said = "tries again in 4 s, attempt 2 of 3"
        assert said in desk.line_with("deploy  ")
        assert said in desk.line_with("◦ deployer")
        stage.time += 3 * SECOND
        await desk.look()
        assert "tries again in 1 s" in desk.line_with("◦ deployer")
        assert "attempt tries again in 1 s, attempt 2 of 3" in await opened(desk)
        stage.time += 9 * SECOND
        await desk.look()
        assert "tries again any moment" in desk.text()


async def test_the_attempt_is_told_where_there_may_be_several() -> None:
    stage = deployment()
    async with at_desk(stage, (200, 50)) as desk:
        assert "attempt 1 of 3" in await opened(desk)
        await desk.press("escape")
        assert "attempt" not in await opened(desk)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
async def test_every_width_shows_who_waits_for_what(width: int) -> None:
    stage = deployment()
    stage.agent_asks("deployer", "How?", question_type="choice", options=OPTIONS)
    stage.agent_waits("watcher", "baseline")
    async with at_desk(stage, (width, 24)) as desk:
        await desk.wait(1)
        await desk.press("escape")
        assert "? deployer" in desk.text()
        assert "= watcher" in desk.text()
        assert all(len(line) <= width for line in desk.lines())
        await desk.press("down", "enter")
        assert "waits for your" in desk.text()


async def test_without_colours_a_search_is_still_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stage: Stage = deployment()
    stage.write("deployer", "needle in hay")
    async with at_desk(stage) as desk:
        await desk.press("down", "enter", "/", *"needle", "enter")
        assert "needle" in desk.text()
        assert "1/1" in desk.text()


async def test_what_an_agent_asks_is_answered_from_its_view() -> None:
    stage = deployment()
    stage.ask("Something older?")
    stage.agent_asks("watcher", "Shall I go on?")
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(1)
        await desk.press("escape", "down", "down", "enter")
        assert "Waiting for you: Shall I go on?" in desk.text()
        await desk.press("a")
        await desk.wait(1)
        assert "Agent watcher asks" in desk.text()
        await desk.press("y", "enter")
        assert stage.session.questions[QuestionId("q2")].state == "answered"
        assert "Agent watcher" in desk.text(), "the view is still there"
        assert "Waiting for you: Something older?" in desk.text()


async def test_an_agent_that_was_not_spawned_yet_has_a_view_too() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "to-come"))
    async with at_desk(stage) as desk:
        said = await opened(desk)
        assert "it is in the layout and has not been spawned" in said
        assert "Nothing was written yet." in said


async def test_a_hook_that_runs_is_named_wherever_its_agent_and_task_are() -> None:
    stage = deployment()
    stage.hook("post_task", "deployer")
    async with at_desk(stage, (200, 50)) as desk:
        assert "runs its post_task hook" in desk.line_with("deployer")
        assert re.search(r"deploy +ACTIVE .* waits for its post_task hook", desk.text())
        said = await opened(desk)
        assert "now runs its post_task hook" in said
        assert "hook log sessions/2026-11-22-release.logs/deployer+post_task.log" in said


async def test_a_hook_of_the_session_is_named_beside_its_status() -> None:
    stage = deployment()
    stage.hook("on_end")
    async with at_desk(stage, (200, 50)) as desk:
        assert "STOPPING  its on_end hook runs" in desk.line_with("STOPPING")
