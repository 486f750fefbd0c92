"""A report in Markdown: what it says, in which order, and that nothing takes over the page."""

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from figures import RECORDED
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mop_tui.report.gathering import gather
from mop_tui.report.markdown import MOST_ROWS, code, markdown, prose
from mop_tui.report.summary import Summary
from sessions import agent, answer, exact, fixed, play, question, task

HOSTILE = (
    "</td><script>alert(1)</script>",
    "# a heading\n\n- a list\n\n```\nfence",
    "| a | row |",
    "`code` ``more`",
    "[a link](javascript:alert(1)) ![image](http://evil.example/x.png)",
    "\x1b[2J\x1b]0;title\x07 bell\x07",
    "\u202egnp.exe \u2028 line \u2029",
    "**bold** __bold__ *it* _it_ ~~gone~~ $x$",
    "&lt;b&gt; &amp; &#60;",
    "\\`\\|\\",
    "<!-- comment -->",
    "---",
    "a | b \\| c `|`",
)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def inline(text: str) -> list[Token]:
    """Return all that a text is made of, its inner parts instead of those that hold them."""
    return [part for it in PARSER.parse(text) for part in (it.children or [it])]


def shown(text: str) -> str:
    """Return what a reader sees of a text that is one paragraph."""
    return "".join(it.content for it in inline(text) if it.type in ("text", "code_inline"))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("made", [prose, code])
def test_hostile_texts_stand_as_they_are(text: str, made: Any) -> None:
    parts = {it.type for it in inline("x " + made(text) + " x")}
    assert parts <= {"paragraph_open", "paragraph_close", "text", "code_inline", "text_special"}
    assert made(text).isprintable()


@given(st.text())
def test_any_text_is_one_line_of_plain_text(text: str) -> None:
    for made in (prose(text), code(text)):
        assert made.isprintable()
        parts = {it.type for it in inline(f"x {made} x")}
        assert parts <= {"paragraph_open", "paragraph_close", "text", "code_inline"}
        table = PARSER.parse(f"| a | b |\n| - | - |\n| {made} | y |\n")
        cells = [it.children or [] for it in table if it.type == "inline"][2:]
        assert len(cells) == 2, "it ends no cell"
        assert [it.content for it in cells[1]] == ["y"]


def test_what_is_harmless_reads_as_it_was_written() -> None:
    text = "swarm/platform/name_space-ready: 3 of 4 (75 %), don't!"
    assert prose(text) == text
    assert shown(prose("a * b < c & d_ e [f] `g` \\ h")) == "a * b < c & d_ e [f] `g` \\ h"
    for quoted in ("a ` b", "`a` ``b`", "```", "b`"):
        assert shown(code(quoted)) == quoted


def poisoned(value: Any, texts: Iterable[str]) -> Any:
    """Return a value with a hostile text in place of each that a layout or an agent may say."""
    take = iter(texts)
    said = {"output", "reason", "question", "text", "suggestion", "closing", "by", "value"}
    said |= {
        "project",
        "goal",
        "title",
        "last_error",
        "because",
        "advice",
        "name",
        "user",
        "damage",
    }

    def of(name: str, it: Any) -> Any:
        if isinstance(it, str) and not isinstance(it, Enum) and name in said:
            return next(take)
        if isinstance(it, tuple):
            return tuple(of(name, part) for part in it)
        if is_dataclass(it) and not isinstance(it, type):
            return replace(it, **{f.name: of(f.name, getattr(it, f.name)) for f in fields(it)})
        return it

    return of("", value)


def endless(texts: Iterable[str]) -> Iterable[str]:
    while True:
        yield from texts


def structure(text: str) -> list[tuple[str, str]]:
    """Return the blocks of a page: kinds of tokens, and where they are nested."""
    return [(it.type, it.tag) for it in PARSER.parse(text)]


@pytest.mark.parametrize("path", RECORDED, ids=lambda it: it.stem)
def test_a_page_keeps_its_structure_whatever_was_said(path: Path) -> None:
    summary = gather(path)
    harmless: Summary = poisoned(summary, endless(["words"]))
    hostile: Summary = poisoned(summary, endless(HOSTILE))
    assert structure(markdown(hostile)) == structure(markdown(harmless))
    allowed = {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    made = {
        part.type
        for it in PARSER.parse(markdown(hostile))
        if it.type == "inline"
        for part in it.children or []
    }
    assert made <= allowed
    assert all(char.isprintable() or char == "\n" for char in markdown(hostile))


def test_the_outcome_comes_first_and_then_what_can_be_learnt() -> None:
    path = next(it for it in RECORDED if it.stem == "mop-platform")
    page = markdown(gather(path))
    lines = page.splitlines()
    assert lines[0] == "# mop-platform: complete"
    assert lines[2].startswith("The rehearsal ended **complete** after ")
    titles = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert titles[:2] == ["What can be learnt", "Critical path"]
    assert {"Teams", "Agents", "Tasks", "Questions", "Issues", "Health", "Decisions"} <= {*titles}
    assert re.search(r"\b\d\d:\d\d:\d\d \(\+\d:\d\d:\d\d\)", page), "both times"
    assert page.endswith("\n")
    assert not page.endswith("\n\n")


def test_a_question_tells_who_answered_when_why_and_how_long_it_waited(file: Path) -> None:
    what = exact([agent("ann")], [task("one", "ann", seconds=9, gate="sure")], [question("sure")])
    page = markdown(gather(play(what, file, answers=[answer("sure", "approve", "I\nam")]).path))
    (row,) = [line for line in page.splitlines() if line.startswith("| q1: Go on?")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        *("q1: Go on?", "`one`", "00:00:00 (+0:00:00)", "0 s", "`approve`", "file#test", "I am")
    ]


def test_a_giant_session_is_told_in_part_and_says_so(file: Path) -> None:
    tasks = [task(f"t{n}", "ann", seconds=1) for n in range(MOST_ROWS + 50)]
    scripts = {it.id: fixed(1, exit_code=int(it.id == "t120")) for it in tasks}
    page = markdown(gather(play(exact([agent("ann")], tasks, scripts=scripts), file).path))
    after = page[page.index("## Tasks") :]
    assert "\n50 more besides.\n" in after
    assert "`t120`" in after.split("\n50 more")[0], "what failed is among those that are told"


def test_columns_stand_below_one_another() -> None:
    page = markdown(gather(RECORDED[0]))
    table = page[page.index("## Teams") :].split("\n\n")[1].splitlines()
    bars = [[n for n, char in enumerate(line) if char == "|"][:-1] for line in table]
    assert all(line == bars[0] for line in bars)
