"""The disk of a session fills up while a person looks on: nothing is done that is not recorded."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from running import eventually
from terminal import ENTER, ESCAPE, Terminal

from mop_tui.journal import verify

LAYOUT = """
session: {id: full}
agent_types: {worker: {}, crier: {run: [touch, announced]}}
teams:
  crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}, crier]}
tasks:
  first:
    agent: ann
    run: {shell: "until test -e go-on; do echo on; sleep 0.05; done; touch first-ended"}
  second: {agent: ann, needs: [first], run: {shell: "touch second-began"}}
  ship: {agent: ben, gate: sure, run: {shell: "touch shipped"}}
questions:
  sure:
    question: "Ship it now?"
    question_type: approval
    on_answer: {approve: [create_task: {agent: crier, task: Announce it}]}
"""
ALONE = ("unshare", "--mount", "--map-root-user", "sh", "-c")
"""What this mounts is seen by this one program only: needs Linux and user namespaces."""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Where a small file system can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here to make a small file system with")
    probe = subprocess.run([*ALONE, _mount(folder)], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no small file system can be made here: {probe.stderr.strip()}")
    return folder


def _mount(folder: Path) -> str:
    return f"mount -t tmpfs -o size=512k tmpfs '{folder}'"


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))


def _kinds(content: bytes) -> list[str]:
    return [json.loads(line)["kind"] for line in content.splitlines()[1:]]


def test_a_full_disk_freezes_the_session_until_there_is_room_and_nothing_is_lost(
    disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "layout.yaml").write_text(LAYOUT, encoding="utf-8")
    program = (*ALONE, f'{_mount(disk)} && exec "$@"', "sh", sys.executable, "-m", "mop_tui")
    words = ("run", "layout.yaml", "--session-file", str(disk / "it.jsonl"))
    with Terminal(*words, cwd=tmp_path, program=program, rows=30) as terminal:
        terminal.until("Ship it now?", "y or n chooses")
        seen_inside = Path(f"/proc/{terminal.pid}/root{disk}")
        session, ballast = seen_inside / "it.jsonl", seen_inside / "ballast"
        _fill(ballast)
        terminal.until("No answer can be given now", "! NOT RECORDING", "Make room")
        while_full = session.read_bytes()
        (tmp_path / "go-on").touch()
        eventually((tmp_path / "first-ended").exists)

        terminal.press("y", ENTER)
        terminal.press(ESCAPE)
        terminal.until_gone("y or n chooses")
        terminal.until("NOT RECORDING")
        assert not (tmp_path / "shipped").exists()
        assert not (tmp_path / "announced").exists()
        assert not (tmp_path / "second-began").exists(), "what is not recorded is not done"

        ballast.unlink()
        terminal.until_gone("NOT RECORDING")
        eventually((tmp_path / "second-began").exists)
        for effect in ("shipped", "announced"):
            assert not (tmp_path / effect).exists(), "an answer that was refused does not count"
        terminal.press("a")
        terminal.until("y or n chooses")
        terminal.press("y")
        terminal.until("Enter approves")
        terminal.press(ENTER)
        terminal.until("all of 4 tasks complete")
        eventually(lambda: b"system.ended" in session.read_bytes())
        recorded = session.read_bytes()
        terminal.press("q")
        assert terminal.wait() == 0

    sound = while_full[: while_full.rindex(b"\n") + 1]
    assert recorded.startswith(sound), "what was on the disk stays"
    kinds = _kinds(recorded)
    assert kinds.count("system.not_recording") == 1
    assert kinds.count("user.answered") == 1
    assert kinds.count("system.ended") == 1
    (tmp_path / "saved.jsonl").write_bytes(recorded)
    assert verify(tmp_path / "saved.jsonl").state == "intact"
    assert (tmp_path / "shipped").exists()
    assert (tmp_path / "announced").exists()
