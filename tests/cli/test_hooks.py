"""Hooks of real sessions: real processes, and a program that is really killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from real_processes import runs
from running import eventually, recorded

from mop_tui.domain.events import SystemIssueOpened

Mop = Callable[..., subprocess.CompletedProcess[str]]

NOTE = '{shell: "echo $MOP_HOOK $MOP_AGENT $MOP_TASK >> ledger; echo noted"}'
ALL = f"""
session: {{id: all, on_start: {NOTE}, on_end: {NOTE}}}
agent_types:
  worker: {{on_start: {NOTE}, pre_task: {NOTE}, post_task: {NOTE}}}
teams: {{crew: {{agents: [{{id: ann, type: worker}}]}}}}
tasks:
  one: {{agent: ann, run: {{shell: "echo work >> ledger; echo done"}}}}
"""


def written(folder: Path, layout: str) -> Path:
    path = folder / "layout.yaml"
    path.write_text(layout, encoding="utf-8")
    return path


def issues(session: Path) -> list[str]:
    return [issue["text"] for issue in recorded(session, SystemIssueOpened.KIND)]


def test_a_session_with_all_of_them(mop: Mop, tmp_path: Path) -> None:
    done = mop("run", written(tmp_path, ALL), "--headless", "--session-file", "s.jsonl")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ledger").read_text().splitlines() == [
        *("on_start", "on_start ann", "pre_task ann one", "work", "post_task ann one", "on_end"),
    ]
    session = tmp_path / "s.jsonl"
    lines = [line for fact in recorded(session, "agent.output") for line in fact["lines"]]
    assert lines == ["[on_start] noted", "[pre_task] noted", "done", "[post_task] noted"]
    logs = sorted(path.name for path in session.with_suffix(".logs").iterdir())
    assert logs == [
        *("+on_end.log", "+on_start.log", "ann+on_start.log", "ann+post_task.log"),
        *("ann+pre_task.log", "ann.log"),
    ]
    assert recorded(session, "task.output") == [{"task": "one", "agent": "ann", "value": "done"}]
    assert mop("verify", session, "--decisions").returncode == 0


def test_a_rehearsal_runs_none(mop: Mop, tmp_path: Path) -> None:
    rehearsed = mop("run", written(tmp_path, ALL), "--headless", "--rehearse", "--seed", "1")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert not (tmp_path / "ledger").exists()


def test_a_plan_names_them_and_runs_none(mop: Mop, tmp_path: Path) -> None:
    layout = written(tmp_path, ALL)
    said = mop("plan", layout).stdout
    assert "session on_start: echo $MOP_HOOK" in said
    assert "ann post_task: echo $MOP_HOOK" in said
    hooks = json.loads(mop("plan", layout, "--json").stdout)["hooks"]
    assert [(hook["of"], hook["hook"]) for hook in hooks] == [
        *(("session", "on_start"), ("session", "on_end")),
        *(("ann", "on_start"), ("ann", "pre_task"), ("ann", "post_task")),
    ]
    assert not (tmp_path / "ledger").exists()


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(
    mop: Mop, tmp_path: Path
) -> None:
    slow = "{shell: 'sleep 600 & echo $! > child; echo began; wait', timeout: 300ms}"
    layout = ALL.replace(f"pre_task: {NOTE}", f"pre_task: {slow}")
    done = mop("run", written(tmp_path, layout), "--headless", "--session-file", "s.jsonl")
    assert done.returncode == 1
    said = "one failed: its pre_task hook took longer than 0.3 s: began"
    assert issues(tmp_path / "s.jsonl") == [said]
    assert said in done.stdout
    assert not runs(int((tmp_path / "child").read_text()))
    assert "work" not in (tmp_path / "ledger").read_text()
    assert mop("verify", "s.jsonl", "--decisions").returncode == 0


def test_one_that_is_not_there_says_so(mop: Mop, tmp_path: Path) -> None:
    layout = ALL.replace(f"on_start: {NOTE}, pre", "on_start: [no-such-program], pre")
    mop("run", written(tmp_path, layout), "--headless", "--session-file", "s.jsonl")
    said = "its on_start hook could not be run: the program no-such-program was not found"
    assert f"ann could not start: {said}" in issues(tmp_path / "s.jsonl")


@pytest.mark.parametrize("hook", ["pre_task", "post_task"])
def test_after_a_kill_the_hook_is_gone_and_its_task_is_done_again(
    mop: Mop, tmp_path: Path, hook: str
) -> None:
    waits = "{shell: 'echo $$ >> pids; test -e go-on || sleep 600'}"
    written(tmp_path, ALL.replace(f"{hook}: {NOTE}", f"{hook}: {waits}"))
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "mop_tui", "run", "--trust", "layout.yaml", "--headless"),
            *("--session-file", "s.jsonl"),
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    pids = tmp_path / "pids"
    eventually(lambda: pids.exists() and pids.read_text())
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    (tmp_path / "go-on").touch()
    done = mop("resume", "s.jsonl", "--headless")
    assert done.returncode == 0, done.stderr
    first, second = map(int, pids.read_text().split())
    assert first != second
    assert not runs(first)
    worked = (tmp_path / "ledger").read_text().split().count("work")
    assert worked == (2 if hook == "post_task" else 1)
    session = tmp_path / "s.jsonl"
    assert [fact["lost"] for fact in recorded(session, "system.done")].count(True) == 1
    assert len(recorded(session, "task.output")) == 1
    assert mop("verify", session, "--decisions").returncode == 0
