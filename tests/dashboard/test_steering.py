"""Agents and tasks are steered from their rows and their views, and never by accident."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment, release
from dashboard.stage import Recording, Stage

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.looks import CURSOR
from mop_tui.dashboard.quit_dialog import QuitDialog
from mop_tui.dashboard.steer_dialog import MessageDialog, SteerDialog
from mop_tui.dashboard.steering import dependants
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.feed import CancelTask, Command, Say, Seen, Steer
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger

DEPLOYER = AgentId("deployer")


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.commands if not isinstance(command, Seen)]


def open_dialog(desk: Desk) -> type[object]:
    return type(desk.app.screen)


async def at_row_or_in_view(desk: Desk, where: str) -> None:
    await desk.press("down")
    if where == "view":
        await desk.press("enter")
        assert isinstance(desk.app.screen, DetailDialog)


both = pytest.mark.parametrize("where", ["row", "view"])


# -- pausing --------------------------------------------------------------------------------------


@both
async def test_p_pauses_an_agent_and_lets_it_go_on(where: str) -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await at_row_or_in_view(desk, where)
        assert "p Pause" in desk.text()
        await desk.press("p")
        assert commands(stage) == [Steer("pause", DEPLOYER)]
        assert "PAUSED" in desk.text()
        assert "p Continue" in desk.text()
        await desk.press("p")
        assert commands(stage)[1:] == [Steer("resume", DEPLOYER)]
        assert "p Pause" in desk.text()


@pytest.mark.parametrize("by", [PausedBy.QUESTION, PausedBy.DEPENDENCY])
async def test_a_pause_that_only_an_answer_ends_is_not_offered_to_be_ended(by: PausedBy) -> None:
    stage = deployment()
    stage.move(
        "deployer", AgentTrigger.DEPENDENCY_NOT_READY, AgentState.PAUSED, "why", "deploy", by
    )
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("down")
        assert "p Pause" not in desk.text()
        assert "p Continue" not in desk.text()
        await desk.press("p")
        assert commands(stage) == []


# -- what cannot be undone ------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("key", "do"), [("x", "stop"), ("r", "restart")])
async def test_stop_and_restart_are_done_only_after_yes_was_chosen(
    where: str, key: str, do: str
) -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await at_row_or_in_view(desk, where)
        await desk.press(key)
        assert open_dialog(desk) is SteerDialog
        assert f"{do.capitalize()} deployer?" in desk.text()
        assert commands(stage) == []
        await desk.press("right", "enter")
        assert [(c.do, c.agent) for c in commands(stage) if isinstance(c, Steer)] == [
            (do, DEPLOYER)
        ]


@pytest.mark.parametrize("open_by", ["x", "r"])
@pytest.mark.parametrize("key", ["enter", "escape", "n", "y", "x", "r", "space", "Y", "j"])
async def test_no_single_key_stops_anything(open_by: str, key: str) -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", open_by, key)
        assert commands(stage) == []


async def test_no_word_typed_ahead_stops_anything() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", *"xyes yx", "enter", *"ryes", "enter")
        assert commands(stage) == []


async def test_what_it_leads_to_is_said_before() -> None:
    async with at_desk(deployment(), (100, 40)) as desk:
        await desk.press("down", "x")
        said = desk.in_the_dialog()
        assert "deployer is ACTIVE with deploy." in said
        assert "deploy is cancelled with what needs it: announce." in said
        await desk.press("escape", "r")
        said = desk.in_the_dialog()
        assert "it gets a new one; deploy goes back to those that are ready." in said


async def test_a_reason_can_be_given_and_entering_it_does_nothing_yet() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", "x", "shift+tab", *"no budget", "enter")
        assert commands(stage) == []
        await desk.press("enter")
        assert commands(stage) == [Steer("stop", DEPLOYER, "no budget")]


async def test_what_has_become_impossible_meanwhile_cannot_be_confirmed() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", "x")
        stage.finish("deployer", "done")
        await desk.look()
        assert "That cannot be done any more." in desk.text()
        await desk.press("right", "enter")
        assert commands(stage) == []


async def test_a_task_is_cancelled_after_yes_with_a_reason_if_one_is_given() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("tab")
        assert "x Cancel" in desk.text()
        await desk.press("down", "x")
        said = re.sub(r"[\s│]+", " ", desk.text())
        assert "Cancel deploy?" in said
        assert "It is cancelled with what needs it: announce." in said
        await desk.press("shift+tab", *"too late", "enter", "enter")
        assert commands(stage) == [CancelTask(TaskId("deploy"), "too late")]


async def test_a_task_is_cancelled_from_its_view_too() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("tab", "enter", "x")
        assert "Cancel announce?" in desk.text()
        assert "and nothing else needs it" in re.sub(r"[\s│]+", " ", desk.text())
        await desk.press("right", "enter")
        assert commands(stage) == [CancelTask(TaskId("announce"), "")]


async def test_who_needs_a_key_that_only_this_task_provides_is_named_as_cancelled_with_it() -> None:
    stage = deployment()
    stage.plan("measure", "Measure", provides=(MemoryKey("latency"),))
    stage.plan("report", "Report", needs_keys=(MemoryKey("latency"),))
    stage.plan("print", "Print the report", needs=("report",))
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab")
        await _go_to(desk, "measure")
        await desk.press("x")
        said = re.sub(r"[\s│]+", " ", desk.text())
        assert "It is cancelled with what needs it: report, print." in said


@pytest.mark.parametrize("why", ["another provides it too", "it is there already"])
async def test_who_can_get_the_key_otherwise_is_not_called_lost(why: str) -> None:
    stage = deployment()
    latency = MemoryKey("latency")
    stage.plan("measure", "Measure", provides=(latency,))
    if why == "it is there already":
        stage.remember("latency", 12)
    else:
        stage.plan("guess", "Guess", provides=(latency,))
    stage.plan("report", "Report", needs_keys=(latency,))
    snapshot = stage.snapshot()
    assert dependants(snapshot, TaskId("measure")) == []


async def _go_to(desk: Desk, name: str) -> None:
    for _ in range(10):
        if name in desk.line_with(CURSOR):
            return
        await desk.press("down")
    raise AssertionError(f"{name} is not to be found")


async def test_a_task_that_was_just_cancelled_is_not_offered_to_be_cancelled() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("tab", "down", "x")
        await desk.press("right", "enter")
        assert "CANCELLED" in desk.line_with(CURSOR)
        assert "x Cancel" not in desk.text()


# -- messages -------------------------------------------------------------------------------------


@both
async def test_m_tells_an_agent_one_line(where: str) -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await at_row_or_in_view(desk, where)
        await desk.press("m")
        assert open_dialog(desk) is MessageDialog
        assert "Message to deployer" in desk.text()
        await desk.press("enter")
        assert commands(stage) == [], "there is nothing to tell"
        await desk.press(*"xpr? go on", "enter")
        assert commands(stage) == [Say(DEPLOYER, "xpr? go on")]
        assert open_dialog(desk) is not MessageDialog


async def test_escape_tells_nothing() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", "m", *"no", "escape")
        assert commands(stage) == []


async def test_an_agent_without_a_process_cannot_be_told_anything() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(1)
        await desk.press("escape", *["down"] * 5)
        assert "publisher" in desk.line_with(CURSOR)
        await desk.press("m")
        assert open_dialog(desk) is not MessageDialog
        assert commands(stage) == []


# -- what is offered, and what is refused ---------------------------------------------------------


async def test_a_team_cannot_be_steered() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        assert "Pause" not in desk.lines()[-1]
        await desk.press("p", "x", "r", "m")
        assert len(desk.app.screen_stack) == 1
        assert commands(stage) == []


async def test_an_agent_whose_process_is_about_to_start_cannot_be_paused_yet() -> None:
    stage = deployment()
    stage.finish("watcher", "all is well", back=True)
    stage.plan("more", "More")
    stage.move_task("more", TaskTrigger.ASSIGNED, TaskState.ASSIGNED, "it can", "watcher")
    stage.move("watcher", AgentTrigger.TASK_ASSIGNED, AgentState.ASSIGNED, "its task", "more")
    async with at_desk(stage) as desk:
        await desk.press("down", "down")
        assert "ASSIGNED" in desk.line_with(CURSOR)
        assert "p Pause" not in desk.text()
        assert "x Stop" in desk.text()


async def test_what_is_over_is_not_offered() -> None:
    stage = deployment()
    stage.finish("watcher", "all is well")
    async with at_desk(stage) as desk:
        await desk.press("down", "down")
        assert desk.lines()[-1].split()[:6] == ["⏎", "More", "w", "Why", "tab", "Pane"]
        await desk.press("p", "x", "m")
        assert len(desk.app.screen_stack) == 1


@pytest.mark.parametrize("key", ["p", "x", "r", "m"])
async def test_nothing_is_steered_in_a_recording(key: str) -> None:
    recording = Recording.of(deployment())
    async with at_desk(recording) as desk:
        await desk.press("end")
        await desk.press("down", key)
        assert len(desk.app.screen_stack) == 1
        await desk.press("enter", key)
        assert open_dialog(desk) is DetailDialog
        assert "Pause" not in desk.line_with("esc Close")


@pytest.mark.parametrize("key", ["p", "x", "r", "m"])
async def test_nothing_is_steered_once_the_session_has_ended(key: str) -> None:
    stage = deployment()
    stage.end("stopped", "the operator ended the session")
    async with at_desk(stage) as desk:
        await desk.press("down", key)
        assert len(desk.app.screen_stack) == 1
        assert commands(stage) == []


async def test_nothing_is_steered_while_nothing_is_recorded() -> None:
    stage = deployment()
    async with at_desk(stage, notices=True) as desk:
        await desk.press("down")
        stage.trouble = "NOT RECORDING: no space left"
        stage.revision += 1
        await desk.look()
        await desk.press("p")
        assert commands(stage) == []
        assert "Nothing can be done now" in desk.text()


async def test_a_refusal_is_told_with_what_it_is_about() -> None:
    stage = deployment()
    stage.obedient = False
    async with at_desk(stage, notices=True) as desk:
        await desk.press("down", "p")
        stage.refuse("it is being ended already")
        await desk.look()
        said = desk.text()
        assert "Refused: Pause deployer" in said
        assert "it is being ended already" in said


async def test_what_is_done_is_not_announced() -> None:
    stage = deployment()
    async with at_desk(stage, notices=True) as desk:
        await desk.press("down", "p")
        assert "Refused" not in desk.text()


async def test_quitting_from_a_view_asks_as_ever() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", "x", "ctrl+q")
        assert open_dialog(desk) is QuitDialog
        assert len(desk.app.screen_stack) == 2


async def test_help_names_the_keys_where_they_work() -> None:
    async with at_desk(deployment(), (100, 140)) as desk:
        await desk.press("?")
        assert re.search(r"x +Stop the agent for good; asks first", desk.text())
        assert re.search(r"x +Cancel the task; asks first", desk.text())
    async with at_desk(Recording.of(deployment()), (100, 140)) as desk:
        await desk.press("?")
        assert "Stop the agent" not in desk.text()


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (200, 50)])
async def test_a_stop_can_be_confirmed_on_every_screen(size: tuple[int, int]) -> None:
    stage = deployment()
    async with at_desk(stage, size) as desk:
        await desk.press("down", "x")
        assert "Yes, stop" in desk.text()
        assert "No" in desk.text()
        await desk.press("right", "enter")
        assert len(commands(stage)) == 1
