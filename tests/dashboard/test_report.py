"""The report on the screen: where it is offered, how it reads, and how one moves in it."""

import threading
from dataclasses import dataclass, field

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import at_work
from dashboard.stage import Recording, Stage
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.dashboard.help_dialog import HelpDialog
from mop_tui.dashboard.line import Line, plain_text, width_of
from mop_tui.dashboard.markdown_lines import blocks, told, wrapped
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.report_screen import ReportScreen
from mop_tui.dashboard.timeline import Timeline

REPORT = """# release: complete

The session ended **complete** after 1 h: all of 3 tasks complete.

- Project: Demo
- File: `one.jsonl`, 829 events

> The last line was cut short.

## What can be learnt

1. **tester waited 13 min for \\*one\\* key.** Set it sooner &lt;script&gt;. (event 7)
2. Nothing else.

## Tasks

| task       | took   | said      |
| ---------- | -----: | --------- |
| `wheel`    | 4 min  | it is a rather long text about what has been made and where it is |
| `publish`  | 13 min |           |

## Timeline

"""
MANY = REPORT + "\n\n".join(f"line {number}" for number in range(200)) + "\n\n## The end\n"


def ended(report: str = REPORT) -> Stage:
    """Return a session that is over."""
    stage = at_work()
    stage.end("complete", "all tasks complete")
    stage.told = report
    return stage


async def open_report(desk: Desk) -> None:
    """Open the report and wait until it has been read."""
    await desk.press("P")
    assert isinstance(desk.app.screen, ReportScreen)
    await desk.until(lambda: "reading the session" not in desk.text())


async def test_a_session_that_has_ended_names_it_and_p_shows_it() -> None:
    async with at_desk(ended()) as desk:
        assert "P Report" in desk.lines()[-1]
        await open_report(desk)
        shown = desk.text()
        assert "release: complete" in shown
        assert "tester waited 13 min for *one* key. Set it sooner <script>." in shown
        assert "**" not in shown
        await desk.press("escape")
        assert isinstance(desk.app.screen, Overview)


async def test_at_full_width_it_is_named_in_words() -> None:
    async with at_desk(ended(), (160, 40)) as desk:
        assert "P tells how it went" in desk.text()
        assert "P Report" in desk.lines()[-1]


async def test_a_session_that_runs_offers_none() -> None:
    async with at_desk(at_work(), (160, 40)) as desk:
        assert "Report" not in desk.lines()[-1]
        await desk.press("P")
        assert isinstance(desk.app.screen, Overview)


async def test_a_recording_offers_it_at_any_moment() -> None:
    stage = Recording.of(at_work())
    stage.told = REPORT
    async with at_desk(stage, (160, 40)) as desk:
        assert "P Report" in desk.lines()[-1]
        await open_report(desk)
        assert "REPLAY" in desk.lines()[0]
        assert "release: complete" in desk.text()


async def test_the_help_has_its_keys() -> None:
    async with at_desk(ended(), (100, 50)) as desk:
        await open_report(desk)
        await desk.press("question_mark")
        assert isinstance(desk.app.screen, HelpDialog)
        text = desk.text()
        assert text.index("Report") < text.index("Everywhere")
        assert "To the next part of the report" in text


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (200, 50)])
async def test_tab_goes_from_part_to_part_and_back(size: tuple[int, int]) -> None:
    async with at_desk(ended(MANY), size) as desk:
        await open_report(desk)
        assert "release: complete" in desk.lines()[1]
        for part in ("What can be learnt", "Tasks", "Timeline"):
            await desk.press("tab")
            assert part in desk.lines()[1]
        await desk.press("shift+tab")
        assert "Tasks" in desk.lines()[1]
        await desk.press("G")
        await desk.until(lambda: "The end" in desk.text())
        await desk.press("g")
        await desk.until(lambda: "release: complete" in desk.lines()[1])
        await desk.press("down", "j")
        await desk.until(lambda: "release: complete" not in desk.text())


async def test_other_views_can_be_opened_above_it() -> None:
    async with at_desk(ended()) as desk:
        await open_report(desk)
        await desk.press("L")
        assert isinstance(desk.app.screen, Timeline)
        await desk.press("escape")
        assert isinstance(desk.app.screen, ReportScreen)


