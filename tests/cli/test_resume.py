"""`mop-tui resume`, seen from the shell: real processes, really killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.kills import campaign

Mop = Callable[..., subprocess.CompletedProcess[str]]
Answers = Callable[[str], Path]

LONG = """
session: {id: long}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  quick: {agent: ann, run: {shell: "echo quick >> ledger"}}
  slow:
    agent: ben
    needs: [quick]
    run: {shell: "echo slow >> ledger; until test -e go-on; do sleep 0.05; done"}
  last: {agent: ann, needs: [slow], run: {shell: "echo last >> ledger"}}
"""


def killed_while(said: str, folder: Path, layout: str, *options: str) -> Path:
    """Run a layout, kill the program once it says so, and return the session file."""
    (folder / "layout.yaml").write_text(layout, encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, "-m", "mop_tui", "run", "--trust", "layout.yaml", "--headless", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert program.stdout is not None
    for line in program.stdout:
        if said in line:
            break
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()
    [session] = (folder / "sessions").glob("*.jsonl")
    return session


def test_a_killed_session_goes_on_and_does_not_do_again_what_was_done(
    mop: Mop, tmp_path: Path
) -> None:
    session = killed_while("ben began slow", tmp_path, LONG)
    before = session.read_bytes()
    (tmp_path / "go-on").touch()
    done = mop("resume", session, "--headless")
    assert done.returncode == 0, done.stderr
    assert "the session goes on, after its program had ended" in done.stdout
    assert (tmp_path / "ledger").read_text(encoding="utf-8").split() == [
        *("quick", "slow", "slow", "last")
    ]
    assert session.read_bytes().startswith(before[: before.rindex(b"\n") + 1])
    checked = mop("verify", session, "--decisions")
    assert checked.returncode == 0, checked.stderr


def test_it_goes_on_in_the_folder_in_which_it_was_started(mop: Mop, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    session = killed_while("ben began slow", folder, LONG)
    (folder / "go-on").touch()
    done = mop("resume", session, "--headless")
    assert done.returncode == 0, done.stderr
    assert "last" in (folder / "ledger").read_text(encoding="utf-8")
    assert not (tmp_path / "ledger").exists()


def test_a_folder_that_is_gone_is_named(mop: Mop, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    session = killed_while("ben began slow", folder, LONG).rename(tmp_path / "s.jsonl")
    folder.rename(tmp_path / "elsewhere")
    done = mop("resume", session, "--headless")
    assert done.returncode == 2
    assert done.stderr == (
        f"{folder}: the session was started in this folder, and its agents would run there:"
        " No such file or directory.\n"
    )


def test_what_must_not_be_done_twice_is_not(mop: Mop, tmp_path: Path) -> None:
    layout = LONG.replace("needs: [quick]\n", "needs: [quick]\n    gate: sure\n", 1)
    layout += "questions: {sure: {question: Sure}}\n"
    answers = tmp_path / "answers.yaml"
    answers.write_text("- {question: sure, value: approve}\n", encoding="utf-8")
    session = killed_while("ben began slow", tmp_path, layout, "--answers", str(answers))
    done = mop("resume", session, "--headless", "--answers", answers)
    assert done.returncode == 3, "it was approved for one attempt, and nobody is there to ask"
    assert "Slow was being done when the program ended. Do it again?" in done.stdout
    ledger = (tmp_path / "ledger").read_text(encoding="utf-8").split()
    assert ledger.count("slow") == 1


def test_a_session_that_has_ended_is_looked_at_instead(mop: Mop, two_steps: Path) -> None:
    session = two_steps.with_name("s.jsonl")
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", session)
    done = mop("resume", session, "--headless")
    assert done.returncode == 2
    assert done.stderr == (
        f"{session}: has ended (waiting), so there is nothing to resume."
        f" Look at it with: mop-tui replay {session}\n"
    )
    assert not session.with_suffix(".lock").exists()


def test_a_rehearsal_goes_on_too(mop: Mop, two_steps: Path, answers: Answers) -> None:
    session = two_steps.with_name("s.jsonl")
    sure = answers("- {question: sure, value: approve}")
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", session, "--answers", sure)
    lines = session.read_bytes().splitlines(keepends=True)
    session.write_bytes(b"".join(lines[: len(lines) // 2]))
    done = mop("resume", session, "--headless", "--answers", sure, "--json")
    assert done.returncode == 0, done.stderr
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert "system.resumed" in kinds
    assert kinds[-1] == "system.ended"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"", "is not a session that can be read"),
        (b'{"format":"mop-session/1","gen', ":1: "),
    ],
    ids=["missing", "empty", "cut in its header"],
)
def test_what_is_no_session_is_refused(
    mop: Mop, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "s.jsonl"
    if content is not None:
        path.write_bytes(content)
    done = mop("resume", path, "--headless")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (path.read_bytes() if path.exists() else None) == content, "nothing was touched"


def test_kills_at_random_moments_lose_repeat_and_leave_nothing() -> None:
    tally = campaign(kills=4, seed=7)
    assert tally.wrong == []
    assert tally.kills == 4


def test_a_second_program_is_told_who_runs_the_session(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_text(LONG, encoding="utf-8")
    session = tmp_path / "s.jsonl"
    words = ["run", "layout.yaml", "--trust", "--headless", "--session-file", str(session)]
    first = subprocess.Popen(
        [sys.executable, "-m", "mop_tui", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert first.stdout is not None
    while "ben began slow" not in first.stdout.readline():
        pass
    link = tmp_path / "latest.jsonl"
    link.symlink_to(session)
    for again in (["resume", session, "--headless"], words, ["resume", link, "--headless"]):
        second = mop(*again)
        assert second.returncode == 2
        assert f"process {first.pid} of " in second.stderr
        assert f"mop-tui attach {session}" in second.stderr
    (tmp_path / "go-on").touch()
    first.communicate()
    assert first.returncode == 0
    assert not session.with_suffix(".lock").exists()


def test_what_lies_beside_sessions_is_no_session(mop: Mop, tmp_path: Path) -> None:
    file = tmp_path / "precious.lock"
    file.write_text("precious", encoding="utf-8")
    done = mop("resume", file, "--headless")
    assert done.returncode == 2
    assert "a session file may not end in .lock" in done.stderr
    assert file.read_text(encoding="utf-8") == "precious"


def test_what_lost_processes_were_told_is_gone_at_the_end(mop: Mop, tmp_path: Path) -> None:
    session = killed_while("ben began slow", tmp_path, LONG)
    tasks = session.with_suffix(".tasks")
    assert any(tasks.iterdir()), "the killed program could not remove it"
    (tmp_path / "go-on").touch()
    assert mop("resume", session, "--headless").returncode == 0
    assert not tasks.exists()
