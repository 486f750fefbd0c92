"""One session, one writer: of two programs one is told who holds it."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mop_tui.errors import JournalError
from mop_tui.journal.lock import SessionHeldError, SessionLock, holder_of

HOLD = """
import sys, time
from pathlib import Path
from mop_tui.errors import MopError
from mop_tui.journal.lock import SessionLock
try:
    lock = SessionLock.acquire(Path(sys.argv[1]), "other")
except MopError as error:
    print("refused", flush=True)
    sys.exit(0)
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


def contender(session: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, session],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def heard(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def end(*programs: "subprocess.Popen[str]") -> None:
    for program in programs:
        program.communicate()


def test_the_second_is_told_who_holds_it_and_since_when(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    other = contender(session)
    assert heard(other) == "held"
    with pytest.raises(SessionHeldError) as refused:
        SessionLock.acquire(session, "mine")
    end(other)
    told = refused.value.holder
    assert told.pid == other.pid
    assert told.run == "other"
    assert f"process {other.pid} of {told.user} since {told.since[:10]}" in str(refused.value)
    assert f"mop-tui attach {session}" in str(refused.value)


def test_once_it_is_released_nothing_is_left_of_it(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    for _ in range(3):
        with SessionLock.acquire(session, "run"):
            assert stat.S_IMODE((tmp_path / "s.lock").stat().st_mode) == 0o600
        assert list(tmp_path.iterdir()) == []
    assert holder_of(session) is None


def test_the_lock_of_a_killed_program_means_nothing(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    other = contender(session)
    assert heard(other) == "held"
    os.kill(other.pid, signal.SIGKILL)
    end(other)
    assert json.loads((tmp_path / "s.lock").read_text(encoding="utf-8"))["pid"] == other.pid
    assert holder_of(session) is None
    with SessionLock.acquire(session, "mine"):
        pass
    assert not (tmp_path / "s.lock").exists()


def test_of_many_that_try_at_once_exactly_one_succeeds(tmp_path: Path) -> None:
    for round_ in range(4):
        session = tmp_path / f"{round_}.jsonl"
        programs = [contender(session) for _ in range(5)]
        said = [heard(program) for program in programs]
        end(*programs)
        assert sorted(said) == ["held", *["refused"] * 4]


def test_whoever_looks_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    (tmp_path / "s.lock").touch()
    for _ in range(50):
        assert holder_of(session) is None
        SessionLock.acquire(session, "run").release()


def test_a_lock_that_could_not_be_described_holds_all_the_same(tmp_path: Path) -> None:
    session = tmp_path / "s.jsonl"
    other = contender(session)
    assert heard(other) == "held"
    (tmp_path / "s.lock").write_text("", encoding="utf-8")
    with pytest.raises(SessionHeldError, match="another program runs this session"):
        SessionLock.acquire(session, "mine")
    holder = holder_of(session)
    assert holder is not None
    assert holder.pid == 0
    end(other)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be made: No such file or directory"):
        SessionLock.acquire(tmp_path / "nowhere" / "s.jsonl", "run")
