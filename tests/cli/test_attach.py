"""Screens that come and go while a session runs: detach, hang-up and `mop-tui attach`."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from real_processes import runs
from running import ASKING, Running, eventually, recorded
from terminal import ENTER, TAB, Terminal

Mop = Callable[..., subprocess.CompletedProcess[str]]
ATTACH = ("attach", "it.jsonl")
RUN = ("run", "layout.yaml", "--trust", "--session-file", "it.jsonl")
SHELL = ("bash", "--norc", "-i")


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a layout. What was left to run there is ended."""
    (tmp_path / "layout.yaml").write_text(ASKING, encoding="utf-8")
    yield tmp_path
    for process in programs_in(tmp_path):
        process.terminate()


def approve(terminal: Terminal) -> None:
    """Approve what the dialog asks."""
    terminal.until("y or n chooses")
    terminal.press("y")
    terminal.until("Enter approves")
    terminal.press(ENTER)


def programs_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that run a session in `folder`."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(folder) and RUN[0] in (process.info["cmdline"] or ())
    ]


def test_an_attached_screen_shows_the_session_and_answers_what_it_asks(asking: Running) -> None:
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("LIVE", "asking", "Ship it now?")
        approve(terminal)
        terminal.until("COMPLETE")
        asking.go_on()
        terminal.until("all of 2 tasks complete", "100%")
        assert asking.wait() == 0
        terminal.press("q")
        assert terminal.wait() == 0
        assert "complete: all of 2 tasks complete" in terminal.display
        assert terminal.modes() == terminal.modes_before
    [said] = asking.events("user.answered")
    assert said["by"].endswith(" by attach")


def test_leaving_ends_nothing_and_one_can_come_back(asking: Running) -> None:
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("y or n chooses")
        asking.go_on()
        terminal.until("50%")  # nothing is left but the question, which nobody else can answer
        terminal.press("\x11")
        terminal.until("Leave?", "Leaving ends nothing")
        terminal.press(ENTER)
        assert terminal.wait() == 0
        assert "the session goes on; to come back: mop-tui attach it.jsonl" in terminal.display
    assert psutil.pid_exists(asking.pid)
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("y or n chooses")
        terminal.press("\x1b")
        terminal.until_gone("y or n chooses")
        terminal.press("d")
        assert terminal.wait() == 0
    assert asking.events("system.ended") == []
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        approve(terminal)
        terminal.until("all of 2 tasks complete")
    assert asking.wait() == 0


def test_the_session_can_be_ended_from_an_attached_screen_after_asking(asking: Running) -> None:
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("y or n chooses")
        terminal.press("\x1b")
        terminal.until_gone("y or n chooses")
        terminal.press("E")
        terminal.until("End the session?")
        terminal.press(TAB, ENTER)
        terminal.until("STOPPED")
        assert asking.wait() == 130
        terminal.press("q")
        assert terminal.wait() == 0
    [said] = asking.events("user.commanded")
    assert said["command"] == "stop"
    assert said["by"].endswith(" by attach")


def test_two_screens_show_the_same_and_the_second_sees_what_the_first_answers(
    asking: Running,
) -> None:
    with (
        Terminal(*ATTACH, cwd=asking.folder) as first,
        Terminal(*ATTACH, cwd=asking.folder, columns=200, rows=50) as second,
    ):
        second.until("y or n chooses")
        approve(first)
        first.until("COMPLETE")
        second.until("Question settled", "COMPLETE")
        os.kill(first.pid, 9)
        asking.go_on()
        second.until("all of 2 tasks complete")
    assert asking.wait() == 0


def test_an_attached_screen_ends_with_its_terminal_and_the_session_does_not(
    asking: Running,
) -> None:
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("y or n chooses")
        terminal.close()
        terminal.wait()
    assert psutil.pid_exists(asking.pid)
    assert asking.events("system.ended") == []


def test_a_screen_outlives_the_program_and_comes_back_to_one_that_resumes_it(
    asking: Running, mop: Mop
) -> None:
    assert mop("tell", asking.session, "ann", "before").returncode == 0
    with Terminal(*ATTACH, cwd=asking.folder, columns=120) as terminal:
        terminal.until("y or n chooses")
        asking.kill()
        terminal.until("no program runs it", "mop-tui resume it.jsonl")
        asking.resume()
        assert mop("tell", asking.session, "ann", "after").returncode == 0
        terminal.until_gone("no program runs it")
        approve(terminal)
        terminal.until("COMPLETE")
        asking.go_on()
        terminal.until("all of 2 tasks complete")
    assert asking.wait() == 0
    ids = [said["command"] for said in asking.events("user.answered")]
    ids += [said["id"] for said in asking.events("user.commanded")]
    assert len(set(ids)) == len(ids) == 3


def test_a_screen_whose_program_has_died_can_be_left_while_a_question_is_open(
    asking: Running,
) -> None:
    with Terminal(*ATTACH, cwd=asking.folder) as terminal:
        terminal.until("y or n chooses")
        asking.kill()
        terminal.until(" ! it.jsonl: no program runs it", "q quits")
        terminal.press("q")
        assert terminal.wait() == 2
        assert terminal.transcript.endswith(b"To let it go on: mop-tui resume it.jsonl\r\n")


def test_without_a_terminal_there_is_no_screen(asking: Running, mop: Mop) -> None:
    ran = mop("attach", asking.session)
    assert ran.returncode == 2
    assert ran.stderr.startswith("attach needs a terminal")


def test_a_session_outlives_its_terminal_and_is_reached_from_another(folder: Path) -> None:
    with Terminal(*RUN, cwd=folder) as terminal:
        terminal.until("y or n chooses")
        terminal.close()
        with Terminal(*ATTACH, cwd=folder) as other:
            approve(other)
            other.until("COMPLETE")
            (folder / "go-on").touch()
            other.until("all of 2 tasks complete")
        assert terminal.wait() == 0
    assert len(recorded(folder / "it.jsonl", "user.answered")) == 1


def test_detaching_gives_the_terminal_back_to_the_shell_and_work_goes_on(folder: Path) -> None:
    with Terminal(*SHELL, cwd=folder, program=(), env={"PS1": "ready> "}) as shell:
        shell.until("ready>")
        shell.press(f"{sys.executable} -m mop_tui {' '.join(RUN)}", ENTER)
        shell.until("y or n chooses")
        shell.press("\x1b")
        shell.until_gone("y or n chooses")
        shell.press("d")
        shell.until("to come back: mop-tui attach it.jsonl", "Stopped", "ready>")
        [running] = programs_in(folder)
        eventually(lambda: running.status() != psutil.STATUS_STOPPED)
        shell.press("jobs", ENTER)
        shell.until("Running")
        assert recorded(folder / "it.jsonl", "system.ended") == []
        shell.press("exit", ENTER)
        shell.wait()
    with Terminal(*ATTACH, cwd=folder) as other:
        approve(other)
        (folder / "go-on").touch()
        other.until("all of 2 tasks complete")
    eventually(lambda: not runs(running.pid))
