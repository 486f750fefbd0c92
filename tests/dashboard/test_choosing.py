"""Questions that are answered by one of several options."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import OPTIONS, rollout
from dashboard.stage import MINUTE, Stage

from mop_tui.dashboard.choice import ChoiceDialog
from mop_tui.dashboard.looks import CURSOR
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.answers import Option
from mop_tui.domain.feed import Answer
from mop_tui.domain.ids import QuestionId

Q1 = QuestionId("q1")
PAUSE = 1.5
"""Longer than the guard."""


def answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.commands if isinstance(command, Answer)]


def is_open(desk: Desk) -> bool:
    return isinstance(desk.app.screen, ChoiceDialog)


async def test_every_option_is_told_with_what_it_means_and_none_is_chosen() -> None:
    stage = rollout()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        said = desk.text()
        assert "How shall 1.4.0 be rolled out?" in said
        assert re.search(r"1 +Canary +│", said)
        assert "one machine first, the others an hour later" in said
        assert re.search(r"3 +all-at-once +│", said), "without a label, by its value"
        assert "the default" not in said
        await desk.press("enter")
        assert answers(stage) == []
        assert is_open(desk)


@pytest.mark.parametrize(
    "keys", [("2", "enter"), ("down", "down", "enter"), ("up", "up", "enter"), ("1", "2", "enter")]
)
async def test_choosing_and_confirming_answers_with_the_value(keys: tuple[str, ...]) -> None:
    stage = rollout()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*keys)
        assert answers(stage) == [Answer(Q1, "blue-green", "digest-of-q1", "")]
        assert not is_open(desk)


async def test_the_dialog_says_what_enter_would_answer() -> None:
    async with at_desk(rollout()) as desk:
        await desk.wait(PAUSE)
        assert "A digit or the arrows choose" in desk.text()
        await desk.press("2")
        assert f"{CURSOR} 2  Blue and green" in desk.text()
        assert "Enter answers Blue and green; esc leaves it open." in desk.text()


@pytest.mark.parametrize("default", [None, "canary"])
@pytest.mark.parametrize("key", ["1", "2", "space", "down", "9", "0", "enter", "tab", "y", "j"])
async def test_no_single_key_answers(key: str, default: str | None) -> None:
    stage = rollout(default=default)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(key)
        await desk.wait(PAUSE)
        assert answers(stage) == []


async def test_a_default_is_marked_and_the_first_that_the_arrows_choose() -> None:
    stage = rollout(default="canary", due=5 * MINUTE)
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(PAUSE)
        assert "  1  Canary  the default" in desk.text()
        assert "If nobody answers, its default counts, which is Canary." in desk.text()
        await desk.press("up")
        assert f"{CURSOR} 1  Canary  the default" in desk.text()
        await desk.press("enter")
        assert [answer.value for answer in answers(stage)] == ["canary"]


async def test_keys_typed_ahead_choose_nothing() -> None:
    stage = rollout(default="canary")
    async with at_desk(stage) as desk:
        await desk.press("2", "enter", "down", "enter")
        assert answers(stage) == []
        assert "Keys are ignored until you pause for a moment (4 so far)." in desk.text()
        await desk.wait(PAUSE)
        await desk.press("3", "enter")
        assert [answer.value for answer in answers(stage)] == ["all-at-once"]


@pytest.mark.parametrize("typed", ["mzone 2", "2 of them", "jump to 1", "g1x2"])
async def test_digits_within_words_neither_choose_nor_answer(typed: str) -> None:
    stage = rollout()
    async with at_desk(stage) as desk:
        await desk.wait(5)
        for char in typed:
            await desk.send(char if char != " " else "space")
        await desk.press("enter")
        assert answers(stage) == []
        assert "Keys are ignored until you pause for a moment" in desk.text()
        await desk.wait(PAUSE)
        await desk.press("enter")
        assert answers(stage) == [], "nothing has stayed chosen"
        await desk.press("2", "enter")
        assert [answer.value for answer in answers(stage)] == ["blue-green"]


async def test_after_words_meant_for_something_else_nothing_is_chosen() -> None:
    stage = rollout(default="canary")
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("2", "x")
        await desk.wait(PAUSE)
        await desk.press("enter")
        assert answers(stage) == []


async def test_the_mouse_chooses_and_does_not_answer() -> None:
    stage = rollout()
    async with at_desk(stage) as desk:
        await desk.pilot.click("Choices", offset=(8, 2))
        await desk.look()
        assert f"{CURSOR} 2" not in desk.text(), "the guard holds for the mouse too"
        await desk.wait(PAUSE)
        await desk.pilot.click("Choices", offset=(8, 2))
        await desk.look()
        assert f"{CURSOR} 2  Blue and green" in desk.text()
        assert answers(stage) == []
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(PAUSE)
        await desk.pilot.click("#answer")
        assert answers(stage) == [], "nothing is chosen"
        await desk.pilot.click("Choices", offset=(8, 2))
        await desk.look()
        await desk.pilot.click("#answer")
        await desk.look()
        assert [answer.value for answer in answers(stage)] == ["blue-green"]


async def test_nothing_is_answered_while_nothing_is_recorded() -> None:
    stage = rollout()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("2")
        stage.trouble = "NOT RECORDING: no space left"
        stage.revision += 1
        await desk.look()
        await desk.press("enter", "3", "enter")
        assert answers(stage) == []
        stage.trouble = ""
        stage.revision += 1
        await desk.look()
        await desk.press("enter")
        assert [answer.value for answer in answers(stage)] == ["blue-green"]


async def test_more_options_than_fit_can_be_reached() -> None:
    options = tuple(Option(f"zone-{n}", f"Zone {n}", f"the {n}th zone") for n in range(1, 31))
    stage = rollout(options=options)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        assert "Zone 30" not in desk.text()
        await desk.press("up")
        assert "Zone 30" in desk.text()
        await desk.press("up", "enter")
        assert [answer.value for answer in answers(stage)] == ["zone-29"]


async def test_the_agent_that_asks_is_named() -> None:
    async with at_desk(rollout()) as desk:
        assert "Agent deployer asks, at work on deploy: Roll out the new version" in desk.text()


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (
            e.UserAnswered(Q1, "blue-green", "", "uid 1001", "digest-of-q1"),
            "q1 was answered with Blue and green by uid 1001",
        ),
        (
            e.UserExpired(Q1, "default", "canary"),
            "nobody answered q1 in time: its default counts, which is Canary",
        ),
    ],
)
async def test_what_became_of_it_is_told_by_the_options_title(fact: e.Fact, said: str) -> None:
    stage = rollout(default="canary")
    async with at_desk(stage, (120, 30), notices=True) as desk:
        await desk.wait(PAUSE)
        stage.happen(fact)
        await desk.look()
        assert not is_open(desk)
        assert said in re.sub(r"[\s▌]+", " ", desk.text())


async def test_options_cannot_pose_as_something_else() -> None:
    options = (Option("a", "\x1b[2J[red]Yes[/]", "harm\u202eless"), OPTIONS[0])
    async with at_desk(rollout(options=options)) as desk:
        assert "[red]Yes[/]" in desk.text()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", desk.text())


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (200, 50)])
async def test_a_choice_can_be_made_on_every_screen(size: tuple[int, int]) -> None:
    stage = rollout()
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        said = desk.text()
        assert "How shall 1.4.0 be rolled out?" in said
        assert "Canary" in said
        await desk.press("2", "enter")
        assert [answer.value for answer in answers(stage)] == ["blue-green"]


async def test_an_arrow_goes_to_a_default_far_down_the_list() -> None:
    options = tuple(Option(f"zone-{n}", f"Zone {n}", f"the {n}th zone") for n in range(1, 31))
    async with at_desk(rollout(options=options, default="zone-25")) as desk:
        await desk.wait(PAUSE)
        await desk.press("down")
        assert "Zone 25  the default" in desk.text()


@pytest.mark.parametrize("size", [(40, 24), (80, 24)])
async def test_a_very_long_question_leaves_room_for_its_answer(size: tuple[int, int]) -> None:
    stage = rollout()
    stage.happen(e.UserWithdrawn(Q1, "something else comes first"))
    text = "Why " + "so very " * 300 + "long?"
    stage.ask(text, question_type="choice", options=OPTIONS, context=(("more", "text " * 500),))
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        assert "Canary" in desk.text()
        assert "A digit or the arrows choose" in re.sub(r"[\s│]+", " ", desk.text())
        assert "long?" not in desk.text()
        await desk.press(*["pagedown"] * 60)
        assert "long?" in desk.text()
        await desk.press("2", "enter")
        assert [answer.value for answer in answers(stage)] == ["blue-green"]


async def test_what_was_asked_before_is_told_with_what_became_of_it() -> None:
    stage = rollout()
    stage.happen(e.UserAnswered(Q1, "canary", "", "operator", "digest-of-q1"))
    stage.move("deployer", AgentTrigger.DEPENDENCY_READY, AgentState.ACTIVE, "it was answered")
    stage.agent_asks(
        "deployer", "How shall 1.4.0 be rolled out?", question_type="choice", options=OPTIONS
    )
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        said = " ".join(desk.text().replace("│", " ").split())
        assert "Asked once before: q1 was answered with Canary by operator" in said
