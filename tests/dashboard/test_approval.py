"""A human's decision is sacred: how questions are put, guarded and answered."""

import re
from collections.abc import Callable

import pytest
import yaml
from dashboard.desk import Desk, at_desk
from dashboard.plays import release
from dashboard.stage import MINUTE, SECOND, Recording, Stage, team
from guide_blocks import APPROVAL
from textual.events import Paste
from textual.widgets import Input

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.domain import events as e
from mop_tui.domain.feed import Answer, Seen
from mop_tui.domain.ids import CommandId, QuestionId

Q1 = QuestionId("q1")
PAUSE = 1.5
"""Longer than the guard."""


def answers(stage: Stage) -> list[Answer]:
    return [command for command in stage.commands if isinstance(command, Answer)]


def dialog(desk: Desk) -> ApprovalDialog | None:
    screen = desk.app.screen
    return screen if isinstance(screen, ApprovalDialog) else None


# -- opening --------------------------------------------------------------------------------------


async def test_a_question_opens_by_itself_when_nobody_types() -> None:
    async with at_desk(release()) as desk:
        assert dialog(desk) is not None
        said = desk.text()
        assert "Release sample 1.4.0?" in said
        assert "It holds publish: Copy the wheel to the release folder" in said
        assert re.search(r"passed +212", said)


async def test_a_question_does_not_open_within_two_seconds_of_a_key() -> None:
    stage = release()
    async with at_desk(Stage()) as desk:
        await desk.press("down")
        desk.stage.happened, desk.stage.session = stage.happened, stage.session
        desk.stage.revision += 1
        await desk.wait(1.9)
        assert dialog(desk) is None
        assert "a answers" in desk.line_with("Waiting for you: Release sample 1.4.0?")
        await desk.wait(0.2)
        assert dialog(desk) is not None


async def test_nothing_opens_while_another_dialog_is_open() -> None:
    async with at_desk(Stage()) as desk:
        await desk.press("question_mark")
        desk.stage.begin()
        desk.stage.ask("Really?")
        await desk.wait(10)
        assert dialog(desk) is None
        await desk.press("escape")
        await desk.wait(10)
        assert dialog(desk) is not None


async def test_dialogs_never_stack_and_the_next_question_is_one_key_away() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        stage.ask("And announce it?")
        await desk.wait(60)
        assert len(desk.app.screen_stack) == 2
        assert "1 more waiting, ] shows the next" in desk.text()
        await desk.press("right_square_bracket")
        assert len(desk.app.screen_stack) == 2
        assert "And announce it?" in desk.text()
        await desk.press("y", "enter")
        assert answers(stage) == [], "the next dialog has a guard of its own"


async def test_a_question_put_aside_stays_in_the_inbox_until_it_is_opened() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("escape")
        await desk.wait(60)
        assert dialog(desk) is None
        assert "Waiting for you: Release sample 1.4.0?" in desk.text()
        await desk.press("a")
        assert dialog(desk) is not None
        assert answers(stage) == []


async def test_the_session_is_told_once_that_a_question_was_seen() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        assert stage.commands == [Seen(Q1)]
        await desk.wait(PAUSE)
        await desk.press("escape", "a")
        assert stage.commands == [Seen(Q1)]


# -- the guard ------------------------------------------------------------------------------------


async def test_keys_typed_ahead_are_dropped_visibly_and_answer_nothing() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.press("y", "enter", "n", "enter", "enter", "escape")
        assert answers(stage) == []
        assert dialog(desk) is not None
        assert "Keys are ignored until you pause for a moment (6 so far)." in desk.text()
        await desk.wait(PAUSE)
        assert "Keys are ignored" not in desk.text()
        await desk.press("y", "enter")
        assert [answer.value for answer in answers(stage)] == ["approve"]


async def test_someone_who_goes_on_typing_never_gets_past_the_guard() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        for key in "yes, do it y":
            await desk.press(key, "enter")
            await desk.wait(0.3)
        assert answers(stage) == []


