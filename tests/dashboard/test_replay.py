"""Moving through a recording in the same screen."""

import random

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import mop_platform
from dashboard.stage import MINUTE, Recording

from mop_tui.dashboard.playback_bar import POSITION, PlaybackBar
from mop_tui.dashboard.seek_dialog import SeekDialog
from mop_tui.dashboard.transport import SPEEDS, Transport


@pytest.fixture
def recording() -> Recording:
    return Recording.of(mop_platform())


def at(desk: Desk) -> int:
    assert isinstance(desk.stage, Recording)
    return desk.stage.position


async def test_keys_play_pause_step_jump_and_change_speed(recording: Recording) -> None:
    length = len(recording.happened)
    async with at_desk(recording) as desk:
        await desk.press("space")
        assert "PLAYING" in desk.text()
        await desk.press("space")
        assert "PAUSED" in desk.text()
        await desk.press(".", ".", ".", ",")
        assert at(desk) == 2
        await desk.press("]")
        assert at(desk) == 2 + length // 10
        await desk.press("[", "[")
        assert at(desk) == 0
        await desk.press("+", "+")
        assert recording.speed == 5
        assert "5x" in desk.text()
        await desk.press("-", "-", "-")
        assert recording.speed == 0.5
        await desk.press("end")
        assert at(desk) == length
        assert "AT END" in desk.text()
        await desk.press("home")
        assert at(desk) == 0


async def test_stepping_pauses(recording: Recording) -> None:
    async with at_desk(recording) as desk:
        await desk.press("space", ".")
        assert not recording.playing
        assert at(desk) == 1


async def test_the_bar_shows_what_stands_out_and_keys_go_there(recording: Recording) -> None:
    marks = [mark.seq for mark in recording.playback.marks] if recording.playback else []
    assert marks
    async with at_desk(recording, (120, 40)) as desk:
        bar = desk.line_with("PAUSED")
        assert "\N{BALLOT X}" in bar or "?" in bar
        await desk.press("n")
        assert at(desk) == marks[0]
        await desk.press("n", "N")
        assert at(desk) == marks[0]


async def test_a_click_on_the_timeline_goes_there(recording: Recording) -> None:
    async with at_desk(recording, (120, 40)) as desk:
        bar = desk.app.screen.query_one(PlaybackBar)
        await desk.pilot.click(bar, offset=(70, 0))
        await desk.press()
        assert 0 < at(desk) < len(recording.happened)


async def test_keys_go_from_decision_to_decision(recording: Recording) -> None:
    """A play has none of its own, so three events stand for them."""
    recording.decisions = (3, 10, 12)
    async with at_desk(recording) as desk:
        await desk.press(">")
        assert at(desk) == 3
        await desk.press(">", ">", ">")
        assert at(desk) == 12, "behind the last there is none"
        await desk.press("<")
        assert at(desk) == 10
        await desk.press("<", "<")
        assert at(desk) == 3


async def test_a_decision_key_pauses(recording: Recording) -> None:
    recording.decisions = (3,)
    async with at_desk(recording) as desk:
        await desk.press("space", ">")
        assert not recording.playing


async def test_a_click_on_a_mark_goes_exactly_to_its_event(recording: Recording) -> None:
    assert recording.playback is not None
    marks = {mark.seq for mark in recording.playback.marks}
    async with at_desk(recording, (120, 40)) as desk:
        bar = desk.app.screen.query_one(PlaybackBar)
        left = desk.line_with("PAUSED")
        signs = [cell for cell, sign in enumerate(left) if sign in "?\N{BALLOT X}!"]
        assert signs
        for cell in signs:
            await desk.pilot.click(bar, offset=(cell, 0))
            await desk.press()
            assert at(desk) in marks


async def test_the_place_is_seen_without_colour(recording: Recording) -> None:
    async with at_desk(recording, (120, 40)) as desk:
        await desk.press(":", *"30:00", "enter")
        former = desk.line_with("PAUSED").index(POSITION)
        await desk.press(":", *"50:00", "enter")
        assert desk.line_with("PAUSED").index(POSITION) > former


async def test_the_help_says_what_the_signs_of_the_timeline_mean(recording: Recording) -> None:
    async with at_desk(recording, (120, 60)) as desk:
        await desk.press("question_mark")
        text = " ".join(desk.text().split())
        for meaning in ("? question", "\N{BALLOT X} failure", "! issue", "where it stands"):
            assert meaning in text


