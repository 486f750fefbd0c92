"""Strategies with real processes: who is paused is suspended, and goes on."""

import os
from pathlib import Path

import pytest
from running import Running, eventually, recorded

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")

SHORT_OF_EVERYTHING = """
session: {id: short, monitoring_interval: 200ms}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  first: {agent: ann, priority: high, run: {shell: "until test -e go-on; do sleep 0.05; done"}}
  second:
    agent: ben
    run: {shell: "until test -e go-on; do sleep 0.05; done; echo done"}
strategies:
  - name: down
    trigger: resource_constrained
    action: pause_non_critical_agents
    threshold: 0.01
    cool_down: 10m
"""
"""More than a ten-thousandth of the memory is in use on every machine."""


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]


def test_a_real_process_is_suspended_and_goes_on_when_nobody_else_works(tmp_path: Path) -> None:
    with Running(tmp_path, SHORT_OF_EVERYTHING) as running:
        eventually(lambda: recorded(running.session, "system.strategy_applied"))
        (step,) = recorded(running.session, "system.strategy_applied")
        assert (step["agents"], step["undone"]) == (["ben"], False)
        done = recorded(running.session, "system.done")
        pid = next(it["pid"] for it in done if it["agent"] == "ben" and it["pid"])
        eventually(lambda: state_of(pid) == "T")
        running.go_on()
        assert running.wait() == 0
    steps = running.events("system.strategy_applied")
    assert [(it["undone"], it["agents"]) for it in steps] == [(False, ["ben"]), (True, ["ben"])]
    sampled = running.events("system.sampled")[0]
    assert sampled["memory"] > 0
    assert sampled["cores"] == os.cpu_count()
    assert sampled["findings"][0]["trigger"] == "resource_constrained"
    issue = running.events("system.issue_opened")[0]
    assert issue["text"].startswith("resource_constrained: ")
