"""`mop-tui check`, seen from the shell."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Mop = Callable[..., subprocess.CompletedProcess[str]]

WRONG = """
session: {id: wrong}
agent_types: {worker: {run: [no-such-program]}}
teams: {crew: {agents: [worker, {id: spare, type: worker}]}}
tasks:
  first: {agent: werker, neds: [second]}
  second: {agent: worker, gate: sure}
questions:
  sure: {question: Sure, question_type: approval, default: approve}
"""


def test_a_sound_layout_is_called_so(mop: Mop, two_steps: Path) -> None:
    done = mop("check", two_steps)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{two_steps}: sound\n", "")


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(
    mop: Mop, tmp_path: Path
) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    done = mop("check", "wrong.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "wrong.yaml:6:18: tasks.first.agent: there is no agent 'werker' (did you mean worker?)",
        "wrong.yaml:6:26: tasks.first.neds: is not known here (did you mean needs?)",
        "wrong.yaml:9:60: questions.sure.default: can only be reject: what nobody answered must "
        "never count as approved",
        "wrong.yaml: 3 problems",
    ]


def test_warnings_stand_apart_and_make_nothing_wrong(mop: Mop, two_steps: Path) -> None:
    text = two_steps.read_text(encoding="utf-8").replace("sh, -c", "no-such-shell, -c")
    two_steps.write_text(text, encoding="utf-8")
    done = mop("check", two_steps.name)
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        "two-steps.yaml:8:26: warning: tasks.make.run[0]: the program 'no-such-shell' is not on "
        "the PATH"
    )
    assert done.stdout == "two-steps.yaml: sound, with 2 warnings\n"
    assert mop("check", two_steps.name, "--rehearse").stdout == "two-steps.yaml: sound\n"


def test_as_json_each_problem_is_an_object(mop: Mop, two_steps: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    done = mop("check", "wrong.yaml", two_steps.name, "--json")
    assert done.returncode == 2
    problems = [json.loads(line) for line in done.stdout.splitlines()]
    assert problems[0] == {
        "file": "wrong.yaml",
        "line": 6,
        "column": 18,
        "path": "tasks.first.agent",
        "message": "there is no agent 'werker' (did you mean worker?)",
        "severity": "error",
    }
    assert done.stderr == ""


def test_a_file_that_is_not_there_is_a_problem_like_others(mop: Mop) -> None:
    done = mop("check", "nowhere.yaml")
    assert done.returncode == 2
    assert "nowhere.yaml: cannot be read: No such file or directory" in done.stderr


def test_a_name_that_no_file_can_have_is_a_problem_too(mop: Mop) -> None:
    for name in ("a" * 300, "a" * 300 + ".yaml"):
        done = mop("check", name)
        assert done.returncode == 2
        assert "defect" not in done.stderr


def test_without_a_layout_it_asks_which(mop: Mop) -> None:
    done = mop("check")
    assert done.returncode == 2
    assert done.stderr == (
        "mop-tui check: missing argument 'LAYOUT...'. See `mop-tui check --help`.\n"
    )


def test_a_run_tells_the_warnings_too(mop: Mop, two_steps: Path) -> None:
    text = two_steps.read_text(encoding="utf-8") + "  spare: {question: Why}\n"
    two_steps.write_text(text, encoding="utf-8")
    done = mop("run", two_steps.name, "--headless")
    assert "warning: questions.spare: no task has this question as its gate" in done.stderr
