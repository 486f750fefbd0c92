"""What `when` of a task wants of the keys that it needs: real programs set them, and it waits."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Mop = Callable[..., subprocess.CompletedProcess[str]]
Event = dict[str, Any]

LAYOUT = """
session: {id: measures}
agent_types:
  meter: {run: [sh, says.sh]}
  shipper: {run: [touch, shipped]}
teams:
  crew: {agents: [meter, shipper]}
tasks:
  measure: {agent: meter, provides: [tests/result]}
  ship: {agent: shipper, needs: ["memory:tests/result"], when: {CONDITION}}
"""


def ran(mop: Mop, folder: Path, condition: str, *values: str) -> tuple[int, list[Event]]:
    """Have one agent set the key to these values, one after the other, and another wait for it."""
    said = [f"mop-tui tell memory tests/result '{value}' --json\n" for value in values]
    (folder / "says.sh").write_text("".join(said), encoding="utf-8")
    layout = LAYOUT.replace("CONDITION", condition)
    (folder / "layout.yaml").write_text(layout, encoding="utf-8")
    done = mop("run", "layout.yaml", "--headless", "--session-file", "it.jsonl")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    verified = mop("verify", "--decisions", "it.jsonl")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    lines = (folder / "it.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    return done.returncode, [json.loads(line) for line in lines]


def ready(events: list[Event]) -> Event:
    """Return the event because of which the task became ready."""
    (became,) = (
        it
        for it in events
        if it["kind"] == "task.transitioned"
        and (it["data"]["task"], it["data"]["to_state"]) == ("ship", "READY")
    )
    decided = events[became["cause"] - 1]
    assert decided["data"]["rule"] == "needs_met"
    because: Event = events[decided["cause"] - 1]
    return because


@pytest.mark.parametrize(
    ("condition", "values", "which"),
    [
        ('"memory:tests/result.coverage": {ge: 80}', ['{"coverage": 70}', '{"coverage": 85}'], 1),
        ('"memory:tests/result": green', ['"red"', '"green"'], 1),
        ('"memory:tests/result": {ne: red}', ['"red"', '"amber"'], 1),
        # What stands in place of the usual meaning of a status.
        ('"memory:tests/result.status": {in: [partial, complete]}', ['{"status": "partial"}'], 0),
    ],
)
def test_a_task_waits_until_a_key_is_as_it_wants_it(
    mop: Mop, tmp_path: Path, condition: str, values: list[str], which: int
) -> None:
    code, events = ran(mop, tmp_path, condition, *values)
    assert code == 0
    assert (tmp_path / "shipped").exists()
    because = ready(events)
    assert because["kind"] == "system.memory_set"
    assert because["data"]["value"] == json.loads(values[which])


def test_what_never_becomes_so_is_told_and_not_done(mop: Mop, tmp_path: Path) -> None:
    condition = '"memory:tests/result.coverage": {ge: 80}'
    code, events = ran(mop, tmp_path, condition, '{"coverage": 70}')
    assert code == 1
    assert not (tmp_path / "shipped").exists()
    told = [it["data"]["text"] for it in events if it["kind"] == "system.issue_opened"]
    assert any("nothing can move ship any more" in text for text in told), told
