"""Questions that are answered by typing: texts, numbers and passwords."""

import re
from typing import Any

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import PASSWORD, credentials
from dashboard.stage import MINUTE, Stage
from textual.events import Paste

from mop_tui.dashboard.secret_field import SecretField
from mop_tui.dashboard.typed_answer import TypedAnswerDialog
from mop_tui.domain import events as e
from mop_tui.domain.answers import Validation
from mop_tui.domain.feed import Answer
from mop_tui.domain.ids import CommandId, QuestionId

Q1 = QuestionId("q1")
PAUSE = 1.0
"""Longer than the guard."""
SECRET = "c4nary-Paßwort]!"  # noqa: S105 - typed by nobody


def answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.commands if isinstance(command, Answer)]


def is_open(desk: Desk) -> bool:
    return isinstance(desk.app.screen, TypedAnswerDialog)


def asking(text: str = "Which version?", **more: Any) -> Stage:
    stage = Stage()
    stage.begin()
    stage.ask(text, question_type="input", **more)
    return stage


def number(**more: Any) -> Stage:
    rules = Validation(minimum=1, maximum=20)
    return asking("How many machines?", input_type="number", validation=rules, **more)


async def shown(desk: Desk) -> str:
    """Everything that leaves the screen: its picture, its titles, its clipboard."""
    return desk.app.export_screenshot() + desk.text() + desk.app.clipboard


# -- texts and numbers ----------------------------------------------------------------------------


async def test_a_text_is_typed_and_handed_over_with_the_digest_of_its_question() -> None:
    stage = asking()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*"1.4]0 a?q", "enter")
        assert answers(stage) == [Answer(Q1, "1.4]0 a?q", "digest-of-q1", "")]
        assert stage.secrets == {}
        assert not is_open(desk)


async def test_what_is_wrong_is_said_at_every_key_and_enter_does_not_pass_it() -> None:
    stage = number()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        assert "A number, 1 to 20." in desk.text()
        assert "Something is needed" not in desk.text(), "nobody is scolded beforehand"
        await desk.press("enter")
        assert "Something is needed." in desk.text()
        await desk.press("x")
        assert "A number is expected." in desk.text()
        await desk.press("backspace", "4", "2", "enter")
        assert "Must be at most 20." in desk.text()
        assert answers(stage) == []
        await desk.press("backspace")
        assert "This can be the answer." in desk.text()
        assert "Enter answers; esc leaves it open." in desk.text()
        await desk.press("enter")
        assert [answer.value for answer in answers(stage)] == ["4"]


async def test_a_default_stands_in_the_field_and_is_replaced_by_typing() -> None:
    stage = number(default="3", due=5 * MINUTE)
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(PAUSE)
        assert "Enter answers with the default" in desk.text()
        assert "If nobody answers, its default counts, which is 3." in desk.text()
        await desk.press("7", "enter")
        assert [answer.value for answer in answers(stage)] == ["7"]


async def test_keys_typed_ahead_are_not_in_the_field() -> None:
    stage = asking()
    async with at_desk(stage) as desk:
        await desk.press(*"rm -rf", "enter")
        await desk.wait(PAUSE)
        await desk.press("o", "k", "enter")
        assert [answer.value for answer in answers(stage)] == ["ok"]


async def test_another_question_does_not_take_the_field_away() -> None:
    stage = asking()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("a", "b")
        stage.ask("And this?")
        await desk.wait(60)
        assert is_open(desk)
        assert "1 more waiting, ctrl+n shows the next" in desk.text()
        await desk.press("]", "enter")
        assert [answer.value for answer in answers(stage)] == ["ab]"]


async def test_ctrl_n_shows_the_next_question_from_within_a_field() -> None:
    stage = asking()
    stage.ask("And this?")
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("ctrl+n")
        assert "And this?" in desk.text()
        assert answers(stage) == []


async def test_a_refused_text_is_still_there_to_be_mended() -> None:
    stage = asking()
    stage.obedient = False
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("1", "enter")
        assert "It counts as soon as it is recorded" in desk.text()
        sent = CommandId(f"c{len(stage.commands)}")
        stage.happen(e.UserCommanded("answer", sent, "you", "q1", refused="it is known"))
        await desk.look()
        assert "Not accepted: it is known" in desk.text()
        stage.obedient = True
        await desk.press("end", "2", "enter")
        assert [answer.value for answer in answers(stage)] == ["1", "12"]


async def test_keys_still_coming_when_a_question_goes_away_tell_nobody_anything() -> None:
    stage = credentials()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("h", "u")
        stage.happen(e.UserWithdrawn(Q1, "the release was cancelled"))
        await desk.look()
        assert not is_open(desk)
        await desk.press("q", "down", "enter", "x", "p", "enter")
        assert len(desk.app.screen_stack) == 1
        assert answers(stage) == []
        await desk.wait(PAUSE)
        await desk.press("q")
        assert len(desk.app.screen_stack) == 2


