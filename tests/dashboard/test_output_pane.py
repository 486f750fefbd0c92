"""The live output of an agent: followed, scrolled, searched and copied, whatever it writes."""

import re
from time import perf_counter

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment
from dashboard.stage import Recording, Stage
from textual.events import MouseScrollUp

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line
from mop_tui.dashboard.output_buffer import KEPT
from mop_tui.dashboard.output_lines import OutputLines
from mop_tui.domain.plan import HostKind

LOG = "sessions/2026-11-22-release.logs/deployer.log"


def writing(count: int = 60) -> Stage:
    stage = deployment()
    write(stage, 0, count)
    return stage


def write(stage: Stage, start: int, count: int) -> None:
    stage.write("deployer", *(f"line {n:04}" for n in range(start, start + count)))


async def look_at_output(desk: Desk) -> OutputLines:
    await desk.press("down", "enter")
    assert isinstance(desk.app.screen, DetailDialog)
    return desk.app.screen.query_one(OutputLines)


def shown(desk: Desk) -> list[str]:
    """The numbered lines on the screen."""
    return re.findall(r"line \d{4}", desk.text())


async def test_the_end_is_followed() -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        assert "line 0059" in desk.text()
        write(stage, 60, 1)
        await desk.look()
        assert "line 0060" in desk.text()
        assert "Output  61 lines" in desk.text()
        assert "follow" not in desk.text()


@pytest.mark.parametrize("key", ["up", "k", "pageup", "home"])
async def test_going_up_stops_following_and_says_how_much_is_unseen(key: str) -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        await desk.press(key)
        assert "not following, end follows" in desk.text()
        before = shown(desk)
        write(stage, 60, 132)
        await desk.look()
        assert shown(desk) == before
        assert "▾ 132 new lines, end follows" in desk.text()


async def test_the_wheel_stops_following_too() -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        lines = await look_at_output(desk)
        x, y = lines.region.offset
        desk.app.screen.post_message(
            MouseScrollUp(lines, x + 3, y + 3, 0, -1, 0, False, False, False)  # noqa: FBT003
        )
        await desk.pilot.pause()
        await desk.pilot.wait_for_scheduled_animations()
        assert not lines.following


@pytest.mark.parametrize("key", ["end", "f", "G"])
async def test_end_follows_again(key: str) -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        await desk.press("home")
        write(stage, 60, 40)
        await desk.look()
        await desk.press(key)
        assert "line 0099" in desk.text()
        assert "follow" not in desk.text()
        write(stage, 100, 1)
        await desk.look()
        assert "line 0100" in desk.text()


async def test_scrolling_down_shows_what_is_unseen_and_follows_at_the_end() -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        lines = await look_at_output(desk)
        await desk.press("up")
        write(stage, 60, 20)
        await desk.look()
        assert "▾ 20 new lines" in desk.text()
        await desk.press("down", "down", "down")
        assert "▾ 18 new lines" in desk.text()
        await desk.press(*["pagedown"] * 3)
        assert lines.following


async def test_a_flood_does_not_move_what_is_being_read() -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        await desk.press("home")
        before = shown(desk)
        for burst in range(20):
            stage.write("deployer", *(f"flood {burst} {n}" for n in range(100)), dropped=50_000)
            await desk.look()
        assert shown(desk) == before
        assert "▾ 1,002,0" in desk.text()
        await desk.press("end")
        assert "flood 19 99" in desk.text()


async def test_a_repaint_costs_the_same_however_much_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    line = OutputLines._line

    def counted(self: OutputLines, index: int, width: int) -> Line:
        made.append(index)
        return line(self, index, width)

    monkeypatch.setattr(OutputLines, "_line", counted)
    stage = writing()
    async with at_desk(stage) as desk:
        lines = await look_at_output(desk)
        for burst in range(20):
            write(stage, 60 + 1_000 * burst, 1_000)
            await desk.look()
        assert len(lines._buffer.rows) <= KEPT
        made.clear()
        start = perf_counter()
        write(stage, 100_000, 200)
        await desk.look()
        assert perf_counter() - start < 1
        assert len(made) < 4 * lines.size.height
        assert "earlier lines only in" not in desk.text()
        await desk.press("home")
        assert "… 18,261 earlier lines only in …" in desk.text()


async def test_dropped_lines_are_said_where_they_are_missing() -> None:
    stage = writing(5)
    stage.write("deployer", "after", dropped=12_300)
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        gap = f"… 12,300 lines only in {LOG}"
        said = [line.strip(" │─") for line in desk.lines()]
        place = next(n for n, text in enumerate(said) if gap in text)
        assert "line 0004" in said[place - 1]
        assert "after" in said[place + 1]
        stage.write("deployer", "last", dropped=1)
        await desk.look()
        assert "… 1 line only in" in desk.text()


async def test_of_a_played_agent_the_session_file_has_it_all() -> None:
    stage = Stage()
    stage.begin()
    stage.spawn("player", "crew", host=HostKind.SIMULATED)
    stage.plan("play", requires_skill="any")
    stage.give("play", "player")
    stage.write("player", "one", dropped=5)
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        assert "… 5 earlier lines only in sessions/2026-11-22-release.jsonl" in desk.text()