async def test_the_mouse_cannot_approve_under_guard_either() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.pilot.click("#approve")
        await desk.look()
        assert answers(stage) == []
        await desk.wait(PAUSE)
        await desk.pilot.click("#approve")
        await desk.look()
        assert [answer.value for answer in answers(stage)] == ["approve"]


@pytest.mark.parametrize(
    "key", ["enter", "space", "y", "n", "a", "q", "tab", "right", "down", "x", "1", "Y", "ctrl+m"]
)
async def test_no_single_key_answers(key: str) -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(key)
        await desk.wait(PAUSE)
        assert answers(stage) == []


@pytest.mark.parametrize("pause", [0, 0.5])
@pytest.mark.parametrize("typed", ["mhello lasty", "just try", "y or not", "x]yy"])
async def test_words_meant_for_something_else_answer_nothing_and_leave_nothing_chosen(
    typed: str, pause: float
) -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(5)
        for char in typed:
            await desk.send(char if char != " " else "space")
            await desk.wait(pause)
        await desk.press("enter")
        assert answers(stage) == []
        assert "Keys are ignored until you pause for a moment" in desk.text()
        await desk.wait(PAUSE)
        await desk.press("enter", "enter")
        assert answers(stage) == []
        assert dialog(desk) is not None
        await desk.press("y", "enter")
        assert [answer.value for answer in answers(stage)] == ["approve"]


async def test_what_is_pasted_for_something_else_leaves_nothing_chosen() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("y")
        desk.app.post_message(Paste("go on"))
        await desk.look()
        assert "Keys are ignored until you pause for a moment (1 so far)." in desk.text()
        await desk.press("enter")
        assert answers(stage) == []


@pytest.mark.parametrize(
    "keys",
    [("tab",), ("tab", "tab"), ("right",), ("right", "right"), ("shift+tab",), ("y", "right")],
)
async def test_the_keys_that_confirm_elsewhere_do_not_approve(keys: tuple[str, ...]) -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*keys, "enter")
        assert answers(stage) == []


async def test_coming_upon_the_approve_button_is_not_to_choose_it() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("tab")
        assert "y, then enter approves exactly what is shown" in desk.text()
        await desk.press("y")
        assert "Enter approves exactly what is shown" in desk.text()
        await desk.press("tab", "shift+tab", "enter")
        assert answers(stage) == [], "the keys have been elsewhere since"


# -- answering ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys", [("y", "enter"), ("tab", "y", "enter"), ("right", "right", "y", "enter")]
)
async def test_approving_is_choosing_and_confirming_exactly_what_is_shown(
    keys: tuple[str, ...],
) -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*keys)
        assert answers(stage) == [Answer(Q1, "approve", "digest-of-q1", "")]
        assert dialog(desk) is None
        assert "Waiting for you" not in desk.text()


async def test_all_that_the_approval_of_the_guide_is_about_is_shown() -> None:
    said = yaml.safe_load(APPROVAL)
    stage = Stage()
    stage.begin(team("crew", "Crew"))
    stage.ask(said["question"], context=tuple(said["context"].items()))
    async with at_desk(stage, (100, 40)) as desk:
        await desk.wait(PAUSE)
        shown = desk.text()
    assert "Ready to deploy to production?" in shown
    assert re.search(r"environment +production\b", shown)
    for change in said["context"]["changes"]:
        assert change in shown
    results = (("tests_passing", "yes"), ("security_audit", "PASS"), ("resource_limits", "OK"))
    for label, result in results:
        assert re.search(rf"{label} +{result}\b", shown)


async def test_rejecting_asks_for_the_reason_and_hands_it_over() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("n")
        await desk.wait(PAUSE)
        assert isinstance(desk.focused(), Input)
        assert "Say why" in desk.text()
        await desk.press(*"quit", "space", *"yet", "enter")
        assert answers(stage) == [Answer(Q1, "reject", "digest-of-q1", "quit yet")]


async def test_words_that_begin_with_n_are_no_reason_to_reject() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press(*"not", "space", *"now", "enter", "enter")
        assert answers(stage) == []
        assert "Keys are ignored until you pause for a moment (8 so far)." in desk.text()
        await desk.wait(PAUSE)
        assert "Say why, then enter rejects" in desk.text()


