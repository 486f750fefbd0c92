"""What `dashboard:` in a layout comes to."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from mop_tui.dashboard.picture import picture
from mop_tui.orchestrator.replay import open_replay

Mop = Callable[..., subprocess.CompletedProcess[str]]

LAYOUT = """
session: {id: steps}
agent_types: {worker: {run: [sleep, "1.5"]}}
teams: {crew: {agents: [{id: a, type: worker}]}}
tasks:
  first: {agent: a, duration: 4s}
  second: {agent: a, duration: 4s, needs: [first]}
dashboard: {refresh_interval: 500ms, sections: [events, overview]}
"""


def test_a_headless_run_tells_how_it_stands_at_its_interval(mop: Mop, tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(LAYOUT, encoding="utf-8")
    done = mop("run", layout, "--headless", "--json")
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    lasted = json.loads(done.stdout.splitlines()[-1])["at"]
    assert 4 <= len(told) <= 1 + lasted / 500
    assert told[0].startswith("0 s; 0% done; tasks: 1 pending and 1 active; about ")
    assert told[0].endswith(" s left")
    assert "50% done; tasks: 1 active and 1 complete" in told[-1]


def test_a_recording_is_shown_as_its_layout_wants_it(mop: Mop, tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(LAYOUT, encoding="utf-8")
    mop("run", layout, "--headless", "--rehearse")
    (recorded,) = (tmp_path / "sessions").glob("*.jsonl")
    replay = open_replay(recorded)
    assert replay.sections == ("events", "overview")
    shown = asyncio.run(picture(replay, size=(100, 30)))
    assert "Events" in shown
    assert "Agents" not in shown