async def test_what_is_wanted_is_said_beforehand() -> None:
    rules = Validation(min_length=8, max_length=64, require_digit=True, require_special=True)
    async with at_desk(asking(validation=rules)) as desk:
        wanted = "A text, 8 to 64 characters, with a digit, with a special character."
        assert wanted in desk.in_the_dialog()


# -- passwords ------------------------------------------------------------------------------------


async def test_a_password_goes_beside_its_answer_and_nowhere_else() -> None:
    stage = credentials()
    async with at_desk(stage, (120, 30), notices=True) as desk:
        await desk.wait(PAUSE)
        for key in SECRET:
            await desk.press(key)
            assert "c4" not in await shown(desk)
        field = desk.app.screen.query_one(SecretField)
        assert "*" * len(SECRET) in desk.text()
        await desk.press("enter")
        assert answers(stage) == [Answer(Q1, "", "digest-of-q1", "")]
        assert stage.secrets == {Q1: SECRET}
        assert field.is_empty
        assert not is_open(desk)
        said = await shown(desk)
        assert "q1 was answered by you" in re.sub(r"[\s▌]+", " ", said)
        assert "c4nary" not in said
        assert all("c4nary" not in repr(event) for event in stage.happened)


async def test_a_password_is_judged_without_being_told() -> None:
    async with at_desk(credentials()) as desk:
        await desk.wait(PAUSE)
        assert re.search(r"A password, at least 12 characters, +│?", desk.text())
        await desk.press("a", "b", "enter")
        assert "At least 12 characters are needed." in desk.text()
        assert "**" in desk.text()


async def test_a_password_cannot_be_selected_copied_or_brought_back() -> None:
    stage = credentials()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*SECRET, "home", "shift+end", "ctrl+a", "ctrl+c")
        assert desk.app.clipboard == ""
        if is_open(desk):
            desk.app.screen.text_select_all()
            assert SECRET not in (desk.app.screen.get_selected_text() or "")


async def test_a_password_can_be_pasted_mended_and_begun_anew() -> None:
    stage = credentials()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        desk.app.post_message(Paste("wrong"))
        await desk.look()
        await desk.press("ctrl+u")
        assert "What you type is not shown" in desk.text()
        desk.app.post_message(Paste(f"{PASSWORD}xy\n"))
        await desk.look()
        await desk.press("backspace", "backspace", "enter")
        assert stage.secrets == {Q1: PASSWORD}


async def test_lines_pasted_as_a_password_are_objected_to_and_not_cut() -> None:
    stage = credentials()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        desk.app.post_message(Paste(f"{PASSWORD}\nnext"))
        await desk.look()
        await desk.press("enter")
        assert "Control characters are not allowed." in desk.text()
        assert answers(stage) == []


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_a_dialog_that_closes_forgets_the_password(key: str) -> None:
    stage = credentials()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*SECRET)
        field = desk.app.screen.query_one(SecretField)
        await desk.press(key)
        await desk.pilot.pause()
        assert field.is_empty
        assert stage.secrets == {}


async def test_a_refused_password_has_to_be_typed_again() -> None:
    stage = credentials()
    stage.obedient = False
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*SECRET, "enter")
        sent = CommandId(f"c{len(stage.commands)}")
        stage.happen(e.UserCommanded("answer", sent, "you", "q1", refused="not now"))
        await desk.look()
        assert "Not accepted: not now" in desk.text()
        await desk.press("enter")
        assert len(answers(stage)) == 1
        assert "Something is needed." in desk.text() or "At least 12" in desk.text()


async def test_neither_the_countdown_nor_the_notice_tells_the_default_of_a_password() -> None:
    stage = credentials(default="Hunter2!Hunter2!", due=5 * MINUTE)
    async with at_desk(stage, (120, 40), notices=True) as desk:
        await desk.wait(PAUSE)
        assert "If nobody answers, its default counts." in desk.text()
        stage.happen(e.UserExpired(Q1, "default", ""))
        await desk.look()
        said = re.sub(r"[\s▌]+", " ", desk.text())
        assert "nobody answered q1 in time: its default counts" in said
        assert "Hunter" not in said


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (200, 50)])
async def test_a_password_can_be_typed_on_every_screen(size: tuple[int, int]) -> None:
    stage = credentials()
    async with at_desk(stage, size) as desk:
        await desk.wait(PAUSE)
        assert "Password of the registry?" in desk.text()
        await desk.press(*SECRET)
        assert "*****" in desk.text()
        await desk.press("enter")
        assert stage.secrets == {Q1: SECRET}


async def test_a_screen_that_fails_does_not_tell_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = credentials()

    def fail(_command: object, secret: str | None = None) -> CommandId:
        raise RuntimeError(f"something of {len(secret or '')} characters")

    async def type_it() -> None:
        async with at_desk(stage) as desk:
            await desk.wait(PAUSE)
            await desk.press(*SECRET)
            monkeypatch.setattr(stage, "submit", fail)
            await desk.press("enter")

    with pytest.raises(RuntimeError, match="16 characters"):
        await type_it()
    said = "".join(capsys.readouterr())
    assert "16 characters" in said
    assert "c4nary" not in said
