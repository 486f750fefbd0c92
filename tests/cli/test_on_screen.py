"""mop-tui in a terminal, driven by keys, its screen read as a person would read it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from terminal import ENTER, ESCAPE, TAB, Terminal

RELEASE = Path(__file__).parents[2] / "layouts" / "python-release.yaml"

LONG = """
session: {id: long}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {wait: {agent: worker, run: [sh, -c, "sleep 600 & echo started; wait"]}}
"""


ASKS = """
session: {id: asks}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {ship: {agent: worker, gate: sure, run: [touch, shipped]}}
questions: {sure: {question: "Ship it now?", question_type: approval}}
"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Terminal]:
    """A session that does nothing but ask, at the moment it asks."""
    (tmp_path / "asks.yaml").write_text(ASKS, encoding="utf-8")
    with Terminal("run", "asks.yaml", cwd=tmp_path) as terminal:
        terminal.until("Ship it now?", "y or n chooses")
        yield terminal


@pytest.fixture
def release(tmp_path: Path, tools: Path) -> Iterator[Terminal]:
    """A release of the sample project on the screen, at the moment it asks."""
    arguments = ("run", str(RELEASE), "--set", f"tools={tools}")
    with Terminal(*arguments, cwd=tmp_path) as terminal:
        terminal.until("LIVE", "python-release")
        terminal.until("Copy this wheel to the folder releases?", "y or n chooses")
        yield terminal


