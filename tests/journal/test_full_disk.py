"""When there is no room on the disk, nothing is lost, nothing doubled and nothing pretended."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("full_disk.py")
Play = Callable[[str], dict[str, Any]]


def result(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.fixture(params=["limit", "small"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Play a scene with a disk that is really full."""
    python = [sys.executable, str(PROGRAM)]
    if request.param == "limit":
        return lambda scene: result([*python, scene, "limit", str(tmp_path)])

    # A file system of its own, seen by this one process only: needs Linux and user namespaces.
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=96k tmpfs '{tmp_path}'"
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here to make a small file system with")
    probe = subprocess.run([*alone, mount], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no small file system can be made here: {probe.stderr.strip()}")
    return lambda scene: result(
        [*alone, f'{mount} && exec "$@"', "sh", *python, scene, "small", str(tmp_path)]
    )


def test_what_happens_while_the_disk_is_full_is_written_once_it_is_not(play: Play) -> None:
    seen = play("recovers")
    assert seen["verdict"] == "intact"
    assert seen["seqs"] == list(range(1, 36))
    assert seen["failure afterwards"] == ""


def test_nothing_becomes_durable_while_the_disk_is_full(play: Play) -> None:
    seen = play("recovers")
    durable = seen["durable while full"]
    assert 10 <= durable < 30
    assert seen["file while full"] == {"verdict": "intact", "seqs": list(range(1, durable + 1))}
    kinds = [kind for kind, _ in seen["news"]]
    failed = kinds.index("failure")
    assert max(seq for kind, seq in seen["news"][:failed] if kind == "durable") == durable
    assert kinds[failed + 1] == "recovered"
    assert kinds.count("failure") == kinds.count("recovered") == 1


def test_a_full_disk_is_told_in_a_sentence_and_so_is_its_end(play: Play) -> None:
    seen = play("recovers")
    sentence = seen["failure while full"]
    assert "session.jsonl: cannot be written: " in sentence
    assert sentence.endswith("Make room.")
    assert (
        f"{30 - seen['durable while full']} events are not in the file" in seen["flush while full"]
    )
    why, lasted_ms = next(what for kind, what in seen["news"] if kind == "recovered")
    assert why == sentence
    assert 0 < lasted_ms < 10_000


def test_closing_on_a_full_disk_ends_and_says_what_is_missing(play: Play) -> None:
    seen = play("never_recovers")
    assert seen["took"] < 5
    assert seen["verdict"] == "intact"
    assert seen["seqs"] == list(range(1, seen["durable"] + 1))
    assert seen["lost"] == 30 - seen["durable"] > 0
    assert f"The last {seen['lost']} events are not in the file." in seen["closed"]


def test_a_session_that_cannot_begin_leaves_no_file_behind(play: Play) -> None:
    seen = play("never_begins")
    assert "cannot be written" in seen["refused"]
    assert not seen["exists"]


def test_a_rehearsal_on_a_full_disk_fails_and_can_go_on_with_room(play: Play) -> None:
    seen = play("buffered")
    assert seen["lost"] == 50
    assert "Make room" in seen["flushed"]
    assert seen["file while full"] == {"verdict": "intact", "seqs": []}
    assert seen["verdict"] == "intact"
    assert seen["seqs"] == list(range(1, 52))
