"""What is typed for something else, in bursts and pastes, answers nothing.

A burst is what somebody types who does not look: keys that follow each other within 300 ms. It may
begin before a dialog opens, while one is under guard, or while one listens and is then settled by
something else; and prose is never an answer, except where a text is asked for.
"""

import os
from collections.abc import Iterator
from random import Random

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import release
from dashboard.stage import Stage
from textual.events import Paste

from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.domain import events as e
from mop_tui.domain.answers import Option
from mop_tui.domain.feed import Answer
from mop_tui.domain.ids import CommandId
from mop_tui.domain.rows import Question

BURSTS = int(os.environ.get("MOP_TUI_STRAY_BURSTS", "12"))
"""Per seed; `python -m bench.stray_keys` takes many more."""

ASKED: list[dict[str, object]] = [
    {"question_type": "approval"},
    {"question_type": "approval", "dangerous": True},
    {"question_type": "choice", "options": (Option("s3"), Option("gcs")), "default": "s3"},
    {"question_type": "choice", "options": (Option("s3"), Option("gcs"), Option("local"))},
    {"question_type": "input"},
    {"question_type": "input", "input_type": "password"},
]
NAMED = ["enter", "enter", "space", "tab", "escape", "down", "up", "left", "right", "backspace"]
LETTERS = "abdefghijklnoptuvwxyz0123456789[]"
"""All but those that quit the program or steer agents: that is not what is tried here."""


def _keys(random: Random) -> Iterator[str]:
    """Yield the keys of a burst; what is longer than a key is pasted."""
    for _ in range(random.randint(2, 14)):
        drawn = random.random()
        if drawn < 0.35:
            yield random.choice(NAMED)
        elif drawn < 0.55:
            yield random.choice("yna1")
        elif drawn < 0.6:
            yield "paste"
        else:
            yield random.choice(LETTERS)


def _prose(random: Random) -> list[str]:
    """Return words that nobody means as an answer, and enter."""
    words = [
        "".join(random.choice("abdefghilnoprtuvy") for _ in range(random.randint(3, 8)))
        for _ in range(random.randint(1, 4))
    ]
    return [*"\n".join(words).replace("\n", " ").strip(), "enter", "enter"]


class Typist:
    """Types at a desk, at a time that is only this test's."""

    def __init__(self, desk: Desk, random: Random) -> None:
        self.desk = desk
        self.random = random

    async def type(self, *keys: str) -> None:
        for key in keys:
            self.desk.fingers.wait(self.random.uniform(0.02, 0.3))
            if key == "paste":
                self.desk.app.post_message(Paste("yes\ny\n1\n"))
                await self.desk.pilot.pause()
            else:
                await self.desk.send("space" if key == " " else key)
            if self.random.random() < 0.3:
                await self.desk.look()

    async def clear_away(self) -> None:
        """Have nothing open and nothing asked."""
        stage = self.desk.stage
        for question in stage.session.snapshot().open_questions:
            _settle(stage, question, self.random)
        await self.desk.look()
        while len(self.desk.app.screen_stack) > 1:
            await self.desk.wait(2)
            await self.desk.press("escape")
        await self.desk.wait(5)


def _answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.commands if isinstance(command, Answer)]


def _settle(stage: Stage, question: Question, random: Random) -> None:
    approval = question.asked.question_type == "approval"
    match random.randrange(3):
        case 0:
            stage.happen(e.UserExpired(question.id, "cancelled"))
        case 1:
            stage.happen(e.UserWithdrawn(question.id, "it is no longer needed"))
        case _:
            value = "reject" if approval else "s3"
            digest = question.asked.digest
            given = e.UserAnswered(question.id, value, "", "uid 1001", digest, CommandId("x"))
            stage.happen(given)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(0 if "MOP_TUI_STRAY_BURSTS" in os.environ else 120)
async def test_no_burst_answers_a_question(seed: int) -> None:
    random = Random(seed)
    stage = release()
    async with at_desk(stage) as desk:
        typist = Typist(desk, random)
        listened = 0
        for _ in range(BURSTS):
            await typist.clear_away()
            before = len(_answers(stage))
            keys = list(_keys(random))
            cut = random.randrange(len(keys))
            asked = random.choice(ASKED)
            match random.randrange(4):
                case 0:  # it is asked while somebody types, and `a` may open it under the fingers
                    await typist.type(*keys[:cut])
                    stage.ask("Go on?", **asked)  # type: ignore[arg-type]
                    await typist.type("a", *keys[cut:])
                case 1:  # it opens by itself, and somebody begins to type at that moment
                    stage.ask("Go on?", **asked)  # type: ignore[arg-type]
                    await desk.wait(3)
                    await typist.type(*keys)
                case 2:  # it listens, and is settled while somebody types
                    stage.ask("Go on?", **asked)  # type: ignore[arg-type]
                    stage.ask("And then?", **random.choice(ASKED))  # type: ignore[arg-type]
                    await desk.wait(3)
                    await desk.wait(1)
                    for question in stage.session.snapshot().open_questions[:1]:
                        _settle(stage, question, random)
                    await desk.look()
                    await typist.type(*keys)
                case _:  # it listens, and somebody types words
                    asked = random.choice(ASKED[:4])
                    stage.ask("Go on?", **asked)  # type: ignore[arg-type]
                    await desk.wait(3)
                    await desk.wait(1)
                    screen = desk.app.screen
                    listened += isinstance(screen, QuestionDialog) and screen.listens
                    await typist.type(*_prose(random))
                    await desk.wait(1.5)  # and goes on after a moment
                    await typist.type("enter")
            assert _answers(stage)[before:] == []
        assert listened, "some dialogs did listen"
