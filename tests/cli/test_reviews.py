"""Reviews by real processes: what was not good enough is done again, by somebody who knows why."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Running, recorded

Mop = Callable[..., subprocess.CompletedProcess[str]]

WRITER = """
from pathlib import Path
from mop_tui import agent

told = agent.task().rejections
with Path("ledger").open("a") as ledger:
    print("told", told, file=ledger)
agent.output("a draft with tests" if told else "a draft")
"""
IN_PYTHON = """
from mop_tui import agent

for task in agent.tasks():
    about = task.context["review"]
    draft = task.context["outputs"][about["task"]]
    if "tests" in draft:
        agent.output({"verdict": "approve", "reason": f"round {about['round']} by {about['by']}"})
    else:
        agent.output({"verdict": "reject", "reason": "it has no tests"})
"""
JUDGES = {
    "python": '{lifetime: session, run: ["${python}", judge.py]}',
    # One that knows no protocol; and one that says the same from a shell.
    "plain": """
    run:
      shell: "grep -q 'a draft with tests' $MOP_TASK_FILE || { echo it has no tests; exit 3; }"
      stdin: none
      exit_codes: {3: rejected}""",
    "shell": """
    run:
      shell: >
        grep -q 'a draft with tests' $MOP_TASK_FILE
        || ${python} -m mop_tui tell done --failed rejected --message 'it has no tests'""",
}
LAYOUT = """
session: {{id: reviewed}}
agent_types:
  writer: {{run: ["${{python}}", writer.py]}}
  judge: {judge}
  reader: {{run: {{shell: "echo read >> ledger"}}}}
teams: {{crew: {{agents: [{{id: ann, type: writer}}, {{id: bob, type: judge}}, reader]}}}}
tasks:
  write: {{agent: ann, provides: [draft], review: {{by: bob}}}}
  read: {{agent: reader, needs: ["memory:draft"]}}
"""


def written(folder: Path, judge: str) -> Path:
    (folder / "writer.py").write_text(WRITER, encoding="utf-8")
    (folder / "judge.py").write_text(IN_PYTHON, encoding="utf-8")
    path = folder / "layout.yaml"
    path.write_text(LAYOUT.format(judge=JUDGES[judge]), encoding="utf-8")
    return path


@pytest.mark.parametrize("judge", JUDGES)
def test_a_reviewer_rejects_once_and_then_approves(mop: Mop, tmp_path: Path, judge: str) -> None:
    layout = written(tmp_path, judge)
    done = mop("run", layout, "--headless", "--session-file", "s.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "ledger").read_text().splitlines() == [
        "told []",
        "told ['it has no tests']",
        "read",
    ]
    session = tmp_path / "s.jsonl"
    moves = [
        move["trigger"]
        for move in recorded(session, "task.transitioned")
        if move["task"] == "write" and move["from_state"] == "REVIEWING"
    ]
    assert moves == ["sent_back", "finished"]
    outputs = [it["value"] for it in recorded(session, "task.output") if it["task"] == "write"]
    assert outputs == ["a draft", "a draft with tests"]
    assert recorded(session, "system.issue_opened") == []
    assert "write was sent back: bob rejects it (1 of 3): it has no tests" in done.stdout
    assert mop("verify", session, "--decisions").returncode == 0


STEADY = """
session: {id: steady}
agent_types:
  worker: {run: {shell: "echo ann works"}}
  judge:
    run:
      shell: "echo $MOP_TASK >> ledger; until test -e go-on; do sleep 0.05; done"
teams: {crew: {agents: [{id: ann, type: worker}, {id: bob, type: judge}]}}
tasks:
  one: {agent: ann, provides: [k], review: {by: bob}}
"""


def test_a_review_goes_on_after_the_program_died(tmp_path: Path) -> None:
    with Running(tmp_path, STEADY) as running:
        running.until("bob began review-of-one-1")
        running.kill()
        running.resume()
        running.go_on()
        assert running.wait() == 0
        assert set((tmp_path / "ledger").read_text().splitlines()) == {"review-of-one-1"}
        completed = [
            it["task"] for it in running.events("task.transitioned") if it["to_state"] == "COMPLETE"
        ]
        assert completed == ["review-of-one-1", "one"]
        assert [it["key"] for it in running.events("system.memory_set")] == ["k"]


def test_plan_tells_who_reviews_and_by_what(mop: Mop, tmp_path: Path) -> None:
    layout = written(tmp_path, "plain")
    told = mop("plan", layout).stdout
    assert "write" in told
    assert "reviewed by bob" in told
    assert "review of write: grep -q" in told
    plain = json.loads(mop("plan", layout, "--json").stdout)
    assert plain["reviews"] == [{"task": "write", "by": "bob"}]


def test_a_rehearsal_rejects_as_often_as_it_is_told(mop: Mop, tmp_path: Path) -> None:
    judge = "{sim: {duration: 3s, rejects: 2}}"
    (tmp_path / "layout.yaml").write_text(LAYOUT.format(judge=judge), encoding="utf-8")
    ran = mop(
        "run", tmp_path / "layout.yaml", "--headless", "--rehearse", "--session-file", "s.jsonl"
    )
    assert ran.returncode == 0, ran.stderr
    moves = recorded(tmp_path / "s.jsonl", "task.transitioned")
    assert [it["trigger"] for it in moves if it["task"] == "write"].count("sent_back") == 2
    assert sum(it["trigger"] == "started" and it["agent"] == "bob" for it in moves) == 3
