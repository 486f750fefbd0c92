"""Running mop-tui as an operator does."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import programs
import pytest

Mop = Callable[..., subprocess.CompletedProcess[str]]
LAYOUTS = Path(__file__).parents[2] / "layouts"

TWO_STEPS = """
session: {id: two-steps, project: Test, goal: Show the path}
agent_types:
  worker: {skills: [work]}
teams:
  crew: {agents: [{id: a, type: worker}, {id: b, type: worker}]}
tasks:
  make: {agent: a, run: [sh, -c, "echo made it"], duration: 1s, sim: {output: [made it]}}
  ship:
    agent: b
    needs: [make]
    gate: sure
    duration: 1s
    run: [sh, -c, "touch shipped; echo shipped it"]
questions:
  sure:
    question: Ship it now?
    question_type: approval
    context: {result: "${tasks.make.output}"}
"""


@pytest.fixture
def mop(tmp_path: Path) -> Mop:
    """Run mop-tui without a terminal, in an empty folder. Layouts are trusted."""

    def run(
        *arguments: str | Path, env: dict[str, str] | None = None, timeout: float = 110
    ) -> subprocess.CompletedProcess[str]:
        trust = ["--trust"] if arguments[:1] == ("run",) else []
        return programs.run(*arguments, *trust, cwd=tmp_path, env=env, timeout=timeout)

    return run


@pytest.fixture
def two_steps(tmp_path: Path) -> Path:
    """A layout with one task, and one that waits for it and for an approval."""
    path = tmp_path / "two-steps.yaml"
    path.write_text(TWO_STEPS, encoding="utf-8")
    return path


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[str], Path]:
    """Write an answers file."""

    def write(text: str) -> Path:
        path = tmp_path / "answers.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment with ruff and pytest that releases use, made once for all tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "release-tools"
    with (shared / "release-tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [
                sys.executable,
                LAYOUTS / "python-release" / "toolbox.py",
                folder,
                "ruff pytest",
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return folder
