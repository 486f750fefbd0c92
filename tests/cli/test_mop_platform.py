"""The platform deployment as an operator takes it: fifteen real agents, driven by keys.

What is decided on the way changes files, and those decide how it ends.
"""

import json
import os
import signal
from pathlib import Path
from typing import Any

import yaml
from terminal import ENTER, Terminal

PLATFORM = Path(__file__).parents[2] / "layouts" / "mop-platform.yaml"
CANARY = "canary!sings-at-dawn"
QUOTAS = "environments/prod/kubernetes/quotas.yaml"
OBI = "environments/prod/observability/obi-agent.yaml"


def _start(folder: Path) -> Terminal:
    return Terminal("run", str(PLATFORM), "--set", "pace=0.05", cwd=folder, columns=120, rows=44)


def _answer_up_to_the_failure(terminal: Terminal) -> None:
    """Take the default storage, type the password, and read why production does not fit."""
    terminal.until("Which storage backend for Tempo?", "A digit or the arrows choose")
    _choose(terminal, "1", "AWS S3")
    terminal.until("Enter Grafana admin password", "Type the answer")
    terminal.press(*CANARY)
    terminal.until("*" * len(CANARY))
    terminal.press(ENTER)
    terminal.until("OBI deployment failed in prod", "50 CPU", "75 CPU", "enter answers")


def _choose(terminal: Terminal, digit: str, label: str) -> None:
    terminal.press(digit)
    terminal.until(f"Enter answers {label}")
    terminal.press(ENTER)


def _approve(terminal: Terminal, question: str = "Ready to deploy to production?") -> None:
    terminal.until(question, "y or n chooses")
    terminal.press("y")
    terminal.until("Enter approves")
    terminal.press(ENTER)
    terminal.until("all of 22 tasks complete")
    terminal.press("q")
    assert terminal.wait() == 0


def _repository(folder: Path) -> Path:
    [repository] = (folder / "sessions").glob("*.work/mop")
    return repository


def _documents(folder: Path, path: str) -> list[dict[str, Any]]:
    text = (_repository(folder) / path).read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text))


def _quota_of_obi(folder: Path) -> float:
    [quota] = [d for d in _documents(folder, QUOTAS) if d["metadata"]["namespace"] == "obi"]
    return float(quota["spec"]["hard"]["requests.cpu"])


def _outputs(folder: Path) -> dict[str, str]:
    [file] = (folder / "sessions").glob("*.jsonl")
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    told = [event["data"] for event in events if event["kind"] == "task.output"]
    return {output["task"]: output["value"] for output in told}


def test_raising_the_quota_lets_the_deployment_complete(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "1", "Increase CPU quota to 75")
        terminal.until("Ready to deploy to production?", "raised the CPU quota of obi in prod")
        _approve(terminal)
        assert CANARY.encode() not in terminal.transcript
    assert _quota_of_obi(tmp_path) == 75
    running = _documents(tmp_path, "clusters/prod/applied.yaml")
    assert {"ResourceQuota", "Deployment", "Experiment"} <= {d["kind"] for d in running}
    [secret] = [d for d in running if d["kind"] == "Secret"]
    assert secret["stringData"]["admin-hash"].startswith("scrypt:")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 60
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []


def test_production_that_is_skipped_runs_nothing(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "3", "Skip prod deployment for now")
        _approve(terminal, "Ready to finish without production, which is skipped?")
    assert not (_repository(tmp_path) / "clusters" / "prod").exists()
    assert (_repository(tmp_path) / "clusters" / "staging" / "applied.yaml").exists()
    assert _outputs(tmp_path)["rollout-prod"] == "prod is left out: the operator skipped it"


def test_what_is_called_fixed_and_is_not_fails_again_until_it_is(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        _choose(terminal, "4", "I'll fix it manually")
        terminal.until_gone("OBI deployment failed in prod. How to proceed?")
        terminal.until("OBI deployment failed in prod", "75 CPU", "enter answers")
        file = _repository(tmp_path) / QUOTAS
        file.write_text(
            file.read_text(encoding="utf-8").replace("requests.cpu: 50", "requests.cpu: 78", 1),
            encoding="utf-8",
        )
        _choose(terminal, "4", "I'll fix it manually")
        _approve(terminal)
    assert _quota_of_obi(tmp_path) == 78


def test_a_deployment_goes_on_after_a_kill_and_fewer_replicas_fit(tmp_path: Path) -> None:
    with _start(tmp_path) as terminal:
        _answer_up_to_the_failure(terminal)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    [session] = (tmp_path / "sessions").glob("*.jsonl")
    with Terminal("resume", str(session), cwd=tmp_path, columns=120, rows=44) as terminal:
        terminal.until("OBI deployment failed in prod", "75 CPU", "enter answers")
        _choose(terminal, "2", "Reduce OBI replicas from 3 to 2")
        _approve(terminal)
    [obi] = _documents(tmp_path, OBI)
    assert obi["spec"]["replicas"] == 2
    assert _quota_of_obi(tmp_path) == 50


def test_its_rehearsal_takes_two_hours_of_the_plan_and_needs_nobody(
    mop: Any, tmp_path: Path
) -> None:
    file = tmp_path / "rehearsal.jsonl"
    done = mop("run", PLATFORM, "--rehearse", "--seed", "1", "--session-file", file)
    assert done.returncode == 0, done.stderr
    assert "no terminal here, so this runs headless" in done.stderr
    events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    assert 100 < events[-1]["at"] / 60_000 < 140
    answers = [event["data"] for event in events if event["kind"] == "user.answered"]
    assert {answer["by"] for answer in answers} == {"the unattended rehearsal"}
    assert len(answers) == 4
