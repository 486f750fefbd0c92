"""Whoever is not there is called: by a real terminal, and by a real program."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import Running, eventually, recorded
from terminal import BLUR, ENTER, ESCAPE, FOCUS, TAB, Terminal

Mop = Callable[..., subprocess.CompletedProcess[str]]

WORKS = '{shell: "echo started; until test -e called; do sleep 0.05; done"}'
NOTES = '{shell: "env | grep ^MOP_ | sort > noted; mv noted called"}'
ASKS = """
session: {id: asks}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  slow: {agent: ann, run: %s}
  ship: {agent: ben, gate: sure, run: {shell: "echo shipped"}}
questions: {sure: {question: "Ship it now?", timeout: 1h}}
notify: {bell_after: 200ms, desktop_after: 400ms, command: %s, command_after: 600ms}
"""
CALLS = ASKS % (WORKS, NOTES)
"""Somebody works until somebody was called, and somebody waits for an approval."""
LATER = (ASKS % (WORKS.replace("called", "go-on"), NOTES)).replace(
    "gate: sure", "gate: sure, needs: [slow]"
)
"""The approval is asked for once there is a file `go-on`."""
NOTICE = b"]9;mop-tui asks: task ship: Ship it now?"


def written(folder: Path, layout: str = CALLS) -> Path:
    path = folder / "layout.yaml"
    path.write_text(layout, encoding="utf-8")
    return path


def noted(folder: Path) -> dict[str, str]:
    """Return what the program that calls was told."""
    lines = (folder / "called").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def calls(session: Path) -> list[str]:
    """Return because of what somebody was called."""
    return [it["question"] for it in recorded(session, "system.intended") if it["about"] == "call"]


def come_back(terminal: Terminal) -> None:
    """Put the question aside. The first key of who comes back counts for nothing."""
    terminal.until("y or n chooses")
    terminal.press(ESCAPE)
    terminal.until("Keys are ignored")
    terminal.until("y or n chooses")
    terminal.press(ESCAPE)
    terminal.until_gone("y or n chooses")


# -- by a program ---------------------------------------------------------------------------------


def test_a_session_without_a_screen_calls_by_a_program(mop: Mop, tmp_path: Path) -> None:
    layout = CALLS.replace("timeout: 1h", "timeout: 3s")
    done = mop("run", written(tmp_path, layout), "--headless", "--session-file", "s.jsonl")
    assert "about to call somebody because of q1" in done.stdout
    session = tmp_path / "s.jsonl"
    assert noted(tmp_path) | {"MOP_RUN": "", "MOP_INCARNATION": ""} == {
        "MOP_ASKED_BY": "task ship",
        "MOP_CALL": "task ship: Ship it now?",
        "MOP_HOOK": "call",
        "MOP_INCARNATION": "",
        "MOP_OTHERS": "0",
        "MOP_OVERDUE": "",
        "MOP_QUESTION": "q1",
        "MOP_QUESTION_NAME": "sure",
        "MOP_QUESTION_TEXT": "Ship it now?",
        "MOP_QUESTION_TYPE": "approval",
        "MOP_RUN": "",
        "MOP_SESSION": str(session),
        "MOP_TELL_FD": noted(tmp_path)["MOP_TELL_FD"],
    }
    assert calls(session) == ["q1"]
    assert mop("verify", session, "--decisions").returncode == 0


def test_only_questions_are_left_and_no_call_keeps_the_session(mop: Mop, tmp_path: Path) -> None:
    layout = ASKS % ('["true"]', NOTES)
    layout = layout.replace(", timeout: 1h", "").replace("600ms", "1h")
    done = mop("run", written(tmp_path, layout), "--headless", "--session-file", "s.jsonl")
    assert done.returncode == 3, done.stderr
    assert not (tmp_path / "called").exists()


def test_a_rehearsal_calls_nobody(mop: Mop, tmp_path: Path) -> None:
    layout = CALLS.replace("agent: ann,", "agent: ann, duration: 10m,")
    done = mop("run", written(tmp_path, layout), "--headless", "--rehearse", "--seed", "1")
    assert "would call somebody because of q1" in done.stdout
    assert not (tmp_path / "called").exists()


def test_a_program_that_fails_is_told_of_and_keeps_nothing_up(mop: Mop, tmp_path: Path) -> None:
    layout = ASKS % ('{shell: "sleep 1.5"}', '{shell: "echo no line; exit 7"}')
    layout = layout.replace("timeout: 1h", "timeout: 2s")
    mop("run", written(tmp_path, layout), "--headless", "--session-file", "s.jsonl")
    issues = [it["text"] for it in recorded(tmp_path / "s.jsonl", "system.issue_opened")]
    assert issues[0] == (
        "nobody could be called: the command of notify ended with exit code 7: no line"
    )
    assert (tmp_path / "s.logs" / "+call.log").read_text().endswith("no line\n[exit code 7]\n")


def test_who_trusts_a_layout_is_shown_the_program_and_so_is_who_plans(
    mop: Mop, tmp_path: Path
) -> None:
    layout = written(tmp_path)
    said = mop("plan", layout).stdout
    assert "session call: env | grep ^MOP_" in said
    hooks = json.loads(mop("plan", layout, "--json").stdout)["hooks"]
    assert [(hook["of"], hook["hook"]) for hook in hooks] == [("session", "call")]
    arguments = ("run", str(layout))
    with Terminal(*arguments, cwd=tmp_path, trusting=False, columns=120) as terminal:
        terminal.until("Run these?", "env | grep ^MOP_")
        terminal.press("n\r")
        assert terminal.wait() == 2


# -- by a terminal --------------------------------------------------------------------------------


def test_a_screen_that_nobody_looks_at_rings_and_then_notifies(tmp_path: Path) -> None:
    with Terminal("run", str(written(tmp_path)), cwd=tmp_path) as terminal:
        terminal.until("Ship it now?", "y or n chooses")
        assert terminal.title in (UNNAMED, NAMED)
        terminal.press(BLUR)
        terminal.until_written(NOTICE)
        before, _, _ = terminal.transcript.partition(NOTICE)
        rings = re.sub(rb"\x1b\][^\x07\x1b]*\x07", b"", before).count(b"\x07")
        assert rings == 1, "first the bell, then the notification"
        terminal.until_true(lambda: terminal.title == NAMED, "a title that says what waits")
        terminal.until_true((tmp_path / "called").exists, "a call")
        come_back(terminal)
        terminal.until_true(lambda: terminal.title == UNNAMED, "the title of one who has come")
        assert terminal.bells() == 1
        assert terminal.transcript.count(b"\x1b]9;") == 1


UNNAMED = "(1 waiting) asks - mop-tui"
NAMED = "(1 waiting) task ship: Ship it now? - asks - mop-tui"


def test_a_screen_with_the_focus_is_quiet_but_a_focus_is_nobody(tmp_path: Path) -> None:
    with Terminal("run", str(written(tmp_path, LATER)), cwd=tmp_path) as terminal:
        terminal.until("LIVE", "started")
        terminal.press(FOCUS, "?")
        terminal.until("Help")  # so the focus is known, too
        terminal.press(ESCAPE)
        (tmp_path / "go-on").touch()
        terminal.until("Ship it now?", "y or n chooses")
        # That comes later than both of the others would.
        terminal.until_true((tmp_path / "called").exists, "a call")
        terminal.press(ESCAPE)
        terminal.until_gone("y or n chooses")
        assert terminal.bells() == 0
        assert NOTICE not in terminal.transcript


def test_who_is_at_the_screen_is_not_called_by_a_program(tmp_path: Path) -> None:
    layout = LATER.replace("command_after: 600ms", "command_after: 6s")
    arguments = ("run", str(written(tmp_path, layout)), "--session-file", "s.jsonl")
    session = tmp_path / "s.jsonl"
    with Terminal(*arguments, cwd=tmp_path) as terminal:
        terminal.until("started")
        (tmp_path / "go-on").touch()
        terminal.until("Ship it now?", "y or n chooses")

        def noticed() -> bool:
            terminal.press("j")
            return bool(recorded(session, "user.noticed"))

        def decided() -> list[dict[str, Any]]:
            return [it for it in recorded(session, "system.decided") if it["rule"] == "call"]

        terminal.until_true(noticed, "somebody to be noticed")
        terminal.until_true(decided, "a decision")
        [call] = decided()
        assert (call["verdict"], call["actions"]) == ("no", [])
        assert call["reason"].startswith("somebody was at a screen that told of q1, ")
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(
    ("terminal_says", "sequence"),
    [
        ({"TERM": "xterm-kitty"}, b"\x1b]99;i=mop-tui:p=body;task ship: Ship it now?\x1b\\"),
        ({"TERM_PROGRAM": "ghostty"}, b"\x1b]777;notify;mop-tui asks;task ship: Ship it now?"),
        (
            {"TMUX": "/run/tmux,1,0"},
            b"\x1bPtmux;\x1b\x1b]9;mop-tui asks: task ship: Ship it now?\x1b\x1b\\\x1b\\",
        ),
    ],
    ids=["kitty", "ghostty", "tmux"],
)
def test_each_terminal_is_notified_in_its_own_way(
    tmp_path: Path, terminal_says: dict[str, str], sequence: bytes
) -> None:
    arguments = ("run", str(written(tmp_path)))
    with Terminal(*arguments, cwd=tmp_path, env=terminal_says) as terminal:
        terminal.until("Ship it now?")
        terminal.press(BLUR)
        terminal.until_written(sequence)


def test_a_rehearsal_rings_for_who_plays_it_and_sends_nothing(tmp_path: Path) -> None:
    layout = CALLS.replace("agent: ann,", "agent: ann, duration: 1s,")
    arguments = ("run", str(written(tmp_path, layout)), "--rehearse", "--session-file", "s.jsonl")
    session = tmp_path / "s.jsonl"
    with Terminal(*arguments, cwd=tmp_path) as terminal:
        terminal.until("REHEARSAL", "Ship it now?")
        terminal.press(BLUR)
        terminal.until_written(NAMED.encode())
        terminal.until("would call")
        come_back(terminal)
        terminal.press("q")
        terminal.until("End the session?")
        terminal.press(TAB, ENTER)
        terminal.wait()
        assert terminal.bells() == 1
        assert NOTICE not in terminal.transcript
    [call] = [it for it in recorded(session, "system.intended") if it["about"] == "call"]
    assert call["would"]
    assert not (tmp_path / "called").exists()


def test_an_attached_screen_rings_its_own_terminal(tmp_path: Path) -> None:
    layout = ASKS % ('{shell: "until test -e go-on; do sleep 0.05; done"}', NOTES)
    with Running(tmp_path, layout) as session, Terminal("attach", "it.jsonl", cwd=tmp_path) as one:
        one.until("Ship it now?")
        one.press(BLUR)
        one.until_written(NOTICE)
        assert one.bells() == 1
        session.go_on()


def test_a_session_whose_screen_is_gone_calls_by_the_program(tmp_path: Path) -> None:
    arguments = ("run", str(written(tmp_path, LATER)), "--session-file", "s.jsonl")
    with Terminal(*arguments, cwd=tmp_path) as terminal:
        terminal.until("started")
        terminal.close()
        (tmp_path / "go-on").touch()
        eventually((tmp_path / "called").exists)
    assert noted(tmp_path)["MOP_QUESTION"] == "q1"
