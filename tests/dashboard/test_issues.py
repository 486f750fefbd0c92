"""Issues on the screen: the worst first, how often, and what can be done about each by one key."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment
from dashboard.stage import Recording, Stage

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.issue_list import IssueList
from mop_tui.dashboard.steer_dialog import SteerDialog
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.feed import CancelTask, Command, RetryTask, Seen, Steer
from mop_tui.domain.ids import AgentId, IssueId, TaskId
from mop_tui.domain.remedy import Deed, Remedy
from mop_tui.domain.task_lifecycle import TaskState

TIMES = "\N{MULTIPLICATION SIGN}"


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.commands if not isinstance(command, Seen)]


def said(desk: Desk) -> str:
    return re.sub(r"[\s│╭╮╰╯─]+", " ", desk.text())


def suggesting(do: Deed, about: str, stage: Stage | None = None) -> Stage:
    """Return a deployment with one issue that suggests something."""
    stage = stage or deployment()
    stage.issue("warning", "it stands still", "see why", remedy=Remedy(do, about))
    return stage


def failed() -> Stage:
    """Return a deployment whose first task has failed, and taken the other with it."""
    stage = deployment()
    stage.fail("deployer", 1, "no route")
    return suggesting("retry_task", "deploy", stage)


async def at_issues(desk: Desk) -> None:
    while not isinstance(desk.focused(), IssueList):
        await desk.press("tab")


async def test_the_row_names_the_key_and_what_it_does_and_when() -> None:
    stage = suggesting("restart_agent", "deployer")
    async with at_desk(stage, (100, 30)) as desk:
        row = desk.line_with("it stands still")
        assert "! WARNING" in row
        assert row.rstrip("│ ").endswith("f Restart deployer  0s")
        await at_issues(desk)
        assert "f Fix" in desk.text()


@pytest.mark.parametrize(
    ("do", "yes", "wanted", "title"),
    [
        ("restart_agent", "right", Steer("restart", AgentId("deployer")), "Restart deployer?"),
        ("stop_agent", "right", Steer("stop", AgentId("deployer")), "Stop deployer?"),
    ],
)
@pytest.mark.parametrize("where", ["row", "view"])
async def test_what_ends_something_says_what_it_does_and_asks_first(
    do: Deed, yes: str, wanted: Command, title: str, where: str
) -> None:
    stage = suggesting(do, "deployer")
    async with at_desk(stage, (100, 40)) as desk:
        await at_issues(desk)
        if where == "view":
            await desk.press("enter")
            assert isinstance(desk.app.screen, DetailDialog)
        await desk.press("f")
        assert isinstance(desk.app.screen, SteerDialog)
        assert title in desk.text()
        assert "deployer is ACTIVE with deploy." in desk.in_the_dialog()
        assert commands(stage) == []
        await desk.press("enter")
        assert commands(stage) == []
        await desk.press("f", yes, "enter")
        assert commands(stage) == [wanted]


async def test_a_task_is_cancelled_only_after_yes() -> None:
    stage = suggesting("cancel_task", "deploy")
    async with at_desk(stage, (100, 40)) as desk:
        await at_issues(desk)
        await desk.press("f")
        assert "deploy is cancelled with what needs it" not in said(desk)
        assert "It is cancelled with what needs it: announce." in said(desk)
        await desk.press("right", "enter")
        assert commands(stage) == [CancelTask(TaskId("deploy"))]


async def test_a_failed_task_is_done_again_with_what_was_cancelled_for_it() -> None:
    stage = failed()
    async with at_desk(stage, (100, 40)) as desk:
        await at_issues(desk)
        assert "f Retry deploy" in desk.text()
        await desk.press("f")
        assert "deploy is FAILED." in desk.in_the_dialog()
        assert "It is done again from its beginning." in desk.in_the_dialog()
        await desk.press("right", "enter")
        assert commands(stage) == [RetryTask(TaskId("deploy"))]
        assert stage.session.tasks[TaskId("deploy")].state is TaskState.READY


async def test_r_on_a_failed_task_does_it_again_too() -> None:
    stage = failed()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "home")
        assert "r Retry" in desk.text()
        await desk.press("r", "right", "enter")
        assert commands(stage) == [RetryTask(TaskId("deploy"))]


async def test_what_is_harmless_is_done_at_once() -> None:
    stage = deployment()
    why = "the operator looks at it"
    by = PausedBy.OPERATOR
    stage.move("deployer", AgentTrigger.PAUSE, AgentState.PAUSED, why, "deploy", by)
    suggesting("resume_agent", "deployer", stage)
    async with at_desk(stage, (100, 40)) as desk:
        await at_issues(desk)
        await desk.press("f")
        assert commands(stage) == [Steer("resume", AgentId("deployer"))]


async def test_what_does_not_apply_any_more_is_refused_with_the_reason() -> None:
    stage = suggesting("retry_task", "deploy")
    async with at_desk(stage, (100, 40), notices=True) as desk:
        await at_issues(desk)
        await desk.press("f")
        await desk.until(lambda: "Refused: Retry deploy" in desk.text())
        assert "It is ACTIVE." in desk.text()
        assert commands(stage) == []
        await desk.press("enter")
        assert "f Retry deploy, but that cannot be done now: it is ACTIVE" in said(desk)


async def test_looking_opens_the_details_and_works_in_a_replay_too() -> None:
    stage = suggesting("look_at_agent", "deployer")
    for play in (stage, Recording.of(stage)):
        async with at_desk(play, (100, 40)) as desk:
            if isinstance(play, Recording):
                play.seek(len(play.happened))
                await desk.look()
            await at_issues(desk)
            await desk.press("f")
            assert isinstance(desk.app.screen, DetailDialog)
            assert "Agent deployer" in desk.text()


async def test_a_replay_suggests_nothing_that_would_be_done() -> None:
    recording = Recording.of(suggesting("restart_agent", "deployer"))
    async with at_desk(recording, (100, 40)) as desk:
        recording.seek(len(recording.happened))
        await desk.look()
        await at_issues(desk)
        assert "f Restart" not in desk.text()
        await desk.press("f")
        assert len(desk.app.screen_stack) == 1


async def test_an_answer_is_one_key_away() -> None:
    stage = deployment()
    asked = stage.ask("Really?", task="deploy")
    suggesting("answer", str(asked), stage)
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(3)
        await desk.press("escape")
        assert len(desk.app.screen_stack) == 1
        await at_issues(desk)
        await desk.press("f")
        assert isinstance(desk.app.screen, ApprovalDialog)


async def test_the_worst_stand_first_and_say_how_often() -> None:
    stage = deployment()
    stage.issue("info", "an info", "")
    stage.issue(
        "warning", "deployer: odd: one", "", agent=AgentId("deployer"), task=TaskId("deploy")
    )
    stage.issue("critical", "a critical one", "")
    for _ in range(1233):
        stage.err("deployer", "odd", "one")
    async with at_desk(stage, (100, 40)) as desk:
        lines = [line for line in desk.lines() if re.search("CRITICAL|WARNING|INFO  ", line)]
        assert [re.search(r"CRITICAL|WARNING|INFO", line)[0] for line in lines[:3]] == [  # type: ignore[index]
            "CRITICAL",
            "WARNING",
            "INFO",
        ]
        assert f"! WARNING  {TIMES}1,234 deployer: odd: one" in lines[1]
        await at_issues(desk)
        await desk.press("down", "enter")
        assert "times 1,234, last at " in said(desk)


async def test_a_settled_issue_says_when_and_why() -> None:
    stage = suggesting("look_at_agent", "deployer")
    async with at_desk(stage, (100, 40)) as desk:
        await at_issues(desk)
        await desk.press("enter")
        stage.happen(e.SystemIssueClosed(IssueId("i1"), "it moves again"))
        await desk.look()
        assert "it moves again" in desk.text()
        assert "f Look at deployer" not in desk.text()


@pytest.mark.parametrize("size", [(80, 24), (40, 24)])
async def test_small_screens_have_room_for_it(size: tuple[int, int]) -> None:
    stage = suggesting("restart_agent", "deployer")
    stage.happen(e.SystemIssueRepeated(IssueId("i1"), "warning"))
    async with at_desk(stage, size) as desk:
        row = desk.line_with(f"{TIMES}2 ")
        assert "it stands" in row
        assert ("f Restart deployer" in row) is (size[0] == 80)
        await at_issues(desk)
        await desk.press("enter")
        assert "f Restart deployer" in desk.text()