async def test_rejecting_without_a_reason_has_to_be_said_twice() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("n")
        await desk.wait(PAUSE)
        await desk.press("enter")
        assert answers(stage) == []
        assert "No reason given. Enter again rejects without one." in desk.text()
        await desk.press("x", "backspace", "enter")
        assert answers(stage) == [], "typing begins it anew"
        await desk.press("enter")
        assert answers(stage) == [Answer(Q1, "reject", "digest-of-q1", "")]


async def test_escape_leads_back_from_the_reason_and_then_leaves_the_question_open() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("n")
        await desk.wait(PAUSE)
        await desk.press("x", "escape")
        assert dialog(desk) is not None
        await desk.press("escape")
        assert dialog(desk) is None
        assert answers(stage) == []


async def test_an_answer_waits_for_its_record_and_a_refusal_is_told() -> None:
    stage = release()
    stage.obedient = False
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        await desk.press("y", "enter")
        assert "It counts as soon as it is recorded" in desk.text()
        await desk.press("y", "enter")
        assert len(answers(stage)) == 1, "not twice"
        sent = CommandId(f"c{len(stage.commands)}")
        stage.happen(
            e.UserCommanded("answer", sent, "uid 1000", "q1", refused="the content has changed")
        )
        await desk.look()
        assert "Not accepted: the content has changed" in desk.text()
        stage.obedient = True
        # A button that was pressed is not pressed again for a fifth of a second.
        await desk.until(lambda: not desk.app.screen.query("Button.-active"))
        await desk.press("y", "enter")
        assert dialog(desk) is None


async def test_nothing_can_be_answered_while_nothing_is_recorded() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        stage.trouble = "NOT RECORDING: no space left"
        stage.revision += 1
        await desk.look()
        assert "No answer can be given now" in desk.text()
        assert "! NOT RECORDING: no space left" in desk.text()
        await desk.press("y", "enter", "n", "enter", "enter", "tab", "enter")
        assert answers(stage) == []
        stage.trouble = ""
        stage.revision += 1
        await desk.look()
        await desk.press("y", "enter")
        assert len(answers(stage)) == 1


# -- time and others ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "fate"),
    [
        ({"default": "reject"}, "If nobody answers, its default counts, which is to reject."),
        ({"required": True}, "If nobody answers, it stays open, for it must be answered."),
        ({}, "If nobody answers, what it holds is cancelled."),
    ],
)
async def test_the_countdown_says_what_happens_at_its_end(
    asked: dict[str, object], fate: str
) -> None:
    stage = release(due=5 * MINUTE, **asked)
    async with at_desk(stage, (100, 40)) as desk:
        assert f"4:30 left. {fate}" in desk.text()
        stage.time += 90 * SECOND
        await desk.look()
        assert f"3:00 left. {fate}" in desk.text()


async def test_a_question_without_a_deadline_has_no_countdown() -> None:
    async with at_desk(release(due=None)) as desk:
        assert " left" not in desk.text()


async def test_a_question_that_must_be_answered_stays_when_its_time_is_up() -> None:
    stage = release(due=MINUTE, required=True)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        stage.time = MINUTE
        stage.happen(e.UserExpired(Q1, "escalated"))
        await desk.look()
        assert "Its time is up; it stays open, for it must be answered." in desk.text()
        await desk.press("y", "enter")
        assert len(answers(stage)) == 1


def answered_elsewhere(stage: Stage) -> None:
    stage.happen(e.UserAnswered(Q1, "reject", "no", "uid 1001", "digest-of-q1", CommandId("x9")))


def expired(stage: Stage) -> None:
    stage.happen(e.UserExpired(Q1, "default", "reject"))


def cancelled(stage: Stage) -> None:
    stage.happen(e.UserExpired(Q1, "cancelled"))


