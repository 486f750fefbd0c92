"""`mop-tui run --headless`, seen from the shell."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Mop = Callable[..., subprocess.CompletedProcess[str]]
Answers = Callable[[str], Path]


def _sessions(folder: Path) -> list[Path]:
    return sorted((folder / "sessions").glob("*.jsonl"))


def test_an_approved_session_does_its_work_and_exits_0(
    mop: Mop, two_steps: Path, answers: Answers, tmp_path: Path
) -> None:
    done = mop(
        "run", two_steps, "--headless", "--answers", answers("- {question: sure, value: approve}")
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shipped").exists()
    assert "LIVE" in done.stdout
    assert "Ship it now?" in done.stdout
    assert "all of 2 tasks complete" in done.stdout
    assert len(_sessions(tmp_path)) == 1


def test_a_rejected_session_leaves_the_work_undone_and_exits_1_with_the_reason(
    mop: Mop, two_steps: Path, answers: Answers, tmp_path: Path
) -> None:
    file = answers("- {question: sure, value: reject, reason: not on a Friday}")
    done = mop("run", two_steps, "--headless", "--answers", file)
    assert done.returncode == 1
    assert not (tmp_path / "shipped").exists()
    assert "not on a Friday" in done.stdout


def test_with_only_questions_left_it_exits_3(mop: Mop, two_steps: Path, tmp_path: Path) -> None:
    done = mop("run", two_steps, "--headless")
    assert done.returncode == 3
    assert not (tmp_path / "shipped").exists()
    assert "nobody is here to answer: Ship it now?" in done.stdout


WHICH = """
session: {id: which}
agent_types: {worker: {run: [sh, -c, "cp $MOP_TASK_FILE told.json"]}}
teams: {crew: {agents: [worker]}}
tasks: {deploy: {agent: worker, gate: backend}}
questions:
  backend:
    question: "Which storage backend?"
    question_type: choice
    options: [s3, local]
    fallback: local
    on_answer: {local: [set_memory: {backend: "${answer}"}]}