def _events(folder: Path) -> list[dict[str, Any]]:
    [file] = (folder / "sessions").glob("*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def _of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["kind"] == kind]


def _leave(terminal: Terminal) -> int:
    """Press q where nothing runs any more, and return the exit code."""
    terminal.press("q")
    code = terminal.wait()
    assert terminal.modes() == terminal.modes_before
    shown, hidden = (terminal.transcript.rfind(b"\x1b[?1049" + end) for end in (b"l", b"h"))
    assert shown > hidden >= 0, "the screen from before is back"
    assert terminal.transcript.rfind(b"\x1b[?25h") > terminal.transcript.rfind(b"\x1b[?25l")
    mouse = re.findall(rb"\x1b\[\?1000([hl])", terminal.transcript)
    assert not mouse or mouse[-1] == b"l"
    return code


def _nothing_is_left(folder: Path) -> bool:
    """True if no process works in `folder` any more."""
    for process in psutil.process_iter(["cwd", "status"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd).is_relative_to(folder) and process.info["status"] != "zombie":
            return False
    return True


def test_approving_releases(release: Terminal, tmp_path: Path) -> None:
    assert "7 passed" in release.display
    release.press("y")
    release.until("Enter approves")
    release.press(ENTER)
    release.until("COMPLETE", "100%", "all of 7 tasks complete")
    assert _leave(release) == 0
    assert [path.suffix for path in (tmp_path / "releases").iterdir()] == [".whl"]
    [answered] = _of(_events(tmp_path), "user.answered")
    assert (answered["value"], answered["by"]) == ("approve", "operator")
    assert _of(_events(tmp_path), "user.seen")
    assert _nothing_is_left(tmp_path)


def test_rejecting_asks_for_a_reason_and_does_not_do_it(asking: Terminal, tmp_path: Path) -> None:
    asking.press("n")
    asking.until("Why not?", "Say why")
    asking.press(*"not today", ENTER)
    asking.until("CANCELLED", "INCOMPLETE")
    asking.until_gone("Why not?")
    assert _leave(asking) == 1
    assert not (tmp_path / "shipped").exists()
    [answered] = _of(_events(tmp_path), "user.answered")
    assert (answered["value"], answered["reason"]) == ("reject", "not today")
    assert _of(_events(tmp_path), "system.ended")[0]["outcome"] == "incomplete"
    assert _nothing_is_left(tmp_path)


def test_a_question_can_be_left_open_and_opened_again(asking: Terminal) -> None:
    asking.press(ESCAPE)
    asking.until_gone("y or n chooses")
    asking.until("Waiting for you")
    asking.press("a")
    asking.until("y or n chooses")


def test_the_title_says_that_something_waits_and_is_given_back(asking: Terminal) -> None:
    assert asking.title == "(1 waiting) asks - mop-tui"
    asking.press("n")
    asking.until("Why not?", "Say why")
    asking.press(*"not today", ENTER)
    asking.until("CANCELLED", "INCOMPLETE")
    asking.until_gone("Why not?")
    assert asking.title == "asks - mop-tui"
    _leave(asking)
    assert asking.title == ""
    kept, given_back = (asking.transcript.count(b"\x1b[%d;2t" % way) for way in (22, 23))
    assert kept == given_back == 1


def test_quitting_asks_first_and_leaves_no_process(tmp_path: Path) -> None:
    layout = tmp_path / "long.yaml"
    layout.write_text(LONG, encoding="utf-8")
    with Terminal("run", str(layout), cwd=tmp_path) as terminal:
        terminal.until("started")
        terminal.press("q")
        terminal.until("End the session?")
        terminal.press(ENTER)
        terminal.until_gone("End the session?")
        terminal.until("ACTIVE")
        assert not _nothing_is_left(tmp_path)
        terminal.press("q")
        terminal.until("End the session?")
        terminal.press(TAB, ENTER)
        assert terminal.wait() == 130
        assert terminal.modes() == terminal.modes_before
    assert _of(_events(tmp_path), "system.ended")[0]["outcome"] == "stopped"
    assert _nothing_is_left(tmp_path)


@pytest.mark.parametrize("key", ["\x03", "\x11"], ids=["ctrl+c", "ctrl+q"])
def test_no_single_key_ends_a_running_session(tmp_path: Path, key: str) -> None:
    layout = tmp_path / "long.yaml"
    layout.write_text(LONG, encoding="utf-8")
    with Terminal("run", str(layout), cwd=tmp_path) as terminal:
        terminal.until("started")
        terminal.press(key)
        terminal.until("End the session?")
        assert not _nothing_is_left(tmp_path)


def test_a_session_outlives_its_terminal(tmp_path: Path) -> None:
    layout = tmp_path / "short.yaml"
    layout.write_text(
        LONG.replace("sleep 600 & echo started; wait", "echo started; sleep 1; touch finished"),
        encoding="utf-8",
    )
    with Terminal("run", str(layout), cwd=tmp_path) as terminal:
        terminal.until("started")
        terminal.close()
        assert terminal.wait() == 0
    assert (tmp_path / "finished").exists()
    assert _of(_events(tmp_path), "system.ended")[0]["outcome"] == "complete"


def test_a_recorded_session_is_shown_again_and_nothing_is_executed(tmp_path: Path) -> None:
    layout = tmp_path / "once.yaml"
    layout.write_text(
        LONG.replace("sleep 600 & echo started; wait", "echo once >> done; echo started"),
        encoding="utf-8",
    )
    with Terminal("run", str(layout), cwd=tmp_path) as terminal:
        terminal.until("COMPLETE", "all of 1 task complete")
        assert _leave(terminal) == 0
    [file] = (tmp_path / "sessions").glob("*.jsonl")
    before = file.read_bytes()
    with Terminal("replay", str(file), cwd=tmp_path, columns=200, rows=50) as terminal:
        terminal.until("REPLAY")
        terminal.press("\x1b[F")
        terminal.until("COMPLETE")
        terminal.press("\x1b[H")
        terminal.until_gone("COMPLETE")
        assert _leave(terminal) == 0
    assert file.read_bytes() == before
    assert (tmp_path / "done").read_text(encoding="utf-8") == "once\n"


@pytest.mark.parametrize(("columns", "rows"), [(40, 20), (80, 24), (250, 70)])
def test_it_serves_small_and_large_terminals(tmp_path: Path, columns: int, rows: int) -> None:
    arguments = ("run", str(RELEASE), "--rehearse", "--speed", "60")
    with Terminal(*arguments, cwd=tmp_path, columns=columns, rows=rows) as terminal:
        terminal.until("REHEARSAL")
        terminal.until("y or n")
        terminal.press("y")
        terminal.until("Enter approves")
        terminal.press(ENTER)
        terminal.until("100%", "✓ COMPLETE")
        assert _leave(terminal) == 0


def test_sigterm_ends_session_and_screen(tmp_path: Path) -> None:
    layout = tmp_path / "long.yaml"
    layout.write_text(LONG, encoding="utf-8")
    with Terminal("run", str(layout), cwd=tmp_path) as terminal:
        terminal.until("started")
        psutil.Process(terminal.pid).terminate()
        assert terminal.wait() == 143
        assert terminal.modes() == terminal.modes_before
    assert _of(_events(tmp_path), "system.ended")[0]["outcome"] == "terminated"
    assert _nothing_is_left(tmp_path)