@dataclass
class Slow(Stage):
    """A session whose report takes until it is let go on."""

    go_on: threading.Event = field(default_factory=threading.Event)
    asked_in: list[str] = field(default_factory=list)

    def report(self) -> str:
        self.asked_in.append(threading.current_thread().name)
        assert self.go_on.wait(30)
        return self.told


async def test_it_is_made_in_a_thread_and_keys_are_heard_meanwhile() -> None:
    stage = Slow()
    stage.happened, stage.session = (made := ended()).happened, made.session
    stage.told = REPORT
    async with at_desk(stage) as desk:
        await desk.press("P")
        assert "reading the session" in desk.text()
        assert stage.asked_in != [threading.main_thread().name]
        await desk.press("escape")
        assert isinstance(desk.app.screen, Overview)
        await desk.press("P")
        stage.go_on.set()
        await desk.until(lambda: "release: complete" in desk.text())


async def test_why_there_is_none_is_shown_like_one() -> None:
    async with at_desk(ended("# No report\n\none.jsonl: line 3 is damaged\n")) as desk:
        await open_report(desk)
        assert "line 3 is damaged" in desk.text()


# -- how Markdown reads -----------------------------------------------------------------------


def lines_of(text: str, width: int) -> list[str]:
    return [plain_text(line) for line in told(blocks(text), width)[0]]


def test_columns_stand_beside_each_other_where_there_is_room() -> None:
    lines = lines_of(REPORT, 90)
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["task"])
    assert lines[at + 1].startswith("wheel     4 min  it is a rather long text")
    assert lines[at + 2] == "publish  13 min"


def test_columns_are_wrapped_and_then_told_row_by_row() -> None:
    lines = lines_of(REPORT, 50)
    at = next(number for number, line in enumerate(lines) if line.split()[:1] == ["task"])
    assert lines[at + 1 : at + 4] == [
        "wheel     4 min  it is a rather long text about",
        "                 what has been made and where it",
        "                 is",
    ]
    narrow = lines_of(REPORT, 24)
    at = narrow.index("wheel")
    assert narrow[at + 1] == "  took 4 min, said it is"
    assert "  took 13 min" in narrow


WITH_A_LONG_WORD = """
| when | what | how it was settled |
| ---- | ---- | ------------------ |
| 18:19:10 (+0:01:00) | resource_constrained: all is in use | after 3 min: nothing is left to do |
"""


@pytest.mark.parametrize(("width", "whole"), [(56, True), (53, True), (46, False)])
def test_no_word_is_cut_where_other_columns_can_give_way(width: int, whole: bool) -> None:
    lines = lines_of(WITH_A_LONG_WORD, width)
    assert lines[0].startswith("when")
    assert any("resource_constrained:" in line for line in lines) is whole


def test_items_hang_on_their_signs() -> None:
    lines = lines_of("1. one two three four\n2. five\n\n- six seven eight nine\n", 14)
    assert lines == [
        "1. one two",
        "   three four",
        "2. five",
        "\u2022 six seven",
        "  eight nine",
    ]


TEXTS = st.text(st.sampled_from("ab `*_|<>&;#-1.)\\[]!\n\t\u4e2d\u0301"), max_size=200)


@given(TEXTS, st.integers(8, 60))
def test_whatever_it_says_no_line_is_wider_than_the_screen(text: str, width: int) -> None:
    lines, headings = told(blocks(text), width)
    assert all(width_of(line) <= width for line in lines)
    assert all(at < len(lines) for at in headings)


WORDS = st.lists(st.text(st.sampled_from("abc  "), max_size=12), max_size=6)


@given(WORDS, st.integers(1, 20))
def test_wrapping_loses_no_word(texts: list[str], width: int) -> None:
    line: Line = tuple((text, "plain") for text in texts)
    said = [plain_text(it) for it in wrapped(line, width)]
    assert all(len(it) <= width for it in said)
    assert "".join("".join(said).split()) == "".join("".join(texts).split())


def test_what_is_no_markdown_is_shown_as_it_is() -> None:
    text = "a\n\n```\ncode *as it is*\n```\n\n<b>raw</b>\n"
    assert [line for line in lines_of(text, 40) if line] == ["a", "code *as it is*", "<b>raw</b>"]