async def test_what_events_no_longer_tell_comes_from_what_the_session_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = writing(500)
    monkeypatch.setattr(stage, "events", lambda **_more: ())
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        assert "line 0499" in desk.text()
        write(stage, 500, 3)
        await desk.look()
        assert len(re.findall("line 0499", desk.text())) == 1
        assert "line 0502" in desk.text()
        await desk.press("home")
        assert "… 300 earlier lines" in desk.text()


async def test_going_back_in_a_recording_takes_the_lines_back() -> None:
    stage = writing(5)
    mark = len(stage.happened)
    write(stage, 5, 5)
    recording = Recording.of(stage)
    async with at_desk(recording) as desk:
        await desk.press("end")
        await look_at_output(desk)
        assert "line 0009" in desk.text()
        recording.seek(mark)
        await desk.look()
        assert "line 0004" in desk.text()
        assert "line 0009" not in desk.text()


async def test_what_is_written_cannot_steer_the_terminal() -> None:
    stage = deployment()
    stage.write("deployer", "a\tb", "\x1b[2J\x1b]0;title\x07harm\u202eless\x9b31m", "[red]not[/]")
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        assert "a       b" in desk.text()
        assert "harm�less�31m" in desk.text()
        assert "[red]not[/]" in desk.text()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", desk.text())


async def test_long_lines_can_be_moved_sideways() -> None:
    stage = deployment()
    stage.write("deployer", "start" + "." * 100 + "finish")
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        assert "start" in desk.text()
        assert "finish" not in desk.text()
        await desk.press("right", "right", "right")
        assert "finish" in desk.text()
        await desk.press("left", "left", "left")
        assert "start" in desk.text()


# -- searching ------------------------------------------------------------------------------------


def inked(lines: OutputLines, ink: Ink) -> list[str]:
    """What is painted in an ink in the rows in view."""
    top, height = lines.scroll_offset.y, lines.size.height
    rows = (lines._line(index, 200) for index in range(top, top + height))
    return [text for row in rows for text, its in row if its == ink]


async def test_a_search_marks_what_it_finds_and_says_how_many() -> None:
    async with at_desk(writing()) as desk:
        lines = await look_at_output(desk)
        await desk.press("/", *"LINE 005")
        assert "not found" in desk.text(), "upper case counts"
        await desk.press(*["backspace"] * 8, *"line 005")
        assert "10/10" in desk.text()
        assert inked(lines, "here") == ["line 005"]
        assert len(inked(lines, "match")) == min(9, lines.size.height - 1)
        await desk.press("enter", "N", "N")
        assert "8/10" in desk.text()
        await desk.press("n")
        assert "9/10" in desk.text()
        await desk.press("n", "n")
        assert "1/10" in desk.text(), "round the end"
        assert "line 0050" in desk.text()


async def test_a_search_goes_to_where_it_finds_something_and_stays_there() -> None:
    stage = writing(200)
    async with at_desk(stage) as desk:
        lines = await look_at_output(desk)
        await desk.press("/", *"0042", "enter")
        assert "line 0042" in desk.text()
        assert not lines.following
        stage.write("deployer", "0042 again")
        await desk.look()
        assert "1/2" in desk.text()
        await desk.press("n")
        assert "0042 again" in desk.text()


async def test_escape_ends_the_search_first_and_then_closes() -> None:
    async with at_desk(writing()) as desk:
        lines = await look_at_output(desk)
        await desk.press("/", *"line q", "escape")
        assert isinstance(desk.app.screen, DetailDialog)
        assert lines.search is None
        assert inked(lines, "match") == []
        await desk.press("/")
        assert "line q" in desk.text(), "what was looked for last is at hand"
        await desk.press("escape", "escape")
        assert not isinstance(desk.app.screen, DetailDialog)


async def test_letters_typed_into_the_search_are_no_keys() -> None:
    stage = writing()
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        await desk.press("/", *"pxrmqnfy?")
        assert isinstance(desk.app.screen, DetailDialog)
        assert "pxrmqnfy?" in desk.text()
        assert stage.commands == []


async def test_what_is_found_far_to_the_right_comes_into_view() -> None:
    stage = deployment()
    stage.write("deployer", "." * 200 + "needle")
    async with at_desk(stage) as desk:
        await look_at_output(desk)
        await desk.press("/", *"needle")
        assert "..needle" in desk.text()


async def test_the_keys_of_the_pane_are_named() -> None:
    async with at_desk(writing(), (100, 30)) as desk:
        await look_at_output(desk)
        keys = desk.line_with("esc Close")
        assert "/ Search" in keys
        assert "n Next" not in keys
        await desk.press("/", *"line")
        assert "esc End search" in desk.text()
        await desk.press("enter")
        assert "n Next  N Previous" in desk.text()


# -- copying --------------------------------------------------------------------------------------


async def test_y_copies_the_lines_in_view() -> None:
    async with at_desk(writing(), notices=True) as desk:
        lines = await look_at_output(desk)
        await desk.press("y")
        copied = desk.app.clipboard.splitlines()
        assert copied[-1] == "line 0059"
        assert len(copied) == lines.size.height
        assert f"{len(copied)} lines copied." in desk.text()


@pytest.mark.parametrize("size", [(40, 24), (80, 24), (200, 50)])
async def test_output_can_be_read_on_every_screen(size: tuple[int, int]) -> None:
    stage = writing()
    async with at_desk(stage, size) as desk:
        lines = await look_at_output(desk)
        assert lines.size.height >= 8
        assert "line 0059" in desk.text()
        assert all(len(line) <= size[0] for line in desk.lines())
