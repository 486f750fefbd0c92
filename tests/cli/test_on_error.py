"""What a layout has done about errors: real processes, rehearsals, and after a crash."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Running, recorded

Mop = Callable[..., subprocess.CompletedProcess[str]]

LAYOUT = """
session: {id: errors}
agent_types:
  deployer:
    run:
      shell: "echo $MOP_TASK >> ledger; echo no quota; exit 3"
      exit_codes: {3: deployment_failed}
    sim: {duration: 1s, exit: 3, output: [no quota]}
  mender: {run: {shell: "echo mended >> ledger"}, sim: {duration: 1s}}
teams: {crew: {agents: [{id: ann, type: deployer}, {id: eva, type: mender}]}}
tasks:
  named:
    agent: ann
    retry: {times: 2, delay: 50ms}
    on_error:
      deployment_failed:
        - create_task: {agent: eva, task: "Mend ${task.id}: ${error.message}"}
        - set_memory: {met: "${error.type}"}
  other:
    agent: ann
    needs: ["memory:met"]
    retry: {times: 2, delay: 50ms}
    on_error: {quota_exceeded: []}
triggers:
  - name: worry
    type: agent_error
    error_type: deployment_failed
    action: notify
    task: "${task.id} met ${error.type}, ${memory:met}"
"""


@pytest.mark.parametrize("rehearsed", [[], ["--rehearse"]])
def test_a_named_error_is_not_tried_again_and_another_is(
    mop: Mop, tmp_path: Path, rehearsed: list[str]
) -> None:
    (tmp_path / "layout.yaml").write_text(LAYOUT, encoding="utf-8")
    done = mop("run", "layout.yaml", "--headless", "--session-file", "s.jsonl", *rehearsed)
    assert done.returncode == 1, done.stdout + done.stderr
    session = tmp_path / "s.jsonl"
    began = [
        it["task"] for it in recorded(session, "task.transitioned") if it["trigger"] == "started"
    ]
    assert sorted(began) == ["named", "named-error-1", "other", "other", "other"]
    assert [it["value"] for it in recorded(session, "system.memory_set")] == ["deployment_failed"]
    [created] = [
        it["spec"] for it in recorded(session, "task.created") if it["task"] == "named-error-1"
    ]
    assert created["title"] == "Mend named: no quota"
    assert [it["text"] for it in recorded(session, "system.notified")] == [
        f"{task} met deployment_failed, deployment_failed" for task in ("named", "other")
    ]
    if not rehearsed:
        ledger = (tmp_path / "ledger").read_text(encoding="utf-8").split()
        assert sorted(ledger) == ["mended", "named", "other", "other", "other"]
    checked = mop("verify", session, "--decisions")
    assert checked.returncode == 0, checked.stderr


KINDS = """
session: {id: kinds}
agent_types:
  worker: {run: [sleep, "60"]}
  gone: {run: [no-such-program-anywhere]}
  shot: {run: {shell: "kill -9 $$"}}
  checked: {run: ["true"], pre_task: ["false"]}
teams: {crew: {agents: [worker, gone, shot, checked]}}
tasks:
  slow: {agent: worker, timeout: 100ms, retry: 3, on_error: {timeout: [{set_memory: {slow: 1}}]}}
  gone: {agent: gone, retry: 3, on_error: {start_failed: [{set_memory: {gone: 1}}, skip]}}
  shot: {agent: shot, retry: 3, on_error: {SIGKILL: [{set_memory: {shot: 1}}]}}
  checked: {agent: checked, retry: 3, on_error: {hook_failed: [{set_memory: {checked: 1}}]}}
"""


def test_each_way_in_which_an_attempt_fails_has_a_type(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_text(KINDS, encoding="utf-8")
    done = mop("run", "layout.yaml", "--headless", "--session-file", "s.jsonl")
    assert done.returncode == 1, done.stdout + done.stderr
    session = tmp_path / "s.jsonl"
    keys = sorted(it["key"] for it in recorded(session, "system.memory_set"))
    assert keys == ["checked", "gone", "shot", "slow"]
    ends = {it["task"]: it["to_state"] for it in recorded(session, "task.transitioned")}
    assert ends == {
        "slow": "FAILED",
        "gone": "CANCELLED",
        "shot": "FAILED",
        "checked": "FAILED",
    }
    assert not [it for it in recorded(session, "system.timer_set") if it["purpose"] == "retry"]
    assert mop("verify", session, "--decisions").returncode == 0


MENDING = """
session: {id: mending}
agent_types:
  deployer: {run: {shell: "echo try >> ledger; exit 3"}}
  mender: {run: {shell: "echo mend >> ledger; until test -e go-on; do sleep 0.05; done"}}
teams: {crew: {agents: [{id: ann, type: deployer}]}}
tasks:
  ship:
    agent: ann
    retry: 2
    on_error:
      exit_3: [{spawn: {agent_type: mender, task: Mend it}}, {set_memory: {met: yes}}]
"""


def test_nothing_is_done_twice_after_the_program_died(tmp_path: Path) -> None:
    with Running(tmp_path, MENDING) as running:
        running.until("mender-1 began ship-error-1")
        running.kill()
        running.resume()
        running.go_on()
        assert running.wait() == 1
        ledger = (tmp_path / "ledger").read_text(encoding="utf-8").split()
        assert (ledger.count("try"), set(ledger)) == (1, {"try", "mend"})
        decided = [it for it in running.events("system.decided") if it["rule"] == "on_error"]
        assert [it["verdict"] for it in decided] == ["yes", "yes"]
        assert [it["agent"] for it in running.events("agent.spawned")] == ["ann", "mender-1"]
        assert [it["key"] for it in running.events("system.memory_set")] == ["met"]