def withdrawn(stage: Stage) -> None:
    stage.happen(e.UserWithdrawn(Q1, "publish was cancelled"))


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (answered_elsewhere, "q1 was rejected by uid 1001"),
        (expired, "nobody answered q1 in time: rejected by default"),
        (cancelled, "nobody answered q1 in time: cancelled"),
        (withdrawn, "q1 needs no answer any more: publish was cancelled"),
    ],
)
async def test_a_question_settled_elsewhere_closes_its_dialog_and_says_how(
    happens: Callable[[Stage], None], said: str
) -> None:
    stage = release()
    async with at_desk(stage, (120, 30), notices=True) as desk:
        await desk.wait(PAUSE)
        await desk.press("n", "x")
        happens(stage)
        await desk.look()
        assert dialog(desk) is None
        assert said in re.sub(r"\s+", " ", desk.text())
        assert answers(stage) == []


async def test_ones_own_answer_is_called_ones_own() -> None:
    async with at_desk(release(), (120, 30), notices=True) as desk:
        await desk.wait(PAUSE)
        await desk.press("y", "enter")
        assert "q1 was approved by you" in desk.text()


async def test_once_the_session_has_ended_nothing_can_be_answered_any_more() -> None:
    stage = release()
    async with at_desk(stage, (120, 30), notices=True) as desk:
        await desk.wait(PAUSE)
        stage.end("stopped", "the operator ended the session")
        await desk.look()
        assert dialog(desk) is None
        said = re.sub(r"[\s▌]+", " ", desk.text())
        assert "the session has ended, and q1 stays without an answer" in said
        assert "Was waiting for an answer: Release sample 1.4.0?" in desk.text()
        await desk.wait(60)
        await desk.press("a")
        assert dialog(desk) is None


# -- what it shows --------------------------------------------------------------------------------


async def test_a_dangerous_question_says_so() -> None:
    async with at_desk(release(dangerous=True)) as desk:
        assert "Marked as dangerous." in desk.text()


async def test_a_question_can_be_read_at_forty_columns() -> None:
    stage = release()
    async with at_desk(stage, (40, 24)) as desk:
        await desk.wait(PAUSE)
        said = desk.text()
        assert "Release sample 1.4.0?" in said
        assert "Approve" in said
        assert "Reject" in said
        await desk.press("y")
        assert "Release sample 1.4.0?" in desk.text(), "what is approved stays in view"
        await desk.press("enter")
        assert len(answers(stage)) == 1


async def test_a_long_context_can_be_scrolled_with_the_arrows() -> None:
    async with at_desk(release()) as desk:
        await desk.wait(PAUSE)
        assert "sample-1.4.0-py3-none-any.whl" not in desk.text()
        await desk.press(*["down"] * 5)
        await desk.pilot.wait_for_scheduled_animations()
        assert "sample-1.4.0-py3-none-any.whl" in desk.text()


async def test_the_text_of_a_question_cannot_pose_as_something_else() -> None:
    stage = Stage()
    stage.begin()
    stage.ask(
        "[red]Delete[/] all?\x1b[1A\x1b[2K Keep all?",
        context=(("[b]note[/]", "\x1b[2Jsafe\u202e!"),),
    )
    async with at_desk(stage) as desk:
        said = desk.text()
        assert "[red]Delete[/] all? Keep all?" in said
        assert "[b]note[/]  safe" in said
        assert "\x1b" not in said
        assert "\u202e" not in said


async def test_in_a_recording_questions_are_read_only() -> None:
    recording = Recording.of(release())
    async with at_desk(recording) as desk:
        await desk.press("end")
        await desk.wait(60)
        assert dialog(desk) is None
        assert "Was waiting for an answer: Release sample 1.4.0?" in desk.text()
        await desk.press("a", "y", "enter")
        assert dialog(desk) is None
        assert recording.commands == []


async def test_what_is_not_seen_of_a_question_is_told_until_it_is_read() -> None:
    context = tuple((f"fact-{number}", "something") for number in range(40))
    stage = Stage()
    stage.begin()
    stage.ask("All of that?", context=context)
    async with at_desk(stage) as desk:
        await desk.wait(PAUSE)
        assert "there is more to read: page down" in desk.text()
        for _ in range(10):
            await desk.press("pagedown")
        await desk.look()
        assert "there is more to read" not in desk.text()