"""


def test_what_is_to_hold_where_nobody_can_be_asked_holds_and_it_exits_0(
    mop: Mop, tmp_path: Path
) -> None:
    (tmp_path / "layout.yaml").write_text(WHICH, encoding="utf-8")
    done = mop("run", "layout.yaml", "--headless", "--session-file", "it.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert told["context"]["answers"] == {"backend": "local"}
    recorded = (tmp_path / "it.jsonl").read_text(encoding="utf-8")
    assert '"user.answered"' not in recorded
    assert '"key":"backend","value":"local"' in recorded
    assert mop("verify", "it.jsonl", "--decisions").returncode == 0


def test_files_that_belong_to_somebody_are_nothing_to_wait_for(mop: Mop, two_steps: Path) -> None:
    text = two_steps.read_text(encoding="utf-8")
    owned = text.replace("  ship:\n", '  ship:\n    owns: ["docs/**"]\n')
    assert owned != text
    two_steps.write_text(owned, encoding="utf-8")
    done = mop("run", two_steps, "--headless")
    assert done.returncode == 3
    assert "nobody is here to answer: Ship it now?" in done.stdout


@pytest.mark.parametrize(
    "waits_for", ['type: file_created, path_pattern: "*.md"', "type: schedule, interval: 200ms"]
)
def test_no_trigger_keeps_it_waiting_for_an_answer_that_nobody_gives(
    mop: Mop, two_steps: Path, waits_for: str
) -> None:
    with two_steps.open("a", encoding="utf-8") as file:
        file.write(f"\ntriggers: [{{{waits_for}, action: notify, task: look}}]\n")
    done = mop("run", two_steps, "--headless")
    assert done.returncode == 3
    assert "nobody is here to answer: Ship it now?" in done.stdout


def test_without_a_terminal_it_runs_headless_and_says_so(mop: Mop, two_steps: Path) -> None:
    done = mop("run", two_steps)
    assert done.returncode == 3
    assert done.stderr == "no terminal here, so this runs headless\n"


def test_json_is_one_event_a_line_and_nothing_else(mop: Mop, two_steps: Path) -> None:
    done = mop("run", two_steps, "--headless", "--json", "--rehearse")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "system.started"
    assert events[-1]["kind"] == "system.ended"


def test_a_rehearsal_starts_nothing(
    mop: Mop, two_steps: Path, answers: Answers, tmp_path: Path
) -> None:
    done = mop(
        "run",
        two_steps,
        "--headless",
        "--rehearse",
        "--answers",
        answers("- {question: sure, value: approve, after: 60}"),
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "shipped").exists()
    assert "REHEARSAL" in done.stdout
    assert "would start" not in done.stderr
    assert sorted(path.suffix for path in (tmp_path / "sessions").iterdir()) == [".jsonl"]


def test_headless_loads_no_screen(two_steps: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv = ['mop-tui', 'run', sys.argv[1], '--headless']\n"
        "from mop_tui.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('textual' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, two_steps],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "False False"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "4"], "real agents work in real time"),
        (["--speed", "fast"], "neither a positive number nor 'max'"),
        (["--set", "nonsense"], "KEY=VALUE is expected"),
        (["--set", "nobody=x"], "nobody"),
        (["--answers", "missing.yaml"], "missing.yaml: cannot be read: No such file"),
    ],
)
def test_wrong_usage_exits_2_with_a_sentence(
    mop: Mop, two_steps: Path, arguments: list[str], message: str
) -> None:
    done = mop("run", two_steps, "--headless", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {question: nope, value: approve}", "the layout has no question 'nope'"),
        ("- {question: sure, value: maybe}", "approve or reject is expected"),
        ("- {question: sure", "answers.yaml"),
        ("just text", "a list of"),
    ],
)
def test_wrong_answers_exit_2_with_a_sentence(
    mop: Mop, two_steps: Path, answers: Answers, text: str, message: str
) -> None:
    done = mop("run", two_steps, "--headless", "--answers", answers(text))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dangerous_question_is_not_answered_from_a_file(
    mop: Mop, two_steps: Path, answers: Answers
) -> None:
    text = two_steps.read_text(encoding="utf-8")
    two_steps.write_text(
        text.replace("question_type: approval", "question_type: approval\n    class: dangerous"),
        encoding="utf-8",
    )
    file = answers("- {question: sure, value: approve}")
    done = mop("run", two_steps, "--headless", "--answers", file)
    assert done.returncode == 2
    assert "marked dangerous" in done.stderr


def test_an_existing_session_file_is_never_overwritten(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.jsonl"
    precious.write_text("keep me", encoding="utf-8")
    done = mop("run", two_steps, "--headless", "--session-file", precious)
    assert done.returncode == 2
    assert "precious.jsonl" in done.stderr
    assert precious.read_text(encoding="utf-8") == "keep me"


@pytest.mark.parametrize(
    ("number", "code", "outcome"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "stopped")],
)
def test_signals_end_a_session_in_order(
    tmp_path: Path, number: signal.Signals, code: int, outcome: str
) -> None:
    layout = tmp_path / "long.yaml"
    layout.write_text(
        "session: {id: long}\n"
        "agent_types: {worker: {}}\n"
        "teams: {crew: {agents: [worker]}}\n"
        "tasks: {wait: {agent: worker, run: [sh, -c, 'echo $$; exec sleep 600']}}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "mop_tui", "run", "--trust", layout, "--headless", "--json"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    agent_pid = 0
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["kind"] == "agent.output" and not agent_pid:
            agent_pid = int(events[-1]["data"]["lines"][0])
            process.send_signal(number)
    assert process.wait(30) == code
    assert events[-1]["data"]["outcome"] == outcome
    process.stdout.close()
    process.stderr.close()
    with pytest.raises(ProcessLookupError):
        os.kill(agent_pid, 0)


def test_output_that_nobody_reads_any_more_does_not_hurt(two_steps: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m mop_tui run --trust {two_steps} --headless | head -n 1"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    assert "LIVE" in done.stdout
    assert done.stderr == ""


def test_output_that_cannot_be_written_does_not_hurt(two_steps: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mop_tui", "run", "--trust", two_steps, "--headless"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""


def test_two_runs_in_the_same_second_do_not_meet(mop: Mop, two_steps: Path, tmp_path: Path) -> None:
    for _ in range(3):
        assert mop("run", two_steps, "--headless", "--rehearse").returncode == 3
    assert len(_sessions(tmp_path)) == 3


def test_a_folder_that_does_not_exist_is_not_made_for_a_session_file(
    mop: Mop, two_steps: Path, tmp_path: Path
) -> None:
    done = mop("run", two_steps, "--headless", "--session-file", "typo/s.jsonl")
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr
    assert not (tmp_path / "typo").exists()
