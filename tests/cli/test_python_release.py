"""The real layout, for real: a Python project is released, or is not, and it is said why."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Mop = Callable[..., subprocess.CompletedProcess[str]]
Answers = Callable[[str], Path]
LAYOUTS = Path(__file__).parents[2] / "layouts"
RELEASE = LAYOUTS / "python-release.yaml"
SAMPLE = LAYOUTS / "python-release" / "sample-project"


def _events(mop: Mop, file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in mop("events", file, "--json").stdout.splitlines()]


def test_approving_releases(mop: Mop, tools: Path, answers: Answers, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    done = mop(
        *("run", RELEASE, "--headless", "--session-file", file, "--set", f"tools={tools}"),
        *("--answers", answers("- {question: ship, value: approve, reason: all green}")),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (tmp_path / "releases").iterdir()
    assert wheel.name == "plain_slug-1.2.0-py3-none-any.whl"
    [asked] = [e for e in _events(mop, file) if e["kind"] == "user.asked"]
    context = json.dumps(asked["data"]["context"])
    assert "All checks passed!" in context
    assert "7 passed" in context
    assert "Successfully built plain-slug" in context
    assert "plain-slug 1.2.0 installs" in context
    verdict = mop("verify", file, "--decisions")
    assert verdict.returncode == 0, verdict.stderr
    assert "gives the same" in verdict.stdout


def test_rejecting_leaves_the_folder_untouched_and_says_why(
    mop: Mop, tools: Path, answers: Answers, tmp_path: Path
) -> None:
    releases = tmp_path / "releases"
    releases.mkdir()
    (releases / "older.whl").write_text("as it was", encoding="utf-8")
    done = mop(
        *("run", RELEASE, "--headless", "--set", f"tools={tools}"),
        *("--answers", answers("- {question: ship, value: reject, reason: wrong version}")),
    )
    assert done.returncode == 1
    assert "wrong version" in done.stdout
    assert [path.name for path in releases.iterdir()] == ["older.whl"]
    assert (releases / "older.whl").read_text(encoding="utf-8") == "as it was"


def test_a_failing_test_stops_before_the_question_and_is_named(
    mop: Mop, tools: Path, answers: Answers, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(SAMPLE, project)
    (project / "tests" / "test_broken.py").write_text(
        "def test_arithmetic():\n    assert 1 + 1 == 3\n", encoding="utf-8"
    )
    file = tmp_path / "s.jsonl"
    done = mop(
        *("run", RELEASE, "--headless", "--session-file", file, "--set", f"tools={tools}"),
        *("--set", f"project={project}"),
        *("--answers", answers("- {question: ship, value: approve}")),
    )
    assert done.returncode == 1
    assert "test failed: its process ended with exit code 1: 1 failed, 7 passed" in done.stdout
    assert not (tmp_path / "releases").exists()
    events = _events(mop, file)
    assert not [e for e in events if e["kind"] == "user.asked"]
    [issue] = [e["data"] for e in events if e["kind"] == "system.issue_opened"]
    assert issue["task"] == "test"
    assert "1 failed, 7 passed" in issue["text"]
    cancelled = [
        e["data"]
        for e in events
        if e["kind"] == "task.transitioned" and e["data"]["to_state"] == "CANCELLED"
    ]
    assert [(c["task"], c["reason"]) for c in cancelled] == [
        ("release", "it needs test, which failed")
    ]
    log = (tmp_path / "s.logs" / "tester.log").read_text(encoding="utf-8")
    assert "assert (1 + 1) == 3" in log
