"""Answers for more than one question: remembered for a while, or given to all identical ones."""

from typing import Any

import pytest
from dashboard.desk import at_desk
from dashboard.stage import MINUTE, Stage, team

from mop_tui.domain.answers import Option
from mop_tui.domain.feed import Answer, Forget
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.remembering import remembered

Q1, Q2 = QuestionId("q1"), QuestionId("q2")
PAUSE = 1.5
COLOURS = {"question_type": "choice", "options": (Option("red"), Option("blue"))}
SIZES = [(80, 24), (40, 24)]


def crew(*agents: str) -> Stage:
    """Agents at work."""
    stage = Stage()
    stage.begin(team("crew", "Crew", *agents))
    for name in agents:
        stage.spawn(name, "crew")
        stage.plan(f"of-{name}", f"What {name} does")
        stage.give(f"of-{name}", name)
    return stage


def asking(*agents: str, **asked: Any) -> Stage:
    """Agents that all ask the same."""
    stage = crew(*agents)
    for name in agents:
        stage.agent_asks(name, "May I restart the pod?", digest="same", **asked)
    return stage


def answers(stage: Stage) -> list[Answer]:
    """What was answered."""
    return [command for command in stage.commands if isinstance(command, Answer)]


# -- remembered ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("presses", "minutes"), [(0, 0), (1, 10), (2, 30), (3, 120), (4, 0)])
async def test_the_operator_says_for_how_long(
    size: tuple[int, int], presses: int, minutes: int
) -> None:
    stage = asking("ann", class_name="pods")
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        assert "ctrl+r has the answer remembered for ann and class pods" in " ".join(
            desk.in_the_dialog().split()
        )
        await desk.press(*["ctrl+r"] * presses)
        told = " ".join(desk.in_the_dialog().split())
        assert ("Remembered for" in told) is bool(minutes)
        assert "y or n chooses" in told
        await desk.press("y", "enter")
        assert answers(stage) == [Answer(Q1, "approve", "same", "", minutes * MINUTE)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"class_name": "pods", "dangerous": True},
        {"class_name": "pods", "question_type": "input", "input_type": "password"},
    ],
)
async def test_what_cannot_be_remembered_is_not_offered(asked: dict[str, Any]) -> None:
    stage = asking("ann", **asked)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+r")
        assert "emember" not in desk.text()
        if "question_type" not in asked:
            await desk.press("y", "enter")
            assert answers(stage)[0].remember == 0


async def test_it_can_be_said_while_a_reason_or_an_answer_is_typed() -> None:
    stage = asking("ann", class_name="pods")
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("n")
        await desk.wait(PAUSE)
        await desk.press(*"no", "ctrl+r", "enter")
        assert answers(stage) == [Answer(Q1, "reject", "same", "no", 10 * MINUTE)]


async def test_stray_words_take_it_back() -> None:
    stage = asking("ann", class_name="pods")
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+r", "x")
        await desk.wait(PAUSE)
        await desk.press("y", "enter")
        assert answers(stage) == [Answer(Q1, "approve", "same")]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_remembered_is_listed_and_forgotten(size: tuple[int, int]) -> None:
    stage = asking("ann", class_name="pods")
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+r", "y", "enter")
        await desk.look()
        await desk.press("R")
        assert "Remembered answers: 1" in desk.text()
        row = desk.line_with("ann  pods")
        assert "approved" in row
        assert "10:00" in row
        assert "May I restart" in desk.text()
        await desk.press("x")
        assert stage.commands[-1] == Forget(Q1)
        await desk.look()
        assert "No answer is remembered." in desk.text()
        assert not remembered(stage.session, stage.time)


async def test_it_is_found_in_the_palette() -> None:
    async with at_desk(crew("ann")) as desk:
        await desk.press("ctrl+p", *"remembered")
        await desk.until(lambda: "List the answers that are remembered" in desk.text())


# -- all alike -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_identical_questions_are_answered_together_if_the_operator_says_so(
    size: tuple[int, int],
) -> None:
    stage = asking("ann", "ben", "cy")
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        told = " ".join(desk.in_the_dialog().split())
        assert "ctrl+t answers all 3 alike, from ann, ben and cy." in told
        await desk.press("ctrl+t")
        told = " ".join(desk.in_the_dialog().split())
        assert "Answers all 3 alike, from ann, ben and cy (ctrl+t: not)." in told
        assert answers(stage) == []
        await desk.press("y", "enter")
        given = [(answer.question, answer.value, answer.digest) for answer in answers(stage)]
        assert given == [(f"q{number}", "approve", "same") for number in (1, 2, 3)]
        assert not stage.session.open_questions


async def test_otherwise_one_is_answered() -> None:
    stage = asking("ann", "ben")
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+t", "ctrl+t", "y", "enter")
        assert [answer.question for answer in answers(stage)] == [Q1]


@pytest.mark.parametrize(
    "other",
    [
        {"digest": "other"},
        {"text": "May I restart the pod? "},
        {"context": (("pod", "b"),)},
        {"class_name": "pods"},
        {"dangerous": True},
        {"default": "reject"},
        {"required": True},
        COLOURS,
    ],
    ids=str,
)
async def test_what_differs_by_a_byte_is_not_among_them(other: dict[str, Any]) -> None:
    stage = crew("ann", "ben")
    stage.agent_asks("ann", "May I restart the pod?", digest="same")
    text = other.pop("text", "May I restart the pod?")
    stage.agent_asks("ben", text, **{"digest": "same", **other})
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        assert "alike" not in desk.text()
        await desk.press("ctrl+t", "y", "enter")
        assert [answer.question for answer in answers(stage)] == [Q1]


@pytest.mark.parametrize(
    "asked", [{"dangerous": True}, {"question_type": "input", "input_type": "password"}]
)
async def test_what_is_dangerous_and_passwords_are_answered_one_by_one(
    asked: dict[str, Any],
) -> None:
    stage = asking("ann", "ben", **asked)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+t")
        assert "alike" not in desk.text()


async def test_one_that_comes_later_is_not_among_those_that_were_chosen() -> None:
    stage = crew("ann", "ben", "cy")
    for name in ("ann", "ben"):
        stage.agent_asks(name, "Which?", digest="same", **COLOURS)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+t")
        stage.agent_asks("cy", "Which?", digest="same", **COLOURS)
        await desk.look()
        await desk.press("2", "enter")
        assert [(answer.question, answer.value) for answer in answers(stage)] == [
            (Q1, "blue"),
            (Q2, "blue"),
        ]