async def test_the_bar_says_time_and_event(recording: Recording) -> None:
    length = len(recording.happened)
    async with at_desk(recording) as desk:
        await desk.press("end")
        bar = desk.line_with("AT END")
        assert "1:14:00 / 1:14:00" in bar
        assert bar.endswith(f"event {length} of {length}")
        await desk.press("[")
        assert f"event {length - length // 10} of {length}" in desk.line_with("PAUSED")


async def test_the_screen_shows_the_session_as_it_was(recording: Recording) -> None:
    async with at_desk(recording, (200, 50)) as desk:
        await desk.press("end")
        assert "✗ devops-troubleshooter" in desk.text()
        assert "✗ CRITICAL" in desk.text()
        await desk.press(":", *"30:00", "enter")
        assert "▸ devops-troubleshooter" in desk.text()
        assert "0 critical, 0 warning, 0 info" in desk.text()
        assert "15:40:00" not in desk.text(), "events of its future are gone"
        assert "14:45:00 ✓ platform-engineer-dev completed dev-namespaces" in desk.text()


async def test_one_can_go_to_a_time_a_share_or_an_event(recording: Recording) -> None:
    async with at_desk(recording) as desk:
        await desk.press(":", *"1:05:00", "enter")
        assert recording.session.at == 65 * MINUTE
        assert recording.happened[at(desk)].at > 65 * MINUTE
        await desk.press(":", *"50%", "enter")
        assert at(desk) == len(recording.happened) // 2
        await desk.press(":", *"17", "enter")
        assert at(desk) == 17
        await desk.press(":", *"soon", "enter")
        assert isinstance(desk.app.screen, SeekDialog)
        assert "'soon' is no place" in desk.text()
        await desk.press("escape")
        assert at(desk) == 17


async def test_letters_typed_into_the_field_are_text_not_keys(recording: Recording) -> None:
    async with at_desk(recording) as desk:
        await desk.press(":", *"q.[]")
        assert isinstance(desk.app.screen, SeekDialog)
        assert at(desk) == 0
        assert desk.app.return_value is None


async def test_a_live_session_offers_no_replay_keys() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await desk.press("space", ".", "]", "+", ":", "end")
        assert "event " not in desk.text()
        assert "Play" not in desk.lines()[-1]
        assert len(desk.app.screen_stack) == 1


def test_playing_at_the_end_begins_again(recording: Recording) -> None:
    recording.seek(len(recording.happened))
    Transport(recording).toggle()
    assert recording.position == 0
    assert recording.playing


def test_speed_and_place_stay_within_bounds(recording: Recording) -> None:
    transport = Transport(recording)
    for _ in range(20):
        transport.change_speed(1)
    assert recording.speed == SPEEDS[-1]
    for _ in range(20):
        transport.change_speed(-1)
    assert recording.speed == SPEEDS[0]
    transport.step(-5)
    assert recording.position == 0
    assert transport.go("999999") == ""
    assert recording.position == len(recording.happened)


def test_a_live_session_cannot_be_moved() -> None:
    stage = mop_platform()
    transport = Transport(stage)
    transport.toggle()
    transport.step(1)
    transport.jump(1)
    transport.to_start()
    transport.to_end()
    transport.change_speed(1)
    assert transport.go("1:00") == "This session cannot be moved in time."


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("o",), id="details of the session"),
        pytest.param(("enter",), id="enter on the first row of the agents"),
        pytest.param(("tab", "enter"), id="enter on the first row of the next pane"),
        pytest.param(("z",), id="one pane on the whole screen"),
    ],
)
async def test_what_is_open_bears_seeks_back_and_forth(
    recording: Recording, keys: tuple[str, ...]
) -> None:
    chance = random.Random(1)
    length = len(recording.happened)
    async with at_desk(recording, (120, 40)) as desk:
        await desk.press("end", *keys)
        for seq in (0, length, *(chance.randint(0, length) for _ in range(6)), 0):
            recording.seek(seq)
            await desk.press("down")
            assert at(desk) == seq
        await desk.press("escape")
        assert f"event {at(desk)} of {length}" in desk.text()
