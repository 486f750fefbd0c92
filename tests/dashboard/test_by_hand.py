"""Agents, tasks and keys by hand: dialogs say what is wrong before anything is sent."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import triggered
from dashboard.stage import Stage

from mop_tui.dashboard.hand_dialogs import MemoryDialog, SpawnDialog, TaskDialog
from mop_tui.domain import events as e
from mop_tui.domain.feed import Command, CreateTask, Seen, SetMemory, Spawn
from mop_tui.domain.ids import AgentId, CommandId, MemoryKey, TaskId
from mop_tui.domain.plan import TaskSpec
from mop_tui.domain.priority import Priority


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.commands if not isinstance(command, Seen)]


def said(desk: Desk) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", " ", desk.text())


async def test_s_spawns_an_agent() -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("s")
        assert isinstance(desk.app.screen, SpawnDialog)
        await desk.press(*"builder", "enter", *"Tidy up", "enter", *"large", "enter")
        assert commands(stage) == [Spawn("builder", "Tidy up", "large")]
        assert len(desk.app.screen_stack) == 1


async def test_a_type_is_completed_and_a_wrong_one_told_and_not_sent() -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("s", *"obx", "enter", "enter", "enter")
        assert commands(stage) == []
        told = desk.in_the_dialog()
        assert "There is no such type; there are builder, obi-specialist and" in told
        await desk.press("up", "up", "end", "backspace")
        await desk.until(lambda: "│  obi-specialist " in desk.text())
        await desk.press("right")
        assert "This can be done." in desk.text()
        await desk.press("enter", "enter", "enter")
        assert commands(stage) == [Spawn("obi-specialist")]


async def test_c_creates_a_task_for_an_agent_or_a_skill() -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("C")
        assert isinstance(desk.app.screen, TaskDialog)
        await desk.press("enter", "enter", "enter")
        assert "It is not said what is to be done." in said(desk)
        await desk.press("up", "up", *"Once more", "enter", *"benn")
        assert "There is no such agent, and none with such a skill." in said(desk)
        await desk.press("backspace", "enter", *"soon", "enter")
        assert "The priority is low, normal, high, urgent or critical." in said(desk)
        assert commands(stage) == []
        await desk.press(*["backspace"] * 4, *"urgent", "enter")
        assert commands(stage) == [
            CreateTask("Once more", AgentId("ben"), priority=Priority.URGENT)
        ]
        await desk.press("C", *"More", "enter", *"building", "enter", "enter")
        assert commands(stage)[1:] == [CreateTask("More", skill="building")]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("a key", "1", "A key has up to 200 characters, without blanks"),
        ("k", "", "It is not said what the value is."),
        ("k", "yes", "The value is not JSON; a text stands in double quotes."),
        ("k", "NaN", "The value is not JSON; a text stands in double quotes."),
    ],
)
async def test_what_is_no_key_or_no_value_is_told_and_not_sent(
    key: str, value: str, why: str
) -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("M", *key.replace(" ", "_"), "enter")
        if " " in key:
            await desk.press("up", "end", "space", "x", "enter")
        await desk.press(*value, "enter")
        assert isinstance(desk.app.screen, MemoryDialog)
        assert why in said(desk)
        assert commands(stage) == []


async def test_m_sets_a_key_and_says_so() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30), notices=True) as desk:
        await desk.press("M", *"dev/ns", "enter", *'{"status": [1, null]}', "enter")
        assert commands(stage) == [SetMemory(MemoryKey("dev/ns"), {"status": [1, None]})]
        assert stage.session.memory[MemoryKey("dev/ns")] == {"status": [1, None]}


async def test_what_comes_of_it_is_told() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30), notices=True) as desk:
        await desk.press("C", *"More", "enter", *"ben", "enter", "enter")
        told = e.UserCommanded("create_task", CommandId("c1"), "operator", "More")
        command = stage.happen(told)
        await desk.look()
        assert "joined the plan" not in desk.text()
        decision = stage.happen(e.SystemDecided("obey_by_hand", "yes", "it is wanted"), command.seq)
        spec = TaskSpec(TaskId("by-hand-1"), "More", AgentId("ben"), context={"by": "operator"})
        stage.happen(e.TaskCreated(spec.id, spec), decision.seq)
        await desk.look()
        assert "Create a task" in said(desk)
        assert "by-hand-1 joined the plan" in said(desk)


async def test_why_a_limit_does_not_let_it_be_is_told() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30), notices=True) as desk:
        await desk.press("s", *"builder", "enter", "enter", "enter")
        command = stage.happen(e.UserCommanded("spawn", CommandId("c1"), "operator", "builder"))
        no = "operator wants it, but limits.total is 100, and 100 agents are there"
        stage.happen(e.SystemDecided("obey_by_hand", "no", no), command.seq)
        await desk.look()
        assert "Refused: Spawn an agent" in said(desk)
        assert "limits.total is 100" in said(desk)


@pytest.mark.parametrize("key", ["s", "C", "M"])
@pytest.mark.parametrize("size", [(40, 20), (80, 24), (250, 70)], ids=str)
async def test_the_dialogs_have_room_at_any_size_and_escape_sends_nothing(
    key: str, size: tuple[int, int]
) -> None:
    stage = triggered()
    async with at_desk(stage, size) as desk:
        await desk.press(key, "enter", "enter", "enter")
        dialog = desk.app.screen.query_one("#dialog")
        assert dialog.region.height <= size[1]
        assert desk.app.screen.query_one("#objection").region.bottom < dialog.region.bottom
        await desk.press("escape")
        assert len(desk.app.screen_stack) == 1
        assert commands(stage) == []


async def test_what_has_become_impossible_meanwhile_is_not_sent() -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("s", *"builder")
        stage.happen(e.UserCommanded("stop", CommandId("c9"), "somebody"))
        await desk.look()
        assert "The session is ending." in said(desk)
        await desk.press("enter", "enter", "enter")
        assert commands(stage) == []


async def test_nothing_is_begun_while_nothing_is_recorded() -> None:
    stage = triggered()
    stage.trouble = "NOT RECORDING: the disk is full"
    async with at_desk(stage, (100, 30), notices=True) as desk:
        await desk.press("s")
        assert len(desk.app.screen_stack) == 1
        assert "Nothing can be done now" in said(desk)


async def test_the_palette_finds_them() -> None:
    async with at_desk(triggered(), (100, 30)) as desk:
        await desk.press("ctrl+p", *"spawn")
        await desk.until(lambda: "Spawn an agent by hand  (s)" in desk.text())
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, SpawnDialog))
