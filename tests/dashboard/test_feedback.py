"""Feedback from the screen: on agents and tasks, of any length, with what became of it."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment
from dashboard.stage import Recording, Stage
from textual.events import Paste
from textual.widgets import Input

from mop_tui.dashboard.feedback_dialog import FeedbackDialog
from mop_tui.domain import events as e
from mop_tui.domain.actions import PassFeedbackOn
from mop_tui.domain.feed import Command, GiveFeedback, Seen
from mop_tui.domain.ids import ActionId, AgentId, FeedbackId, TaskId

DEPLOYER, DEPLOY = AgentId("deployer"), TaskId("deploy")


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.commands if not isinstance(command, Seen)]


def said(desk: Desk) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", " ", desk.text())


@pytest.mark.parametrize(
    ("way", "given"),
    [
        (("down", "F"), GiveFeedback("too slow", agent=DEPLOYER)),
        (("down", "enter", "F"), GiveFeedback("too slow", agent=DEPLOYER)),
        (("tab", "down", "F"), GiveFeedback("too slow", task=DEPLOY)),
        (("tab", "down", "enter", "F"), GiveFeedback("too slow", task=DEPLOY)),
    ],
)
async def test_f_gives_feedback_on_an_agent_or_a_task(
    way: tuple[str, ...], given: GiveFeedback
) -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press(*way)
        assert isinstance(desk.app.screen, FeedbackDialog)
        assert f"Feedback on {given.agent or given.task}" in desk.text()
        await desk.press(*"too slow", "enter")
        assert commands(stage) == [given]


async def test_tab_judges() -> None:
    stage = deployment()
    async with at_desk(stage, (80, 24)) as desk:
        await desk.press("down", "F", *"so so")
        assert "(x) no verdict" in desk.text()
        await desk.press("tab")
        assert "(x) good" in desk.text()
        await desk.press("tab", "enter")
        assert commands(stage) == [GiveFeedback("so so", agent=DEPLOYER, verdict="bad")]


async def test_escape_and_nothing_give_nothing() -> None:
    stage = deployment()
    async with at_desk(stage) as desk:
        await desk.press("down", "F", *"  ", "enter")
        assert isinstance(desk.app.screen, FeedbackDialog)
        await desk.press(*"never mind", "escape")
        assert commands(stage) == []


async def test_what_is_too_long_is_told_and_not_cut() -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("down", "F")
        desk.app.screen.query_one(Input).value = "x" * 5000
        await desk.press("enter")
        assert "It has 5,000 characters, and at most 4,096 are taken." in said(desk)
        assert commands(stage) == []
        await desk.press("end", *["backspace"] * 3)
        assert "It has 4,997 characters" in said(desk)


async def test_all_lines_that_are_pasted_are_taken() -> None:
    stage = deployment()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("down", "F")
        desk.app.post_message(Paste("schön\nand 😀\r\nthird"))
        await desk.settle()
        await desk.press("enter")
        assert commands(stage) == [GiveFeedback("schön and 😀 third", agent=DEPLOYER)]


def judged(text: str = "mind \x1b[2J the gap") -> Stage:
    stage = deployment()
    stage.happen(e.UserFeedback(FeedbackId("f1"), text, "ada", None, DEPLOY, "bad"))
    return stage


def deliver(stage: Stage) -> None:
    order = PassFeedbackOn(DEPLOYER, FeedbackId("f1"))
    decided = stage.happen(e.SystemDecided("pass_feedback_on", "yes", "it runs", (order,)))
    action = ActionId(f"{decided.seq}.0")
    intended = e.SystemIntended(
        action, "tell", DEPLOYER, DEPLOY, 1, about="ada", feedback=(FeedbackId("f1"),)
    )
    stage.happen(intended)
    stage.happen(e.SystemDone(action, "tell", DEPLOYER))


async def test_details_show_it_and_whether_it_was_told() -> None:
    stage = judged()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "down", "enter")
        assert "\x1b" not in desk.text()
        assert "bad: mind " in said(desk)
        assert re.search(r"told nobody yet \(said at \S+ by ada\)", said(desk))
        deliver(stage)
        await desk.look()
        assert re.search(r"told deployer at \S+ \(said at \S+ by ada\)", said(desk))


async def test_a_replay_shows_it_and_takes_none() -> None:
    stage = judged()
    deliver(stage)
    recording = Recording.of(stage)
    async with at_desk(recording, (100, 40)) as desk:
        recording.seek(len(recording.happened))
        await desk.look()
        await desk.press("tab", "down", "enter")
        assert "told deployer at " in said(desk)
        await desk.press("F")
        assert not isinstance(desk.app.screen, FeedbackDialog)


async def test_the_palette_has_it() -> None:
    async with at_desk(deployment(), (100, 40)) as desk:
        await desk.press("down", "ctrl+p")
        await desk.pilot.press(*"what you think")
        await desk.until(lambda: "Say what you think of the work  (F)" in desk.text())
