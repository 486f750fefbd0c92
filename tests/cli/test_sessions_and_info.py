"""Which sessions there are, what they did, and what happens in one that runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mop_tui.domain.plan import Mode
from mop_tui.foresight.store import usual_folder
from mop_tui.journal.header import Header, encode_header

Mop = Callable[..., subprocess.CompletedProcess[str]]

SLOW = """
session: {id: slow}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {wait: {agent: worker, run: {shell: "echo begun; until test -e go-on; do sleep 0.05; done"}}}
"""


@contextmanager
def running(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A session that runs until `go-on` exists, and has begun its task."""
    (folder / "slow.yaml").write_text(SLOW, encoding="utf-8")
    words = ["run", "slow.yaml", "--trust", "--headless", "--session-file", "slow.jsonl"]
    program = subprocess.Popen(
        [sys.executable, "-m", "mop_tui", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert program.stdout is not None
    while "began wait" not in program.stdout.readline():
        pass
    try:
        yield program
    finally:
        (folder / "go-on").touch()
        program.communicate()


def of_sessions(mop: Mop, *arguments: str | Path) -> list[dict[str, object]]:
    done = mop("sessions", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_sessions_are_listed_newest_first_with_their_ends(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", tmp_path / "old.jsonl")
    old = (tmp_path / "old.jsonl").read_bytes()
    with running(tmp_path) as program:
        [first, second] = of_sessions(mop, tmp_path)
        assert (first["id"], first["state"], first["pid"]) == ("slow", "running", program.pid)
        assert (second["id"], second["state"]) == ("two-steps", "ended")
        assert second["outcome"] == "waiting"
        assert second["mode"] == "rehearsal"
    assert [session["state"] for session in of_sessions(mop, tmp_path)] == ["ended", "ended"]
    assert (tmp_path / "old.jsonl").read_bytes() == old


def test_an_interrupted_session_says_how_it_can_go_on(mop: Mop, tmp_path: Path) -> None:
    with running(tmp_path) as program:
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        [session] = of_sessions(mop, tmp_path)
        assert session["state"] == "interrupted"
        told = mop("sessions", tmp_path).stdout
        assert "interrupted" in told
        assert "if it is intact, mop-tui resume lets it go on" in told


def test_how_long_a_session_lasted_that_has_no_event_in_its_file_is_unknown(
    mop: Mop, tmp_path: Path
) -> None:
    header = Header({}, 0, Mode.REHEARSAL, "r", "2025-01-01T00:00:00+00:00")
    (tmp_path / "killed.jsonl").write_bytes(encode_header(header))
    [session] = of_sessions(mop, tmp_path)
    assert (session["state"], session["events"], session["at"]) == ("interrupted", 0, None)
    assert mop("sessions", tmp_path).stdout.splitlines()[1].split()[2:5] == [
        "interrupted",
        "?",
        "rehearsal",
    ]


def test_what_is_no_session_is_left_out_and_what_is_damaged_is_not(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", tmp_path / "a.jsonl")
    (tmp_path / "notes.jsonl").write_text('{"hello": "world"}\n', encoding="utf-8")
    content = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "b.jsonl").write_bytes(content.replace(b'"mop-session/1"', b'"mop-session/1 "', 1))
    states = {session["file"]: session["state"] for session in of_sessions(mop, tmp_path)}
    assert states == {str(tmp_path / "a.jsonl"): "ended", str(tmp_path / "b.jsonl"): "damaged"}


def test_without_sessions_that_is_said(mop: Mop, tmp_path: Path) -> None:
    assert mop("sessions").stderr == "No sessions here: there is no folder sessions.\n"
    assert mop("sessions", tmp_path).stderr == f"No sessions in {tmp_path}.\n"
    done = mop("sessions", tmp_path / "nowhere")
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path / 'nowhere'}: there is no such folder.\n"


def test_events_are_followed_to_the_end_of_the_session(mop: Mop, tmp_path: Path) -> None:
    with running(tmp_path):
        follower = subprocess.Popen(
            [sys.executable, "-m", "mop_tui", "events", "slow.jsonl", "--follow", "--json"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert follower.stdout is not None
        early = [json.loads(follower.stdout.readline()) for _ in range(10)]
        assert follower.poll() is None, "it waits for more"
    followed = early + [json.loads(line) for line in follower.stdout]
    follower.stdout.close()
    assert follower.wait() == 0
    printed = mop("events", "slow.jsonl", "--json").stdout.splitlines()
    assert followed == [json.loads(line) for line in printed]
    assert followed[-1]["kind"] == "system.ended"


def test_following_a_session_whose_program_died_says_so(mop: Mop, tmp_path: Path) -> None:
    with running(tmp_path) as program:
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        done = mop("events", "slow.jsonl", "--follow", "--kind", "task.*")
        assert done.returncode == 2
        assert "its program is gone, and the session has not ended" in done.stderr
        assert "mop-tui resume slow.jsonl" in done.stderr
        assert "wait goes to worker" in done.stdout


@pytest.mark.parametrize(("since", "first"), [("#7", 7), ("0s", 1)])
def test_events_since_a_moment(
    mop: Mop, two_steps: Path, tmp_path: Path, since: str, first: int
) -> None:
    file = tmp_path / "s.jsonl"
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", file)
    done = mop("events", file, "--since", since, "--json")
    assert json.loads(done.stdout.splitlines()[0])["seq"] == first


def test_since_a_time_that_passed_all_is_printed_from_then_on(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    file = tmp_path / "s.jsonl"
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", file)
    events = [json.loads(line) for line in mop("events", file, "--json").stdout.splitlines()]
    later = mop("events", file, "--since", "0.5s", "--json").stdout.splitlines()
    assert [json.loads(line) for line in later] == [e for e in events if e["at"] >= 500]
    assert 0 < len(later) < len(events)


def test_a_moment_that_is_none_is_refused(mop: Mop, tmp_path: Path) -> None:
    done = mop("events", tmp_path / "s.jsonl", "--since", "yesterday")
    assert done.returncode == 2
    assert "'yesterday': it is not a duration" in done.stderr


def test_info_says_what_a_report_should(mop: Mop) -> None:
    facts = json.loads(mop("info", "--json").stdout)
    assert facts["python"].startswith(".".join(map(str, sys.version_info[:2])))
    assert "textual" in facts
    assert facts["records"] == str(usual_folder())
    lines = mop("info").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(facts)


def test_a_start_without_an_offset_disturbs_no_other(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    mop("run", two_steps, "--rehearse", "--headless", "--session-file", tmp_path / "a.jsonl")
    header = Header({}, 0, Mode.REHEARSAL, "r", "2025-01-01T00:00:00")
    (tmp_path / "b.jsonl").write_bytes(encode_header(header))
    assert [s["state"] for s in of_sessions(mop, tmp_path)] == ["ended", "damaged"]
