"""The sessions that come with the project: they can be replayed, and would be decided so today."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import Terminal

Mop = Callable[..., subprocess.CompletedProcess[str]]
SESSIONS = Path(__file__).parents[2] / "sessions"
BOTH = pytest.mark.parametrize("name", ["mop-platform", "python-release"])


@BOTH
def test_this_program_would_decide_the_same(mop: Mop, name: str) -> None:
    done = mop("verify", "--decisions", SESSIONS / f"{name}.jsonl")
    assert done.returncode == 0, done.stderr
    assert "re-running its inputs gives the same" in done.stdout


@BOTH
def test_they_name_no_machine(name: str) -> None:
    header = (SESSIONS / f"{name}.jsonl").read_bytes().splitlines()[0]
    assert b'"host":""' in header
    assert b'"paths":{}' in header


@BOTH
def test_they_can_be_replayed(tmp_path: Path, name: str) -> None:
    session = str(SESSIONS / f"{name}.jsonl")
    with Terminal("replay", session, cwd=tmp_path, columns=120, rows=40) as terminal:
        terminal.until("REPLAY", "event")
        terminal.press("\x1b[F")  # end
        terminal.until("AT END", "100%")
        terminal.press("q")
        assert terminal.wait() == 0
