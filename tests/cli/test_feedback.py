"""`mop-tui feedback`: from another terminal, to a session that a real program runs."""

import json
import subprocess
from pathlib import Path
from typing import Any

import programs
import pytest
from running import Running, eventually

LAYOUT = """
session: {id: judged, project: Test}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  slow:
    agent: ann
    run:
      shell: |
        read -r task; read -r note; echo "$note" >heard.json
        until test -e go-on; do sleep 0.05; done
  deaf:
    agent: ben
    retry: {times: 1, delay: 100ms}
    run:
      stdin: none
      shell: |
        cp $MOP_TASK_FILE deaf.json
        until test -e go-on; do sleep 0.05; done
        test -e again || ! touch again
  ann: {agent: ben, needs: [deaf], run: {shell: "cp $MOP_TASK_FILE ann.json"}}
"""


def feedback(running: Running, *words: str) -> "subprocess.CompletedProcess[str]":
    return programs.run("feedback", running.session, *words, cwd=running.folder)


def told(folder: Path, task: str) -> Any:
    """Return the feedback that came with a task."""
    context = json.loads((folder / f"{task}.json").read_text("utf-8"))["context"]
    return [(it["text"], it.get("about"), it.get("verdict")) for it in context.get("feedback", [])]


def test_it_reaches_who_runs_and_who_is_deaf_hears_of_it_with_the_next_attempt(
    tmp_path: Path,
) -> None:
    with Running(tmp_path, LAYOUT) as running:
        running.until("ben began")
        given = feedback(running, "slow", "schön, but slow", "--bad")
        assert given.returncode == 0, given.stderr
        assert given.stdout == "f1 is recorded: it is for ann, who runs.\n"
        eventually((tmp_path / "heard.json").exists)
        deaf = feedback(running, "deaf", "use the cache")
        assert deaf.stdout == "f2 is recorded: it is for ben, who runs.\n"
        later = feedback(running, "task:ann", "mind the gap", "--good")
        assert later.stdout.startswith("f3 is recorded: ")
        assert told(tmp_path, "deaf") == []
        running.go_on()
        assert running.wait() == 0
        assert told(tmp_path, "deaf") == [("use the cache", "deaf", None)]
        assert told(tmp_path, "ann") == [("mind the gap", "ann", "good")]
        said = running.events("user.feedback")
        assert [(it["task"], it["verdict"]) for it in said] == [
            ("slow", "bad"),
            ("deaf", None),
            ("ann", "good"),
        ]
        assert said[0]["by"].endswith(" by feedback")
        heard = json.loads((tmp_path / "heard.json").read_text("utf-8"))
        assert heard.pop("from").endswith(" by feedback")
        assert heard == {
            "mop": "message",
            "text": "schön, but slow",
            "about": "slow",
            "verdict": "bad",
        }
        refused = [it for it in running.events("system.done") if it["error"]]
        assert [it["effect"] for it in refused] == ["tell"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nope", "x"], "nope: there is no such agent and no such task."),
        (["ann", "x"], "ann: is an agent and a task; name it agent:ann or task:ann."),
        (["slow", " "], "slow: the feedback does not count: nothing is said."),
        (
            ["slow", "x" * 5000],
            "slow: the feedback does not count: it has 5,000 characters, and at most 4,096",
        ),
    ],
)
def test_what_cannot_be_feedback_says_why(tmp_path: Path, words: list[str], why: str) -> None:
    with Running(tmp_path, LAYOUT) as running:
        given = feedback(running, *words)
        assert given.returncode == 2
        assert given.stderr.startswith(why)
        assert running.events("user.feedback") == []
