"""What is wrong with a command line is said in a sentence: what, where, and what to do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.cli.contents import SUMMARIES

Mop = Callable[..., subprocess.CompletedProcess[str]]
RECORDED = Path(__file__).parents[2] / "sessions" / "python-release.jsonl"
WITH_SESSION = {
    "resume": (),
    "answer": (),
    "feedback": ("ann", "well done"),
    "tell": ("ann", "hurry"),
    "replay": (),
    "events": (),
    "verify": (),
}
"""The commands that read a session file without a terminal, and what else they need."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path) -> None:
    """Put a session, and files that are none, where commands are called."""
    sessions = tmp_path / "sessions"
    sessions.mkdir()
    recorded = RECORDED.read_bytes()
    (sessions / "release.jsonl").write_bytes(recorded)
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rum", "mop-tui: no such command 'rum'. Did you mean 'run'? See `mop-tui --help`."),
        ("xyzzy", "mop-tui: no such command 'xyzzy'. See `mop-tui --help`."),
        ("--nope", "mop-tui: no such option '--nope'. See `mop-tui --help`."),
        ("run", "mop-tui run: missing argument 'LAYOUT'. See `mop-tui run --help`."),
        (
            "run mop-platform more",
            "mop-tui run: got unexpected extra argument (more). See `mop-tui run --help`.",
        ),
        (
            "run mop-platform --seed x",
            "mop-tui run: invalid value for '--seed': 'x' is not a valid integer."
            " See `mop-tui run --help`.",
        ),
        (
            "replay release --speed nan",
            "mop-tui replay: invalid value for '--speed': 'nan' is no positive number."
            " See `mop-tui replay --help`.",
        ),
        (
            "plan mop-platfrom",
            "mop-platfrom: there is no such file, and no such layout comes with mop-tui;"
            " did you mean mop-platform?",
        ),
        (
            "events relase",
            "relase: there is no such session file, nor one of this name in sessions/;"
            " did you mean release?",
        ),
        ("run mop-platform --set pace", "--set pace: KEY=VALUE is expected."),
        ("sessions empty", "empty: is no folder."),
        ("sessions nowhere", "nowhere: there is no such folder."),
        ("init empty", "empty: is no folder. Name another one: mop-tui init FOLDER"),
        ("tell release ann", "tell: SESSION AGENT TEXT is expected. See `mop-tui tell --help`."),
    ],
)
def test_it_says_what_was_meant_or_where_to_look(mop: Mop, words: str, said: str) -> None:
    done = mop(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{said}\n"


@pytest.mark.parametrize("name", WITH_SESSION)
def test_what_is_no_session_is_called_so_by_every_command(mop: Mop, name: str) -> None:
    for path, what in {
        "binary": "is not a session that can be read",
        "empty": "is not a session that can be read",
        "folder": "is a folder, not a session file.",
        "nowhere/it.jsonl": "cannot be read: No such file or directory.",
        "empty/it.jsonl": "cannot be read: Not a directory.",
        "bina\x07ry": "there is no such session file",
    }.items():
        done = mop(name, path, *WITH_SESSION[name])
        assert (done.returncode, done.stdout) == (2, ""), path
        assert what in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("name", ["run", "plan", "check"])
def test_what_is_no_layout_is_called_so_by_every_command(mop: Mop, name: str) -> None:
    for path, what in {
        "binary": "is not UTF-8 text from here on",
        "empty": "is empty; a layout has at least session, teams and tasks",
        "folder": "is a folder, not a layout",
        "nowhere/it.yaml": "cannot be read: No such file or directory",
    }.items():
        done = mop(name, path)
        assert (done.returncode, done.stdout) == (2, ""), path
        assert what in done.stderr


@pytest.mark.parametrize("name", SUMMARIES)
def test_no_words_make_a_command_fail_in_another_way(mop: Mop, name: str) -> None:
    for words in (["--nope"], ["\udcff"], ["", "", "", "", ""], ["x" * 5000], ["a", "b"] * 3):
        done = mop(name, *words)
        assert done.returncode == 2 or name == "init", (words, done.stderr)
        assert "Traceback" not in done.stderr
        assert "defect" not in done.stderr


def test_events_that_nobody_finds_are_told_of(mop: Mop) -> None:
    done = mop("events", "release", "--agent", "nobody")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "sessions/release.jsonl: has no such events.\n"


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mop_tui", "events", "release"],
            cwd=tmp_path,
            stdout=writes,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (0, "")
