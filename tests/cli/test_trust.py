"""The first time a layout is run, its commands are shown and the operator agrees, or it is not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import programs
import psutil
import pytest
from running import eventually
from terminal import ENTER, Terminal

from mop_tui.layout import bundled


def run(layout: Path | str, *options: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a layout with nobody at a terminal."""
    return programs.run("run", layout, "--headless", *options, cwd=cwd)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing has been run by whoever runs this test."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


def test_an_unseen_layout_is_not_run_unasked(two_steps: Path, tmp_path: Path) -> None:
    done = run(two_steps.name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "two-steps.yaml: this layout has not been run here before, and nobody is here to agree to "
        "its 2 commands: mop-tui plan two-steps.yaml lists them. With --trust they are run "
        "unasked.\n"
    )
    assert not (tmp_path / "sessions").exists(), "nothing was begun"


def test_what_was_agreed_to_once_is_not_asked_again(
    two_steps: Path, tmp_path: Path, state: Path
) -> None:
    assert run(two_steps, "--trust", cwd=tmp_path).returncode == 3
    assert run(two_steps, cwd=tmp_path).returncode == 3
    assert (state / "mop-tui" / "trusted").stat().st_mode & 0o777 == 0o600


def test_what_only_triggers_may_start_is_agreed_to_as_well(two_steps: Path, tmp_path: Path) -> None:
    text = two_steps.read_text(encoding="utf-8")
    spawned = text.replace("agent_types:", "agent_types:\n  smith: {run: [hammer]}")
    trigger = "\ntrigger: {type: agent_error, action: spawn_agent, agent_type: smith}\n"
    two_steps.write_text(spawned + trigger, encoding="utf-8")
    done = run(two_steps.name, cwd=tmp_path)
    assert done.returncode == 2
    assert "nobody is here to agree to its 3 commands" in done.stderr


def test_any_change_is_asked_about_anew(two_steps: Path, tmp_path: Path) -> None:
    run(two_steps, "--trust", cwd=tmp_path)
    text = two_steps.read_text(encoding="utf-8")
    two_steps.write_text(text.replace("touch shipped", "touch shopped"), encoding="utf-8")
    assert run(two_steps, cwd=tmp_path).returncode == 2
    two_steps.write_text(text, encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(two_steps, elsewhere)
    done = run(elsewhere / two_steps.name, cwd=tmp_path)
    assert done.returncode == 2, "the scripts beside it may be others"


def test_a_rehearsal_needs_no_trust_for_it_runs_nothing(two_steps: Path, tmp_path: Path) -> None:
    assert run(two_steps, "--rehearse", cwd=tmp_path).returncode == 3


def test_a_layout_as_it_was_shipped_is_trusted_and_a_changed_one_is_not(tmp_path: Path) -> None:
    shipped = bundled.find("agents-tour")
    assert shipped is not None
    copy = tmp_path / shipped.name
    shutil.copy(shipped, copy)
    shutil.copytree(shipped.with_suffix(""), copy.with_suffix(""))
    assert bundled.is_shipped(shipped)
    assert bundled.is_shipped(copy)
    script = copy.with_suffix("") / "press.py"
    script.write_text(script.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert not bundled.is_shipped(copy)
    shutil.copy(shipped.with_suffix("") / "press.py", script)
    assert bundled.is_shipped(copy)
    (copy.with_suffix("") / "json.py").touch()
    assert not bundled.is_shipped(copy), "a script may load it"


def test_at_a_terminal_the_commands_are_shown_and_yes_runs_them(
    two_steps: Path, tmp_path: Path
) -> None:
    with Terminal("run", two_steps.name, cwd=tmp_path, trusting=False) as terminal:
        terminal.until(
            "two-steps.yaml has not been run here before. It runs, as you:",
            "sh -c 'echo made it'",
            "sh -c 'touch shipped; echo shipped it'",
            "Run these? [y/N]",
        )
        terminal.press("y", ENTER)
        terminal.until("LIVE", "Ship it now?")
    with Terminal("run", two_steps.name, cwd=tmp_path, trusting=False) as terminal:
        terminal.until("LIVE", "Ship it now?")


@pytest.mark.parametrize("keys", [("n", ENTER), (ENTER,), ("\x03",), ("\x04",)])
def test_anything_but_yes_runs_nothing(
    two_steps: Path, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    with Terminal("run", two_steps.name, cwd=tmp_path, trusting=False) as terminal:
        terminal.until("Run these? [y/N]")
        # Python hears an interrupt that comes just before it reads a line with the next key only.
        program = psutil.Process(terminal.pid)
        eventually(lambda: program.status() == psutil.STATUS_SLEEPING)
        terminal.press(*keys)
        assert terminal.wait() in (2, 130)
    assert not (tmp_path / "sessions").exists()
    assert run(two_steps.name, cwd=tmp_path).returncode == 2, "that was no agreement"


def test_a_session_from_elsewhere_is_asked_about_before_it_is_resumed(
    two_steps: Path, tmp_path: Path, state: Path
) -> None:
    session = tmp_path / "s.jsonl"
    run(two_steps, "--trust", "--session-file", str(session), cwd=tmp_path)
    lines = session.read_bytes().splitlines(keepends=True)
    session.write_bytes(b"".join(lines[:20]))
    shutil.rmtree(state)
    words = [sys.executable, "-m", "mop_tui", "resume", str(session), "--headless"]
    done = subprocess.run(
        words, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 2
    assert "has not been run here before" in done.stderr
    again = subprocess.run(
        [*words, "--trust"], capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    assert again.returncode == 3


def test_where_nothing_can_be_remembered_it_is_asked_again(
    two_steps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    assert run(two_steps, "--trust", cwd=tmp_path).returncode == 3
    assert run(two_steps, cwd=tmp_path).returncode == 2


def test_hooks_are_among_what_is_agreed_to(tmp_path: Path) -> None:
    (tmp_path / "hooked.yaml").write_text(
        """
session: {id: hooked, on_start: [touch, began]}
agent_types: {worker: {run: [touch, worked], on_start: [touch, ready]}}
teams: {crew: {agents: [worker]}}
tasks: {one: {agent: worker, post_task: {shell: "test -e worked"}}}
""",
        encoding="utf-8",
    )
    with Terminal("run", "hooked.yaml", cwd=tmp_path, trusting=False) as terminal:
        terminal.until(*("touch began", "touch ready", "test -e worked"), "Run these? [y/N]")
        terminal.press("n", ENTER)
        assert terminal.wait() == 2
    assert not (tmp_path / "began").exists()
